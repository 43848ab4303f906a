// Package config reads the settings of the product from the environment and
// checks them before anything starts. A bad setting stops the program with a
// sentence that names it.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Local is the environment in which sample secrets and plain HTTP are allowed.
const Local = "local"

// SampleSecretPrefix starts every secret that is published in this repository.
// Outside the local environment the program refuses a secret that has it.
const SampleSecretPrefix = "sample-"

// Settings is everything that can be set from outside. Field docs are the
// sentences of the settings table in docs/settings.md.
type Settings struct {
	Environment string `env:"PEERCERT_ENVIRONMENT" envDefault:"local" doc:"local, staging or production. Outside local, sample secrets are refused and addresses must be https."`
	Listen      string `env:"PEERCERT_LISTEN" envDefault:"127.0.0.1:8080" doc:"host:port the API listens on; without a host on every address of the machine."`
	Operations  string `env:"PEERCERT_OPERATIONS_LISTEN" envDefault:"127.0.0.1:9090" doc:"host:port on which the worker serves /livez, /readyz and /metrics."`
	PublicURL   string `env:"PEERCERT_PUBLIC_URL" envDefault:"http://127.0.0.1:8080" doc:"Address people reach the product at; links in letters begin with it. It ends after the host, without a slash."`
	Operator    string `env:"PEERCERT_OPERATOR" envDefault:"Peercert demonstration" doc:"Name of the certifying body, as letters and pages show it."`

	DatabaseURL         string `env:"PEERCERT_DATABASE_URL" envDefault:"postgres://peercert@127.0.0.1:5442/peercert?sslmode=disable" secret:"url" doc:"PostgreSQL connection URL."`
	DatabaseConnections int    `env:"PEERCERT_DATABASE_CONNECTIONS" envDefault:"20" doc:"Most connections one process opens to PostgreSQL, at least 2."`

	TemporalAddress   string `env:"PEERCERT_TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233" doc:"host:port of the Temporal frontend."`
	TemporalNamespace string `env:"PEERCERT_TEMPORAL_NAMESPACE" envDefault:"peercert" doc:"Temporal namespace that holds the cases."`
	TemporalAPIKey    string `env:"PEERCERT_TEMPORAL_API_KEY" secret:"yes" doc:"API key for Temporal Cloud; with it the connection uses TLS."`
	TemporalTLS       bool   `env:"PEERCERT_TEMPORAL_TLS" envDefault:"false" doc:"Connect to Temporal with TLS."`
	TemporalUI        string `env:"PEERCERT_TEMPORAL_UI_URL" envDefault:"http://127.0.0.1:8233" doc:"Address of the Temporal web UI, for links to a case."`

	S3Endpoint  string `env:"PEERCERT_S3_ENDPOINT" doc:"Address of an S3 service other than AWS; empty means AWS."`
	S3Region    string `env:"PEERCERT_S3_REGION" envDefault:"us-west-2" doc:"Region of the bucket."`
	S3Bucket    string `env:"PEERCERT_S3_BUCKET" envDefault:"peercert" doc:"Bucket for documents and for the exam vendor's files."`
	S3AccessKey string `env:"PEERCERT_S3_ACCESS_KEY" doc:"Access key, given with its secret; empty means the AWS default chain."`
	S3SecretKey string `env:"PEERCERT_S3_SECRET_KEY" secret:"yes" doc:"Secret of the access key."`

	StripeSecretKey     string `env:"PEERCERT_STRIPE_SECRET_KEY" envDefault:"sk_test_sample-peercert" secret:"yes" doc:"Stripe secret key. A live key is refused with any address but Stripe's, and the other way round."`
	StripeWebhookSecret string `env:"PEERCERT_STRIPE_WEBHOOK_SECRET" envDefault:"sample-stripe-webhook-secret" secret:"yes" doc:"Signing secret of the Stripe webhook endpoint."`
	StripeURL           string `env:"PEERCERT_STRIPE_URL" doc:"Address of the payment simulator; empty means Stripe."`

	MailAddress  string `env:"PEERCERT_MAIL_ADDRESS" envDefault:"127.0.0.1:1025" doc:"host:port of the SMTP server."`
	MailUsername string `env:"PEERCERT_MAIL_USERNAME" doc:"SMTP user; empty means no sign-in."`
	MailPassword string `env:"PEERCERT_MAIL_PASSWORD" secret:"yes" doc:"SMTP password."`
	MailTLS      bool   `env:"PEERCERT_MAIL_TLS" envDefault:"false" doc:"Require STARTTLS."`
	MailFrom     string `env:"PEERCERT_MAIL_FROM" envDefault:"certification@peercert.test" doc:"Sender of every letter, a plain e-mail address."`

	ExamWebhookSecret string `env:"PEERCERT_EXAM_WEBHOOK_SECRET" envDefault:"sample-exam-webhook-secret" secret:"yes" doc:"Keys of the exam vendor's webhook signature (HMAC-SHA256), separated by commas."`
	ExamBookingURL    string `env:"PEERCERT_EXAM_BOOKING_URL" envDefault:"http://127.0.0.1:8092/book" doc:"Page of the exam vendor where people book."`

	ExamCollectEvery time.Duration `env:"PEERCERT_EXAM_COLLECT_EVERY" envDefault:"1m" doc:"How often the exam vendor's files are collected, at least 1s. In force with the next peercert migrate."`

	TokenSecret string `env:"PEERCERT_TOKEN_SECRET" envDefault:"sample-token-secret" secret:"yes" doc:"Key from which confirmation codes and applicants' first tokens are derived. At least 16 characters."`

	ClamdAddress string `env:"PEERCERT_CLAMD_ADDRESS" doc:"host:port or unix path of clamd; empty means documents are not scanned."`
	ScanRequired bool   `env:"PEERCERT_SCAN_REQUIRED" envDefault:"false" doc:"Refuse to start without clamd, and keep a document in quarantine until it was scanned."`

	FilmFolder string `env:"PEERCERT_FILM_FOLDER" doc:"Folder with the operator's own introduction film, as docs/film.md says; empty means the sample."`

	TrustedProxies string `env:"PEERCERT_TRUSTED_PROXIES" doc:"Networks of the proxies in front of us, such as 10.0.0.0/8, separated by commas. Only they are believed about who asks (X-Forwarded-For); without them everybody behind a proxy shares its limits."`

	PublicPerMinute int `env:"PEERCERT_PUBLIC_PER_MINUTE" envDefault:"60" doc:"How often a minute one address may ask for what needs no token; 0 is no limit."`

	SessionIdle    time.Duration `env:"PEERCERT_SESSION_IDLE" envDefault:"30m" doc:"How long without a request until somebody is signed out, of the portal or the console; at least 1m."`
	SessionLongest time.Duration `env:"PEERCERT_SESSION_LONGEST" envDefault:"12h" doc:"How long somebody stays signed in at most; not shorter than PEERCERT_SESSION_IDLE."`
	SignInsAnHour  int           `env:"PEERCERT_SIGN_INS_AN_HOUR" envDefault:"30" doc:"How many sign-in codes one address of a machine may ask for in an hour, counted over all processes; 0 is no limit."`
	Contact        string        `env:"PEERCERT_CONTACT" envDefault:"help@peercert.test" doc:"E-mail address for questions, as pages show it."`
	SearchesAnHour int           `env:"PEERCERT_SEARCHES_AN_HOUR" envDefault:"120" doc:"How often in an hour one address of a machine may look into the public register, counted over all processes; 0 is no limit."`

	StaffIssuer       string `env:"PEERCERT_STAFF_ISSUER" doc:"Address of the OpenID Connect provider where staff sign in to the console; empty means that nobody can."`
	StaffClientID     string `env:"PEERCERT_STAFF_CLIENT_ID" doc:"Our client id at that provider. The address it sends people back to is /console/sign-in/return."`
	StaffClientSecret string `env:"PEERCERT_STAFF_CLIENT_SECRET" secret:"yes" doc:"Our client secret at that provider."`
	StaffRolesClaim   string `env:"PEERCERT_STAFF_ROLES_CLAIM" envDefault:"roles" doc:"Claim of the ID token with a person's roles: administrator, reviewer, or a list of them."`

	ShutdownTimeout time.Duration `env:"PEERCERT_SHUTDOWN_TIMEOUT" envDefault:"30s" doc:"How long a stopping process may finish what it accepted, at least 1s."`
}

