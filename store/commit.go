package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// Commit writes a transition in one transaction: projection, event, promises,
// letters, and the rows that leave the house. It is guarded by revision and key:
//
//   - The same revision and key: it was written before; its first answer is given.
//   - The same revision, another key: the earlier write came from a workflow task
//     that never completed (a killed worker, a reset). The workflow is right: what
//     was written from that revision on is marked void and replaced (the void rule).
//   - A key that another revision has: a repeat that the workflow no longer
//     remembers. Nothing is written, and Settled.Repeated says so.
//   - A draft that has moved on: Settled.Refused.
func (s *Store) Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	var settled certification.Settled
	err := s.transact(ctx, func(q *queries.Queries) error {
		var err error
		settled, err = s.commit(ctx, q, transition)
		return err
	})
	if err != nil {
		return certification.Settled{}, fmt.Errorf("writing revision %d of case %s: %w", transition.Case.Revision, transition.Case.ID, err)
	}
	return settled, nil
}

func (s *Store) commit(ctx context.Context, q *queries.Queries, t certification.Transition) (certification.Settled, error) {
	now := s.now().UTC().Truncate(time.Microsecond) // what PostgreSQL keeps
	caseID, revision := t.Case.ID, t.Case.Revision

	existing, err := q.LockCase(ctx, caseID)
	if err != nil && !None(err) {
		return certification.Settled{}, err
	}
	if existing.Revision >= revision {
		written, err := q.EventAt(ctx, queries.EventAtParams{CaseID: caseID, Revision: revision})
		switch {
		case err == nil && written.Key == t.Event.Key:
			var settled certification.Settled
			return settled, json.Unmarshal(written.Settled, &settled)
		case err != nil && !None(err):
			return certification.Settled{}, err
		}
		if err := void(ctx, q, caseID, revision, now); err != nil {
			return certification.Settled{}, err
		}
	}
	switch _, err := q.RevisionOfKey(ctx, queries.RevisionOfKeyParams{CaseID: caseID, Key: t.Event.Key}); {
	case err == nil:
		return certification.Settled{At: now, Repeated: true}, nil
	case !None(err):
		return certification.Settled{}, err
	}
	if t.Submit != nil {
		rows, err := q.SubmitDraft(ctx, queries.SubmitDraftParams{CaseID: caseID, Form: string(t.Submit.Form), Revision: t.Submit.Revision})
		if err != nil {
			return certification.Settled{}, err
		}
		if rows == 0 {
			return certification.Settled{At: now, Refused: certification.StaleRevision()}, nil
		}
	}
	if t.Reopen != "" {
		if err := q.ReopenDraft(ctx, queries.ReopenDraftParams{CaseID: caseID, Form: string(t.Reopen)}); err != nil {
			return certification.Settled{}, err
		}
	}

	number := ""
	if t.Issue {
		if number, err = certification.NewCertificateNumber(rand.Reader); err != nil {
			return certification.Settled{}, err
		}
	}
	settled := t.Settle(now, NewID, func() string { return number })
	after := t.Apply(settled)
	return settled, s.write(ctx, q, t, settled, after)
}

// void marks what was written from a revision on as never having taken effect. What
// left the house already stays as it is: a letter cannot be called back.
func void(ctx context.Context, q *queries.Queries, caseID string, revision int, now time.Time) error {
	if err := q.VoidEvents(ctx, queries.VoidEventsParams{CaseID: caseID, Revision: revision, VoidedAt: &now}); err != nil {
		return err
	}
	if err := q.VoidNotices(ctx, queries.VoidNoticesParams{CaseID: &caseID, Revision: revision, VoidedAt: &now}); err != nil {
		return err
	}
	if err := q.VoidPayments(ctx, queries.VoidPaymentsParams{CaseID: caseID, Revision: revision}); err != nil {
		return err
	}
	return q.VoidAuthorizations(ctx, queries.VoidAuthorizationsParams{CaseID: caseID, Revision: revision, VoidedAt: &now})
}

