package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"peercert/api/wire"
	"peercert/certification"
)

// Options are what the API is made of. All of the core must be there.
type Options struct {
	Tokens        Tokens
	Registrations Registrations
	Cases         Cases
	Records       Records
	Drafts        Drafts
	Documents     Documents
	Videos        Videos
	Reference     Reference
	Webhooks      Webhooks
	Health        Health

	// Operator is the certifying body, as the pages name it.
	Operator string
	// Demonstration puts a line on every page: this is not the real programme.
	Demonstration bool
	// PublicPerMinute is how often one address may ask for what needs no token; 0 is
	// no limit. Webhooks have none.
	PublicPerMinute int
	// SearchesAnHour is how often one machine may look into the public register, counted
	// by Limits over all processes and together with the portal; 0 is no limit.
	SearchesAnHour int
	Limits         Limits
	// TrustedProxies are the networks whose word is taken about who asks.
	TrustedProxies []netip.Prefix

	Log     *slog.Logger         // nil: nothing is logged
	Metrics *prometheus.Registry // nil: one of its own
	Now     func() time.Time     // nil: the machine's clock
}

type server struct {
	tokens        Tokens
	registrations Registrations
	cases         Cases
	records       Records
	drafts        Drafts
	documents     Documents
	videos        Videos
	reference     Reference
	webhooks      Webhooks
	health        Health

	operations map[string]*operation // by method and Gin's pattern
	problems   map[string]Problem
	limit      *limiter
	limits     Limits
	trusted    []netip.Prefix
	metrics    *metrics
	log        *slog.Logger
	now        func() time.Time

	searchesAnHour int
}

var _ wire.StrictServerInterface = (*server)(nil)

// New gives the handler of the whole API. It fails if the specification and the
// handlers do not fit.
func New(ctx context.Context, options Options) (http.Handler, error) {
	document, err := LoadSpecification(ctx)
	if err != nil {
		return nil, err
	}
	operations, err := readOperations(document)
	if err != nil {
		return nil, err
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Metrics == nil {
		options.Metrics = prometheus.NewRegistry()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	collected, err := newMetrics(options.Metrics)
	if err != nil {
		return nil, err
	}
	s := &server{
		tokens: options.Tokens, registrations: options.Registrations, cases: options.Cases, records: options.Records,
		drafts: options.Drafts, documents: options.Documents, videos: options.Videos, reference: options.Reference,
		webhooks: options.Webhooks, health: options.Health,
		operations: map[string]*operation{}, problems: problemTable(), limit: newLimiter(options.PublicPerMinute), limits: options.Limits, searchesAnHour: options.SearchesAnHour, trusted: options.TrustedProxies,
		metrics: collected, log: options.Log, now: options.Now,
	}
	for _, o := range operations {
		s.operations[o.method+" "+o.pattern] = o
	}
	pages, err := newPages(document, options)
	if err != nil {
		return nil, err
	}

	gin.SetMode(gin.ReleaseMode) // otherwise Gin prints every route
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("trusting no proxy: %w", err) // who asks is found out by machine
	}
	engine.ContextWithFallback = true // what a handler is given is the request's context
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.Use(s.begin, s.survive, headers, answerDeadline, s.admit)
	engine.NoRoute(func(c *gin.Context) { s.refuse(c, certification.NotFound()) })
	engine.NoMethod(func(c *gin.Context) {
		s.refuse(c, certification.Refused(problemNotAllowed, "The header Allow lists the methods of this address."))
	})

	wire.RegisterHandlersWithOptions(engine, wire.NewStrictHandlerWithOptions(s, nil, wire.StrictGinServerOptions{
		RequestErrorHandlerFunc:  s.unreadable,
		HandlerErrorFunc:         s.refuse,
		ResponseErrorHandlerFunc: s.unwritable,
	}), wire.GinServerOptions{ErrorHandler: func(c *gin.Context, err error, _ int) { s.unreadable(c, err) }})
	for _, o := range operations {
		if o.signal != "" {
			engine.Handle(o.method, o.pattern, s.signal)
		}
	}
	engine.POST("/v1/webhooks/stripe", s.receive(s.webhooks.Stripe, "Stripe-Signature"))
	engine.POST("/v1/webhooks/exam-vendor", s.receive(s.webhooks.ExamVendor, "Exam-Signature"))

	engine.GET("/livez", s.live)
	engine.GET("/readyz", s.ready)
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(options.Metrics, promhttp.HandlerOpts{})))
	pages.register(engine, s)
	return engine, s.agree(engine)
}

// agree checks that every operation of the specification has a handler, and every
// address below /v1 an operation.
func (s *server) agree(engine *gin.Engine) error {
	var problems []error
	served := map[string]bool{}
	for _, route := range engine.Routes() {
		key := route.Method + " " + route.Path
		served[key] = true
		if s.operations[key] == nil && len(route.Path) > 4 && route.Path[:4] == "/v1/" {
			problems = append(problems, fmt.Errorf("%s is not in openapi.yaml", key))
		}
	}
	for key := range s.operations {
		if !served[key] {
			problems = append(problems, fmt.Errorf("%s of openapi.yaml has no handler", key))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return len(a.Error()) - len(b.Error()) })
	return errors.Join(problems...)
}

// unreadable should never run: what reaches the generated code was checked.
func (s *server) unreadable(c *gin.Context, err error) {
	refusal := certification.Malformed()
	refusal.Cause = err
	s.refuse(c, refusal)
}

// unwritable is an answer that could not be written: a core that gave what the
// specification does not know, or a client that left.
func (s *server) unwritable(c *gin.Context, err error) {
	s.refuse(c, fmt.Errorf("writing the answer: %w", err))
	if c.Writer.Written() && c.Writer.Status() < http.StatusBadRequest {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
}

// Serve answers on a listener until the context ends, then finishes what it has
// begun, for at most the grace given.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	httpServer := &http.Server{
		Handler: handler,
		// Bodies and answers have deadlines of their own, because a document may take
		// long and JSON may not: see deadline.go.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- httpServer.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving the API: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	// A connection that was accepted at the last moment is known to the server only once
	// Serve has returned, so the first Shutdown may have missed it: its request would be
	// cut off when the program ends.
	err := httpServer.Shutdown(stopping)
	if err == nil {
		<-failed
		err = httpServer.Shutdown(stopping)
	}
	if err != nil {
		_ = httpServer.Close()
		return fmt.Errorf("stopping the API: %w", err)
	}
	return nil
}
