package exams_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/exams/examstest"
)

const (
	acknowledgementHeader = "event_id,authorization_id,status,code\n"
	resultHeader          = "event_id,authorization_id,examined_at,outcome,version,reason\n"
)

func leave(t *testing.T, files exams.Files, key, body string) {
	require.NoError(t, files.Put(t.Context(), key, []byte(body), "text/csv"))
}

func TestCollectTakesEveryEventOnce(t *testing.T) {
	files := new(examstest.Files)
	// A byte order mark, CRLF, columns in another order, one more column, no line
	// break at the end: all of it is seen in the files of real vendors.
	leave(t, files, exams.AcknowledgementsPrefix+"2026-03-02.csv",
		"\ufeffauthorization_id,status,code,event_id,candidate_name\r\n"+
			first+",accepted,,a-1,Canary\r\n\r\n"+
			second+",rejected,last_name_too_long,a-2,Canary")
	leave(t, files, exams.ResultsPrefix+"2026-03-02.csv", resultHeader+
		"r-1,"+first+",2026-03-02T09:00:00-08:00,passed,,\n"+
		"r-2,"+strings.ToUpper(second)+",2026-03-02T17:00:00Z,no_show,,\n"+
		"r-3,"+second+",2026-03-02T17:00:00Z,incident,3,The power failed and Ana Canary had to leave\n"+
		"r-4,"+first+",2026-03-02T17:00:00Z,failed,2,rescored\n")
	leave(t, files, exams.ResultsPrefix+"2026-03-03.csv.part", "being written")
	leave(t, files, exams.ResultsPrefix, "")

	box := new(inbox)
	collected, err := link(t, files).Collect(t.Context(), box.receive)
	require.NoError(t, err)
	require.Equal(t, exams.Collected{Files: 2, Events: 6, Ignored: 1}, collected)
	require.Equal(t, []string{"a-1", "a-2", "r-1", "r-2", "r-3", "r-4"}, box.order)

	at := time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)
	envelope := func(id string) certification.Envelope {
		return certification.Envelope{Key: "exam:" + id, Actor: certification.Actor{Role: certification.RoleOutside, ID: "exam_vendor"}}
	}
	for id, want := range map[string]certification.Message{
		"a-1": &certification.ExamAuthorized{Envelope: envelope("a-1"), AuthorizationID: first},
		"a-2": &certification.ExamRefused{Envelope: envelope("a-2"), AuthorizationID: second, Reason: "last_name_too_long"},
		"r-1": &certification.ExamResult{Envelope: envelope("r-1"), AuthorizationID: first, Passed: true, ExaminedAt: at, Version: 1},
		"r-2": &certification.ExamNoShow{Envelope: envelope("r-2"), AuthorizationID: second, AppointmentAt: at},
		"r-3": &certification.ExamIncident{Envelope: envelope("r-3"), AuthorizationID: second, Reason: "other", Version: 3},
		"r-4": &certification.ExamResult{Envelope: envelope("r-4"), AuthorizationID: first, ExaminedAt: at, Version: 2},
	} {
		incoming := box.messages[id]
		require.Equal(t, "exam_vendor", incoming.Source)
		require.NotContains(t, string(incoming.Payload), "Canary")
		about, message, err := exams.Interpret(incoming)
		require.NoError(t, err)
		require.Equal(t, want, message)
		require.Contains(t, []string{first, second}, about)
	}

	keys := files.Keys()
	require.Len(t, keys, 4)
	require.Regexp(t, `^exam-vendor/done/acknowledgements/2026-03-02-[0-9a-f]{16}\.csv$`, keys[0])
	require.Regexp(t, `^exam-vendor/done/results/2026-03-02-[0-9a-f]{16}\.csv$`, keys[1])

	again, err := link(t, files).Collect(t.Context(), box.receive)
	require.NoError(t, err)
	require.Equal(t, exams.Collected{Ignored: 1}, again)
	require.Equal(t, 6, box.calls)
}

func TestCollectRepeatsWhatACrashCutShort(t *testing.T) {
	// Fails at each point in turn; what was received stays received and the file
	// stays until a whole Collect has moved it.
	for _, operation := range []string{"list", "get", "receive", "move"} {
		t.Run(operation, func(t *testing.T) {
			crash := errors.New("killed")
			crashed := false
			fail := func(now string) error {
				if now == operation && !crashed {
					crashed = true
					return crash
				}
				return nil
			}
			files := &examstest.Files{}
			leave(t, files, exams.ResultsPrefix+"a.csv", resultHeader+"r-1,"+first+",2026-03-02T17:00:00Z,passed,1,\nr-2,"+second+",2026-03-02T17:00:00Z,failed,1,\n")
			files.Before = func(now, _ string) error { return fail(now) }
			box := new(inbox)
			receive := func(ctx context.Context, incoming certification.Incoming) error {
				if incoming.ExternalID == "r-2" {
					if err := fail("receive"); err != nil {
						return err
					}
				}
				return box.receive(ctx, incoming)
			}
			_, err := link(t, files).Collect(t.Context(), receive)
			require.ErrorIs(t, err, crash)
			require.Equal(t, []string{exams.ResultsPrefix + "a.csv"}, files.Keys())

			_, err = link(t, files).Collect(t.Context(), receive)
			require.NoError(t, err)
			require.Equal(t, []string{"r-1", "r-2"}, box.order)
			require.Len(t, files.Keys(), 1)
			require.Contains(t, files.Keys()[0], exams.DonePrefix)
		})
	}
}

