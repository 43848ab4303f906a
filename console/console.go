// Package console is where administrators find out why a case is stuck, and unstick it:
// what a case waits for, what is wrong and how that heals, how its workflow is doing, and
// every signal of an administrator as a form. It stands before the door of package cases
// as the API does, and what can be sent comes from the same list.
//
// It shows no personal data: ids, codes, instants and money, as Temporal does. It is in
// English, as the card in the Temporal UI is.
package console

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"peercert/cases"
	"peercert/web"
	"peercert/web/serve"
)

//go:embed *.html pages
var files embed.FS

// Options are what the console is made of.
type Options struct {
	Cases    *cases.Cases
	Sessions scs.Store // in PostgreSQL: any number of processes share it
	// SignIn is where staff sign in. Without an issuer nobody can.
	SignIn SignIn

	// Operator is the certifying body, as the pages name it.
	Operator string
	// Demonstration says on every page that this is not the real programme.
	Demonstration bool
	// Secure marks cookies as for HTTPS alone, and tells browsers to stay with it.
	Secure bool
	// SessionIdle and SessionLongest end a session: so long without a request, and so
	// long at all.
	SessionIdle, SessionLongest time.Duration
	// TemporalUI is the address of a case in the Temporal UI, but for its id.
	TemporalUI string

	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: nobody asks for them
	Now     func() time.Time      // the clock of the cases
}

type console struct {
	Options
	pages    *web.Pages
	sessions *scs.SessionManager
	provider *provider
}

// New gives the handler of every page; all are below /console.
func New(options Options) (http.Handler, error) {
	if options.Cases == nil || options.Sessions == nil || options.SessionIdle <= 0 || options.SessionLongest <= 0 {
		return nil, errors.New("the console needs the door to the cases, a store of sessions and their limits")
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Metrics == nil {
		options.Metrics = prometheus.NewRegistry()
	}
	pages, err := web.NewPages(files)
	if err != nil {
		return nil, err
	}
	watched, err := serve.NewWatch(options.Log, options.Metrics)
	if err != nil {
		return nil, err
	}
	c := &console{Options: options, pages: pages, provider: newProvider(options.SignIn)}
	c.sessions = serve.NewSessions(serve.SessionOptions{
		Store: options.Sessions, Cookie: "staff", Idle: options.SessionIdle, Longest: options.SessionLongest, Secure: options.Secure,
	})

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("trusting no proxy: %w", err)
	}
	engine.ContextWithFallback = true
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.Use(watched.Begin)
	for _, r := range routes {
		engine.Handle(r.method, r.path, c.serve(r))
	}
	engine.NoRoute(c.serve(route{visitor: anyone, handle: (*visit).nowhere}))
	engine.NoMethod(c.serve(route{visitor: anyone, handle: (*visit).noMethod}))

	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(c.plain(http.StatusForbidden, "This came from another site", "Open the console itself and send it again."))
	inside := sameOrigin.Handler(serve.WithSessions(engine, c.sessions, c.Log,
		c.plain(http.StatusServiceUnavailable, "The records do not answer", "What you sent may have been carried out. Look at the case before you send it again.")))
	fault := c.plain(http.StatusInternalServerError, "Something went wrong on our side", "Look at the case again before you send anything twice. The log has the rest.")
	return serve.Headers(serve.Survive(inside, c.Log, fault), nil, options.Secure), nil
}
