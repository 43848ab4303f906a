package cases_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/activities"
	"peercert/cases"
	"peercert/certification"
	"peercert/workflows"
)

// What administrators are told about a workflow is what is so, also while a part is down.
func TestHowACaseRuns(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toReview()
	administrator := certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}
	look := func() cases.Running {
		found, err := w.Running(ctx, administrator, p.caseID)
		require.NoError(t, err)
		return found
	}
	// Temporal has two seconds to answer, and may need longer on a busy machine.
	running := func() (found cases.Running) {
		w.eventually(func() bool { found = look(); return found.State != cases.RunUnknown })
		return found
	}
	idle := func() bool { found := look(); return found.State == cases.RunOpen && len(found.Pending) == 0 }

	// The letters of the way here are sent beside: one that is still under way when the
	// records go would fail as well.
	w.eventually(idle)
	found := running()
	require.Equal(t, cases.RunOpen, found.State)
	require.False(t, found.Unserved)
	require.LessOrEqual(t, found.Failing, 1)
	require.Empty(t, found.Attention)
	require.NotZero(t, found.StartedAt)
	require.Positive(t, found.Events)

	for _, other := range []certification.Actor{p.actor, reviewer("r")} {
		_, err := w.Running(ctx, other, p.caseID)
		refused(t, certification.RefusedNotAllowed, err)
		refused(t, certification.RefusedNotAllowed, w.Restart(ctx, other, p.caseID))
	}
	_, err := w.Running(ctx, administrator, uuid.NewString())
	refused(t, certification.RefusedNotFound, err)

	w.temporal.Down()
	require.Equal(t, cases.Running{State: cases.RunUnknown}, look())
	w.back(w.temporal)

	// The records are down for the worker: what it cannot write is shown with its reason.
	w.workersRecords.Down()
	_, err = p.as(reviewer("r"), &certification.ClaimReview{})
	refused(t, certification.RefusedUnavailable, err)
	var pending cases.PendingActivity
	require.Eventually(t, func() bool {
		found := look()
		if len(found.Pending) != 1 || found.Pending[0].Failure == "" {
			return false
		}
		pending = found.Pending[0]
		return true
	}, patience, patience/300)
	require.Equal(t, activities.RecordName("claim-review"), pending.Name)
	require.Positive(t, pending.Attempt)
	require.NotZero(t, pending.TriedAt)
	require.False(t, strings.ContainsAny(pending.Failure, "@/"), "no address: %s", pending.Failure)
	w.workersRecords.Up()
	w.eventually(idle)

	require.NoError(t, w.temporalClient().TerminateWorkflow(ctx, workflows.CaseWorkflowID(p.caseID), "", "a test"))
	found = running()
	require.Equal(t, cases.RunEnded, found.State)
	require.Equal(t, "Terminated", found.Ended)
	require.NoError(t, w.Restart(ctx, administrator, p.caseID))
	require.Equal(t, cases.RunOpen, running().State)
	require.NoError(t, w.Restart(ctx, administrator, p.caseID), "one that runs is left alone")
}

// A task that no worker can carry out, as when workers are older than their cases, does
// not look healthy.
func TestAWorkflowWhoseTaskFails(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toReview()
	require.NoError(t, w.temporalClient().TerminateWorkflow(ctx, workflows.CaseWorkflowID(p.caseID), "", "a test"))
	_, err := w.temporalClient().ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.CaseWorkflowID(p.caseID), TaskQueue: workflows.QueueCases,
	}, "a type that these workers do not know")
	require.NoError(t, err)
	w.eventually(func() bool {
		found, err := w.Running(ctx, certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}, p.caseID)
		return err == nil && found.State == cases.RunOpen && found.Failing > 1
	})
}
