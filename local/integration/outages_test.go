package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/local/journey"
	"peercert/local/stack"
)

// ready is what /readyz says: which parts are missing.
func (s *scene) missing() []string {
	s.Helper()
	answer := s.sent(s.world.Anybody().Get(s.Context(), "/readyz"))
	var said struct {
		Parts []struct {
			Name  string
			Ready bool
		}
	}
	require.NoError(s, json.Unmarshal(answer.Body, &said), string(answer.Body))
	missing := []string{}
	for _, part := range said.Parts {
		if !part.Ready {
			missing = append(missing, part.Name)
		}
	}
	if len(missing) > 0 {
		assert.Equal(s, http.StatusServiceUnavailable, answer.Status)
		assert.NotEmpty(s, answer.Header.Get("Retry-After"))
	}
	alive := s.sent(s.world.Anybody().Get(s.Context(), "/livez"))
	assert.Equal(s, http.StatusOK, alive.Status, "nobody kills what would heal")
	return missing
}

// lacks waits until these parts are missing, and no other: one that is there has three
// seconds to answer, and may need longer on a busy machine.
func (s *scene) lacks(parts ...string) {
	s.Helper()
	s.eventually(soon, fmt.Sprintf("%v to be missing", parts), func() error {
		if missing := s.missing(); !slices.Equal(missing, parts) {
			return fmt.Errorf("%v do not answer", missing)
		}
		return nil
	})
}

// whole waits until all parts answer again.
func (s *scene) whole() { s.Helper(); s.lacks() }

// until sends with one key until it is not "try later" any more.
func (s *scene) until(send func() (apitest.Answer, error)) apitest.Answer {
	s.Helper()
	answer, err := s.insist(send)
	require.NoError(s, err)
	require.NotEqual(s, http.StatusServiceUnavailable, answer.Status)
	return answer
}

// insist is until for those who judge the answer themselves.
func (s *scene) insist(send func() (apitest.Answer, error)) (answer apitest.Answer, err error) {
	for deadline := time.Now().Add(soon); ; time.Sleep(40 * time.Millisecond) {
		answer, err = send()
		if err == nil && answer.Status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return answer, err
		}
	}
}

// signal sends a signal with one key until it is answered: a case that does not answer
// within five seconds is late, and nobody is told more than to come again.
func (s *scene) signal(as *apitest.Client, caseID, signal string, body any) (apitest.Answer, error) {
	key := rand.Text()
	return s.insist(func() (apitest.Answer, error) {
		return as.Signal(s.Context(), caseID, signal, body, apitest.WithKey(key))
	})
}

// With Temporal down people still read and write their drafts and documents; what
// needs it is asked for later, and once it is back the same key is carried out once.
func TestTemporalDown(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	before := s.written(p.CaseID)
	s.stop(stack.Temporal)
	s.lacks("temporal")

	extend := func() (apitest.Answer, error) {
		return s.administrator.Signal(t.Context(), p.CaseID, "extend-deadline", map[string]any{"days": 5}, apitest.WithKey("temporal-down-0001"))
	}
	began := time.Now()
	s.unavailable(extend())
	assert.Less(t, time.Since(began), 15*time.Second, "nobody waits for longer than was said")
	require.Equal(t, before, s.written(p.CaseID))

	_, err := p.Look(t.Context())
	require.NoError(t, err, "reading goes on")
	revision, err := p.Save(t.Context(), "training", map[string]any{"hours": 80})
	require.NoError(t, err, "and so does writing a draft")
	assert.Positive(t, revision)
	picture, err := journey.PhotoID(61)
	require.NoError(t, err)
	_, err = p.Upload(t.Context(), "photo_id", "id.jpg", picture)
	require.NoError(t, err, "a document is stored; its check comes later")

	s.start(stack.Temporal)
	answer := s.until(extend)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	again := s.sent(extend())
	assert.JSONEq(t, string(answer.Body), string(again.Body))
	assert.Equal(t, 1, s.events(p.CaseID, "extend-deadline"))
	s.eventually(soon, "the check of the document", func() error {
		var listed struct {
			Items []struct{ Status string }
		}
		if err := s.sent(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID+"/documents")).Into(&listed); err != nil {
			return err
		}
		if len(listed.Items) != 1 || listed.Items[0].Status != "clean" {
			return fmt.Errorf("%+v", listed.Items)
		}
		return nil
	})
	s.whole()
}

