package bench

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"

	"peercert/local/stacktest"
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
// letter, on the real server. How many workflow tasks there are depends on what comes
// beside what, so the total has some room (313 and 325 were seen); the rest has none.
func TestEventsOfOneCertification(t *testing.T) {
	stacktest.Require(t)
	w, err := startWorld(t.Context(), io.Discard)
	require.NoError(t, err)
	defer w.close()
	l, err := certify(t.Context(), w)
	require.NoError(t, err)
	counted, err := countEvents(t.Context(), l)
	require.NoError(t, err)

	require.Equal(t, 29, counted.Messages)
	require.Equal(t, 16, counted.Letters)
	require.Equal(t, 15, counted.Kinds[enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED])
	require.Equal(t, 14, counted.Kinds[enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED])
	require.Equal(t, 21, counted.Kinds[enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED], "16 letters, 3 payment pages, 2 authorizations")
	require.Equal(t, 33, counted.Kinds[enums.EVENT_TYPE_MARKER_RECORDED], "one transaction for each message, for two appointments that ended and two notices sent")
	require.LessOrEqual(t, counted.Total(), 350)
}
