package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"peercert/activities"
	"peercert/cases"
	"peercert/certification"
	"peercert/store"
	"peercert/workflows"
)

var administrator = certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}

func TestTheSameKeyAfterANewRun(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	claimed := r.log(caseID)[4]
	require.Equal(t, certification.SignalClaimReview, claimed.Signal)
	run := r.runID(caseID)
	r.pass(caseID)
	r.newRun(caseID, run)
	r.agrees(caseID)
	before := r.recorded(caseID)

	// The server has forgotten the update's id with the run; the state remembers the key.
	again := &certification.ClaimReview{Envelope: certification.Envelope{Key: claimed.Key, Actor: claimed.Actor}}
	answer, err := r.update(caseID, claimed.Key, again)
	require.NoError(t, err)
	require.Equal(t, workflows.Answer{Stage: certification.StageCertified, Revision: before.Revision}, answer)
	require.Equal(t, before, r.recorded(caseID))

	// More messages than the state remembers: then the records do.
	for range 55 {
		r.must(caseID, &certification.Suspend{Reason: "complaint"})
		r.must(caseID, &certification.Reinstate{})
	}
	before = r.recorded(caseID)
	suspended := r.log(caseID)[15]
	require.Equal(t, certification.SignalSuspend, suspended.Signal)
	answer, err = r.update(caseID, r.key(), &certification.Suspend{
		Envelope: certification.Envelope{Key: suspended.Key, Actor: suspended.Actor}, Reason: "complaint",
	})
	require.NoError(t, err)
	require.Equal(t, before.Revision, answer.Revision)
	require.Equal(t, before, r.recorded(caseID))
	require.False(t, before.Suspended)
	r.agrees(caseID)
}

// reset takes a case back to before the update of a name.
func (r *rig) reset(caseID, before string, forget ...enums.ResetReapplyExcludeType) {
	r.t.Helper()
	run := r.runID(caseID)
	var task int64
	for _, event := range r.history(caseID, run) {
		if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			task = event.GetEventId()
		}
		if accepted := event.GetWorkflowExecutionUpdateAcceptedEventAttributes(); accepted.GetAcceptedRequest().GetInput().GetName() == before {
			break
		}
	}
	require.NotZero(r.t, task)
	_, err := r.parts.Temporal.ResetWorkflowExecution(r.t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace:         r.settings.TemporalNamespace,
		WorkflowExecution: &common.WorkflowExecution{WorkflowId: workflows.CaseWorkflowID(caseID), RunId: run},
		Reason:            "a test", WorkflowTaskFinishEventId: task, RequestId: r.key(), ResetReapplyExcludeTypes: forget,
	})
	require.NoError(r.t, err)
	r.newRun(caseID, run)
}

func TestReset(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)

	t.Run("Temporal sends again what came since", func(t *testing.T) {
		caseID, _ := r.open()
		r.must(caseID, &certification.CompleteIntroVideo{})
		r.must(caseID, &certification.ExtendDeadline{Days: 1})
		r.must(caseID, &certification.ExtendDeadline{Days: 2})
		before := r.recorded(caseID)
		r.reset(caseID, "extend-deadline")
		r.agrees(caseID)
		require.Equal(t, before, r.recorded(caseID), "the same messages gave another case")
		r.must(caseID, &certification.ExtendDeadline{Days: 3})
		r.agrees(caseID)
		for _, line := range r.log(caseID) {
			require.False(t, line.void)
		}
	})

	t.Run("what came since is forgotten", func(t *testing.T) {
		caseID, applicant := r.open()
		r.must(caseID, &certification.CompleteIntroVideo{})
		draft := r.draft(caseID, applicant, certification.FormTraining)
		held := r.address(&certification.Hold{Reason: "records_check"})
		submitted := &certification.SubmitTraining{DraftRevision: draft, DocumentIDs: []string{store.NewID()}}
		r.must(caseID, submitted)
		r.must(caseID, held)
		require.Equal(t, 1, r.letters(caseID)[certification.LetterOnHold])
		r.reset(caseID, "submit-training", enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL)

		// The workflow is right: what it writes next replaces what it has forgotten.
		r.must(caseID, &certification.ExtendDeadline{Days: 3})
		r.agrees(caseID)
		after := r.recorded(caseID)
		require.Equal(t, 3, after.Revision)
		require.False(t, after.OnHold)
		require.False(t, after.TrainingSubmitted)
		void := 0
		for _, line := range r.log(caseID) {
			if line.void {
				void++
			}
		}
		require.Equal(t, 2, void)

		// Whoever sent them can send them again: with the same key, and the draft is the
		// applicant's again.
		r.must(caseID, submitted)
		r.must(caseID, held)
		r.agrees(caseID)
		require.True(t, r.recorded(caseID).OnHold)
		require.True(t, r.recorded(caseID).TrainingSubmitted)
	})
}

