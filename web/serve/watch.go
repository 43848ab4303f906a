package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"peercert/certification"
)

// Watch is what operators see of the pages: a line of log and two metrics a request,
// by the pattern of its route. Addresses, whose queries may say more than an id, are in
// neither.
type Watch struct {
	log     *slog.Logger
	pages   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewWatch registers the metrics, which all pages of one process share.
func NewWatch(log *slog.Logger, registry prometheus.Registerer) (*Watch, error) {
	w := &Watch{
		log: log,
		pages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "peercert_pages_total", Help: "Pages answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "peercert_page_seconds", Help: "Time from the head of a request for a page to the end of its answer.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
	}
	var err error
	if w.pages, err = register(registry, w.pages); err != nil {
		return nil, err
	}
	w.seconds, err = register(registry, w.seconds)
	return w, err
}

// register gives the collector that is in the registry: this one, or the same of other
// pages that were there before.
func register[C prometheus.Collector](registry prometheus.Registerer, collector C) (C, error) {
	err := registry.Register(collector)
	var before prometheus.AlreadyRegisteredError
	if errors.As(err, &before) {
		if same, is := before.ExistingCollector.(C); is {
			return same, nil
		}
	}
	if err != nil {
		return collector, fmt.Errorf("registering metrics of pages: %w", err)
	}
	return collector, nil
}

// Keys of what is known about a request, in Gin's context.
const (
	RequestID = "request_id"
	RequestBy = "actor_id" // who is signed in, once that is known
	Failure   = "failure"  // what went wrong on our side, for the log
)

// FailureText is an error for the log, with what is behind a refusal.
func FailureText(err error) string {
	if refusal, is := certification.RefusalOf(err); is && refusal.Cause != nil {
		return err.Error() + ": " + refusal.Cause.Error()
	}
	return err.Error()
}

// Begin gives a request an id, which its signals and its error page carry, and watches
// until it is answered.
func (w *Watch) Begin(c *gin.Context) {
	began, id := time.Now(), uuid.Must(uuid.NewV7()).String()
	c.Set(RequestID, id)
	c.Header("X-Request-Id", id)
	defer func() {
		route, method, took := c.FullPath(), c.Request.Method, time.Since(began)
		if route == "" {
			route = "unmatched"
		}
		if method != http.MethodGet && method != http.MethodPost && method != http.MethodHead {
			method = "other"
		}
		w.pages.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Inc()
		w.seconds.WithLabelValues(method, route).Observe(took.Seconds())
		line := []slog.Attr{
			slog.String(RequestID, id), slog.String("method", method), slog.String("route", route), slog.Int("status", c.Writer.Status()), slog.Duration("took", took),
		}
		if caseID := c.Param("case"); uuid.Validate(caseID) == nil {
			line = append(line, slog.String("case_id", caseID))
		}
		if by := c.GetString(RequestBy); by != "" {
			line = append(line, slog.String(RequestBy, by))
		}
		level := slog.LevelInfo
		if failed, is := c.Get(Failure); is {
			level = slog.LevelError
			line = append(line, slog.Any("error", failed))
		}
		w.log.LogAttrs(c.Request.Context(), level, "page", line...)
	}()
	c.Next()
}
