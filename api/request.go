package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"peercert/certification"
)

// request is what is known about a request while it is served.
type request struct {
	id        string
	operation *operation // nil for pages
	actor     certification.Actor
	body      json.RawMessage // the JSON body, checked
	problem   string          // the type of the problem it was answered with
	failure   error           // for the log; never shown
}

type requestKey struct{}

// requestOf finds the request in the context that a handler was given.
func requestOf(ctx context.Context) *request {
	found, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return &request{}
	}
	return found
}

// sane is what an id from outside may look like: it goes into logs.
var sane = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$`)

// begin gives the request an id, and writes a line of log and the metrics when it
// is answered. The line has the pattern of the route and never the address itself,
// whose query may say more than an id.
func (s *server) begin(c *gin.Context) {
	began := time.Now()
	r := &request{id: c.GetHeader("X-Request-Id")}
	if !sane.MatchString(r.id) {
		r.id = uuid.Must(uuid.NewV7()).String()
	}
	c.Header("X-Request-Id", r.id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
	s.metrics.inFlight.Inc()
	defer func() {
		s.metrics.inFlight.Dec()
		route := c.FullPath()
		if route == "" {
			route = "unmatched"
		}
		took := time.Since(began)
		s.metrics.observe(method(c.Request.Method), route, c.Writer.Status(), took)
		attributes := []slog.Attr{
			slog.String("request_id", r.id),
			slog.String("method", method(c.Request.Method)),
			slog.String("route", route),
			slog.Int("status", c.Writer.Status()),
			slog.Duration("took", took),
		}
		if caseID := c.Param("case_id"); uuid.Validate(caseID) == nil {
			attributes = append(attributes, slog.String("case_id", caseID))
		}
		if r.actor.Role != "" {
			attributes = append(attributes, slog.String("actor_role", string(r.actor.Role)), slog.String("actor_id", r.actor.ID))
		}
		if r.problem != "" {
			attributes = append(attributes, slog.String("problem", r.problem))
		}
		level := slog.LevelInfo
		if r.failure != nil {
			level = slog.LevelError
			attributes = append(attributes, slog.String("error", errorText(r.failure)))
		}
		s.log.LogAttrs(c.Request.Context(), level, "request", attributes...)
	}()
	c.Next()
}

// method keeps made-up methods out of logs and labels.
func method(name string) string {
	if strings.Contains(" GET HEAD POST PUT PATCH DELETE OPTIONS ", " "+name+" ") {
		return name
	}
	return "other"
}

func errorText(err error) string {
	if refusal, ok := certification.RefusalOf(err); ok && refusal.Cause != nil {
		return err.Error() + ": " + refusal.Cause.Error()
	}
	return err.Error()
}

// survive turns a panic into a problem. The value of the panic is not logged: it
// may be anything, personal data too; the stack says where it was.
func (s *server) survive(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause)
		}
		s.metrics.panics.Inc()
		s.log.ErrorContext(c.Request.Context(), "a handler panicked",
			slog.String("request_id", requestOf(c).id), slog.String("route", c.FullPath()), slog.String("stack", string(debug.Stack())))
		s.refuse(c, errPanic)
		if c.Writer.Written() && c.Writer.Status() < http.StatusInternalServerError {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		c.Abort()
	}()
	c.Next()
}

type plainError string

func (e plainError) Error() string { return string(e) }

const errPanic = plainError("a handler panicked")

// headers are those that keep browsers from guessing, framing and remembering.
func headers(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		header.Set("Cache-Control", "no-store")
	}
	c.Next()
}
