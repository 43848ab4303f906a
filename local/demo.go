package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"peercert/local/product"
	"peercert/local/stack"
)

// demo lives the story on an ephemeral stack. keep leaves it up, to look at.
func demo(ctx context.Context, out io.Writer, keep bool) error {
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: !keep, Out: out})
	if err != nil {
		return err
	}
	defer running.Stop()
	peercert, err := product.Start(ctx, running, product.Options{Forget: true, Out: out})
	if err != nil {
		return err
	}
	defer peercert.Close()
	defer running.Stop()

	world, err := peercert.World(ctx, out)
	if err != nil {
		return err
	}
	told, err := world.Story(ctx)
	if err == nil {
		fmt.Fprintln(out, "\nEvery step was as it should be.")
	}
	if !keep {
		return err
	}
	if err != nil {
		fmt.Fprintln(out, "\nThe story stopped:", err)
	}
	addresses(out, running, peercert)
	for _, caseID := range told.Cases {
		fmt.Fprintf(out, "  A case in the console: %s/console/cases/%s\n", peercert.Settings.PublicURL, caseID)
		fmt.Fprintf(out, "  The same in the Temporal UI: %s/namespaces/%s/workflows/case%%2F%s\n", peercert.Settings.TemporalUI, peercert.Settings.TemporalNamespace, caseID)
	}
	fmt.Fprintln(out, "\nCtrl-C stops everything.")
	select {
	case <-ctx.Done():
		return err
	case <-running.Done():
		return errors.Join(err, running.Wait())
	}
}
