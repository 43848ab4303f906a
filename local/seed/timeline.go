package seed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"peercert/cases"
	"peercert/certification"
)

const (
	// atOnce is how many lives act side by side: more would only wait for each other
	// on a small machine.
	atOnce = 8
	// together is how far apart two rungs may be that are climbed after one move of the
	// clock: those of people who began on the same morning differ by seconds.
	together = 20 * time.Minute
	// patience is how long the product may take to finish what an instant brought. A letter
	// that Temporal handed to nobody is missed after a minute.
	patience = 3 * time.Minute
)

// movable is the clock that a timeline moves.
type movable interface {
	Now() time.Time
	// Set moves the clock forward and wakes nobody.
	Set(to time.Time) error
}

// timeline lets many lives go by on one clock, in the order of their instants. Each
// life is a function that sleeps until its next instant; when all of them sleep and
// the product has finished everything, the clock moves on: to the next instant of a
// life, or to a reminder or due instant of a case that lies before it.
type timeline struct {
	clock   movable
	cases   *cases.Cases
	records *pgxpool.Pool

	slots   chan struct{} // held by a life that acts
	changed chan struct{} // a life fell asleep or ended

	mutex   sync.Mutex
	awake   int
	sleeper []sleeper
}

type sleeper struct {
	until time.Time
	wake  chan struct{}
}

func newTimeline(clock movable, door *cases.Cases, records *pgxpool.Pool) *timeline {
	return &timeline{
		clock: clock, cases: door, records: records,
		slots: make(chan struct{}, atOnce), changed: make(chan struct{}, 1),
	}
}

// run lives all lives to their ends, and lets what they left on the way arrive. told
// is called with every instant that the clock comes to.
func (t *timeline) run(ctx context.Context, lives []func(context.Context) error, told func(time.Time)) error {
	group, ctx := errgroup.WithContext(ctx)
	t.awake = len(lives)
	for _, live := range lives {
		group.Go(func() error {
			defer t.count(-1)
			if err := t.act(ctx); err != nil {
				return err
			}
			defer t.rest()
			return live(ctx)
		})
	}
	group.Go(func() error {
		for {
			if err := t.allAsleep(ctx); err != nil {
				return err
			}
			next, any := t.earliest()
			if !any {
				return t.settle(ctx)
			}
			if err := t.advance(ctx, next); err != nil {
				return err
			}
			told(next)
			t.wakeAt(next)
		}
	})
	return group.Wait()
}

// sleep lets a life wait until an instant by the clock of cases.
func (t *timeline) sleep(ctx context.Context, until time.Time) error {
	waiting := sleeper{until: until, wake: make(chan struct{})}
	t.mutex.Lock()
	t.sleeper = append(t.sleeper, waiting)
	t.mutex.Unlock()
	t.rest()
	t.count(-1)
	select {
	case <-waiting.wake:
	case <-ctx.Done():
		t.count(1) // its end counts down once more
		t.slots <- struct{}{}
		return ctx.Err()
	}
	return t.act(ctx)
}

func (t *timeline) act(ctx context.Context) error {
	t.slots <- struct{}{}
	return ctx.Err()
}

func (t *timeline) rest() { <-t.slots }

