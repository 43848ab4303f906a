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
// idempotency keys (a message of a case is still recognized by its event, and by the digest beside it), registrations
// with the letters that carried their codes, and feedback; and sessions and limits that
// are over, by the real time. It says how many rows went.
func (s *Store) ForgetOldRecords(ctx context.Context) (int, error) {
	forget := map[certification.RecordClass]func(before time.Time) (int64, error){
		certification.RecordRepeat: func(before time.Time) (int64, error) {
			return s.ForgetKeys(ctx, queries.ForgetKeysParams{Before: before, Most: sweepBatch})
		},
		certification.RecordCode: func(before time.Time) (int64, error) {
			return s.ForgetRegistrations(ctx, queries.ForgetRegistrationsParams{Before: before, Most: sweepBatch})
		},
		certification.RecordFeedback: func(before time.Time) (int64, error) {
			return s.ForgetFeedback(ctx, queries.ForgetFeedbackParams{Before: before, Most: sweepBatch})
		},
		certification.RecordSession: func(time.Time) (int64, error) { return s.ForgetSessions(ctx, sweepBatch) },
	}
	now, total := s.now(), 0
	for _, class := range Forgotten() {
		rule := certification.RetentionOf(certification.CurrentPolicy(now), class)
		if err := rule.Check(); err != nil {
			return total, fmt.Errorf("forgetting %s: %w", class, err)
		}
		statement, is := forget[class]
		if !is || rule.Forever {
			return total, fmt.Errorf("forgetting %s: %w", class, errors.ErrUnsupported)
		}
		// What has just been kept for its time was made then. A month that is shorter than
		// the one before makes it earlier, never later.
		before := certification.AddMonths(certification.AddDays(now, -rule.Days), -12*rule.Years-rule.Months)
		rows, err := batches(func() (int64, error) { return statement(before) })
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
