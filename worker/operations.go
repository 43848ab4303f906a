package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Serve runs a worker with its page for operators until the context ends. The page
// answers until the worker has finished what it began.
func Serve(ctx context.Context, p *Parts, logger *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	operations, closeOperations := context.WithCancel(context.WithoutCancel(ctx))
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if err := ServeOperations(operations, p); err != nil {
			cancel(err) // a worker that nobody can watch does not run
		}
	}()
	err := Run(ctx, p, logger)
	closeOperations()
	<-closed
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// ServeOperations answers /livez, /readyz and /metrics of the worker until the
// context ends.
func ServeOperations(ctx context.Context, p *Parts) error {
	for _, collector := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newStanding(p),
	} {
		if err := p.Metrics.Register(collector); err != nil {
			return fmt.Errorf("registering metrics of the worker: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		for _, part := range p.Cases.Ready(r.Context()) {
			if !part.Ready {
				http.Error(w, part.Detail, http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.Metrics, promhttp.HandlerOpts{}))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.Settings.Operations)
	if err != nil {
		return fmt.Errorf("listening on %s (PEERCERT_OPERATIONS_LISTEN): %w", p.Settings.Operations, err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving operations on %s: %w", p.Settings.Operations, err)
	}
	<-stopped
	return nil
}
