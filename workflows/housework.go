package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"peercert/activities"
)

// Short workflows beside the cases. They are pinned to the code they began with and
// may change freely.
const (
	DocumentCheckType  = "DocumentCheck"
	ExamCollectionType = "ExamCollection"
	DocumentSweepType  = "DocumentSweep"
	ReconciliationType = "Reconciliation"
	RecordSweepType    = "RecordSweep"
	ErasingType        = "Erasing"
)

// DocumentCheckWorkflowID is the workflow id of the check of a document.
func DocumentCheckWorkflowID(documentID string) string { return "document/" + documentID }

// DocumentPatience is how long a check may take before the case of its document asks for
// attention. A scanner that starts anew loads its signatures for a minute or two, and a
// release takes about as long; what takes ten minutes does not mend itself, and the person
// who cannot hand the document in has a clock that runs.
const DocumentPatience = 10 * time.Minute

// SignalCheckAgain makes a check try at once.
const SignalCheckAgain = "check-again"

// DocumentCheck checks one uploaded document, however long the scanner or the store
// is down: an unchecked document stays in quarantine. Once it has taken longer than
// patience (zero is DocumentPatience) it tells the case so, and goes on trying.
func DocumentCheck(ctx workflow.Context, documentID string, patience time.Duration) error {
	if patience <= 0 {
		patience = DocumentPatience
	}
	again := workflow.GetSignalChannelWithOptions(ctx, SignalCheckAgain, workflow.SignalChannelOptions{Description: "Try at once."})
	for late := false; ; {
		trying, stop := workflow.WithCancel(ctx)
		check := workflow.ExecuteActivity(checking(trying, patience), activities.CheckDocument, documentID)
		hurried := false
		workflow.NewSelector(ctx).
			AddFuture(check, func(workflow.Future) {}).
			AddReceive(again, func(signals workflow.ReceiveChannel, _ bool) { hurried = signals.ReceiveAsync(nil) }).
			Select(ctx)
		if hurried && !check.IsReady() {
			stop()
			continue
		}
		err := check.Get(ctx, nil)
		stop()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if late {
			continue // it is never given up
		}
		if err := workflow.ExecuteActivity(telling(ctx), activities.TellDocumentLate, documentID).Get(ctx, nil); err != nil {
			return err
		}
		late, patience = true, 0
	}
}

// checking are the options of a check. A patience of zero has no end.
func checking(ctx workflow.Context, patience time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOutbound,
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: patience,
		HeartbeatTimeout:       activities.HeartbeatTimeout,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:                "Scan a document and copy it to its clean place",
	})
}

// telling are the options of a note to a case: it is tried without end, since nobody
// would know otherwise.
func telling(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueOutbound,
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:             "Tell the case that the check of its document does not end",
	})
}

// ExamCollection takes the exam vendor's files into the inbox. A schedule starts it;
// one that fails is made good by the next.
func ExamCollection(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.CollectExamFiles, "Collect the exam vendor's files")
}

// DocumentSweep removes objects that no row knows.
func DocumentSweep(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.SweepDocuments, "Remove orphans from the bucket")
}

// Reconciliation starts the cases that are open in the records and run nowhere, and the
// checks of documents that have not ended and run nowhere: those that somebody
// terminated. It gives how many there were.
func Reconciliation(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.ReconcileCases, "Start open cases, and checks of documents, that do not run")
}

// RecordSweep forgets answers under idempotency keys, and registrations, after a month.
func RecordSweep(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.ForgetOldRecords, "Forget what is kept for a month only")
}

// Erasing erases what was kept for its time by the retention table, of cases and of people.
func Erasing(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.EraseDue, "Erase what was kept for its time")
}

func housework(ctx workflow.Context, activity, summary string) (done int, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOutbound,
		StartToCloseTimeout:    10 * time.Minute,
		HeartbeatTimeout:       activities.HeartbeatTimeout,
		ScheduleToCloseTimeout: 30 * time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:                summary,
	})
	err = workflow.ExecuteActivity(ctx, activity).Get(ctx, &done)
	return done, err
}
