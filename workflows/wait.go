package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"peercert/certification"
)

var (
	errLeave  = errors.New("leave the run")
	errClosed = errors.New("the case is closed")
)

// wait is the one place where a case sleeps. It records the step under way and
// answers whoever caused it; takes the next message; climbs the ladder of the
// promise whose timer fired; leaves the run when asked and quiet; and otherwise
// arms one timer, for the earliest rung, and blocks.
//
// It gives the next message with a step begun for it, or nil when the promise of
// the stage has come due and the story must go on without a message. The order of
// the cases is replayed and must not change: a message goes before a timer that
// fired beside it.
func (c *story) wait(ctx workflow.Context) (certification.Message, error) {
	for {
		if c.step != nil {
			c.record(ctx)
			continue
		}
		if message := c.take(ctx); message != nil {
			return message, nil
		}
		if c.step != nil || c.finishErrand(ctx) || c.noteCancel() || c.noteUnknown(ctx) {
			continue
		}
		if c.wake {
			c.readClock(ctx)
			continue
		}
		if c.timer.fired() {
			leaving := c.timer.leaving
			kind := c.timer.promise
			c.timer = nil
			switch {
			case !leaving:
				if c.climb(kind) {
					return nil, nil
				}
			case workflow.AllHandlersFinished(ctx) && c.Case.Stage == certification.StageClosed && len(c.errands) == 0:
				return nil, errClosed
			case workflow.AllHandlersFinished(ctx) && c.Case.Stage != certification.StageClosed:
				return nil, errLeave
			}
			continue
		}
		c.arm(ctx)
		if err := workflow.Await(ctx, func() bool {
			return len(c.queue) > 0 || c.signalWaits() || c.errandDone() || c.timer.fired() ||
				(c.cancelRequested() && !c.cancelNoted) || len(c.unknownSignals(ctx)) > 0
		}); err != nil {
			panic(fmt.Sprintf("a case on a disconnected context was cancelled: %v", err))
		}
	}
}

// climb takes the earliest rung of a promise. It says true when the promise of the
// stage has come due and its consequence is a move of the story.
func (c *story) climb(kind certification.PromiseKind) bool {
	promise := c.Case.Promise(kind)
	if promise == nil {
		return false // closed while its timer fired
	}
	c.beginOwn(eventOfRung[promise.Rungs[0].Kind], fmt.Sprintf("%s:%d", promise.ID, promise.Rungs[0].At.Unix()))
	promise = c.Case.Promise(kind)
	c.step.Event.Details.Promise = kind
	if promise.Rungs[0].Kind == certification.RungDue && promise.Then != certification.ThenEscalated {
		return true
	}
	rung := promise.Climb()
	switch rung.Kind {
	case certification.RungEscalation, certification.RungDue:
		if promise.WaitsOn == certification.PartyVendor {
			c.Case.RaiseAttention(certification.AttentionVendor, "", noTime)
		} else {
			c.Case.RaiseAttention(certification.AttentionReview, promise.ID, noTime)
		}
	}
	if rung.Letter != "" {
		c.letter(rung.Letter, dueOf(c.Case.Stage), c.reminderFacts())
	}
	c.move(c.Case.Stage)
	return false
}

var eventOfRung = map[certification.RungKind]string{
	certification.RungReminder:   certification.EventReminder,
	certification.RungEscalation: certification.EventEscalation,
	certification.RungDue:        certification.EventDue,
	certification.RungOverdue:    certification.EventOverdue,
}

// reminderFacts are what a reminder may say beyond its due instant.
func (c *story) reminderFacts() fact {
	fee, due := c.Case.FeeDue()
	if !due && c.Case.Stage == certification.StageRenewal {
		fee = certification.FeeRenewal
	}
	amount := c.Case.Policy.AmountCents(fee)
	returned := c.Case.Returned
	return func(f *certification.Facts) { f.Fee, f.AmountCents, f.Reasons = fee, amount, returned }
}

// timer is the one that is armed.
type timer struct {
	at      time.Time
	promise certification.PromiseKind
	leaving bool
	future  workflow.Future
	cancel  workflow.CancelFunc
}

func (t *timer) fired() bool { return t != nil && t.future.IsReady() }

// The pauses before a run is left. A task that fails takes its updates with it, and
// a leaving task fails whenever a signal arrives beside it. So the leaving happens
// in a task of its own: everyone answered, one short timer later, nothing new has
// come. Letters under way get a little longer, so that few are carried over.
const (
	quietPause  = time.Second
	errandPause = time.Minute
)

// arm sets the one timer: for the earliest rung of the promises whose clock runs,
// or for leaving, whichever comes first. One that is right already stays.
func (c *story) arm(ctx workflow.Context) {
	now := c.now(ctx)
	want := timer{}
	summary := ""
	if next := certification.Next(c.Case.Promises); next != nil {
		want.at, want.promise = next.Rungs[0].At, next.Kind
		summary = fmt.Sprintf("%s: %s", next.Kind, next.Rungs[0].Kind)
	}
	closed := c.Case.Stage == certification.StageClosed
	// A closed case waits for its last letters without a timer, however long.
	if c.leaving && !closed || closed && len(c.errands) == 0 {
		pause := quietPause
		if len(c.errands) > 0 {
			pause = errandPause
		}
		if at := now.Add(pause); want.at.IsZero() || at.Before(want.at) {
			want = timer{at: at, leaving: true}
			summary = "Leave this run when it is quiet"
			if c.timer != nil && c.timer.leaving && !c.timer.at.After(at) {
				return // the pause has begun already
			}
		}
	}
	if c.timer != nil {
		if c.timer.at.Equal(want.at) && c.timer.promise == want.promise && c.timer.leaving == want.leaving {
			return
		}
		c.timer.cancel()
		c.timer = nil
	}
	if want.at.IsZero() {
		return // only before registration, and while the last letters of a closed case go out
	}
	timerCtx, cancel := workflow.WithCancel(ctx)
	want.cancel = cancel
	// A due instant in the past fires at once: the server refuses a timer of no length.
	want.future = workflow.NewTimerWithOptions(timerCtx, max(want.at.Sub(now), time.Millisecond), workflow.TimerOptions{Summary: summary})
	c.timer = &want
}
