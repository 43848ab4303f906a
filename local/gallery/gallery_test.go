package gallery

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// All that the gallery lists can be looked at, and nothing else.
func TestEverythingListedIsShown(t *testing.T) {
	gallery, err := New("Example Operator", "http://127.0.0.1:8080")
	require.NoError(t, err)
	ask := func(address string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		gallery.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, address, nil))
		return answer
	}
	links := regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(ask("/gallery/").Body.String(), -1)
	assert.Greater(t, len(links), 4*len(gallery.States()))
	for _, link := range links {
		answer := ask(link[1])
		assert.Equal(t, http.StatusOK, answer.Code, link[1])
		assert.NotEmpty(t, answer.Header().Get("Content-Type"))
	}
	for _, address := range []string{"/gallery/pages/en/nothing", "/gallery/pages/xx/start", "/gallery/letters/en/nothing", "/gallery/letters/en-x-long/receipt"} {
		assert.Equal(t, http.StatusNotFound, ask(address).Code, address)
	}
	assert.Equal(t, "/gallery/", ask("/en/home").Header().Get("Location"))
}
