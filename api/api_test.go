package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/api/apitest"
	"peercert/cases"
	"peercert/certification"
)

func someone() map[string]any {
	return map[string]any{
		"first_name": canary, "last_name": "Sample", "email": canary + "@example.org", "county_plan": "Alameda", "language": "es",
		"date_of_birth": "1990-02-28",
		"address":       map[string]any{"line1": "1 Main St", "city": "Oakland", "state": "CA", "zip": "94612"},
	}
}

func TestTheSpecificationIsValidAndOf31(t *testing.T) {
	document, err := api.LoadSpecification(t.Context())
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context()))
	assert.True(t, document.IsOpenAPI31OrLater())
}

func TestRegistrationReachesTheCoreWhole(t *testing.T) {
	w := newWorld(t)
	answer, err := w.client.Post(t.Context(), "/v1/registrations", someone())
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, answer.Status, string(answer.Body))
	assert.Equal(t, cases.Registration{
		FirstName: canary, LastName: "Sample", Email: canary + "@example.org", CountyPlan: "Alameda", Language: "es",
		DateOfBirth: time.Date(1990, 2, 28, 0, 0, 0, 0, time.UTC),
		Address:     cases.Address{Line1: "1 Main St", City: "Oakland", State: "CA", ZIP: "94612"},
		Asker:       "127.0.0.1",
	}, w.core.registered)

	answer, err = w.client.Post(t.Context(), "/v1/registrations/"+registration+"/confirm", map[string]any{"code": "482913"})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, answer.Status, string(answer.Body))
	wrong, err := w.client.Post(t.Context(), "/v1/registrations/"+registration+"/confirm", map[string]any{"code": wrongCodeSent})
	require.NoError(t, err)
	unknown, err := w.client.Post(t.Context(), "/v1/registrations/"+noCase+"/confirm", map[string]any{"code": "482913"})
	require.NoError(t, err)
	assert.Equal(t, words(wrong), words(unknown))
}

// words is a problem without the request's id.
func words(answer apitest.Answer) string {
	var problem map[string]any
	if err := json.Unmarshal(answer.Body, &problem); err != nil {
		return err.Error()
	}
	delete(problem, "instance")
	encoded, _ := json.Marshal(problem)
	return string(encoded)
}

// Names are what people write: right to left, combined, with an apostrophe.
func TestNamesOfEveryScriptAreAccepted(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"عمر", "Zoë", "Zoe\u0308", "O’Brien", "李", "Nguyễn", strings.Repeat("é", 80), strings.Repeat("𠮷", 80)} {
		body := someone()
		body["first_name"] = name
		answer, err := w.client.Post(t.Context(), "/v1/registrations", body)
		require.NoError(t, err)
		assert.Equal(t, http.StatusAccepted, answer.Status, name)
		assert.Equal(t, name, w.core.registered.FirstName)
	}
}

// Everything that can be read is read by everybody who may, with a case that has
// everything; the client holds each answer against the specification.
func TestEveryReadingAnswersAsSpecified(t *testing.T) {
	w := newWorld(t)
	w.core.values = json.RawMessage(`{}`)
	for _, role := range []string{"applicant", "reviewer", "administrator"} {
		for _, path := range []string{
			"/v1/cases", "/v1/cases/{}", "/v1/cases/{}/events", "/v1/cases/{}/promises", "/v1/cases/{}/letters", "/v1/cases/{}/payments",
			"/v1/cases/{}/documents", "/v1/cases/{}/documents/" + documentID, "/v1/cases/{}/documents/" + documentID + "/content",
			"/v1/cases/{}/drafts/application", "/v1/cases/{}/drafts/training", "/v1/cases/{}/drafts/renewal", "/v1/cases/{}/drafts/appeal",
			"/v1/cases/{}/video-progress", "/v1/policy", "/v1/reasons", "/v1/reference/county-plans", "/v1/reference/exam-languages",
			"/v1/reference/training-providers", "/v1/reference/video", "/v1/certificates/pss%207k3m%2092qx",
		} {
			answer, err := w.as(role).Get(t.Context(), strings.ReplaceAll(path, "{}", ownCase), apitest.WithHeader("Purpose", "review"))
			require.NoError(t, err)
			if strings.HasPrefix(path, "/v1/certificates") { // the check character of this one is wrong
				continue
			}
			assert.Equal(t, http.StatusOK, answer.Status, "%s %s: %s", role, path, answer.Body)
		}
	}
}

func TestACertificateIsFoundAsPeopleWriteIt(t *testing.T) {
	w := newWorld(t)
	number, err := certification.NewCertificateNumber(bytes.NewReader([]byte{1, 0, 3, 4, 5, 6, 7}))
	require.NoError(t, err)
	written := strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(number, "0", "o")), "-", "%20")
	for path, status := range map[string]int{number: 200, written: 200, "PSS-1111-1111": 404, "x": 404} {
		answer, err := w.client.Get(t.Context(), "/v1/certificates/"+path)
		require.NoError(t, err)
		assert.Equal(t, status, answer.Status, path)
	}
}