func TestRequestCancel(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, _ := r.open()
	run := r.runID(caseID)
	require.NoError(t, r.parts.Temporal.CancelWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), ""))
	r.until("attention", func() error {
		if now := r.recorded(caseID); !now.NeedsAttention(certification.AttentionCancel) {
			return fmt.Errorf("attention is %v", now.Attention)
		}
		return nil
	})
	require.Equal(t, run, r.runID(caseID), "the case ended")
	r.must(caseID, &certification.CompleteIntroVideo{})
	require.True(t, r.recorded(caseID).NeedsAttention(certification.AttentionCancel))
	r.must(caseID, &certification.RetryStep{})
	require.Empty(t, r.recorded(caseID).Attention)
	r.must(caseID, &certification.StartNewRun{})
	r.newRun(caseID, run)
	r.must(caseID, &certification.ExtendDeadline{Days: 1})
	require.Empty(t, r.recorded(caseID).Attention)
	r.agrees(caseID)
}

func TestASignalThatNobodyHandles(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, _ := r.open()
	run := r.runID(caseID)
	// One after the other: those that come together are recorded together.
	for _, body := range []any{nil, 7, map[string]string{"reason": "misspelled"}} {
		require.NoError(t, r.parts.Temporal.SignalWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), "", "withdrow", body))
		r.until("attention", func() error {
			if now := r.recorded(caseID); !now.NeedsAttention(certification.AttentionUnknown) {
				return fmt.Errorf("attention is %v", now.Attention)
			}
			return nil
		})
		r.must(caseID, &certification.RetryStep{})
		require.Empty(t, r.recorded(caseID).Attention)
	}
	r.must(caseID, &certification.StartNewRun{})
	r.newRun(caseID, run)
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.agrees(caseID)
}

// reconcile runs the reconciliation as its schedule does, and gives how many cases it
// started.
func (r *rig) reconcile() (started int) {
	r.t.Helper()
	run, err := r.parts.Temporal.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{
		ID: "reconciliation", TaskQueue: workflows.QueueOutbound,
	}, workflows.ReconciliationType)
	require.NoError(r.t, err)
	require.NoError(r.t, run.Get(r.t.Context(), &started))
	return started
}

// terminate terminates the workflow of a case. Temporal's lists follow a moment later, and
// the reconciliation leaves alone what they name as running: it would find the case the
// next time. So this waits for the lists.
func (r *rig) terminate(caseID string) {
	r.t.Helper()
	require.NoError(r.t, r.parts.Temporal.TerminateWorkflow(r.t.Context(), workflows.CaseWorkflowID(caseID), "", "a test"))
	r.listed(caseID, false)
}

// listed waits until Temporal's lists say whether the workflow of a case runs.
func (r *rig) listed(caseID string, running bool) {
	r.t.Helper()
	r.until(fmt.Sprintf("the lists to say of case %s: running %t", caseID, running), func() error {
		found, err := r.parts.Temporal.ListWorkflow(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: r.settings.TemporalNamespace,
			Query:     "ExecutionStatus = 'Running' AND WorkflowId = '" + workflows.CaseWorkflowID(caseID) + "'",
		})
		if err == nil && (len(found.GetExecutions()) > 0) != running {
			err = errors.New("they say otherwise")
		}
		return err
	})
}

func TestATerminatedCaseIsFound(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	schedule, err := r.parts.Temporal.ScheduleClient().GetHandle(t.Context(), "reconciliation").Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, 10*time.Minute, schedule.Schedule.Spec.Intervals[0].Every)

	left, _ := r.open()   // goes on all the time
	closed, _ := r.open() // ended as it should
	r.must(closed, &certification.Withdraw{})
	r.until("the closed case to end, once its letter is sent", func() error {
		if r.runID(closed) != "" {
			return errors.New("it runs")
		}
		return nil
	})
	booking, applicant := r.open()
	r.toExamBooking(booking, applicant)
	passed, applicant := r.open()
	r.toExamBooking(passed, applicant)
	r.letters(passed)
	r.mail.Refuse(true)
	r.pass(passed) // its formal notice cannot be sent
	leftRun := r.runID(left)
	require.Zero(t, r.reconcile())

	before := map[string]*certification.Case{}
	for _, caseID := range []string{booking, passed} {
		r.terminate(caseID)
		require.Empty(t, r.runID(caseID))
		before[caseID] = r.recorded(caseID)
	}
	require.NotNil(t, before[passed].Promise(certification.PromiseResultsNotice))
	// The vendor's answer comes while the case runs nowhere.
	authorized, err := json.Marshal(r.address(&certification.ExamAuthorized{AuthorizationID: before[booking].Exam.AuthorizationID}))
	require.NoError(t, err)
	require.NoError(t, r.parts.Cases.Receive(t.Context(), certification.Incoming{
		Source: "own", ExternalID: "test", Kind: string(certification.SignalExamAuthorized), Payload: authorized,
	}))

	require.Equal(t, 2, r.reconcile())
	require.Equal(t, leftRun, r.runID(left))
	require.Empty(t, r.runID(closed))
	r.mail.Refuse(false)
	require.Equal(t, 1, r.letters(passed)[certification.LetterResultsPassed])
	r.until("the promise of the formal notice to be kept", func() error {
		if now := r.recorded(passed); now.Promise(certification.PromiseResultsNotice) != nil {
			return errors.New("it is open")
		}
		return nil
	})
	r.until("the vendor's answer", func() error {
		if now := r.recorded(booking); !now.Exam.Authorized {
			return errors.New("it was not delivered")
		}
		return nil
	})
	for _, caseID := range []string{booking, passed} {
		r.agrees(caseID)
		require.NotEmpty(t, r.runID(caseID))
		r.must(caseID, &certification.RetryStep{})
		require.Equal(t, before[caseID].Stage, r.recorded(caseID).Stage)
	}
	require.Zero(t, r.reconcile())
}

