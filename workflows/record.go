package workflows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"peercert/activities"
	"peercert/certification"
)

// record is the one place where a case is written: the step under way becomes one
// transaction of the records, then the case in memory, then what operators see,
// and only then the answer to whoever asked.
func (c *story) record(ctx workflow.Context) {
	step := c.step
	c.step = nil
	step.Case = c.Case.Clone()
	step.Case.Revision = c.before.Revision + 1

	settled := c.write(ctx, *step)
	if settled.Refused != nil {
		// Rows have moved on: nothing was written, so nothing has happened.
		c.Case, c.again, c.retry = c.before, nil, false
		c.answer(settled.Refused)
		return
	}
	c.Case = step.Apply(settled)
	c.Carried.Ahead = settled.At.Sub(workflow.Now(ctx))
	c.remember(step.Event, settled.At)

	for i, notice := range step.Notices {
		c.run(ctx, Errand{Activity: noticeErrand, ID: settled.NoticeIDs[i], Keeps: notice.Keeps})
	}
	if settled.PaymentID != "" {
		c.run(ctx, Errand{Activity: checkoutErrand, ID: settled.PaymentID})
	}
	if settled.AuthorizationID != "" {
		c.run(ctx, Errand{Activity: authorizationErrand, ID: settled.AuthorizationID})
	}
	for _, again := range c.again {
		c.run(ctx, again)
	}
	c.again = nil
	if c.retry {
		c.retryErrands()
	}
	if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		c.leaving = true
	}
	c.publish(ctx)
	c.answer(nil)
}

// answer lets the update that caused the step return.
func (c *story) answer(refusal *certification.Refusal) {
	if c.inbound != nil {
		c.inbound.answered, c.inbound.refusal = true, refusal
		c.inbound = nil
	}
}

// write records a transition inside the workflow task, or, when the records are
// down, by an activity that tries without end. After a minute the case asks for
// attention; that cannot be written, so only operators see it.
func (c *story) write(ctx workflow.Context, step certification.Transition) certification.Settled {
	name := activities.RecordName(step.Event.What())
	var settled certification.Settled
	if err := workflow.ExecuteLocalActivity(recordHere(ctx), name, step).Get(ctx, &settled); err == nil {
		return settled
	}
	for {
		done := workflow.ExecuteActivity(recordLater(ctx, "Record "+step.Event.What()), name, step)
		noticed, err := workflow.AwaitWithTimeout(ctx, recordPatience, done.IsReady)
		if err == nil && !noticed {
			c.publishTrouble(ctx, certification.AttentionRecords)
		}
		if err := done.Get(ctx, &settled); err == nil {
			return settled
		}
	}
}

// readClock asks for the time, after it was moved.
func (c *story) readClock(ctx workflow.Context) {
	c.wake = false
	var now time.Time
	if err := workflow.ExecuteLocalActivity(recordHere(ctx), activities.ReadClock).Get(ctx, &now); err == nil {
		c.Carried.Ahead = now.Sub(workflow.Now(ctx))
	}
}

// remember keeps the key of a message and a line for the card.
func (c *story) remember(event certification.Event, at time.Time) {
	c.Carried.Seen = newest(append(slices.Clone(c.Carried.Seen), event.Key), keptKeys)
	text := event.What() + " by " + string(event.Actor.Role)
	if len(event.Details.Reasons) > 0 {
		codes := make([]string, 0, len(event.Details.Reasons))
		for _, code := range event.Details.Reasons {
			codes = append(codes, string(code))
		}
		text += " (" + strings.Join(codes, ", ") + ")"
	} else if detail := cmp.Or(string(event.Details.Decision), event.Ignored, event.Details.Code, string(event.Details.Promise)); detail != "" {
		text += " (" + detail + ")"
	}
	c.Carried.Recent = newest(append(slices.Clone(c.Carried.Recent), Line{At: at, Text: text}), keptLines)
}

func newest[T any](list []T, keep int) []T { return list[max(0, len(list)-keep):] }
