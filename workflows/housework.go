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

// DocumentCheck checks one uploaded document, however long the scanner or the store
// is down: an unchecked document stays in quarantine.
func DocumentCheck(ctx workflow.Context, documentID string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueOutbound,
		StartToCloseTimeout: 2 * time.Minute,
		HeartbeatTimeout:    activities.HeartbeatTimeout,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:             "Scan a document and copy it to its clean place",
	})
	return workflow.ExecuteActivity(ctx, activities.CheckDocument, documentID).Get(ctx, nil)
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

// Reconciliation starts the cases that are open in the records and run nowhere: those
// that somebody terminated. It gives how many there were.
func Reconciliation(ctx workflow.Context) (int, error) {
	return housework(ctx, activities.ReconcileCases, "Start open cases that do not run")
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
