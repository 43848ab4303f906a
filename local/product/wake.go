package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"peercert/certification"
	"peercert/store/queries"
	"peercert/workflows"
)

// wakeAll tells every open case that the time has changed.
func (p *Product) wakeAll(ctx context.Context) (int, error) {
	woken := 0
	const page = 200
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		ids, err := p.Parts.Store.OpenCaseIDs(ctx, queries.OpenCaseIDsParams{ID: after, Limit: page})
		if err != nil {
			return woken, fmt.Errorf("reading the open cases: %w", err)
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(16)
		for _, id := range ids {
			group.Go(func() error { return p.wake(ctx, id) })
		}
		if err := group.Wait(); err != nil {
			return woken, err
		}
		woken += len(ids)
		if len(ids) < page {
			return woken, nil
		}
		after = ids[len(ids)-1]
	}
}

// wake asks again while a case is not ready for a moment: its run is being left, or a task
// of it is tried anew. The door of cases does the same.
func (p *Product) wake(ctx context.Context, caseID string) error {
	for {
		handle, err := p.Parts.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: workflows.CaseWorkflowID(caseID), UpdateName: string(certification.SignalWake),
			Args: []any{certification.Wake{}}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		var gone *serviceerror.NotFound
		var refused *temporal.ApplicationError
		if err == nil || errors.As(err, &gone) || errors.As(err, &refused) && refused.Type() == certification.RefusedClosed {
			return nil // closed since it was listed
		}
		var notReady *serviceerror.WorkflowNotReady
		if errors.As(err, &notReady) {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
				continue
			}
		}
		return fmt.Errorf("waking case %s: %w", caseID, err)
	}
}
