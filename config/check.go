package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/caarlos0/env/v11"
)

const (
	staging    = "staging"
	production = "production"

	sampleOperator = "Peercert demonstration" // the default
)

// findings are what is wrong with settings: a sentence for each, by its name. No
// sentence repeats a secret.
type findings map[string]string

// refuse says what is wrong with a setting. What was said first counts: of a setting that
// cannot be read nothing else is known.
func (f findings) refuse(name, says string, arguments ...any) {
	if _, said := f[name]; !said {
		f[name] = fmt.Sprintf(says, arguments...)
	}
}

// unreadable refuses what is not of the kind that the setting is.
func (f findings) unreadable(parse env.ParseError) {
	field, _ := reflect.TypeFor[Settings]().FieldByName(parse.Name)
	name, wanted := field.Tag.Get("env"), "a whole number"
	switch parse.Type {
	case reflect.TypeFor[bool]():
		wanted = "true or false"
	case reflect.TypeFor[time.Duration]():
		wanted = "a time with its unit"
	}
	f.refuse(name, "is %q: it must be %s, such as %s", os.Getenv(name), wanted, field.Tag.Get("envDefault"))
}

func (f findings) error() error {
	var sentences []error
	for _, name := range slices.Sorted(maps.Keys(f)) {
		sentences = append(sentences, errors.New(name+" "+f[name]))
	}
	return errors.Join(sentences...)
}

// Check says what is wrong with the settings, or nil.
func (s Settings) Check() error {
	wrong := findings{}
	s.check(wrong)
	return wrong.error()
}

func (s Settings) check(wrong findings) {
	known := slices.Contains([]string{Local, staging, production}, s.Environment)
	if !known {
		wrong.refuse("PEERCERT_ENVIRONMENT", "is %q: it must be local, staging or production", s.Environment)
	}
	s.checkText(wrong)
	s.checkSamples(wrong)
	s.checkAddresses(wrong)
	s.checkNumbers(wrong)

	live := strings.HasPrefix(s.StripeSecretKey, "sk_live_") || strings.HasPrefix(s.StripeSecretKey, "rk_live_")
	if !strings.HasPrefix(s.StripeSecretKey, "sk_") && !strings.HasPrefix(s.StripeSecretKey, "rk_") {
		wrong.refuse("PEERCERT_STRIPE_SECRET_KEY", "is not a secret key of Stripe: one begins with sk_ or rk_")
	} else if known && live != (s.StripeURL == "" && s.Environment == production) {
		wrong.refuse("PEERCERT_STRIPE_SECRET_KEY", "does not fit: a live key belongs with Stripe's own address in production, and only there")
	}
	for name, secrets := range map[string]string{
		"PEERCERT_STRIPE_WEBHOOK_SECRET": s.StripeWebhookSecret, "PEERCERT_EXAM_WEBHOOK_SECRET": s.ExamWebhookSecret,
	} {
		if strings.Trim(secrets, ", ") == "" {
			wrong.refuse(name, "has no secret in it: give one, or two with a comma between them")
		}
	}
	if len(s.TokenSecret) < 16 {
		wrong.refuse("PEERCERT_TOKEN_SECRET", "is shorter than 16 characters: take a longer one")
	}
	for _, pair := range [][2]struct{ name, value string }{
		{{"PEERCERT_S3_ACCESS_KEY", s.S3AccessKey}, {"PEERCERT_S3_SECRET_KEY", s.S3SecretKey}},
		{{"PEERCERT_MAIL_USERNAME", s.MailUsername}, {"PEERCERT_MAIL_PASSWORD", s.MailPassword}},
	} {
		for i, one := range pair {
			if other := pair[1-i]; one.value == "" && other.value != "" {
				wrong.refuse(one.name, "is empty but %s is set: give both or neither", other.name)
			}
		}
	}
	for name, value := range map[string]string{
		"PEERCERT_STAFF_CLIENT_ID": s.StaffClientID, "PEERCERT_STAFF_CLIENT_SECRET": s.StaffClientSecret,
	} {
		if s.StaffIssuer != "" && value == "" {
			wrong.refuse(name, "is empty but PEERCERT_STAFF_ISSUER is set: give what the provider has for us, or no issuer")
		}
	}
	if s.ScanRequired && s.ClamdAddress == "" {
		wrong.refuse("PEERCERT_SCAN_REQUIRED", "is true but PEERCERT_CLAMD_ADDRESS is empty: say where clamd is")
	}
	if s.Environment == production && !s.ScanRequired {
		wrong.refuse("PEERCERT_SCAN_REQUIRED", "must be true in production: a document is read only after it was scanned")
	}
	if folder, err := os.Stat(s.FilmFolder); s.FilmFolder != "" && (err != nil || !folder.IsDir()) {
		wrong.refuse("PEERCERT_FILM_FOLDER", "is not a folder that can be opened: name the film's folder, or leave it out for the sample")
	}
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// checkText refuses what no text may be, and names that are none.
func (s Settings) checkText(wrong findings) {
	for _, setting := range Table() {
		value := setting.value(s)
		if strings.ContainsFunc(value, unicode.IsControl) {
			wrong.refuse(setting.Name, "contains a line break or another character that is not seen: write it anew")
		} else if strings.TrimSpace(value) == "" && (value != "" || setting.Default != "") {
			wrong.refuse(setting.Name, "is blank: give it a value, or leave it out")
		}
	}
	for name, value := range map[string]string{
		"PEERCERT_TEMPORAL_NAMESPACE": s.TemporalNamespace, "PEERCERT_S3_REGION": s.S3Region, "PEERCERT_STAFF_ROLES_CLAIM": s.StaffRolesClaim,
	} {
		if strings.ContainsFunc(value, unicode.IsSpace) {
			wrong.refuse(name, "has a space in it: it is one word")
		}
	}
	if !bucketName.MatchString(s.S3Bucket) {
		wrong.refuse("PEERCERT_S3_BUCKET", "is not the name of a bucket: it has 3 to 63 small letters, digits, dots and hyphens")
	}
}

// checkSamples refuses what this repository shows as a sample where people rely on it.
func (s Settings) checkSamples(wrong findings) {
	for _, setting := range Table() {
		if s.Environment != Local && setting.Secret && strings.Contains(setting.value(s), SampleSecretPrefix) {
			wrong.refuse(setting.Name, "still has the sample value of this repository: set a secret of your own")
		}
	}
	if s.Environment != production {
		return
	}
	for name, address := range map[string]string{"PEERCERT_CONTACT": s.Contact, "PEERCERT_MAIL_FROM": s.MailFrom} {
		if strings.HasSuffix(strings.ToLower(address), ".test") {
			wrong.refuse(name, "still has the sample value of this repository: give an address that people can write to")
		}
	}
	if s.Operator == sampleOperator {
		wrong.refuse("PEERCERT_OPERATOR", "still has the sample value of this repository: give the name of the certifying body")
	}
}

func (s Settings) checkAddresses(wrong findings) {
	for name, address := range map[string]string{
		"PEERCERT_PUBLIC_URL": s.PublicURL, "PEERCERT_EXAM_BOOKING_URL": s.ExamBookingURL,
		"PEERCERT_S3_ENDPOINT": s.S3Endpoint, "PEERCERT_STRIPE_URL": s.StripeURL, "PEERCERT_TEMPORAL_UI_URL": s.TemporalUI,
		"PEERCERT_STAFF_ISSUER": s.StaffIssuer,
	} {
		if address == "" {
			continue
		}
		parsed, err := url.Parse(address)
		if err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			wrong.refuse(name, "is not a full address such as https://example.org")
		} else if s.Environment != Local && parsed.Scheme != "https" {
			wrong.refuse(name, "must begin with https:// outside the local environment")
		} else if name == "PEERCERT_PUBLIC_URL" && address != parsed.Scheme+"://"+parsed.Host {
			wrong.refuse(name, "must end after the host, without a slash: pages and letters put their own path behind it")
		}
	}
	database, err := url.Parse(s.DatabaseURL)
	if err != nil || database.Scheme != "postgres" && database.Scheme != "postgresql" || database.Host == "" && !database.Query().Has("host") {
		wrong.refuse("PEERCERT_DATABASE_URL", "is not an address such as postgres://name@host:5432/database")
	}
	for name, address := range map[string]string{
		"PEERCERT_TEMPORAL_ADDRESS": s.TemporalAddress, "PEERCERT_MAIL_ADDRESS": s.MailAddress, "PEERCERT_CLAMD_ADDRESS": s.ClamdAddress,
		"PEERCERT_LISTEN": s.Listen, "PEERCERT_OPERATIONS_LISTEN": s.Operations,
	} {
		clamd, listen := name == "PEERCERT_CLAMD_ADDRESS", strings.HasSuffix(name, "LISTEN")
		if clamd && (address == "" || strings.HasPrefix(address, "/") || strings.HasPrefix(address, "unix:/")) {
			continue
		}
		if !isHostPort(address) && !(listen && isHostPort("any"+address)) {
			wrong.refuse(name, "is not host:port, such as 127.0.0.1:8080")
		}
	}
	for name, address := range map[string]string{"PEERCERT_CONTACT": s.Contact, "PEERCERT_MAIL_FROM": s.MailFrom} {
		if !isMailAddress(address) {
			wrong.refuse(name, "is not an e-mail address such as help@example.org")
		}
	}
	if _, err := networks(s.TrustedProxies); err != nil {
		wrong.refuse("PEERCERT_TRUSTED_PROXIES", "cannot be used: %v", err)
	}
}

