package examsimulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/exams/examstest"
)

const (
	first  = "019c2e6a-0000-7000-8000-000000000001"
	second = "019c2e6a-0000-7000-8000-000000000002"
	person = "019c2e6a-0000-7000-8000-0000000000aa"
)

// clock can be moved by a test.
type clock struct{ now atomic.Pointer[time.Time] }

func (c *clock) set(at time.Time) { c.now.Store(&at) }
func (c *clock) Now() time.Time   { return *c.now.Load() }

// product is the other end of the link: the real one, with an inbox in memory.
type product struct {
	t      *testing.T
	vendor *exams.Vendor
	down   atomic.Bool // answers 503
	url    string

	mutex    sync.Mutex
	order    []string
	messages map[string]certification.Message
	latest   certification.Message
}

func (p *product) receive(_ context.Context, incoming certification.Incoming) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, there := p.messages[incoming.ExternalID]; there {
		return nil
	}
	_, message, err := exams.Interpret(incoming)
	if err != nil {
		return err
	}
	p.messages[incoming.ExternalID], p.latest = message, message
	p.order = append(p.order, string(message.Signal()))
	return nil
}

func (p *product) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.down.Load() {
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	incoming, err := p.vendor.Verify(body, r.Header.Get(exams.SignatureHeader))
	if err != nil {
		p.t.Errorf("webhook: %v", err)
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	_ = p.receive(r.Context(), incoming)
}

func (p *product) signals() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]string{}, p.order...)
}

func (p *product) collect() {
	_, err := p.vendor.Collect(p.t.Context(), p.receive)
	require.NoError(p.t, err)
}

func (p *product) last() certification.Message {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.latest
}

// both starts the two ends over one place for files.
func both(t *testing.T, files exams.Files, change func(*Options)) (*product, *Simulator, *clock) {
	now := new(clock)
	now.set(time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC))
	vendor, err := exams.New(exams.Options{Files: files, WebhookSecrets: "next,shared", Now: now.Now})
	require.NoError(t, err)
	end := &product{t: t, vendor: vendor, messages: map[string]certification.Message{}}
	server := httptest.NewServer(end)
	t.Cleanup(server.Close)
	end.url = server.URL
	options := Options{Files: files, WebhookURL: server.URL, WebhookSecret: "shared", Now: now.Now, PollEvery: 10 * time.Millisecond}
	if change != nil {
		change(&options)
	}
	simulator, err := New(options)
	require.NoError(t, err)
	return end, simulator, now
}

func (p *product) send(id string, change func(*certification.Authorization)) {
	authorization := certification.Authorization{
		ID: id, CaseID: "019c2e6a-0000-7000-8000-0000000000cc", CandidateID: person, Attempt: 1, Language: "es", Place: "online",
		EligibleFrom: time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC), EligibleUntil: time.Date(2027, 3, 3, 7, 59, 59, 0, time.UTC),
		FirstName: "Ana <b>", LastName: "Núñez", Email: "+ana@example.org",
	}
	if change != nil {
		change(&authorization)
	}
	require.NoError(p.t, p.vendor.Send(p.t.Context(), authorization))
}

func post(t *testing.T, simulator *Simulator, path string, form url.Values) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	simulator.ServeHTTP(answer, request)
	return answer
}

