package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"peercert/activities"
	"peercert/certification"
	"peercert/documents"
	"peercert/exams"
	"peercert/store"
	"peercert/store/queries"
)

// storage is documents as the door to the cases sees them.
type storage struct{ documents *documents.Documents }

func (s storage) Put(ctx context.Context, id string, body io.Reader) (certification.Document, error) {
	stored, err := s.documents.Store(ctx, id, body)
	var refused *certification.DocumentRefusal
	switch {
	case errors.As(err, &refused):
		return certification.Document{}, certification.Invalid(certification.Finding{Field: "file", Code: refused.Code, Detail: refused.Detail})
	case errors.Is(err, documents.ErrOtherContent):
		return certification.Document{}, certification.KeyReused()
	case errors.Is(err, documents.ErrUnavailable):
		return certification.Document{}, certification.Unavailable(err, 5*time.Second)
	case err != nil:
		return certification.Document{}, err
	}
	return certification.Document{
		ID: id, Status: certification.DocumentChecking, MediaType: stored.MediaType, Bytes: stored.Bytes, SHA256: stored.SHA256,
		QuarantineKey: stored.Key, QuarantineVersion: stored.Version,
	}, nil
}

func (s storage) OpenView(ctx context.Context, document certification.Document) (io.ReadCloser, string, int64, error) {
	return opened(s.documents.OpenView(ctx, document))
}

func (s storage) OpenOriginal(ctx context.Context, document certification.Document) (io.ReadCloser, string, int64, error) {
	return opened(s.documents.OpenOriginal(ctx, document))
}

func opened(body io.ReadCloser, mediaType string, size int64, err error) (io.ReadCloser, string, int64, error) {
	if errors.Is(err, documents.ErrUnavailable) {
		err = certification.Unavailable(err, 5*time.Second)
	}
	return body, mediaType, size, err
}

func (s storage) Ping(ctx context.Context) error { return s.documents.Ping(ctx) }

func (s storage) Remove(ctx context.Context, document certification.Document) error {
	err := s.documents.Delete(ctx, document)
	if errors.Is(err, documents.ErrUnavailable) {
		err = certification.Unavailable(err, 5*time.Second)
	}
	return err
}

// candidates are the files with what the exam vendor was told about people.
type candidates struct{ files *documents.Files }

func (c candidates) RemoveCandidate(ctx context.Context, authorizationID string) error {
	err := c.files.Remove(ctx, exams.CandidateKey(authorizationID))
	if errors.Is(err, documents.ErrUnavailable) {
		err = certification.Unavailable(err, 5*time.Second)
	}
	return err
}

// checkouts opens payment pages by the ids of payments.
type checkouts struct{ *Parts }

func (c checkouts) OpenCheckout(ctx context.Context, paymentID string) error {
	row, err := c.Store.CheckoutOf(ctx, paymentID)
	if err != nil {
		return fmt.Errorf("reading payment %s: %w", paymentID, err)
	}
	if row.Status != certification.PaymentOpen {
		return nil // settled, dropped or void meanwhile
	}
	session, err := c.Payments.Open(ctx, checkoutOf(row))
	if err != nil {
		return err
	}
	if session.AlreadyPaid {
		return c.tellPaid(ctx, row.ID, session.SessionID)
	}
	if err := c.Store.WriteCustomer(ctx, queries.WriteCustomerParams{ID: row.ApplicantID, CustomerID: session.CustomerID}); err != nil {
		return err
	}
	return c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		status, err := q.WriteCheckout(ctx, queries.WriteCheckoutParams{
			ID: row.ID, SessionID: session.SessionID, CheckoutUrl: session.URL, CheckoutExpiresAt: &session.ExpiresAt,
		})
		if err != nil || status == certification.PaymentOpen {
			return err
		}
		// The payment ended while its page was being opened: nobody may pay there.
		return q.ClosePage(ctx, queries.ClosePageParams{Source: store.SourceSteps, Kind: store.KindClosePage, ID: row.ID, At: c.Now()})
	})
}

