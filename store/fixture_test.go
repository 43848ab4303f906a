package store_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/store"
	"peercert/store/queries"
)

// records is a store on a database of its own, with a clock that the test moves.
type records struct {
	*store.Store
	t     *testing.T
	url   string
	clock *atomic.Pointer[time.Time]
	sql   *pgx.Conn // beside the store, to look and to arrange
}

var noon = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

func open(t *testing.T) *records {
	t.Helper()
	r := &records{t: t, url: stacktest.Database(t, store.Migrate), clock: new(atomic.Pointer[time.Time])}
	r.at(noon)
	var err error
	r.Store, err = store.Open(t.Context(), r.url, 20, func() time.Time { return *r.clock.Load() })
	require.NoError(t, err)
	t.Cleanup(r.Store.Close)
	r.sql, err = pgx.Connect(t.Context(), r.url)
	require.NoError(t, err)
	t.Cleanup(func() { r.sql.Close(context.Background()) })
	return r
}

func (r *records) at(now time.Time) { r.clock.Store(&now) }

func (r *records) later(by time.Duration) { r.at(r.clock.Load().Add(by)) }

// one reads a single value by SQL.
func one[T any](r *records, query string, arguments ...any) T {
	r.t.Helper()
	var value T
	require.NoError(r.t, r.sql.QueryRow(r.t.Context(), query, arguments...).Scan(&value))
	return value
}

func (r *records) applicant() string {
	r.t.Helper()
	id := store.NewID()
	require.NoError(r.t, r.AddApplicant(r.t.Context(), queries.AddApplicantParams{
		ID: id, CandidateID: uuid.NewString(), Email: id + "@example.test", EmailFolded: id + "@example.test",
		FirstName: "Made", LastName: "Up", Address: []byte("{}"), Language: "en", CreatedAt: *r.clock.Load(),
	}))
	return id
}

// life is a case as its workflow would know it.
type life struct {
	*records
	certification.Case
}

func (r *records) born() *life {
	r.t.Helper()
	id := store.NewID()
	return &life{records: r, Case: certification.Case{
		ID: id, Number: "PC-" + id[24:28] + "-" + id[28:32], ApplicantID: r.applicant(), CountyPlan: "Kern",
		Policy: certification.CurrentPolicy(noon),
	}}
}

// step prepares a transition to a stage: the promise of the stage before is closed,
// the one of the next is opened.
func (l *life) step(key string, next certification.Stage, change ...func(t *certification.Transition)) certification.Transition {
	t := certification.Transition{
		Case:  l.Case.Clone(),
		Event: certification.Event{Signal: certification.SignalWithdraw, Key: key, Actor: certification.Actor{Role: certification.RoleApplicant, ID: l.ApplicantID}, From: l.Stage, To: next},
	}
	t.Case.Revision = l.Revision + 1
	t.Case.Stage = next
	if next != l.Stage {
		for _, promise := range l.Promises {
			t.Close = append(t.Close, promise.Kind)
		}
		if next != certification.StageClosed {
			t.Open = append(t.Open, t.Case.PromiseOf(next, certification.Deadline{Months: 12}, certification.Deadline{Months: 24}))
		}
	}
	for _, f := range change {
		f(&t)
	}
	return t
}

// commit writes a step as the workflow would, and takes its answer.
func (l *life) commit(t certification.Transition) certification.Settled {
	l.t.Helper()
	settled, err := l.Commit(l.t.Context(), t)
	require.NoError(l.t, err)
	if !settled.Repeated && settled.Refused == nil {
		l.Case = t.Apply(settled)
	}
	return settled
}

// reach is step and commit.
func (l *life) reach(key string, next certification.Stage, change ...func(t *certification.Transition)) certification.Settled {
	l.t.Helper()
	return l.commit(l.step(key, next, change...))
}

func letter(letter certification.Letter) func(*certification.Transition) {
	return func(t *certification.Transition) {
		t.Notices = append(t.Notices, certification.NoticeRequest{Letter: letter})
	}
}

func ask(fee certification.Fee) func(*certification.Transition) {
	return func(t *certification.Transition) {
		t.Case.Payment = &certification.OpenPayment{Fee: fee, AmountCents: t.Case.Policy.AmountCents(fee)}
		t.Ask = true
	}
}

func settle(status string) func(*certification.Transition) {
	return func(t *certification.Transition) {
		t.Payment = &certification.PaymentOutcome{ID: t.Case.Payment.ID, Status: status}
		t.Case.Payment = nil
	}
}

