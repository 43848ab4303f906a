package film_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/film"
)

// ask asks the sample's handler.
func ask(t *testing.T, method, address string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	sample, err := film.Load("")
	require.NoError(t, err)
	request := httptest.NewRequest(method, strings.ReplaceAll(address, "VERSION", sample.Version), nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	sample.ServeHTTP(answer, request)
	return answer
}

func TestEveryFileIsServedAsWhatItIs(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	expect := func(file, media string) {
		t.Helper()
		answer := ask(t, "GET", sample.URL(file))
		require.Equal(t, http.StatusOK, answer.Code)
		require.Equal(t, media, answer.Header().Get("Content-Type"))
		require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
		require.Contains(t, answer.Header().Get("Cache-Control"), "immutable")
		content, err := os.ReadFile(filepath.Join("sample", file))
		require.NoError(t, err)
		require.Equal(t, content, answer.Body.Bytes())
	}
	for _, chapter := range sample.Chapters {
		expect(chapter.File, "video/mp4")
		expect(chapter.Poster, "image/png")
		for _, track := range chapter.Tracks() {
			expect(track.File, "text/vtt; charset=utf-8")
		}
	}
}

// Safari plays nothing from a server without ranges, and nobody can jump in the film.
func TestRanges(t *testing.T) {
	whole := ask(t, "GET", "/film/VERSION/welcome.mp4")
	require.Equal(t, "bytes", whole.Header().Get("Accept-Ranges"))
	part := ask(t, "GET", "/film/VERSION/welcome.mp4", "Range", "bytes=4-11")
	require.Equal(t, http.StatusPartialContent, part.Code)
	require.Equal(t, whole.Body.Bytes()[4:12], part.Body.Bytes())
	changed := ask(t, "GET", "/film/VERSION/welcome.mp4", "Range", "bytes=4-11", "If-Range", `"another"`)
	require.Equal(t, http.StatusOK, changed.Code)
	beyond := ask(t, "GET", "/film/VERSION/welcome.mp4", "Range", "bytes=99999999-")
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, beyond.Code)
	kept := ask(t, "GET", "/film/VERSION/welcome.mp4", "If-None-Match", whole.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, kept.Code)
	head := ask(t, "HEAD", "/film/VERSION/welcome.mp4")
	require.Equal(t, http.StatusOK, head.Code)
	require.Empty(t, head.Body.Bytes())
}

func TestNothingElseIsServed(t *testing.T) {
	for _, address := range []string{
		"/film/", "/film/VERSION/", "/film/VERSION", "/film/another/welcome.mp4", "/film/VERSION/film.json",
		"/film/VERSION/../VERSION/welcome.mp4", "/film/VERSION/none.mp4", "/film/VERSION/%2e%2e/film.go", "/elsewhere/welcome.mp4",
	} {
		require.Equal(t, http.StatusNotFound, ask(t, "GET", address).Code, address)
	}
	refused := ask(t, "POST", "/film/VERSION/welcome.mp4")
	require.Equal(t, http.StatusMethodNotAllowed, refused.Code)
	require.Equal(t, "GET, HEAD", refused.Header().Get("Allow"))
}
