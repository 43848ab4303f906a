package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// This file is what a run of years replays, beside the loop of wait: a certified
// case begins its run here, arms one timer and sleeps until renewal opens. Keep it
// small. A change here, in listen or in arm is a change under every certified
// person; testdata/histories/*/certified.json.gz says whether it is safe.

// beginRun opens a run. It blocks on nothing and issues no command: what operators see
// was published by the run before, or by whoever started this one.
func beginRun(ctx workflow.Context, start Start, console string) *story {
	c := &story{
		Start: start, console: console,
		temporalNow: func() time.Time { return workflow.Now(ctx) },
		changed:     func(change string) bool { return changed(ctx, change) },
	}
	c.published = attributesOf(&c.Case)
	c.listen(ctx)
	c.describe(ctx)
	errands := c.Carried.Errands
	c.Carried.Errands = nil
	for _, carried := range errands {
		c.run(ctx, carried)
	}
	return c
}

// leave hands everything to the next run. The promises' timers are armed anew there
// from their instants.
func (c *story) leave(ctx workflow.Context) error {
	next := c.Start
	next.Carried.Run++
	for _, e := range c.errands {
		next.Carried.Errands = append(next.Carried.Errands, e.Errand)
	}
	return workflow.NewContinueAsNewError(ctx, CertificationType, next)
}