// tellPaid has the case told of money that is there, and of which it has not heard: of the
// payment that a page was to be opened for, whose event is late or lost, or of an earlier one
// for the same fee, which had ended and was paid all the same. It counts, and the payment
// ends; where it does not (the price is another now), the next try opens the page.
func (c checkouts) tellPaid(ctx context.Context, paymentID, sessionID string) error {
	now := c.Now()
	err := c.Store.LookAtPage(ctx, queries.LookAtPageParams{Source: store.SourceSteps, Kind: store.KindLookAtPage, SessionID: sessionID, At: now, UnlessSince: now})
	return errors.Join(fmt.Errorf("a page for the fee of payment %s was paid; the case hears of it first", paymentID), err)
}

// checkoutOf is a payment row as the payment processor's adapter needs it.
func checkoutOf(row queries.CheckoutOfRow) certification.Checkout {
	return certification.Checkout{
		PaymentID: row.ID, CaseID: row.CaseID, ApplicantID: row.ApplicantID, CustomerID: row.CustomerID, Fee: certification.Fee(row.Fee),
		AmountCents: row.AmountCents, Currency: row.Currency, PreviousSessionID: row.PreviousSessionID, AskedAt: row.AskedAt,
	}
}

// authorizations sends authorizations by their ids, and collects the vendor's files.
type authorizations struct{ *Parts }

func (a authorizations) SendAuthorization(ctx context.Context, authorizationID string) error {
	row, err := a.Store.AuthorizationToSend(ctx, authorizationID)
	if err != nil {
		return fmt.Errorf("reading authorization %s: %w", authorizationID, err)
	}
	if row.VoidedAt != nil {
		return nil
	}
	authorization := certification.Authorization{
		ID: row.ID, CaseID: row.CaseID, CandidateID: row.CandidateID, Attempt: row.Attempt, Language: row.Language, Place: row.Place,
		EligibleFrom: row.EligibleFrom, EligibleUntil: row.EligibleUntil, FirstName: row.FirstName, LastName: row.LastName, Email: row.Email,
	}
	// The vendor compares the name with the ID at the door, so the one on the
	// application, which a reviewer compared, goes before the one of the registration.
	var values certification.ApplicationValues
	if json.Unmarshal(row.Application, &values) != nil {
		return fmt.Errorf("the application behind authorization %s cannot be decoded", authorizationID)
	}
	if values.LegalFirstName != "" {
		authorization.FirstName, authorization.LastName = values.LegalFirstName, values.LegalLastName
	}
	if err := a.Exams.Send(ctx, authorization); err != nil {
		var fields *exams.FieldsError
		if errors.As(err, &fields) {
			// The vendor would refuse it. That is said as the vendor would say it, so that
			// the case asks for attention instead of trying for ever.
			return a.refuse(ctx, authorizationID)
		}
		return err
	}
	sent := a.Now()
	return a.Store.MarkAuthorizationSent(ctx, queries.MarkAuthorizationSentParams{ID: authorizationID, SentAt: &sent})
}

func (a authorizations) refuse(ctx context.Context, authorizationID string) error {
	payload, err := json.Marshal(certification.ExamRefused{
		Envelope:        certification.Envelope{Key: "own-check:" + authorizationID, Actor: certification.Actor{Role: certification.RoleOutside, ID: "own_check"}},
		AuthorizationID: authorizationID, Reason: "fields",
	})
	if err != nil {
		return fmt.Errorf("encoding a refusal: %w", err)
	}
	return a.Cases.Receive(ctx, certification.Incoming{Source: certification.SourceOwn, ExternalID: "refused:" + authorizationID, Kind: string(certification.SignalExamRefused), Payload: payload})
}

func (a authorizations) CollectExamFiles(ctx context.Context) (int, error) {
	collected, err := a.Exams.Collect(ctx, a.Cases.Receive)
	a.vendorFiles.saw(ctx, collected, err == nil)
	if err == nil {
		err = a.tellUnanswered(ctx)
	}
	return collected.Events, err
}

func activitiesOf(p *Parts) *activities.Activities {
	return &activities.Activities{
		Records: records{p.Store}, Notices: letters{p}, Checkouts: checkouts{p}, Authorizations: authorizations{p}, Documents: checks{p},
		Reconciler: reconciliation{p}, Retention: retention{p}, Now: p.Now,
	}
}
