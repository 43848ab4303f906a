package payments_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/payments"
)

func TestVerify(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Pay)
	b.simulator.Deliver(t.Context())
	require.Len(t, b.received, 2)
	completed := b.received[0]
	if !strings.Contains(string(completed.body), "checkout.session.completed") {
		completed = b.received[1]
	}
	body := completed.body
	sign := func(body []byte, secret string, at time.Time) string { return paymentsimulator.Sign(body, secret, at) }
	now := b.clock.now()
	other := []byte(strings.Replace(string(body), "2023-10-16", "2026-01-01", 1))
	live := []byte(strings.ReplaceAll(string(body), `"livemode": false`, `"livemode": true`))
	noise := []byte("{}")

	for name, test := range map[string]struct {
		body      []byte
		signature string
		want      error
	}{
		"as sent":            {body, completed.signature, nil},
		"just in time":       {body, sign(body, testSecret, now.Add(-299*time.Second)), nil},
		"a little fast":      {body, sign(body, testSecret, now.Add(299*time.Second)), nil},
		"stale":              {body, sign(body, testSecret, now.Add(-301*time.Second)), payments.ErrTimestamp},
		"from the future":    {body, sign(body, testSecret, now.Add(301*time.Second)), payments.ErrTimestamp},
		"another secret":     {body, sign(body, "whsec_other", now), payments.ErrSignature},
		"an empty secret":    {body, sign(body, "", now), payments.ErrSignature},
		"not signed":         {body, "", payments.ErrSignature},
		"not a header":       {body, "v1", payments.ErrSignature},
		"a changed body":     {append([]byte(" "), body...), completed.signature, payments.ErrSignature},
		"a second time":      {body, completed.signature + ",t=" + "1", payments.ErrSignature},
		"another version":    {other, sign(other, testSecret, now), payments.ErrVersion},
		"a live event":       {live, sign(live, testSecret, now), payments.ErrMode},
		"signed, no event":   {noise, sign(noise, testSecret, now), payments.ErrBody},
		"signed, not JSON":   {[]byte("hello"), sign([]byte("hello"), testSecret, now), payments.ErrBody},
		"one of two that do": {body, sign(body, "whsec_other", now) + "," + strings.SplitN(completed.signature, ",", 2)[1], nil},
	} {
		incoming, err := b.Verify(test.body, test.signature)
		if test.want != nil {
			require.ErrorIs(t, err, test.want, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, "stripe", incoming.Source)
		require.Equal(t, "checkout.session.completed", incoming.Kind)
		require.True(t, strings.HasPrefix(incoming.ExternalID, "evt_"))
	}
}

func TestVerifyKeepsNoPerson(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Pay)
	b.act(session.SessionID, paymentsimulator.Refund)
	kept := b.events()
	sent := ""
	for _, r := range b.received {
		sent += string(r.body)
	}
	require.Contains(t, sent, "simulated.payer@example.test", "Stripe sends it")
	for kind, incoming := range kept {
		require.NotContains(t, string(incoming.Payload), "ayer", kind)
		var payload map[string]any
		require.NoError(t, json.Unmarshal(incoming.Payload, &payload))
		require.ElementsMatch(t, []string{"event", "type", "object", "created_at"}, keysOf(payload))
	}
}

func keysOf(m map[string]any) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

func TestVerifyTakesTwoSecretsWhileOneIsReplaced(t *testing.T) {
	b := newBench(t)
	b.open(b.checkout())
	rotating, err := payments.New(payments.Options{
		SecretKey: testKey, WebhookSecret: "whsec_new, " + testSecret, URL: "http://127.0.0.1:1", Now: b.clock.now,
		ReturnURL: func(string, string) string { return "" },
	})
	require.NoError(t, err)
	body := []byte(`{"id":"evt_1","object":"event","api_version":"2023-10-16","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1"}}}`)
	for _, secret := range []string{"whsec_new", testSecret} {
		incoming, err := rotating.Verify(body, paymentsimulator.Sign(body, secret, b.clock.now()))
		require.NoError(t, err)
		require.Equal(t, "evt_1", incoming.ExternalID)
	}
	_, err = rotating.Verify(body, paymentsimulator.Sign(body, "whsec_new, "+testSecret, b.clock.now()))
	require.ErrorIs(t, err, payments.ErrSignature)
}

func message[M certification.Message](t *testing.T, deliveries []payments.Delivery) M {
	t.Helper()
	require.Len(t, deliveries, 1)
	require.Equal(t, "019a-case", deliveries[0].CaseID)
	require.Equal(t, certification.Actor{Role: certification.RoleOutside, ID: "stripe"}, certification.EnvelopeOf(deliveries[0].Message).Actor)
	m, ok := deliveries[0].Message.(M)
	require.True(t, ok, "%T", deliveries[0].Message)
	return m
}

func TestInterpretAPayment(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Decline)
	require.Empty(t, b.interpret("payment_intent.payment_failed"), "the page is open: try again there")
	b.clock.move(2 * time.Minute)
	b.act(session.SessionID, paymentsimulator.Pay)
	settled := message[*certification.PaymentSettled](t, b.interpret("checkout.session.completed"))
	require.Equal(t, "019a-payment", settled.PaymentID)
	require.EqualValues(t, 10000, settled.AmountCents)
	require.Equal(t, b.clock.now(), settled.PaidAt)
	require.Equal(t, "stripe:settled:019a-payment", settled.Key)
	require.Empty(t, b.interpret("payment_intent.succeeded"), "the session says it, once")

	looked, err := b.Look(t.Context(), session.SessionID)
	require.NoError(t, err)
	require.Equal(t, settled, message[*certification.PaymentSettled](t, looked), "looking says the same, under the same key")
}

