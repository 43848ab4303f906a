// Package activities is what a case asks for: one struct over small interfaces
// that it declares. It imports no driver; the worker puts the adapters in.
//
// An error that crosses into Temporal is stored there for years. So what leaves
// this package is an error with a fixed text and ids; the cause goes to the log.
package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"peercert/certification"
)

// Records writes transitions.
type Records interface {
	// Commit writes a transition in one transaction, or nothing. The same revision
	// and key again gives the first answer. The same revision with another key
	// replaces what was written before (the void rule, docs/architecture.md). A step of
	// an older workflow task than the last that wrote is certification.ErrSuperseded.
	Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error)
}

// Notices sends one letter by its id; a letter that was sent, or is void, is left alone.
type Notices interface {
	SendNotice(ctx context.Context, noticeID string) error
}

// Checkouts opens the payment page of a payment row.
type Checkouts interface {
	OpenCheckout(ctx context.Context, paymentID string) error
}

// Authorizations sends an authorization to test to the exam vendor, and collects
// the vendor's files into the inbox.
type Authorizations interface {
	SendAuthorization(ctx context.Context, authorizationID string) error
	CollectExamFiles(ctx context.Context) (lines int, err error)
}

// Documents checks a document and puts what it found into the inbox, or that it has not
// found anything in time; Sweep removes objects that no row knows.
type Documents interface {
	CheckDocument(ctx context.Context, documentID string) error
	TellDocumentLate(ctx context.Context, documentID string) error
	SweepDocuments(ctx context.Context) (removed int, err error)
}

// Reconciler starts cases that are open in the records and run nowhere, and the checks
// of documents that have not ended and run nowhere; and it has the letters sent that a
// closed case which runs nowhere still owes.
type Reconciler interface {
	ReconcileCases(ctx context.Context) (started int, err error)
	ReconcileDocuments(ctx context.Context) (started int, err error)
	ReconcileLetters(ctx context.Context) (found int, err error)
}

// Retention forgets what need not be kept any longer.
type Retention interface {
	ForgetOldRecords(ctx context.Context) (rows int, err error)
	// EraseDue erases what was kept for its time of cases and of people.
	EraseDue(ctx context.Context) (erased int, err error)
}

// Activities is everything a workflow can ask for.
type Activities struct {
	Records        Records
	Notices        Notices
	Checkouts      Checkouts
	Authorizations Authorizations
	Documents      Documents
	Reconciler     Reconciler
	Retention      Retention
	// Now is the clock that cases live by.
	Now func() time.Time
}

// Names of activities. A transition is recorded under the name of what happened
// (RecordName), so that a history can be read without opening each event.
const (
	ReadClock         = "read-clock"
	SendNotice        = "send-notice"
	OpenCheckout      = "open-checkout"
	SendAuthorization = "send-authorization"
	CheckDocument     = "check-document"
	TellDocumentLate  = "tell-document-late"
	CollectExamFiles  = "collect-exam-files"
	SweepDocuments    = "sweep-documents"
	ReconcileCases    = "reconcile-cases"
	ForgetOldRecords  = "forget-old-records"
	EraseDue          = "erase-due"
)

// RecordName is the activity that records an event of this name.
func RecordName(event string) string { return "record-" + event }

// Register makes all activities known to a worker.
func Register(registry worker.ActivityRegistry, a *Activities) {
	register := func(name string, function any) {
		registry.RegisterActivityWithOptions(function, activity.RegisterOptions{Name: name})
	}
	for _, message := range certification.Messages() {
		register(RecordName(string(message.Signal())), a.commit)
	}
	for _, event := range certification.EventNames {
		register(RecordName(event), a.commit)
	}
	register(ReadClock, a.readClock)
	register(SendNotice, a.sendNotice)
	register(OpenCheckout, a.openCheckout)
	register(SendAuthorization, a.sendAuthorization)
	register(CheckDocument, a.checkDocument)
	register(TellDocumentLate, a.tellDocumentLate)
	register(CollectExamFiles, a.collectExamFiles)
	register(SweepDocuments, a.sweepDocuments)
	register(ForgetOldRecords, a.forgetOldRecords)
	register(EraseDue, a.eraseDue)
	register(ReconcileCases, a.reconcileCases)
}

func (a *Activities) commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	if !activity.GetInfo(ctx).IsLocalActivity {
		transition.Task = time.Time{} // the task that asked for it has completed
	}
	settled, err := a.Records.Commit(ctx, transition)
	if errors.Is(err, certification.ErrSuperseded) {
		// Nobody waits for this answer. If somebody does after all (two servers' clocks
		// differ), the workflow asks once more, by an activity that is not local.
		slog.InfoContext(ctx, "a step of a workflow task that was given up was refused", "case_id", transition.Case.ID)
		return certification.Settled{}, temporal.NewNonRetryableApplicationError(FailureSuperseded, failurePermanent, nil)
	}
	if err != nil {
		return certification.Settled{}, failed(ctx, FailureRecords, err, "case_id", transition.Case.ID)
	}
	return settled, nil
}

