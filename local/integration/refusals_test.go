package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/certification"
	"peercert/local/journey"
)

// Whatever the form of a request is, a wrong one is refused with its type and leaves
// no trace: not in the records, not in the workflow.
func TestRequestsAgainstTheSpecificationLeaveNoTrace(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.applicants(1)[0]
	signal := "/v1/cases/" + p.CaseID + "/signals/"
	draft := "/v1/cases/" + p.CaseID + "/drafts/application"
	history := s.accepted(p.CaseID)
	before := s.written(p.CaseID)
	for name, test := range map[string]struct {
		method, path string
		body         any
		status       int
		problem      string
		finding      string
	}{
		"malformed JSON":       {"POST", signal + "withdraw", []byte(`{"because":`), 400, "malformed", "body:not_json"},
		"an unknown field":     {"POST", signal + "withdraw", map[string]any{"because": "x"}, 400, "malformed", "because:unknown"},
		"a wrong type":         {"POST", signal + "submit-application", map[string]any{"draft_revision": "1", "ethics_version": "x", "document_ids": []string{}}, 400, "malformed", "draft_revision:wrong_type"},
		"10 MB of JSON":        {"POST", signal + "withdraw", fmt.Appendf(nil, `{"because":%q}`, strings.Repeat("x", 10<<20)), 413, "too-large", ""},
		"a draft of 10 MB":     {"PATCH", draft, fmt.Appendf(nil, `{"revision":0,"values":{"called":%q}}`, strings.Repeat("x", 10<<20)), 413, "too-large", ""},
		"an 81-character name": {"PATCH", draft, map[string]any{"revision": 0, "values": map[string]any{"legal_last_name": strings.Repeat("é", 81)}}, 422, "invalid", "values.legal_last_name:too_long"},
		"a wrong stage":        {"POST", signal + "submit-renewal", map[string]any{"draft_revision": 1, "ethics_version": "2024-01"}, 409, "wrong-stage", ""},
		"somebody else's role": {"POST", signal + "hold", map[string]any{"reason": "records_check"}, 403, "not-allowed", ""},
		"no draft yet":         {"POST", signal + "submit-training", map[string]any{"draft_revision": 1, "document_ids": []string{p.CaseID}, "provider_id": "bay-peer-academy"}, 422, "invalid", "draft_revision:no_draft"},
	} {
		answer := s.sent(p.API.Do(t.Context(), test.method, test.path, test.body, apitest.Broken()))
		assert.Equal(t, test.status, answer.Status, "%s: %s", name, answer.Body)
		assert.Equal(t, test.problem, answer.Problem(), name)
		if test.finding != "" {
			assert.Contains(t, answer.Fields(), test.finding, name)
		}
	}
	assert.Equal(t, before, s.written(p.CaseID), "a refusal leaves nothing in the records")
	assert.Equal(t, history, s.accepted(p.CaseID), "a refusal leaves nothing in the history")
}

// application fills a whole application in, with documents that are checked.
func (s *scene) application(p *journey.Person) (values map[string]any, documents []string) {
	s.Helper()
	picture, err := journey.PhotoID(77)
	require.NoError(s, err)
	id, err := p.Upload(s.Context(), "photo_id", "id.jpg", picture)
	require.NoError(s, err)
	diploma, err := p.Upload(s.Context(), "diploma", "diploma.pdf", journey.Paper("High school diploma"))
	require.NoError(s, err)
	for _, document := range []string{id, diploma} {
		s.eventually(soon, "the check of a document", func() error {
			var checked struct{ Status string }
			if err := s.sent(p.API.Get(s.Context(), "/v1/cases/"+p.CaseID+"/documents/"+document)).Into(&checked); err != nil {
				return err
			}
			if checked.Status != "clean" {
				return fmt.Errorf("the document is %s", checked.Status)
			}
			return nil
		})
	}
	return map[string]any{
		"legal_first_name": "Robin", "legal_last_name": "Sample", "date_of_birth": "1988-04-12", "id_expires_on": "2044-04-12",
		"education": "diploma", "lived_experience": "consumer", "photo_id": []string{id}, "diploma": []string{diploma},
		"attestations": map[string]bool{"willing_to_share": true, "dedicated_to_recovery": true, "true_and_complete": true},
		"ethics":       map[string]string{"version": s.ethics(), "typed_name": "Robin Sample"},
	}, []string{id, diploma}
}

