package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/cases"
	"peercert/local/journey"
	"peercert/local/product"
)

// keyed is a POST that can be sent again.
type keyed struct {
	as         *apitest.Client
	path, key  string
	body       any
	first      apitest.Answer
	other      any    // another body for the same path
	signal     string // of the case, if it is one
	caseID     string
	wantStatus int
}

func (s *scene) send(k *keyed) {
	s.Helper()
	k.first = s.until(func() (apitest.Answer, error) { return k.as.Post(s.Context(), k.path, k.body, apitest.WithKey(k.key)) })
	require.Equal(s, k.wantStatus, k.first.Status, "%s: %s", k.path, k.first.Body)
}

// again sends it once more: the answer is the same, and nothing happens twice.
func (s *scene) again(k *keyed, when string) {
	s.Helper()
	answer := s.sent(k.as.Post(s.Context(), k.path, k.body, apitest.WithKey(k.key)))
	require.Equal(s, k.first.Status, answer.Status, "%s %s: %s", k.path, when, answer.Body)
	require.JSONEq(s, string(k.first.Body), string(answer.Body), "%s %s", k.path, when)
	if k.signal != "" {
		require.Equal(s, 1, s.events(k.caseID, k.signal), "%s %s", k.path, when)
	}
	if k.other != nil {
		answer = s.sent(k.as.Post(s.Context(), k.path, k.other, apitest.WithKey(k.key)))
		require.Equal(s, "idempotency-key-reused", answer.Problem(), "%s %s: %s", k.path, when, answer.Body)
	}
}

// The same key gives the same answer for ever: at once, after API and worker were
// started anew, when the case lives in another run, and when the answer itself was
// lost. With another body, or for another signal, it is refused.
func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.trained()
	case1 := "/v1/cases/" + p.CaseID

	extend := &keyed{as: s.administrator, path: case1 + "/signals/extend-deadline", key: "extend-once-0001",
		body: map[string]any{"days": 3}, other: map[string]any{"days": 4}, signal: "extend-deadline", caseID: p.CaseID, wantStatus: http.StatusOK}
	watch := &keyed{as: p.API, path: case1 + "/video-progress", key: "watch-once-0001", wantStatus: http.StatusOK,
		body: map[string]any{"chapter": s.chapter(), "event": "opened"}, other: map[string]any{"chapter": s.chapter(), "event": "finished"}}
	somebody := map[string]any{"first_name": "Kim", "last_name": "Sample", "email": "kim@example.test", "county_plan": "Alameda", "language": "en",
		"address": map[string]string{"line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612"}}
	other := map[string]any{"first_name": "Jo", "last_name": "Sample", "email": "kim@example.test", "county_plan": "Alameda", "language": "en", "address": somebody["address"]}
	register := &keyed{as: s.world.Anybody(), path: "/v1/registrations", key: "register-once-0001", body: somebody, other: other, wantStatus: http.StatusAccepted}
	all := []*keyed{extend, watch, register}
	for _, k := range all {
		s.send(k)
		s.again(k, "at once")
	}
	// Who confirms their address gets the case as it was then, though they withdraw at once.
	var opened struct {
		ID string `json:"registration_id"`
	}
	require.NoError(t, register.first.Into(&opened))
	confirm := &keyed{as: s.world.Anybody(), path: "/v1/registrations/" + opened.ID + "/confirm", key: "confirm-once-0001",
		body: map[string]any{"code": cases.ConfirmationCode(s.Settings.TokenSecret, opened.ID)}, other: map[string]any{"code": "000000"}, wantStatus: http.StatusCreated}
	s.send(confirm)
	s.again(confirm, "at once")
	var begun struct {
		Token string `json:"token"`
		Case  struct {
			ID    string `json:"id"`
			Stage string `json:"stage"`
		} `json:"case"`
	}
	require.NoError(t, confirm.first.Into(&begun))
	require.Equal(t, "intro_video", begun.Case.Stage)
	withdraw := &keyed{as: s.world.Anybody().As(begun.Token), path: "/v1/cases/" + begun.Case.ID + "/signals/withdraw", key: "withdraw-once-0001",
		body: map[string]any{}, signal: "withdraw", caseID: begun.Case.ID, wantStatus: http.StatusOK}
	s.send(withdraw)
	s.again(withdraw, "at once")
	all = append(all, confirm, withdraw)
	s.again(confirm, "after a withdrawal")
	// One key, another signal.
	answer := s.sent(s.administrator.Signal(t.Context(), p.CaseID, "retry-step", nil, apitest.WithKey(extend.key)))
	require.Equal(t, "idempotency-key-reused", answer.Problem(), string(answer.Body))
	require.Zero(t, s.events(p.CaseID, "retry-step"))
	// Somebody else's key is another key.
	answer = s.sent(s.reviewer.Signal(t.Context(), p.CaseID, "claim-review", nil, apitest.WithKey(extend.key)))
	require.Equal(t, "wrong-stage", answer.Problem(), string(answer.Body))

	for _, part := range []string{product.API, product.Worker} {
		require.NoError(t, s.stack.StopPart(part))
	}
	for _, part := range []string{product.Worker, product.API} {
		s.start(part)
	}
	for _, k := range all {
		s.again(k, "after a restart")
	}

	run := s.described(p.CaseID).GetWorkflowExecutionInfo().GetExecution().GetRunId()
	require.NoError(t, s.world.Exam(t.Context(), journey.Sitting{Cents: 150_00, Pass: true, Webhook: true}, p))
	s.eventually(soon, "the next run of the case", func() error {
		if s.described(p.CaseID).GetWorkflowExecutionInfo().GetExecution().GetRunId() == run {
			return fmt.Errorf("it is still the first")
		}
		return nil
	})
	for _, k := range all {
		s.again(k, "across the runs of a case")
	}
	// The process that carried the signal out stopped before it kept the answer.
	_, err := s.records.Exec(t.Context(), `UPDATE idempotency_keys SET answer = NULL WHERE key = $1`, extend.key)
	require.NoError(t, err)
	answer = s.until(func() (apitest.Answer, error) {
		return extend.as.Post(t.Context(), extend.path, extend.body, apitest.WithKey(extend.key))
	})
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	require.Equal(t, 1, s.events(p.CaseID, "extend-deadline"), "it is not carried out a second time, though the case is at another stage now")
}

