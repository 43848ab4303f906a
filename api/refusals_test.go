package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/api/apitest"
	"peercert/certification"
)

// Everything that does not even reach the core, with the status, the problem and
// the fields that the sender is told.
func TestWhatIsRefusedBeforeTheCore(t *testing.T) {
	w := newWorld(t)
	w.core.fail = errors.New("the core must not be asked")
	signal := "/v1/cases/" + ownCase + "/signals/"
	draft := "/v1/cases/" + ownCase + "/drafts/application"
	with := func(change func(map[string]any)) map[string]any {
		body := someone()
		change(body)
		return body
	}
	long := strings.Repeat("a", 81)
	for name, test := range map[string]struct {
		role, method, path string
		body               any
		options            []apitest.Option
		status             int
		problem            string
		fields             []string
	}{
		"malformed JSON":                 {"", "POST", "/v1/registrations", []byte(`{"first_name":`), nil, 400, "malformed", []string{"body:not_json"}},
		"nothing at all":                 {"", "POST", "/v1/registrations", []byte(``), nil, 400, "malformed", []string{"body:not_json"}},
		"two values":                     {"", "POST", "/v1/registrations", []byte(`{} {}`), nil, 400, "malformed", []string{"body:not_json"}},
		"a name twice":                   {"applicant", "POST", signal + "pay-fee", []byte(`{"not_refundable_version":"1","not_refundable_version":"2"}`), nil, 400, "malformed", []string{"body:not_json"}},
		"bytes that are not UTF-8":       {"applicant", "POST", signal + "pay-fee", []byte("{\"not_refundable_version\":\"\xff\"}"), nil, 400, "malformed", []string{"body:not_json"}},
		"a list for an object":           {"applicant", "POST", signal + "withdraw", []byte(`[]`), nil, 400, "malformed", []string{"body:wrong_type"}},
		"null for an object":             {"applicant", "POST", signal + "withdraw", []byte(`null`), nil, 400, "malformed", []string{"body:wrong_type"}},
		"an unknown member":              {"applicant", "POST", signal + "withdraw", map[string]any{"because": canary}, nil, 400, "malformed", []string{"because:unknown"}},
		"an unknown member with a value": {"applicant", "POST", signal + "withdraw", map[string]any{canary + "@example.org": 1}, nil, 400, "malformed", []string{"?:unknown"}},
		"a key in the body":              {"applicant", "POST", signal + "withdraw", map[string]any{"key": "k", "actor": map[string]any{"role": "administrator"}}, nil, 400, "malformed", []string{"actor:unknown", "key:unknown"}},
		"a policy in the body": {"applicant", "POST", signal + "submit-application", map[string]any{"draft_revision": 1, "ethics_version": "1", "document_ids": []string{documentID}, "policy": map[string]any{}},
			nil, 400, "malformed", []string{"policy:unknown"}},
		"another case of letters":         {"applicant", "POST", signal + "pay-fee", map[string]any{"Not_Refundable_Version": "1"}, nil, 400, "malformed", []string{"Not_Refundable_Version:unknown", "not_refundable_version:required"}},
		"a wrong type":                    {"applicant", "POST", signal + "appeal", map[string]any{"draft_revision": "3"}, nil, 400, "malformed", []string{"draft_revision:wrong_type"}},
		"half a number":                   {"administrator", "POST", signal + "extend-deadline", map[string]any{"days": 1.5}, nil, 400, "malformed", []string{"days:wrong_type"}},
		"a huge number":                   {"administrator", "POST", signal + "extend-deadline", []byte(`{"days":1e400}`), nil, 422, "invalid", []string{"days:too_large"}},
		"too many days":                   {"administrator", "POST", signal + "extend-deadline", map[string]any{"days": 367}, nil, 422, "invalid", []string{"days:too_large"}},
		"a decision that is none":         {"reviewer", "POST", signal + "decide-training", map[string]any{"decision": "deny"}, nil, 400, "malformed", []string{"decision:not_one_of"}},
		"free text as a reason":           {"administrator", "POST", signal + "hold", map[string]any{"reason": "Sam asked me to"}, nil, 422, "invalid", []string{"reason:wrong_form"}},
		"no documents":                    {"applicant", "POST", signal + "submit-application", map[string]any{"draft_revision": 1, "ethics_version": "1", "document_ids": []string{}}, nil, 422, "invalid", []string{"document_ids:too_few"}},
		"a document that is no id":        {"applicant", "POST", signal + "submit-training", map[string]any{"draft_revision": 1, "document_ids": []string{"x"}, "provider_id": "p"}, nil, 400, "malformed", []string{"document_ids[0]:wrong_format"}},
		"81 characters":                   {"", "POST", "/v1/registrations", with(func(b map[string]any) { b["first_name"] = long }), nil, 422, "invalid", []string{"first_name:too_long"}},
		"81 characters in a draft":        {"applicant", "PATCH", draft, map[string]any{"revision": 0, "values": map[string]any{"legal_last_name": long}}, nil, 422, "invalid", []string{"values.legal_last_name:too_long"}},
		"a nested field":                  {"", "POST", "/v1/registrations", with(func(b map[string]any) { b["address"] = map[string]any{"line1": 1, "city": "", "state": "CA"} }), nil, 400, "malformed", []string{"address.city:too_short", "address.line1:wrong_type", "address.zip:required"}},
		"no such day":                     {"", "POST", "/v1/registrations", with(func(b map[string]any) { b["date_of_birth"] = "1990-02-30" }), nil, 400, "malformed", []string{"date_of_birth:wrong_format"}},
		"no e-mail address":               {"", "POST", "/v1/registrations", with(func(b map[string]any) { b["email"] = canary }), nil, 400, "malformed", []string{"email:wrong_format"}},
		"a course in a list":              {"applicant", "PATCH", "/v1/cases/" + ownCase + "/drafts/renewal", map[string]any{"revision": 0, "values": map[string]any{"courses": []any{map[string]any{"title": "T", "provider": "P", "completed_on": "2026-01-01", "hours": 0}}}}, nil, 422, "invalid", []string{"values.courses[0].hours:too_small"}},
		"another form's value":            {"applicant", "PATCH", draft, map[string]any{"revision": 0, "values": map[string]any{"hours": 80}}, nil, 400, "malformed", []string{"values.hours:unknown"}},
		"no revision":                     {"applicant", "PATCH", draft, map[string]any{"values": map[string]any{}}, nil, 400, "malformed", []string{"revision:required"}},
		"no form of that name":            {"applicant", "GET", "/v1/cases/" + ownCase + "/drafts/other", nil, nil, 404, "not-found", nil},
		"no key":                          {"applicant", "POST", signal + "withdraw", map[string]any{}, []apitest.Option{apitest.WithHeader("Idempotency-Key", "")}, 400, "idempotency-key-missing", nil},
		"a key too short":                 {"applicant", "POST", signal + "withdraw", map[string]any{}, []apitest.Option{apitest.WithKey("short")}, 400, "malformed", []string{"Idempotency-Key:wrong_form"}},
		"a key with a line break in it":   {"applicant", "POST", signal + "withdraw", map[string]any{}, []apitest.Option{apitest.WithKey("key with spaces")}, 400, "malformed", []string{"Idempotency-Key:wrong_form"}},
		"no token":                        {"", "POST", signal + "withdraw", map[string]any{}, nil, 401, "unauthenticated", nil},
		"an unknown token":                {"nobody", "POST", signal + "withdraw", map[string]any{}, nil, 401, "unauthenticated", nil},
		"another scheme":                  {"", "GET", "/v1/cases", nil, []apitest.Option{apitest.WithHeader("Authorization", "Basic token-applicant")}, 401, "unauthenticated", nil},
		"a very long token":               {strings.Repeat("x", 600), "GET", "/v1/cases", nil, nil, 401, "unauthenticated", nil},
		"another role's signal":           {"applicant", "POST", signal + "decide-application", map[string]any{"decision": "approve"}, nil, 403, "not-allowed", nil},
		"a form for JSON":                 {"applicant", "POST", signal + "withdraw", []byte("a=b"), []apitest.Option{apitest.WithHeader("Content-Type", "application/x-www-form-urlencoded")}, 415, "unsupported-media-type", nil},
		"JSON for a form":                 {"applicant", "POST", "/v1/cases/" + ownCase + "/documents", []byte("{}"), nil, 415, "unsupported-media-type", nil},
		"no media type":                   {"applicant", "POST", signal + "withdraw", []byte("{}"), []apitest.Option{apitest.WithHeader("Content-Type", "")}, 415, "unsupported-media-type", nil},
		"a method that is not there":      {"applicant", "DELETE", "/v1/cases/" + ownCase, nil, nil, 405, "method-not-allowed", nil},
		"a GET of a signal":               {"applicant", "GET", signal + "withdraw", nil, nil, 405, "method-not-allowed", nil},
		"an address that is not there":    {"applicant", "GET", "/v1/nothing", nil, nil, 404, "not-found", nil},
		"a slash too many":                {"applicant", "GET", "/v1/cases/", nil, nil, 404, "not-found", nil},
		"a signal from outside":           {"applicant", "POST", signal + "payment-settled", map[string]any{}, nil, 404, "not-found", nil},
		"a case id that is none":          {"applicant", "GET", "/v1/cases/1%27--", nil, nil, 404, "not-found", nil},
		"an unknown query":                {"applicant", "GET", "/v1/cases?state=open", nil, nil, 400, "malformed", []string{"state:unknown"}},
		"an unknown stage":                {"reviewer", "GET", "/v1/cases?stage=waiting", nil, nil, 400, "malformed", []string{"stage:not_one_of"}},
		"a limit that is no number":       {"reviewer", "GET", "/v1/cases?limit=ten", nil, nil, 400, "malformed", []string{"limit:wrong_type"}},
		"a limit over 100":                {"reviewer", "GET", "/v1/cases?limit=101", nil, nil, 400, "malformed", []string{"limit:too_large"}},
		"a query twice":                   {"reviewer", "GET", "/v1/cases?limit=1&limit=2", nil, nil, 400, "malformed", []string{"limit:repeated"}},
		"overdue that is neither":         {"reviewer", "GET", "/v1/cases?overdue=yes", nil, nil, 400, "malformed", []string{"overdue:wrong_type"}},
		"no purpose of a reviewer":        {"reviewer", "GET", "/v1/cases/" + ownCase + "/documents/" + documentID + "/content", nil, nil, 422, "invalid", []string{"Purpose:required"}},
		"no purpose of an administrator":  {"administrator", "GET", draft, nil, nil, 422, "invalid", []string{"Purpose:required"}},
		"a purpose in words of one's own": {"reviewer", "GET", draft, nil, []apitest.Option{apitest.WithHeader("Purpose", "I am curious")}, 400, "malformed", []string{"Purpose:not_one_of"}},
		"a code with five digits":         {"", "POST", "/v1/registrations/" + registration + "/confirm", map[string]any{"code": "12345"}, nil, 422, "invalid", []string{"code:wrong_form"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := w.client
			if test.role != "" {
				client = w.as(test.role)
			}
			answer, err := client.Do(t.Context(), test.method, test.path, test.body, append(test.options, apitest.Broken())...)
			require.NoError(t, err)
			assert.Equal(t, test.status, answer.Status, string(answer.Body))
			assert.Equal(t, test.problem, answer.Problem())
			assert.ElementsMatch(t, test.fields, answer.Fields())
			assert.NotContains(t, string(answer.Body), canary, "an answer must not repeat what was typed")
			if test.status == http.StatusUnauthorized {
				assert.NotEmpty(t, answer.Header.Get("WWW-Authenticate"))
			}
			if test.status == http.StatusMethodNotAllowed {
				assert.NotEmpty(t, answer.Header.Get("Allow"))
			}
			assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		})
	}
	assert.NotContains(t, w.log.String(), canary)
}