func (s *scene) ethics() string {
	s.Helper()
	var policy struct {
		Ethics string `json:"ethics_version"`
	}
	require.NoError(s, s.sent(s.world.Anybody().Get(s.Context(), "/v1/policy")).Into(&policy))
	return policy.Ethics
}

// An application that is against a rule is refused with the rule's field and code,
// and can be put right; a name in another script or with combining marks is nobody's
// business but its owner's.
func TestAnApplicationAgainstTheRulesCanBePutRight(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.applicants(1)[0]
	values, documents := s.application(p)
	revision, err := p.Save(t.Context(), "application", values)
	require.NoError(t, err)
	submit := func(revision int) apitest.Answer {
		return s.sent(s.signal(p.API, p.CaseID, "submit-application", map[string]any{
			"draft_revision": revision, "ethics_version": s.ethics(), "document_ids": documents,
		}))
	}
	now := s.Clock.Now().In(certification.Pacific)
	day := func(at time.Time) string { return at.Format(time.DateOnly) }
	history := s.accepted(p.CaseID)
	for _, test := range []struct{ field, wrong, right, code string }{
		// 17 for two more days: midnight may come, and tests beside this one move the clock.
		{"date_of_birth", day(now.AddDate(-18, 0, 2)), "1988-04-12", "too_young"},
		{"date_of_birth", day(now.AddDate(1, 0, 0)), "1988-04-12", "in_the_future"},
		{"id_expires_on", day(now.AddDate(0, 0, -1)), "2044-04-12", "expired"},
	} {
		revision, err = p.Save(t.Context(), "application", map[string]any{test.field: test.wrong})
		require.NoError(t, err)
		before := s.written(p.CaseID)
		answer := submit(revision)
		require.Equal(t, "invalid", answer.Problem(), string(answer.Body))
		require.Equal(t, []string{test.field + ":" + test.code}, answer.Fields())
		require.Equal(t, before, s.written(p.CaseID))
		revision, err = p.Save(t.Context(), "application", map[string]any{test.field: test.right})
		require.NoError(t, err)
	}
	stale := submit(revision - 1)
	require.Equal(t, "stale-revision", stale.Problem(), string(stale.Body))
	require.Equal(t, history, s.accepted(p.CaseID), "a refusal leaves nothing in the history")

	names := map[string]any{
		"legal_first_name": "مريم", "legal_last_name": "ابن\u200e رشد", // with a right-to-left script and a mark of direction
		"called": "Zoe\u0308 \u1EA0\u0323", // combining characters
	}
	revision, err = p.Save(t.Context(), "application", names)
	require.NoError(t, err)
	answer := submit(revision)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	var draft struct{ Values map[string]any }
	require.NoError(t, s.sent(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID+"/drafts/application")).Into(&draft))
	for field, name := range names {
		assert.Equal(t, name, draft.Values[field], "a name is kept as it was written")
	}
}

