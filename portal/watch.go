package portal

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// watch is what operators see of the pages: a line of log and two metrics a request,
// by the pattern of its route. Addresses, whose queries may say more than an id, are in
// neither.
type watch struct {
	log     *slog.Logger
	pages   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newWatch(log *slog.Logger, registry prometheus.Registerer) (*watch, error) {
	w := &watch{
		log: log,
		pages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "peercert_pages_total", Help: "Pages of the portal answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "peercert_page_seconds", Help: "Time from the head of a request for a page to the end of its answer.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
	}
	for _, collector := range []prometheus.Collector{w.pages, w.seconds} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("registering metrics of the portal: %w", err)
		}
	}
	return w, nil
}

// Keys of what is known about a request, in Gin's context.
const (
	requestID = "request_id"
	requestBy = "actor_id"
	failure   = "failure"
)

// begin gives a request an id, which its signals and its error page carry, and watches
// until it is answered.
func (w *watch) begin(c *gin.Context) {
	began, id := time.Now(), uuid.Must(uuid.NewV7()).String()
	c.Set(requestID, id)
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
			slog.String(requestID, id), slog.String("method", method), slog.String("route", route), slog.Int("status", c.Writer.Status()), slog.Duration("took", took),
		}
		if caseID := c.Param("case"); uuid.Validate(caseID) == nil {
			line = append(line, slog.String("case_id", caseID))
		}
		if by := c.GetString(requestBy); by != "" {
			line = append(line, slog.String(requestBy, by))
		}
		level := slog.LevelInfo
		if failed, is := c.Get(failure); is {
			level = slog.LevelError
			line = append(line, slog.Any("error", failed))
		}
		w.log.LogAttrs(c.Request.Context(), level, "page", line...)
	}()
	c.Next()
}
