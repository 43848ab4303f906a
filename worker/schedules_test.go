package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/worker"
)

// A setting that is changed has its effect on the schedule that is there, and on nothing
// else that somebody did with the schedules.
func TestTheIntervalOfASettingIsPutIntoForce(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	schedules := r.parts.Temporal.ScheduleClient()
	interval := func(id string) time.Duration {
		schedule, err := schedules.GetHandle(ctx, id).Describe(ctx)
		require.NoError(t, err)
		require.Len(t, schedule.Schedule.Spec.Intervals, 1)
		return schedule.Schedule.Spec.Intervals[0].Every
	}
	collecting := schedules.GetHandle(ctx, "exam-collection")
	require.Equal(t, r.settings.ExamCollectEvery, interval("exam-collection"))
	require.NoError(t, collecting.Pause(ctx, client.SchedulePauseOptions{}))

	require.NoError(t, collecting.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(was client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			changed := was.Description.Schedule
			changed.Spec.Jitter = 5 * time.Second
			return &client.ScheduleUpdate{Schedule: &changed}, nil
		},
	}))

	r.settings.ExamCollectEvery = 7 * time.Minute
	for range 2 {
		require.NoError(t, worker.Prepare(ctx, r.settings, quiet))
		require.Equal(t, 7*time.Minute, interval("exam-collection"))
		require.Equal(t, 10*time.Minute, interval("reconciliation"))
	}
	described, err := collecting.Describe(ctx)
	require.NoError(t, err)
	require.True(t, described.Schedule.State.Paused, "somebody paused it")
	require.Equal(t, 5*time.Second, described.Schedule.Spec.Jitter, "somebody spread it")
	require.NotNil(t, described.Schedule.Action)
}
