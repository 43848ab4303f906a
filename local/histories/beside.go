package histories

import (
	"context"
	"errors"
	"time"

	"peercert/certification"
)

// beside denies a renewal that is under review, and suspends the certificate before the
// case has come to act on the denial: both are let in where the renewal is under review,
// and the suspension is taken where it was denied.
func (r *recorder) beside(ctx context.Context, caseID string) error {
	l := &life{recorder: r, caseID: caseID, keys: 100} // the keys of before were used up
	if err := l.live(ctx, step{l.sending(&certification.ClaimReview{}), certification.StageRenewalReview}); err != nil {
		return err
	}
	return r.stalled(ctx, l.suspendBeside)
}

func (l *life) suspendBeside(ctx context.Context, clock *stalling) error {
	if err := l.live(ctx, step{l.sending(&certification.RetryStep{}), certification.StageRenewalReview}); err != nil {
		return err // whose worker serves
	}
	before, err := l.quiet(ctx, l.caseID)
	if err != nil {
		return err
	}
	accepted := l.accepted(ctx, before)
	together := []certification.Message{
		&certification.Wake{},
		&certification.DecideRenewal{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NOT_IN_GOOD_STANDING"}},
		&certification.Suspend{Reason: "complaint"},
	}
	answers := make([]chan error, len(together))
	clock.mutex.Lock()
	for i, message := range together {
		key := l.address(message)
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- l.update(ctx, key, message) }()
		switch i {
		case 0: // the story now waits for the clock, and whatever else comes waits for the story
			err = errors.Join(err, until(ctx, "the case to look at the clock", accepted(1)))
		case 1:
			time.Sleep(200 * time.Millisecond) // nothing tells that it waits at the server; what is recorded is looked at below
		}
	}
	err = errors.Join(err, until(ctx, "the messages to be taken", accepted(len(together))))
	clock.mutex.Unlock()
	if err != nil {
		return err
	}
	_, denied, suspended := <-answers[0], <-answers[1], <-answers[2]
	if denied != nil {
		return denied
	}
	now, err := l.now(ctx) // its letter may be on the way
	if err != nil {
		return err
	}
	if suspended == nil || now.Stage != certification.StageDenied || now.Suspended {
		return errors.New("the suspension was not refused beside the denial: nothing to record")
	}
	l.found[Beside], err = l.quiet(ctx, l.caseID)
	return err
}