func get(simulator *Simulator, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	simulator.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

// The whole link, from an authorization to a corrected result.
func TestRoundTrip(t *testing.T) {
	places := map[string]func(*testing.T) exams.Files{
		"memory": func(*testing.T) exams.Files { return new(examstest.Files) },
		"bucket": newBucket,
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			end, simulator, now := both(t, place(t), nil)
			end.send(first, nil)
			require.Equal(t, http.StatusSeeOther, post(t, simulator, "/simulator/poll", nil).Code)
			end.collect()
			require.Equal(t, []string{"exam-authorized"}, end.signals())

			page := get(simulator, "/book?authorization="+first)
			require.Equal(t, http.StatusOK, page.Code)
			require.Contains(t, page.Body.String(), "no exam is held here")
			require.Contains(t, page.Body.String(), "Tuesday, March 3, 2026, 9:00 AM PST")
			require.NotContains(t, page.Body.String(), "Monday, March 2, 2026", "slots begin tomorrow")

			slot := time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC) // 9 AM in the new daylight saving time
			require.Contains(t, page.Body.String(), "Monday, March 9, 2026, 9:00 AM PDT")
			require.Equal(t, http.StatusSeeOther, post(t, simulator, "/book", url.Values{"authorization": {first}, "action": {"confirm"}, "slot": {slot.Format(time.RFC3339)}}).Code)
			confirmed := end.last().(*certification.ExamConfirmed)
			require.Equal(t, slot, confirmed.AppointmentAt)
			require.Equal(t, slot.Add(150*time.Minute), confirmed.EndsAt)

			// Moved to an instant that is not among the slots.
			require.Equal(t, http.StatusSeeOther, post(t, simulator, "/book", url.Values{"authorization": {first}, "action": {"move"}, "appointment_at": {"2026-03-10T08:17"}}).Code)
			changed := end.last().(*certification.ExamChanged)
			require.Equal(t, time.Date(2026, 3, 10, 15, 17, 0, 0, time.UTC), changed.AppointmentAt)
			require.Equal(t, confirmed.AppointmentID, changed.AppointmentID)

			require.Equal(t, http.StatusSeeOther, post(t, simulator, "/book", url.Values{"authorization": {first}, "action": {"cancel"}}).Code)
			require.Equal(t, confirmed.AppointmentID, end.last().(*certification.ExamCancelled).AppointmentID)
			require.Equal(t, http.StatusConflict, post(t, simulator, "/simulator/results", url.Values{"authorization_id": {first}, "outcome": {"passed"}}).Code,
				"no outcome without an appointment")

			_, err := simulator.Book(t.Context(), first, slot)
			require.NoError(t, err)
			now.set(slot.Add(4 * time.Hour))
			require.Equal(t, http.StatusConflict, post(t, simulator, "/book", url.Values{"authorization": {first}, "action": {"cancel"}}).Code)
			require.Equal(t, http.StatusSeeOther, post(t, simulator, "/simulator/results", url.Values{"authorization_id": {first}, "outcome": {"failed"}}).Code)
			end.collect()
			result := end.last().(*certification.ExamResult)
			require.False(t, result.Passed)
			require.Equal(t, slot, result.ExaminedAt)
			require.Equal(t, 1, result.Version)

			// A correction, as JSON and by webhook this time.
			request := httptest.NewRequest(http.MethodPost, "/simulator/results", strings.NewReader(`{"authorization_id":"`+first+`","outcome":"passed","by":"webhook"}`))
			request.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			simulator.ServeHTTP(answer, request)
			require.Equal(t, http.StatusCreated, answer.Code)
			end.collect()
			require.Equal(t, []string{"exam-authorized", "exam-confirmed", "exam-changed", "exam-cancelled", "exam-confirmed", "exam-result", "exam-result"}, end.signals())
			require.Empty(t, simulator.Undelivered())
		})
	}
}

func TestEveryOutcomeReachesTheProduct(t *testing.T) {
	for outcome, want := range map[string]certification.Signal{
		"passed": "exam-result", "failed": "exam-result", "no_show": "exam-no-show", "incident": "exam-incident",
	} {
		for _, byWebhook := range []bool{false, true} {
			end, simulator, _ := both(t, new(examstest.Files), nil)
			end.send(first, nil)
			require.NoError(t, simulator.Poll(t.Context()))
			end.collect()
			_, err := simulator.Book(t.Context(), first, time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC))
			require.NoError(t, err)
			_, err = simulator.Report(t.Context(), Outcome{AuthorizationID: first, Outcome: outcome, Reason: "power_failure", ByWebhook: byWebhook})
			require.NoError(t, err)
			end.collect()
			require.Equal(t, string(want), end.signals()[2], "%s, by webhook %v", outcome, byWebhook)
		}
	}
}

