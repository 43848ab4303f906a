// Package worker puts workflows, activities and adapters together, serves the task
// queues, and delivers what came from outside to the cases.
package worker

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"peercert/cases"
	"peercert/config"
	"peercert/documents"
	"peercert/exams"
	"peercert/film"
	"peercert/notices"
	"peercert/payments"
	"peercert/store"
)

// Parts are the adapters of one process and the door to the cases, put together
// from the settings. The API and the worker both stand on them.
type Parts struct {
	Settings  config.Settings
	Store     *store.Store
	Temporal  client.Client
	Documents *documents.Documents
	Payments  *payments.Payments
	Exams     *exams.Vendor
	Letters   *notices.Sender
	Film      *film.Film
	Cases     *cases.Cases
	// Erased counts what was erased by the retention table, by class.
	Erased      *prometheus.CounterVec
	vendorFiles *vendorFiles
	// Metrics has what Temporal's SDK counts; the API and the worker add theirs.
	Metrics *prometheus.Registry
	Now     func() time.Time
	// OutboundPerSecond bounds what leaves the house: mail servers, Stripe and the exam
	// vendor all have limits, and a flood of letters is an incident. It holds for what
	// workflows ask for, over all workers, and beside it for what each worker sends out of
	// the inbox. 0 is no limit.
	OutboundPerSecond float64
}

// Assemble connects everything. Nothing has to be up: what is down is asked again
// when it is needed.
func Assemble(ctx context.Context, settings config.Settings, logger *slog.Logger, now func() time.Time) (*Parts, error) {
	p := &Parts{Settings: settings, Metrics: prometheus.NewRegistry(), Now: now, OutboundPerSecond: outboundPerSecond}
	p.Erased = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peercert_erased_total", Help: "Records that were erased because they were kept for their time, by class.",
	}, []string{"class"})
	err := p.Metrics.Register(p.Erased)
	if err != nil {
		return nil, fmt.Errorf("registering what is erased: %w", err)
	}
	if p.vendorFiles, err = newVendorFiles(p.Metrics); err != nil {
		return nil, err
	}
	if p.Store, err = store.Open(ctx, settings.DatabaseURL, settings.DatabaseConnections, now); err != nil {
		return nil, err
	}
	temporal := TemporalOptions(settings, logger)
	if temporal.MetricsHandler, err = temporalMetrics(p.Metrics); err != nil {
		return nil, err
	}
	if p.Temporal, err = client.NewLazyClient(temporal); err != nil {
		return nil, fmt.Errorf("preparing the connection to Temporal: %w", err)
	}
	var scanner documents.Scanner
	if settings.ClamdAddress != "" {
		scanner = documents.NewClamd(settings.ClamdAddress)
	}
	if p.Documents, err = documents.New(ctx, documents.Options{
		Endpoint: settings.S3Endpoint, Region: settings.S3Region, Bucket: settings.S3Bucket, AccessKey: settings.S3AccessKey,
		SecretKey: settings.S3SecretKey, Scanner: scanner, ScanRequired: settings.ScanRequired, Now: now,
	}); err != nil {
		return nil, err
	}
	if p.Payments, err = payments.New(payments.Options{
		SecretKey: settings.StripeSecretKey, WebhookSecret: settings.StripeWebhookSecret, URL: settings.StripeURL, Now: now,
		ReturnURL: func(paymentID, outcome string) string {
			return settings.PublicURL + "/payments/" + url.PathEscape(paymentID) + "/" + outcome
		},
	}); err != nil {
		return nil, err
	}
	if p.Exams, err = exams.New(exams.Options{
		Files: p.Documents.Files(exams.Prefix), WebhookSecrets: settings.ExamWebhookSecret, Now: now,
	}); err != nil {
		return nil, err
	}
	if p.Film, err = film.Load(settings.FilmFolder); err != nil {
		return nil, fmt.Errorf("PEERCERT_FILM_FOLDER: %w", err)
	}
	letterhead := notices.Letterhead{Operator: settings.Operator, PublicURL: settings.PublicURL, Demonstration: settings.Environment == config.Local}
	if p.Letters, err = notices.NewSender(notices.Options{
		Letterhead: letterhead, Address: settings.MailAddress, Username: settings.MailUsername, Password: settings.MailPassword,
		TLS: settings.MailTLS, From: settings.MailFrom, Now: now,
	}); err != nil {
		return nil, err
	}
	p.Cases = cases.New(cases.Options{
		Store: p.Store, Temporal: p.Temporal, Storage: storage{p.Documents}, Stripe: p.Payments, Exams: p.Exams,
		Letters: words{letterhead}, Candidates: candidates{p.Documents.Files(exams.Prefix)}, TokenSecret: settings.TokenSecret, BookingURL: settings.ExamBookingURL,
		Video: videoOf(p.Film),
	})
	return p, nil
}

// videoOf is the film as the door to the cases knows it. The API has one title a
// chapter, in English where there is one; pages take theirs from the film.
func videoOf(shown *film.Film) cases.Video {
	video := cases.Video{Version: shown.Version}
	for _, chapter := range shown.Chapters {
		video.Chapters = append(video.Chapters, cases.Chapter{ID: chapter.ID, Title: chapter.Title("en"), Seconds: chapter.Seconds})
	}
	return video
}

// Close ends all connections.
func (p *Parts) Close() {
	p.Temporal.Close()
	p.Store.Close()
}

// TemporalOptions is how the product connects to Temporal.
func TemporalOptions(settings config.Settings, logger *slog.Logger) client.Options {
	options := client.Options{
		HostPort: settings.TemporalAddress, Namespace: settings.TemporalNamespace, Logger: log.NewStructuredLogger(logger),
	}
	if settings.TemporalAPIKey != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(settings.TemporalAPIKey)
	}
	if settings.TemporalTLS || settings.TemporalAPIKey != "" {
		options.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return options
}
