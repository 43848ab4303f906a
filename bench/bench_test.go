package bench

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"

	"peercert/local/stacktest"
	"peercert/workflows"
)

func TestMediansAndVerdicts(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	require.Equal(t, spread{median: 3, least: 1, greatest: 5}, spreadOf(values))
	require.InDelta(t, 5, percentile(values, 0.99), 0)
	require.Equal(t, []float64{5, 1, 4, 2, 3}, values, "what was measured keeps its order")
	require.Equal(t, []float64{2, 0.5}, ratios([]float64{4, 1}, []float64{2, 2}))

	require.Equal(t, "aim ≤ 1.5: met", line{spread: spread{median: 1.5}, aim: 1.5, atMost: true}.verdict())
	require.Equal(t, "aim ≤ 1.5: MISSED", line{spread: spread{median: 1.51}, aim: 1.5, atMost: true}.verdict())
	require.Equal(t, "aim ≥ 0.7: MISSED", line{spread: spread{median: 0.69}, aim: 0.7}.verdict())
	require.Empty(t, line{spread: spread{median: 1}}.verdict())
	require.Error(t, Run(t.Context(), Options{Rounds: 6, Out: io.Discard}))
}

// What one certification costs in Temporal, with a return, a failed exam and every
// letter, on the real server. Each message is waited for before the next is sent, so
// everything is exact but one thing: whether a letter or a page that is done wakes the
// case by itself, or comes beside something else and shares its workflow task.
func TestEventsOfOneCertification(t *testing.T) {
	stacktest.Require(t)
	w, err := startWorld(t.Context(), io.Discard)
	require.NoError(t, err)
	defer w.close()
	const (
		updates    = 15
		signals    = 14
		activities = 16 + 3 + 2 // letters, payment pages, authorizations
		fired      = 2 + 1      // two appointments that ended, and the quiet before leaving
	)
	// A step that the records do not take within two seconds is written by an activity of
	// its own. On a machine that is starved so, another certification is counted.
	var (
		l       *life
		counted eventCount
	)
	for range 4 {
		var err error
		l, err = certify(t.Context(), w)
		require.NoError(t, err)
		counted, err = countEvents(t.Context(), l)
		require.NoError(t, err)
		if counted.Kinds[enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED] <= activities {
			break
		}
	}

	require.Equal(t, 29, counted.Messages)
	require.Equal(t, 16, counted.Letters)
	tasks, others := map[enums.EventType]int{}, map[enums.EventType]int{}
	for kind, number := range counted.Kinds {
		switch kind {
		case enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enums.EVENT_TYPE_WORKFLOW_TASK_STARTED, enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED: // the last two on a machine that is starved
			tasks[kind] = number
		default:
			others[kind] = number
		}
	}
	require.Equal(t, map[enums.EventType]int{
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:          1,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:  updates,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: updates,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:         signals,
		// One transaction for each message, for two appointments that ended and two notices sent.
		enums.EVENT_TYPE_MARKER_RECORDED:         updates + signals + 4,
		enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: activities,
		enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:   activities,
		enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: activities,
		// A timer is armed anew only when another instant is the next.
		enums.EVENT_TYPE_TIMER_STARTED:  fired + 16,
		enums.EVENT_TYPE_TIMER_FIRED:    fired,
		enums.EVENT_TYPE_TIMER_CANCELED: 16,
		// A step that changes nothing that operators see updates nothing.
		enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:   19,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: 1,
	}, others)
	// At least one for each message and timer, at most one more for each activity.
	completed := tasks[enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
	require.GreaterOrEqual(t, completed, updates+signals+fired)
	require.LessOrEqual(t, completed, updates+signals+fired+activities)
	require.LessOrEqual(t, counted.Total(), 360)

	// Somebody certified sleeps for years in the run that follows.
	var sleeper []*history.HistoryEvent
	require.NoError(t, until(t.Context(), "the case to sleep", func(ctx context.Context) (bool, error) {
		sleeper = nil
		events := w.parts.Temporal.GetWorkflowHistory(ctx, workflows.CaseWorkflowID(l.caseID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return false, err
			}
			sleeper = append(sleeper, event)
		}
		return sleeper[len(sleeper)-1].GetEventType() == enums.EVENT_TYPE_TIMER_STARTED, nil
	}))
	require.NotEmpty(t, sleeper[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId())
	require.LessOrEqual(t, len(sleeper), 7)
}
