package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/worker"
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
	require.Equal(t, 2, erasing(), "how to reach the person, and the words of their letters")
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
	require.Equal(t, map[string]float64{string(certification.RecordContact): 1, string(certification.RecordLetter): 1}, counted)
	var lines string
	require.NoError(t, sql.QueryRow(ctx, "SELECT string_agg(class || ' ' || items, ', ' ORDER BY class) FROM erasures WHERE case_id = $1", caseID).Scan(&lines))
	require.Equal(t, "contact 1, letter 1", lines)
}

// A worker whose clock is wrong erases nothing; a clock that was moved for the cases is not
// wrong.
func TestAWrongClockErasesNothing(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	sql, err := pgx.Connect(ctx, r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(ctx)
	// What PostgreSQL says of the time, for connections that begin from now on.
	says := func(apart string) {
		for _, statement := range []string{
			"CREATE SCHEMA IF NOT EXISTS another_time",
			"CREATE OR REPLACE FUNCTION another_time.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '" + apart + "' $$",
			`DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET search_path = another_time, pg_catalog, public'; END $$`,
		} {
			_, err := sql.Exec(ctx, statement)
			require.NoError(t, err)
		}
	}
	erase := func(now func() time.Time) error {
		parts, err := worker.Assemble(context.WithoutCancel(ctx), r.settings, quiet, now)
		require.NoError(t, err)
		defer parts.Close()
		functions := worker.ActivitiesOf(parts)
		_, erasing := functions.Retention.EraseDue(ctx)
		_, forgetting := functions.Retention.ForgetOldRecords(ctx)
		require.Equal(t, erasing == nil, forgetting == nil)
		return erasing
	}
	for apart, refused := range map[string]bool{"4 minutes": false, "-4 minutes": false, "6 minutes": true, "-6 minutes": true, "-5 years": true} {
		says(apart)
		for _, now := range []func() time.Time{time.Now, func() time.Time { return time.Now().AddDate(20, 0, 0) }} {
			require.Equal(t, refused, erase(now) != nil, apart)
		}
	}
}

// The product's schedule of erasing runs; one whose clock is moved is paused, starts when it
// is triggered, and stays as it is when the namespace is prepared again.
func TestTheScheduleOfErasing(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	schedule := r.parts.Temporal.ScheduleClient().GetHandle(ctx, worker.ErasingSchedule)
	paused := func() bool {
		described, err := schedule.Describe(ctx)
		require.NoError(t, err)
		return described.Schedule.State.Paused
	}
	require.True(t, paused())
	require.NoError(t, worker.Prepare(ctx, r.settings, quiet))
	require.True(t, paused(), "somebody may have paused it on purpose")
	require.NoError(t, schedule.Delete(ctx))
	require.NoError(t, worker.Prepare(ctx, r.settings, quiet))
	require.False(t, paused())
	require.NoError(t, worker.Prepare(ctx, r.settings, quiet, worker.ErasingPaused))
	require.True(t, paused())

	r.serve(nil, nil)
	require.NoError(t, schedule.Trigger(ctx, client.ScheduleTriggerOptions{}))
	r.until("erasing", func() error {
		described, err := schedule.Describe(ctx)
		if err == nil && len(described.Info.RecentActions) == 0 {
			err = errors.New("it was not started")
		}
		return err
	})
}
