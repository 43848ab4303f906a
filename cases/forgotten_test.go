package cases_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"peercert/cases"
	"peercert/certification"
	"peercert/workflows"
)

// forget takes the workflow of a case back to before it took a signal for the first time,
// as if its task had never been completed, and takes the kept answer away.
func (p *person) forget(signal certification.Signal, key string) {
	p.t.Helper()
	ctx, temporal, id := p.t.Context(), p.temporalClient(), workflows.CaseWorkflowID(p.caseID)
	described, err := temporal.DescribeWorkflowExecution(ctx, id, "")
	require.NoError(p.t, err)
	run := described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	var task int64
	history := temporal.GetWorkflowHistory(ctx, id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(p.t, err)
		if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			task = event.GetEventId()
		}
		accepted := event.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		if accepted.GetAcceptedRequest().GetInput().GetName() == string(signal) {
			break
		}
	}
	_, err = temporal.WorkflowService().ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: p.settings.TemporalNamespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: id, RunId: run},
		Reason: "a test", WorkflowTaskFinishEventId: task, RequestId: uuid.NewString(),
		ResetReapplyExcludeTypes: []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE},
	})
	require.NoError(p.t, err)
	p.exec("UPDATE idempotency_keys SET answer = NULL WHERE key = $1", key)
}

// What was handed in and forgotten by the workflow, its answer lost, is handed in again
// under the same key as it was the first time: under a policy.
func TestHandedInAgainUnderThePolicy(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	again := func(p *person, first, second certification.Message, stage certification.Stage) {
		send := cases.Send{CaseID: p.caseID, Key: w.key(), Message: first}
		view, err := w.Send(ctx, p.actor, send)
		require.NoError(t, err)
		require.Equal(t, stage, view.Stage)
		p.forget(first.Signal(), send.Key)
		send.Message = second
		_, err = w.Send(ctx, p.actor, send)
		require.NoError(t, err)
		require.Equal(t, certification.CurrentPolicy(w.now()), w.held(p.caseID).Policy)
	}

	t.Run("an application", func(t *testing.T) {
		p := w.toApplication()
		submit := p.fill()
		second := *submit
		again(p, submit, &second, certification.StageApplicationFee)
	})

	t.Run("a renewal", func(t *testing.T) {
		now := w.now()
		p := w.made(certification.StageRenewal, func(c *certification.Case) {
			c.Certificate = &certification.Certificate{Number: "PSS-" + c.Number, IssuedAt: now.AddDate(-2, 0, 30), ExpiresAt: now.AddDate(0, 0, 30), Term: 1}
		})
		require.NoError(t, w.StartFromSnapshot(ctx, p.caseID))
		ethics := certification.CurrentPolicy(now).EthicsVersion
		draft, err := p.save(certification.FormRenewal, map[string]any{
			"courses": []map[string]any{{
				"title": "t", "provider": "p", "completed_on": now.AddDate(0, -1, 0).In(certification.Pacific).Format(time.DateOnly),
				"hours": 20, "law_and_ethics": true,
			}},
			"attested": true, "ethics": map[string]any{"version": ethics, "typed_name": "Made Up"},
		})
		require.NoError(t, err)
		submit := func() *certification.SubmitRenewal {
			return &certification.SubmitRenewal{DraftRevision: draft.Revision, EthicsVersion: ethics}
		}
		again(p, submit(), submit(), certification.StageRenewalFee)
	})
}

// held is what the workflow of a case says of it.
func (w *world) held(caseID string) (c certification.Case) {
	w.t.Helper()
	value, err := w.temporalClient().QueryWorkflow(w.t.Context(), workflows.CaseWorkflowID(caseID), "", workflows.QueryCase)
	require.NoError(w.t, err)
	require.NoError(w.t, value.Get(&c))
	return c
}