func (t *timeline) count(by int) {
	t.mutex.Lock()
	t.awake += by
	t.mutex.Unlock()
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

func (t *timeline) allAsleep(ctx context.Context) error {
	for {
		t.mutex.Lock()
		awake := t.awake
		t.mutex.Unlock()
		if awake == 0 {
			return nil
		}
		select {
		case <-t.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *timeline) earliest() (time.Time, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var first time.Time
	for i, s := range t.sleeper {
		if i == 0 || s.until.Before(first) {
			first = s.until
		}
	}
	return first, len(t.sleeper) > 0
}

// wakeAt wakes those who sleep until an instant.
func (t *timeline) wakeAt(instant time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var still []sleeper
	for _, s := range t.sleeper {
		if s.until.After(instant) {
			still = append(still, s)
			continue
		}
		t.awake++
		close(s.wake)
	}
	t.sleeper = still
}

// advance moves the clock to an instant, and on the way to every rung of a promise.
func (t *timeline) advance(ctx context.Context, to time.Time) error {
	for {
		if err := t.settle(ctx); err != nil {
			return err
		}
		first, any, err := t.nextRung(ctx, to)
		if err != nil {
			return err
		}
		if !any {
			break
		}
		at := first.Add(together)
		if at.After(to) {
			at = to
		}
		if err := t.forward(at); err != nil {
			return err
		}
	}
	return t.forward(to)
}

// forward moves the clock. It goes on by itself as well, and on a slow machine it may
// have come further than the next instant.
func (t *timeline) forward(to time.Time) error {
	if !to.After(t.clock.Now()) {
		return nil
	}
	return t.clock.Set(to)
}

// nextRung is the earliest rung or due instant of a running promise up to an instant.
func (t *timeline) nextRung(ctx context.Context, upTo time.Time) (time.Time, bool, error) {
	var at *time.Time
	err := t.records.QueryRow(ctx, `SELECT min(next_at) FROM promises WHERE ended_at IS NULL AND stopped_at IS NULL AND next_at <= $1`, upTo).Scan(&at)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("looking for the next reminder: %w", err)
	}
	if at == nil {
		return time.Time{}, false, nil
	}
	return *at, true, nil
}

// settle waits until the product has finished everything that the instant brought:
// cases whose promise has a rung now are woken and have climbed it, the inbox is
// empty, every letter is sent, every payment page open, every authorization out.
func (t *timeline) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	woken := map[string]bool{} // case and rung
	for {
		now := t.clock.Now()
		climbing, err := t.wakeDue(ctx, now, woken)
		if err != nil {
			return err
		}
		var letters, inbox, pages, authorizations int
		if err := t.records.QueryRow(ctx, `SELECT
			(SELECT count(*) FROM notices WHERE sent_at IS NULL AND voided_at IS NULL),
			(SELECT count(*) FROM inbox WHERE processed_at IS NULL),
			(SELECT count(*) FROM payments WHERE status = 'open' AND checkout_url = ''),
			(SELECT count(*) FROM authorizations WHERE sent_at IS NULL AND voided_at IS NULL)`,
		).Scan(&letters, &inbox, &pages, &authorizations); err != nil {
			return fmt.Errorf("looking what is still under way: %w", err)
		}
		if climbing+letters+inbox+pages+authorizations == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("on %s the product did not come to rest: %d cases to climb a rung, %d letters, %d messages, %d payment pages, %d authorizations: %w",
				now.Format(time.DateOnly), climbing, letters, inbox, pages, authorizations, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// wakeDue wakes the cases that have a rung now, each rung once, and says how many
// have not climbed it yet. Other cases need not know that the clock was moved: they
// learn it with what comes next.
func (t *timeline) wakeDue(ctx context.Context, now time.Time, woken map[string]bool) (int, error) {
	rows, err := t.records.Query(ctx, `SELECT case_id::text, min(next_at) FROM promises
		WHERE ended_at IS NULL AND stopped_at IS NULL AND next_at <= $1 GROUP BY case_id`, now)
	if err != nil {
		return 0, fmt.Errorf("looking for cases with a reminder now: %w", err)
	}
	type rung struct {
		CaseID string
		At     time.Time
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[rung])
	if err != nil {
		return 0, fmt.Errorf("looking for cases with a reminder now: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, r := range due {
		key := r.CaseID + r.At.String()
		if woken[key] {
			continue
		}
		woken[key] = true
		group.Go(func() error { return t.wakeCase(ctx, r.CaseID, key) })
	}
	return len(due), group.Wait()
}

// wakeCase makes one case ask for the time.
func (t *timeline) wakeCase(ctx context.Context, caseID, key string) error {
	err := patiently(ctx, func() error {
		_, err := t.cases.Send(ctx, administrator, cases.Send{CaseID: caseID, Key: "seed-wake-" + key, Message: &certification.Wake{}})
		return err
	})
	if errors.Is(err, certification.CaseClosed()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("waking case %s: %w", caseID, err)
	}
	return nil
}

// patiently does something again for as long as the product asks for patience: a
// document is being checked, or a small machine is busy.
func patiently(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := do()
		if refusal, is := certification.RefusalOf(err); !is || refusal.RetryAfter == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(30 * time.Millisecond):
		}
	}
}