func (s *scene) chapter() string {
	s.Helper()
	var video struct {
		Chapters []struct {
			Chapter string `json:"chapter"`
		} `json:"chapters"`
	}
	require.NoError(s, s.sent(s.world.Anybody().Get(s.Context(), "/v1/reference/video")).Into(&video))
	return video.Chapters[0].Chapter
}

// together sends two requests at the same moment.
func together(one, two func() (apitest.Answer, error)) (answers [2]apitest.Answer, errs [2]error) {
	var group sync.WaitGroup
	begin := make(chan struct{})
	for i, send := range []func() (apitest.Answer, error){one, two} {
		group.Go(func() {
			<-begin
			answers[i], errs[i] = send()
		})
	}
	close(begin)
	group.Wait()
	return answers, errs
}

// oneWins wants one 200 and one 409 of two answers, and gives the index of the winner.
// The other is told a problem.
func (s *scene) oneWins(problem string, answers [2]apitest.Answer, errs [2]error) int {
	s.Helper()
	require.NoError(s, errs[0])
	require.NoError(s, errs[1])
	winner := 0
	if answers[1].Status == http.StatusOK {
		winner = 1
	}
	require.Equal(s, http.StatusOK, answers[winner].Status, string(answers[winner].Body))
	require.Equal(s, http.StatusConflict, answers[1-winner].Status, "both: %s\n%s", answers[0].Body, answers[1].Body)
	require.Equal(s, problem, answers[1-winner].Problem())
	return winner
}

// Two people who claim or decide at once: one wins, the other is told that somebody
// was quicker, and the case has exactly one of the two.
func TestOfTwoPeopleAtOnceOneWins(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	people := s.inReview(4)
	both := [2]*apitest.Client{s.reviewer, s.reviewer2}
	won := [2]int{}

	const rounds = 25
	claimed := people[0]
	for range rounds {
		claim := func(i int) func() (apitest.Answer, error) {
			return func() (apitest.Answer, error) {
				return s.signal(both[i], claimed.CaseID, "claim-review", nil)
			}
		}
		answers, errs := together(claim(0), claim(1))
		winner := s.oneWins("wrong-stage", answers, errs)
		won[winner]++
		answer := s.sent(s.signal(both[1-winner], claimed.CaseID, "decide-application", map[string]any{"decision": "approve"}))
		require.Equal(t, "wrong-stage", answer.Problem(), "who lost cannot decide")
		answer = s.sent(s.signal(both[winner], claimed.CaseID, "release-review", nil))
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	}
	assert.Equal(t, rounds, s.events(claimed.CaseID, "claim-review"))
	t.Logf("of %d claims at once the first reviewer won %d", rounds, won[0])

	for _, p := range people { // one reviewer with two windows, approving in one and returning in the other
		require.Equal(t, http.StatusOK, s.sent(s.signal(s.reviewer, p.CaseID, "claim-review", nil)).Status)
		answers, errs := together(
			func() (apitest.Answer, error) {
				return s.signal(s.reviewer, p.CaseID, "decide-application", map[string]any{"decision": "approve"})
			},
			func() (apitest.Answer, error) {
				return s.signal(s.reviewer, p.CaseID, "decide-application", map[string]any{"decision": "return", "reasons": []string{"ID_UNREADABLE"}})
			})
		winner := s.oneWins("already-decided", answers, errs)
		after, err := p.Look(t.Context())
		require.NoError(t, err)
		assert.Equal(t, [2]string{"training", "application_returned"}[winner], after.Stage)
		assert.Equal(t, 1, s.events(p.CaseID, "decide-application"))
	}
}

// Twenty of the same request at once, with one key, are one request.
func TestOneKeySentAtOnceIsOneRequest(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	picture, err := journey.PhotoID(90)
	require.NoError(t, err)
	for name, send := range map[string]func() (apitest.Answer, error){
		"a signal": func() (apitest.Answer, error) {
			return s.insist(func() (apitest.Answer, error) {
				return s.administrator.Signal(t.Context(), p.CaseID, "extend-deadline", map[string]any{"days": 2}, apitest.WithKey("twenty-at-once-1"))
			})
		},
		"a document": func() (apitest.Answer, error) {
			return p.API.Upload(t.Context(), p.CaseID, "photo_id", "id.jpg", bytes.NewReader(picture), apitest.WithKey("twenty-at-once-2"))
		},
	} {
		var group sync.WaitGroup
		answers, errs := make([]apitest.Answer, 20), make([]error, 20)
		for i := range answers {
			group.Go(func() { answers[i], errs[i] = send() })
		}
		group.Wait()
		for i := range answers {
			require.NoError(t, errs[i], name)
			require.Less(t, answers[i].Status, 300, "%s: %s", name, answers[i].Body)
		}
		later := s.sent(send())
		require.Less(t, later.Status, 300, "%s: %s", name, later.Body)
	}
	assert.Equal(t, 1, s.events(p.CaseID, "extend-deadline"))
	var documents int
	require.NoError(t, s.records.QueryRow(t.Context(), `SELECT count(*) FROM documents WHERE case_id = $1`, p.CaseID).Scan(&documents))
	assert.Equal(t, 1, documents)
}
