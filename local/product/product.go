// Package product runs Peercert itself on a stack, with the simulators beside it and
// a clock that can be moved: what "local dev" and "local demo" show, and what tests
// of the whole product test. The product never imports it.
package product

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"peercert/api"
	"peercert/config"
	"peercert/console"
	"peercert/exams"
	"peercert/local/clock"
	"peercert/local/examsimulator"
	"peercert/local/identitysimulator"
	"peercert/local/paymentsimulator"
	"peercert/local/stack"
	"peercert/portal"
	"peercert/store"
	"peercert/worker"
)

// Names of the parts that a product adds to its stack, for StopPart and StartPart.
const (
	API              = "API"
	Worker           = "worker"
	PaymentSimulator = "payment simulator"
	ExamSimulator    = "exam simulator"
	Identity         = "sign-in simulator"
	Clock            = "clock"
)

// Options say how to run the product.
type Options struct {
	// Forget keeps nothing of the simulators and the clock over a restart.
	Forget bool
	// Out takes a line for each step that takes time; nil means nowhere.
	Out io.Writer
	// Log takes what the product logs, besides the file beside the stack's others; nil
	// means nowhere else.
	Log io.Writer
	// Patience bounds how long the errands of a case are tried before it asks for
	// attention; zero leaves each kind its own.
	Patience time.Duration
}

// Product is Peercert on a stack.
type Product struct {
	Settings config.Settings
	// Parts are a connection of its own, beside those of the API and the worker.
	Parts    *worker.Parts
	Clock    *clock.Clock
	ClockURL string
	Exam     *examsimulator.Simulator
	Payments *paymentsimulator.Simulator
	Identity *identitysimulator.Simulator
	// Pages are served beside the clock's own, at ClockURL. More can be added.
	Pages *http.ServeMux

	options Options
	stack   *stack.Stack
	logger  *slog.Logger
	log     *os.File
}

