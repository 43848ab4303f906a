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
//
// A workflow task can be given up while its step is on the way here, and another begin:
// a worker that was slow, a server that lost a task it held in memory. The newer one is
// right, so a step of an older task than the newest that wrote is refused with
// certification.ErrSuperseded, however late it comes.
func (s *Store) Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	var settled certification.Settled
	err := s.InTransaction(ctx, func(q *queries.Queries) error {
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

	task := t.Task.Truncate(time.Microsecond)
	written, err := lockCase(ctx, q, caseID)
	if err != nil {
		return certification.Settled{}, err
	}
	if !task.IsZero() && task.Before(written.task) {
		return certification.Settled{}, certification.ErrSuperseded
	}
	switch event, err := q.EventOfKey(ctx, queries.EventOfKeyParams{CaseID: caseID, Key: t.Event.Key}); {
	case err == nil && event.Revision == revision:
		var settled certification.Settled
		if err := json.Unmarshal(event.Settled, &settled); err != nil {
			return certification.Settled{}, fmt.Errorf("decoding the answer of before: %w", err)
		}
		return settled, q.NoteTask(ctx, queries.NoteTaskParams{ID: caseID, Task: task})
	case err == nil && event.Revision < revision:
		return certification.Settled{At: now, Repeated: true}, q.NoteTask(ctx, queries.NoteTaskParams{ID: caseID, Task: task})
	case err != nil && !None(err):
		return certification.Settled{}, err
	}
	// Refused before anything is made void: what is refused leaves no trace.
	if t.Submit != nil {
		draft, err := q.LockDraft(ctx, queries.LockDraftParams{CaseID: caseID, Form: string(t.Submit.Form)})
		if err != nil && !None(err) {
			return certification.Settled{}, err
		}
		if None(err) || draft != t.Submit.Revision {
			return certification.Settled{At: now, Refused: certification.StaleRevision()}, q.NoteTask(ctx, queries.NoteTaskParams{ID: caseID, Task: task})
		}
	}
	if written.revision >= revision {
		if err := void(ctx, q, caseID, revision, now); err != nil {
			return certification.Settled{}, err
		}
		if err := closePages(ctx, q, caseID, revision, now); err != nil {
			return certification.Settled{}, err
		}
		if credit := t.Case.Credit; credit != nil { // what is void may have spent it
			if err := q.MarkPayment(ctx, queries.MarkPaymentParams{ID: credit.PaymentID, Status: certification.PaymentCredit, CaseID: caseID}); err != nil {
				return certification.Settled{}, err
			}
		}
	}

	number := ""
	if t.Issue {
		if number, err = certification.NewCertificateNumber(rand.Reader); err != nil {
			return certification.Settled{}, err
		}
	}
	settled := t.Settle(now, NewID, func() string { return number })
	return settled, write(ctx, q, t, settled, t.Apply(settled))
}

// newest is what the records have of a case before a step; zero before its first.
type newest struct {
	revision int
	task     time.Time // when the newest workflow task began that wrote
}

// lockCase keeps other steps of a case out until the transaction ends.
func lockCase(ctx context.Context, q *queries.Queries, caseID string) (newest, error) {
	existing, err := q.LockCase(ctx, caseID)
	if None(err) {
		if err := q.LockNewCase(ctx, caseID); err != nil {
			return newest{}, err
		}
		existing, err = q.LockCase(ctx, caseID)
	}
	if None(err) {
		return newest{}, nil
	}
	return newest{existing.Revision, existing.WrittenTask}, err
}

// void marks what was written from a revision on as never having taken effect, and
// gives back what it had ended or taken. What left the house already stays as it is:
// a letter cannot be called back, and money that arrived has arrived.
func void(ctx context.Context, q *queries.Queries, caseID string, from int, now time.Time) error {
	for _, step := range []func() error{
		func() error {
			return q.VoidEvents(ctx, queries.VoidEventsParams{CaseID: caseID, Revision: from, VoidedAt: &now})
		},
		func() error {
			return q.VoidNotices(ctx, queries.VoidNoticesParams{CaseID: &caseID, Revision: from, VoidedAt: &now})
		},
		func() error { return q.VoidPayments(ctx, queries.VoidPaymentsParams{CaseID: caseID, Revision: from}) },
		func() error {
			return q.UnsettlePayments(ctx, queries.UnsettlePaymentsParams{CaseID: caseID, FromRevision: from})
		},
		func() error {
			return q.VoidAuthorizations(ctx, queries.VoidAuthorizationsParams{CaseID: caseID, Revision: from, VoidedAt: &now})
		},
		func() error { return q.DropPromises(ctx, queries.DropPromisesParams{CaseID: caseID, Revision: from}) },
		func() error {
			return q.ReopenPromises(ctx, queries.ReopenPromisesParams{CaseID: caseID, FromRevision: from})
		},
		func() error {
			return q.VoidDraftTurns(ctx, queries.VoidDraftTurnsParams{CaseID: caseID, Revision: from, VoidedAt: &now})
		},
		func() error {
			return q.SettleDrafts(ctx, queries.SettleDraftsParams{CaseID: caseID, FromRevision: from})
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// write writes a step and everything that goes with it.
func write(ctx context.Context, q *queries.Queries, t certification.Transition, settled certification.Settled, after certification.Case) error {
	if err := writeNames(ctx, q, t); err != nil {
		return err
	}
	if err := writeCase(ctx, q, after, settled.At, t.Task); err != nil {
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
	if err := writePromises(ctx, q, t.Event, after, settled.At); err != nil {
		return err
	}
	if err := turnDrafts(ctx, q, t); err != nil {
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
	if err := checkAgain(ctx, q, t, settled.At); err != nil {
		return err
	}
	if err := keepCorrected(ctx, q, t, settled.At); err != nil {
		return err
	}
	if err := writePayments(ctx, q, t, settled, after); err != nil {
		return err
	}
	switch exam := after.Exam; {
	case exam == nil || exam.AuthorizationID == "":
	case t.Authorize:
		return q.AddAuthorization(ctx, queries.AddAuthorizationParams{
			ID: after.Exam.AuthorizationID, CaseID: after.ID, Revision: after.Revision, Attempt: after.AttemptsUsed + 1,
			Language: after.Exam.Language, Place: after.Exam.Place, EligibleFrom: settled.At, EligibleUntil: after.WindowEndsAt,
		})
	case after.Stage == certification.StageExamBooking, after.Stage == certification.StageExamBooked, after.Stage == certification.StageExamScoring: // the window may have been moved, or moved back by the void rule
		return q.MoveAuthorization(ctx, queries.MoveAuthorizationParams{ID: exam.AuthorizationID, EligibleUntil: after.WindowEndsAt})
	}
	return nil
}

// checkAgain asks for another try of the checks of documents. They live beside the case,
// so it goes through the inbox.
func checkAgain(ctx context.Context, q *queries.Queries, t certification.Transition, at time.Time) error {
	for _, id := range t.CheckAgain {
		payload, err := json.Marshal(certification.DocumentToCheck{DocumentID: id})
		if err != nil {
			return fmt.Errorf("encoding a document's id: %w", err)
		}
		if _, err := q.Receive(ctx, queries.ReceiveParams{
			Source: certification.SourceDocuments, ExternalID: "again:" + id + ":" + t.Event.Key,
			Kind: certification.KindCheckAgain, Payload: payload, ReceivedAt: at,
		}); err != nil {
			return err
		}
	}
	return nil
}

// writePayments settles the payment that a step is about, before it asks for another. Where
// somebody of ours tries again what is under way, it asks whether the page that is open was
// paid.
func writePayments(ctx context.Context, q *queries.Queries, t certification.Transition, settled certification.Settled, after certification.Case) error {
	if t.Payment != nil && t.Payment.ID != "" {
		if err := settlePayment(ctx, q, *t.Payment, settled.At, after); err != nil {
			return err
		}
	}
	if credit := t.Credit; credit != nil {
		if err := q.MarkPayment(ctx, queries.MarkPaymentParams{ID: credit.ID, Status: credit.Status, SettledAt: instant(credit.At), CaseID: after.ID}); err != nil {
			return err
		}
	}
	if t.Event.Signal == certification.SignalRetryStep && after.Payment != nil {
		payment, err := q.ReadPayment(ctx, after.Payment.ID)
		if err != nil || payment.SessionID == "" {
			return err
		}
		return q.LookAtPage(ctx, queries.LookAtPageParams{Source: SourceSteps, Kind: KindLookAtPage, SessionID: payment.SessionID, At: settled.At, UnlessSince: settled.At})
	}
	if t.Ask && after.Payment != nil {
		return q.AddPayment(ctx, queries.AddPaymentParams{
			ID: after.Payment.ID, CaseID: after.ID, Revision: after.Revision, Fee: string(after.Payment.Fee),
			AmountCents: after.Payment.AmountCents, Currency: after.Policy.Currency, AskedAt: settled.At,
		})
	}
	return nil
}

// settlePayment writes what became of a payment. Where it ended without money, its page is
// closed by the relay: nobody may pay there any more.
func settlePayment(ctx context.Context, q *queries.Queries, outcome certification.PaymentOutcome, now time.Time, after certification.Case) error {
	at := outcome.At
	switch {
	case outcome.Status == certification.PaymentRefundedWhole && at.IsZero():
		return q.MarkPayment(ctx, queries.MarkPaymentParams{ID: outcome.ID, Status: outcome.Status, CaseID: after.ID})
	case at.IsZero():
		at = now
	}
	if err := q.SettlePayment(ctx, queries.SettlePaymentParams{
		ID: outcome.ID, Status: outcome.Status, SettledAt: &at, SettledBy: &after.Revision, CaseID: after.ID,
	}); err != nil {
		return err
	}
	if outcome.Status != certification.PaymentDropped && outcome.Status != certification.PaymentWaived {
		return nil
	}
	return closePages(ctx, q, after.ID, after.Revision, now)
}

// What a step of a case asks the relay to do, in the transaction of the step.
const (
	// SourceSteps is the Source of these in the inbox.
	SourceSteps = "steps"
	// KindClosePage is {"payment_id"}: close the page of a payment that ended without money.
	KindClosePage = "close-page"
	// KindLookAtPage is {"session_id"}: look whether a payment page was paid.
	KindLookAtPage = "look-at-page"
	// KindLetter is {"notice_id"}: send a letter of a case whose workflow has ended.
	KindLetter = "send-letter"
	// KindCorrected is {"authorization_id"}: the vendor said something else of an exam than
	// the case acted upon, and nobody had seen to it when the case closed.
	KindCorrected = "exam-corrected"
)

// keepCorrected leaves what nobody had seen to when a case closed to the inbox, where what
// the vendor corrects after that is as well.
func keepCorrected(ctx context.Context, q *queries.Queries, t certification.Transition, at time.Time) error {
	for _, id := range t.Corrected {
		payload, err := json.Marshal(map[string]string{"authorization_id": id})
		if err != nil {
			return fmt.Errorf("encoding an authorization's id: %w", err)
		}
		if _, err := q.Receive(ctx, queries.ReceiveParams{
			Source: SourceSteps, ExternalID: KindCorrected + ":" + id, Kind: KindCorrected, Payload: payload, ReceivedAt: at,
		}); err != nil {
			return err
		}
	}
	return nil
}

func closePages(ctx context.Context, q *queries.Queries, caseID string, revision int, now time.Time) error {
	return q.ClosePages(ctx, queries.ClosePagesParams{Source: SourceSteps, Kind: KindClosePage, CaseID: caseID, Revision: revision, At: now})
}

// turnDrafts takes a draft out of the applicant's hands, or gives one back.
func turnDrafts(ctx context.Context, q *queries.Queries, t certification.Transition) error {
	turn := func(form certification.Form, draft *int) error {
		return q.TurnDraft(ctx, queries.TurnDraftParams{CaseID: t.Case.ID, Form: string(form), Revision: t.Case.Revision, DraftRevision: draft})
	}
	if t.Reopen != "" {
		if err := turn(t.Reopen, nil); err != nil {
			return err
		}
	}
	if t.Submit != nil {
		if err := turn(t.Submit.Form, &t.Submit.Revision); err != nil {
			return err
		}
	}
	if t.Reopen == "" && t.Submit == nil {
		return nil
	}
	return q.SettleDrafts(ctx, queries.SettleDraftsParams{CaseID: t.Case.ID, FromRevision: t.Case.Revision})
}

// writeCase writes the columns that lists filter by, and the snapshot that they are made of.
func writeCase(ctx context.Context, q *queries.Queries, c certification.Case, at, task time.Time) error {
	snapshot, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	row := queries.WriteCaseParams{
		ID: c.ID, Number: c.Number, ApplicantID: c.ApplicantID, Stage: string(c.Stage), Outcome: string(c.Outcome),
		Revision: c.Revision, WaitsOn: string(c.WaitsOn()), DueAt: instant(c.DueAt()), Overdue: c.Overdue(), Assignee: c.Assignee,
		Attention: []string{}, CountyPlan: c.CountyPlan, Snapshot: snapshot, CreatedAt: at, WrittenTask: task.Truncate(time.Microsecond),
	}
	for _, attention := range c.Attention {
		row.Attention = append(row.Attention, attention.Code)
	}
	if c.Certificate != nil {
		row.CertificateNumber, row.ExpiresAt = &c.Certificate.Number, instant(c.Certificate.ExpiresAt)
	}
	return q.WriteCase(ctx, row)
}

// writePromises ends those that are not open any more and writes those that are.
func writePromises(ctx context.Context, q *queries.Queries, event certification.Event, c certification.Case, at time.Time) error {
	missed := certification.PromiseKind("")
	if event.Name == certification.EventDue {
		missed = event.Details.Promise
	}
	open := []string{}
	for _, promise := range c.Promises {
		open = append(open, promise.ID)
	}
	if err := q.EndPromises(ctx, queries.EndPromisesParams{CaseID: c.ID, At: at, Revision: c.Revision, Missed: string(missed), OpenIds: open}); err != nil {
		return err
	}
	for _, promise := range c.Promises {
		if err := q.WritePromise(ctx, queries.WritePromiseParams{
			ID: promise.ID, CaseID: c.ID, Revision: c.Revision, Kind: string(promise.Kind), WaitsOn: string(promise.WaitsOn), Consequence: string(promise.Then),
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
