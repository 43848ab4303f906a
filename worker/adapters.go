package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"peercert/activities"
	"peercert/cases"
	"peercert/certification"
	"peercert/documents"
	"peercert/exams"
	"peercert/notices"
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

// words puts notices into words for the list of letters.
type words struct{ letterhead notices.Letterhead }

func (w words) Words(notice certification.Notice) (subject, text string, err error) {
	composed, err := notices.Compose(notice, w.letterhead)
	return composed.Subject, composed.Text, err
}

// letters sends notices by their ids.
type letters struct{ *Parts }

// sendLease is how long one sender has a letter to itself.
const sendLease = 90 * time.Second

func (l letters) SendNotice(ctx context.Context, noticeID string) error {
	now := time.Now() // a lease is between machines: the movable clock has no say in it
	until := now.Add(sendLease)
	claimed, err := l.Store.ClaimNotice(ctx, queries.ClaimNoticeParams{ID: noticeID, Until: &until, Now: &now})
	if store.None(err) {
		state, err := l.Store.NoticeState(ctx, noticeID)
		if store.None(err) {
			return nil // the code of a registration that was forgotten meanwhile
		}
		if err == nil && state.SentAt == nil && state.VoidedAt == nil {
			return fmt.Errorf("letter %s is being sent by another worker", noticeID)
		}
		return err // sent, or void: nothing to do
	}
	if err != nil {
		return err
	}
	notice, err := l.compose(ctx, claimed.ID)
	if err == nil {
		err = l.Letters.Send(ctx, notice)
	}
	if err != nil {
		// The lease is given back even while the worker stops, so that the next try need
		// not wait for it.
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return errors.Join(err, l.Store.ReleaseNotice(release, noticeID))
	}
	sent := l.Now()
	return l.Store.MarkNoticeSent(ctx, queries.MarkNoticeSentParams{ID: noticeID, SentAt: &sent})
}

func (l letters) compose(ctx context.Context, noticeID string) (certification.Notice, error) {
	row, err := l.Store.ReadNotice(ctx, noticeID)
	if err != nil {
		return certification.Notice{}, fmt.Errorf("reading letter %s: %w", noticeID, err)
	}
	if row.RegistrationID != nil {
		registration, err := l.Store.ReadRegistration(ctx, *row.RegistrationID)
		if err != nil {
			return certification.Notice{}, fmt.Errorf("reading the registration of letter %s: %w", noticeID, err)
		}
		if row.Letter == string(certification.LetterAddressChanged) {
			return certification.Notice{
				ID: row.ID, Letter: certification.LetterAddressChanged, Language: registration.Language, Email: registration.FormerEmail,
			}, nil
		}
		var details cases.Registration
		if json.Unmarshal(registration.Details, &details) != nil {
			return certification.Notice{}, fmt.Errorf("the registration of letter %s cannot be decoded", noticeID)
		}
		name := details.Called
		if name == "" {
			name = details.FirstName
		}
		return certification.Notice{
			ID: row.ID, Letter: certification.Letter(row.Letter), Language: registration.Language, Name: name, Email: details.Email,
			Code: cases.ConfirmationCode(l.Settings.TokenSecret, *row.RegistrationID),
		}, nil
	}
	person, err := l.Store.ApplicantOfCase(ctx, *row.CaseID)
	if err != nil {
		return certification.Notice{}, fmt.Errorf("reading the recipient of letter %s: %w", noticeID, err)
	}
	certified, err := l.Store.Case(ctx, *row.CaseID)
	if err != nil {
		return certification.Notice{}, err
	}
	return l.Store.Notice(ctx, row, person, certified.Number)
}

// checkouts opens payment pages by the ids of payments.
type checkouts struct{ *Parts }

func (c checkouts) OpenCheckout(ctx context.Context, paymentID string) error {
	row, err := c.Store.CheckoutOf(ctx, paymentID)
	if err != nil {
		return fmt.Errorf("reading payment %s: %w", paymentID, err)
	}
	if row.Status != "open" {
		return nil // settled, dropped or void meanwhile
	}
	session, err := c.Payments.Open(ctx, certification.Checkout{
		PaymentID: row.ID, CaseID: row.CaseID, ApplicantID: row.ApplicantID, CustomerID: row.CustomerID, Fee: certification.Fee(row.Fee),
		AmountCents: row.AmountCents, Currency: row.Currency, PreviousSessionID: row.PreviousSessionID, AskedAt: row.AskedAt,
	})
	if err != nil {
		return err
	}
	if err := c.Store.WriteCustomer(ctx, queries.WriteCustomerParams{ID: row.ApplicantID, CustomerID: session.CustomerID}); err != nil {
		return err
	}
	return c.Store.WriteCheckout(ctx, queries.WriteCheckoutParams{
		ID: row.ID, SessionID: session.SessionID, CheckoutUrl: session.URL, CheckoutExpiresAt: &session.ExpiresAt,
	})
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
	return collected.Events, err
}

func activitiesOf(p *Parts) *activities.Activities {
	return &activities.Activities{
		Records: records{p.Store}, Notices: letters{p}, Checkouts: checkouts{p}, Authorizations: authorizations{p}, Documents: checks{p},
		Reconciler: reconciliation{p}, Retention: retention{p}, Now: p.Now,
	}
}