func TestTheVendorRejects(t *testing.T) {
	files := new(examstest.Files)
	end, simulator, _ := both(t, files, func(o *Options) { o.AcknowledgeByWebhook = true })
	end.send(first, nil)
	// As if our own check had let it through.
	key := exams.CandidatesPrefix + first + ".csv"
	require.NoError(t, files.Put(t.Context(), key, []byte(strings.Replace(files.Text(key), "Núñez", strings.Repeat("ñ", 51), 1)), ""))
	require.NoError(t, simulator.Poll(t.Context()))
	require.Equal(t, "last_name_too_long", end.last().(*certification.ExamRefused).Reason)
	require.Equal(t, http.StatusConflict, post(t, simulator, "/book", url.Values{"authorization": {first}, "appointment_at": {"2026-03-09T09:00"}}).Code)
	require.Contains(t, get(simulator, "/book?authorization="+first).Body.String(), "cannot be booked")

	post(t, simulator, "/simulator/refuse", url.Values{"code": {"name_differs"}})
	end.send(second, nil)
	require.NoError(t, simulator.Poll(t.Context()))
	known, _ := simulator.Authorization(second)
	require.Equal(t, "name_differs", known.Code)
}

func TestAnAuthorizationIsTakenOnceAndWithItsCandidate(t *testing.T) {
	files := new(examstest.Files)
	end, simulator, _ := both(t, files, nil)
	end.send(first, nil)
	require.NoError(t, files.Move(t.Context(), exams.CandidatesPrefix+first+".csv", "elsewhere"))
	require.ErrorContains(t, simulator.Poll(t.Context()), "no candidate record")
	require.Contains(t, get(simulator, "/").Body.String(), "The last look failed")
	require.NoError(t, files.Move(t.Context(), "elsewhere", exams.CandidatesPrefix+first+".csv"))
	for range 3 {
		require.NoError(t, simulator.Poll(t.Context()))
	}
	// One that forgot everything acknowledges again, under the same id.
	_, other, _ := both(t, files, nil)
	require.NoError(t, other.Poll(t.Context()))
	end.collect()
	require.NoError(t, other.Poll(t.Context()))
	require.Equal(t, []string{"exam-authorized"}, end.signals())
}

// Who was given more time gets an appointment in it, and the one there is stays.
func TestAnAuthorizationThatComesAgainHasANewLastDay(t *testing.T) {
	files := new(examstest.Files)
	end, simulator, _ := both(t, files, nil)
	until := func(at time.Time) { end.send(first, func(a *certification.Authorization) { a.EligibleUntil = at }) }
	old := time.Date(2026, 3, 10, 7, 0, 0, 0, time.UTC)
	until(old)
	require.NoError(t, simulator.Poll(t.Context()))
	late := old.AddDate(0, 0, 3)
	_, err := simulator.Book(t.Context(), first, late)
	require.ErrorContains(t, err, "does not cover that time")
	booked, err := simulator.Book(t.Context(), first, old.AddDate(0, 0, -1))
	require.NoError(t, err)

	until(old.AddDate(0, 0, 7))
	require.NoError(t, simulator.Poll(t.Context()))
	known, _ := simulator.Authorization(first)
	require.Equal(t, old.AddDate(0, 0, 7), known.EligibleUntil)
	require.Equal(t, booked.AppointmentID, known.AppointmentID)
	_, err = simulator.Book(t.Context(), first, late)
	require.NoError(t, err)
	end.collect()
	require.Equal(t, []string{"exam-confirmed", "exam-changed", "exam-authorized"}, end.signals(), "it is acknowledged once")
}

func TestRunTakesAndRetriesByItself(t *testing.T) {
	state := filepath.Join(t.TempDir(), "exam-vendor", "state.json")
	files := new(examstest.Files)
	end, simulator, now := both(t, files, func(o *Options) { o.StateFile = state })
	end.down.Store(true)
	end.send(first, nil)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- simulator.Run(ctx) }()
	require.Eventually(t, func() bool { _, known := simulator.Authorization(first); return known }, 30*time.Second, 5*time.Millisecond)
	_, err := simulator.Book(t.Context(), first, now.Now().Add(48*time.Hour))
	require.NoError(t, err)
	_, err = simulator.Book(t.Context(), first, now.Now().Add(72*time.Hour))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return simulator.Undelivered()[0].Tries > 2 }, 30*time.Second, 5*time.Millisecond)
	require.Zero(t, simulator.Undelivered()[1].Tries, "the later one waits for the earlier")
	require.Contains(t, get(simulator, "/").Body.String(), "503 Service Unavailable")
	stop()
	require.NoError(t, <-ran)

	// A new start knows what was still on its way, and signs it for its own time.
	now.set(now.Now().Add(24 * time.Hour))
	again, err := New(Options{Files: files, WebhookURL: end.url, WebhookSecret: "shared", Now: now.Now, StateFile: state})
	require.NoError(t, err)
	require.Len(t, again.Undelivered(), 2)
	end.down.Store(false)
	ctx, stop = context.WithCancel(t.Context())
	go func() { ran <- again.Run(ctx) }()
	require.Eventually(t, func() bool { return len(again.Undelivered()) == 0 }, 30*time.Second, 5*time.Millisecond)
	require.Equal(t, []string{"exam-confirmed", "exam-changed"}, end.signals())
	require.Contains(t, get(again, "/").Body.String(), "Núñez")
	stop()
	require.NoError(t, <-ran)
}