// A case keeps its policy when another comes into force: who pays reads that one.
func TestThePolicyOfACaseIsFound(t *testing.T) {
	w := newWorld(t)
	answer, err := w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase)
	require.NoError(t, err)
	var found struct {
		Version string `json:"policy_version"`
	}
	require.NoError(t, answer.Into(&found))
	answer, err = w.client.Get(t.Context(), "/v1/policy?version="+found.Version)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Contains(t, string(answer.Body), `"version":"`+found.Version+`"`)
	answer, err = w.client.Get(t.Context(), "/v1/policy?version=1999-01")
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, answer.Status, string(answer.Body))
	assert.Equal(t, "not-found", answer.Problem())
}

// What is for staff, and what is the owner's, is told to nobody else.
func TestReadersSeeOnlyWhatIsTheirs(t *testing.T) {
	w := newWorld(t)
	body := func(role, path string) string {
		answer, err := w.as(role).Get(t.Context(), "/v1/cases/"+ownCase+path)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status)
		return string(answer.Body)
	}
	own, others := body("applicant", ""), body("reviewer", "")
	for _, member := range []string{`"assignee"`, `"attention"`} {
		assert.NotContains(t, own, member)
		assert.Contains(t, others, member)
	}
	for _, member := range []string{`"checkout_url"`, `"booking_url"`} {
		assert.Contains(t, own, member)
		assert.NotContains(t, others, member)
	}
	assert.Contains(t, own, "Please sign.")
	assert.NotContains(t, others, "Please sign.", "who reads a reviewer's words says why")
	assert.NotContains(t, body("service", ""), "Please sign.")
	withPurpose, err := w.as("reviewer").Get(t.Context(), "/v1/cases/"+ownCase+"/drafts/application", apitest.WithHeader("Purpose", "review"))
	require.NoError(t, err)
	assert.Contains(t, string(withPurpose.Body), `"notes":{"OTHER":"Please sign."}`)
	assert.Contains(t, body("applicant", "/letters"), canary)
	assert.NotContains(t, body("reviewer", "/letters"), canary)
	assert.Contains(t, body("applicant", "/documents"), canary)
	assert.NotContains(t, body("reviewer", "/documents"), canary)
	assert.NotContains(t, body("applicant", "/payments"), `"checkout_url":""`)
	assert.Contains(t, body("applicant", "/payments"), "https://pay.example/1")
	assert.NotContains(t, body("administrator", "/payments"), "https://pay.example/1")
	assert.Contains(t, body("applicant", "/events"), `"training_reasons":["TRAINING_STALE"]`)
	assert.NotContains(t, body("applicant", "/events"), "rev-1")
	assert.NotContains(t, body("applicant", "/events"), `"void"`)
	assert.Contains(t, body("reviewer", "/events"), "rev-1")
	assert.Contains(t, body("reviewer", "/events"), `"void":true`)
}

// The core gives only what the specification knows, whatever is kept in a draft.
func TestDraftsAreTypedByForm(t *testing.T) {
	w := newWorld(t)
	w.core.values = json.RawMessage(`{"legal_first_name":"Sam","date_of_birth":"1990-01-01","ethics":{"version":"1"},"photo_id":["` + documentID + `"],"something_old":1}`)
	answer, err := w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+"/drafts/application")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Contains(t, string(answer.Body), `"legal_first_name":"Sam"`)
	assert.NotContains(t, string(answer.Body), "something_old")

	w.core.values = json.RawMessage(`{"date_of_birth":"` + canary + `"}`)
	answer, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+"/drafts/application")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, answer.Status)
	assert.NotContains(t, w.log.String(), canary)
}