// Every type of refusal that the core can give has its status, and those that pass
// say how long to wait.
func TestRefusalsOfTheCoreHaveTheirStatus(t *testing.T) {
	w := newWorld(t)
	for problem, want := range map[*certification.Refusal]int{
		certification.NotFound(): 404,
		certification.Refused(certification.RefusedWrongStage, "Not at this stage."): 409,
		certification.StaleRevision():                                                               409,
		certification.Refused(certification.RefusedAlreadyDecided, "Too late."):                     409,
		certification.NotReady(2 * time.Second):                                                     409,
		certification.CaseClosed():                                                                  410,
		certification.Invalid(certification.Finding{Field: "hours", Code: "too_few", Detail: "x."}): 422,
		certification.KeyReused():                                                                   422,
		certification.TooMany(1500 * time.Millisecond):                                              429,
		certification.Unavailable(errors.New("down"), 0):                                            503,
	} {
		w.core.fail = fmt.Errorf("sending a signal: %w", problem)
		answer, err := w.as("applicant").Signal(t.Context(), ownCase, "withdraw", nil)
		require.NoError(t, err)
		assert.Equal(t, want, answer.Status, problem.Type)
		assert.Equal(t, problem.Type, answer.Problem())
		wait := map[string]string{"not-ready": "2", "too-many": "2", "unavailable": "5"}[problem.Type]
		assert.Equal(t, wait, answer.Header.Get("Retry-After"), problem.Type)
	}
	w.core.fail = context.DeadlineExceeded
	answer, err := w.as("applicant").Signal(t.Context(), ownCase, "withdraw", nil)
	require.NoError(t, err)
	assert.Equal(t, "unavailable", answer.Problem())

	w.core.fail = errors.New("something unforeseen")
	answer, err = w.as("applicant").Signal(t.Context(), ownCase, "withdraw", nil)
	require.NoError(t, err)
	assert.Equal(t, "internal", answer.Problem())
	assert.NotContains(t, string(answer.Body), "unforeseen")
	assert.Contains(t, w.log.String(), "something unforeseen")
	assert.Contains(t, w.log.String(), answer.Header.Get("X-Request-Id"))
}

