package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/store"
	"peercert/worker"
)

// lines keeps what is logged.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

// with are the lines that have some words in them.
func (l *lines) with(words string) (found []string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, words) {
			found = append(found, line)
		}
	}
	return found
}

func values(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if len(metric.GetLabel()) == 0 {
				found[family.GetName()] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return found
}

// counted is how the programme stands now.
func (r *rig) counted() map[string]float64 {
	r.t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(worker.NewStanding(r.parts))
	return values(r.t, registry)
}

// statements are the SQL of a section of the runbook, in order, about one message.
func statements(t *testing.T, section string, id int64) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/runbooks/stuck-case.md")
	require.NoError(t, err)
	_, text, there := strings.Cut(string(page), "\n## "+section+"\n")
	require.True(t, there, "the runbook has no section %q", section)
	text, _, _ = strings.Cut(text, "\n## ")
	var found []string
	for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(text, -1) {
		found = append(found, strings.ReplaceAll(block[1], "<id>", fmt.Sprint(id)))
	}
	return found
}

// A message that matches no case is logged and counted, once, for as long as nobody has
// dealt with it; and the runbook says truly how that is done.
func TestAMessageThatMatchesNoCaseIsSeen(t *testing.T) {
	r := newRig(t)
	log := new(lines)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- worker.ServeWith(ctx, r.parts, worker.ActivitiesOf(r.parts), slog.New(slog.NewTextHandler(log, nil)))
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	authorizationID := r.recorded(caseID).Exam.AuthorizationID
	strange := store.NewID()
	require.NoError(t, r.parts.Cases.Receive(t.Context(), certification.Incoming{
		Source: exams.Source, ExternalID: "evt-strange", Kind: exams.TypeAccepted,
		Payload: fmt.Appendf(nil, `{"event_id": "evt-strange", "type": %q, "authorization_id": %q}`, exams.TypeAccepted, strange),
	}))
	const words = "matches no case"
	logged := func(times int) {
		t.Helper()
		r.until("the line", func() error {
			if found := log.with(words); len(found) != times {
				return fmt.Errorf("%d lines", len(found))
			}
			return nil
		})
	}
	logged(1)
	require.Contains(t, log.with(words)[0], "level=WARN")
	require.Equal(t, 1.0, r.counted()["peercert_inbox_parked"])
	require.Zero(t, r.counted()["peercert_inbox_waiting"])

	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	var id int64
	require.NoError(t, sql.QueryRow(t.Context(), "SELECT id FROM inbox WHERE external_id = 'evt-strange'").Scan(&id))
	require.Contains(t, log.with(words)[0], fmt.Sprintf("inbox_id=%d ", id))
	do := statements(t, "A result is late", id)
	require.Len(t, do, 3)
	find, again, aside := do[0], do[1], do[2]
	rows, err := sql.Query(t.Context(), find)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, id, found[0]["id"])
	require.Equal(t, strange, found[0]["authorization_id"])

	// Delivered again, it is parked again for as long as there is no such authorization.
	tag, err := sql.Exec(t.Context(), again)
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())
	logged(2)

	_, err = sql.Exec(t.Context(), aside)
	require.NoError(t, err)
	require.Zero(t, r.counted()["peercert_inbox_parked"], "put aside")

	// And once there is one, it arrives.
	_, err = sql.Exec(t.Context(), "UPDATE inbox SET outcome = 'parked: as before', payload = jsonb_set(payload, '{authorization_id}', to_jsonb($2::text)) WHERE id = $1", id, authorizationID)
	require.NoError(t, err)
	_, err = sql.Exec(t.Context(), again)
	require.NoError(t, err)
	r.until("the case to have it", func() error {
		if !r.recorded(caseID).Exam.Authorized {
			return errors.New("it has not")
		}
		return nil
	})
	require.Len(t, log.with(words), 2)
}

// What the exam vendor left and nobody could read is logged and counted, without a name.
func TestFilesThatCannotBeReadAreSeen(t *testing.T) {
	r := newRig(t)
	log := new(lines)
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(quiet) })
	files := r.parts.Documents.Files(exams.Prefix)
	leave := func(key, body string) {
		t.Helper()
		require.NoError(t, files.Put(t.Context(), key, []byte(body), "text/csv"))
	}
	collect := func() int {
		t.Helper()
		events, err := worker.ActivitiesOf(r.parts).Authorizations.CollectExamFiles(t.Context())
		require.NoError(t, err)
		return events
	}
	now := func() [3]float64 {
		all := values(t, r.parts.Metrics)
		return [3]float64{all["peercert_exam_files_rejected_total"], all["peercert_exam_lines_unreadable_total"], all["peercert_exam_files_ignored"]}
	}
	require.Zero(t, now(), "there before the first file, so that it is seen to grow")

	const header = "event_id,authorization_id,examined_at,outcome,version,reason\n"
	leave(exams.ResultsPrefix+"Canary Person.csv", header+
		"r-1,"+store.NewID()+",2026-03-02T17:00:00Z,passed,1,\n"+"r-2,Canary,2026-03-02T17:00:00Z,passed,1,\n"+"cut\n")
	leave(exams.ResultsPrefix+"Canary Person.txt", "left here")
	require.Equal(t, 1, collect())
	require.Equal(t, [3]float64{1, 2, 1}, now())
	keys, err := files.List(t.Context(), exams.RejectedPrefix)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	rejected := log.with("lines that could not be read")
	require.Len(t, rejected, 1)
	sum := regexp.MustCompile(`file_sum=([0-9a-f]{16}) lines=2`).FindStringSubmatch(rejected[0])
	require.NotNil(t, sum, rejected[0])
	require.Contains(t, keys[0], sum[1]+".csv", "who reads the line finds the file")
	require.Len(t, log.with("left where they are"), 1)

	require.Zero(t, collect())
	require.Equal(t, [3]float64{1, 2, 1}, now())
	require.Len(t, log.with("left where they are"), 1, "said once, not at each collection")
	require.NoError(t, files.Remove(t.Context(), exams.ResultsPrefix+"Canary Person.txt"))
	require.Zero(t, collect())
	require.Equal(t, [3]float64{1, 2, 0}, now())
	require.Empty(t, log.with("Canary"))
}
