package worker

import (
	"context"
	"log/slog"

	"peercert/cases"
)

// retention erases what was kept for its time.
type retention struct{ *Parts }

// ForgetOldRecords implements activities.Retention.
func (r retention) ForgetOldRecords(ctx context.Context) (int, error) {
	return r.Store.ForgetOldRecords(ctx)
}

// EraseDue implements activities.Retention. Each erasure leaves a line in the log, and is
// counted: ids, class and number.
func (r retention) EraseDue(ctx context.Context) (erased int, err error) {
	err = r.Cases.EraseDue(ctx, func(erasure cases.Erasure) {
		erased += erasure.Items
		r.Erased.WithLabelValues(string(erasure.Class)).Add(float64(erasure.Items))
		slog.InfoContext(ctx, "records were erased that had been kept for their time",
			"case_id", erasure.CaseID, "class", string(erasure.Class), "items", erasure.Items)
	})
	return erased, err
}