// Every type that the core may refuse with is on the page of problems.
func TestEveryRefusalIsAKnownProblem(t *testing.T) {
	known := map[string]bool{}
	for _, problem := range api.Problems() {
		assert.False(t, known[problem.Type], "%s is there twice", problem.Type)
		known[problem.Type] = true
		assert.NotEmpty(t, problem.Title)
		assert.NotEmpty(t, problem.Meaning)
		assert.NotEmpty(t, problem.Remedy)
	}
	for _, refused := range []string{
		certification.RefusedMalformed, certification.RefusedIdempotencyKeyMissing, certification.RefusedUnauthenticated, certification.RefusedBadSignature,
		certification.RefusedNotAllowed, certification.RefusedNotFound, certification.RefusedWrongStage, certification.RefusedStaleRevision,
		certification.RefusedAlreadyDecided, certification.RefusedNotReady, certification.RefusedClosed, certification.RefusedInvalid,
		certification.RefusedIdempotencyKeyReused, certification.RefusedTooMany, certification.RefusedUnavailable,
	} {
		assert.True(t, known[refused], refused)
	}
}

func TestSomebodyElsesCaseLooksLikeNone(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"", "/events", "/promises", "/letters", "/payments", "/documents", "/documents/" + documentID, "/drafts/application", "/video-progress"} {
		theirs, err := w.as("applicant").Get(t.Context(), "/v1/cases/"+othersCase+path)
		require.NoError(t, err)
		none, err := w.as("applicant").Get(t.Context(), "/v1/cases/"+noCase+path)
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, theirs.Status)
		assert.Equal(t, words(none), words(theirs))
		theirs.Header.Del("X-Request-Id")
		none.Header.Del("X-Request-Id")
		theirs.Header.Del("Date")
		none.Header.Del("Date")
		assert.Equal(t, none.Header, theirs.Header)
	}
	theirs, err := w.as("applicant").Signal(t.Context(), othersCase, "withdraw", nil)
	require.NoError(t, err)
	none, err := w.as("applicant").Signal(t.Context(), noCase, "withdraw", nil)
	require.NoError(t, err)
	assert.Equal(t, words(none), words(theirs))
}

