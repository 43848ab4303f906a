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
		if c.wake {
			c.readClock(ctx)
			continue
		}
		if c.step != nil || c.finishErrand(ctx) || c.noteCancel() || c.noteUnknown(ctx) {
			continue
		}
		if c.timer.fired() {
			fired := c.timer
			c.timer = nil
			switch {
			case !fired.leaving:
				if c.climb(fired) {
					return nil, nil
				}
			case !workflow.AllHandlersFinished(ctx): // somebody is being answered: another pause
				if c.changed(changeWakeAnswered) {
					c.held++
				}
			case c.Case.Stage == "", c.Case.Stage == certification.StageClosed && len(c.errands) == 0:
				return nil, errClosed
			case c.Case.Stage != certification.StageClosed:
				return nil, errLeave
			}
			continue
		}
		c.arm(ctx)
		c.await(ctx, func() bool {
			return len(c.queue) > 0 || c.signalWaits() || c.errandDone() || c.timer.fired() ||
				(c.cancelRequested() && !c.cancelNoted) || len(c.unknownSignals(ctx)) > 0
		})
	}
}

// await blocks until something holds. Nothing cancels the context of a case.
func (c *story) await(ctx workflow.Context, holds func() bool) {
	if err := workflow.Await(ctx, holds); err != nil {
		panic(fmt.Sprintf("a case on a disconnected context was cancelled: %v", err))
	}
}

// climb takes the earliest rung of the promise whose timer fired. It says true when
// the promise of the stage has come due and its consequence is a move of the story.
//
// The timer is believed and not compared with the clock; but a message that went
// before it may have closed, stopped or moved the promise it was armed for.
func (c *story) climb(fired *timer) bool {
	if promise := c.Case.Promise(fired.promise); promise == nil || !promise.Running() || !promise.Rungs[0].At.Equal(fired.at) {
		return false
	}
	now := c.now()
	if now.Before(fired.at) {
		now = fired.at
	}
	c.begin(certification.Event{Actor: certification.Actor{Role: certification.RoleClock}})
	promise := c.Case.Promise(fired.promise)
	rung := promise.Climb(now)
	c.step.Event.Name = eventOfRung[rung.Kind]
	c.step.Event.Key = fmt.Sprintf("%s:%s:%d", c.step.Event.Name, promise.ID, rung.At.Unix())
	c.step.Event.Details.Promise = promise.Kind
	if rung.Kind == certification.RungDue && promise.Then != certification.ThenEscalated {
		return true
	}
	if rung.Kind != certification.RungReminder {
		c.Case.RaiseAttention(attentionOfParty[promise.WaitsOn], promise.ID, noTime)
	}
	switch {
	case rung.Letter == certification.LetterRenewalReminder:
		c.renewalReminder()
	case rung.Letter == certification.LetterTimeToRenew: // no history of before has such a rung
		c.letter(rung.Letter, c.renewalPrice())
	case rung.Letter == certification.LetterResultLate && !c.Case.Exam.PassedAt.IsZero() && c.changed(changeLateExam):
		// The result is there, and with us.
	case rung.Letter == certification.LetterBookingReminder && c.Case.Unanswered() && c.changed(changeVendorFirst+":"+c.step.Event.Key):
		// Nothing can be booked before the exam vendor has answered.
	case rung.Letter == certification.LetterWindowReminder && c.Case.Exam != nil && c.Case.Exam.Awaited:
		// And the window does not end before that.
	case rung.Letter != "":
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

// attentionOfParty is what is raised when somebody does not keep a promise that
// only people of ours can bring on.
var attentionOfParty = map[certification.Party]string{
	certification.PartyReviewer:   certification.AttentionReview,
	certification.PartyVendor:     certification.AttentionVendor,
	certification.PartyUs:         certification.AttentionNotice,
	certification.PartyOperations: certification.AttentionHold,
}

// reminderFacts are what a reminder may say beyond its due instant.
func (c *story) reminderFacts() fact {
	fee, _ := c.Case.FeeDue()
	amount := c.Case.Policy.AmountCents(fee)
	returned := c.Case.Returned
	return func(f *certification.Facts) { f.Fee, f.AmountCents, f.Reasons = fee, amount, returned }
}

// timer is the one that is armed.
type timer struct {
	fires   time.Time // by Temporal's clock
	promise certification.PromiseKind
	at      time.Time // of the promise's rung, by the clock of cases
	leaving bool
	summary string
	future  workflow.Future
	cancel  workflow.CancelFunc
}

func (t *timer) fired() bool { return t != nil && t.future.IsReady() }

// The pauses before a run is left. A task that fails takes its updates with it, and
// a leaving task fails whenever a signal arrives beside it. So the leaving happens
// in a task of its own: everyone answered, one short timer later, nothing new has
// come. Letters under way get a little longer, so that few are carried over.
const (
	quietPause  = time.Second // doubled each time somebody is still being answered, up to errandPause
	errandPause = time.Minute
	// registerPause is how long a run that nobody registers waits before it ends.
	registerPause = time.Minute
)

// pause is how long it must be quiet before the run is left; false if it is not to
// be left.
func (c *story) pause() (time.Duration, bool) {
	switch {
	case c.Case.Stage == "":
		return registerPause, true
	case c.Case.Stage == certification.StageClosed:
		return quietPause, len(c.errands) == 0 // its last letters are waited for, however long
	case len(c.errands) > 0:
		return errandPause, c.leaving
	}
	return min(quietPause<<min(c.held, 6), errandPause), c.leaving
}

// nextTimer is the one that the case needs now: for the earliest rung of the
// promises whose clock runs, or for leaving, whichever comes first. It is nil only
// while the last letters of a closed case go out.
func (c *story) nextTimer() *timer {
	var next *timer
	if promise := certification.Next(c.Case.Promises); promise != nil {
		next = &timer{
			fires: promise.Rungs[0].At.Add(-c.Carried.Ahead), promise: promise.Kind, at: promise.Rungs[0].At,
			summary: fmt.Sprintf("%s: %s", promise.Kind, promise.Rungs[0].Kind),
		}
	}
	if pause, wanted := c.pause(); wanted {
		leave := &timer{fires: c.temporalNow().Add(pause), leaving: true, summary: "Leave this run when it is quiet"}
		if c.timer != nil && c.timer.leaving && c.timer.fires.Before(leave.fires) {
			leave = c.timer // the pause has begun already
		}
		if next == nil || leave.fires.Before(next.fires) {
			next = leave
		}
	}
	return next
}

// arm sets the one timer. One that is right already stays.
func (c *story) arm(ctx workflow.Context) {
	next := c.nextTimer()
	if c.timer != nil {
		if next == c.timer || next != nil && !next.leaving && !c.timer.leaving && next.promise == c.timer.promise &&
			next.at.Equal(c.timer.at) && next.fires.Equal(c.timer.fires) {
			return
		}
		c.disarm()
	}
	if next == nil {
		return
	}
	timerCtx, cancel := workflow.WithCancel(ctx)
	next.cancel = cancel
	// A due instant in the past fires at once: the server refuses a timer of no length.
	next.future = workflow.NewTimerWithOptions(timerCtx, max(next.fires.Sub(c.temporalNow()), time.Millisecond), workflow.TimerOptions{Summary: next.summary})
	c.timer = next
}

func (c *story) disarm() {
	c.timer.cancel()
	c.timer = nil
}
