package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"peercert/api"
	"peercert/bench/baseline"
	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/local/stack"
	"peercert/store"
	"peercert/worker"
)

// world is the product on a stack of its own, with the baseline beside it.
type world struct {
	stack    *stack.Stack
	parts    *worker.Parts
	database *pgxpool.Pool // for what no adapter of the product asks
	http     *http.Client
	log      *os.File
	profile  string
	profiles int
	// unavailable counts answers of 503: requests that had to be repeated.
	unavailable atomic.Int64
}

// startWorld starts PostgreSQL, Temporal, S3, the mailbox and the payment
// simulator, and in this process the API, the worker and the baseline's worker. The
// exam vendor's simulator and the clock are left out: nothing here waits for them.
func startWorld(ctx context.Context, out io.Writer) (*world, error) {
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Durable: true, Headless: true, Out: out})
	if err != nil {
		return nil, err
	}
	w := &world{stack: running, http: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * deciders},
	}}
	if err := w.start(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) start(ctx context.Context) error {
	settings := w.stack.Settings()
	settings.PublicPerMinute = 0
	settings.ExamCollectEvery = 24 * time.Hour // no vendor: nothing to collect
	var err error
	if w.log, err = os.Create(filepath.Join(w.stack.Dir(), "peercert.log")); err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	slog.SetDefault(logger)
	if err := store.Migrate(ctx, settings.DatabaseURL); err != nil {
		return err
	}
	if err := worker.Prepare(ctx, settings, logger); err != nil {
		return err
	}
	// Parts outlive the start: their context is their own.
	lasting := context.WithoutCancel(ctx)
	if w.parts, err = worker.Assemble(lasting, settings, logger, time.Now); err != nil {
		return err
	}
	// The rate at which letters leave the house is policy, and would be all that the
	// journeys measure.
	w.parts.OutboundPerSecond = 0
	if w.database, err = pgxpool.New(lasting, settings.DatabaseURL); err != nil {
		return fmt.Errorf("connecting to the database: %w", err)
	}
	options := api.From(w.parts.Cases)
	options.Operator, options.Demonstration, options.Log = settings.Operator, true, logger
	handler, err := api.New(ctx, options)
	if err != nil {
		return err
	}
	payments, err := paymentsimulator.New(paymentsimulator.Options{
		SecretKey: settings.StripeSecretKey, URL: settings.StripeURL, Now: time.Now,
	})
	if err != nil {
		return err
	}
	for _, part := range []stack.Part{
		{Name: "payment simulator", Run: listening(w.stack.Ports().Payment, payments.Serve)},
		{Name: "worker", Run: func(ctx context.Context) error { return worker.Run(ctx, w.parts, logger) }},
		{Name: "API", Run: listening(w.stack.Ports().API, func(ctx context.Context, l net.Listener) error {
			return api.Serve(ctx, l, handler, settings.ShutdownTimeout)
		}), Ready: w.ready},
		{Name: "baseline", Run: func(ctx context.Context) error { return baseline.Serve(ctx, w.parts.Temporal) }},
	} {
		if err := w.stack.AddPart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// close stops everything.
func (w *world) close() {
	w.stack.Stop()
	if w.database != nil {
		w.database.Close()
	}
	if w.parts != nil {
		w.parts.Close()
	}
	if w.log != nil {
		_ = w.log.Close()
	}
}

// listening gives a server a loopback port of the stack.
func listening(port int, serve func(context.Context, net.Listener) error) func(context.Context) error {
	return func(ctx context.Context) error {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
		return serve(ctx, listener)
	}
}

func (w *world) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.parts.Settings.PublicURL+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the API answers %d", answer.StatusCode)
	}
	return nil
}

// token makes a token of a reviewer.
func (w *world) token(ctx context.Context, reviewer string) (string, error) {
	return w.parts.Cases.NewToken(ctx, certification.Actor{Role: certification.RoleReviewer, ID: reviewer}, "bench", 24*time.Hour)
}

// profiled runs a turn of the product, under the profiler if that is wanted: one
// file a turn, which the pprof tool merges.
func (w *world) profiled(name string, do func() error) error {
	if w.profile == "" {
		return do()
	}
	w.profiles++
	file, err := os.Create(filepath.Join(w.profile, fmt.Sprintf("%s-%02d.pprof", name, w.profiles)))
	if err != nil {
		return fmt.Errorf("making a profile: %w", err)
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("profiling: %w", err)
	}
	defer pprof.StopCPUProfile()
	return do()
}
