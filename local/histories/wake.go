package histories

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"

	"peercert/certification"
	"peercert/local/product"
	"peercert/worker"
)

// stalling is a clock that does not answer while it is stalled.
type stalling struct {
	now   func() time.Time
	mutex sync.RWMutex
}

func (s *stalling) Now() time.Time {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.now()
}

// waked asks a case for the time while its worker cannot read the clock, and sends it
// something else beside that: the answer comes when the clock does.
func (r *recorder) waked(ctx context.Context) error {
	l, err := r.open(ctx, "waked")
	if err != nil {
		return err
	}
	if err := l.reach(ctx, certification.StageIntroVideo); err != nil {
		return err
	}
	return r.stalled(ctx, l.wakeBeside)
}

// stalled does something while the worker is one whose clock can be stalled.
func (r *recorder) stalled(ctx context.Context, do func(context.Context, *stalling) error) error {
	if err := r.stack.StopPart(product.Worker); err != nil {
		return err
	}
	clock := &stalling{now: r.Clock.Now}
	parts, err := worker.Assemble(ctx, r.Settings, slog.Default(), clock.Now)
	if err != nil {
		return fmt.Errorf("putting a worker together: %w", err)
	}
	defer parts.Close()
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- worker.Run(serving, parts, slog.Default()) }()
	err = do(ctx, clock)
	stop()
	return errors.Join(err, <-served, r.stack.StartPart(ctx, product.Worker))
}

// accepted asks how many updates the run took in since a history of it was read.
func (l *life) accepted(ctx context.Context, since *history.History) func(wanted int) func() error {
	return func(wanted int) func() error {
		return func() error {
			count := wanted
			run, err := l.run(ctx)
			if err != nil {
				return err
			}
			now, err := l.historyOf(ctx, l.caseID, run)
			if err != nil {
				return err
			}
			for _, event := range now.GetEvents()[len(since.GetEvents()):] {
				if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED {
					count--
				}
			}
			if count > 0 {
				return fmt.Errorf("%d messages are not accepted", count)
			}
			return nil
		}
	}
}

// wakeBeside sends the messages.
func (l *life) wakeBeside(ctx context.Context, clock *stalling) error {
	if err := l.live(ctx, step{l.sending(&certification.RetryStep{}), certification.StageIntroVideo}); err != nil {
		return err // whose worker serves
	}
	before, err := l.quiet(ctx, l.caseID)
	if err != nil {
		return err
	}
	accepted := l.accepted(ctx, before)
	sending, giveUp := context.WithCancel(ctx)
	defer giveUp()
	clock.mutex.Lock()
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		_ = l.update(sending, "the-wake", &certification.Wake{}) // it may never be answered
	}()
	err = until(ctx, "the case to look at the clock", accepted(1))
	other := make(chan error, 1)
	if err == nil {
		go func() { other <- l.update(ctx, "beside-the-wake", &certification.ExtendDeadline{Days: 7}) }()
		err = until(ctx, "the other message to be taken", accepted(2))
	}
	clock.mutex.Unlock()
	if err != nil {
		return err
	}
	if err := <-other; err != nil {
		return err
	}
	run, err := l.run(ctx)
	if err != nil {
		return err
	}
	if err := l.live(ctx, step{l.sending(&certification.StartNewRun{}), certification.StageIntroVideo}); err != nil {
		return err
	}
	select {
	case <-time.After(3500 * time.Millisecond): // that many pauses before it can leave
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.live(ctx, step{l.sending(&certification.ExtendDeadline{Days: 7}), certification.StageIntroVideo}); err != nil {
		return err
	}
	l.found[Waked], err = l.historyOf(ctx, l.caseID, run)
	giveUp()
	<-woken
	return err
}
