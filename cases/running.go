package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflow "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"

	"peercert/certification"
	"peercert/workflows"
)

// RunState says whether the workflow of a case runs.
type RunState string

// The states. RunUnknown is that Temporal does not answer; RunMissing, that it has no
// workflow of this case, as after its retention is over.
const (
	RunOpen    RunState = "open"
	RunEnded   RunState = "ended"
	RunMissing RunState = "missing"
	RunUnknown RunState = "unknown"
)

// Running is how the workflow of a case is doing in Temporal. Its instants are by the
// machine's clock, also where the clock of cases was moved.
type Running struct {
	State RunState
	// Ended is how the workflow ended, in Temporal's words ("Terminated"); empty while it
	// runs. A case that is open and whose workflow ended is started again by reconciliation.
	Ended     string
	StartedAt time.Time // of the newest run
	Events    int64     // in the history of that run
	// Unserved is true when no worker asked for the tasks of cases in the last minutes.
	Unserved bool
	// Failing is how often in a row the workflow could not carry out its task; 0 and 1 are
	// as they should be. It is tried again for ever, so a mended worker goes on.
	Failing int
	// Attention are the codes that Temporal shows. While the records cannot be written,
	// only Temporal knows.
	Attention []string
	// Pending is what was begun and is not done.
	Pending []PendingActivity
}

// PendingActivity is something that a case has asked for and that is not done.
type PendingActivity struct {
	Name    string    // of the activity, such as "send-notice"
	Attempt int       // from 1
	TriedAt time.Time // of the newest attempt; zero before the first
	NextAt  time.Time // of the next attempt; zero while one is under way
	// Failure is why the last attempt failed, in fixed words with ids; empty at first.
	Failure string
}

// served is how long ago the last look for tasks of a worker may be.
const served = 2 * time.Minute

// Running asks Temporal about the workflow of a case, for administrators. That Temporal
// does not answer is no error: it is what they want to know.
func (c *Cases) Running(ctx context.Context, actor certification.Actor, caseID string) (Running, error) {
	if actor.Role != certification.RoleAdministrator {
		return Running{}, certification.Refused(certification.RefusedNotAllowed, "How a case runs is for administrators.")
	}
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return Running{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, retryAfter)
	defer cancel()
	described, err := c.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(caseID), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return Running{State: RunMissing, Unserved: c.unserved(ctx)}, nil
	case err != nil:
		return Running{State: RunUnknown}, nil
	}
	info := described.GetWorkflowExecutionInfo()
	running := Running{State: RunOpen, StartedAt: info.GetStartTime().AsTime(), Events: info.GetHistoryLength(), Unserved: c.unserved(ctx)}
	running.Failing = int(described.GetPendingWorkflowTask().GetAttempt())
	if attention := info.GetSearchAttributes().GetIndexedFields()[workflows.AttributeAttention.GetName()]; attention != nil {
		if err := converter.GetDefaultDataConverter().FromPayload(attention, &running.Attention); err != nil {
			return Running{}, fmt.Errorf("reading the attention of case %s in Temporal: %w", caseID, err)
		}
	}
	if status := info.GetStatus(); status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		running.State, running.Ended = RunEnded, status.String()
	}
	for _, pending := range described.GetPendingActivities() {
		running.Pending = append(running.Pending, pendingOf(pending))
	}
	return running, nil
}

func pendingOf(pending *workflow.PendingActivityInfo) PendingActivity {
	read := PendingActivity{
		Name: pending.GetActivityType().GetName(), Attempt: int(pending.GetAttempt()),
		Failure: pending.GetLastFailure().GetMessage(),
	}
	// Between two attempts Temporal knows only when the last one ended.
	if tried := cmp.Or(pending.GetLastStartedTime(), pending.GetLastAttemptCompleteTime()); tried != nil {
		read.TriedAt = tried.AsTime()
	}
	if pending.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED && pending.GetNextAttemptScheduleTime() != nil {
		read.NextAt = pending.GetNextAttemptScheduleTime().AsTime()
	}
	return read
}

// unserved says whether nobody works for the cases, as far as can be told.
func (c *Cases) unserved(ctx context.Context) bool {
	queue, err := c.Temporal.DescribeTaskQueue(ctx, workflows.QueueCases, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return false
	}
	for _, poller := range queue.GetPollers() {
		if time.Since(poller.GetLastAccessTime().AsTime()) < served {
			return false
		}
	}
	return true
}

// Advice says what a code of attention means and how it heals, in words for
// administrators. The card in the Temporal UI says the same.
func Advice(attention string) string { return workflows.Advice(attention) }

// Restart starts the workflow of an open case from its records, for an administrator who
// does not want to wait until reconciliation does. One that runs is left alone, and one
// that is closed.
func (c *Cases) Restart(ctx context.Context, actor certification.Actor, caseID string) error {
	if actor.Role != certification.RoleAdministrator {
		return certification.Refused(certification.RefusedNotAllowed, "Starting a case again is for administrators.")
	}
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := c.StartFromSnapshot(ctx, caseID); err != nil {
		return certification.Unavailable(err, retryAfter)
	}
	return nil
}
