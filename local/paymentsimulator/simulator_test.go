package paymentsimulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/local/paymentsimulator"
)

// browser follows no redirect, so that a test sees where it leads.
func browser() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (b *bench) get(address string) (int, string) {
	b.t.Helper()
	response, err := browser().Get(address)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(body)
}

// press presses a button of a page, and gives where it leads.
func (b *bench) press(address, action string) (int, string) {
	b.t.Helper()
	response, err := browser().PostForm(address, url.Values{"action": {action}})
	require.NoError(b.t, err)
	defer response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}

func (b *bench) entry(session string) paymentsimulator.Entry {
	b.t.Helper()
	for _, e := range b.simulator.Ledger() {
		if e.SessionID == session {
			return e
		}
	}
	b.t.Fatalf("no session %s in the ledger", session)
	return paymentsimulator.Entry{}
}

func TestPayingOnThePage(t *testing.T) {
	b := newBench(t, "")
	session := b.open("one")
	status, page := b.get(session.URL)
	require.Equal(t, http.StatusOK, status)
	for _, text := range []string{"not Stripe, no money moves", "Application fee", "$100.00", `name="action" value="pay"`} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script")

	status, to := b.press(session.URL, "back")
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "http://peercert.test/return?payment=one&outcome=back", to)
	require.Equal(t, "open", b.entry(session.SessionID).Status)

	status, to = b.press(session.URL, "decline")
	require.Equal(t, http.StatusSeeOther, status)
	_, page = b.get(b.url + to)
	require.Contains(t, page, "The card was declined")
	require.Equal(t, "open", b.entry(session.SessionID).Status)

	for range 2 { // pressed twice
		status, to = b.press(session.URL, "pay")
		require.Equal(t, http.StatusSeeOther, status)
		require.Equal(t, "http://peercert.test/return?payment=one&outcome=paid", to)
	}
	require.EqualValues(t, 10000, b.entry(session.SessionID).CapturedCents)
	_, page = b.get(session.URL)
	require.Contains(t, page, "This is paid")
	_, page = b.get(b.url + "/")
	require.Contains(t, page, session.SessionID)
	require.Contains(t, page, "not Stripe, no money moves")
}

func TestAPageThatExpired(t *testing.T) {
	b := newBench(t, "")
	session := b.open("one")
	b.clock.move(24 * time.Hour)
	status, page := b.get(session.URL)
	require.Equal(t, http.StatusGone, status)
	require.Contains(t, page, "closed")
	_, to := b.press(session.URL, "pay")
	require.Equal(t, "/pay/"+session.SessionID, to, "shown again, with what happened to it")
	require.Zero(t, b.entry(session.SessionID).CapturedCents)
	status, _ = b.get(b.url + "/pay/cs_test_none")
	require.Equal(t, http.StatusNotFound, status)
}

func TestTheLedgerPlaysTheBank(t *testing.T) {
	b := newBench(t, "")
	session := b.open("one")
	actions := b.url + "/simulator/sessions/" + session.SessionID
	b.press(session.URL, "bank")
	_, page := b.get(b.url + "/")
	require.Contains(t, page, "waiting for the bank")
	status, _ := b.press(actions, "refund")
	require.Equal(t, http.StatusConflict, status)
	status, _ = b.press(actions, "settle")
	require.Equal(t, http.StatusSeeOther, status)
	b.press(actions, "dispute")
	_, ledger := b.get(b.url + "/ledger")
	var shown struct{ Sessions []paymentsimulator.Entry }
	require.NoError(t, json.Unmarshal([]byte(ledger), &shown))
	require.True(t, shown.Sessions[0].Disputed)
	require.Equal(t, "paid", shown.Sessions[0].PaymentStatus)

	status, _ = b.press(actions, "refund")
	require.Equal(t, http.StatusConflict, status, "the bank has it")
	status, _ = b.press(actions, "win")
	require.Equal(t, http.StatusSeeOther, status)
	_, page = b.get(b.url + "/")
	require.NotContains(t, page, "in dispute")
	status, _ = b.press(actions, "lose")
	require.Equal(t, http.StatusConflict, status, "it is decided")
	require.Equal(t, "won", b.entry(session.SessionID).Dispute)
	status, _ = b.press(actions, "refund")
	require.Equal(t, http.StatusSeeOther, status)
}