func (s Settings) checkNumbers(wrong findings) {
	if s.DatabaseConnections < 2 {
		wrong.refuse("PEERCERT_DATABASE_CONNECTIONS", "must be at least 2")
	}
	for name, often := range map[string]int{
		"PEERCERT_PUBLIC_PER_MINUTE": s.PublicPerMinute, "PEERCERT_SIGN_INS_AN_HOUR": s.SignInsAnHour, "PEERCERT_SEARCHES_AN_HOUR": s.SearchesAnHour,
	} {
		if often < 0 {
			wrong.refuse(name, "is less than 0: give a number, or 0 for no limit")
		}
	}
	for name, every := range map[string]time.Duration{
		"PEERCERT_EXAM_COLLECT_EVERY": s.ExamCollectEvery, "PEERCERT_SHUTDOWN_TIMEOUT": s.ShutdownTimeout,
	} {
		if every < time.Second {
			wrong.refuse(name, "must be at least 1s")
		}
	}
	if s.SessionIdle < time.Minute {
		wrong.refuse("PEERCERT_SESSION_IDLE", "must be at least 1m, or nobody can read a page to its end")
	}
	if s.SessionLongest < s.SessionIdle || s.SessionLongest < time.Minute {
		wrong.refuse("PEERCERT_SESSION_LONGEST", "must be at least 1m, and not shorter than PEERCERT_SESSION_IDLE")
	}
}

func isHostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	number, noNumber := strconv.ParseUint(port, 10, 16)
	return err == nil && noNumber == nil && number > 0 && host != "" && !strings.ContainsAny(host, " /@")
}

// isMailAddress says whether mail can be sent to an address as it stands, without a name.
func isMailAddress(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && strings.Contains(text[strings.LastIndex(text, "@"):], ".")
}
