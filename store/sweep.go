package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// sweepBatch bounds one statement, so that nobody waits behind it.
const sweepBatch = 2000

// Forgotten are the classes of records that belong to no case and that ForgetOldRecords
// deletes.
func Forgotten() []certification.RecordClass {
	return []certification.RecordClass{
		certification.RecordRepeat, certification.RecordCode, certification.RecordFeedback, certification.RecordSession,
	}
}

// ForgetOldRecords deletes what belongs to no case, by the retention table: answers under
// idempotency keys (a message of a case is still recognized by its event), registrations
// with the letters that carried their codes, and feedback; and sessions and limits that
// are over, by the real time. It says how many rows went.
func (s *Store) ForgetOldRecords(ctx context.Context) (int, error) {
	kept := map[certification.RecordClass]certification.Retention{}
	for _, rule := range certification.RetentionTable(certification.CurrentPolicy(s.now())) {
		kept[rule.Record] = rule
	}
	// before is when what has just been kept for its time was made. A month that is
	// shorter than the one before makes it earlier, never later.
	before := func(class certification.RecordClass) time.Time {
		rule := kept[class]
		return certification.AddMonths(certification.AddDays(s.now(), -rule.Days), -12*rule.Years-rule.Months)
	}
	total := 0
	for _, class := range Forgotten() {
		forget, is := map[certification.RecordClass]func() (int64, error){
			certification.RecordRepeat: func() (int64, error) {
				return s.ForgetKeys(ctx, queries.ForgetKeysParams{Before: before(class), Most: sweepBatch})
			},
			certification.RecordCode: func() (int64, error) {
				return s.ForgetRegistrations(ctx, queries.ForgetRegistrationsParams{Before: before(class), Most: sweepBatch})
			},
			certification.RecordFeedback: func() (int64, error) {
				return s.ForgetFeedback(ctx, queries.ForgetFeedbackParams{Before: before(class), Most: sweepBatch})
			},
			certification.RecordSession: func() (int64, error) { return s.ForgetSessions(ctx, sweepBatch) },
		}[class]
		if !is || kept[class].Forever {
			return total, fmt.Errorf("forgetting %s: %w", class, errors.ErrUnsupported)
		}
		rows, err := batches(forget)
		if total += rows; err != nil {
			return total, fmt.Errorf("forgetting %s: %w", class, err)
		}
	}
	rows, err := batches(func() (int64, error) { return s.ForgetLimits(ctx, sweepBatch) })
	if err != nil {
		err = fmt.Errorf("forgetting limits: %w", err)
	}
	return total + rows, err
}

// batches repeats a statement until it finds less than it may take.
func batches(forget func() (int64, error)) (total int, err error) {
	for {
		rows, err := forget()
		total += int(rows)
		if err != nil || rows < sweepBatch {
			return total, err
		}
	}
}
