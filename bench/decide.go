package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"peercert/bench/baseline"
	"peercert/certification"
)

const (
	deciders = 32
	// Decisions of one turn: of the one reviewer over all cases, and of each of the many.
	aloneDecisions = 10
	crowdDecisions = 12
	// aloneTurns make one round of the one reviewer: what else the machine does changes
	// within seconds, so the sides take turns more often than values are made of it.
	aloneTurns = 6
	// aloneCases is how many cases the one reviewer goes through.
	aloneCases = 8
)

// desk is a reviewer with one case under review. Claiming and giving back can be
// repeated for ever, and each is a whole transition: token, idempotency key,
// validator, one transaction, search attributes, card, and the case read again.
type desk struct {
	w        *world
	life     *life
	reviewer certification.Actor
	token    string
	claimed  bool
}

// openDesk brings a case under review.
func openDesk(ctx context.Context, w *world, reviewer string) (*desk, error) {
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
	if err := l.lettersSent(ctx); err != nil {
		return nil, err
	}
	token, err := w.token(ctx, reviewer)
	return &desk{w: w, life: l, token: token, reviewer: certification.Actor{Role: certification.RoleReviewer, ID: reviewer}}, err
}

func openDesks(ctx context.Context, w *world, number int) ([]*desk, error) {
	desks := make([]*desk, number)
	for i := range desks {
		var err error
		if desks[i], err = openDesk(ctx, w, fmt.Sprintf("r-%02d", i)); err != nil {
			return nil, fmt.Errorf("bringing a case under review: %w", err)
		}
	}
	return desks, nil
}

// decide claims the review, or gives it back, over HTTP, and returns when the answer
// shows it. The answer is read from the projection, after the transaction.
func (d *desk) decide(ctx context.Context) error {
	signal := certification.SignalClaimReview
	if d.claimed {
		signal = certification.SignalReleaseReview
	}
	body, err := d.post(ctx, signal, uuid.NewString())
	if err != nil {
		return fmt.Errorf("%s: %w", signal, err)
	}
	var shown struct {
		Assignee string `json:"assignee"`
	}
	if err := json.Unmarshal(body, &shown); err != nil {
		return fmt.Errorf("decoding the answer to %s: %w", signal, err)
	}
	if (shown.Assignee != "") == d.claimed {
		return fmt.Errorf("%s was answered before the projection showed it", signal)
	}
	d.claimed = !d.claimed
	return nil
}

// straight is decide without the door: the update goes to Temporal from here.
func (d *desk) straight(ctx context.Context) error {
	var message certification.Message = &certification.ClaimReview{}
	if d.claimed {
		message = &certification.ReleaseReview{}
	}
	if err := d.life.send(ctx, d.reviewer, message); err != nil {
		return err
	}
	d.claimed = !d.claimed
	return nil
}

// post sends a signal, and again with the same key while a part is away for a
// moment, as every client should. That is time that somebody waits, and counts.
func (d *desk) post(ctx context.Context, signal certification.Signal, key string) ([]byte, error) {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost,
			d.w.parts.Settings.PublicURL+"/v1/cases/"+d.life.caseID+"/signals/"+string(signal), bytes.NewReader([]byte("{}")))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+d.token)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", key)
		answer, err := d.w.http.Do(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the answer: %w", err)
		case answer.StatusCode == http.StatusOK:
			return body, nil
		case answer.StatusCode != http.StatusServiceUnavailable:
			return nil, fmt.Errorf("it was answered %d: %.300s", answer.StatusCode, body)
		}
		d.w.unavailable.Add(1)
		pause, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			return nil, fmt.Errorf("it was answered 503 without Retry-After: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(pause) * time.Second):
		}
	}
}

// step is one thing that is done again and again, such as desk.decide.
type step func(context.Context) error

// oneByOne goes round the steps, one at a time, and gives what each took in seconds.
func oneByOne(ctx context.Context, steps []step, times int) ([]float64, error) {
	took := make([]float64, times)
	for i := range took {
		var err error
		if took[i], err = timed(func() error { return steps[i%len(steps)](ctx) }); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// allAtOnce does every step again and again, all of them at the same time, and gives
// the 99th percentile over the median.
func allAtOnce(ctx context.Context, steps []step, times int) (float64, error) {
	took := make([][]float64, len(steps))
	group, ctx := errgroup.WithContext(ctx)
	for i, do := range steps {
		group.Go(func() error {
			for range times {
				seconds, err := timed(func() error { return do(ctx) })
				if err != nil {
					return err
				}
				took[i] = append(took[i], seconds)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var all []float64
	for _, some := range took {
		all = append(all, some...)
	}
	return percentile(all, 0.99) / percentile(all, 0.5), nil
}

// sides are so many cases of the product, through the API and straight, and as many
// bare workflows.
func sides(ctx context.Context, w *world, number int) (ours, straight, bare []step, err error) {
	desks, err := openDesks(ctx, w, number)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, d := range desks {
		b, err := baseline.Begin(ctx, w.parts.Temporal, baseline.Plan{})
		if err != nil {
			return nil, nil, nil, err
		}
		ours, straight, bare = append(ours, d.decide), append(straight, d.straight), append(bare, b.Step)
	}
	return ours, straight, bare, nil
}

// decisions measures one reviewer against a bare update.
func decisions(ctx context.Context, w *world, r *report) error {
	ours, straight, bare, err := sides(ctx, w, aloneCases)
	if err != nil {
		return err
	}
	var medians [3][]float64
	for round := range r.rounds + 1 { // the first warms up
		var took [3][]float64
		for range aloneTurns {
			for i, steps := range [][]step{ours, bare, straight} {
				var some []float64
				turn := func() (err error) { some, err = oneByOne(ctx, steps, aloneDecisions); return err }
				if i == 0 {
					err = w.profiled("decision", turn)
				} else {
					err = turn()
				}
				if err != nil {
					return err
				}
				took[i] = append(took[i], some...)
			}
		}
		for i := range took {
			if round > 0 {
				medians[i] = append(medians[i], percentile(took[i], 0.5))
			}
		}
	}
	r.atMost("Decision round trip, p50, over a bare update", "×", ratios(medians[0], medians[1]), 1.5)
	r.beside("  the same update without API and door", "×", ratios(medians[2], medians[1]))
	return nil
}

// crowds measures many reviewers, each with a case of their own, against themselves.
func crowds(ctx context.Context, w *world, r *report) error {
	ours, _, bare, err := sides(ctx, w, deciders)
	if err != nil {
		return err
	}
	values, err := takeTurns(ctx, r.rounds,
		func(ctx context.Context) (tail float64, err error) {
			err = w.profiled("crowd", func() error {
				tail, err = allAtOnce(ctx, ours, crowdDecisions)
				return err
			})
			return tail, err
		},
		func(ctx context.Context) (float64, error) { return allAtOnce(ctx, bare, crowdDecisions) })
	if err != nil {
		return err
	}
	r.atMost(fmt.Sprintf("The same with %d deciders, p99 over p50", deciders), "", values[0], 4)
	r.beside(fmt.Sprintf("  a bare update with %d at once, p99 over p50", deciders), "", values[1])
	return nil
}