func TestKeysAreRememberedAsStripeDoes(t *testing.T) {
	b := newBench(t, "")
	make := func(applicant, key string) (int, map[string]any, http.Header) {
		return b.call(http.MethodPost, "/v1/customers", url.Values{"metadata[applicant_id]": {applicant}}, key)
	}
	status, first, header := make("a", "k")
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, header.Get("Idempotent-Replayed"))
	require.NotEmpty(t, header.Get("Request-Id"))

	_, again, header := make("a", "k")
	require.Equal(t, first, again)
	require.Equal(t, "true", header.Get("Idempotent-Replayed"))

	status, other, _ := make("b", "k")
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "idempotency_error", other["error"].(map[string]any)["type"])

	b.simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1})
	for range 2 { // the failure is saved
		status, _, _ = make("c", "spent")
		require.Equal(t, http.StatusInternalServerError, status)
	}
	b.simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1, FailStatus: 429})
	status, _, _ = make("c", "free")
	require.Equal(t, http.StatusTooManyRequests, status)
	status, _, _ = make("c", "free")
	require.Equal(t, http.StatusOK, status, "a 429 is not saved")

	status, _, _ = b.call(http.MethodPost, "/v1/refunds", url.Values{"charge": {"ch_none"}}, "corrected")
	require.Equal(t, http.StatusBadRequest, status)
	status, _, _ = make("d", "corrected")
	require.Equal(t, http.StatusOK, status, "wrong parameters are not saved")

	b.clock.move(24 * time.Hour)
	_, anew, _ := make("a", "k")
	require.NotEqual(t, first["id"], anew["id"], "forgotten: a new request")
}

func TestTheAPIRefusesWhatStripeWould(t *testing.T) {
	b := newBench(t, "")
	customer := b.open("one").CustomerID
	good := func() url.Values {
		return url.Values{
			"mode": {"payment"}, "customer": {customer}, "success_url": {"http://x.test/"}, "cancel_url": {"http://x.test/"},
			"line_items[0][quantity]": {"1"}, "line_items[0][price_data][currency]": {"usd"},
			"line_items[0][price_data][unit_amount]": {"8000"}, "line_items[0][price_data][product_data][name]": {"Renewal fee"},
		}
	}
	status, answer, _ := b.call(http.MethodPost, "/v1/checkout/sessions", good(), "")
	require.Equal(t, http.StatusOK, status, answer)
	at := func(in time.Duration) string { return fmt.Sprint(b.clock.now().Add(in).Unix()) }
	for name, change := range map[string][2]string{
		"another mode":       {"mode", "subscription"},
		"no such customer":   {"customer", "cus_none"},
		"a page too short":   {"expires_at", at(29 * time.Minute)},
		"a page too long":    {"expires_at", at(25 * time.Hour)},
		"too little":         {"line_items[0][price_data][unit_amount]", "49"},
		"not a number":       {"line_items[0][price_data][unit_amount]", "80.00"},
		"not an address":     {"success_url", "return"},
		"unknown parameter":  {"sucess_url", "http://x.test/"},
		"two line items":     {"line_items[1][price_data][unit_amount]", "100"},
		"unknown expansion":  {"expand[]", "everything"},
		"another submission": {"submit_type", "buy"},
		"metadata too long":  {"metadata[x]", strings.Repeat("x", 501)},
	} {
		form := good()
		form.Set(change[0], change[1])
		status, answer, _ := b.call(http.MethodPost, "/v1/checkout/sessions", form, "")
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, "invalid_request_error", answer["error"].(map[string]any)["type"], name)
	}
	for name, key := range map[string]string{"another key": "sk_test_other", "a live key": "sk_live_x", "no key": ""} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/v1/customers", nil)
		require.NoError(t, err)
		request.SetBasicAuth(key, "")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
	}
	_, err := paymentsimulator.New(paymentsimulator.Options{SecretKey: "sk_live_x", Now: time.Now})
	require.Error(t, err)
}