func TestCollectSetsAsideWhatItCannotRead(t *testing.T) {
	good := "r-1," + first + ",2026-03-02T17:00:00Z,passed,1,\n"
	for name, test := range map[string]struct {
		body   string
		events int
		report string
	}{
		"empty":             {"", 0, "1,,no_header\r\n"},
		"no such columns":   {"event,authorization\n" + good, 0, "1,event_id,no_such_column\r\n1,authorization_id,no_such_column\r\n1,examined_at,no_such_column\r\n1,outcome,no_such_column\r\n1,version,no_such_column\r\n1,reason,no_such_column\r\n"},
		"column twice":      {"event_id,event_id,authorization_id,examined_at,outcome,version,reason\n", 0, "1,event_id,column_twice\r\n"},
		"row cut short":     {resultHeader + good + "r-2," + first + ",2026-03-02T17:00:00Z,pass", 1, "3,,not_as_many_fields_as_the_header\r\n"},
		"stray quote":       {resultHeader + "\"r-2," + first + ",x,passed,1,\n" + good, 1, "2,,not_csv\r\n"},
		"line too long":     {resultHeader + strings.Repeat("x", 3*exams.MaxLineBytes) + "\n" + good, 1, "2,,line_too_long\r\n"},
		"header too long":   {strings.Repeat("x", 3*exams.MaxLineBytes) + "\n" + good, 0, "1,,line_too_long\r\n"},
		"unknown outcome":   {resultHeader + "r-2," + first + ",2026-03-02T17:00:00Z,maybe,1,\n" + good, 1, "2,outcome,unknown\r\n"},
		"not an instant":    {resultHeader + "r-2," + first + ",Ana Canary,passed,1,\n" + good, 1, "2,examined_at,not_an_instant\r\n"},
		"no zone":           {resultHeader + "r-2," + first + ",2026-03-02T17:00:00,no_show,1,\n" + good, 1, "2,examined_at,not_an_instant\r\n"},
		"not a UUID":        {resultHeader + "r-2,=canary,2026-03-02T17:00:00Z,passed,1,\n" + good, 1, "2,authorization_id,not_a_uuid\r\n"},
		"event is a person": {resultHeader + "ana@canary.org," + first + ",2026-03-02T17:00:00Z,passed,1,\n" + good, 1, "2,event_id,not_an_id\r\n"},
		"version zero":      {resultHeader + "r-2," + first + ",2026-03-02T17:00:00Z,passed,0,\n" + good, 1, "2,version,not_a_version\r\n"},
		"version negative":  {resultHeader + "r-2," + first + ",2026-03-02T17:00:00Z,passed,-1,\n" + good, 1, "2,version,not_a_version\r\n"},
		"version in words":  {resultHeader + "r-2," + first + ",2026-03-02T17:00:00Z,passed,two,\n" + good, 1, "2,version,not_a_version\r\n"},
		"version too large": {resultHeader + "r-2," + first + ",2026-03-02T17:00:00Z,passed,99999999999999999999,\n" + good, 1, "2,version,not_a_version\r\n"},
		"a zero byte":       {resultHeader + "r\x00," + first + ",2026-03-02T17:00:00Z,passed,1,\n" + good, 1, "2,event_id,not_an_id\r\n"},
		"two things wrong":  {resultHeader + "," + first + "x,2026-03-02T17:00:00Z,passed,1,\n" + good, 1, "2,event_id,not_an_id\r\n2,authorization_id,not_a_uuid\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			files := new(examstest.Files)
			leave(t, files, exams.ResultsPrefix+"bad.CSV", test.body)
			box := new(inbox)
			collected, err := link(t, files).Collect(t.Context(), box.receive)
			require.NoError(t, err)
			keys := files.Keys()
			require.Len(t, keys, 2)
			name := regexp.MustCompile(`^exam-vendor/rejected/results/bad-([0-9a-f]{16})\.csv$`).FindStringSubmatch(keys[0])
			require.NotNil(t, name, keys[0])
			require.Equal(t, exams.Collected{Files: 1, Events: test.events, Rejected: []exams.Rejected{{Sum: name[1], Lines: 1}}}, collected)
			require.Equal(t, keys[0]+".errors.csv", keys[1])
			require.Equal(t, test.body, files.Text(keys[0]))
			require.Equal(t, "line,field,problem\r\n"+test.report, files.Text(keys[1]))
		})
	}
}