// Start migrates, then adds API, worker, simulators and clock as parts of the stack.
// Each of API and worker has connections of its own, as two processes would, and can
// be stopped and started alone.
func Start(ctx context.Context, running *stack.Stack, options Options) (*Product, error) {
	if options.Out == nil {
		options.Out = io.Discard
	}
	p := &Product{Settings: running.Settings(), options: options, stack: running}
	p.Settings.ExamCollectEvery = 2 * time.Second
	p.Settings.PublicPerMinute = 0 // everybody on this machine has one address
	if err := p.start(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Product) start(ctx context.Context) error {
	var err error
	if p.log, err = os.OpenFile(filepath.Join(p.stack.Dir(), "peercert.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	out := io.Writer(p.log)
	if p.options.Log != nil {
		out = io.MultiWriter(p.log, p.options.Log)
	}
	p.logger = slog.New(slog.NewJSONHandler(out, nil))
	slog.SetDefault(p.logger)
	if p.Clock, err = clock.Open(p.file("clock")); err != nil {
		return err
	}
	p.stack.Mailbox().Follow(p.Clock.Now) // letters are dated as everything else is
	p.Pages = http.NewServeMux()
	p.Pages.Handle("/", p.Clock)
	p.ClockURL = fmt.Sprintf("http://127.0.0.1:%d", p.stack.Ports().Clock)
	fmt.Fprintln(p.options.Out, "Bringing tables, search attributes and schedules up to date …")
	if err := store.Migrate(ctx, p.Settings.DatabaseURL); err != nil {
		return err
	}
	if err := worker.Prepare(ctx, p.Settings, p.logger, worker.ErasingPaused); err != nil {
		return err
	}
	// Parts outlive the start: their context is their own.
	if p.Parts, err = p.assemble(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	p.Clock.OnMove(p.wakeAll)
	if err := p.simulators(); err != nil {
		return err
	}
	ports := p.stack.Ports()
	for _, part := range []stack.Part{
		{Name: PaymentSimulator, Run: serving(ports.Payment, p.Payments.Serve)},
		{Name: ExamSimulator, Run: serving(ports.Exam, func(ctx context.Context, l net.Listener) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return p.Exam.Run(ctx) })
			group.Go(func() error { return serveHTTP(ctx, l, p.Exam) })
			return group.Wait()
		})},
		{Name: Identity, Run: serving(ports.Identity, func(ctx context.Context, l net.Listener) error { return serveHTTP(ctx, l, p.Identity) })},
		{Name: Worker, Run: p.runWorker, Ready: answers("http://" + p.Settings.Operations + "/readyz")},
		{Name: API, Run: serving(ports.API, p.runAPI), Ready: answers(p.Settings.PublicURL + "/readyz")},
		{Name: Clock, Run: serving(ports.Clock, func(ctx context.Context, l net.Listener) error { return serveHTTP(ctx, l, p.Pages) })},
	} {
		if err := p.stack.AddPart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// file is where a simulator keeps its state; empty if it is to forget.
func (p *Product) file(name string) string {
	if p.options.Forget {
		return ""
	}
	return filepath.Join(p.stack.Dir(), name)
}

func (p *Product) assemble(ctx context.Context) (*worker.Parts, error) {
	parts, err := worker.Assemble(ctx, p.Settings, p.logger, p.Clock.Now)
	if err == nil {
		parts.Cases.Patience = p.options.Patience
	}
	return parts, err
}

func (p *Product) simulators() error {
	var err error
	if p.Payments, err = paymentsimulator.New(paymentsimulator.Options{
		SecretKey: p.Settings.StripeSecretKey, WebhookURL: p.Settings.PublicURL + "/v1/webhooks/stripe",
		WebhookSecret: p.Settings.StripeWebhookSecret, URL: p.Settings.StripeURL, File: p.file("payments.json"), Now: p.Clock.Now,
	}); err != nil {
		return err
	}
	if p.Identity, err = identitysimulator.New(identitysimulator.Options{
		Issuer: p.Settings.StaffIssuer, ClientID: p.Settings.StaffClientID, ClientSecret: p.Settings.StaffClientSecret,
		ReturnURL: console.From(p.Settings, p.Parts.Cases).SignIn.ReturnURL, People: people(),
	}); err != nil {
		return err
	}
	p.Exam, err = examsimulator.New(examsimulator.Options{
		Files: p.Parts.Documents.Files(exams.Prefix), WebhookURL: p.Settings.PublicURL + "/v1/webhooks/exam-vendor",
		WebhookSecret: p.Settings.ExamWebhookSecret, Now: p.Clock.Now, StateFile: p.file("exams.json"), PollEvery: 500 * time.Millisecond,
	})
	return err
}

func (p *Product) runWorker(ctx context.Context) error {
	parts, err := p.assemble(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer parts.Close()
	return worker.Serve(ctx, parts, p.logger)
}

func (p *Product) runAPI(ctx context.Context, listener net.Listener) error {
	parts, err := p.assemble(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer parts.Close()
	parts.Metrics.MustRegister(collectors.NewGoCollector())
	options := api.From(parts.Cases)
	options.Operator, options.Demonstration, options.Log = p.Settings.Operator, true, p.logger
	options.Metrics, options.Now = parts.Metrics, p.Clock.Now
	handler, err := api.New(ctx, options)
	if err != nil {
		return err
	}
	pages := portal.From(p.Settings, parts.Cases)
	pages.Film, pages.Log, pages.Metrics, pages.Now = parts.Film, p.logger, parts.Metrics, p.Clock.Now
	pages.SignInsAnHour, pages.SearchesAnHour = 0, 0 // everybody on this machine has one address
	portalPages, err := portal.New(pages)
	if err != nil {
		return err
	}
	operators := console.From(p.Settings, parts.Cases)
	operators.Log, operators.Metrics, operators.Now = p.logger, parts.Metrics, p.Clock.Now
	consolePages, err := console.New(operators)
	if err != nil {
		return err
	}
	return api.Serve(ctx, listener, portal.Beside(handler, consolePages, portalPages), p.Settings.ShutdownTimeout)
}

// Close ends the product's own connections. The stack, and with it the product's
// parts, is stopped before.
func (p *Product) Close() {
	if p.Parts != nil {
		p.Parts.Close()
	}
	if p.log != nil {
		_ = p.log.Close()
	}
}
