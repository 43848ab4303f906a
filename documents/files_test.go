package documents

import (
	"context"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// exchange is what package exams asks of the files.
type exchange interface {
	Put(ctx context.Context, key string, body []byte, contentType string) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	List(ctx context.Context, prefix string) ([]string, error)
	Move(ctx context.Context, from, to string) error
}

var _ exchange = (*Files)(nil)

func TestFiles(t *testing.T) {
	p := newPlace(t)
	files := p.Files("exam-vendor/")
	read := func(key string) string {
		t.Helper()
		body, err := files.Get(t.Context(), key)
		require.NoError(t, err)
		defer body.Close()
		content, err := io.ReadAll(body)
		require.NoError(t, err)
		return string(content)
	}
	const first, second = "exam-vendor/in/results/2027 03 01+a,ñ.csv", "exam-vendor/in/results/b.csv"
	require.NoError(t, files.Put(t.Context(), first, []byte("one"), "text/csv"))
	require.NoError(t, files.Put(t.Context(), first, []byte("one, corrected"), "text/csv"))
	require.NoError(t, files.Put(t.Context(), second, nil, "text/csv"))
	require.Equal(t, "one, corrected", read(first))
	require.Empty(t, read(second))

	wrote, err := files.PutNew(t.Context(), first, []byte("two"), "text/csv")
	require.NoError(t, err)
	require.False(t, wrote)
	require.Equal(t, "one, corrected", read(first))
	wrote, err = files.PutNew(t.Context(), "exam-vendor/out/c.csv", []byte("three"), "text/csv")
	require.NoError(t, err)
	require.True(t, wrote)

	names, err := files.List(t.Context(), "exam-vendor/in/")
	require.NoError(t, err)
	require.Equal(t, []string{first, second}, names)

	const done = "exam-vendor/done/2027 03 01+a,ñ.csv"
	require.NoError(t, files.Move(t.Context(), first, done))
	require.Equal(t, "one, corrected", read(done))
	_, err = files.Get(t.Context(), first)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, files.Move(t.Context(), first, done), fs.ErrNotExist)
	names, err = files.List(t.Context(), "exam-vendor/in/")
	require.NoError(t, err)
	require.Equal(t, []string{second}, names)
	require.NoError(t, files.Move(t.Context(), second, second), "to itself")
	require.Empty(t, read(second))
}

func TestFilesReachNoDocument(t *testing.T) {
	p := newPlace(t)
	document := p.stored(t, onePage())
	files := p.Files("exam-vendor/")
	_, err := files.Get(t.Context(), document.QuarantineKey)
	require.Error(t, err)
	_, err = files.List(t.Context(), "")
	require.Error(t, err)
	require.Error(t, files.Put(t.Context(), document.QuarantineKey, nil, "text/csv"))
	require.Error(t, files.Move(t.Context(), document.QuarantineKey, "exam-vendor/out/x"))
	require.Error(t, files.Move(t.Context(), "exam-vendor/out/x", document.QuarantineKey))
	require.Len(t, p.keys(t), 1)
}
