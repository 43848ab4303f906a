package store_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/store"
	"peercert/store/queries"
)

func TestMigrationsCanBeRepeatedAndMeetEachOther(t *testing.T) {
	r := open(t) // migrated once
	require.NoError(t, store.Migrate(t.Context(), r.url))
	version := "SELECT max(version_id) FROM goose_db_version"
	before := one[int64](r, version)
	atOnce(t, 4, func(int) error { return store.Migrate(t.Context(), r.url) })
	require.Equal(t, before, one[int64](r, version))

	_, err := r.sql.Exec(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	require.NoError(t, err)
	atOnce(t, 3, func(int) error { return store.Migrate(t.Context(), r.url) })
	require.Equal(t, before, one[int64](r, version))
	require.Zero(t, one[int64](r, "SELECT count(*) FROM cases"))
}

// What people typed never gets into the text of an error, whatever goes wrong.
func TestErrorsQuoteNoValues(t *testing.T) {
	const canary = "Zebulon-Quirke"
	r := open(t)
	ctx := t.Context()
	l := r.born()
	l.reach("register", certification.StageIntroVideo)
	person := queries.AddApplicantParams{
		ID: store.NewID(), CandidateID: store.NewID(), Email: canary, EmailFolded: canary, FirstName: canary, LastName: canary,
		Address: []byte(`{"line1": "` + canary + `"}`), Language: "en", CreatedAt: noon,
	}
	require.NoError(t, r.AddApplicant(ctx, person))
	with := func(change func(p *queries.AddApplicantParams)) queries.AddApplicantParams {
		other := person
		other.ID, other.CandidateID, other.EmailFolded = store.NewID(), store.NewID(), canary+store.NewID()
		change(&other)
		return other
	}
	for name, failing := range map[string]func() error{
		"a duplicate": func() error {
			return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.ID = person.ID }))
		},
		"no uuid": func() error { return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.ID = canary })) },
		"broken JSON": func() error {
			return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.Address = []byte(canary) }))
		},
		"a character of 0": func() error {
			return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.LastName = canary + "\x00" }))
		},
		"such a character as JSON": func() error {
			return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.Address = []byte(`["` + canary + `\u0000"]`) }))
		},
		"no UTF-8": func() error {
			return r.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.LastName = canary + "\xff" }))
		},
		"one row":   func() error { _, err := r.ReadCase(ctx, canary); return err },
		"many rows": func() error { _, err := r.DocumentsOf(ctx, canary); return err },
		"an array":  func() error { _, err := r.KnownDocuments(ctx, []string{canary}); return err },
		"a foreign key": func() error {
			return r.WriteNote(ctx, queries.WriteNoteParams{CaseID: store.NewID(), Key: "k", Code: "c", Note: canary})
		},
		"a transaction": func() error {
			return r.InTransaction(ctx, func(q *queries.Queries) error {
				return q.AddApplicant(ctx, with(func(p *queries.AddApplicantParams) { p.ID = canary }))
			})
		},
		"a list": func() error {
			_, err := r.ListCases(ctx, store.CaseFilter{ApplicantID: canary, Most: 10})
			return err
		},
	} {
		err := failing()
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), canary, name)
		require.NotErrorIs(t, err, store.ErrUnavailable, "%s: another try does not help", name)
		var failure *store.Failure
		require.ErrorAs(t, err, &failure, name)
		if name == "a character of 0" || name == "such a character as JSON" || name == "no UTF-8" {
			require.ErrorIs(t, err, store.ErrUnstorable, name)
		}
	}
	_, err := store.Open(ctx, "postgres://"+canary+":"+canary+"@[", 2, time.Now)
	require.Error(t, err)
	require.NotContains(t, err.Error(), canary)
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	r := open(t)
	born := time.Date(1990, 2, 28, 0, 0, 0, 0, time.UTC)
	at := time.Date(2026, 11, 1, 1, 30, 0, 123456000, certification.Pacific) // the hour that comes twice
	name := "نور e\u0301 محمد"
	id := store.NewID()
	require.NoError(t, r.AddApplicant(t.Context(), queries.AddApplicantParams{
		ID: id, CandidateID: store.NewID(), Email: "e", EmailFolded: "e", FirstName: name, LastName: "👩🏽‍⚕️", Address: []byte(`{"city":"` + name + `"}`),
		Language: "es", DateOfBirth: &born, CreatedAt: at,
	}))
	person, err := r.ReadApplicant(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, id, person.ID)
	require.Equal(t, name, person.FirstName)
	require.Equal(t, "👩🏽‍⚕️", person.LastName)
	require.JSONEq(t, `{"city":"`+name+`"}`, string(person.Address))
	require.Equal(t, born, person.DateOfBirth.UTC())
	require.Equal(t, at.UTC(), person.CreatedAt, "instants come in UTC")
}

