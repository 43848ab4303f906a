package serve

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// SessionOptions say how sessions of one kind of people are kept.
type SessionOptions struct {
	Store scs.Store
	// Cookie is the name of the cookie; over HTTPS it begins with __Host-.
	Cookie string
	// Idle and Longest end a session: so long without a request, and so long at all.
	Idle, Longest time.Duration
	// Secure marks the cookie as for HTTPS alone.
	Secure bool
}

// NewSessions keeps sessions under a hash of what the cookie holds. They go by the
// machine's clock: a clock that is moved ahead signs nobody out.
func NewSessions(options SessionOptions) *scs.SessionManager {
	sessions := scs.New()
	sessions.Store = options.Store
	sessions.HashTokenInStore = true
	sessions.IdleTimeout = options.Idle
	sessions.Lifetime = options.Longest
	sessions.Cookie.Name = options.Cookie
	if options.Secure {
		sessions.Cookie.Name = "__Host-" + options.Cookie
	}
	sessions.Cookie.Secure = options.Secure
	sessions.Cookie.HttpOnly = true
	sessions.Cookie.SameSite = http.SameSiteLaxMode // people come back signed in from the pages that we lead them to
	sessions.Cookie.Persist = false
	return sessions
}

// WithSessions gives every request of a handler its session, and keeps it when the
// answer begins. When it cannot be read or kept, unavailable answers.
func WithSessions(next http.Handler, sessions *scs.SessionManager, log *slog.Logger, unavailable http.HandlerFunc) http.Handler {
	sessions.ErrorFunc = func(w http.ResponseWriter, request *http.Request, err error) {
		if request.Context().Err() != nil {
			return // they have gone
		}
		log.ErrorContext(request.Context(), "a session could not be read or kept", "error", err)
		unavailable(w, request)
		if answer, is := w.(*answer); is {
			answer.ended = true
		}
	}
	kept := sessions.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		kept.ServeHTTP(&answer{ResponseWriter: w}, request)
	})
}

// answer is what a browser gets. Once the session could not be kept it has ended: the
// page that was about to follow is not written behind the one that says so.
type answer struct {
	http.ResponseWriter
	ended bool
}

func (a *answer) Write(body []byte) (int, error) {
	if a.ended {
		return len(body), nil
	}
	return a.ResponseWriter.Write(body)
}

func (a *answer) WriteHeader(status int) {
	if !a.ended {
		a.ResponseWriter.WriteHeader(status)
	}
}

// Unwrap lets deadlines and flushes through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
