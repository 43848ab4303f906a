package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/store"
	"peercert/worker"
	"peercert/workflows"
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

// served runs a worker until the test ends, and gives its log.
func (r *rig) served() *lines {
	r.t.Helper()
	log := new(lines)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- worker.ServeWith(ctx, r.parts, worker.ActivitiesOf(r.parts), slog.New(slog.NewTextHandler(log, nil)))
	}()
	r.t.Cleanup(func() {
		stop()
		require.NoError(r.t, <-done)
	})
	return log
}

// A message that matches no case is logged and counted, once, for as long as nobody has
// dealt with it; and the runbook says truly how that is done.
func TestAMessageThatMatchesNoCaseIsSeen(t *testing.T) {
	r := newRig(t)
	log := r.served()
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

// A vendor who says nothing of an authorization for days is noticed, once for each time
// that it was sent.
func TestAnAuthorizationWithoutAnAnswerIsNoticed(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	id := r.recorded(caseID).Exam.AuthorizationID
	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	sentSince := func(age string) func() error {
		return func() error {
			var recent bool
			err := sql.QueryRow(t.Context(), "SELECT coalesce(sent_at > now() - $2::interval, false) FROM authorizations WHERE id = $1", id, age).Scan(&recent)
			if err == nil && !recent {
				err = errors.New("it was not sent")
			}
			return err
		}
	}
	parts, ahead := *r.parts, time.Duration(0)
	parts.Now = func() time.Time { return time.Now().Add(ahead) }
	collectAgain := func() (told int) { // within the minutes in which nobody looks again
		t.Helper()
		_, err := worker.ActivitiesOf(&parts).Authorizations.CollectExamFiles(t.Context())
		require.NoError(t, err)
		require.NoError(t, sql.QueryRow(t.Context(), "SELECT count(*) FROM inbox WHERE kind = 'exam-unanswered'").Scan(&told))
		return told
	}
	collect := func() (told int) {
		t.Helper()
		ahead += 6 * time.Minute
		return collectAgain()
	}
	days := func(count int) {
		t.Helper()
		_, err := sql.Exec(t.Context(), "UPDATE authorizations SET sent_at = sent_at - make_interval(days => $2) WHERE id = $1", id, count)
		require.NoError(t, err)
	}
	attention := func(wanted bool) func() error {
		return func() error {
			if r.recorded(caseID).NeedsAttentionFor(certification.AttentionVendor, id) != wanted {
				return fmt.Errorf("attention is not %t", wanted)
			}
			return nil
		}
	}
	r.until("the authorization", sentSince("1 minute"))
	require.Zero(t, collect(), "the vendor has had it for a moment")
	days(3)
	require.Zero(t, collectAgain(), "every few minutes is enough")
	require.Equal(t, 1, collect())
	require.Equal(t, 1, collect(), "said once")
	r.until("attention", attention(true))

	r.must(caseID, &certification.RetryStep{})
	r.until("the authorization again", sentSince("1 minute"))
	r.until("no attention", attention(false))
	require.Equal(t, 1, collect())
	days(4) // it may have gone out twice in one second
	require.Equal(t, 2, collect())
	r.until("attention again", attention(true))

	require.NoError(t, r.signal(caseID, &certification.ExamAuthorized{AuthorizationID: id}))
	r.until("the answer", attention(false))
	days(9)
	require.Equal(t, 2, collect(), "it has its answer")
}

// A correction that comes when the case is closed waits for a person; a repeat does not.
func TestACorrectionAfterTheEndIsSeen(t *testing.T) {
	r := newRig(t)
	log := r.served()
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	id := r.recorded(caseID).Exam.AuthorizationID
	require.NoError(t, r.signal(caseID, &certification.ExamNoShow{AuthorizationID: id, AppointmentAt: time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)}))
	r.reach(caseID, certification.StageExamFee)
	require.NoError(t, r.signal(caseID, &certification.ExamIncident{AuthorizationID: id, Reason: "fire_alarm"}))
	r.until("a note", func() error {
		if !r.recorded(caseID).NeedsAttentionFor(certification.AttentionVendor, id) {
			return errors.New("none")
		}
		return nil
	})
	r.must(caseID, &certification.Withdraw{Envelope: certification.Envelope{Actor: applicant}})
	r.reach(caseID, certification.StageClosed)

	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	outcome := func(event, body string) (outcome string) {
		t.Helper()
		incoming := certification.Incoming{Source: exams.Source, ExternalID: event}
		var parsed struct{ Type string }
		require.NoError(t, json.Unmarshal([]byte(body), &parsed))
		incoming.Kind, incoming.Payload = parsed.Type, fmt.Appendf(nil, `{"event_id": %q, "authorization_id": %q, %s`, event, id, body[1:])
		require.NoError(t, r.parts.Cases.Receive(t.Context(), incoming))
		r.until("the message to be dealt with", func() error {
			err := sql.QueryRow(t.Context(), "SELECT outcome FROM inbox WHERE external_id = $1 AND processed_at IS NOT NULL", event).Scan(&outcome)
			return err
		})
		return outcome
	}
	r.until("the note of before the end to wait with what comes after it", func() error {
		var kept string
		err := sql.QueryRow(t.Context(), "SELECT outcome FROM inbox WHERE source = 'steps' AND payload->>'authorization_id' = $1 AND processed_at IS NOT NULL", id).Scan(&kept)
		if err == nil && kept != "parked: after the end" {
			err = errors.New(kept)
		}
		return err
	})
	require.Empty(t, r.recorded(caseID).Attention)
	require.NotContains(t, outcome("evt-again", `{"type": "no_show", "appointment_at": "2026-03-02T17:00:00Z"}`), "parked")
	require.Equal(t, 1.0, r.counted()["peercert_inbox_parked"])
	require.Equal(t, "parked: after the end", outcome("evt-else", `{"type": "result", "outcome": "passed", "examined_at": "2026-03-02T17:00:00Z"}`))
	require.Equal(t, "parked: after the end", outcome("evt-version", `{"type": "no_show", "appointment_at": "2026-03-02T17:00:00Z", "version": 2}`))
	require.Equal(t, 3.0, r.counted()["peercert_inbox_parked"])
	r.until("the lines", func() error {
		if found := log.with("what a closed case acted upon"); len(found) != 3 {
			return fmt.Errorf("%d lines", len(found))
		}
		return nil
	})
	r.until("the workflow to end", func() error {
		described, err := r.parts.Temporal.DescribeWorkflowExecution(t.Context(), workflows.CaseWorkflowID(caseID), "")
		if err == nil && described.GetWorkflowExecutionInfo().GetCloseTime() == nil {
			err = errors.New("it runs")
		}
		return err
	})
	require.Equal(t, "parked: after the end", outcome("evt-incident", `{"type": "incident", "reason": "power_failure"}`))
	require.Equal(t, "the case is closed", outcome("evt-once-more", `{"type": "no_show", "appointment_at": "2026-03-02T17:00:00Z"}`))
}
