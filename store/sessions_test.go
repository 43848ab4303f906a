package store_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"

	"peercert/store"
)

var _ scs.CtxStore = (*store.Sessions)(nil)

func TestSessions(t *testing.T) {
	r := open(t)
	sessions := store.NewSessions(r.Store)
	ctx := t.Context()
	_, found, err := sessions.FindCtx(ctx, "nobody")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, sessions.Delete("nobody"))

	require.NoError(t, sessions.Commit("one", []byte{0, 1}, time.Now().Add(time.Hour)))
	require.NoError(t, sessions.Commit("two", []byte("two"), time.Now().Add(time.Hour)))
	require.NoError(t, sessions.Commit("one", []byte{2, 0}, time.Now().Add(2*time.Hour)))
	data, found, err := sessions.Find("one")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []byte{2, 0}, data)

	// The clock of cases is moved years ahead: nobody is signed out, and nothing swept.
	r.later(3 * 365 * 24 * time.Hour)
	_, err = r.ForgetOldRecords(ctx)
	require.NoError(t, err)
	_, found, err = sessions.Find("one")
	require.NoError(t, err)
	require.True(t, found)

	require.NoError(t, sessions.Commit("one", []byte("late"), time.Now().Add(-time.Second)))
	_, found, err = sessions.Find("one")
	require.NoError(t, err)
	require.False(t, found, "it has expired")
	rows, err := r.ForgetOldRecords(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, rows)
	require.Equal(t, "two", one[string](r, "SELECT string_agg(token, ',') FROM sessions"))
	require.NoError(t, sessions.Delete("two"))
	_, found, err = sessions.Find("two")
	require.NoError(t, err)
	require.False(t, found)
	require.EqualValues(t, 0, one[int64](r, "SELECT count(*) FROM sessions WHERE data <> ''"), "what it held has gone")

	require.NoError(t, sessions.Commit("two", []byte("from a request that still ran"), time.Now().Add(time.Hour)))
	_, found, err = sessions.Find("two")
	require.NoError(t, err)
	require.False(t, found, "what was ended stays ended")
	_, err = r.sql.Exec(ctx, "UPDATE sessions SET expires_at = now() - interval '1 second'")
	require.NoError(t, err)
	rows, err = r.ForgetOldRecords(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, rows, "the trace of it too, in time")
}

// The manager of sessions works on the records: two processes share them, a new id is
// given at sign-in, and the table signs nobody in.
func TestSessionsOfAManager(t *testing.T) {
	r := open(t)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	process := func() http.Handler {
		manager := scs.New()
		manager.Store, manager.HashTokenInStore, manager.IdleTimeout = store.NewSessions(r.Store), true, time.Hour
		mux := http.NewServeMux()
		mux.HandleFunc("/in", func(w http.ResponseWriter, request *http.Request) {
			require.NoError(t, manager.RenewToken(request.Context()))
			manager.Put(request.Context(), "who", "me")
		})
		mux.HandleFunc("/who", func(w http.ResponseWriter, request *http.Request) {
			_, _ = w.Write([]byte(manager.GetString(request.Context(), "who")))
		})
		mux.HandleFunc("/visit", func(_ http.ResponseWriter, request *http.Request) {
			manager.Put(request.Context(), "visited", true)
		})
		mux.HandleFunc("/slow", func(_ http.ResponseWriter, request *http.Request) {
			arrived <- struct{}{}
			<-goOn
		})
		mux.HandleFunc("/out", func(_ http.ResponseWriter, request *http.Request) {
			require.NoError(t, manager.Destroy(request.Context()))
		})
		return manager.LoadAndSave(mux)
	}
	processes, turn := []http.Handler{process(), process()}, atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		processes[turn.Add(1)%2].ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	get := func(path string) string {
		t.Helper()
		response, err := browser.Get(server.URL + path)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(body)
	}
	cookie := func() string {
		request := httptest.NewRequest(http.MethodGet, server.URL, nil)
		for _, cookie := range jar.Cookies(request.URL) {
			return cookie.Value
		}
		return ""
	}
	get("/visit")
	before := cookie()
	get("/in")
	after := cookie()
	require.NotEmpty(t, after)
	require.NotEqual(t, before, after)
	require.Equal(t, "me", get("/who"))
	require.Equal(t, "me", get("/who"), "of the other process")
	require.EqualValues(t, 1, one[int64](r, "SELECT count(*) FROM sessions WHERE data <> ''"), "the old one is gone")
	require.EqualValues(t, 0, one[int64](r, "SELECT count(*) FROM sessions WHERE token = $1 OR position($1::text::bytea in data) > 0", after))

	// A page of another tab is still being made while they sign out.
	slow, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/slow", nil)
	require.NoError(t, err)
	slow.AddCookie(&http.Cookie{Name: "session", Value: after})
	ended := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(slow)
		if err == nil {
			err = response.Body.Close()
		}
		ended <- err
	}()
	<-arrived
	get("/out")
	close(goOn)
	require.NoError(t, <-ended)
	require.Empty(t, get("/who"))
	jar.SetCookies(slow.URL, []*http.Cookie{{Name: "session", Value: after, Path: "/"}})
	require.Empty(t, get("/who"), "whoever has the cookie still")
	require.EqualValues(t, 0, one[int64](r, "SELECT count(*) FROM sessions WHERE data <> ''"))
}

func TestSessionsWithoutRecords(t *testing.T) {
	r := open(t)
	r.Close()
	sessions := store.NewSessions(r.Store)
	_, found, err := sessions.Find("secret-token")
	require.Error(t, err)
	require.False(t, found)
	require.NotContains(t, err.Error(), "secret-token")
	require.Error(t, sessions.Commit("secret-token", nil, time.Now()))
	require.Error(t, sessions.Delete("secret-token"))
}