func TestInterpretAPageLeftUnpaid(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	looked, err := b.Look(t.Context(), session.SessionID)
	require.NoError(t, err)
	require.Empty(t, looked, "open")
	looked, err = b.Look(t.Context(), "cs_test_unknown")
	require.NoError(t, err, "it is another account's, and nobody can pay there")
	require.Empty(t, looked)
	b.clock.move(24 * time.Hour)
	require.Len(t, b.simulator.Ledger(), 1) // the simulator looks at its clock
	failed := message[*certification.PaymentFailed](t, b.interpret("checkout.session.expired"))
	require.Equal(t, "expired", failed.Reason)
	require.Equal(t, "019a-payment", failed.PaymentID)
}

func TestInterpretABank(t *testing.T) {
	for action, event := range map[paymentsimulator.Action]string{
		paymentsimulator.Settle: "checkout.session.async_payment_succeeded",
		paymentsimulator.Bounce: "checkout.session.async_payment_failed",
	} {
		b := newBench(t)
		session := b.open(b.checkout())
		b.act(session.SessionID, paymentsimulator.PayByBank)
		require.Empty(t, b.interpret("checkout.session.completed"), "completed is not paid")
		b.clock.move(time.Minute)
		b.act(session.SessionID, action)
		byAnswer, late := b.interpret(event), b.interpret("checkout.session.completed")
		require.Equal(t, byAnswer, late, "an old event read again says what is true now")
		if action == paymentsimulator.Settle {
			message[*certification.PaymentSettled](t, byAnswer)
		} else {
			require.Equal(t, "declined", message[*certification.PaymentFailed](t, byAnswer).Reason)
		}
	}
}

func TestInterpretMoneyGoingBack(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Pay)
	b.act(session.SessionID, paymentsimulator.Refund)
	refunded := message[*certification.PaymentRefunded](t, b.interpret("charge.refunded"))
	require.EqualValues(t, 10000, refunded.AmountCents)
	require.Equal(t, "019a-payment", refunded.PaymentID)
	require.Equal(t, "stripe:refunded:019a-payment:10000", refunded.Key)
	require.Zero(t, refunded.LeftCents)
}

func TestInterpretADispute(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Pay)
	b.act(session.SessionID, paymentsimulator.Dispute)
	disputed := message[*certification.PaymentDisputed](t, b.interpret("charge.dispute.created"))
	require.Equal(t, "019a-payment", disputed.PaymentID)
	require.Equal(t, b.clock.now().Add(21*24*time.Hour), disputed.EvidenceDueAt)
}

func TestInterpretHowADisputeEnds(t *testing.T) {
	for action, outcome := range map[paymentsimulator.Action]string{
		paymentsimulator.Win: certification.DisputeWon, paymentsimulator.Lose: certification.DisputeLost,
	} {
		b := newBench(t)
		session := b.open(b.checkout())
		b.act(session.SessionID, paymentsimulator.Pay)
		b.act(session.SessionID, paymentsimulator.Dispute)
		opened := message[*certification.PaymentDisputed](t, b.interpret("charge.dispute.created"))
		b.act(session.SessionID, action)
		ended := message[*certification.PaymentDisputed](t, b.interpret("charge.dispute.closed"))
		require.Equal(t, outcome, ended.Outcome)
		require.Equal(t, "019a-payment", ended.PaymentID)
		require.Zero(t, ended.LeftCents)
		require.Zero(t, ended.EvidenceDueAt)
		require.NotEqual(t, opened.Key, ended.Key)
		require.Equal(t, ended, message[*certification.PaymentDisputed](t, b.interpret("charge.dispute.created")), "an old event says what is true now")
	}
}

func TestADisputeAboutMoneyThatWentBackIsNothing(t *testing.T) {
	b := newBench(t)
	session := b.open(b.checkout())
	b.act(session.SessionID, paymentsimulator.Pay)
	b.act(session.SessionID, paymentsimulator.Refund)
	b.act(session.SessionID, paymentsimulator.Dispute)
	require.Empty(t, b.interpret("charge.dispute.created"))
}

func TestInterpretWhatIsNotOurs(t *testing.T) {
	b := newBench(t)
	for _, kind := range []string{"balance.available", "invoice.paid"} {
		deliveries, err := b.Interpret(t.Context(), certification.Incoming{
			Source: "stripe", ExternalID: "evt_1", Kind: kind, Payload: []byte(`{"event":"evt_1","type":"` + kind + `"}`),
		})
		require.NoError(t, err)
		require.Empty(t, deliveries)
	}
	_, err := b.Interpret(t.Context(), certification.Incoming{
		Source: "stripe", ExternalID: "evt_2", Payload: []byte(`{"type":"checkout.session.completed","object":"cs_test_unknown"}`),
	})
	require.ErrorIs(t, err, payments.ErrRefused)
	_, err = b.Interpret(t.Context(), certification.Incoming{Source: "exam_vendor"})
	require.Error(t, err)
}