func (a *Activities) readClock(context.Context) (time.Time, error) { return a.Now(), nil }

func (a *Activities) sendNotice(ctx context.Context, noticeID string) error {
	return failed(ctx, FailureMail, a.Notices.SendNotice(ctx, noticeID), "notice_id", noticeID)
}

func (a *Activities) openCheckout(ctx context.Context, paymentID string) error {
	return failed(ctx, FailurePayments, a.Checkouts.OpenCheckout(ctx, paymentID), "payment_id", paymentID)
}

func (a *Activities) sendAuthorization(ctx context.Context, authorizationID string) error {
	return failed(ctx, FailureStorage, a.Authorizations.SendAuthorization(ctx, authorizationID), "authorization_id", authorizationID)
}

func (a *Activities) checkDocument(ctx context.Context, documentID string) error {
	defer beating(ctx)()
	return failed(ctx, FailureChecking, a.Documents.CheckDocument(ctx, documentID), "document_id", documentID)
}

func (a *Activities) tellDocumentLate(ctx context.Context, documentID string) error {
	return failed(ctx, FailureRecords, a.Documents.TellDocumentLate(ctx, documentID), "document_id", documentID)
}

func (a *Activities) collectExamFiles(ctx context.Context) (int, error) {
	defer beating(ctx)()
	lines, err := a.Authorizations.CollectExamFiles(ctx)
	return lines, failed(ctx, FailureStorage, err)
}

func (a *Activities) sweepDocuments(ctx context.Context) (int, error) {
	defer beating(ctx)()
	removed, err := a.Documents.SweepDocuments(ctx)
	return removed, failed(ctx, FailureStorage, err)
}

func (a *Activities) reconcileCases(ctx context.Context) (int, error) {
	defer beating(ctx)()
	started, err := a.Reconciler.ReconcileCases(ctx)
	checks, documentsErr := a.Reconciler.ReconcileDocuments(ctx)
	letters, lettersErr := a.Reconciler.ReconcileLetters(ctx)
	return started + checks + letters, failed(ctx, FailureReconciling, errors.Join(err, documentsErr, lettersErr))
}

func (a *Activities) forgetOldRecords(ctx context.Context) (int, error) {
	defer beating(ctx)()
	rows, err := a.Retention.ForgetOldRecords(ctx)
	return rows, failed(ctx, FailureRecords, err)
}

func (a *Activities) eraseDue(ctx context.Context) (int, error) {
	defer beating(ctx)()
	erased, err := a.Retention.EraseDue(ctx)
	return erased, failed(ctx, FailureErasing, err)
}

// HeartbeatTimeout is after how long without a heartbeat a long activity is taken for
// lost. Sometimes one is handed to a worker that never gets it: its poll was given up at
// that moment. Without heartbeats it would be missed only when its whole time is up.
const HeartbeatTimeout = 10 * time.Second

// beating tells Temporal that an activity is in our hands, until the function it gives is
// called.
func beating(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		ticker := time.NewTicker(HeartbeatTimeout / 4)
		defer ticker.Stop()
		for {
			activity.RecordHeartbeat(ctx)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return cancel
}

// Failures are the texts that reach Temporal: what is wrong, for an operator.
const (
	FailureRecords  = "The records in PostgreSQL could not be read or written."
	FailureMail     = "The mail server did not take the letter."
	FailurePayments = "Stripe did not answer as expected."
	FailureStorage  = "The document store did not answer as expected."
	FailureChecking = "The document store, or the scanner, did not answer as expected."
	// FailureSuperseded is only seen by a workflow task that was given up.
	FailureSuperseded = "A later workflow task has written to this case."
	// FailureReconciling: some open case, or check, that does not run could not be started.
	FailureReconciling = "The records could not be compared with the cases that run."
	// FailureErasing: some of what was kept for its time is still there.
	FailureErasing   = "Not everything could be erased that was kept for its time."
	failurePermanent = "permanent"
)

// ErrPermanent marks an error that another try cannot mend.
var ErrPermanent = errors.New("permanent")

func failed(ctx context.Context, text string, err error, attributes ...any) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ctx.Err() // the worker stops, or time is up: not a failure of the part
	}
	slog.WarnContext(ctx, text, append(attributes, "error", err)...)
	if errors.Is(err, ErrPermanent) {
		return temporal.NewNonRetryableApplicationError(text, failurePermanent, nil)
	}
	return temporal.NewApplicationError(text, "unavailable")
}
