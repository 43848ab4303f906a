package apitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
)

// complaints counts instead of failing.
type complaints []string

func (c *complaints) Errorf(format string, arguments ...any) {
	*c = append(*c, fmt.Sprintf(format, arguments...))
}

const id = "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a01"

// A judge that lets everything through would make every other test green.
func TestTheClientNoticesWhatIsAgainstTheSpecification(t *testing.T) {
	promise := `{"id":"p","kind":"k","waits_on":"us","since":"2026-03-02T18:00:00Z","due_at":"2026-03-02T18:00:00Z","overdue":false,"then":"expired"}`
	problem := func(kind string, status int) string {
		return fmt.Sprintf(`{"type":"/problems/%s","title":"t","status":%d,"instance":"i"}`, kind, status)
	}
	for name, test := range map[string]struct {
		path, mediaType, body string
		status                int
		good                  bool
	}{
		"as it should be":            {"/v1/cases/" + id + "/promises", "application/json", `{"items":[` + promise + `]}`, 200, true},
		"a refusal":                  {"/v1/cases/" + id + "/promises", "application/problem+json", problem("wrong-stage", 409), 409, true},
		"an unknown member":          {"/v1/cases/" + id + "/promises", "application/json", `{"items":[],"more":1}`, 200, false},
		"a missing member":           {"/v1/cases/" + id + "/promises", "application/json", `{}`, 200, false},
		"null":                       {"/v1/cases/" + id + "/promises", "application/json", `{"items":null}`, 200, false},
		"a value deep inside":        {"/v1/cases/" + id + "/promises", "application/json", `{"items":[{"id":1}]}`, 200, false},
		"an unknown value":           {"/v1/cases/" + id + "/payments", "application/json", `{"items":[{"id":"` + id + `","fee":"bribe","amount_cents":1,"currency":"usd","status":"open","asked_at":"2026-03-02T18:00:00Z"}]}`, 200, false},
		"no instant":                 {"/v1/cases/" + id + "/letters", "application/json", `{"items":[{"id":"` + id + `","letter":"l","language":"en","created_at":"today"}]}`, 200, false},
		"another media type":         {"/v1/cases/" + id + "/promises", "text/html", `<p>`, 200, false},
		"a refusal in another shape": {"/v1/cases/" + id + "/promises", "application/json", `{"error":"no"}`, 409, false},
		"an unknown problem":         {"/v1/cases/" + id + "/promises", "application/problem+json", problem("bad-mood", 409), 409, false},
		"a problem's other status":   {"/v1/cases/" + id + "/promises", "application/problem+json", problem("wrong-stage", 410), 410, false},
		"an unknown address":         {"/v1/secrets", "application/json", `{}`, 200, false},
		"another success":            {"/v1/cases/" + id + "/promises", "application/json", `{"items":[]}`, 201, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.mediaType)
				w.Header().Set("X-Request-Id", "some-request")
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			var found complaints
			client, err := apitest.New(&found, server.URL)
			require.NoError(t, err)
			_, err = client.As("token").Get(t.Context(), test.path)
			require.NoError(t, err)
			if test.good {
				assert.Empty(t, found)
			} else {
				assert.NotEmpty(t, found)
			}
		})
	}
}

func TestTheClientNoticesItsOwnMistakes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "some-request")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"registration_id":"`+id+`","expires_at":"2026-03-02T18:00:00Z","resend_after":"2026-03-02T18:00:00Z"}`)
	}))
	defer server.Close()
	var found complaints
	client, err := apitest.New(&found, server.URL)
	require.NoError(t, err)
	_, err = client.Post(t.Context(), "/v1/registrations", map[string]any{"first_name": 1})
	require.NoError(t, err)
	assert.NotEmpty(t, found)
}
