package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/web"
)

// askFor gives what is served at an address to a browser that takes some encodings.
func askFor(method, address, encodings string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, address, nil)
	if encodings != "" {
		request.Header.Set("Accept-Encoding", encodings)
	}
	answer := httptest.NewRecorder()
	web.Assets().ServeHTTP(answer, request)
	return answer
}

func TestAssetsAreServedForGood(t *testing.T) {
	for name, mediaType := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.rtl.css": "text/css; charset=utf-8",
		"app.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml",
	} {
		content, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		address := web.AssetURL(name)
		require.Regexp(t, `^/assets/[a-z.]+\.[0-9a-f]{16}\.(css|js|svg)$`, address)

		answer := askFor(http.MethodGet, address, "br, gzip;q=0.8")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Equal(t, mediaType, answer.Header().Get("Content-Type"))
		require.Equal(t, "public, max-age=31536000, immutable", answer.Header().Get("Cache-Control"))
		require.Equal(t, "Accept-Encoding", answer.Header().Get("Vary"))
		require.Equal(t, "gzip", answer.Header().Get("Content-Encoding"))
		unpacked, err := gzip.NewReader(answer.Body)
		require.NoError(t, err)
		read, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, read), "%s is not what is in the folder", name)

		for _, encodings := range []string{"", "br", "gzip;q=0", "identity, gzip; q=0.0"} {
			plain := askFor(http.MethodGet, address, encodings)
			require.Empty(t, plain.Header().Get("Content-Encoding"), "asked with %q", encodings)
			require.True(t, bytes.Equal(content, plain.Body.Bytes()))
		}
		head := askFor(http.MethodHead, address, "")
		require.Equal(t, http.StatusOK, head.Code)
		require.Zero(t, head.Body.Len())
	}
}

func TestOnlyAssetsAreServed(t *testing.T) {
	address := web.AssetURL("app.css")
	stale := regexp.MustCompile(`\.[0-9a-f]{16}\.`).ReplaceAllString(address, ".0000000000000000.")
	for _, wrong := range []string{stale, "/assets/app.css", "/assets/", "/assets/../assets.go", "/assets/app.rtl." + strings.SplitN(address, ".", 2)[1]} {
		answer := askFor(http.MethodGet, wrong, "")
		require.Equal(t, http.StatusNotFound, answer.Code, wrong)
		require.Equal(t, "no-store", answer.Header().Get("Cache-Control"), "%s would be kept as missing", wrong)
	}
	require.Equal(t, http.StatusMethodNotAllowed, askFor(http.MethodPost, address, "").Code)
	require.Panics(t, func() { web.AssetURL("nothing.css") })
}

// A first visit may cost 60 KB with its page and its pictures; issue 3, line 15.
func TestAssetsAreLight(t *testing.T) {
	for _, styles := range []string{"app.css", "app.rtl.css"} {
		all := 0
		for _, name := range []string{styles, "app.js", "favicon.svg"} {
			all += askFor(http.MethodGet, web.AssetURL(name), "gzip").Body.Len()
		}
		t.Logf("%s, the script and the icon are %d bytes compressed", styles, all)
		require.Less(t, all, 25_000)
	}
}

// The content security policy lets nothing be fetched that is not ours, and a page has
// no picture or font beside what it names.
func TestStylesFetchNothing(t *testing.T) {
	for _, name := range []string{"app.css", "app.rtl.css"} {
		styles, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)url\(|@import|@font-face`, string(styles))
	}
}

var side = regexp.MustCompile(`(?m)^\s*(margin|padding|border|inset)?-?(left|right)\s*:`)

// What we write knows no left and right, so that Arabic needs no second thought.
func TestOwnStylesKnowNoSides(t *testing.T) {
	entries, err := os.ReadDir("styles/peercert")
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		source, err := os.ReadFile("styles/peercert/" + entry.Name())
		require.NoError(t, err)
		require.Empty(t, side.FindAllString(string(source), -1), entry.Name())
	}
}
