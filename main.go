// Command peercert runs the certification programme for Medi-Cal Peer Support
// Specialists.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"peercert/api"
	"peercert/certification"
	"peercert/config"
	"peercert/console"
	"peercert/portal"
	"peercert/store"
	"peercert/worker"
)

const usage = `peercert runs the certification programme.

  peercert migrate     bring the tables, the search attributes and the schedules up to date
  peercert api         serve the API, the portal and the console
  peercert worker      serve the cases
  peercert token -role reviewer|administrator|service -id ID [-days 90] [-label TEXT]
                       make a token for somebody of the staff; it is shown once
  peercert feedback [-days 30]
                       print what people said about the pages, a JSON object a line, the newest first
  peercert settings    print every setting with its default

Settings are environment variables; docs/settings.md has them all.
`

func main() { os.Exit(run(os.Args[1:])) }

func run(arguments []string) int {
	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(logger)

	command, rest := arguments[0], arguments[1:]
	if command == "settings" {
		printSettings()
		return 0
	}
	settings, err := config.Read()
	if err == nil {
		switch command {
		case "migrate":
			err = migrate(ctx, settings, logger)
		case "api":
			err = serveAPI(ctx, settings, logger)
		case "worker":
			err = serveWorker(ctx, settings, logger)
		case "token":
			err = makeToken(ctx, settings, logger, rest)
		case "feedback":
			err = printFeedback(ctx, settings, logger, rest)
		default:
			fmt.Fprint(os.Stderr, usage)
			return 2
		}
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func printSettings() {
	fmt.Println("| setting | default | what it is |\n|---|---|---|")
	for _, setting := range config.Table() {
		fmt.Printf("| `%s` | %s | %s |\n", setting.Name, setting.Default, setting.Doc)
	}
}

func migrate(ctx context.Context, settings config.Settings, logger *slog.Logger) error {
	if err := store.Migrate(ctx, settings.DatabaseURL); err != nil {
		return err
	}
	return worker.Prepare(ctx, settings, logger)
}

func serveAPI(ctx context.Context, settings config.Settings, logger *slog.Logger) error {
	parts, err := worker.Assemble(ctx, settings, logger, time.Now)
	if err != nil {
		return err
	}
	defer parts.Close()
	parts.Metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	options := api.From(parts.Cases)
	options.Operator, options.Demonstration = settings.Operator, settings.Environment == config.Local
	options.PublicPerMinute, options.Log, options.Metrics = settings.PublicPerMinute, logger, parts.Metrics
	options.TrustedProxies, options.SearchesAnHour = settings.Proxies(), settings.SearchesAnHour
	for _, sentence := range settings.Advice() {
		logger.Warn(sentence)
	}
	handler, err := api.New(ctx, options)
	if err != nil {
		return err
	}
	pages, err := servePortal(settings, parts, logger)
	if err != nil {
		return err
	}
	operators, err := serveConsole(settings, parts, logger)
	if err != nil {
		return err
	}
	handler = portal.Beside(handler, operators, pages)
	listener, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s (PEERCERT_LISTEN): %w", settings.Listen, err)
	}
	logger.Info("the API, the portal and the console serve", "address", listener.Addr().String())
	return api.Serve(ctx, listener, handler, settings.ShutdownTimeout)
}

func servePortal(settings config.Settings, parts *worker.Parts, logger *slog.Logger) (http.Handler, error) {
	options := portal.From(settings, parts.Cases)
	options.Film, options.Log, options.Metrics = parts.Film, logger, parts.Metrics
	return portal.New(options)
}

func serveConsole(settings config.Settings, parts *worker.Parts, logger *slog.Logger) (http.Handler, error) {
	options := console.From(settings, parts.Cases)
	options.Log, options.Metrics = logger, parts.Metrics
	return console.New(options)
}

func serveWorker(ctx context.Context, settings config.Settings, logger *slog.Logger) error {
	parts, err := worker.Assemble(ctx, settings, logger, time.Now)
	if err != nil {
		return err
	}
	defer parts.Close()
	return worker.Serve(ctx, parts, logger)
}

func makeToken(ctx context.Context, settings config.Settings, logger *slog.Logger, arguments []string) error {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	role := flags.String("role", "", "reviewer, administrator or service")
	id := flags.String("id", "", "the id of the person or the service; no name, no address")
	days := flags.Int("days", 90, "days until the token is not valid any more")
	label := flags.String("label", "", "what the token is for")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	switch certification.Role(*role) {
	case certification.RoleReviewer, certification.RoleAdministrator, certification.RoleService:
	default:
		return fmt.Errorf("-role is %q: it must be reviewer, administrator or service", *role)
	}
	if !certification.IsActorID(*id) {
		return errors.New("-id must be letters, digits and the marks . _ | : - only: no name, no address")
	}
	if *days < 1 {
		return errors.New("-days must be at least 1")
	}
	parts, err := worker.Assemble(ctx, settings, logger, time.Now)
	if err != nil {
		return err
	}
	defer parts.Close()
	token, err := parts.Cases.NewToken(ctx, certification.Actor{Role: certification.Role(*role), ID: *id}, *label, time.Duration(*days)*24*time.Hour)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

// mostFeedback bounds what is printed at once.
const mostFeedback = 10_000

func printFeedback(ctx context.Context, settings config.Settings, logger *slog.Logger, arguments []string) error {
	flags := flag.NewFlagSet("feedback", flag.ContinueOnError)
	days := flags.Int("days", 30, "of how many days")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *days < 1 {
		return errors.New("-days must be at least 1")
	}
	parts, err := worker.Assemble(ctx, settings, logger, time.Now)
	if err != nil {
		return err
	}
	defer parts.Close()
	all, err := parts.Cases.FeedbackSince(ctx, time.Now().AddDate(0, 0, -*days), mostFeedback)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return fmt.Errorf("printing feedback: %w", err)
		}
	}
	return nil
}
