package browser

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/local/gallery"
	"peercert/local/producttest"
)

// running is the product, for the tests that use it; one Chromium does for all.
var (
	running producttest.Shared
	shared  struct {
		sync.Once
		*Chromium
		err error
	}
)

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.Chromium != nil {
		shared.Close()
	}
	running.Close()
	os.Exit(code)
}

// chromium is the browser. Without one the test is skipped, and fails in CI.
func chromium(t *testing.T) *Chromium {
	t.Helper()
	shared.Do(func() { shared.Chromium, shared.err = Start(context.Background()) })
	if errors.Is(shared.err, ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(shared.err)
	}
	require.NoError(t, shared.err)
	return shared.Chromium
}

// tab is a new tab of a width. What pages in it complain about by the end of the test
// fails it, but for what is allowed.
func tab(t *testing.T, width int, allowed ...string) *Tab {
	t.Helper()
	opened, err := chromium(t).Tab(width, 900)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, problem := range opened.Problems() {
			if !slices.ContainsFunc(allowed, func(part string) bool { return strings.Contains(problem, part) }) {
				t.Error(problem)
			}
		}
		opened.Close()
	})
	return opened
}

// shown is the gallery, and its address.
func shown(t *testing.T) (*gallery.Gallery, string) {
	t.Helper()
	pages, err := gallery.New("Example Operator", "http://127.0.0.1")
	require.NoError(t, err)
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	return pages, server.URL
}
