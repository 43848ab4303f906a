package portal_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/portal"
)

// served is a portal as it is served over HTTPS.
func served(t *testing.T) http.Handler {
	t.Helper()
	place := running.On(t)
	settings := place.Settings
	settings.PublicURL = "https://peers.example"
	options := portal.From(settings, place.Parts.Cases)
	options.Film, options.Now = place.Parts.Film, place.Clock.Now
	handler, err := portal.New(options)
	require.NoError(t, err)
	return handler
}

func ask(handler http.Handler, method, path string) *http.Response {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, "https://peers.example"+path, nil))
	return answer.Result()
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	handler := served(t)
	for _, path := range []string{"/en", "/en/sign-in", "/en/home", "/en/nothing", "/assets/nothing.css", "/film/none"} {
		header := ask(handler, http.MethodGet, path).Header
		policy := header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.Contains(t, policy, "frame-ancestors 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.NotContains(t, policy, "*", path)
		assert.NotContains(t, policy, "data:", path)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "same-origin", header.Get("Referrer-Policy"), path)
		assert.Contains(t, header.Get("Strict-Transport-Security"), "max-age=63072000", path)
		assert.Empty(t, header.Get("Server"), path)
	}
}

func TestCookiesAreForThisHostOverHTTPSOnly(t *testing.T) {
	t.Parallel()
	answer := ask(served(t), http.MethodGet, "/en/sign-in?next=/home")
	cookies := answer.Cookies()
	require.Len(t, cookies, 1)
	cookie := cookies[0]
	assert.Equal(t, "__Host-session", cookie.Name)
	assert.True(t, cookie.Secure)
	assert.True(t, cookie.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	assert.Equal(t, "/", cookie.Path)
	assert.Empty(t, cookie.Domain)
	assert.Zero(t, cookie.MaxAge, "it ends with the browser")
}

// What pages are shown with has a name that changes with it, and may be kept for good;
// pages of a case may not be kept at all (see the walk of all addresses).
func TestAssetsMayBeKept(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t).Open("/en/sign-in")
	addresses := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(string(b.Body), -1)
	require.GreaterOrEqual(t, len(addresses), 3)
	for _, address := range addresses {
		answer := b.Ask(http.MethodGet, address[1], nil, nil)
		assert.Equal(t, http.StatusOK, answer.Status, address[1])
		assert.Contains(t, answer.Header.Get("Cache-Control"), "immutable", address[1])
		assert.NotContains(t, answer.Header, "Set-Cookie", address[1])
	}
	assert.False(t, strings.Contains(string(b.Body), "http://") || strings.Contains(string(b.Body), "https://"), "nothing comes from elsewhere")
}
