package cases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/config"
	"peercert/local/paymentsimulator"
	"peercert/local/stacktest"
	"peercert/store"
	"peercert/store/queries"
	"peercert/worker"

	"net/http/httptest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(quiet) // what these tests break is logged as on any day
	os.Exit(m.Run())
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// patience is how long a condition may take to come true: longer than a minute, after which
// a letter is tried again that Temporal handed to a worker that never got it.
const patience = 2 * time.Minute

// world is the door to the cases on a database, a bucket and, where a test needs one,
// a namespace of its own with a worker. Whoever stands at the door can lose PostgreSQL
// and Temporal, and so can the worker.
type world struct {
	*cases.Cases
	t        *testing.T
	settings config.Settings // as the door has them: through the proxies
	store    *store.Store    // past the proxies
	sql      *pgxpool.Pool
	offset   atomic.Int64
	numbers  atomic.Int64

	records, temporal *stacktest.Proxy // of the door
	workersRecords    *stacktest.Proxy
}

// still is a world without Temporal, for all that is decided before a case is asked.
func still(t *testing.T) *world {
	t.Helper()
	settings, err := config.Read()
	require.NoError(t, err)
	bucket := stacktest.Bucket(t)
	settings.S3Endpoint, settings.S3Region, settings.S3Bucket = bucket.Endpoint, bucket.Region, bucket.Bucket
	settings.S3AccessKey, settings.S3SecretKey = bucket.AccessKey, bucket.SecretKey
	settings.ShutdownTimeout = 5 * time.Second
	settings.TemporalAddress, settings.StripeURL = "127.0.0.1:1", "http://127.0.0.1:1"
	settings.DatabaseURL = stacktest.Database(t, store.Migrate)
	w := &world{t: t}
	w.sql, err = pgxpool.New(t.Context(), settings.DatabaseURL)
	require.NoError(t, err)
	t.Cleanup(w.sql.Close)
	w.store, err = store.Open(t.Context(), settings.DatabaseURL, 10, w.now)
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	w.settings = settings
	w.records, w.settings.DatabaseURL = through(t, settings.DatabaseURL)
	w.Cases = w.process()
	return w
}

// alive is a world in which cases live.
func alive(t *testing.T) *world {
	t.Helper()
	w := still(t)
	simulator, err := paymentsimulator.New(paymentsimulator.Options{Now: w.now})
	require.NoError(t, err)
	payments := httptest.NewServer(simulator)
	t.Cleanup(payments.Close)
	settings := w.settings
	settings.StripeURL = payments.URL
	settings.MailAddress = stacktest.Mail(t).Address
	settings.TemporalAddress, settings.TemporalNamespace = stacktest.Temporal(t, func(ctx context.Context, address, namespace string) error {
		prepared := settings
		prepared.TemporalAddress, prepared.TemporalNamespace = address, namespace
		return worker.Prepare(ctx, prepared, quiet, worker.ErasingPaused)
	})
	w.settings = settings
	w.temporal = stacktest.Before(t, settings.TemporalAddress)
	w.settings.TemporalAddress = w.temporal.Address

	w.workersRecords, settings.DatabaseURL = through(t, w.sql.Config().ConnString())
	parts, err := worker.Assemble(context.WithoutCancel(t.Context()), settings, quiet, w.now)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx, parts, quiet) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		parts.Close()
	})
	w.Cases = w.process()
	return w
}

// through is a proxy before a database, and the URL that goes through it.
func through(t *testing.T, database string) (*stacktest.Proxy, string) {
	t.Helper()
	address, err := url.Parse(database)
	require.NoError(t, err)
	proxy := stacktest.Before(t, address.Host)
	address.Host = proxy.Address
	return proxy, address.String()
}

// process is the door as a process that has just begun has it.
func (w *world) process() *cases.Cases {
	w.t.Helper()
	parts, err := worker.Assemble(context.WithoutCancel(w.t.Context()), w.settings, quiet, w.now)
	require.NoError(w.t, err)
	w.t.Cleanup(parts.Close)
	return parts.Cases
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }

func (w *world) later(by time.Duration) { w.offset.Add(int64(by)) }

func (w *world) key() string { return fmt.Sprintf("key-%06d", w.numbers.Add(1)) }

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	_, err := w.sql.Exec(w.t.Context(), statement, arguments...)
	require.NoError(w.t, err)
}

func (w *world) count(query string, arguments ...any) (count int) {
	w.t.Helper()
	require.NoError(w.t, w.sql.QueryRow(w.t.Context(), "SELECT count(*) "+query, arguments...).Scan(&count))
	return count
}