// The sender of far too much reads an answer, and not a broken connection.
func TestTenMegabytesOfJSONAreRefusedClearly(t *testing.T) {
	w := newWorld(t)
	body := []byte(`{"not_refundable_version":"` + strings.Repeat("x", 10<<20) + `"}`)
	for range 3 {
		answer, err := w.as("applicant").Signal(t.Context(), ownCase, "pay-fee", body, apitest.Broken())
		require.NoError(t, err)
		assert.Equal(t, "too-large", answer.Problem())
	}
	answer, err := w.client.Post(t.Context(), "/v1/webhooks/stripe", body, apitest.WithHeader("Stripe-Signature", "good"))
	require.NoError(t, err)
	assert.Equal(t, "too-large", answer.Problem())
}

func TestUploadsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	zeros := func(n int64) io.Reader { return io.LimitReader(zero{}, n) }
	answer, err := w.as("applicant").Upload(t.Context(), ownCase, "photo_id", "a.jpg", zeros(certification.MaxDocumentBytes))
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, answer.Status)

	answer, err = w.as("applicant").Upload(t.Context(), ownCase, "photo_id", "a.jpg", zeros(certification.MaxDocumentBytes+1))
	require.NoError(t, err)
	assert.Equal(t, []string{"file:document-too-large"}, answer.Fields())
	assert.Equal(t, "invalid", answer.Problem())

	answer, err = w.as("applicant").Upload(t.Context(), ownCase, "photo_id", "a.jpg", zeros(30<<20))
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnprocessableEntity, answer.Status)

	answer, err = w.as("applicant").Upload(t.Context(), ownCase, "selfie", "a.jpg", zeros(1))
	require.NoError(t, err)
	assert.Equal(t, []string{"kind:not_one_of"}, answer.Fields())

	answer, err = w.as("reviewer").Upload(t.Context(), ownCase, "photo_id", "a.jpg", zeros(1))
	require.NoError(t, err)
	assert.Equal(t, "not-allowed", answer.Problem())

	for form, want := range map[string]string{
		"":          "kind:interrupted",
		"--b--\r\n": "kind:required",
		"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n":                                                                           "kind:required",
		"--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nphoto_id\r\n--b--\r\n":                                                                    "file:required",
		"--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nphoto_id\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf of somethin": "file:interrupted",
	} {
		w.core.uploaded = 0
		answer, err = w.as("applicant").Post(t.Context(), "/v1/cases/"+ownCase+"/documents", []byte(form),
			apitest.WithHeader("Content-Type", "multipart/form-data; boundary=b"), apitest.Broken())
		require.NoError(t, err)
		assert.Equal(t, "malformed", answer.Problem(), form)
		if form != "" {
			assert.Equal(t, []string{want}, answer.Fields(), form)
		}
		assert.Zero(t, w.core.uploaded)
	}
}

