package documents

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"peercert/certification"
)

// anyAge lets a sweep take what was written a moment ago.
const anyAge = -time.Minute

func knownOnly(rows ...string) func(context.Context, []string) (map[string]bool, error) {
	return func(context.Context, []string) (map[string]bool, error) {
		known := map[string]bool{}
		for _, row := range rows {
			known[row] = true
		}
		return known, nil
	}
}

func TestDeleteLeavesNoVersion(t *testing.T) {
	p := newPlace(t)
	kept, err := p.Check(t.Context(), p.stored(t, jpegOf(t, quarters(8, 8))))
	require.NoError(t, err)
	keptKeys := p.keys(t)
	gone, err := p.Check(t.Context(), p.stored(t, jpegOf(t, quarters(16, 16))))
	require.NoError(t, err)
	p.put(t, gone.CleanKey, "a second version")
	_, err = p.bucket.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &p.bucket.Bucket, Key: &gone.ViewKey})
	require.NoError(t, err)
	require.Len(t, p.keys(t), len(keptKeys)+5)

	require.NoError(t, p.Delete(t.Context(), gone))
	require.Equal(t, keptKeys, p.keys(t))
	require.NoError(t, p.Delete(t.Context(), gone), "again")
	require.NotEmpty(t, p.view(t, kept))

	require.Error(t, p.Delete(t.Context(), certification.Document{ID: ""}), "no id must not mean every document")
}

// A document under a lock of the bucket stays, and says so; the others go.
func TestStorageThatRefusesOneDocument(t *testing.T) {
	var locked atomic.Value
	locked.Store("nothing")
	p := newPlace(t, func(o *Options) {
		target, err := url.Parse(o.Endpoint)
		require.NoError(t, err)
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is in the signature
		}}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, locked.Load().(string)) {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			proxy.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		o.Endpoint = server.URL
	})
	held, free := p.stored(t, jpegOf(t, quarters(8, 8))), p.stored(t, jpegOf(t, quarters(16, 16)))
	other := p.stored(t, jpegOf(t, quarters(24, 16)))
	locked.Store(held.ID)
	err := p.Delete(t.Context(), held)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrUnavailable)
	require.NoError(t, p.Delete(t.Context(), free))

	swept, err := p.Sweep(t.Context(), knownOnly(), anyAge)
	require.ErrorContains(t, err, held.ID)
	require.NotErrorIs(t, err, ErrUnavailable)
	require.Equal(t, 1, swept.Deleted)
	require.Equal(t, []string{held.QuarantineKey}, p.keys(t), "%s is gone", other.ID)
}

func TestSweepDeletesWhatNoRowKnows(t *testing.T) {
	p := newPlace(t)
	kept, err := p.Check(t.Context(), p.stored(t, jpegOf(t, quarters(8, 8))))
	require.NoError(t, err)
	p.put(t, "clean/not-ours.txt", "left alone")
	p.put(t, "exam-vendor/in/results/a.csv", "left alone")
	want := p.keys(t)
	orphan, err := p.Check(t.Context(), p.stored(t, jpegOf(t, quarters(16, 16))))
	require.NoError(t, err)
	p.put(t, orphan.CleanKey, "a second version")
	all := p.keys(t)

	// Our clock may be moved by years; what counts is the storage's.
	p.now = func() time.Time { return time.Now().AddDate(2, 0, 0) }
	swept, err := p.Sweep(t.Context(), knownOnly(), time.Hour)
	require.NoError(t, err)
	require.Equal(t, Swept{Seen: len(all) - 1}, swept, "an upload under way was deleted")
	require.Equal(t, all, p.keys(t))

	trouble := errors.New("the records are down")
	_, err = p.Sweep(t.Context(), func(context.Context, []string) (map[string]bool, error) { return nil, trouble }, anyAge)
	require.ErrorIs(t, err, trouble)
	require.Equal(t, all, p.keys(t))

	swept, err = p.Sweep(t.Context(), knownOnly(kept.ID), anyAge)
	require.NoError(t, err)
	require.Equal(t, 4, swept.Deleted)
	require.Equal(t, want, p.keys(t))
}

func TestSweepGoesThroughEveryPage(t *testing.T) {
	p := newPlace(t)
	const count = 1_150
	kept := newID(t)
	p.put(t, cleanKey(kept), "kept")
	var group errgroup.Group
	group.SetLimit(16)
	for range count {
		key := quarantineKey(newID(t))
		group.Go(func() error { p.put(t, key, "x"); return nil })
	}
	require.NoError(t, group.Wait())
	var asked, largest atomic.Int64
	swept, err := p.Sweep(t.Context(), func(_ context.Context, ids []string) (map[string]bool, error) {
		asked.Add(int64(len(ids)))
		largest.Store(max(largest.Load(), int64(len(ids))))
		return map[string]bool{kept: true}, nil
	}, anyAge)
	require.NoError(t, err)
	require.Equal(t, Swept{Seen: count + 1, Deleted: count}, swept)
	require.EqualValues(t, count+1, asked.Load())
	require.LessOrEqual(t, largest.Load(), int64(1000))
	require.Equal(t, []string{cleanKey(kept)}, p.keys(t))
}

func TestSweepStopsWhenAsked(t *testing.T) {
	p := newPlace(t)
	_, err := p.Sweep(canceled(), knownOnly(), anyAge)
	require.ErrorIs(t, err, context.Canceled, fmt.Sprint(err))
}

// TestBucketWithoutVersions does all of it in a bucket whose owner keeps no versions.
func TestBucketWithoutVersions(t *testing.T) {
	p := newPlace(t)
	p.bucket.Bucket += "-plain"
	p.Documents.bucket = p.bucket.Bucket
	_, err := p.bucket.Client().CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    &p.bucket.Bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(p.bucket.Region)},
	})
	require.NoError(t, err)
	kept, err := p.Check(t.Context(), p.stored(t, jpegOf(t, quarters(8, 8))))
	require.NoError(t, err)
	require.NotEmpty(t, p.view(t, kept))
	want := p.keys(t)
	gone, err := p.Check(t.Context(), p.stored(t, onePage()))
	require.NoError(t, err)
	require.NoError(t, p.Delete(t.Context(), gone))
	require.Equal(t, want, p.keys(t))
	swept, err := p.Sweep(t.Context(), knownOnly(), anyAge)
	require.NoError(t, err)
	require.Equal(t, Swept{Seen: 3, Deleted: 3}, swept)
	require.Empty(t, p.keys(t))
}
