package config_test

import (
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
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
	"PEERCERT_MAIL_FROM":             "certification@example.org",
	"PEERCERT_OPERATOR":              "Board of Peers",
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
		"an address of another kind":           {map[string]string{"PEERCERT_PUBLIC_URL": "ftp://peers.example.org"}, "PEERCERT_PUBLIC_URL", "not a full address"},
		"an address with a path":               {but(map[string]string{"PEERCERT_PUBLIC_URL": "https://peers.example.org/"}), "PEERCERT_PUBLIC_URL", "without a slash"},
		"a port that is none":                  {map[string]string{"PEERCERT_LISTEN": "127.0.0.1:80800"}, "PEERCERT_LISTEN", "host:port"},
		"a machine without a port":             {map[string]string{"PEERCERT_MAIL_ADDRESS": "mail.example.org"}, "PEERCERT_MAIL_ADDRESS", "host:port"},
		"a port without a machine":             {map[string]string{"PEERCERT_MAIL_ADDRESS": ":25"}, "PEERCERT_MAIL_ADDRESS", "host:port"},
		"a day that is shorter than an hour":   {map[string]string{"PEERCERT_SESSION_IDLE": "2h", "PEERCERT_SESSION_LONGEST": "1h"}, "PEERCERT_SESSION_LONGEST", "PEERCERT_SESSION_IDLE"},
		"files collected all the time":         {map[string]string{"PEERCERT_EXAM_COLLECT_EVERY": "0s"}, "PEERCERT_EXAM_COLLECT_EVERY", "1s"},
		"a sender with a name":                 {map[string]string{"PEERCERT_MAIL_FROM": "Peers <peers@example.org>"}, "PEERCERT_MAIL_FROM", "e-mail"},
		"the sample sender":                    {but(map[string]string{"PEERCERT_MAIL_FROM": ""}), "PEERCERT_MAIL_FROM", "sample value"},
		"the sample operator":                  {but(map[string]string{"PEERCERT_OPERATOR": ""}), "PEERCERT_OPERATOR", "sample value"},
		"an operator without a name":           {map[string]string{"PEERCERT_OPERATOR": " "}, "PEERCERT_OPERATOR", "blank"},
		"a key without its secret":             {but(map[string]string{"PEERCERT_S3_ACCESS_KEY": "ours"}), "PEERCERT_S3_SECRET_KEY", "both or neither"},
		"a password without a user":            {but(map[string]string{"PEERCERT_MAIL_PASSWORD": "ours"}), "PEERCERT_MAIL_USERNAME", "both or neither"},
		"staff without our secret":             {but(map[string]string{"PEERCERT_STAFF_CLIENT_SECRET": ""}), "PEERCERT_STAFF_CLIENT_SECRET", "PEERCERT_STAFF_ISSUER"},
		"commas for secrets":                   {but(map[string]string{"PEERCERT_EXAM_WEBHOOK_SECRET": " , "}), "PEERCERT_EXAM_WEBHOOK_SECRET", "no secret"},
		"a key of Stripe that pages show":      {map[string]string{"PEERCERT_STRIPE_SECRET_KEY": "pk_test_x"}, "PEERCERT_STRIPE_SECRET_KEY", "sk_"},
		"a film that there is not":             {map[string]string{"PEERCERT_FILM_FOLDER": "config_test.go"}, "PEERCERT_FILM_FOLDER", "folder"},
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
		"a number that is none":                {map[string]string{"PEERCERT_DATABASE_CONNECTIONS": "many"}, "PEERCERT_DATABASE_CONNECTIONS", `"many": it must be a whole number`},
		"a duration without a unit":            {map[string]string{"PEERCERT_SHUTDOWN_TIMEOUT": "30"}, "PEERCERT_SHUTDOWN_TIMEOUT", `"30": it must be a time with its unit`},
		"the sample token secret":              {but(map[string]string{"PEERCERT_TOKEN_SECRET": ""}), "PEERCERT_TOKEN_SECRET", "sample value"},
		"the sample secret of Stripe's events": {onStaging(map[string]string{"PEERCERT_STRIPE_WEBHOOK_SECRET": ""}), "PEERCERT_STRIPE_WEBHOOK_SECRET", "sample value"},
		"the sample key of Stripe":             {onStaging(map[string]string{"PEERCERT_STRIPE_SECRET_KEY": ""}), "PEERCERT_STRIPE_SECRET_KEY", "sample value"},
		"the sample secret beside a real one":  {but(map[string]string{"PEERCERT_EXAM_WEBHOOK_SECRET": "of-our-own,sample-exam-webhook-secret"}), "PEERCERT_EXAM_WEBHOOK_SECRET", "sample value"},
		"a sample password in an address":      {but(map[string]string{"PEERCERT_DATABASE_URL": "postgres://peercert:sample-password@db.example.org/peercert"}), "PEERCERT_DATABASE_URL", "sample value"},
		"the local store's sample secret":      {but(map[string]string{"PEERCERT_S3_ACCESS_KEY": "ours", "PEERCERT_S3_SECRET_KEY": "sample-peercert-s3-secret"}), "PEERCERT_S3_SECRET_KEY", "sample value"},
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

// bad has a wrong value for every setting, beside settings that are good for production.
var bad = map[string]string{
	"PEERCERT_ENVIRONMENT":           "prod",
	"PEERCERT_LISTEN":                "foo",
	"PEERCERT_OPERATIONS_LISTEN":     "127.0.0.1:0",
	"PEERCERT_PUBLIC_URL":            "ftp://x",
	"PEERCERT_OPERATOR":              "  ",
	"PEERCERT_DATABASE_URL":          "postgres://" + canary + "@:port/peercert",
	"PEERCERT_DATABASE_CONNECTIONS":  "zero",
	"PEERCERT_TEMPORAL_ADDRESS":      "https://temporal.example.org",
	"PEERCERT_TEMPORAL_NAMESPACE":    "peer cert",
	"PEERCERT_TEMPORAL_API_KEY":      canary + "\n",
	"PEERCERT_TEMPORAL_TLS":          "on",
	"PEERCERT_TEMPORAL_UI_URL":       "temporal.example.org",
	"PEERCERT_S3_ENDPOINT":           "s3.example.org:443",
	"PEERCERT_S3_REGION":             "us west",
	"PEERCERT_S3_BUCKET":             "Our_Documents",
	"PEERCERT_S3_ACCESS_KEY":         "ours\n",
	"PEERCERT_S3_SECRET_KEY":         canary + "\n",
	"PEERCERT_STRIPE_SECRET_KEY":     "pk_live_" + canary,
	"PEERCERT_STRIPE_WEBHOOK_SECRET": ",",
	"PEERCERT_STRIPE_URL":            "stripe",
	"PEERCERT_MAIL_ADDRESS":          "nope",
	"PEERCERT_MAIL_USERNAME":         "peer\tcert",
	"PEERCERT_MAIL_PASSWORD":         canary + "\r\n",
	"PEERCERT_MAIL_TLS":              "perhaps",
	"PEERCERT_MAIL_FROM":             "x",
	"PEERCERT_EXAM_WEBHOOK_SECRET":   canary + "\n",
	"PEERCERT_EXAM_BOOKING_URL":      "/book",
	"PEERCERT_EXAM_COLLECT_EVERY":    "0s",
	"PEERCERT_TOKEN_SECRET":          canary,
	"PEERCERT_CLAMD_ADDRESS":         "clamd",
	"PEERCERT_SCAN_REQUIRED":         "of course",
	"PEERCERT_FILM_FOLDER":           "no-such-folder",
	"PEERCERT_TRUSTED_PROXIES":       "::/0",
	"PEERCERT_PUBLIC_PER_MINUTE":     "-4",
	"PEERCERT_SESSION_IDLE":          "abc",
	"PEERCERT_SESSION_LONGEST":       "29s",
	"PEERCERT_SIGN_INS_AN_HOUR":      "-1",
	"PEERCERT_CONTACT":               "help@example",
	"PEERCERT_SEARCHES_AN_HOUR":      "1e3",
	"PEERCERT_STAFF_ISSUER":          "staff.example.org",
	"PEERCERT_STAFF_CLIENT_ID":       " ",
	"PEERCERT_STAFF_CLIENT_SECRET":   "\t",
	"PEERCERT_STAFF_ROLES_CLAIM":     "our roles",
	"PEERCERT_SHUTDOWN_TIMEOUT":      "-1s",
}

// canary is in secrets, and may be in no sentence.
const canary = "canary"

// partners make a bad value the only wrong one.
var partners = map[string]map[string]string{
	"PEERCERT_S3_ACCESS_KEY": {"PEERCERT_S3_SECRET_KEY": "of-our-own"},
	"PEERCERT_S3_SECRET_KEY": {"PEERCERT_S3_ACCESS_KEY": "ours"},
	"PEERCERT_STRIPE_URL":    {"PEERCERT_STRIPE_SECRET_KEY": "sk_test_x"},
	"PEERCERT_MAIL_USERNAME": {"PEERCERT_MAIL_PASSWORD": "of-our-own"},
	"PEERCERT_MAIL_PASSWORD": {"PEERCERT_MAIL_USERNAME": "peercert"},
}

// named are the settings that the lines of an error begin with.
func named(t *testing.T, err error) []string {
	t.Helper()
	require.Error(t, err)
	require.NotContains(t, err.Error(), canary)
	var names []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, says, _ := strings.Cut(line, " ")
		require.Regexp(t, `^(is|has|contains|must|cannot|still|does) .{10,}`, says, line)
		names = append(names, name)
	}
	return names
}

func TestEverySettingIsChecked(t *testing.T) {
	for _, setting := range config.Table() {
		t.Run(setting.Name, func(t *testing.T) {
			value, has := bad[setting.Name]
			require.True(t, has, "give this test a bad value of %s", setting.Name)
			variables := but(partners[setting.Name])
			variables[setting.Name] = value
			_, err := read(t, variables)
			require.Equal(t, []string{setting.Name}, named(t, err))
		})
	}
}

func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	_, err := read(t, bad)
	require.Equal(t, slices.Sorted(maps.Keys(bad)), named(t, err))
	require.Len(t, bad, len(config.Table()))
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