type zero struct{}

func (zero) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}

// A body that stops in the middle leaves nothing, and a panic is answered.
func TestAnInterruptedUploadLeavesNothing(t *testing.T) {
	w := newWorld(t)
	connection, err := net.Dial("tcp", strings.TrimPrefix(w.address, "http://"))
	require.NoError(t, err)
	defer connection.Close()
	_, err = fmt.Fprintf(connection, "POST /v1/cases/%s/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-applicant\r\nIdempotency-Key: interrupted-1\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nphoto_id\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf", ownCase)
	require.NoError(t, err)
	require.NoError(t, connection.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Zero(t, w.core.uploaded)
}

func TestAPanicIsAProblemWithTheRequestsID(t *testing.T) {
	w := newWorld(t)
	w.core.panics = true
	answer, err := w.as("applicant").Get(t.Context(), "/v1/cases", apitest.WithHeader("X-Request-Id", "my-request-1"))
	require.NoError(t, err)
	assert.Equal(t, "internal", answer.Problem())
	assert.Contains(t, string(answer.Body), "urn:peercert:request:my-request-1")
	assert.Contains(t, w.log.String(), "my-request-1")
	assert.NotContains(t, w.log.String(), canary)
	counted, err := w.metrics.Gather()
	require.NoError(t, err)
	panics := 0.0
	for _, family := range counted {
		if family.GetName() == "peercert_http_panics_total" {
			panics = family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	assert.EqualValues(t, 1, panics)

	w.core.panics = false
	answer, err = w.as("applicant").Get(t.Context(), "/v1/cases", apitest.WithHeader("X-Request-Id", "x\"}\t"))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, answer.Status)
	assert.Len(t, answer.Header.Get("X-Request-Id"), 36)
}

func TestWhatNeedsNoTokenIsLimited(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.PublicPerMinute = 3 })
	for i := range 5 {
		answer, err := w.client.Post(t.Context(), "/v1/registrations", someone())
		require.NoError(t, err)
		if i < 3 {
			assert.Equal(t, http.StatusAccepted, answer.Status)
			continue
		}
		assert.Equal(t, "too-many", answer.Problem())
		assert.Equal(t, "21", answer.Header.Get("Retry-After"))
	}
	answer, err := w.as("applicant").Get(t.Context(), "/v1/cases")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, answer.Status)
}