// Read takes the settings from the environment and checks them. The error names
// every wrong setting, one a line.
func Read() (Settings, error) {
	settings, err := env.ParseAs[Settings]()
	wrong := findings{}
	var several env.AggregateError
	if err != nil && !errors.As(err, &several) {
		return Settings{}, fmt.Errorf("reading the settings: %w", err)
	}
	for _, err := range several.Errors {
		var parse env.ParseError
		if !errors.As(err, &parse) {
			return Settings{}, fmt.Errorf("reading the settings: %w", err)
		}
		wrong.unreadable(parse)
	}
	settings.check(wrong)
	return settings, wrong.error()
}

// Proxies are the networks of TrustedProxies; none if Check refuses them.
func (s Settings) Proxies() []netip.Prefix {
	proxies, err := networks(s.TrustedProxies)
	if err != nil {
		return nil
	}
	return proxies
}

// networks reads networks that are separated by commas. A single address is a network of
// its own.
func networks(list string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = address.Prefix(address.BitLen())
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text)
		case network.Bits() == 0:
			return nil, fmt.Errorf("%q is everybody: then anybody could say that they are somebody else", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// Advice is what an operator should know about settings that are allowed, a sentence
// each, to be logged at the start.
func (s Settings) Advice() []string {
	var advice []string
	if strings.HasPrefix(s.PublicURL, "https://") && len(s.Proxies()) == 0 {
		advice = append(advice, "PEERCERT_PUBLIC_URL is https, so a proxy is in front of us, but PEERCERT_TRUSTED_PROXIES is empty: all people share one limit for signing in and searching")
	}
	if s.StaffIssuer == "" && s.Environment != Local {
		advice = append(advice, "PEERCERT_STAFF_ISSUER is empty: nobody can sign in to the console")
	}
	return advice
}

// Setting is one row of the settings table.
type Setting struct {
	Name, Default, Doc string
	Secret             bool
	field              int
}

func (s Setting) value(settings Settings) string {
	return fmt.Sprint(reflect.ValueOf(settings).Field(s.field).Interface())
}

// Table lists every setting in the order of Settings.
func Table() []Setting {
	var table []Setting
	kind := reflect.TypeFor[Settings]()
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag
		table = append(table, Setting{
			Name: tag.Get("env"), Default: tag.Get("envDefault"), Doc: tag.Get("doc"),
			Secret: tag.Get("secret") != "", field: i,
		})
	}
	return table
}
