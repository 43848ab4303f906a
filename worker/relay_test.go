package worker_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/payments"
)

// One message that waits for a part that does not answer holds up no other.
func TestASlowPartHoldsUpNoOtherMessage(t *testing.T) {
	r := newRig(t)
	entered := make(chan struct{}, 1)
	var ended atomic.Int64
	stripe := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		entered <- struct{}{}
		<-request.Context().Done() // it never answers
		ended.Add(1)
	}))
	t.Cleanup(stripe.Close)
	var err error
	r.parts.Payments, err = payments.New(payments.Options{
		SecretKey: r.settings.StripeSecretKey, WebhookSecret: r.settings.StripeWebhookSecret, URL: stripe.URL,
		ReturnURL: func(string, string) string { return r.settings.PublicURL }, Now: time.Now,
	})
	require.NoError(t, err)
	require.NoError(t, r.parts.Cases.Receive(t.Context(), certification.Incoming{
		Source: payments.Source, ExternalID: "evt_slow", Kind: "checkout.session.completed",
		Payload: []byte(`{"event": "evt_slow", "type": "checkout.session.completed", "object": "cs_test_slow", "created_at": "2026-11-22T00:00:00Z"}`),
	}))
	r.serve(nil, nil)
	<-entered

	_, err = r.parts.Cases.Register(t.Context(), r.key(), cases.Registration{
		FirstName: "Test", LastName: "Person", Email: "quick@example.test", CountyPlan: certification.CountyPlans()[0], Language: "en",
		Address: cases.Address{Line1: "1 Main Street", City: "Oakland", State: "CA", ZIP: "94612"},
	})
	require.NoError(t, err)
	r.until("the code", func() error {
		if len(r.mail.Messages("quick@example.test")) == 0 {
			return errors.New("it has not come")
		}
		return nil
	})
	require.Zero(t, ended.Load(), "the code came only when Stripe had been given up")
}

// A code that came to be mailed too late is of no use, and an address that takes no mail
// is not tried for a month: the code is put aside, and a letter without one goes out.
func TestACodeThatHasRunOutIsNotMailed(t *testing.T) {
	r := newRig(t)
	late, err := r.parts.Cases.OpenSignIn(t.Context(), r.key(), "late@example.test", "en", "")
	require.NoError(t, err)
	_, err = r.parts.Cases.OpenSignIn(t.Context(), r.key(), "quick@example.test", "en", "")
	require.NoError(t, err)
	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	_, err = sql.Exec(t.Context(), "UPDATE registrations SET expires_at = now() - interval '1 hour' WHERE id = $1", late.ID)
	require.NoError(t, err)
	r.serve(nil, nil)
	r.until("the code that is good", func() error {
		if len(r.mail.Messages("quick@example.test")) == 0 {
			return errors.New("it has not come")
		}
		return nil
	})
	r.until("the inbox to be empty", func() error {
		waiting, err := r.parts.Store.CountWaiting(t.Context(), time.Now())
		if err == nil && waiting.Inbox > 0 {
			err = errors.New("something waits")
		}
		return err
	})
	require.Empty(t, r.mail.Messages("late@example.test"))
}
