package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/api/apitest"
	"peercert/cases"
	"peercert/certification"
)

// Ids and tokens that the made-up core knows.
const (
	ownCase       = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a01"
	othersCase    = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a02"
	noCase        = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a03"
	documentID    = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a04"
	registration  = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a05"
	applicantID   = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a06"
	canary        = "Zzyzx"
	wrongCodeSent = "000000"
)

var tokens = map[string]certification.Actor{
	"token-applicant":     {Role: certification.RoleApplicant, ID: applicantID},
	"token-reviewer":      {Role: certification.RoleReviewer, ID: "rev-1"},
	"token-administrator": {Role: certification.RoleAdministrator, ID: "adm-1"},
	"token-service":       {Role: certification.RoleService, ID: "svc-1"},
}

var today = time.Date(2026, 3, 2, 18, 0, 0, 0, time.UTC)

// core is a made-up core: it remembers what it was asked, and answers with a case
// that has everything.
type core struct {
	mutex  sync.Mutex
	fail   error // what everything answers, if set
	panics bool

	registered cases.Registration
	sent       cases.Send
	saved      cases.SaveDraft
	filter     cases.Filter
	page       cases.Page
	kind       certification.DocumentKind
	purpose    cases.Purpose
	watched    cases.Watch
	uploaded   int64
	uploads    cases.Upload
	webhook    []byte
	parts      []cases.Part
	values     json.RawMessage
}

func (f *core) step(change func()) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.panics {
		panic("something about " + canary)
	}
	if f.fail != nil {
		return f.fail
	}
	if change != nil {
		change()
	}
	return nil
}

func (f *core) may(actor certification.Actor, caseID string) error {
	if caseID == ownCase || caseID == othersCase && actor.Role != certification.RoleApplicant {
		return nil
	}
	return certification.NotFound()
}

func (f *core) Authenticate(_ context.Context, token string) (certification.Actor, error) {
	if actor, ok := tokens[token]; ok {
		return actor, nil
	}
	return certification.Actor{}, certification.Refused(certification.RefusedUnauthenticated, "this token ended yesterday")
}

func (f *core) Register(_ context.Context, _ string, r cases.Registration) (cases.OpenedRegistration, error) {
	err := f.step(func() { f.registered = r })
	return cases.OpenedRegistration{ID: registration, ExpiresAt: today.Add(time.Hour), ResendAfter: today.Add(time.Minute)}, err
}

func (f *core) Confirm(_ context.Context, _, id, code string) (cases.Confirmation, error) {
	if id != registration || code == wrongCodeSent {
		return cases.Confirmation{}, certification.NotFound()
	}
	return cases.Confirmation{Case: f.view(certification.StageIntroVideo, tokens["token-applicant"]), Token: "token-applicant", TokenExpiresAt: today.AddDate(1, 0, 0)}, f.step(nil)
}

func (f *core) List(_ context.Context, actor certification.Actor, filter cases.Filter) (cases.List, error) {
	err := f.step(func() { f.filter = filter })
	return cases.List{Cases: []cases.View{f.full(actor), f.view(certification.StageIntroVideo, actor)}, Next: "next"}, err
}

func (f *core) Case(_ context.Context, actor certification.Actor, id string) (cases.View, error) {
	if err := f.may(actor, id); err != nil {
		return cases.View{}, err
	}
	return f.full(actor), f.step(nil)
}

func (f *core) Send(_ context.Context, actor certification.Actor, send cases.Send) (cases.View, error) {
	if err := f.may(actor, send.CaseID); err != nil {
		return cases.View{}, err
	}
	return f.full(actor), f.step(func() { f.sent = send })
}

func (f *core) Events(_ context.Context, actor certification.Actor, id string, page cases.Page) (cases.Events, error) {
	passed := true
	return cases.Events{Events: []cases.Event{
		{Number: 2, At: today, Event: certification.Event{
			Signal: certification.SignalDecideApplication, Key: "k", Actor: tokens["token-reviewer"], From: certification.StageApplicationReview,
			To: certification.StageTraining, Details: certification.EventDetails{Decision: certification.DecisionApprove, Passed: &passed, Days: 3,
				Reasons: []certification.ReasonCode{"ID_EXPIRED"}, Training: certification.DecisionReturn, TrainingReasons: []certification.ReasonCode{"TRAINING_STALE"}, Versions: []string{"1"}, Documents: []string{documentID}, Fee: certification.FeeExam},
		}},
		{Number: 2, At: today, Void: true, Event: certification.Event{Name: certification.EventDue, Actor: certification.Actor{Role: certification.RoleClock}, To: certification.StageTraining}},
		{Number: 1, At: today, Event: certification.Event{Signal: certification.SignalRegister, Actor: tokens["token-applicant"], To: certification.StageIntroVideo}},
	}, Next: "next"}, errors.Join(f.may(actor, id), f.step(func() { f.page = page }))
}

