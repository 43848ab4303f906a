package product

import (
	"context"
	"fmt"
	"io"
	"time"

	"peercert/certification"
	"peercert/local/journey"
)

// World is where a journey on this product takes place. Its staff have tokens of
// their own.
func (p *Product) World(ctx context.Context, out io.Writer) (*journey.World, error) {
	world := &journey.World{
		API: p.Settings.PublicURL, Mailbox: p.stack.MailboxURL(), Clock: p.ClockURL,
		Vendor: fmt.Sprintf("http://127.0.0.1:%d", p.stack.Ports().Exam), TemporalUI: p.Settings.TemporalUI, Out: out,
	}
	// Tokens outlive the two years that the story takes.
	const lifetime = 10 * 365 * 24 * time.Hour
	for _, staff := range []struct {
		token *string
		actor certification.Actor
	}{
		{&world.Reviewer, Reviewer1},
		{&world.Reviewer2, Reviewer2},
		{&world.Administrator, Administrator},
	} {
		var err error
		if *staff.token, err = p.Parts.Cases.NewToken(ctx, staff.actor, "demonstration", lifetime); err != nil {
			return nil, fmt.Errorf("making a token for %s: %w", staff.actor.ID, err)
		}
	}
	return world, nil
}
