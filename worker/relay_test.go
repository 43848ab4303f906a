package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/payments"
	"peercert/store"
	"peercert/worker"
)

// Messages that wait for a part that does not answer hold up no letter, however many they are.
func TestASlowPartHoldsUpNoLetter(t *testing.T) {
	const slow = 40 // more than are delivered at once
	r := newRig(t)
	entered := make(chan struct{}, 10*slow)
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
	for i := range slow {
		require.NoError(t, r.parts.Cases.Receive(t.Context(), certification.Incoming{
			Source: payments.Source, ExternalID: fmt.Sprintf("evt_slow_%d", i), Kind: "checkout.session.completed",
			Payload: fmt.Appendf(nil, `{"event": "evt_slow_%d", "type": "checkout.session.completed", "object": "cs_test_slow", "created_at": "2026-11-22T00:00:00Z"}`, i),
		}))
	}
	r.parts.Settings.ShutdownTimeout = time.Second // nobody waits for Stripe at the end
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

// Whoever signs in while Temporal is down gets the code, also from a worker that started
// then; what needs Temporal waits untouched until it is there.
func TestCodesAreMailedBeforeTemporalIsThere(t *testing.T) {
	r := newRig(t)
	temporal := stacktest.Before(t, r.settings.TemporalAddress)
	temporal.Down()
	r.settings.TemporalAddress = temporal.Address
	var err error
	r.parts, err = worker.Assemble(context.WithoutCancel(t.Context()), r.settings, quiet, time.Now)
	require.NoError(t, err)
	t.Cleanup(r.parts.Close)
	payload, err := json.Marshal(certification.DocumentToCheck{DocumentID: store.NewID()})
	require.NoError(t, err)
	require.NoError(t, r.parts.Cases.Receive(t.Context(), certification.Incoming{
		Source: certification.SourceDocuments, ExternalID: "check", Kind: certification.KindUploaded, Payload: payload,
	}))
	r.serve(nil, nil)
	_, err = r.parts.Cases.OpenSignIn(t.Context(), r.key(), "quick@example.test", "en", "")
	require.NoError(t, err)
	r.until("the code", func() error {
		if len(r.mail.Messages("quick@example.test")) == 0 {
			return errors.New("it has not come")
		}
		return nil
	})
	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	check := func() (tries int, outcome string) {
		require.NoError(t, sql.QueryRow(t.Context(), "SELECT tries, outcome FROM inbox WHERE external_id = 'check'").Scan(&tries, &outcome))
		return tries, outcome
	}
	tries, outcome := check()
	require.Zero(t, tries)
	require.Empty(t, outcome)

	temporal.Up()
	caseID, _ := r.open()
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.until("the check to start", func() error {
		if _, outcome = check(); outcome != "check started" {
			return errors.New("it is " + outcome)
		}
		return nil
	})
}

// Letters leave the house at no higher rate than the setting says, also those that no
// workflow sends.
func TestLettersOfTheInboxLeaveAtALimitedRate(t *testing.T) {
	const perSecond, many = 5, 16
	r := newRig(t)
	r.parts.OutboundPerSecond = perSecond
	for i := range many {
		_, err := r.parts.Cases.OpenSignIn(t.Context(), r.key(), fmt.Sprintf("person-%d@example.test", i), "en", "")
		require.NoError(t, err)
	}
	began := time.Now()
	r.serve(nil, nil)
	r.until("all codes", func() error {
		if mailed := len(r.mail.Messages("")); mailed < many {
			return fmt.Errorf("%d of %d", mailed, many)
		}
		return nil
	})
	require.GreaterOrEqual(t, time.Since(began), (many-1)*time.Second/perSecond)
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