// Behind a proxy each machine has its own limit, and nobody can claim to be another.
func TestMachinesBehindAProxyAreLimitedEach(t *testing.T) {
	w := newWorld(t, func(o *api.Options) {
		o.PublicPerMinute, o.TrustedProxies = 2, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	ask := func(forwarded string) int {
		t.Helper()
		answer, err := w.client.Post(t.Context(), "/v1/registrations", someone(), apitest.WithHeader("X-Forwarded-For", forwarded))
		require.NoError(t, err)
		return answer.Status
	}
	for i, status := range []int{http.StatusAccepted, http.StatusAccepted, http.StatusTooManyRequests} {
		assert.Equal(t, status, ask(fmt.Sprintf("192.0.2.%d, 203.0.113.9", i)))
	}
	assert.Equal(t, http.StatusAccepted, ask("203.0.113.10"))
}

// The log has the pattern of the route, never what the query says.
func TestTheLogHasNoQueryAndNoBody(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("reviewer").Get(t.Context(), "/v1/cases?county_plan="+canary)
	require.NoError(t, err)
	_, err = w.client.Post(t.Context(), "/v1/registrations", someone())
	require.NoError(t, err)
	_, err = w.client.Get(t.Context(), "/"+canary)
	require.NoError(t, err)
	assert.NotContains(t, w.log.String(), canary)
	for _, part := range []string{`"route":"/v1/cases"`, `"route":"unmatched"`, `"status":202`, `"actor_id":"rev-1"`} {
		assert.Contains(t, w.log.String(), part)
	}
	_, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase)
	require.NoError(t, err)
	assert.Contains(t, w.log.String(), `"case_id":"`+ownCase+`"`)
}

func TestServingEndsWithWhatWasBegun(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, listener, handler, 10*time.Second) }()
	answered := make(chan []byte, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answered <- []byte(err.Error())
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- body
	}()
	<-begun
	stop()
	require.Eventually(t, func() bool {
		connection, err := net.DialTimeout("tcp", listener.Addr().String(), time.Second)
		if err == nil {
			connection.Close()
		}
		return err != nil
	}, 30*time.Second, 5*time.Millisecond, "no new connection is taken")
	close(finish)
	assert.Equal(t, []byte("done"), bytes.TrimSpace(<-answered))
	assert.NoError(t, <-served)
}