// With S3 down everything but documents goes on, and a document is taken later.
func TestS3Down(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	picture, err := journey.PhotoID(62)
	require.NoError(t, err)
	kept, err := p.Upload(t.Context(), "photo_id", "id.jpg", picture)
	require.NoError(t, err)
	s.eventually(soon, "the check of the document", func() error {
		answer := s.sent(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID+"/documents/"+kept+"/content"))
		if answer.Status != http.StatusOK {
			return fmt.Errorf("answered %d", answer.Status)
		}
		return nil
	})
	s.eventually(soon, "the case to know of it", func() error {
		if s.events(p.CaseID, "document-checked") == 0 {
			return fmt.Errorf("it does not")
		}
		return nil
	})
	before := s.written(p.CaseID)
	s.stop(stack.S3)
	s.lacks("s3")
	upload := func() (apitest.Answer, error) {
		return p.API.Upload(t.Context(), p.CaseID, "diploma", "diploma.jpg", bytes.NewReader(picture), apitest.WithKey("s3-down-key-0001"))
	}
	s.unavailable(upload())
	s.unavailable(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID+"/documents/"+kept+"/content"))
	assert.Equal(t, before, s.written(p.CaseID), "an upload that failed has no row")
	answer := s.sent(s.signal(s.administrator, p.CaseID, "extend-deadline", map[string]any{"days": 1}))
	assert.Equal(t, http.StatusOK, answer.Status, "what needs no documents goes on")

	s.start(stack.S3)
	answer = s.until(upload)
	require.Equal(t, http.StatusCreated, answer.Status, string(answer.Body))
	again := s.sent(upload())
	assert.JSONEq(t, string(answer.Body), string(again.Body))
	s.whole()
}

// A signal that was accepted when the records went away is finished when they are
// back: the caller is told to try later, the case asks for attention after a minute
// and says why, for as long as they are away, and the same key finds the answer.
//
// It has a stack to itself: what it waits for is real time, and others go on beside it.
func TestPostgreSQLDownForTwoMinutes(t *testing.T) {
	t.Parallel()
	const away = 2 * time.Minute
	s := alone(t).scene(t)
	p := s.registered(1)[0]
	extend := func() (apitest.Answer, error) {
		return s.administrator.Signal(t.Context(), p.CaseID, "extend-deadline", map[string]any{"days": 6}, apitest.WithKey("records-down-0001"))
	}
	// Somebody holds the row: the case has accepted the signal and cannot record it.
	held, err := s.records.Begin(t.Context())
	require.NoError(t, err)
	release := func() { _ = held.Rollback(context.WithoutCancel(t.Context())) }
	t.Cleanup(release) // the stack's own end waits for it
	_, err = held.Exec(t.Context(), `SELECT 1 FROM cases WHERE id = $1 FOR NO KEY UPDATE`, p.CaseID)
	require.NoError(t, err)
	asked := time.Now()
	s.unavailable(extend())
	s.eventually(soon, "the case to accept it", func() error {
		if accepted := s.accepted(p.CaseID); !slices.Contains(accepted, "extend-deadline") {
			return fmt.Errorf("it accepted %v", accepted)
		}
		return nil
	})
	s.stop(stack.PostgreSQL)
	down := time.Now()
	release()

	s.lacks("postgresql")
	s.unavailable(extend())
	s.unavailable(p.API.Get(t.Context(), "/v1/cases/"+p.CaseID))
	s.unavailable(s.world.Anybody().Post(t.Context(), "/v1/registrations", map[string]any{
		"first_name": "Kim", "last_name": "Sample", "email": "records.down@example.test", "county_plan": "Alameda", "language": "en",
		"address": map[string]string{"line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612"},
	}))
	picture, err := journey.PhotoID(63)
	require.NoError(t, err)
	s.unavailable(p.API.Upload(t.Context(), p.CaseID, "photo_id", "id.jpg", bytes.NewReader(picture)))

	s.asksFor(p.CaseID, "records", true, soon)
	assert.Greater(t, time.Since(asked), 55*time.Second, "a short outage asks for nobody's attention") // a minute by Temporal's clock
	card := s.card(p.CaseID)
	assert.Contains(t, card, "**Attention: records**")
	assert.Contains(t, card, "PostgreSQL does not take the last step")
	tries := time.NewTicker(time.Second)
	defer tries.Stop()
	for ; time.Since(down) < away; <-tries.C { // as somebody who tries again, and meets the same words
		s.unavailable(extend())
		s.asksFor(p.CaseID, "records", true, 0)
	}
	s.lacks("postgresql")

	s.start(stack.PostgreSQL)
	answer := s.until(extend)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	again := s.sent(extend())
	assert.JSONEq(t, string(answer.Body), string(again.Body))
	assert.Equal(t, 1, s.events(p.CaseID, "extend-deadline"))
	s.asksFor(p.CaseID, "records", false, soon) // it heals by itself
	assert.NotContains(t, s.card(p.CaseID), "PostgreSQL does not take")
	s.whole()
}