// refused wants a refusal of a type, and gives it.
func refused(t *testing.T, kind string, err error) *certification.Refusal {
	t.Helper()
	refusal, is := certification.RefusalOf(err)
	require.True(t, is, "not a refusal: %v", err)
	require.Equal(t, kind, refusal.Type, "%v, because of %v", refusal, refusal.Cause)
	return refusal
}

// found are the fields and codes of a refusal.
func found(refusal *certification.Refusal) []string {
	var all []string
	for _, finding := range refusal.Findings {
		all = append(all, finding.Field+" "+finding.Code)
	}
	return all
}

// atOnce runs a function several times at the same time.
func atOnce[A any](times int, do func(i int) (A, error)) ([]A, []error) {
	answers, failures := make([]A, times), make([]error, times)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range times {
		group.Go(func() {
			<-start
			answers[i], failures[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	return answers, failures
}

func registrationOf(email string) cases.Registration {
	return cases.Registration{
		FirstName: "Made", LastName: "Up", Email: email, CountyPlan: certification.CountyPlans()[0], Language: "en",
		Address: cases.Address{Line1: "1 Main St", City: "Fresno", State: "CA", ZIP: "93650"},
	}
}

func (w *world) register(email string) cases.OpenedRegistration {
	w.t.Helper()
	opened, err := w.Register(w.t.Context(), w.key(), registrationOf(email))
	require.NoError(w.t, err)
	return opened
}

func (w *world) code(registrationID string) string {
	return cases.ConfirmationCode(w.settings.TokenSecret, registrationID)
}

func (w *world) confirm(opened cases.OpenedRegistration) cases.Confirmation {
	w.t.Helper()
	confirmed, err := w.Confirm(w.t.Context(), w.key(), opened.ID, w.code(opened.ID))
	require.NoError(w.t, err)
	return confirmed
}

// back lets a part answer again, and waits until it does: connections that broke are made
// anew after a pause, and callers are told to come again until then.
func (w *world) back(part *stacktest.Proxy) {
	w.t.Helper()
	part.Up()
	w.eventually(func() bool {
		return !slices.ContainsFunc(w.Ready(w.t.Context()), func(part cases.Part) bool { return !part.Ready })
	})
}

// person is somebody with a case.
type person struct {
	*world
	actor  certification.Actor
	caseID string
}

func reviewer(id string) certification.Actor {
	return certification.Actor{Role: certification.RoleReviewer, ID: id}
}

var administrator = certification.Actor{Role: certification.RoleAdministrator, ID: "admin-1"}

// person registers somebody new.
func (w *world) person() *person {
	w.t.Helper()
	confirmed := w.confirm(w.register(fmt.Sprintf("person-%d@example.test", w.numbers.Add(1))))
	return &person{world: w, actor: certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}, caseID: confirmed.Case.ID}
}

// made is somebody with a case that stands at a stage in the records alone.
func (w *world) made(stage certification.Stage, change ...func(c *certification.Case)) *person {
	w.t.Helper()
	applicantID, number := store.NewID(), w.numbers.Add(1)
	require.NoError(w.t, w.store.AddApplicant(w.t.Context(), queries.AddApplicantParams{
		ID: applicantID, CandidateID: uuid.NewString(), Email: "made@example.test", EmailFolded: fmt.Sprintf("made-%d@example.test", number),
		FirstName: "Made", LastName: "Up", Address: []byte("{}"), Language: "en", CreatedAt: w.now(),
	}))
	c := certification.Case{
		ID: store.NewID(), Number: fmt.Sprintf("PC-TEST-%04d", number), ApplicantID: applicantID, Stage: stage, Revision: 1,
		CountyPlan: certification.CountyPlans()[0], Policy: certification.CurrentPolicy(w.now()),
	}
	for _, f := range change {
		f(&c)
	}
	step := certification.Transition{Case: c, Event: certification.Event{Name: certification.EventReminder, Key: "made", To: stage}}
	if stage != certification.StageClosed {
		step.Open = append(step.Open, c.PromiseOf(stage, certification.Deadline{Months: 12}, certification.Deadline{Months: 24}))
	}
	_, err := w.store.Commit(w.t.Context(), step)
	require.NoError(w.t, err)
	return &person{world: w, actor: certification.Actor{Role: certification.RoleApplicant, ID: applicantID}, caseID: c.ID}
}

func (p *person) send(message certification.Message) (cases.View, error) {
	return p.Send(p.t.Context(), p.actor, cases.Send{CaseID: p.caseID, Key: p.key(), Message: message})
}

func (p *person) must(message certification.Message) cases.View {
	p.t.Helper()
	view, err := p.send(message)
	require.NoError(p.t, err)
	return view
}

// as sends a signal of staff.
func (p *person) as(actor certification.Actor, message certification.Message) (cases.View, error) {
	return p.Send(p.t.Context(), actor, cases.Send{CaseID: p.caseID, Key: p.key(), Message: message})
}

func (p *person) mustAs(actor certification.Actor, message certification.Message) cases.View {
	p.t.Helper()
	view, err := p.as(actor, message)
	require.NoError(p.t, err)
	return view
}

// log are the signals and names of events in the log, oldest first, void ones left out.
func (p *person) log() []string {
	p.t.Helper()
	rows, err := p.store.Events(p.t.Context(), queries.EventsParams{CaseID: p.caseID, Before: 1 << 62, Most: 1000})
	require.NoError(p.t, err)
	var names []string
	for i := len(rows) - 1; i >= 0; i-- {
		var event certification.Event
		require.NoError(p.t, json.Unmarshal(rows[i].Event, &event))
		if rows[i].VoidedAt == nil {
			names = append(names, event.What())
		}
	}
	return names
}

// watched writes that the whole video was watched.
func (p *person) watched() {
	p.t.Helper()
	video, err := p.Video(p.t.Context())
	require.NoError(p.t, err)
	for _, chapter := range video.Chapters {
		p.exec("INSERT INTO video_progress (case_id, chapter, opened_at, finished_at) VALUES ($1, $2, $3, $3)", p.caseID, chapter.ID, p.now())
	}
}

// document writes the row of a document.
func (p *person) document(kind certification.DocumentKind, status certification.DocumentStatus) string {
	p.t.Helper()
	id := store.NewID()
	_, err := p.store.AddDocument(p.t.Context(), queries.AddDocumentParams{
		ID: id, CaseID: p.caseID, Kind: string(kind), Status: string(status), MediaType: "image/png", Bytes: 1, Sha256: "00",
		QuarantineKey: "quarantine/" + id, FileName: "my name.png", UploadedAt: p.now(),
	})
	require.NoError(p.t, err)
	return id
}

// save changes a draft at whatever revision it has.
func (p *person) save(form certification.Form, values map[string]any) (cases.Draft, error) {
	p.t.Helper()
	before, err := p.Draft(p.t.Context(), p.actor, p.caseID, form, "")
	require.NoError(p.t, err)
	changes, err := json.Marshal(values)
	require.NoError(p.t, err)
	return p.SaveDraft(p.t.Context(), p.actor, cases.SaveDraft{CaseID: p.caseID, Form: form, Revision: before.Revision, Changes: changes})
}

// application is a filled-in application with its documents.
func (p *person) application() (values map[string]any, documents []string) {
	policy := certification.CurrentPolicy(p.now())
	documents = []string{p.document(certification.DocumentPhotoID, certification.DocumentClean), p.document(certification.DocumentDiploma, certification.DocumentClean)}
	return map[string]any{
		"legal_first_name": "Made", "legal_last_name": "Up", "date_of_birth": "1990-05-17", "id_expires_on": p.now().AddDate(1, 0, 0).Format(time.DateOnly),
		"education": "diploma", "lived_experience": "consumer",
		"attestations": map[string]bool{"willing_to_share": true, "dedicated_to_recovery": true, "true_and_complete": true},
		"ethics":       map[string]string{"version": policy.EthicsVersion, "typed_name": "Made Up"},
		"photo_id":     []string{documents[0]}, "diploma": []string{documents[1]},
	}, documents
}

// fill saves an application, with changes, and gives the signal that hands it in.
func (p *person) fill(change ...map[string]any) *certification.SubmitApplication {
	p.t.Helper()
	values, documents := p.application()
	for _, more := range change {
		for name, value := range more {
			values[name] = value
		}
	}
	draft, err := p.save(certification.FormApplication, values)
	require.NoError(p.t, err)
	return &certification.SubmitApplication{
		DraftRevision: draft.Revision, EthicsVersion: certification.CurrentPolicy(p.now()).EthicsVersion, DocumentIDs: documents,
	}
}

// eventually waits for a condition.
func (w *world) eventually(condition func() bool) {
	w.t.Helper()
	require.Eventually(w.t, condition, patience, 50*time.Millisecond)
}

// toApplication brings a new person to the application.
func (w *world) toApplication() *person {
	w.t.Helper()
	p := w.person()
	p.watched()
	p.must(&certification.CompleteIntroVideo{})
	return p
}

// toReview brings a new person to the review of the application, the fee waived.
func (w *world) toReview() *person {
	w.t.Helper()
	p := w.toApplication()
	p.must(p.fill())
	view := p.mustAs(administrator, &certification.WaiveFee{Reason: "test"})
	require.Equal(w.t, certification.StageApplicationReview, view.Stage)
	return p
}