func TestSavingADraftKeepsNullApartFromAbsent(t *testing.T) {
	w := newWorld(t)
	answer, err := w.as("applicant").Patch(t.Context(), "/v1/cases/"+ownCase+"/drafts/application", map[string]any{
		"revision": 3, "values": map[string]any{"called": nil, "legal_first_name": "Sam", "attestations": map[string]any{"willing_to_share": true}, "education": nil},
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Equal(t, 3, w.core.saved.Revision)
	assert.Equal(t, certification.FormApplication, w.core.saved.Form)
	assert.JSONEq(t, `{"called":null,"legal_first_name":"Sam","education":null,"attestations":{"willing_to_share":true}}`, string(w.core.saved.Changes))

	for form, values := range map[string]map[string]any{
		"training": {"provider_id": "p1", "completed_on": "2026-01-31", "hours": 80.5, "document_ids": []any{documentID}},
		"renewal": {"attested": true, "ethics": map[string]any{"version": "1", "typed_name": "Sam"}, "courses": []any{
			map[string]any{"title": "Law", "provider": "P", "completed_on": "2026-01-31", "hours": 6, "law_and_ethics": true}}},
		"appeal": {"statement": "Please look again."},
	} {
		answer, err := w.as("applicant").Patch(t.Context(), "/v1/cases/"+ownCase+"/drafts/"+form, map[string]any{"revision": 0, "values": values})
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		assert.Equal(t, certification.Form(form), w.core.saved.Form)
		encoded, _ := json.Marshal(values)
		assert.JSONEq(t, string(encoded), string(w.core.saved.Changes))
	}
}

func TestFiltersReachTheCore(t *testing.T) {
	w := newWorld(t)
	answer, err := w.as("reviewer").Get(t.Context(), "/v1/cases?stage=application_review&waits_on=reviewer&assignee=rev-1&overdue=true&attention=any&county_plan=Los+Angeles&due_before=2026-03-31T00:00:00Z&cursor=abc&limit=7")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	overdue := true
	assert.Equal(t, cases.Filter{
		Stage: certification.StageApplicationReview, WaitsOn: certification.PartyReviewer, Assignee: "rev-1", Overdue: &overdue, Attention: "any",
		CountyPlan: "Los Angeles", DueBefore: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), Page: cases.Page{Cursor: "abc", Limit: 7},
	}, w.core.filter)
	_, err = w.as("applicant").Get(t.Context(), "/v1/cases")
	require.NoError(t, err)
	assert.Equal(t, cases.Filter{Page: cases.Page{Limit: 50}}, w.core.filter)
	for _, list := range []string{"/events", "/letters", "/payments", "/documents"} {
		answer, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+list+"?cursor=abc&limit=7")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		assert.Equal(t, cases.Page{Cursor: "abc", Limit: 7}, w.core.page, list)
		assert.Contains(t, string(answer.Body), `"next_cursor":"next"`, list)
		_, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+list)
		require.NoError(t, err)
		assert.Equal(t, cases.Page{Limit: 50}, w.core.page, list)
	}
	assert.Empty(t, w.core.kind)
	answer, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+"/documents?kind=diploma")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Equal(t, certification.DocumentDiploma, w.core.kind)
	answer, err = w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+"/documents?kind=selfie")
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, answer.Status, string(answer.Body))
}

// What came last is what people look for first.
func TestPromisesComeNewestFirst(t *testing.T) {
	w := newWorld(t)
	answer, err := w.as("applicant").Get(t.Context(), "/v1/cases/"+ownCase+"/promises")
	require.NoError(t, err)
	var listed struct {
		Items []struct {
			EndedAt string `json:"ended_at"`
		} `json:"items"`
	}
	require.NoError(t, answer.Into(&listed))
	require.Len(t, listed.Items, 2)
	assert.NotEmpty(t, listed.Items[0].EndedAt, "the core gives them oldest first, and this one last")
	assert.Empty(t, listed.Items[1].EndedAt)
}

// message gives a body for a signal with every member that its message has.
func message(signal certification.Signal) map[string]any {
	return map[certification.Signal]map[string]any{
		certification.SignalSubmitApplication: {"draft_revision": 3, "ethics_version": "1", "document_ids": []any{documentID}},
		certification.SignalResubmitApp:       {"draft_revision": 3, "document_ids": []any{documentID}},
		certification.SignalPayFee:            {"not_refundable_version": "1"},
		certification.SignalSubmitTraining:    {"draft_revision": 3, "document_ids": []any{documentID}, "provider_id": "p1"},
		certification.SignalBookExam:          {"language": "es", "place": "online"},
		certification.SignalSubmitRenewal:     {"draft_revision": 3, "ethics_version": "1"},
		certification.SignalResubmitRenewal:   {"draft_revision": 3},
		certification.SignalAppeal:            {"draft_revision": 3},
		certification.SignalDecideApplication: {"decision": "return", "reasons": []any{"ID_EXPIRED"}, "training": "return", "training_reasons": []any{"TRAINING_STALE"}},
		certification.SignalDecideTraining:    {"decision": "return", "reasons": []any{"TRAINING_STALE"}},
		certification.SignalDecideRenewal:     {"decision": "deny", "reasons": []any{"OTHER"}},
		certification.SignalDecideAppeal:      {"decision": "approve"},
		certification.SignalHold:              {"reason": "asked_by_applicant"},
		certification.SignalExtendDeadline:    {"days": 7},
		certification.SignalWaiveFee:          {"reason": "our_mistake"},
		certification.SignalReassign:          {"reviewer_id": "rev-2"},
		certification.SignalSuspend:           {"reason": "complaint"},
		certification.SignalRevoke:            {"reason": "complaint"},
	}[signal]
}