func TestTheLastLetterOfATerminatedCaseIsSent(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, _ := r.open()
	r.mail.Refuse(true)
	r.must(caseID, &certification.Withdraw{})
	require.Equal(t, certification.StageClosed, r.recorded(caseID).Stage)
	r.listed(caseID, true)
	require.Zero(t, r.reconcile(), "its workflow waits for the letter")
	r.terminate(caseID)
	require.Equal(t, 1, r.reconcile())
	require.Zero(t, r.reconcile(), "once")
	require.Empty(t, r.runID(caseID), "a closed case is not started")
	r.mail.Refuse(false)
	require.Equal(t, 1, r.letters(caseID)[certification.LetterWithdrawn])
	require.Zero(t, r.reconcile())
}

func TestTheDoorStartsATerminatedCase(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, applicant := r.open()
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.terminate(caseID)
	send := cases.Send{CaseID: caseID, Key: r.key(), Message: &certification.Hold{Reason: "records_check"}}
	_, err := r.parts.Cases.Send(t.Context(), administrator, send)
	refusal, is := certification.RefusalOf(err)
	require.True(t, is && refusal.Type == certification.RefusedUnavailable && refusal.RetryAfter > 0, "%v", err)
	r.until("the same request to be carried out", func() error {
		send.Message = &certification.Hold{Reason: "records_check"}
		_, err := r.parts.Cases.Send(t.Context(), administrator, send)
		return err
	})
	require.True(t, r.recorded(caseID).OnHold)
	r.agrees(caseID)

	// One that was withdrawn is closed, and stays so.
	_, err = r.parts.Cases.Send(t.Context(), applicant, cases.Send{CaseID: caseID, Key: r.key(), Message: &certification.Withdraw{}})
	require.NoError(t, err)
	_, err = r.parts.Cases.Send(t.Context(), administrator, cases.Send{CaseID: caseID, Key: r.key(), Message: &certification.Hold{}})
	refusal, is = certification.RefusalOf(err)
	require.True(t, is && refusal.Type == certification.RefusedClosed, "%v", err)
}

// gated holds every write up until the gate opens.
type gated struct {
	activities.Records
	open chan struct{}
}

func (g gated) Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	select {
	case <-g.open:
		return g.Records.Commit(ctx, transition)
	case <-ctx.Done():
		return certification.Settled{}, ctx.Err()
	}
}

// Temporal takes ten updates of one case at a time. Twelve people at once, while the
// records are slow: each gets an answer or is asked to come again, and none is lost.
func TestTwelveAtOnce(t *testing.T) {
	const people = 12
	r := newRig(t)
	stop := r.serve(nil, nil)
	caseID, _ := r.open()
	before := r.recorded(caseID)
	stop()
	gate := make(chan struct{})
	r.serve(func(records activities.Records) activities.Records { return gated{records, gate} }, nil)

	sends := make([]cases.Send, people)
	send := func(i int) error {
		sends[i].Message = &certification.ExtendDeadline{Days: 1}
		_, err := r.parts.Cases.Send(context.Background(), certification.Actor{Role: certification.RoleAdministrator, ID: fmt.Sprint("a-", i)}, sends[i])
		return err
	}
	var sending sync.WaitGroup
	errs := make([]error, people)
	for i := range sends {
		sends[i] = cases.Send{CaseID: caseID, Key: r.key()}
		sending.Go(func() { errs[i] = send(i) })
	}
	sending.Wait() // nobody waits for ever
	for _, err := range errs {
		refusal, is := certification.RefusalOf(err)
		require.True(t, is && refusal.Type == certification.RefusedUnavailable && refusal.RetryAfter > 0, "%v", err)
	}
	close(gate)
	for i := range sends {
		sending.Go(func() {
			r.until("an answer to the same request", func() error { return send(i) })
		})
	}
	sending.Wait()
	r.agrees(caseID)
	after := r.recorded(caseID)
	require.Equal(t, before.Revision+people, after.Revision)
	require.Equal(t, certification.AddDays(before.DueAt(), people), after.DueAt())
}
