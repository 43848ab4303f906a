package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"peercert/cases"
)

// retention erases what was kept for its time.
type retention struct{ *Parts }

// clocksApart is how far the clocks of a worker and of PostgreSQL may differ.
const clocksApart = 5 * time.Minute

// clocksAgree refuses to erase by a clock that is wrong: what it takes for old would be
// gone for good. It compares real clocks; one that is moved for the cases is moved on
// purpose.
func (r retention) clocksAgree(ctx context.Context) error {
	before := time.Now()
	theirs, err := r.Store.RealTime(ctx)
	if err != nil {
		return fmt.Errorf("asking PostgreSQL what time it is: %w", err)
	}
	if theirs.Before(before.Add(-clocksApart)) || theirs.After(time.Now().Add(clocksApart)) {
		return fmt.Errorf("the clocks of this worker and of PostgreSQL are %s apart: nothing is erased", theirs.Sub(before).Abs().Round(time.Second))
	}
	return nil
}

// ForgetOldRecords implements activities.Retention.
func (r retention) ForgetOldRecords(ctx context.Context) (int, error) {
	if err := r.clocksAgree(ctx); err != nil {
		return 0, err
	}
	return r.Store.ForgetOldRecords(ctx)
}

// EraseDue implements activities.Retention. Each erasure leaves a line in the log, and is
// counted: ids, class and number.
func (r retention) EraseDue(ctx context.Context) (erased int, err error) {
	if err := r.clocksAgree(ctx); err != nil {
		return 0, err
	}
	err = r.Cases.EraseDue(ctx, func(erasure cases.Erasure) {
		erased += erasure.Items
		r.Erased.WithLabelValues(string(erasure.Class)).Add(float64(erasure.Items))
		slog.InfoContext(ctx, "records were erased that had been kept for their time",
			"case_id", erasure.CaseID, "class", string(erasure.Class), "items", erasure.Items)
	})
	return erased, err
}
