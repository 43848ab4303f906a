package main

import (
	"context"
	"fmt"
	"io"

	"peercert/local/histories"
	"peercert/local/product"
	"peercert/local/seed"
	"peercert/local/stack"
)

// record peoples an ephemeral stack and records a history of every stage to a folder.
func record(ctx context.Context, out io.Writer, folder string) error {
	if err := histories.Free(folder); err != nil {
		return err
	}
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true, Out: out})
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
	if err := seed.Live(ctx, running, peercert, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "Recording the histories of release %s …\n", histories.Release)
	return histories.Record(ctx, running, peercert, folder, out)
}
