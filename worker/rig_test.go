package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"

	"peercert/activities"
	"peercert/cases"
	"peercert/certification"
	"peercert/config"
	"peercert/local/stacktest"
	"peercert/store"
	"peercert/store/queries"
	"peercert/worker"
	"peercert/workflows"
)

func TestMain(m *testing.M) {
	slog.SetDefault(quiet) // what these tests break is logged as on any day
	if settings := os.Getenv(doomedSettings); settings != "" {
		liveUntilCommit(settings)
	}
	os.Exit(m.Run())
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// patience is how long a condition may take to come true. It is longer than a try of a
// letter may take: Temporal sometimes hands one to a worker that never gets it, and misses
// it only when that time, a minute, is up.
const patience = 3 * time.Minute

// rig is the product's worker on a database, a namespace, a bucket and a mailbox of
// its own. Its cases begin through the door and go on by messages to the workflow.
type rig struct {
	t        *testing.T
	settings config.Settings
	parts    *worker.Parts
	mail     stacktest.Mailbox
	keys     atomic.Int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	settings, err := config.Read()
	require.NoError(t, err)
	bucket := stacktest.Bucket(t)
	r := &rig{t: t, mail: stacktest.Mail(t)}
	settings.DatabaseURL = stacktest.Database(t, store.Migrate)
	settings.S3Endpoint, settings.S3Region, settings.S3Bucket = bucket.Endpoint, bucket.Region, bucket.Bucket
	settings.S3AccessKey, settings.S3SecretKey = bucket.AccessKey, bucket.SecretKey
	settings.MailAddress = r.mail.Address
	settings.StripeURL = "http://127.0.0.1:1" // nobody pays here
	settings.ShutdownTimeout = 5 * time.Second
	settings.TemporalAddress, settings.TemporalNamespace = stacktest.Temporal(t, func(ctx context.Context, address, namespace string) error {
		prepared := settings
		prepared.TemporalAddress, prepared.TemporalNamespace = address, namespace
		return worker.Prepare(ctx, prepared, quiet, worker.ErasingPaused)
	})
	r.settings = settings
	r.parts, err = worker.Assemble(context.WithoutCancel(t.Context()), settings, quiet, time.Now)
	require.NoError(t, err)
	t.Cleanup(r.parts.Close)
	// These fire by the clock on the wall, every minute and every ten: a test that looks
	// at what they do starts it itself, and would find it done.
	for _, schedule := range []string{"exam-collection", "reconciliation"} {
		require.NoError(t, r.parts.Temporal.ScheduleClient().GetHandle(t.Context(), schedule).Pause(t.Context(), client.SchedulePauseOptions{}))
	}
	return r
}

// serve runs the worker until the function it gives is called, or the test ends. The
// records may be wrapped, and the calls of the worker to Temporal be looked at.
func (r *rig) serve(wrap func(activities.Records) activities.Records, look grpc.UnaryClientInterceptor) (stop func()) {
	r.t.Helper()
	parts := *r.parts
	if look != nil {
		options := worker.TemporalOptions(r.settings, quiet)
		options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(look))
		connection, err := client.NewLazyClient(options)
		require.NoError(r.t, err)
		r.t.Cleanup(connection.Close)
		parts.Temporal = connection
	}
	functions := worker.ActivitiesOf(&parts)
	if wrap != nil {
		functions.Records = wrap(functions.Records)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.ServeWith(ctx, &parts, functions, quiet) }()
	var stopped atomic.Bool
	stop = func() {
		if stopped.CompareAndSwap(false, true) {
			cancel()
			require.NoError(r.t, <-done)
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// until asks again and again until there is no error.
func (r *rig) until(what string, ask func() error) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.FailNow(r.t, "waiting for "+what, err.Error())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (r *rig) key() string { return fmt.Sprintf("key-%d", r.keys.Add(1)) }

// open registers a person and confirms the address.
func (r *rig) open() (caseID string, applicant certification.Actor) {
	r.t.Helper()
	ctx, key := r.t.Context(), r.key()
	opened, err := r.parts.Cases.Register(ctx, key, cases.Registration{
		FirstName: "Test", LastName: "Person", Email: key + "@example.test", CountyPlan: certification.CountyPlans()[0], Language: "en",
		Address: cases.Address{Line1: "1 Main Street", City: "Oakland", State: "CA", ZIP: "94612"},
	})
	require.NoError(r.t, err)
	code := cases.ConfirmationCode(r.settings.TokenSecret, opened.ID)
	var confirmed cases.Confirmation
	r.until("the case to open", func() error { // the first worker may not poll yet
		confirmed, err = r.parts.Cases.Confirm(ctx, key, opened.ID, code)
		return err
	})
	return confirmed.Case.ID, certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}
}

// address gives a message a key and an actor, if it has none.
func (r *rig) address(message certification.Message) certification.Message {
	envelope := certification.EnvelopeOf(message)
	if envelope.Key == "" {
		envelope.Key = r.key()
	}
	if envelope.Actor.Role == "" {
		envelope.Actor = certification.Actor{Role: certification.SenderOf(message.Signal()), ID: "somebody"}
	}
	return message
}

// update sends a message to the workflow as it is and waits for its answer, however
// long that takes.
func (r *rig) update(caseID, updateID string, message certification.Message) (workflows.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		handle, err := r.parts.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: workflows.CaseWorkflowID(caseID), UpdateID: updateID, UpdateName: string(message.Signal()),
			Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		var answer workflows.Answer
		if err == nil {
			err = handle.Get(ctx, &answer)
		}
		var application *temporal.ApplicationError
		var gone *serviceerror.NotFound
		if err == nil || errors.As(err, &application) || errors.As(err, &gone) || ctx.Err() != nil {
			return answer, err
		}
		time.Sleep(50 * time.Millisecond) // not ready, or nobody polls: the same id again
	}
}

// must sends a message that has to be accepted.
func (r *rig) must(caseID string, message certification.Message) workflows.Answer {
	r.t.Helper()
	r.address(message)
	answer, err := r.update(caseID, certification.EnvelopeOf(message).Key, message)
	require.NoError(r.t, err, "%s", message.Signal())
	return answer
}

// signal sends a message from outside.
func (r *rig) signal(caseID string, message certification.Message) error {
	r.address(message)
	return r.parts.Temporal.SignalWorkflow(context.Background(), workflows.CaseWorkflowID(caseID), "", string(message.Signal()), message)
}

// checked is a message from outside that is of interest at every stage.
func (r *rig) checked() *certification.DocumentChecked {
	message := &certification.DocumentChecked{DocumentID: store.NewID(), Kind: certification.DocumentPhotoID, Finding: "clean"}
	r.address(message)
	return message
}

// draft saves a form of a case once and gives its revision.
func (r *rig) draft(caseID string, applicant certification.Actor, form certification.Form) int {
	r.t.Helper()
	changes := map[certification.Form]string{
		certification.FormApplication: `{"legal_first_name": "Test", "legal_last_name": "Person"}`,
		certification.FormTraining:    `{"hours": 80}`,
	}[form]
	draft, err := r.parts.Cases.SaveDraft(r.t.Context(), applicant, cases.SaveDraft{CaseID: caseID, Form: form, Changes: json.RawMessage(changes)})
	require.NoError(r.t, err)
	return draft.Revision
}

// toExamBooking leads a case to where an authorization is with the exam vendor.
func (r *rig) toExamBooking(caseID string, applicant certification.Actor) {
	r.t.Helper()
	reviewer := certification.Envelope{Actor: certification.Actor{Role: certification.RoleReviewer, ID: "r-01"}}
	claim := func() { r.must(caseID, &certification.ClaimReview{Envelope: reviewer}) }
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.must(caseID, &certification.SubmitApplication{
		DraftRevision: r.draft(caseID, applicant, certification.FormApplication), Policy: certification.CurrentPolicy(time.Now()),
	})
	r.must(caseID, &certification.WaiveFee{Reason: "scholarship"})
	claim()
	r.must(caseID, &certification.DecideApplication{Envelope: reviewer, Decision: certification.DecisionApprove})
	r.must(caseID, &certification.SubmitTraining{DraftRevision: r.draft(caseID, applicant, certification.FormTraining), DocumentIDs: []string{store.NewID()}})
	claim()
	r.must(caseID, &certification.DecideTraining{Envelope: reviewer, Decision: certification.DecisionApprove})
	r.must(caseID, &certification.WaiveFee{Reason: "scholarship"})
	r.must(caseID, &certification.BookExam{Language: "en", Place: certification.ExamOnline})
}

// pass tells a case that the exam was passed.
func (r *rig) pass(caseID string) {
	r.t.Helper()
	require.NoError(r.t, r.signal(caseID, &certification.ExamResult{
		AuthorizationID: r.recorded(caseID).Exam.AuthorizationID, Passed: true, ExaminedAt: time.Now(), Version: 1,
	}))
	r.reach(caseID, certification.StageCertified)
}

// recorded is a case as the records have it.
func (r *rig) recorded(caseID string) *certification.Case {
	r.t.Helper()
	row, err := r.parts.Store.Case(r.t.Context(), caseID)
	require.NoError(r.t, err)
	return &row.Case
}

func (r *rig) reach(caseID string, stage certification.Stage) {
	r.t.Helper()
	r.until("stage "+string(stage), func() error {
		if now := r.recorded(caseID); now.Stage != stage {
			return fmt.Errorf("the case is at %s", now.Stage)
		}
		return nil
	})
}

// line is one event of the log.
type line struct {
	certification.Event
	revision int
	void     bool
}

// log is the log of a case in the order in which it was written.
func (r *rig) log(caseID string) []line {
	r.t.Helper()
	rows, err := r.parts.Store.Events(r.t.Context(), queries.EventsParams{CaseID: caseID, Before: math.MaxInt64, Most: 10_000})
	require.NoError(r.t, err)
	lines := make([]line, len(rows))
	for i, row := range rows {
		into := &lines[len(rows)-1-i]
		require.NoError(r.t, json.Unmarshal(row.Event, &into.Event))
		into.revision, into.void = row.Revision, row.VoidedAt != nil
	}
	return lines
}

// count says how often a key is in the log.
func (r *rig) count(caseID, key string) (standing, void int) {
	for _, line := range r.log(caseID) {
		switch {
		case line.Key != key:
		case line.void:
			void++
		default:
			standing++
		}
	}
	return standing, void
}

// agrees fails the test unless workflow and records agree on a case, and the log, but
// for void lines, is exactly its transitions.
func (r *rig) agrees(caseID string) {
	r.t.Helper()
	recorded := r.recorded(caseID)
	var inWorkflow certification.Case
	r.until("the workflow to agree with the records", func() error {
		// One that has ended answers too.
		value, err := r.parts.Temporal.QueryWorkflow(r.t.Context(), workflows.CaseWorkflowID(caseID), "", workflows.QueryCase)
		if err != nil {
			return err
		}
		inWorkflow = certification.Case{}
		if err := value.Get(&inWorkflow); err != nil {
			return err
		}
		recorded = r.recorded(caseID)
		if inWorkflow.Revision != recorded.Revision {
			return fmt.Errorf("the workflow is at revision %d, the records at %d", inWorkflow.Revision, recorded.Revision)
		}
		return nil
	})
	one, err := json.Marshal(inWorkflow)
	require.NoError(r.t, err)
	other, err := json.Marshal(recorded)
	require.NoError(r.t, err)
	require.JSONEq(r.t, string(other), string(one))

	keys := map[string]bool{}
	next := 1
	for _, line := range r.log(caseID) {
		if line.void {
			continue
		}
		require.Equal(r.t, next, line.revision, "the log has a gap, or a revision twice")
		require.False(r.t, keys[line.Key], "key %s is in the log twice", line.Key)
		keys[line.Key] = true
		next++
	}
	require.Equal(r.t, recorded.Revision+1, next, "the log is not the transitions")
	if recorded.Stage != certification.StageClosed {
		require.NotEmpty(r.t, recorded.Promises)
	}
}

// letters says how often each letter of a case was mailed, once none is unsent.
func (r *rig) letters(caseID string) map[certification.Letter]int {
	r.t.Helper()
	mailed := map[certification.Letter]int{}
	r.until("every letter to be sent", func() error {
		clear(mailed)
		rows, err := r.parts.Store.NoticesOf(r.t.Context(), &caseID)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.SentAt == nil {
				return fmt.Errorf("%s is not sent", row.Letter)
			}
			mailed[certification.Letter(row.Letter)]++
		}
		return nil
	})
	return mailed
}

// runID is the id of the run under way; empty if none is.
func (r *rig) runID(caseID string) string {
	r.t.Helper()
	described, err := r.parts.Temporal.DescribeWorkflowExecution(r.t.Context(), workflows.CaseWorkflowID(caseID), "")
	require.NoError(r.t, err)
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return ""
	}
	return info.GetExecution().GetRunId()
}

// newRun waits until another run is under way.
func (r *rig) newRun(caseID, old string) (run string) {
	r.t.Helper()
	r.until("a new run", func() error {
		if run = r.runID(caseID); run == old {
			return errors.New("the old run goes on")
		}
		return nil
	})
	return run
}

// history is what one run has in Temporal.
func (r *rig) history(caseID, run string) []*history.HistoryEvent {
	r.t.Helper()
	events := r.parts.Temporal.GetWorkflowHistory(r.t.Context(), workflows.CaseWorkflowID(caseID), run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var all []*history.HistoryEvent
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(r.t, err)
		all = append(all, event)
	}
	return all
}
