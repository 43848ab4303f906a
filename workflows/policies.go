package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Task queues. What leaves the house has a queue of its own, whose rate is limited,
// so that a flood of letters never delays a decision.
const (
	QueueCases    = "cases"
	QueueOutbound = "outbound"
)

// recordPatience is how long the records may be down before the case asks for
// attention.
const recordPatience = time.Minute

// recordHere writes a transition inside the workflow task. Two seconds in all: a
// local activity that goes on trying blocks queries and the next update.
func recordHere(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    time.Second,
		ScheduleToCloseTimeout: 2 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Second},
	})
}

// recordLater writes a transition when the records were down: without end, since a
// case never fails because a part of ours did, and often, since someone waits.
func recordLater(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueCases,
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
		Summary:             summary,
	})
}

// errandPolicy is how one kind of errand is tried.
type errandPolicy struct {
	activity string
	// attempt is how long one try may take, patience how long all of them before the
	// case asks for attention. After that it goes on being tried.
	attempt, patience time.Duration
	// pause is the longest wait between two tries.
	pause     time.Duration
	attention string
	summary   string
}

// outbound is the policy as options: what leaves the house is tried with growing
// pauses on the limited queue.
func (p errandPolicy) outbound(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOutbound,
		StartToCloseTimeout:    p.attempt,
		ScheduleToCloseTimeout: p.patience,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: p.pause},
		Summary:                p.summary,
	})
}