func (f *core) Promises(_ context.Context, actor certification.Actor, id string) ([]cases.Promise, error) {
	promise := f.full(actor).Promises[0]
	return []cases.Promise{{Promise: promise}, {Promise: promise, EndedAt: today, Kept: true}}, errors.Join(f.may(actor, id), f.step(nil))
}

func (f *core) LettersPart(_ context.Context, actor certification.Actor, id string, page cases.Page) (cases.PartOf[cases.Letter], error) {
	return cases.PartOf[cases.Letter]{Next: "next", Items: []cases.Letter{
		{ID: documentID, Letter: certification.LetterReceipt, Language: "en", CreatedAt: today, SentAt: today, Subject: "Your receipt", Text: "Dear " + canary},
		{ID: documentID, Letter: certification.LetterReceipt, Language: "en", CreatedAt: today},
	}}, errors.Join(f.may(actor, id), f.step(func() { f.page = page }))
}

func (f *core) PaymentsPart(_ context.Context, actor certification.Actor, id string, page cases.Page) (cases.PartOf[cases.Payment], error) {
	return cases.PartOf[cases.Payment]{Next: "next", Items: []cases.Payment{
		{ID: documentID, Fee: certification.FeeApplication, AmountCents: 100_00, Currency: "usd", Status: "paid", AskedAt: today, SettledAt: today},
		{ID: documentID, Fee: certification.FeeExam, AmountCents: 150_00, Currency: "usd", Status: "open", AskedAt: today, CheckoutURL: "https://pay.example/1"},
	}}, errors.Join(f.may(actor, id), f.step(func() { f.page = page }))
}

func (f *core) Draft(_ context.Context, actor certification.Actor, id string, form certification.Form, purpose cases.Purpose) (cases.Draft, error) {
	err := errors.Join(f.may(actor, id), f.step(func() { f.purpose = purpose }))
	return cases.Draft{
		Form: form, Revision: 3, Values: f.values, OpenParts: []certification.Part{certification.PartPhotoID}, SavedAt: today, ExpiresAt: today,
		Findings: []certification.Finding{{Field: "photo_id", Code: "required", Detail: "This is required."}},
		Notes:    map[certification.ReasonCode]string{"OTHER": "Please sign."},
	}, err
}

func (f *core) SaveDraft(_ context.Context, actor certification.Actor, save cases.SaveDraft) (cases.Draft, error) {
	return cases.Draft{Form: save.Form, Revision: save.Revision + 1}, errors.Join(f.may(actor, save.CaseID), f.step(func() { f.saved = save }))
}

func (f *core) document() certification.Document {
	return certification.Document{
		ID: documentID, CaseID: ownCase, Kind: certification.DocumentPhotoID, Status: certification.DocumentClean, MediaType: "image/jpeg",
		Bytes: 4, SHA256: strings.Repeat("0", 64), FileName: canary + ".jpg", UploadedAt: today, CheckedAt: today,
	}
}

func (f *core) Upload(_ context.Context, actor certification.Actor, upload cases.Upload) (certification.Document, error) {
	if err := f.may(actor, upload.CaseID); err != nil {
		return certification.Document{}, err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(upload.Body, certification.MaxDocumentBytes+1))
	if err != nil {
		return certification.Document{}, err
	}
	if n > certification.MaxDocumentBytes {
		return certification.Document{}, certification.RefuseDocument(certification.DocumentTooLarge)
	}
	return f.document(), f.step(func() { f.uploaded, f.uploads = n, upload })
}

func (f *core) DocumentsPart(_ context.Context, actor certification.Actor, id string, kind certification.DocumentKind, page cases.Page) (cases.PartOf[certification.Document], error) {
	part := cases.PartOf[certification.Document]{Next: "next", Items: []certification.Document{f.document()}}
	return part, errors.Join(f.may(actor, id), f.step(func() { f.kind, f.page = kind, page }))
}

func (f *core) Document(_ context.Context, actor certification.Actor, id, _ string) (certification.Document, error) {
	return f.document(), errors.Join(f.may(actor, id), f.step(nil))
}

func (f *core) Content(_ context.Context, actor certification.Actor, id, _ string, purpose cases.Purpose) (cases.Content, error) {
	if err := errors.Join(f.may(actor, id), f.step(func() { f.purpose = purpose })); err != nil {
		return cases.Content{}, err
	}
	return cases.Content{ReadCloser: io.NopCloser(strings.NewReader("JPEG")), MediaType: "image/jpeg", Bytes: 4}, nil
}

func (f *core) VideoProgress(_ context.Context, actor certification.Actor, id string) (cases.VideoProgress, error) {
	return f.progress(), errors.Join(f.may(actor, id), f.step(nil))
}

func (f *core) progress() cases.VideoProgress {
	return cases.VideoProgress{Chapters: []cases.WatchedChapter{{Chapter: cases.Chapter{ID: "welcome", Title: "Welcome", Seconds: 300}, OpenedAt: today}}}
}

