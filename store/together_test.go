package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/store"
	"peercert/store/queries"
)

// What fails on its way with something later is reported by that, and nothing of the
// transaction is kept.
func TestAFailedStatementLeavesNothing(t *testing.T) {
	r := open(t)
	person, applicant := r.applicant(), "an applicant nobody has"
	kept := func() int { return one[int](r, "SELECT count(*) FROM tokens") }
	token := func(q *queries.Queries, hash string) error {
		return q.AddToken(t.Context(), queries.AddTokenParams{
			ID: store.NewID(), Hash: []byte(hash), Role: "applicant", ActorID: person, CreatedAt: noon, ExpiresAt: noon,
		})
	}
	broken := func(q *queries.Queries) error { // no such case: refused by a foreign key
		return q.AddRead(t.Context(), queries.AddReadParams{CaseID: store.NewID(), Role: "reviewer", ActorID: applicant, Purpose: "review", What: "it", At: noon})
	}
	mine := errors.New("the function's own")

	for name, do := range map[string]func(q *queries.Queries) error{
		"by the commit": func(q *queries.Queries) error { return errors.Join(token(q, "a"), broken(q), token(q, "b")) },
		"by the next question": func(q *queries.Queries) error {
			if err := errors.Join(token(q, "a"), broken(q)); err != nil {
				return err
			}
			_, err := q.ReadToken(t.Context(), []byte("a"))
			return err
		},
		"by the next list": func(q *queries.Queries) error {
			if err := errors.Join(token(q, "a"), broken(q)); err != nil {
				return err
			}
			_, err := q.PromisesOf(t.Context(), store.NewID())
			return err
		},
		"by what counts rows": func(q *queries.Queries) error {
			if err := errors.Join(token(q, "a"), broken(q)); err != nil {
				return err
			}
			_, err := q.RevokeTokens(t.Context(), queries.RevokeTokensParams{ActorID: person, RevokedAt: &noon})
			return err
		},
		"though the function does not mind": func(q *queries.Queries) error {
			_ = broken(q)
			_, _ = q.ReadToken(t.Context(), []byte("a"))
			return token(q, "a")
		},
	} {
		var failure *store.Failure
		require.ErrorAs(t, r.InTransaction(t.Context(), do), &failure, name)
		require.NotContains(t, failure.Error(), applicant, name)
		require.Zero(t, kept(), name)
	}
	require.ErrorIs(t, r.InTransaction(t.Context(), func(q *queries.Queries) error { return errors.Join(token(q, "a"), mine) }), mine)
	require.Zero(t, kept())
	require.Panics(t, func() {
		_ = r.InTransaction(t.Context(), func(q *queries.Queries) error { _ = token(q, "a"); panic("a mistake") })
	})
	require.Zero(t, kept())

	// The connections go on being of use, and what waited is there for a question.
	for range 30 {
		require.NoError(t, r.InTransaction(t.Context(), func(q *queries.Queries) error {
			if err := token(q, store.NewID()); err != nil {
				return err
			}
			rows, err := q.RevokeTokens(t.Context(), queries.RevokeTokensParams{ActorID: person, RevokedAt: &noon})
			require.EqualValues(t, 1, rows)
			return err
		}))
	}
	require.Equal(t, 30, kept())
}
