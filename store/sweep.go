package store

import (
	"context"
	"fmt"
	"time"

	"peercert/store/queries"
)

// keptFor is how long answers under idempotency keys and registrations are kept. Both
// hold personal data that nobody needs later: a message of a case is still recognized
// by its event.
const keptFor = 30 * 24 * time.Hour

// feedbackKeptFor is how long feedback is kept: long enough to see what comes back.
const feedbackKeptFor = 365 * 24 * time.Hour

// sweepBatch bounds one statement, so that nobody waits behind it.
const sweepBatch = 2000

// ForgetOldRecords deletes what is kept for 30 days only: answers under idempotency
// keys, and registrations with the letters that carried their codes; feedback after a
// year; and sessions and limits that are over, by the real time. It says how many rows went.
func (s *Store) ForgetOldRecords(ctx context.Context) (int, error) {
	before := s.now().Add(-keptFor)
	total := 0
	for what, forget := range map[string]func() (int64, error){
		"idempotency keys": func() (int64, error) {
			return s.ForgetKeys(ctx, queries.ForgetKeysParams{Before: before, Most: sweepBatch})
		},
		"registrations": func() (int64, error) {
			return s.ForgetRegistrations(ctx, queries.ForgetRegistrationsParams{Before: before, Most: sweepBatch})
		},
		"feedback": func() (int64, error) {
			return s.ForgetFeedback(ctx, queries.ForgetFeedbackParams{Before: s.now().Add(-feedbackKeptFor), Most: sweepBatch})
		},
		"sessions": func() (int64, error) { return s.ForgetSessions(ctx, sweepBatch) },
		"limits":   func() (int64, error) { return s.ForgetLimits(ctx, sweepBatch) },
	} {
		for {
			rows, err := forget()
			if err != nil {
				return total, fmt.Errorf("forgetting %s: %w", what, err)
			}
			total += int(rows)
			if rows < sweepBatch {
				break
			}
		}
	}
	return total, nil
}
