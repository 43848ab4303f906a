// Package portal is where applicants do all of it: sign in, apply, pay, wait knowing
// what happens next and by when, sit the exam, renew. Each page is a template and a
// struct; every rule is behind the door of package cases, and every word is in the
// catalogues of package web.
package portal

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"peercert/cases"
	"peercert/film"
	"peercert/web"
	"peercert/web/serve"
)

//go:embed pages
var files embed.FS

// Options are what the portal is made of.
type Options struct {
	Cases    *cases.Cases
	Sessions scs.Store // in PostgreSQL: any number of processes share it
	Film     *film.Film

	// Operator is the certifying body, as the pages name it.
	Operator string
	// Demonstration says on every page that this is not the real programme.
	Demonstration bool
	// Secure marks cookies as for HTTPS alone, and tells browsers to stay with it.
	Secure bool
	// PaymentOrigins are where a form may lead to beside us: the payment page.
	PaymentOrigins []string
	// SessionIdle and SessionLongest end a session: so long without a request, and so
	// long at all.
	SessionIdle, SessionLongest time.Duration
	// SignInsAnHour is how many codes one machine's address may ask for; 0 is no limit.
	SignInsAnHour int
	// SearchesAnHour is how often one machine's address may look into the public
	// register, and as often write feedback; 0 is no limit.
	SearchesAnHour int

	// TrustedProxies are the networks whose word is taken about who asks.
	TrustedProxies []netip.Prefix

	// Site is where people reach us, without a slash at the end: for addresses that
	// leave the portal, in a calendar or on paper.
	Site string
	// Contact is the e-mail address for questions, as pages show it.
	Contact string

	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: nobody asks for them
	Now     func() time.Time
}

type portal struct {
	Options
	pages    *web.Pages
	sessions *scs.SessionManager
}

// New gives the handler of every page.
func New(options Options) (http.Handler, error) {
	if options.Cases == nil || options.Sessions == nil || options.Film == nil || options.SessionIdle <= 0 || options.SessionLongest <= 0 {
		return nil, errors.New("the portal needs the door to the cases, the film, a store of sessions and their limits")
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	pages, err := web.NewPages(files)
	if err != nil {
		return nil, err
	}
	if options.Metrics == nil {
		options.Metrics = prometheus.NewRegistry()
	}
	watched, err := serve.NewWatch(options.Log, options.Metrics)
	if err != nil {
		return nil, err
	}
	p := &portal{Options: options, pages: pages}
	p.sessions = NewSessions(p.Options)

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("trusting no proxy: %w", err) // who asks is found out by machine
	}
	engine.ContextWithFallback = true
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.MaxMultipartMemory = 1 << 20
	engine.Use(watched.Begin)
	for _, r := range p.routes() {
		engine.Handle(r.method, r.path, p.serve(r))
	}
	engine.NoRoute(p.nowhere(http.StatusNotFound))
	engine.NoMethod(p.nowhere(http.StatusMethodNotAllowed))

	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(p.plain(http.StatusForbidden, "refused.cross_origin"))
	inside := sameOrigin.Handler(serve.WithSessions(serve.HeadAsGet(engine), p.sessions, p.Log, p.plain(http.StatusServiceUnavailable, "refused.unavailable")))

	mux := http.NewServeMux()
	mux.Handle("GET /assets/", web.Assets())
	mux.Handle("GET /film/", options.Film)
	mux.Handle("/", inside)
	return serve.Headers(serve.Survive(mux, p.Log, p.plain(http.StatusInternalServerError, "refused.fault")), p.PaymentOrigins, p.Secure), nil
}

// Beside serves the API and the console at their own addresses and the portal at all
// others.
func Beside(api, console, portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/")
		switch first {
		case "v1", "docs", "openapi.yaml", "problems", "livez", "readyz", "metrics":
			api.ServeHTTP(w, request)
		case "console":
			console.ServeHTTP(w, request)
		default:
			portal.ServeHTTP(w, request)
		}
	})
}