func (f *core) Watch(_ context.Context, actor certification.Actor, watch cases.Watch) (cases.VideoProgress, error) {
	return f.progress(), errors.Join(f.may(actor, watch.CaseID), f.step(func() { f.watched = watch }))
}

func (f *core) TrainingProviders(context.Context) ([]cases.TrainingProvider, error) {
	return []cases.TrainingProvider{
		{ID: "p1", Name: "Sample Training", Languages: []string{"en"}, ApprovedFrom: today, ApprovedUntil: today.AddDate(1, 0, 0)},
		{ID: "p2", Name: "Another", ApprovedFrom: today},
	}, f.step(nil)
}

func (f *core) Video(context.Context) (cases.Video, error) {
	return cases.Video{Version: "1", Chapters: []cases.Chapter{{ID: "welcome", Title: "Welcome", Seconds: 300}}}, f.step(nil)
}

func (f *core) Certificate(_ context.Context, number string) (cases.PublicCertificate, error) {
	return cases.PublicCertificate{Number: number, Name: "Sam Sample", Status: cases.CertificateActive, IssuedAt: today, ExpiresAt: today.AddDate(2, 0, 0)}, f.step(nil)
}

func (f *core) Stripe(_ context.Context, body []byte, signature string) error {
	return f.receive(body, signature)
}

func (f *core) ExamVendor(_ context.Context, body []byte, signature string) error {
	return f.receive(body, signature)
}

func (f *core) receive(body []byte, signature string) error {
	if signature != "good" {
		return certification.Refused(certification.RefusedBadSignature, "The signature does not fit.")
	}
	return f.step(func() { f.webhook = bytes.Clone(body) })
}

func (f *core) Ready(context.Context) []cases.Part { return f.parts }

func (f *core) view(stage certification.Stage, actor certification.Actor) cases.View {
	c := certification.Case{
		ID: ownCase, Number: "PC-7K3M-92QX", ApplicantID: applicantID, Stage: stage, Revision: 1, Policy: certification.CurrentPolicy(today),
	}
	c.Promises = []certification.Promise{c.PromiseOf(stage, certification.Deadline{}, certification.Deadline{}).Open("p1", today)}
	return cases.View{Case: c, Available: c.AvailableSignals(actor), CreatedAt: today, UpdatedAt: today}
}

// full is a case with everything that a case can have.
func (f *core) full(actor certification.Actor) cases.View {
	view := f.view(certification.StageApplicationReview, actor)
	view.CountyPlan, view.Assignee, view.PreviousCaseID = "Alameda", "rev-1", othersCase
	view.Outcome, view.OnHold, view.Suspended = certification.OutcomeWithdrawn, true, true
	view.Attention = []certification.Attention{{Code: certification.AttentionRecords, Since: today, ID: "n1"}}
	view.Returned = []certification.ReasonCode{"ID_EXPIRED", "OTHER"}
	view.Notes = map[certification.ReasonCode]string{"OTHER": "Please sign."}
	view.Payment = &certification.OpenPayment{ID: documentID, Fee: certification.FeeExam, AmountCents: 150_00, AskedAt: today}
	view.CheckoutURL, view.CheckoutExpiresAt, view.BookingURL = "https://pay.example/1", today, "https://exam.example/1"
	view.Exam = &certification.Exam{AuthorizationID: documentID, Language: "es", Place: "online", Authorized: true, AppointmentAt: today, EndsAt: today}
	view.Certificate = &certification.Certificate{Number: "PSS-7K3M-92QX", IssuedAt: today, ExpiresAt: today, Term: 2}
	view.WindowEndsAt = today
	view.Promises[0].StoppedAt = today
	return view
}

// world is a server over a made-up core, and clients for it.
type world struct {
	core    *core
	client  *apitest.Client
	address string
	log     *lines
	metrics *prometheus.Registry
}

func newWorld(t *testing.T, change ...func(*api.Options)) *world {
	t.Helper()
	w := &world{core: &core{parts: []cases.Part{{Name: "postgresql", Ready: true}}}, log: new(lines), metrics: prometheus.NewRegistry()}
	f := w.core
	options := api.Options{
		Tokens: f, Registrations: f, Cases: f, Records: f, Drafts: f, Documents: f, Videos: f, Reference: f, Webhooks: f, Health: f,
		Operator: "Test operator", Demonstration: true, Metrics: w.metrics, Now: func() time.Time { return today },
		Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	}
	for _, c := range change {
		c(&options)
	}
	handler, err := api.New(t.Context(), options)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.address = server.URL
	w.client, err = apitest.New(t, server.URL)
	require.NoError(t, err)
	return w
}

// as is the client of a role.
func (w *world) as(role string) *apitest.Client { return w.client.As("token-" + role) }

// lines is a log that can be read while it is written.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