func TestBookingPageRefuses(t *testing.T) {
	end, simulator, now := both(t, new(examstest.Files), nil)
	end.send(first, nil)
	// The page looks by itself: people follow the link at once.
	require.Equal(t, http.StatusOK, get(simulator, "/book?authorization="+first).Code)
	require.Equal(t, http.StatusNotFound, get(simulator, "/book?authorization="+second).Code)
	for name, test := range map[string]struct {
		form url.Values
		want int
	}{
		"nothing chosen": {url.Values{"authorization": {first}, "action": {"confirm"}}, http.StatusUnprocessableEntity},
		"not a time":     {url.Values{"authorization": {first}, "appointment_at": {"tomorrow"}}, http.StatusUnprocessableEntity},
		"past":           {url.Values{"authorization": {first}, "appointment_at": {"2026-03-02T11:59"}}, http.StatusUnprocessableEntity},
		"after the end":  {url.Values{"authorization": {first}, "appointment_at": {"2027-03-03T00:00"}}, http.StatusUnprocessableEntity},
		"no appointment": {url.Values{"authorization": {first}, "action": {"cancel"}}, http.StatusConflict},
		"unknown action": {url.Values{"authorization": {first}, "action": {"dance"}}, http.StatusUnprocessableEntity},
		"unknown":        {url.Values{"authorization": {second}, "appointment_at": {"2026-03-09T09:00"}}, http.StatusNotFound},
	} {
		answer := post(t, simulator, "/book", test.form)
		require.Equal(t, test.want, answer.Code, name)
		require.Contains(t, answer.Body.String(), "no exam is held here")
	}
	require.Empty(t, end.signals())

	// The last evening of the window is offered no more once the clock is past it.
	now.set(time.Date(2027, 3, 2, 20, 0, 0, 0, time.UTC))
	known, _ := simulator.Authorization(first)
	require.Empty(t, simulator.Slots(known))
}

func TestPagesOfAnotherSiteCannotPressTheButtons(t *testing.T) {
	_, simulator, _ := both(t, new(examstest.Files), nil)
	request := httptest.NewRequest(http.MethodPost, "/simulator/refuse", strings.NewReader("code=x"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	answer := httptest.NewRecorder()
	simulator.ServeHTTP(answer, request)
	require.Equal(t, http.StatusForbidden, answer.Code)
}

func TestListsHoldNoNames(t *testing.T) {
	end, simulator, _ := both(t, new(examstest.Files), nil)
	require.JSONEq(t, "[]", get(simulator, "/authorizations").Body.String())
	end.send(first, nil)
	require.NoError(t, simulator.Poll(t.Context()))
	var listed []map[string]any
	body := get(simulator, "/authorizations").Body.String()
	require.NoError(t, json.Unmarshal([]byte(body), &listed))
	require.Equal(t, "accepted", listed[0]["status"])
	require.NotContains(t, body, "Ana")
	page := get(simulator, "/").Body.String()
	require.Contains(t, page, "Ana &lt;b&gt; Núñez", "escaped")
}

func TestAResultsFileThatCannotBeWrittenIsNotReported(t *testing.T) {
	files := new(examstest.Files)
	end, simulator, _ := both(t, files, nil)
	end.send(first, nil)
	require.NoError(t, simulator.Poll(t.Context()))
	_, err := simulator.Book(t.Context(), first, time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	files.Before = func(string, string) error { return errors.New("the bucket is down") }
	_, err = simulator.Report(t.Context(), Outcome{AuthorizationID: first, Outcome: "passed"})
	require.Error(t, err)
	known, _ := simulator.Authorization(first)
	require.Equal(t, "booked", known.Status)
}