func TestALostDatabaseIsUnavailable(t *testing.T) {
	r := open(t)
	address, err := url.Parse(r.url)
	require.NoError(t, err)
	p := stacktest.Before(t, address.Host)
	address.Host = p.Address
	s, err := store.Open(t.Context(), address.String(), 4, r.Now)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	l := r.born()
	l.reach("register", certification.StageIntroVideo)
	calls := map[string]func(ctx context.Context) error{
		"ping": s.Ping,
		"one":  func(ctx context.Context) error { _, err := s.Case(ctx, l.ID); return err },
		"many": func(ctx context.Context) error { _, err := s.PromisesOf(ctx, l.ID); return err },
		"list": func(ctx context.Context) error { _, err := s.ListCases(ctx, store.CaseFilter{Most: 1}); return err },
		"exec": func(ctx context.Context) error { return s.CountTry(ctx, l.ID) },
		"transaction": func(ctx context.Context) error {
			return s.InTransaction(ctx, func(q *queries.Queries) error { return q.CountTry(ctx, l.ID) })
		},
		"commit": func(ctx context.Context) error {
			_, err := s.Commit(ctx, l.step("video", certification.StageApplication))
			return err
		},
	}
	for name, call := range calls {
		require.NoError(t, call(t.Context()), name)
	}
	for name, call := range calls {
		p.Down()
		require.ErrorIs(t, call(t.Context()), store.ErrUnavailable, "%s: the connection was cut", name)
		require.ErrorIs(t, call(t.Context()), store.ErrUnavailable, "%s: no connection can be made", name)
		p.Up()
		require.Eventually(t, func() bool { return call(t.Context()) == nil }, 30*time.Second, 20*time.Millisecond, "%s: it is back", name)

		p.Silent()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		require.ErrorIs(t, call(ctx), store.ErrUnavailable, "%s: it stays silent", name)
		cancel()
		p.Up()
	}

	// Cut in the middle of a transaction: all or nothing.
	err = s.InTransaction(t.Context(), func(q *queries.Queries) error {
		if err := q.WriteNote(t.Context(), queries.WriteNoteParams{CaseID: l.ID, Key: "k", Code: "c", Note: "n"}); err != nil {
			return err
		}
		p.Cut()
		return nil
	})
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.Zero(t, one[int64](r, "SELECT count(*) FROM decision_notes"))

	// The server ends the sessions, as it does when it is stopped.
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, 30*time.Second, 20*time.Millisecond) // others were cut as well
	_, err = r.sql.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'peercert' AND datname = current_database()")
	require.NoError(t, err)
	if _, err := s.Case(t.Context(), l.ID); err != nil {
		require.ErrorIs(t, err, store.ErrUnavailable)
	}
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, 30*time.Second, 20*time.Millisecond)

	// It works on too long.
	err = s.InTransaction(t.Context(), func(q *queries.Queries) error {
		_, err := q.LockCase(t.Context(), l.ID)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err = s.Commit(ctx, l.step("another", certification.StageApplication))
		require.ErrorIs(t, err, store.ErrUnavailable, "somebody else holds the case")
		return nil
	})
	require.NoError(t, err)

	// One who leaves is not told that a part is down.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.ReadCase(ctx, l.ID)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, store.ErrUnavailable)

	own := pgx.ErrTooManyRows // stands for an error of the caller
	require.Equal(t, own, s.InTransaction(t.Context(), func(*queries.Queries) error { return own }))
}
