package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/api/apitest"
	"peercert/certification"
)

// mayCall is written by hand, so that a mistake in the specification is found: who
// may call what. Signals follow the vocabulary.
var mayCall = map[string]string{
	"POST /v1/registrations":                                  "public",
	"POST /v1/registrations/{registration_id}/confirm":        "public",
	"GET /v1/cases":                                           "applicant reviewer administrator service",
	"GET /v1/cases/{case_id}":                                 "applicant reviewer administrator service",
	"GET /v1/cases/{case_id}/events":                          "applicant reviewer administrator service",
	"GET /v1/cases/{case_id}/promises":                        "applicant reviewer administrator service",
	"GET /v1/cases/{case_id}/payments":                        "applicant reviewer administrator service",
	"GET /v1/cases/{case_id}/letters":                         "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/drafts/application":              "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/drafts/training":                 "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/drafts/renewal":                  "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/drafts/appeal":                   "applicant reviewer administrator",
	"PATCH /v1/cases/{case_id}/drafts/application":            "applicant",
	"PATCH /v1/cases/{case_id}/drafts/training":               "applicant",
	"PATCH /v1/cases/{case_id}/drafts/renewal":                "applicant",
	"PATCH /v1/cases/{case_id}/drafts/appeal":                 "applicant",
	"GET /v1/cases/{case_id}/documents":                       "applicant reviewer administrator",
	"POST /v1/cases/{case_id}/documents":                      "applicant",
	"GET /v1/cases/{case_id}/documents/{document_id}":         "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/documents/{document_id}/content": "applicant reviewer administrator",
	"GET /v1/cases/{case_id}/video-progress":                  "applicant reviewer administrator",
	"POST /v1/cases/{case_id}/video-progress":                 "applicant",
	"GET /v1/policy":                                          "public",
	"GET /v1/reasons":                                         "public",
	"GET /v1/reference/county-plans":                          "public",
	"GET /v1/reference/exam-languages":                        "public",
	"GET /v1/reference/training-providers":                    "public",
	"GET /v1/reference/video":                                 "public",
	"GET /v1/certificates/{certificate_number}":               "public",
	"POST /v1/webhooks/stripe":                                "public",
	"POST /v1/webhooks/exam-vendor":                           "public",
}

// Every route × every role: let in, or refused as it should be. A route that the
// table above does not know fails.
func TestEveryRouteForEveryRole(t *testing.T) {
	w := newWorld(t)
	document, err := api.LoadSpecification(t.Context())
	require.NoError(t, err)
	expected := map[string]string{}
	for key, who := range mayCall {
		expected[key] = who
	}
	for _, message := range certification.Messages() {
		sender := certification.SenderOf(message.Signal())
		if message.Signal() != certification.SignalRegister && sender != certification.RoleOutside {
			expected["POST /v1/cases/{case_id}/signals/"+string(message.Signal())] = string(sender)
		}
	}
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			key := method + " " + path
			who, known := expected[key]
			if !assert.True(t, known, "say who may call %s", key) {
				continue
			}
			delete(expected, key)
			for _, role := range []string{"", "applicant", "reviewer", "administrator", "service"} {
				answer := call(t, w, role, method, path)
				switch {
				case who == "public" || role != "" && slices.Contains(strings.Fields(who), role):
					assert.NotContains(t, []int{401, 403, 404, 405, 500}, answer.Status, "%s as %q: %s", key, role, answer.Body)
				case role == "":
					assert.Equal(t, http.StatusUnauthorized, answer.Status, "%s without a token", key)
				default:
					assert.Equal(t, http.StatusForbidden, answer.Status, "%s as %q", key, role)
				}
			}
		}
	}
	assert.Empty(t, expected, "these routes do not exist")
}

// call sends something that need not be well formed: only the door is tried.
func call(t *testing.T, w *world, role, method, path string) apitest.Answer {
	t.Helper()
	number, err := certification.NewCertificateNumber(strings.NewReader("1234567"))
	require.NoError(t, err)
	path = strings.NewReplacer("{case_id}", ownCase, "{document_id}", documentID, "{registration_id}", registration, "{certificate_number}", number).Replace(path)
	client := w.client
	if role != "" {
		client = w.as(role)
	}
	var body any
	if method != http.MethodGet {
		body = map[string]any{}
	}
	answer, err := client.Do(t.Context(), method, path, body, apitest.Broken())
	require.NoError(t, err)
	return answer
}