// A training certificate must be of an approved provider, of at least 80 hours, and
// of a time when the provider was approved.
func TestATrainingThatDoesNotCountIsRefused(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.applicants(1)[0]
	document, err := p.Upload(t.Context(), "training_certificate", "training.pdf", journey.Paper("80 hours"))
	require.NoError(t, err)
	yesterday := s.Clock.Now().In(certification.Pacific).AddDate(0, 0, -1).Format(time.DateOnly)
	for _, test := range []struct {
		provider, completed string
		hours               float64
		finding             string
	}{
		{"nobody-knows-them", yesterday, 80, "provider_id:unknown"},
		{"north-coast-wellness-training", "2026-01-01", 80, "provider_id:not_approved_then"}, // approved until the day before
		{"golden-state-peer-institute", "2022-12-31", 80, "provider_id:not_approved_then"},   // approved from the day after
		{"bay-peer-academy", yesterday, 79, "hours:too_few"},
		{"bay-peer-academy", "2022-06-30", 80, "completed_on:too_early"},
	} {
		revision, err := p.Save(t.Context(), "training", map[string]any{
			"provider_id": test.provider, "completed_on": test.completed, "hours": test.hours, "document_ids": []string{document},
		})
		require.NoError(t, err)
		before := s.written(p.CaseID)
		answer := s.sent(s.signal(p.API, p.CaseID, "submit-training", map[string]any{
			"draft_revision": revision, "document_ids": []string{document}, "provider_id": test.provider,
		}))
		assert.Equal(t, "invalid", answer.Problem(), "%s: %s", test.finding, answer.Body)
		assert.Contains(t, answer.Fields(), test.finding)
		require.Equal(t, before, s.written(p.CaseID))
	}
	after, err := p.HandInTraining(t.Context())
	require.NoError(t, err, "and 80 hours of an approved provider count")
	assert.Equal(t, "application", after.Stage)
}

// A closed case takes nothing any more, and says so in one way.
func TestAClosedCaseTakesNothing(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	watch := func(event string, options ...apitest.Option) apitest.Answer {
		return s.sent(p.API.Post(t.Context(), "/v1/cases/"+p.CaseID+"/video-progress", map[string]any{"chapter": s.chapter(), "event": event}, options...))
	}
	opened := watch("opened", apitest.WithKey("watch-before-closing"))
	require.Equal(t, http.StatusOK, opened.Status, string(opened.Body))
	closed, err := p.Signal(t.Context(), "withdraw", nil)
	require.NoError(t, err)
	require.Equal(t, "closed", closed.Stage)
	s.ends(p.CaseID) // the run of the workflow too: from now on only the records answer
	before := s.written(p.CaseID)
	picture, err := journey.PhotoID(12)
	require.NoError(t, err)
	for name, answer := range map[string]apitest.Answer{
		"a signal":                    s.sent(p.API.Signal(t.Context(), p.CaseID, "complete-intro-video", nil)),
		"withdrawing again":           s.sent(p.API.Signal(t.Context(), p.CaseID, "withdraw", nil)),
		"a signal of administrators":  s.sent(s.administrator.Signal(t.Context(), p.CaseID, "hold", map[string]any{"reason": "records_check"})),
		"a draft":                     s.sent(p.API.Patch(t.Context(), "/v1/cases/"+p.CaseID+"/drafts/application", map[string]any{"revision": 0, "values": map[string]any{"called": "R"}})),
		"a document":                  s.sent(p.API.Upload(t.Context(), p.CaseID, "photo_id", "id.jpg", bytes.NewReader(picture))),
		"the video":                   watch("opened"),
		"the end of a chapter":        watch("finished"),
		"an administrator's new run":  s.sent(s.administrator.Signal(t.Context(), p.CaseID, "start-new-run", nil)),
		"a reviewer, before his time": s.sent(s.reviewer.Signal(t.Context(), p.CaseID, "claim-review", nil)),
	} {
		assert.Equal(t, http.StatusGone, answer.Status, "%s: %s", name, answer.Body)
		assert.Equal(t, "closed", answer.Problem(), name)
	}
	assert.Equal(t, before, s.written(p.CaseID))
	again := watch("opened", apitest.WithKey("watch-before-closing"))
	assert.Equal(t, http.StatusOK, again.Status, "what was answered before is answered again: %s", again.Body)
	read := s.sent(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID))
	assert.Equal(t, http.StatusOK, read.Status, "reading a closed case goes on")
}