func (s *Store) write(ctx context.Context, q *queries.Queries, t certification.Transition, settled certification.Settled, after certification.Case) error {
	if err := writeCase(ctx, q, after, settled.At); err != nil {
		return err
	}
	event, err := json.Marshal(t.Event)
	if err != nil {
		return fmt.Errorf("encoding the event: %w", err)
	}
	answer, err := json.Marshal(settled)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	if err := q.AddEvent(ctx, queries.AddEventParams{
		CaseID: after.ID, Revision: after.Revision, Key: t.Event.Key, Event: event, Settled: answer, At: settled.At,
	}); err != nil {
		return err
	}
	if err := writePromises(ctx, q, after, settled.At); err != nil {
		return err
	}
	for i, notice := range t.Notices {
		facts, err := json.Marshal(notice.FactsOf(after, settled.At))
		if err != nil {
			return fmt.Errorf("encoding the facts of a letter: %w", err)
		}
		if err := q.AddNotice(ctx, queries.AddNoticeParams{
			ID: settled.NoticeIDs[i], CaseID: &after.ID, Revision: after.Revision, Letter: string(notice.Letter),
			Facts: facts, NotesKey: t.Event.Key, CreatedAt: settled.At,
		}); err != nil {
			return err
		}
	}
	if t.Payment != nil && t.Payment.ID != "" {
		if err := q.SettlePayment(ctx, queries.SettlePaymentParams{ID: t.Payment.ID, Status: t.Payment.Status, SettledAt: &settled.At}); err != nil {
			return err
		}
	}
	if t.Ask && after.Payment != nil {
		if err := q.AddPayment(ctx, queries.AddPaymentParams{
			ID: after.Payment.ID, CaseID: after.ID, Revision: after.Revision, Fee: string(after.Payment.Fee),
			AmountCents: after.Payment.AmountCents, Currency: after.Policy.Currency, AskedAt: settled.At,
		}); err != nil {
			return err
		}
	}
	if t.Authorize && after.Exam != nil {
		return q.AddAuthorization(ctx, queries.AddAuthorizationParams{
			ID: after.Exam.AuthorizationID, CaseID: after.ID, Revision: after.Revision, Attempt: after.AttemptsUsed + 1,
			Language: after.Exam.Language, Place: after.Exam.Place, EligibleFrom: settled.At, EligibleUntil: after.WindowEndsAt,
		})
	}
	return nil
}

func writeCase(ctx context.Context, q *queries.Queries, c certification.Case, at time.Time) error {
	snapshot, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	row := queries.WriteCaseParams{
		ID: c.ID, Number: c.Number, ApplicantID: c.ApplicantID, Stage: string(c.Stage), Outcome: string(c.Outcome),
		Revision: c.Revision, WaitsOn: string(c.WaitsOn()), DueAt: instant(c.DueAt()), Overdue: c.Overdue(), Assignee: c.Assignee,
		Attention: []string{}, CountyPlan: c.CountyPlan, Snapshot: snapshot, CreatedAt: at,
	}
	for _, attention := range c.Attention {
		row.Attention = append(row.Attention, attention.Code)
	}
	if c.Certificate != nil {
		row.CertificateNumber, row.ExpiresAt = &c.Certificate.Number, instant(c.Certificate.ExpiresAt)
	}
	return q.WriteCase(ctx, row)
}

func writePromises(ctx context.Context, q *queries.Queries, c certification.Case, at time.Time) error {
	open := []string{}
	for _, promise := range c.Promises {
		open = append(open, promise.ID)
	}
	if err := q.EndPromises(ctx, queries.EndPromisesParams{CaseID: c.ID, At: &at, OpenIds: open}); err != nil {
		return err
	}
	for _, promise := range c.Promises {
		if err := q.WritePromise(ctx, queries.WritePromiseParams{
			ID: promise.ID, CaseID: c.ID, Kind: string(promise.Kind), WaitsOn: string(promise.WaitsOn), Consequence: string(promise.Then),
			Since: promise.Since, DueAt: promise.DueAt, StoppedAt: instant(promise.StoppedAt), Overdue: promise.Overdue,
			NextAt: promise.Rungs[0].At,
		}); err != nil {
			return err
		}
	}
	return nil
}

// instant is a time as a column that may be empty.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
