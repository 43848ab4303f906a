package config_test

import (
	"maps"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/config"
)

// production is a set of settings that a real service could start with.
var production = map[string]string{
	"PEERCERT_ENVIRONMENT":           "production",
	"PEERCERT_PUBLIC_URL":            "https://peers.example.org",
	"PEERCERT_EXAM_BOOKING_URL":      "https://vendor.example.org/book",
	"PEERCERT_TEMPORAL_UI_URL":       "https://temporal.example.org",
	"PEERCERT_DATABASE_URL":          "postgresql://peercert@db.example.org/peercert?sslmode=verify-full",
	"PEERCERT_STRIPE_SECRET_KEY":     "sk_live_" + "x",
	"PEERCERT_STRIPE_WEBHOOK_SECRET": "of-our-own-1",
	"PEERCERT_EXAM_WEBHOOK_SECRET":   "of-our-own-2",
	"PEERCERT_TOKEN_SECRET":          "of-our-own-and-long-enough",
	"PEERCERT_CLAMD_ADDRESS":         "clamd:3310",
	"PEERCERT_SCAN_REQUIRED":         "true",
	"PEERCERT_CONTACT":               "help@example.org",
	"PEERCERT_STAFF_ISSUER":          "https://staff.example.org",
	"PEERCERT_STAFF_CLIENT_ID":       "peercert",
	"PEERCERT_STAFF_CLIENT_SECRET":   "of-our-own-3",
}

// read takes settings from these variables and no others.
func read(t *testing.T, variables map[string]string) (config.Settings, error) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PEERCERT_") {
			t.Setenv(name, "") // so that it is put back
			require.NoError(t, os.Unsetenv(name))
		}
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	return config.Read()
}

// but is the settings of production with some changed; an empty value takes one away.
func but(changes map[string]string) map[string]string {
	changed := maps.Clone(production)
	for name, value := range changes {
		if changed[name] = value; value == "" {
			delete(changed, name)
		}
	}
	return changed
}

func TestDefaultsAreGoodOnOneMachine(t *testing.T) {
	settings, err := read(t, nil)
	require.NoError(t, err)
	require.Equal(t, config.Local, settings.Environment)
}

func TestProductionCanStart(t *testing.T) {
	settings, err := read(t, production)
	require.NoError(t, err)
	require.True(t, settings.ScanRequired)

	_, err = read(t, but(map[string]string{"PEERCERT_S3_ENDPOINT": "https://s3.example.org"}))
	require.NoError(t, err)
}