func TestListsAreNewestFirstAndPaged(t *testing.T) {
	b := newBench(t, "")
	var want []string
	for i := range 5 {
		want = append([]string{b.open(fmt.Sprint("p", i)).SessionID}, want...)
		b.clock.move(time.Minute)
	}
	var have []string
	query := url.Values{"limit": {"2"}}
	for more := true; more; {
		_, page, _ := b.call(http.MethodGet, "/v1/checkout/sessions", query, "")
		for _, row := range page["data"].([]any) {
			have = append(have, row.(map[string]any)["id"].(string))
		}
		more = page["has_more"].(bool)
		query.Set("starting_after", have[len(have)-1])
	}
	require.Equal(t, want, have)
	since := b.clock.now().Add(-2 * time.Minute).Unix()
	_, page, _ := b.call(http.MethodGet, "/v1/checkout/sessions", url.Values{"created[gte]": {fmt.Sprint(since)}}, "")
	require.Len(t, page["data"], 2)
}

func TestWebhooksAreTriedAgainAlsoAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stripe", "state.json")
	b := newBench(t, file)
	b.setHook(http.StatusServiceUnavailable)
	session := b.open("one")
	b.act(session.SessionID, paymentsimulator.Pay)
	b.simulator.Deliver(t.Context())
	waiting := b.simulator.Undelivered()
	require.Len(t, waiting, 2)
	require.Equal(t, 1, waiting[0].Attempts)
	require.Equal(t, "status 503", waiting[0].Last)
	b.simulator.Deliver(t.Context())
	require.Equal(t, 1, b.simulator.Undelivered()[0].Attempts, "not before it is due")
	for range 3 {
		b.clock.move(time.Minute)
		b.simulator.Deliver(t.Context())
	}
	require.Equal(t, 4, b.simulator.Undelivered()[0].Attempts)

	b.restart()
	require.Equal(t, "paid", b.entry(session.SessionID).PaymentStatus)
	require.Len(t, b.simulator.Undelivered(), 2)
	b.setHook(http.StatusOK)
	b.clock.move(time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { done <- b.simulator.Serve(ctx, listener) }()
	status, _ := b.get("http://" + listener.Addr().String() + "/")
	require.Equal(t, http.StatusOK, status)
	require.Eventually(t, func() bool { return b.arrived() == 2 && len(b.simulator.Undelivered()) == 0 }, 30*time.Second, 5*time.Millisecond)
	stop()
	require.NoError(t, <-done)

	b.setHook(http.StatusServiceUnavailable)
	b.act(session.SessionID, paymentsimulator.Refund)
	b.simulator.Deliver(t.Context())
	b.clock.move(73 * time.Hour)
	b.simulator.Deliver(t.Context())
	require.Equal(t, paymentsimulator.DeliveryGivenUp, b.simulator.Undelivered()[0].State)

	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err = paymentsimulator.New(b.options)
	require.ErrorContains(t, err, "damaged")
}

func TestWebhookFaults(t *testing.T) {
	b := newBench(t, "")
	status, _ := b.postFaults("application/json", `{"drop_webhooks": 2}`)
	require.Equal(t, http.StatusOK, status)
	b.act(b.open("dropped").SessionID, paymentsimulator.Pay)
	b.simulator.Deliver(t.Context())
	require.Zero(t, b.arrived())
	require.Equal(t, paymentsimulator.DeliveryDropped, b.simulator.Undelivered()[0].State)

	b.postFaults("application/x-www-form-urlencoded", "duplicate_webhooks=1&delay_webhooks=1&delay_seconds=60")
	b.act(b.open("late and twice").SessionID, paymentsimulator.Pay)
	b.simulator.Deliver(t.Context())
	require.Equal(t, 1, b.arrived(), "the second event of the payment is on time")
	b.clock.move(time.Minute)
	b.simulator.Deliver(t.Context())
	require.Equal(t, 3, b.arrived())
	require.Equal(t, b.events[1], b.events[2])

	status, _ = b.postFaults("application/json", `{"fail": 1}`)
	require.Equal(t, http.StatusBadRequest, status)
}

func (b *bench) postFaults(kind, body string) (int, string) {
	b.t.Helper()
	response, err := http.Post(b.url+"/simulator/faults", kind, strings.NewReader(body))
	require.NoError(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(answer)
}
