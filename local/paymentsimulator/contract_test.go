package paymentsimulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
)

// mockModule carries Stripe's own description of API version 2023-10-16.
const mockModule = "github.com/stripe/stripe-mock@v0.183.0"

// need ends a test that lacks a part: skipped here, failed in CI.
func need(t *testing.T, sentence string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
}

// journey makes every request that the product makes, and calls every endpoint of
// the simulator in every state it can show.
func journey(t *testing.T) *bench {
	b := newBench(t, "")
	looked := func(session string) {
		t.Helper()
		_, err := b.payments.Look(t.Context(), session)
		require.NoError(t, err)
	}
	get := func(path string, query url.Values) map[string]any {
		t.Helper()
		status, answer, _ := b.call(http.MethodGet, path, query, "")
		require.Equal(t, http.StatusOK, status, answer)
		return answer
	}

	paid := b.open("paid")
	looked(paid.SessionID)
	b.act(paid.SessionID, paymentsimulator.Decline)
	looked(paid.SessionID)
	b.act(paid.SessionID, paymentsimulator.Pay)
	looked(paid.SessionID)
	b.act(paid.SessionID, paymentsimulator.Refund)
	disputed, bounced, expired := b.open("disputed"), b.open("bounced"), b.open("expired")
	b.act(disputed.SessionID, paymentsimulator.PayByBank)
	looked(disputed.SessionID)
	b.act(disputed.SessionID, paymentsimulator.Settle)
	b.act(disputed.SessionID, paymentsimulator.Dispute)
	b.act(disputed.SessionID, paymentsimulator.Lose)
	b.act(bounced.SessionID, paymentsimulator.PayByBank)
	b.act(bounced.SessionID, paymentsimulator.Bounce)
	looked(bounced.SessionID)
	next := certification.Checkout{
		PaymentID: "next", CaseID: "019a-case", ApplicantID: "019a-applicant", CustomerID: expired.CustomerID, Fee: certification.FeeExam,
		AmountCents: 15000, Currency: "usd", AskedAt: b.clock.now(), PreviousSessionID: expired.SessionID,
	}
	_, err := b.payments.Open(t.Context(), next)
	require.NoError(t, err)
	looked(expired.SessionID)
	b.clock.move(22 * time.Hour) // looks before it asks, for the page and for the customer
	next.CustomerID, next.PreviousSessionID = "", ""
	_, err = b.payments.Open(t.Context(), next)
	require.NoError(t, err)

	b.simulator.Deliver(t.Context())
	require.NotZero(t, b.arrived())
	for _, body := range b.events {
		incoming, err := b.payments.Verify(body, paymentsimulator.Sign(body, testSecret, b.clock.now()))
		require.NoError(t, err)
		_, err = b.payments.Interpret(t.Context(), incoming)
		require.NoError(t, err)
	}

	// What the product does not call yet, but the simulator answers.
	session := get("/v1/checkout/sessions/"+paid.SessionID, url.Values{"expand[]": {"payment_intent.latest_charge", "line_items"}})
	intent, _ := session["payment_intent"].(map[string]any)["id"].(string)
	require.NotEmpty(t, intent)
	get("/v1/checkout/sessions/"+paid.SessionID+"/line_items", nil)
	get("/v1/checkout/sessions", url.Values{"customer": {paid.CustomerID}, "limit": {"2"}})
	get("/v1/customers/"+paid.CustomerID, nil)
	get("/v1/customers", nil)
	get("/v1/payment_intents/"+intent, url.Values{"expand[]": {"latest_charge"}})
	refunds := get("/v1/refunds", url.Values{"payment_intent": {intent}})["data"].([]any)
	require.Len(t, refunds, 1)
	get("/v1/refunds/"+refunds[0].(map[string]any)["id"].(string), nil)
	second := b.open("refunded by the API")
	b.act(second.SessionID, paymentsimulator.Pay)
	secondIntent := get("/v1/checkout/sessions/"+second.SessionID, nil)["payment_intent"].(string)
	status, answer, _ := b.call(http.MethodPost, "/v1/refunds", url.Values{
		"payment_intent": {secondIntent}, "amount": {"2500"}, "reason": {"duplicate"}, "metadata[payment_id]": {"x"},
	}, "refund:1")
	require.Equal(t, http.StatusOK, status, answer)
	events := get("/v1/events", url.Values{"limit": {"100"}})["data"].([]any)
	get("/v1/events/"+events[0].(map[string]any)["id"].(string), nil)

	// And errors, which have a shape too.
	for _, path := range []string{"/v1/checkout/sessions/cs_test_none", "/v1/customers/cus_none", "/v1/refunds/re_none"} {
		status, _, _ := b.call(http.MethodGet, path, nil, "")
		require.Equal(t, http.StatusNotFound, status)
	}
	status, _, _ = b.call(http.MethodPost, "/v1/checkout/sessions/"+paid.SessionID+"/expire", nil, "")
	require.Equal(t, http.StatusBadRequest, status)
	return b
}

