package worker_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/workflows"
)

// What the schedule starts erases, leaves its line in the records, and is counted.
func TestErasingIsCounted(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	ctx := t.Context()
	caseID, _ := r.open()
	r.must(caseID, &certification.Withdraw{})
	sql, err := pgx.Connect(ctx, r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(ctx)
	r.until("every letter", func() error {
		var waiting int
		err := sql.QueryRow(ctx, "SELECT count(*) FROM notices WHERE sent_at IS NULL AND voided_at IS NULL").Scan(&waiting)
		if err == nil && waiting > 0 {
			err = errors.New("one was not sent yet")
		}
		return err
	})
	erasing := func() (erased int) {
		run, err := r.parts.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "erasing", TaskQueue: workflows.QueueOutbound}, workflows.ErasingType)
		require.NoError(t, err)
		require.NoError(t, run.Get(ctx, &erased))
		return erased
	}
	require.Zero(t, erasing())
	for _, statement := range []string{
		"UPDATE cases SET created_at = created_at - interval '4 years', erase_at = now()",
		"UPDATE case_events SET at = at - interval '4 years'",
	} {
		_, err = sql.Exec(ctx, statement)
		require.NoError(t, err)
	}
	require.Equal(t, 1, erasing(), "how to reach the person")
	require.Zero(t, erasing())

	families, err := r.parts.Metrics.Gather()
	require.NoError(t, err)
	counted := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "peercert_erased_total" {
				counted[metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
			}
		}
	}
	require.Equal(t, map[string]float64{string(certification.RecordContact): 1}, counted)
	var line string
	require.NoError(t, sql.QueryRow(ctx, "SELECT class || ' ' || items FROM erasures WHERE case_id = $1", caseID).Scan(&line))
	require.Equal(t, "contact 1", line)
}