// Each wrong setting stops the program with one sentence that names it and
// nothing else that is wrong.
func TestBadSettings(t *testing.T) {
	const staging = "staging"
	onStaging := func(changes map[string]string) map[string]string {
		changed := map[string]string{"PEERCERT_ENVIRONMENT": staging, "PEERCERT_STRIPE_SECRET_KEY": "sk_test_x"}
		maps.Copy(changed, changes)
		return but(changed)
	}
	for name, test := range map[string]struct {
		variables map[string]string
		setting   string
		says      string
	}{
		"an environment that there is not":     {onStaging(map[string]string{"PEERCERT_ENVIRONMENT": "prod"}), "PEERCERT_ENVIRONMENT", `"prod"`},
		"an address without a host":            {map[string]string{"PEERCERT_PUBLIC_URL": "peers.example.org"}, "PEERCERT_PUBLIC_URL", "not a full address"},
		"an address that cannot be read":       {map[string]string{"PEERCERT_S3_ENDPOINT": "http://[::1"}, "PEERCERT_S3_ENDPOINT", "not a full address"},
		"plain HTTP for people":                {but(map[string]string{"PEERCERT_PUBLIC_URL": "http://peers.example.org"}), "PEERCERT_PUBLIC_URL", "https://"},
		"plain HTTP to the exam vendor":        {but(map[string]string{"PEERCERT_EXAM_BOOKING_URL": "http://vendor.example.org"}), "PEERCERT_EXAM_BOOKING_URL", "https://"},
		"plain HTTP to the store":              {but(map[string]string{"PEERCERT_S3_ENDPOINT": "http://s3.example.org"}), "PEERCERT_S3_ENDPOINT", "https://"},
		"plain HTTP to Temporal's pages":       {but(map[string]string{"PEERCERT_TEMPORAL_UI_URL": ""}), "PEERCERT_TEMPORAL_UI_URL", "https://"},
		"plain HTTP for money":                 {onStaging(map[string]string{"PEERCERT_STRIPE_URL": "http://127.0.0.1:8093"}), "PEERCERT_STRIPE_URL", "https://"},
		"another database":                     {map[string]string{"PEERCERT_DATABASE_URL": "mysql://localhost/peercert"}, "PEERCERT_DATABASE_URL", "postgres://"},
		"proxies that are no networks":         {map[string]string{"PEERCERT_TRUSTED_PROXIES": "10.0.0.0/8, our proxy"}, "PEERCERT_TRUSTED_PROXIES", `"our proxy"`},
		"everybody as a proxy":                 {map[string]string{"PEERCERT_TRUSTED_PROXIES": "0.0.0.0/0"}, "PEERCERT_TRUSTED_PROXIES", "everybody"},
		"too few connections":                  {map[string]string{"PEERCERT_DATABASE_CONNECTIONS": "1"}, "PEERCERT_DATABASE_CONNECTIONS", "at least 2"},
		"a live key on one machine":            {map[string]string{"PEERCERT_STRIPE_SECRET_KEY": "sk_live_" + "x"}, "PEERCERT_STRIPE_SECRET_KEY", "live key"},
		"a live key with a simulator":          {but(map[string]string{"PEERCERT_STRIPE_URL": "https://simulator.example.org"}), "PEERCERT_STRIPE_SECRET_KEY", "live key"},
		"a live key on staging":                {but(map[string]string{"PEERCERT_ENVIRONMENT": staging}), "PEERCERT_STRIPE_SECRET_KEY", "live key"},
		"a test key in production":             {but(map[string]string{"PEERCERT_STRIPE_SECRET_KEY": "sk_test_x"}), "PEERCERT_STRIPE_SECRET_KEY", "live key"},
		"a short token secret":                 {map[string]string{"PEERCERT_TOKEN_SECRET": "fifteen letters"}, "PEERCERT_TOKEN_SECRET", "16 characters"},
		"scanning without a scanner":           {map[string]string{"PEERCERT_SCAN_REQUIRED": "true"}, "PEERCERT_SCAN_REQUIRED", "PEERCERT_CLAMD_ADDRESS"},
		"no address to write to":               {but(map[string]string{"PEERCERT_CONTACT": "call us"}), "PEERCERT_CONTACT", "e-mail"},
		"the sample address to write to":       {but(map[string]string{"PEERCERT_CONTACT": ""}), "PEERCERT_CONTACT", "sample value"},
		"production without scanning":          {but(map[string]string{"PEERCERT_SCAN_REQUIRED": "false"}), "PEERCERT_SCAN_REQUIRED", "production"},
		"a number that is none":                {map[string]string{"PEERCERT_DATABASE_CONNECTIONS": "many"}, "DatabaseConnections", "many"},
		"a duration without a unit":            {map[string]string{"PEERCERT_SHUTDOWN_TIMEOUT": "30"}, "ShutdownTimeout", "30"},
		"the sample token secret":              {but(map[string]string{"PEERCERT_TOKEN_SECRET": ""}), "PEERCERT_TOKEN_SECRET", "sample value"},
		"the sample secret of Stripe's events": {onStaging(map[string]string{"PEERCERT_STRIPE_WEBHOOK_SECRET": ""}), "PEERCERT_STRIPE_WEBHOOK_SECRET", "sample value"},
		"the sample key of Stripe":             {onStaging(map[string]string{"PEERCERT_STRIPE_SECRET_KEY": ""}), "PEERCERT_STRIPE_SECRET_KEY", "sample value"},
		"the sample secret beside a real one":  {but(map[string]string{"PEERCERT_EXAM_WEBHOOK_SECRET": "of-our-own,sample-exam-webhook-secret"}), "PEERCERT_EXAM_WEBHOOK_SECRET", "sample value"},
		"a sample password in an address":      {but(map[string]string{"PEERCERT_DATABASE_URL": "postgres://peercert:sample-password@db.example.org/peercert"}), "PEERCERT_DATABASE_URL", "sample value"},
		"the local store's sample secret":      {but(map[string]string{"PEERCERT_S3_SECRET_KEY": "sample-peercert-s3-secret"}), "PEERCERT_S3_SECRET_KEY", "sample value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, test.variables)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n", "only one thing is wrong")
			require.Contains(t, err.Error(), test.setting)
			require.Contains(t, err.Error(), test.says)
		})
	}
}

func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	_, err := read(t, map[string]string{"PEERCERT_DATABASE_CONNECTIONS": "0", "PEERCERT_TOKEN_SECRET": "short", "PEERCERT_PUBLIC_URL": "nowhere"})
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 3)
}

// The sentences go to logs, so they may not repeat what is secret.
func TestSentencesKeepSecrets(t *testing.T) {
	_, err := read(t, map[string]string{
		"PEERCERT_TOKEN_SECRET": "canary-1", "PEERCERT_DATABASE_URL": "mysql://peercert:canary-2@localhost/peercert",
		"PEERCERT_STRIPE_SECRET_KEY": "sk_live_" + "canary-3",
	})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "canary")
}

func TestEverySettingIsDocumented(t *testing.T) {
	names := map[string]bool{}
	for _, setting := range config.Table() {
		require.Regexp(t, `^PEERCERT_[A-Z0-9_]+$`, setting.Name)
		require.False(t, names[setting.Name], "%s is there twice", setting.Name)
		names[setting.Name] = true
		require.Regexp(t, `\.$`, setting.Doc, "%s is documented in a sentence", setting.Name)
		if strings.Contains(setting.Default, config.SampleSecretPrefix) {
			require.True(t, setting.Secret, "%s has a sample secret, which must be refused outside the local environment", setting.Name)
		}
	}
	require.Len(t, names, reflect.TypeFor[config.Settings]().NumField())
}

func TestProxiesAreNetworks(t *testing.T) {
	settings, err := read(t, but(map[string]string{"PEERCERT_TRUSTED_PROXIES": " 10.1.2.3/8,192.0.2.7, 2001:db8::/32 ,"}))
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")}, settings.Proxies())
	require.Empty(t, settings.Advice())

	settings, err = read(t, production)
	require.NoError(t, err)
	require.Empty(t, settings.Proxies())
	require.Len(t, settings.Advice(), 1)
	require.Contains(t, settings.Advice()[0], "PEERCERT_TRUSTED_PROXIES")

	settings, err = read(t, nil)
	require.NoError(t, err)
	require.Empty(t, settings.Advice(), "on one machine there is no proxy")
}
