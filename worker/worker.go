package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"peercert/activities"
	"peercert/config"
	"peercert/workflows"
)

// outboundPerSecond is what Parts.OutboundPerSecond begins with.
const outboundPerSecond = 50

// Run serves both task queues and the inbox until the context ends, then finishes
// what it began, within the shutdown timeout.
func Run(ctx context.Context, p *Parts, logger *slog.Logger) error {
	return serve(ctx, p, activitiesOf(p), logger)
}

func serve(ctx context.Context, p *Parts, functions *activities.Activities, logger *slog.Logger) error {
	options := worker.Options{
		WorkerStopTimeout: p.Settings.ShutdownTimeout,
		// With the SDK's two default pollers one update in a hundred stalls for seconds
		// when many people decide at once (design aim: p99 ≤ 4 × p50).
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		// A workflow that panics waits for a better worker; it never fails a case.
		WorkflowPanicPolicy: worker.BlockWorkflow,
		// The SDK takes a goroutine that is off the processor for a second for a deadlock
		// and fails the task, and with it every update that the task answered. On a busy
		// machine that is no deadlock (seen with 200 signals at once on two starved cores).
		DeadlockDetectionTimeout: 5 * time.Second,
	}

	onCases := func() worker.Worker {
		w := worker.New(p.Temporal, workflows.QueueCases, options)
		workflows.Register(w, workflows.Cases{Console: p.Settings.PublicURL + "/console/cases/"})
		activities.Register(w, functions)
		return w
	}
	onOutbound := func() worker.Worker {
		outbound := options
		outbound.TaskQueueActivitiesPerSecond = p.OutboundPerSecond
		w := worker.New(p.Temporal, workflows.QueueOutbound, outbound)
		workflows.RegisterHousework(w)
		activities.Register(w, functions)
		return w
	}

	var stopping sync.WaitGroup
	defer stopping.Wait()
	inbox := newRelay(p, logger)
	stopping.Go(func() { inbox.run(ctx, laneLetters) }) // a code needs no Temporal
	for _, prepare := range []func() worker.Worker{onCases, onOutbound} {
		w := startWhenReachable(ctx, prepare, logger)
		if w == nil {
			return nil
		}
		defer stopping.Go(w.Stop) // both at once: the shutdown timeout is for all
	}
	stopping.Go(func() { inbox.run(ctx, laneOthers) })
	logger.InfoContext(ctx, "the worker serves")
	<-ctx.Done()
	logger.Info("the worker finishes what it began")
	return nil
}

// startWhenReachable waits for Temporal: a worker that starts first is no failure. Each try
// is with a new worker, because the SDK starts one once only and then repeats its error. It
// gives nil if the context ends before.
func startWhenReachable(ctx context.Context, prepare func() worker.Worker, logger *slog.Logger) worker.Worker {
	for {
		w := prepare()
		err := w.Start()
		if err == nil {
			return w
		}
		logger.WarnContext(ctx, "Temporal cannot be reached yet", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// ErasingSchedule is the id of the schedule that starts erasing what was kept for its time.
const ErasingSchedule = "erasing"

// PrepareOption changes what Prepare does.
type PrepareOption func(*preparation)

type preparation struct{ erasingPaused bool }

// ErasingPaused leaves the schedule of erasing paused, for a program whose clock is moved:
// a schedule fires by the real time, and would erase in the middle of whatever the moved
// clock is to show. It can still be triggered.
func ErasingPaused(p *preparation) { p.erasingPaused = true }

// Prepare registers search attributes and schedules in the namespace. It can be repeated:
// a schedule that is there stays as it is, but for the interval that is a setting and for
// what an option says.
func Prepare(ctx context.Context, settings config.Settings, logger *slog.Logger, options ...PrepareOption) error {
	var prepared preparation
	for _, option := range options {
		option(&prepared)
	}
	c, err := client.DialContext(ctx, TemporalOptions(settings, logger))
	if err != nil {
		return fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer c.Close()
	attributes := map[string]enums.IndexedValueType{}
	for _, key := range workflows.SearchAttributeKeys() {
		attributes[key.GetName()] = key.GetValueType()
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: settings.TemporalNamespace, SearchAttributes: attributes,
	})
	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("registering search attributes: %w", err)
	}
	for _, plan := range []struct {
		id, workflow, note string
		every              time.Duration
		setting            bool // every is one
	}{
		{"exam-collection", workflows.ExamCollectionType, "Collects the exam vendor's files.", settings.ExamCollectEvery, true},
		{"reconciliation", workflows.ReconciliationType, "Starts open cases that do not run.", 10 * time.Minute, false},
		{"document-sweep", workflows.DocumentSweepType, "Removes documents that no row knows.", time.Hour, false},
		{ErasingSchedule, workflows.ErasingType, "Erases what was kept for its time.", time.Hour, false},
		{"record-sweep", workflows.RecordSweepType, "Forgets idempotency keys and registrations after a month.", 24 * time.Hour, false},
	} {
		paused := plan.id == ErasingSchedule && prepared.erasingPaused
		_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
			ID:      plan.id,
			Spec:    client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: plan.every}}},
			Action:  &client.ScheduleWorkflowAction{ID: plan.id, Workflow: plan.workflow, TaskQueue: workflows.QueueOutbound},
			Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: time.Minute, Note: plan.note,
			Paused: paused,
		})
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			schedule := c.ScheduleClient().GetHandle(ctx, plan.id)
			err = nil
			if plan.setting {
				err = fire(ctx, schedule, plan.every)
			}
			if err == nil && paused {
				err = schedule.Pause(ctx, client.SchedulePauseOptions{Note: plan.note})
			}
		}
		if err != nil {
			return fmt.Errorf("creating the schedule %s: %w", plan.id, err)
		}
	}
	return nil
}

// fire gives a schedule that is there its interval, and leaves it what else somebody gave it.
func fire(ctx context.Context, schedule client.ScheduleHandle, interval time.Duration) error {
	return schedule.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(was client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			changed := was.Description.Schedule
			if every := changed.Spec.Intervals; len(every) == 1 && every[0].Every == interval {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			changed.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: interval}}
			return &client.ScheduleUpdate{Schedule: &changed}, nil
		},
	})
}
