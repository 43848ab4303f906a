package paymentsimulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/payments"
)

const (
	testKey    = "sk_test_for-tests"
	testSecret = "whsec_for-tests"
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// exchange is one request to the API and its answer.
type exchange struct {
	method, path, query, body string
	status                    int
	answer                    []byte
}

// bench is a running simulator whose API traffic is recorded, and a webhook.
type bench struct {
	t         *testing.T
	clock     *clock
	simulator *paymentsimulator.Simulator
	url       string
	payments  *payments.Payments
	options   paymentsimulator.Options

	mu        sync.Mutex
	exchanges []exchange
	events    [][]byte
	hook      int // status the webhook answers with
}

func newBench(t *testing.T, file string) *bench {
	b := &bench{t: t, clock: &clock{at: time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)}, hook: http.StatusOK}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		w.WriteHeader(b.hook)
		if b.hook == http.StatusOK {
			b.events = append(b.events, body)
		}
	}))
	t.Cleanup(hook.Close)
	b.options = paymentsimulator.Options{SecretKey: testKey, WebhookURL: hook.URL, WebhookSecret: testSecret, File: file, Now: b.clock.now}
	b.restart()
	server := httptest.NewServer(http.HandlerFunc(b.record))
	t.Cleanup(server.Close)
	b.url = server.URL
	var err error
	b.payments, err = payments.New(payments.Options{
		SecretKey: testKey, WebhookSecret: testSecret, URL: server.URL, Now: b.clock.now,
		ReturnURL: func(id, outcome string) string {
			return "http://peercert.test/return?payment=" + id + "&outcome=" + outcome
		},
	})
	require.NoError(t, err)
	return b
}

// restart makes a new simulator of the same file.
func (b *bench) restart() {
	b.t.Helper()
	var err error
	b.simulator, err = paymentsimulator.New(b.options)
	require.NoError(b.t, err)
}

func (b *bench) record(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		b.simulator.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	recorded := httptest.NewRecorder()
	b.simulator.ServeHTTP(recorded, r)
	b.mu.Lock()
	b.exchanges = append(b.exchanges, exchange{r.Method, r.URL.Path, r.URL.RawQuery, string(body), recorded.Code, recorded.Body.Bytes()})
	b.mu.Unlock()
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
}

func (b *bench) setHook(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hook = status
}

func (b *bench) arrived() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// call sends one request to the API; a POST has the key, if any.
func (b *bench) call(method, path string, form url.Values, key string) (int, map[string]any, http.Header) {
	b.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if len(form) > 0 {
		path += "?" + form.Encode()
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	require.NoError(b.t, err)
	request.Header.Set("Authorization", "Bearer "+testKey)
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	var answer map[string]any
	require.NoError(b.t, json.NewDecoder(response.Body).Decode(&answer))
	return response.StatusCode, answer, response.Header
}

func (b *bench) open(paymentID string) certification.CheckoutSession {
	b.t.Helper()
	session, err := b.payments.Open(b.t.Context(), certification.Checkout{
		PaymentID: paymentID, CaseID: "019a-case", ApplicantID: "019a-applicant",
		Fee: certification.FeeApplication, AmountCents: 10000, Currency: "usd", AskedAt: b.clock.now(),
	})
	require.NoError(b.t, err)
	return session
}

func (b *bench) act(session string, action paymentsimulator.Action) {
	b.t.Helper()
	require.NoError(b.t, b.simulator.Act(session, action))
}