// credited says what became of a payment whose money came late.
func credited(id, status string) func(*certification.Transition) {
	return func(t *certification.Transition) {
		t.Credit = &certification.PaymentOutcome{ID: id, Status: status, At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	}
}

func authorize(t *certification.Transition) {
	t.Case.Exam = &certification.Exam{Language: "en", Place: "online"}
	t.Authorize = true
}

func submit(form certification.Form, revision int) func(*certification.Transition) {
	return func(t *certification.Transition) {
		t.Submit = &certification.DraftAt{Form: form, Revision: revision}
	}
}

func reopen(form certification.Form) func(*certification.Transition) {
	return func(t *certification.Transition) { t.Reopen = form }
}

// save saves the draft of a form, which must be at a revision.
func (l *life) save(form certification.Form, seen int) int64 {
	l.t.Helper()
	rows, err := l.SaveDraft(l.t.Context(), queries.SaveDraftParams{
		CaseID: l.ID, Form: string(form), DraftValues: []byte(`{}`), At: l.Now(), SeenRevision: seen,
	})
	require.NoError(l.t, err)
	return rows
}

// handedIn is the revision at which a draft is out of the applicant's hands.
func (l *life) handedIn(form certification.Form) *int {
	l.t.Helper()
	draft, err := l.ReadDraft(l.t.Context(), queries.ReadDraftParams{CaseID: l.ID, Form: string(form)})
	require.NoError(l.t, err)
	return draft.SubmittedRevision
}

// sent is what a form said each time it was handed in.
func (l *life) sent(form certification.Form) (all []string) {
	l.t.Helper()
	rows, err := l.HandedInValues(l.t.Context(), l.ID)
	require.NoError(l.t, err)
	for _, row := range rows {
		if row.Form == string(form) {
			all = append(all, string(row.HandedInValues))
		}
	}
	return all
}

// events are the keys of the log, newest first, void ones with a minus.
func (l *life) events() []string {
	l.t.Helper()
	rows, err := l.Events(l.t.Context(), queries.EventsParams{CaseID: l.ID, Before: 1 << 62, Most: 1000})
	require.NoError(l.t, err)
	var keys []string
	for _, row := range rows {
		var event certification.Event
		require.NoError(l.t, json.Unmarshal(row.Event, &event))
		if row.VoidedAt != nil {
			event.Key = "-" + event.Key
		}
		keys = append(keys, event.Key)
	}
	return keys
}

// atRest holds the records against the case: the snapshot, the columns that lists
// filter by, and the open promises are all the case's.
func (l *life) atRest() {
	l.t.Helper()
	row, err := l.Store.Case(l.t.Context(), l.ID)
	require.NoError(l.t, err)
	requireSame(l.t, l.Case, row.Case)

	type columns struct {
		Stage, Outcome, WaitsOn, Assignee string
		Revision                          int
		Due                               *time.Time
		Overdue                           bool
		Attention                         []string
		Certificate                       *string
		Expires                           *time.Time
	}
	var c columns
	require.NoError(l.t, l.sql.QueryRow(l.t.Context(), `SELECT stage, outcome, waits_on, assignee, revision, due_at, overdue, attention,
		certificate_number, expires_at FROM cases WHERE id = $1`, l.ID).
		Scan(&c.Stage, &c.Outcome, &c.WaitsOn, &c.Assignee, &c.Revision, &c.Due, &c.Overdue, &c.Attention, &c.Certificate, &c.Expires))
	require.Equal(l.t, string(l.Stage), c.Stage)
	require.Equal(l.t, string(l.Outcome), c.Outcome)
	require.Equal(l.t, string(l.WaitsOn()), c.WaitsOn)
	require.Equal(l.t, l.Assignee, c.Assignee)
	require.Equal(l.t, l.Revision, c.Revision)
	require.Equal(l.t, l.Overdue(), c.Overdue)
	if l.DueAt().IsZero() {
		require.Nil(l.t, c.Due)
	} else {
		require.True(l.t, c.Due.Equal(l.DueAt()), "%s, not %s", c.Due, l.DueAt())
	}
	require.Len(l.t, c.Attention, len(l.Attention))
	if l.Certificate != nil {
		require.Equal(l.t, l.Certificate.Number, *c.Certificate)
		require.True(l.t, c.Expires.Equal(l.Certificate.ExpiresAt))
	} else {
		require.Nil(l.t, c.Certificate)
	}

	promises, err := l.PromisesOf(l.t.Context(), l.ID)
	require.NoError(l.t, err)
	open := map[string]queries.Promise{}
	for _, promise := range promises {
		if promise.EndedAt == nil {
			require.Nil(l.t, promise.Kept)
			open[promise.ID] = promise
		} else {
			require.NotNil(l.t, promise.Kept)
		}
	}
	require.Len(l.t, open, len(l.Promises))
	for _, promise := range l.Promises {
		found := open[promise.ID]
		require.Equal(l.t, string(promise.Kind), found.Kind)
		require.Equal(l.t, string(promise.WaitsOn), found.WaitsOn)
		require.Equal(l.t, promise.Overdue, found.Overdue)
		require.True(l.t, promise.DueAt.Equal(found.DueAt))
		require.True(l.t, promise.Rungs[0].At.Equal(found.NextAt))
		require.Equal(l.t, promise.StoppedAt.IsZero(), found.StoppedAt == nil)
	}
}

// requireSame compares as JSON in UTC: instants that are equal are the same.
func requireSame(t *testing.T, want, got any) {
	t.Helper()
	normal := func(value any) string {
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		var tree any
		require.NoError(t, json.Unmarshal(encoded, &tree))
		encoded, err = json.Marshal(inUTC(tree))
		require.NoError(t, err)
		return string(encoded)
	}
	require.JSONEq(t, normal(want), normal(got))
}

func inUTC(tree any) any {
	switch tree := tree.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, tree); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	case []any:
		for i := range tree {
			tree[i] = inUTC(tree[i])
		}
	case map[string]any:
		for name := range tree {
			tree[name] = inUTC(tree[name])
		}
	}
	return tree
}
