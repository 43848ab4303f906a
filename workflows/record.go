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
	step.Task = c.temporalNow()

	c.writing = true
	settled := c.write(ctx, *step)
	c.writing = false
	if settled.Refused != nil || settled.Repeated {
		// Rows have moved on, or the message was recorded long ago: nothing was
		// written, so nothing has happened.
		c.Case, c.again, c.retry = c.before, nil, false
		if settled.Repeated {
			c.see(step.Event.Key)
		}
		c.publish(ctx) // takes away what was shown if the records were down
		c.answer(settled.Refused)
		return
	}
	c.Case = step.Apply(settled)
	if apart := settled.At.Sub(c.now()); apart.Abs() > clockTolerance {
		c.wake = true // the clock was moved, or the answer is an old one: ask
	}
	c.remember(step.Event, settled.At)
	c.dropErrands()

	for i, notice := range step.Notices {
		c.run(ctx, Errand{Activity: noticeErrand, ID: settled.NoticeIDs[i], Keeps: notice.Keeps})
	}
	if settled.PaymentID != "" {
		c.run(ctx, Errand{Activity: checkoutErrand, ID: settled.PaymentID})
	}
	if settled.AuthorizationID != "" {
		c.run(ctx, Errand{Activity: authorizationErrand, ID: settled.AuthorizationID})
	}
	c.tellVendor(step.Event.Key)
	if c.retry {
		c.retryErrands()
	}
	for _, again := range c.again {
		if !c.hurry(again) {
			c.run(ctx, again)
		}
	}
	c.again = nil
	if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		c.leaving = true
	}
	if c.timer != nil && c.timer.leaving {
		c.disarm() // something came: the pause begins anew
		c.held = 0
	}
	c.publish(ctx)
	c.answer(nil)
}

// clockTolerance is how far the records' time may be from what the case believes.
// Within it the difference is a delay on the way, and the timer stays as it is.
const clockTolerance = 2 * time.Second

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
//
// This is the one exception from "one timer": while the records are down there is, beside
// the timer of the promises, which stays armed and is looked at afterwards, the one that
// counts this minute or the pause before another try.
func (c *story) write(ctx workflow.Context, step certification.Transition) certification.Settled {
	name := activities.RecordName(step.Event.What())
	var settled certification.Settled
	if err := workflow.ExecuteLocalActivity(recordHere(ctx), name, step).Get(ctx, &settled); err == nil {
		return settled
	}
	for {
		done := workflow.ExecuteActivity(recordLater(ctx, "Record "+step.Event.What()), name, step)
		// AwaitWithTimeout would leave its timer running.
		timerCtx, cancel := workflow.WithCancel(ctx)
		patience := workflow.NewTimerWithOptions(timerCtx, recordPatience, workflow.TimerOptions{Summary: "Ask for attention: records"})
		c.await(ctx, func() bool { return done.IsReady() || patience.IsReady() })
		cancel()
		if !done.IsReady() {
			c.publishTrouble(ctx, certification.AttentionRecords)
		}
		err := done.Get(ctx, &settled)
		if err == nil {
			return settled
		}
		// Only an error that another try cannot mend ends the activity. A new version
		// of ours may mend it: ask for attention and go on trying.
		workflow.GetLogger(ctx).Error("A step cannot be recorded.", "step", name, "error", err)
		c.publishTrouble(ctx, certification.AttentionRecords)
		pause := workflow.NewTimerWithOptions(ctx, recordPatience, workflow.TimerOptions{Summary: "Try to record again"})
		c.await(ctx, pause.IsReady)
	}
}

// readClock asks for the time, after it was moved, and answers who asked for that. While
// it cannot be read, messages go first.
func (c *story) readClock(ctx workflow.Context) {
	c.wake = false
	var now time.Time
	if err := workflow.ExecuteLocalActivity(recordHere(ctx), activities.ReadClock).Get(ctx, &now); err != nil {
		c.wake = true // a worker that stops: the next one asks again
		return
	}
	if apart := now.Sub(c.now()); apart.Abs() > clockTolerance {
		c.Carried.Ahead += apart
	}
	for _, waker := range c.wakers {
		waker.answered = true
	}
	c.wakers = nil
}

// keepWakers is called before a message is taken: those who asked for the time before it
// are answered when that was read. Cases of before answered them with the step that came
// next, or, where that had a sender of its own, never.
func (c *story) keepWakers() {
	if n := len(c.wakers); n > 0 && !c.changed(changeWakeAnswered) {
		c.inbound, c.wakers = c.wakers[n-1], nil
	}
}

// remember keeps the key of a message and a line for the card.
func (c *story) remember(event certification.Event, at time.Time) {
	c.see(event.Key)
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

func (c *story) see(key string) {
	c.Carried.Seen = newest(append(slices.Clone(c.Carried.Seen), key), keptKeys)
}

func newest[T any](list []T, keep int) []T { return list[max(0, len(list)-keep):] }