// Stripe's own mock server knows every parameter, type and enumeration of the API,
// and nothing of its behavior: it tells whether our requests are Stripe's.
func TestStripeMockAcceptsEveryRequest(t *testing.T) {
	program := os.Getenv("PEERCERT_TEST_STRIPE_MOCK")
	if program == "" {
		need(t, "this test needs stripe-mock: run it with make test (or bin/local test ./local/paymentsimulator), which builds it")
	}
	address := startMock(t, program)
	count := 0
	for _, e := range journey(t).exchanges {
		if e.status != http.StatusOK {
			continue // asked for on purpose
		}
		request, err := http.NewRequestWithContext(t.Context(), e.method, address+e.path+"?"+e.query, strings.NewReader(e.body))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer sk_test_123")
		request.Header.Set("Stripe-Version", paymentsimulator.Version)
		if e.method == http.MethodPost {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, "%s %s?%s %s: %s", e.method, e.path, e.query, e.body, body)
		count++
	}
	require.Greater(t, count, 40)
}

// startMock starts stripe-mock on a free port and waits until it answers.
func startMock(t *testing.T, program string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http-addr", address, "-strict-version-check")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // killed, which is an error
	})
	require.Eventually(t, func() bool {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}, 30*time.Second, 20*time.Millisecond, "stripe-mock does not answer: %s", &printed)
	return "http://" + address
}

// Every answer and every event must have the shape that Stripe describes, with no
// property that Stripe does not have.
func TestAnswersHaveStripesShape(t *testing.T) {
	spec := loadSpec(t)
	require.Equal(t, paymentsimulator.Version, spec.Info.Version)
	b := journey(t)
	count := 0
	for _, e := range b.exchanges {
		what := e.method + " " + e.path
		schema := responseSchema(t, spec, e)
		require.NoError(t, schema.VisitJSON(decoded(t, e.answer)), what)
		count++
	}
	require.Greater(t, count, 40)
	for _, body := range b.events {
		event := decoded(t, body).(map[string]any)
		require.NoError(t, component(t, spec, "event").VisitJSON(event))
		about := event["data"].(map[string]any)["object"].(map[string]any)
		require.NoError(t, component(t, spec, about["object"].(string)).VisitJSON(about), event["type"])
	}
}

func component(t *testing.T, spec *openapi3.T, name string) *openapi3.Schema {
	t.Helper()
	ref, found := spec.Components.Schemas[name]
	require.True(t, found, name)
	return ref.Value
}

func decoded(t *testing.T, body []byte) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(body, &value), string(body))
	return value
}

// responseSchema finds what Stripe says of the answer to a request.
func responseSchema(t *testing.T, spec *openapi3.T, e exchange) *openapi3.Schema {
	t.Helper()
	if e.status != http.StatusOK {
		return component(t, spec, "error")
	}
	for _, path := range spec.Paths.InMatchingOrder() {
		if !matches(path, e.path) {
			continue
		}
		operation := spec.Paths.Value(path).GetOperation(e.method)
		require.NotNil(t, operation, "%s %s", e.method, path)
		return operation.Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Value
	}
	t.Fatalf("Stripe has no %s %s", e.method, e.path)
	return nil
}

func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// loadSpec reads Stripe's description out of the stripe-mock module, and closes
// every object in it, so that a property Stripe does not have is an error.
func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", mockModule)
	cmd.Dir = t.TempDir() // outside our module
	printed, err := cmd.Output()
	if err != nil {
		need(t, fmt.Sprintf("this test needs the module %s: go mod download did not get it (%v)", mockModule, err))
	}
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(printed, &module))
	data, err := os.ReadFile(filepath.Join(module.Dir, "embedded", "openapi", "spec3.json"))
	require.NoError(t, err)
	spec, err := openapi3.NewLoader().LoadFromData(data)
	require.NoError(t, err)
	for _, ref := range spec.Components.Schemas {
		closeObjects(ref.Value)
	}
	return spec
}

func closeObjects(schema *openapi3.Schema) {
	if len(schema.Properties) > 0 && schema.AdditionalProperties.Schema == nil {
		no := false
		schema.AdditionalProperties.Has = &no
	}
	for _, property := range schema.Properties {
		if property.Ref == "" {
			closeObjects(property.Value)
		}
	}
}
