package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"peercert/store/queries"
)

// temporalMetrics lets Temporal's SDK count into a registry: requests that failed,
// polls, tasks that waited or failed.
func temporalMetrics(registry *prometheus.Registry) (client.MetricsHandler, error) {
	exporter, err := otelprometheus.New(
		otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of Temporal's SDK: %w", err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter))
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: provider.Meter("temporal"),
		OnError: func(err error) {
			slog.Warn("a metric of Temporal's SDK could not be counted", "error", err)
		},
	}), nil
}

// standingKept is how long counts are shown before they are counted again, so that
// many scrapes are no load.
const standingKept = 10 * time.Second

// standing shows how the programme stands, counted in the records. It is collected
// when somebody asks.
type standing struct {
	parts *Parts

	cases, attention, overdue, inbox, inboxAge, parked, notices, noticeAge, checks, checkAge, erasingAge, answers *prometheus.Desc

	mutex   sync.Mutex
	counted time.Time // by the machine's clock
	values  []prometheus.Metric
}

func newStanding(parts *Parts) *standing {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("peercert_"+name, help, labels, nil)
	}
	return &standing{
		parts:      parts,
		cases:      describe("cases_open", "Open cases at each stage.", "stage"),
		attention:  describe("cases_attention", "Cases that ask for attention, by its code; of closed cases only what is about money.", "attention"),
		overdue:    describe("cases_overdue", "Open cases that wait for longer than was promised."),
		inbox:      describe("inbox_waiting", "Messages from outside that were not delivered yet."),
		inboxAge:   describe("inbox_oldest_seconds", "Age of the oldest of them."),
		parked:     describe("inbox_parked", "Messages from outside that wait for a person: of no case, or correcting an exam of a closed one."),
		notices:    describe("notices_unsent", "Letters that were not sent yet."),
		noticeAge:  describe("notices_oldest_seconds", "Age of the oldest of them."),
		checks:     describe("documents_checking", "Uploaded documents whose check has not ended."),
		checkAge:   describe("documents_checking_oldest_seconds", "Age of the oldest of them."),
		erasingAge: describe("erasing_late_seconds", "For how long the case that comes next has been waiting to be looked at for what was kept for its time; 0 if none waits."),
		answers:    describe("records_answer", "1 if the records could be counted, otherwise 0, and the other counts are missing."),
	}
}

// Describe implements prometheus.Collector.
func (s *standing) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{
		s.cases, s.attention, s.overdue, s.inbox, s.inboxAge, s.parked, s.notices, s.noticeAge, s.checks, s.checkAge, s.erasingAge, s.answers,
	} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (s *standing) Collect(metrics chan<- prometheus.Metric) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.counted.IsZero() || time.Since(s.counted) > standingKept {
		values, err := s.count()
		if err != nil {
			slog.Warn("the cases could not be counted", "error", err)
			values = []prometheus.Metric{gauge(s.answers, 0)}
		}
		s.values, s.counted = values, time.Now()
	}
	for _, value := range s.values {
		metrics <- value
	}
}

func (s *standing) count() ([]prometheus.Metric, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	stages, err := s.parts.Store.CountOpenByStage(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := s.parts.Store.CountAttention(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := s.parts.Store.CountWaiting(ctx, s.parts.Now())
	if err != nil {
		return nil, err
	}
	parked, err := s.parts.Store.CountParked(ctx)
	if err != nil {
		return nil, err
	}
	values := []prometheus.Metric{
		gauge(s.answers, 1), gauge(s.overdue, float64(waiting.Overdue)),
		gauge(s.inbox, float64(waiting.Inbox)), gauge(s.inboxAge, max(0, waiting.InboxSeconds)), gauge(s.parked, float64(parked)),
		gauge(s.notices, float64(waiting.Notices)), gauge(s.noticeAge, max(0, waiting.NoticeSeconds)),
		gauge(s.checks, float64(waiting.Documents)), gauge(s.checkAge, max(0, waiting.DocumentSeconds)),
		gauge(s.erasingAge, max(0, waiting.ErasingSeconds)),
	}
	return append(append(values, eachOf(stages, func(row queries.CountOpenByStageRow) prometheus.Metric {
		return gauge(s.cases, float64(row.Cases), row.Stage)
	})...), eachOf(codes, func(row queries.CountAttentionRow) prometheus.Metric {
		return gauge(s.attention, float64(row.Cases), row.Code)
	})...), nil
}

func gauge(description *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...)
}

func eachOf[From, To any](list []From, to func(From) To) []To {
	made := make([]To, 0, len(list))
	for _, item := range list {
		made = append(made, to(item))
	}
	return made
}
