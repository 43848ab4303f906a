package examstest

import (
	"io"
	"io/fs"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/exams"
)

// Conform checks that a place for files does what exams.Files asks for. The place
// must be empty.
func Conform(t *testing.T, files exams.Files) {
	ctx := t.Context()
	text := func(key string) string {
		body, err := files.Get(ctx, key)
		require.NoError(t, err)
		defer body.Close()
		read, err := io.ReadAll(body)
		require.NoError(t, err)
		return string(read)
	}
	put := func(key, body string) {
		require.NoError(t, files.Put(ctx, key, []byte(body), "text/csv; charset=utf-8"))
	}

	keys, err := files.List(ctx, exams.ResultsPrefix)
	require.NoError(t, err)
	require.Empty(t, keys)

	put(exams.ResultsPrefix+"a.csv", "one")
	put(exams.ResultsPrefix+"a.csv", "two")
	require.Equal(t, "two", text(exams.ResultsPrefix+"a.csv"), "a second put goes over the first")

	_, err = files.Get(ctx, exams.ResultsPrefix+"none.csv")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, files.Move(ctx, exams.ResultsPrefix+"none.csv", exams.DonePrefix+"none.csv"), fs.ErrNotExist)

	put(exams.DonePrefix+"results/a.csv", "old")
	require.NoError(t, files.Move(ctx, exams.ResultsPrefix+"a.csv", exams.DonePrefix+"results/a.csv"))
	require.Equal(t, "two", text(exams.DonePrefix+"results/a.csv"), "a move goes over what is there")
	_, err = files.Get(ctx, exams.ResultsPrefix+"a.csv")
	require.ErrorIs(t, err, fs.ErrNotExist)

	// A name as a vendor may choose it.
	put(exams.ResultsPrefix+"Results 2026+03 ñ.csv", "odd")
	require.NoError(t, files.Move(ctx, exams.ResultsPrefix+"Results 2026+03 ñ.csv", exams.DonePrefix+"results/Results 2026+03 ñ.csv"))
	require.Equal(t, "odd", text(exams.DonePrefix+"results/Results 2026+03 ñ.csv"))

	var want []string
	for i := range 25 {
		key := exams.ResultsPrefix + strconv.Itoa(100+i) + ".csv"
		put(key, "x")
		want = append(want, key)
	}
	keys, err = files.List(ctx, exams.ResultsPrefix)
	require.NoError(t, err)
	slices.Sort(keys)
	require.Equal(t, want, keys)
}
