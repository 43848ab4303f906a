package documents

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

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

// A file that is not ours is named by somebody else, and its name may say who was
// examined. The storage repeats it in the address that was asked for, and in what it says.
func TestNoErrorNamesAFile(t *testing.T) {
	const name = "rivera-ana-1988"
	key, other := "exam-vendor/in/results/"+name+".csv", "exam-vendor/done/"+name+".csv"
	deaf := ""
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != deaf && r.Method == http.MethodGet && r.URL.Query().Has("versions"):
			fmt.Fprintf(w, "<ListVersionsResult><Version><Key>%s</Key><VersionId>v</VersionId></Version></ListVersionsResult>", key)
		case r.Method != deaf && r.URL.Query().Get("list-type") == "2" && !r.URL.Query().Has("continuation-token"):
			fmt.Fprintf(w, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken></ListBucketResult>", key)
		case r.Method != deaf && r.Method == http.MethodHead:
		case r.Method != deaf && r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
			fmt.Fprint(w, "<CopyObjectResult></CopyObjectResult>")
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>not %[1]s</Message><Key>%[1]s</Key><Resource>%[1]s</Resource></Error>", key)
		}
	}))
	defer storage.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	for at, address := range map[string]string{"answers": storage.URL, "is down": closed.URL} {
		d, err := New(t.Context(), Options{Endpoint: address, Region: "us-east-1", Bucket: "b", AccessKey: "a", SecretKey: "s", Now: time.Now})
		require.NoError(t, err)
		files := d.Files("exam-vendor/")
		move := func() error { return files.Move(t.Context(), key, other) }
		for what, do := range map[string]struct {
			deaf string
			do   func() error
		}{
			"put":       {http.MethodPut, func() error { return files.Put(t.Context(), key, nil, "text/csv") }},
			"get":       {http.MethodGet, func() error { _, err := files.Get(t.Context(), key); return err }},
			"list":      {http.MethodGet, func() error { _, err := files.List(t.Context(), "exam-vendor/in/"); return err }},
			"list on":   {http.MethodDelete, func() error { _, err := files.List(t.Context(), "exam-vendor/in/"); return err }},
			"remove":    {http.MethodDelete, func() error { return files.Remove(t.Context(), key) }},
			"find":      {http.MethodGet, func() error { return files.Remove(t.Context(), key) }},
			"look at":   {http.MethodHead, move},
			"copy":      {http.MethodPut, move},
			"take away": {http.MethodDelete, move},
			"elsewhere": {"", func() error { return d.Files("here/").Put(t.Context(), key, nil, "text/csv") }},
		} {
			if at == "is down" && what != "get" {
				continue // each is tried for seconds
			}
			deaf = do.deaf
			err := do.do()
			require.Error(t, err, "%s: %s", at, what)
			require.NotContains(t, err.Error(), "rivera", "%s: %s", at, what)
			if at == "is down" {
				require.ErrorIs(t, err, ErrUnavailable)
				require.ErrorContains(t, err, "refused", "what is wrong is said")
			}
		}
	}
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