// Every signal of a person has a path of its own, whose body has the members of
// the signal's message and no others, and reaches the core as that message.
func TestEverySignalReachesTheCoreAsItsMessage(t *testing.T) {
	w := newWorld(t)
	document, err := api.LoadSpecification(t.Context())
	require.NoError(t, err)
	paths := 0
	for path := range document.Paths.Map() {
		if strings.Contains(path, "/signals/") {
			paths++
		}
	}
	for _, empty := range certification.Messages() {
		signal := empty.Signal()
		sender := certification.SenderOf(signal)
		if signal == certification.SignalRegister || sender == certification.RoleOutside {
			assert.Nil(t, document.Paths.Value("/v1/cases/{case_id}/signals/"+string(signal)), "%s has no path", signal)
			continue
		}
		paths--
		t.Run(string(signal), func(t *testing.T) {
			item := document.Paths.Value("/v1/cases/{case_id}/signals/" + string(signal))
			require.NotNil(t, item)
			assert.Equal(t, membersOf(empty), propertiesOf(item.Post.RequestBody.Value.Content["application/json"].Schema.Value))

			body := message(signal)
			if body == nil {
				body = map[string]any{}
			}
			answer, err := w.as(string(sender)).Signal(t.Context(), ownCase, string(signal), body, apitest.WithKey("the-key-"+string(signal)))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
			want := reflect.New(reflect.TypeOf(empty).Elem()).Interface()
			encoded, _ := json.Marshal(body)
			require.NoError(t, json.Unmarshal(encoded, want))
			assert.Equal(t, want, w.core.sent.Message)
			assert.Equal(t, "the-key-"+string(signal), w.core.sent.Key)
			assert.Equal(t, ownCase, w.core.sent.CaseID)
		})
	}
	assert.Zero(t, paths, "the specification has a path of a signal that does not exist")
}

func membersOf(message certification.Message) []string {
	members := []string{}
	for i := range reflect.TypeOf(message).Elem().NumField() {
		field := reflect.TypeOf(message).Elem().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.Anonymous && name != "policy" { // pinned by the core, not said by a person
			members = append(members, name)
		}
	}
	slices.Sort(members)
	return members
}

func propertiesOf(schema *openapi3.Schema) []string {
	properties := []string{}
	for name := range schema.Properties {
		if name != "notes" { // kept in the records, no part of the message
			properties = append(properties, name)
		}
	}
	slices.Sort(properties)
	return properties
}

func TestNotesOfAReviewerStayOutOfTheMessage(t *testing.T) {
	w := newWorld(t)
	answer, err := w.as("reviewer").Signal(t.Context(), ownCase, "decide-application", map[string]any{
		"decision": "return", "reasons": []string{"OTHER"}, "notes": map[string]string{"OTHER": canary},
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Equal(t, map[certification.ReasonCode]string{"OTHER": canary}, w.core.sent.Notes)
	encoded, err := json.Marshal(w.core.sent.Message)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), canary)
}

func TestAnUploadIsStreamed(t *testing.T) {
	w := newWorld(t)
	content := strings.NewReader(strings.Repeat("x", 3<<20))
	answer, err := w.as("applicant").Upload(t.Context(), ownCase, "photo_id", canary+" & söhne.jpg", content)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, answer.Status, string(answer.Body))
	assert.EqualValues(t, 3<<20, w.core.uploaded)
	assert.Equal(t, certification.DocumentPhotoID, w.core.uploads.Kind)
	assert.Equal(t, canary+" & söhne.jpg", w.core.uploads.FileName)
	assert.NotContains(t, w.log.String(), canary)
}

func TestWebhooksAreHandedOverAsBytes(t *testing.T) {
	w := newWorld(t)
	raw := []byte("{ \"id\" :\"evt_1\", \"id\":2 }\n")
	for path, header := range map[string]string{"/v1/webhooks/stripe": "Stripe-Signature", "/v1/webhooks/exam-vendor": "Exam-Signature"} {
		answer, err := w.client.Post(t.Context(), path, raw, apitest.WithHeader(header, "good"))
		require.NoError(t, err)
		assert.Equal(t, http.StatusNoContent, answer.Status, string(answer.Body))
		assert.Equal(t, raw, w.core.webhook)
		for _, signature := range []string{"bad", ""} {
			answer, err = w.client.Post(t.Context(), path, raw, apitest.WithHeader(header, signature))
			require.NoError(t, err)
			assert.Equal(t, "bad-signature", answer.Problem())
		}
		w.core.fail = certification.Unavailable(nil, 0)
		answer, err = w.client.Post(t.Context(), path, raw, apitest.WithHeader(header, "good"))
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, answer.Status)
		w.core.fail = nil
	}
}
