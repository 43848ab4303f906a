package bench

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"peercert/bench/baseline"
	"peercert/certification"
)

const (
	// journeysATurn are lived in one turn, so many of them at the same time.
	journeysATurn = 8
	atOnce        = 4
)

// journey lives one case from registration to certified, nobody pausing, with every
// letter sent. It gives the case that was lived.
func journey(ctx context.Context, w *world) (*life, error) {
	l, err := register(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := l.apply(ctx, madeUp(2)); err != nil {
		return nil, err
	}
	if err := l.pay(ctx, certification.StageApplicationReview); err != nil {
		return nil, err
	}
	if err := l.send(ctx, l.reviewer, &certification.ClaimReview{}, &certification.DecideApplication{Decision: certification.DecisionApprove}); err != nil {
		return nil, err
	}
	if err := l.train(ctx, madeUp(1)); err != nil {
		return nil, err
	}
	if err := l.pay(ctx, certification.StageExamBooking); err != nil {
		return nil, err
	}
	authorization, err := l.book(ctx, time.Hour)
	if err != nil {
		return nil, err
	}
	if err := l.examined(ctx, authorization, true); err != nil {
		return nil, err
	}
	return l, l.lettersSent(ctx)
}

// bareJourney is as many updates to a bare workflow, and as many errands.
func bareJourney(ctx context.Context, w *world, plan baseline.Plan) error {
	b, err := baseline.Begin(ctx, w.parts.Temporal, plan)
	if err != nil {
		return err
	}
	for range plan.Updates - 1 {
		if err := b.Step(ctx); err != nil {
			return err
		}
	}
	return b.Wait(ctx)
}

// perSecond lives a turn's journeys and gives how many end in a second.
func perSecond(ctx context.Context, live func(context.Context) error) (float64, error) {
	seconds, err := timed(func() error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for range journeysATurn {
			group.Go(func() error { return live(ctx) })
		}
		return group.Wait()
	})
	return journeysATurn / seconds, err
}

// journeys measures whole journeys against a bare workflow with as many updates as
// a journey has messages, and, to tell what the letters cost, against one that
// begins as many activities beside them.
func journeys(ctx context.Context, w *world, r *report) error {
	// One life first: how many messages and errands does it have?
	l, err := journey(ctx, w)
	if err != nil {
		return err
	}
	errands, err := l.count(ctx, `SELECT (SELECT count(*) FROM notices WHERE case_id = $1) +
		(SELECT count(*) FROM payments WHERE case_id = $1) + (SELECT count(*) FROM authorizations WHERE case_id = $1)`)
	if err != nil {
		return err
	}
	plan := baseline.Plan{Updates: l.messages}
	withErrands := baseline.Plan{Updates: l.messages, Errands: errands}

	ours := func(ctx context.Context) (rate float64, err error) {
		var lived []*life
		var mutex sync.Mutex
		err = w.profiled("journey", func() error {
			rate, err = perSecond(ctx, func(ctx context.Context) error {
				l, err := journey(ctx, w)
				mutex.Lock()
				defer mutex.Unlock()
				lived = append(lived, l)
				return err
			})
			return err
		})
		if err != nil {
			return 0, err
		}
		// A certified case leaves its run a moment later; that is over before the
		// other side has its turn.
		for _, l := range lived {
			if err := l.left(ctx); err != nil {
				return 0, err
			}
		}
		return rate, nil
	}
	values, err := takeTurns(ctx, r.rounds, ours,
		func(ctx context.Context) (float64, error) {
			return perSecond(ctx, func(ctx context.Context) error { return bareJourney(ctx, w, plan) })
		},
		func(ctx context.Context) (float64, error) {
			return perSecond(ctx, func(ctx context.Context) error { return bareJourney(ctx, w, withErrands) })
		})
	if err != nil {
		return err
	}
	r.atLeast("Journeys per second, over a bare workflow with as many updates", "×", ratios(values[0], values[1]), 0.7)
	r.beside("  over a bare workflow with as many updates and activities", "×", ratios(values[0], values[2]))
	r.beside("  that workflow over the one without activities", "×", ratios(values[2], values[1]))
	r.note("A journey has %d messages (updates and signals), and %d letters, payment pages and authorizations.", plan.Updates, errands)
	return nil
}
