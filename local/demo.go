package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/stack"
)

// demo lives the story on an ephemeral stack. keep leaves it up, to look at.
func demo(ctx context.Context, out io.Writer, keep bool) error {
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: !keep, Out: out})
	if err != nil {
		return err
	}
	defer running.Stop()
	peercert, err := startProduct(ctx, out, running, true)
	if err != nil {
		return err
	}
	defer peercert.close()
	defer running.Stop()

	world, err := peercert.world(ctx, out, running)
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
		fmt.Fprintf(out, "  A case in the Temporal UI: %s/namespaces/%s/workflows/case%%2F%s\n", peercert.settings.TemporalUI, peercert.settings.TemporalNamespace, caseID)
	}
	<-ctx.Done()
	return err
}

// world is where a journey on this product takes place. Its staff have tokens of
// their own.
func (p *product) world(ctx context.Context, out io.Writer, running *stack.Stack) (*journey.World, error) {
	world := &journey.World{
		API: p.settings.PublicURL, Mailbox: running.MailboxURL(), Clock: p.clockURL,
		Exam: fmt.Sprintf("http://127.0.0.1:%d", running.Ports().Exam), TemporalUI: p.settings.TemporalUI, Out: out,
	}
	// Tokens outlive the two years that the story takes.
	const lifetime = 10 * 365 * 24 * time.Hour
	var err error
	if world.Reviewer, err = p.parts.Cases.NewToken(ctx, certification.Actor{Role: certification.RoleReviewer, ID: "r-01"}, "demonstration", lifetime); err != nil {
		return nil, err
	}
	world.Reviewer2, err = p.parts.Cases.NewToken(ctx, certification.Actor{Role: certification.RoleReviewer, ID: "r-02"}, "demonstration", lifetime)
	return world, err
}
