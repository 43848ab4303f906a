package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"peercert/api"
	"peercert/certification"
	"peercert/config"
	"peercert/local/clock"
	"peercert/local/examsimulator"
	"peercert/local/paymentsimulator"
	"peercert/local/stack"
	"peercert/store"
	"peercert/store/queries"
	"peercert/worker"
	"peercert/workflows"
)

// product is Peercert itself on a stack, with the simulators beside it.
type product struct {
	settings config.Settings
	parts    *worker.Parts
	clock    *clock.Clock
	clockURL string
	log      *os.File
}

// startProduct migrates, then runs API, worker, simulators and clock as parts of
// the stack. Their log goes to a file beside the others.
func startProduct(ctx context.Context, out io.Writer, running *stack.Stack, ephemeral bool) (*product, error) {
	p := &product{settings: running.Settings()}
	p.settings.ExamCollectEvery = 2 * time.Second
	p.settings.PublicPerMinute = 0 // everybody on this machine has one address

	keep := func(name string) string {
		if ephemeral {
			return ""
		}
		return filepath.Join(running.Dir(), name)
	}
	var err error
	if p.log, err = os.OpenFile(filepath.Join(running.Dir(), "peercert.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	logger := slog.New(slog.NewJSONHandler(p.log, nil))
	slog.SetDefault(logger)
	if p.clock, err = clock.Open(keep("clock")); err != nil {
		return nil, err
	}
	fmt.Fprintln(out, "Bringing tables, search attributes and schedules up to date …")
	if err := store.Migrate(ctx, p.settings.DatabaseURL); err != nil {
		return nil, err
	}
	if err := worker.Prepare(ctx, p.settings, logger); err != nil {
		return nil, err
	}
	// Parts outlive the start: their context is their own.
	if p.parts, err = worker.Assemble(context.WithoutCancel(ctx), p.settings, logger, p.clock.Now); err != nil {
		return nil, err
	}
	p.clock.OnMove(p.wakeAll)

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector())
	options := api.From(p.parts.Cases)
	options.Operator, options.Demonstration, options.Log, options.Metrics, options.Now = p.settings.Operator, true, logger, metrics, p.clock.Now
	handler, err := api.New(ctx, options)
	if err != nil {
		return nil, err
	}
	payments, err := paymentsimulator.New(paymentsimulator.Options{
		SecretKey: p.settings.StripeSecretKey, WebhookURL: p.settings.PublicURL + "/v1/webhooks/stripe",
		WebhookSecret: p.settings.StripeWebhookSecret, URL: p.settings.StripeURL, File: keep("payments.json"), Now: p.clock.Now,
	})
	if err != nil {
		return nil, err
	}
	exam, err := examsimulator.New(examsimulator.Options{
		Files: p.parts.Documents.Files("exam-vendor/"), WebhookURL: p.settings.PublicURL + "/v1/webhooks/exam-vendor",
		WebhookSecret: p.settings.ExamWebhookSecret, Now: p.clock.Now, StateFile: keep("exams.json"), PollEvery: 500 * time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	ports := running.Ports()
	p.clockURL = fmt.Sprintf("http://127.0.0.1:%d", ports.Clock)
	for _, part := range []stack.Part{
		{Name: "payment simulator", Run: serving(ports.Payment, func(ctx context.Context, l net.Listener) error { return payments.Serve(ctx, l) })},
		{Name: "exam simulator", Run: serving(ports.Exam, func(ctx context.Context, l net.Listener) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return exam.Run(ctx) })
			group.Go(func() error { return serveHTTP(ctx, l, exam) })
			return group.Wait()
		})},
		{Name: "worker", Run: func(ctx context.Context) error { return worker.Run(ctx, p.parts, logger) }},
		{Name: "worker's operations page", Run: func(ctx context.Context) error { return worker.ServeOperations(ctx, p.parts) }},
		{Name: "API", Run: serving(ports.API, func(ctx context.Context, l net.Listener) error {
			return api.Serve(ctx, l, handler, p.settings.ShutdownTimeout)
		}), Ready: answers(p.settings.PublicURL + "/readyz")},
		{Name: "clock", Run: serving(ports.Clock, func(ctx context.Context, l net.Listener) error { return serveHTTP(ctx, l, p.clock) })},
	} {
		if err := running.AddPart(ctx, part); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// close ends the product's connections, after its parts.
func (p *product) close() {
	if p.parts != nil {
		p.parts.Close()
	}
	_ = p.log.Close()
}

// serving listens on a loopback port and serves until the context ends.
func serving(port int, serve func(context.Context, net.Listener) error) func(context.Context) error {
	return func(ctx context.Context) error {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
		return serve(ctx, listener)
	}
}

func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// answers is ready once an address gives 200.
func answers(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %d", address, response.StatusCode)
		}
		return nil
	}
}

// wakeAll tells every open case that the time has changed.
func (p *product) wakeAll(ctx context.Context) (int, error) {
	woken := 0
	const page = 200
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		ids, err := p.parts.Store.OpenCaseIDs(ctx, queries.OpenCaseIDsParams{ID: after, Limit: page})
		if err != nil {
			return woken, fmt.Errorf("reading the open cases: %w", err)
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(16)
		for _, id := range ids {
			group.Go(func() error {
				handle, err := p.parts.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
					WorkflowID: workflows.CaseWorkflowID(id), UpdateName: string(certification.SignalWake),
					Args: []any{certification.Wake{}}, WaitForStage: client.WorkflowUpdateStageCompleted,
				})
				if err == nil {
					err = handle.Get(ctx, nil)
				}
				if err != nil {
					return fmt.Errorf("waking case %s: %w", id, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return woken, err
		}
		woken += len(ids)
		if len(ids) < page {
			return woken, nil
		}
		after = ids[len(ids)-1]
	}
}
