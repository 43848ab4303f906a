package payments_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
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

// clock is a clock that tests move.
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

// bench is the adapter before a simulator, with the webhooks it received.
type bench struct {
	*payments.Payments
	t         *testing.T
	simulator *paymentsimulator.Simulator
	clock     *clock
	hook      http.HandlerFunc
	// beforeExpire happens once, just before a page is closed.
	beforeExpire func()

	mu       sync.Mutex
	received []received
	posts    []string // "path key" of every POST to the API
}

type received struct {
	body      []byte
	signature string
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, clock: &clock{at: time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)}}
	b.hook = func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.received = append(b.received, received{body, r.Header.Get("Stripe-Signature")})
	}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.hook(w, r) }))
	t.Cleanup(hook.Close)
	var err error
	b.simulator, err = paymentsimulator.New(paymentsimulator.Options{
		SecretKey: testKey, WebhookURL: hook.URL, WebhookSecret: testSecret, Now: b.clock.now,
	})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			b.mu.Lock()
			b.posts = append(b.posts, r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
			b.mu.Unlock()
		}
		if happen := b.beforeExpire; happen != nil && strings.HasSuffix(r.URL.Path, "/expire") {
			b.beforeExpire = nil
			happen()
		}
		b.simulator.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.Payments, err = payments.New(payments.Options{
		SecretKey: testKey, WebhookSecret: testSecret, URL: server.URL, Now: b.clock.now,
		ReturnURL: func(id, outcome string) string {
			return "https://peercert.test/payments/return?payment=" + id + "&outcome=" + outcome
		},
	})
	require.NoError(t, err)
	return b
}

func (b *bench) checkout() certification.Checkout {
	return certification.Checkout{
		PaymentID: "019a-payment", CaseID: "019a-case", ApplicantID: "019a-applicant",
		Fee: certification.FeeApplication, AmountCents: 10000, Currency: "usd", AskedAt: b.clock.now(),
	}
}

func (b *bench) open(checkout certification.Checkout) certification.CheckoutSession {
	b.t.Helper()
	session, err := b.Open(b.t.Context(), checkout)
	require.NoError(b.t, err)
	return session
}

func (b *bench) act(session string, action paymentsimulator.Action) {
	b.t.Helper()
	require.NoError(b.t, b.simulator.Act(session, action))
}

// events delivers what is due, and gives what Verify keeps of it by type.
func (b *bench) events() map[string]certification.Incoming {
	b.t.Helper()
	b.simulator.Deliver(b.t.Context())
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := map[string]certification.Incoming{}
	for _, r := range b.received {
		incoming, err := b.Verify(r.body, r.signature)
		require.NoError(b.t, err)
		kept[incoming.Kind] = incoming
	}
	return kept
}

// interpret gives what follows from the event of this type.
func (b *bench) interpret(kind string) []payments.Delivery {
	b.t.Helper()
	incoming, found := b.events()[kind]
	require.True(b.t, found, "no event %s", kind)
	deliveries, err := b.Interpret(b.t.Context(), incoming)
	require.NoError(b.t, err)
	return deliveries
}

func (b *bench) postsTo(path string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, post := range b.posts {
		if address, key, _ := strings.Cut(post, " "); address == path {
			found = append(found, key)
		}
	}
	return found
}

func TestNewRefusesWhatWouldLeakOrForge(t *testing.T) {
	good := payments.Options{
		SecretKey: testKey, WebhookSecret: testSecret, URL: "http://127.0.0.1:1", Now: time.Now,
		ReturnURL: func(string, string) string { return "" },
	}
	for name, spoil := range map[string]func(*payments.Options){
		"live key to another address": func(o *payments.Options) { o.SecretKey = "sk_live_x" },
		"no key":                      func(o *payments.Options) { o.SecretKey = "" },
		"no webhook secret":           func(o *payments.Options) { o.WebhookSecret = " , " },
		"no clock":                    func(o *payments.Options) { o.Now = nil },
		"no return address":           func(o *payments.Options) { o.ReturnURL = nil },
	} {
		options := good
		spoil(&options)
		_, err := payments.New(options)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "sk_live_x")
	}
	_, err := payments.New(good)
	require.NoError(t, err)
}

func TestErrorsSayWhatToDoAndRepeatNothing(t *testing.T) {
	b := newBench(t)
	for status, kind := range map[int]error{429: payments.ErrUnavailable, 409: payments.ErrUnavailable, 503: payments.ErrUnavailable, 401: payments.ErrKey, 402: payments.ErrRefused} {
		b.simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1, FailStatus: status})
		_, err := b.Open(t.Context(), b.checkout())
		require.ErrorIs(t, err, kind, "status %d", status)
		require.NotContains(t, err.Error(), "told to fail", "Stripe's own text")
	}
	b.simulator.SetFaults(paymentsimulator.Faults{})

	for name, spoil := range map[string]func(*certification.Checkout){
		"no amount": func(c *certification.Checkout) { c.AmountCents = 0 },
		"no id":     func(c *certification.Checkout) { c.PaymentID = "" },
		"no time":   func(c *certification.Checkout) { c.AskedAt = time.Time{} },
		"no fee":    func(c *certification.Checkout) { c.Fee = "lunch" },
	} {
		checkout := b.checkout()
		spoil(&checkout)
		_, err := b.Open(t.Context(), checkout)
		require.ErrorIs(t, err, payments.ErrInvalid, name)
	}

	unknown := b.checkout()
	unknown.CustomerID = "cus_nobody"
	_, err := b.Open(t.Context(), unknown)
	require.ErrorIs(t, err, payments.ErrRefused)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.Open(ended, b.checkout())
	require.ErrorIs(t, err, payments.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}
