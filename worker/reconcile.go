package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"peercert/store/queries"
	"peercert/workflows"
)

// reconciliation compares the records with what runs. Terminate sits in the same
// menu of the Temporal UI as harmless things, and nothing in Temporal starts such a
// case, or the check of a document, again: here it is found, and goes on from the records.
type reconciliation struct{ *Parts }

// reconcilePage is how many cases are asked about at once. Their ids stand in one
// query of the visibility store.
const reconcilePage = 100

// ReconcileCases starts every case that is open in the records and does not run. A
// case that cannot be started does not hold up the others; the error names the first.
func (r reconciliation) ReconcileCases(ctx context.Context) (started int, err error) {
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		ids, err := r.Store.OpenCaseIDs(ctx, queries.OpenCaseIDsParams{ID: after, Limit: reconcilePage})
		if err != nil {
			return started, fmt.Errorf("reading the open cases: %w", err)
		}
		if len(ids) == 0 {
			return started, nil
		}
		running, err := r.running(ctx, ids)
		if err != nil {
			return started, err
		}
		var failures []error
		for _, id := range ids {
			if running[workflows.CaseWorkflowID(id)] {
				continue
			}
			again, err := r.startAgain(ctx, id)
			if err != nil {
				failures = append(failures, err)
			}
			if again {
				started++
			}
		}
		if len(failures) > 0 {
			return started, fmt.Errorf("%d cases that do not run could not be started, the first: %w", len(failures), failures[0])
		}
		after = ids[len(ids)-1]
	}
}

// running says which of some cases the visibility store knows as running. It lags by
// a moment, so it says that a case runs, never that it does not.
func (r reconciliation) running(ctx context.Context, caseIDs []string) (map[string]bool, error) {
	named := make([]string, 0, len(caseIDs))
	for _, id := range caseIDs {
		named = append(named, "'"+workflows.CaseWorkflowID(id)+"'")
	}
	listed, err := r.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: r.Settings.TemporalNamespace, PageSize: int32(2 * len(caseIDs)),
		Query: "ExecutionStatus = 'Running' AND WorkflowId IN (" + strings.Join(named, ", ") + ")",
	})
	if err != nil {
		return nil, fmt.Errorf("listing the cases that run: %w", err)
	}
	running := make(map[string]bool, len(caseIDs))
	for _, execution := range listed.GetExecutions() {
		running[execution.GetExecution().GetWorkflowId()] = true
	}
	return running, nil
}

// startAgain starts one case unless it runs after all.
func (r reconciliation) startAgain(ctx context.Context, caseID string) (bool, error) {
	described, err := r.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(caseID), "")
	var missing *serviceerror.NotFound
	if err != nil && !errors.As(err, &missing) {
		return false, fmt.Errorf("asking about case %s: %w", caseID, err)
	}
	status := described.GetWorkflowExecutionInfo().GetStatus()
	if status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false, nil
	}
	if err := r.Cases.StartFromSnapshot(ctx, caseID); err != nil {
		return false, err
	}
	slog.WarnContext(ctx, "an open case did not run and was started from its records", "case_id", caseID, "was", status.String())
	return true, nil
}

// ReconcileDocuments starts every check of a document that should have ended long ago and
// does not run, and tells the case where nobody did. One that cannot be started does not
// hold up the others; the error names the first.
func (r reconciliation) ReconcileDocuments(ctx context.Context) (started int, err error) {
	before := r.Now().Add(-r.documentPatience())
	var failures []error
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		ids, err := r.Store.UncheckedDocuments(ctx, queries.UncheckedDocumentsParams{Before: before, After: after, Most: reconcilePage})
		if err != nil {
			return started, fmt.Errorf("reading the documents that are not checked: %w", err)
		}
		for _, id := range ids {
			again, err := r.startCheck(ctx, id)
			if again {
				started++
				slog.WarnContext(ctx, "the check of a document had not ended and did not run, and was started again", "document_id", id)
			}
			if err = errors.Join(err, r.Cases.DocumentIsLate(ctx, id)); err != nil {
				failures = append(failures, err)
			}
		}
		if len(ids) < reconcilePage {
			break
		}
		after = ids[len(ids)-1]
	}
	if len(failures) > 0 {
		return started, fmt.Errorf("%d checks of documents could not be looked after, the first: %w", len(failures), failures[0])
	}
	return started, nil
}

// ReconcileLetters leaves to the relay what closed cases still owe and nobody sends: the
// workflow of a closed case runs until its last letter is sent, and may be terminated
// before, with what came from outside meanwhile. A letter that is on its way all the same is
// sent once.
func (r reconciliation) ReconcileLetters(ctx context.Context) (found int, err error) {
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		unsent, err := r.Store.UnsentOfClosed(ctx, queries.UnsentOfClosedParams{After: after, Most: reconcilePage})
		if err != nil {
			return found, fmt.Errorf("reading the letters of closed cases: %w", err)
		}
		if len(unsent) == 0 {
			return found, nil
		}
		ids := make([]string, 0, len(unsent))
		for _, letter := range unsent {
			ids = append(ids, letter.CaseID)
		}
		slices.Sort(ids)
		running, err := r.running(ctx, slices.Compact(ids))
		if err != nil {
			return found, err
		}
		for _, letter := range unsent {
			if running[workflows.CaseWorkflowID(letter.CaseID)] {
				continue
			}
			left, err := r.Store.LeaveLetter(ctx, letter.CaseID, letter.ID)
			if err != nil {
				return found, err
			}
			if left {
				found++
				slog.WarnContext(ctx, "a closed case did not run and its last letter was left to the relay", "case_id", letter.CaseID, "notice_id", letter.ID)
			}
		}
		after = unsent[len(unsent)-1].ID
	}
}