func TestCollectStopsReadingAnEndlessFile(t *testing.T) {
	files := new(examstest.Files)
	row := "r-1," + first + ",2026-03-02T17:00:00Z,passed,1,\n"
	leave(t, files, exams.ResultsPrefix+"long.csv", resultHeader+strings.Repeat(row, 2*exams.MaxFileBytes/len(row)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	calls := 0
	collected, err := link(t, files).Collect(t.Context(), func(context.Context, certification.Incoming) error {
		if calls++; calls%50_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc)
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, collected.Rejected, 1)
	require.Equal(t, (exams.MaxFileBytes-len(resultHeader))/len(row), collected.Events)
	require.Less(t, int64(most)-int64(before.HeapAlloc), int64(1<<20), "memory grows with the file")
	keys := files.Keys()
	require.Equal(t, fmt.Sprintf("line,field,problem\r\n%d,,file_too_long\r\n", collected.Events+2), files.Text(keys[1]))
}

func TestCollectBoundsTheReport(t *testing.T) {
	files := new(examstest.Files)
	leave(t, files, exams.ResultsPrefix+"a.csv", resultHeader+strings.Repeat("x\n", 5000))
	collected, err := link(t, files).Collect(t.Context(), new(inbox).receive)
	require.NoError(t, err)
	require.Equal(t, 5000, collected.Rejected[0].Lines)
	report := files.Text(files.Keys()[1])
	require.True(t, strings.HasSuffix(report, ",,and_more\r\n"))
	require.Equal(t, 1001, strings.Count(report, "\n"))
}

func TestCollectLeavesAFileThatBreaksWhileItIsRead(t *testing.T) {
	files := new(examstest.Files)
	leave(t, files, exams.ResultsPrefix+"a.csv", resultHeader+"r-1,"+first+",2026-03-02T17:00:00Z,passed,1,\n")
	_, err := link(t, breaking{files}).Collect(t.Context(), new(inbox).receive)
	require.Error(t, err)
	require.Equal(t, []string{exams.ResultsPrefix + "a.csv"}, files.Keys())
}

func TestCollectGoesOnPastAFileThatFails(t *testing.T) {
	files := new(examstest.Files)
	for i := range 3 {
		leave(t, files, fmt.Sprintf("%s%d.csv", exams.ResultsPrefix, i), resultHeader+fmt.Sprintf("r-%d,", i)+first+",2026-03-02T17:00:00Z,passed,1,\n")
	}
	files.Before = func(operation, key string) error {
		if operation == "get" && strings.HasSuffix(key, "0.csv") {
			return errors.New("unreadable object")
		}
		return nil
	}
	box := new(inbox)
	_, err := link(t, files).Collect(t.Context(), box.receive)
	require.Error(t, err)
	require.Equal(t, []string{"r-1", "r-2"}, box.order)
}

func TestCollectGivesUpWhenNothingCanBeStored(t *testing.T) {
	files := new(examstest.Files)
	for i := range 20 {
		leave(t, files, fmt.Sprintf("%s%d.csv", exams.ResultsPrefix, i), resultHeader+"r-1,"+first+",2026-03-02T17:00:00Z,passed,1,\n")
	}
	calls := 0
	_, err := link(t, files).Collect(t.Context(), func(context.Context, certification.Incoming) error {
		calls++
		return errors.New("the records are down")
	})
	require.Error(t, err)
	require.Equal(t, 5, calls)
	require.Len(t, files.Keys(), 20)
}

// A vendor that uses a name again must not overwrite what was taken before.
func TestCollectKeepsFilesOfOneName(t *testing.T) {
	files := new(examstest.Files)
	for i := range 2 {
		leave(t, files, exams.ResultsPrefix+"results.csv", resultHeader+fmt.Sprintf("r-%d,", i)+first+",2026-03-02T17:00:00Z,passed,1,\n")
		_, err := link(t, files).Collect(t.Context(), new(inbox).receive)
		require.NoError(t, err)
	}
	require.Len(t, files.Keys(), 2)
}

func FuzzCollect(f *testing.F) {
	f.Add(resultHeader + "r-1," + first + ",2026-03-02T17:00:00Z,passed,1,\n")
	f.Add("\ufeff" + resultHeader + "\"r-1\"," + first + ",2026-03-02T17:00:00+14:00,incident,,\"a\"\"b\"\r\n")
	f.Add(resultHeader + "\"\n\"")
	f.Add("\n\n\n")
	f.Fuzz(func(t *testing.T, body string) {
		files := new(examstest.Files)
		leave(t, files, exams.ResultsPrefix+"a.csv", body)
		collected, err := link(t, files).Collect(t.Context(), func(_ context.Context, incoming certification.Incoming) error {
			if _, _, err := exams.Interpret(incoming); err != nil {
				t.Fatalf("%s: %v", incoming.Payload, err)
			}
			return nil
		})
		if err != nil || collected.Files != 1 {
			t.Fatalf("%+v %v", collected, err)
		}
	})
}
