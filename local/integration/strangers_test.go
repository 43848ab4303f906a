package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/local/journey"
)

// Somebody else's case is answered byte for byte like one that does not exist, but
// for the id of the request, whatever is asked of it.
func TestSomebodyElsesCaseDoesNotExist(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	people := s.registered(2)
	owner, stranger := people[0], people[1]
	picture, err := journey.PhotoID(31)
	require.NoError(t, err)
	document, err := owner.Upload(t.Context(), "photo_id", "id.jpg", picture)
	require.NoError(t, err)
	before := s.written(owner.CaseID)

	nobody := uuid.Must(uuid.NewV7()).String()
	request := regexp.MustCompile(`urn:peercert:request:[^"]+`)
	for _, ask := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"GET", "/events", nil}, {"GET", "/promises", nil}, {"GET", "/letters", nil}, {"GET", "/payments", nil},
		{"GET", "/documents", nil}, {"GET", "/documents/" + document, nil}, {"GET", "/documents/" + document + "/content", nil},
		{"GET", "/drafts/application", nil}, {"GET", "/drafts/training", nil}, {"GET", "/video-progress", nil},
		{"PATCH", "/drafts/application", map[string]any{"revision": 0, "values": map[string]any{"called": "R"}}},
		{"POST", "/video-progress", map[string]any{"chapter": "welcome", "event": "opened"}},
		{"POST", "/signals/withdraw", map[string]any{}}, {"POST", "/signals/complete-intro-video", map[string]any{}},
		{"POST", "/signals/pay-fee", map[string]any{"not_refundable_version": "2024-01"}},
	} {
		at := func(caseID string) apitest.Answer {
			answer := s.sent(stranger.API.Do(t.Context(), ask.method, "/v1/cases/"+caseID+ask.path, ask.body))
			answer.Body = request.ReplaceAll(answer.Body, []byte("request"))
			answer.Header.Del("X-Request-Id")
			answer.Header.Del("Date")
			return answer
		}
		theirs, unknown := at(owner.CaseID), at(nobody)
		assert.Equal(t, http.StatusNotFound, theirs.Status, "%s %s: %s", ask.method, ask.path, theirs.Body)
		assert.Equal(t, unknown, theirs, "%s %s", ask.method, ask.path)
	}
	for _, caseID := range []string{owner.CaseID, nobody} {
		answer := s.sent(stranger.API.Upload(t.Context(), caseID, "photo_id", "id.jpg", bytes.NewReader(picture)))
		assert.Equal(t, "not-found", answer.Problem())
	}
	// A document of one's own case is not found under somebody else's, nor the other way.
	answer := s.sent(owner.API.Get(t.Context(), "/v1/cases/"+stranger.CaseID+"/documents/"+document+"/content"))
	assert.Equal(t, "not-found", answer.Problem())
	answer = s.sent(stranger.API.Get(t.Context(), "/v1/cases/"+stranger.CaseID+"/documents/"+document))
	assert.Equal(t, "not-found", answer.Problem())

	var listed struct {
		Items []struct{ ID string } `json:"items"`
	}
	require.NoError(t, s.sent(stranger.API.Get(t.Context(), "/v1/cases")).Into(&listed))
	require.Len(t, listed.Items, 1)
	assert.Equal(t, stranger.CaseID, listed.Items[0].ID)
	assert.Equal(t, before, s.written(owner.CaseID), "a stranger leaves no trace in it")
}

// What staff read of a person is recorded with who, why and when, before they see it;
// without a purpose they see nothing.
func TestWhatStaffReadIsRecorded(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.applicants(1)[0]
	_, documents := s.application(p)
	_, err := p.Save(t.Context(), "application", map[string]any{"called": "R"})
	require.NoError(t, err)
	content, draft := "/documents/"+documents[0]+"/content", "/drafts/application"
	reads := func() (found []string) {
		rows, err := s.records.Query(t.Context(), `SELECT role || ' ' || actor_id || ' ' || purpose || ' ' || what FROM reads WHERE case_id = $1 ORDER BY id`, p.CaseID)
		require.NoError(t, err)
		for rows.Next() {
			var read string
			require.NoError(t, rows.Scan(&read))
			found = append(found, read)
		}
		require.NoError(t, rows.Err())
		return found
	}
	for _, path := range []string{content, draft} {
		answer := s.sent(s.reviewer.Get(t.Context(), "/v1/cases/"+p.CaseID+path))
		assert.Equal(t, []string{"Purpose:required"}, answer.Fields(), path)
	}
	require.Empty(t, reads())
	for _, path := range []string{content, draft} {
		answer := s.sent(s.reviewer.Get(t.Context(), "/v1/cases/"+p.CaseID+path, apitest.WithHeader("Purpose", "review")))
		assert.Equal(t, http.StatusOK, answer.Status, path)
	}
	answer := s.sent(s.administrator.Get(t.Context(), "/v1/cases/"+p.CaseID+content, apitest.WithHeader("Purpose", "support")))
	assert.Equal(t, http.StatusOK, answer.Status)
	for _, path := range []string{content, draft} { // the owner's own reading is nobody's business
		require.Equal(t, http.StatusOK, s.sent(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID+path)).Status)
	}
	assert.Equal(t, []string{
		"reviewer r-01 review document:" + documents[0], "reviewer r-01 review draft:application",
		fmt.Sprintf("administrator a-01 support document:%s", documents[0]),
	}, reads())
}
