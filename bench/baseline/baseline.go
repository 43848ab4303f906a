// Package baseline is what the product is measured against: the least that
// Temporal can do for the same messages.
//
// Bare stresses the platform alone: one workflow with one update handler, which
// runs one local activity that does nothing, inside the workflow task that the
// update brought. So a bare update pays for what no durable answer can be had
// without (the update's events, its workflow task, the marker of the local
// activity, the writes of the server), and for nothing else: no validator, no
// records, no search attributes, no card, no timer, no letters.
//
// With errands it stresses, beside that, activities that nobody awaits, on a queue
// of their own, as the product's letters are: six events and a task each.
//
// It serves with the same poller settings as the product's worker, so that a
// difference is not one of settings.
package baseline

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Task queues of the baseline. Errands have one of their own, as the product's have.
const (
	queue        = "bench-bare"
	errandsQueue = "bench-bare-errands"
)

const (
	workflowType = "Bare"
	updateName   = "step"
	nothing      = "nothing"
)

// Plan is what one bare workflow lives through.
type Plan struct {
	// Updates after which it ends; 0 is never.
	Updates int `json:"updates"`
	// Errands that it begins on the way, spread evenly over the updates.
	Errands int `json:"errands"`
}

// step is the body of an update, about as long as a short message of the product.
type step struct {
	Key   string `json:"key"`
	Actor string `json:"actor"`
}

// bare is the workflow.
func bare(ctx workflow.Context, plan Plan) error {
	taken, begun, done := 0, 0, 0
	outside := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: errandsQueue, StartToCloseTimeout: time.Minute})
	var errands []workflow.Future
	if err := workflow.SetUpdateHandler(ctx, updateName, func(ctx workflow.Context, s step) (int, error) {
		local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Second, ScheduleToCloseTimeout: 2 * time.Second,
		})
		if err := workflow.ExecuteLocalActivity(local, nothing, s).Get(local, nil); err != nil {
			return 0, err
		}
		taken++
		for ; plan.Updates > 0 && begun < plan.Errands*taken/plan.Updates; begun++ {
			errands = append(errands, workflow.ExecuteActivity(outside, nothing, s))
		}
		return taken, nil
	}); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool {
		for done < len(errands) && errands[done].IsReady() {
			done++
		}
		return plan.Updates > 0 && taken >= plan.Updates && done == len(errands) && workflow.AllHandlersFinished(ctx)
	})
}

func doNothing(context.Context, step) error { return nil }

// Serve serves the baseline's queues until the context ends.
func Serve(ctx context.Context, c client.Client) error {
	options := worker.Options{
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
	}
	workflows, errands := worker.New(c, queue, options), worker.New(c, errandsQueue, options)
	workflows.RegisterWorkflowWithOptions(bare, workflow.RegisterOptions{Name: workflowType})
	for _, w := range []worker.Worker{workflows, errands} {
		w.RegisterActivityWithOptions(doNothing, activity.RegisterOptions{Name: nothing})
		if err := w.Start(); err != nil {
			return fmt.Errorf("serving the baseline: %w", err)
		}
		defer w.Stop()
	}
	<-ctx.Done()
	return nil
}

// Workflow is one bare workflow that runs.
type Workflow struct {
	client client.Client
	id     string
}

// Begin starts a bare workflow together with its first update, and returns when
// that was answered.
func Begin(ctx context.Context, c client.Client, plan Plan) (Workflow, error) {
	w := Workflow{client: c, id: "bare/" + uuid.NewString()}
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: w.id, TaskQueue: queue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, workflowType, plan)
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start, UpdateOptions: w.update(),
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return Workflow{}, fmt.Errorf("beginning a bare workflow: %w", err)
	}
	return w, nil
}

// Step sends one update and returns when it was answered.
func (w Workflow) Step(ctx context.Context) error {
	handle, err := w.client.UpdateWorkflow(ctx, w.update())
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("a bare update: %w", err)
	}
	return nil
}

// Wait returns when the plan was carried out.
func (w Workflow) Wait(ctx context.Context) error {
	if err := w.client.GetWorkflow(ctx, w.id, "").Get(ctx, nil); err != nil {
		return fmt.Errorf("a bare workflow: %w", err)
	}
	return nil
}

func (w Workflow) update() client.UpdateWorkflowOptions {
	key := uuid.NewString()
	return client.UpdateWorkflowOptions{
		WorkflowID: w.id, UpdateID: key, UpdateName: updateName, Args: []any{step{Key: key, Actor: "r-01"}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
}
