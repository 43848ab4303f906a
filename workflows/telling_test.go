package workflows_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"peercert/certification"
	"peercert/workflows"
)

// What people and machines do in the stories, in their words.

// Case is the case as its workflow knows it, or, once that has ended, as the
// records do.
func (s *story) Case() *certification.Case {
	if s.over {
		projected := s.projected()
		return &projected
	}
	value, err := s.env.QueryWorkflow(workflows.QueryCase)
	require.NoError(s.t, err)
	var c certification.Case
	require.NoError(s.t, value.Get(&c))
	return &c
}

func (s *story) projected() (c certification.Case) {
	s.read(func() { c = s.projection.Clone() })
	return c
}

// must sends messages that the case takes.
func (s *story) must(messages ...certification.Message) {
	s.t.Helper()
	for _, message := range messages {
		refusal := s.send(message)
		require.Nil(s.t, refusal, "%s at %s", message.Signal(), s.Case().Stage)
		s.atRest()
	}
}

// refused sends a message that the case does not take, which changes nothing.
func (s *story) refused(kind string, message certification.Message) {
	s.t.Helper()
	before := s.Case()
	refusal := s.send(message)
	require.NotNil(s.t, refusal, "%s was taken", message.Signal())
	require.Equal(s.t, kind, refusal.Type)
	require.Equal(s.t, before, s.Case(), "a refusal changes nothing")
	s.atRest()
}

// ignored sends a message from outside that is recorded and has no effect.
func (s *story) ignored(why string, message certification.Message) {
	s.t.Helper()
	before := s.Case()
	require.Nil(s.t, s.send(message))
	last := s.lastEvent()
	require.Equal(s.t, message.Signal(), last.Signal)
	require.Equal(s.t, why, last.Ignored)
	after := s.Case()
	require.Equal(s.t, before.Revision+1, after.Revision)
	after.Revision, after.Attention, before.Attention = before.Revision, nil, nil
	require.Equal(s.t, before, after, "what is ignored changes nothing")
	s.atRest()
}

func (s *story) lastEvent() *entry {
	events := s.all()
	require.NotEmpty(s.t, events)
	return events[len(events)-1]
}

// at says where the case must now be.
func (s *story) at(stage certification.Stage) *certification.Case {
	s.t.Helper()
	c := s.Case()
	require.Equal(s.t, stage, c.Stage)
	return c
}

// closed says how the case must have ended.
func (s *story) closed(outcome certification.Outcome) {
	s.t.Helper()
	require.Equal(s.t, outcome, s.at(certification.StageClosed).Outcome)
	s.sleep(2 * time.Second)
	require.True(s.t, s.over, "the workflow of a closed case ends")
	require.Equal(s.t, outcome, s.result.Outcome)
}

// wrote says which letters must have been sent since it was last asked, in order,
// each once.
func (s *story) wrote(letters ...certification.Letter) []certification.Facts {
	s.t.Helper()
	for s.settle(); s.unsent() > 0 && !s.isDown("mail"); {
		s.settle()
	}
	var sent []certification.Letter
	var facts []certification.Facts
	s.read(func() {
		for ; s.told < len(s.notices); s.told++ {
			n := s.notices[s.told]
			if n.voided {
				continue
			}
			require.Equal(s.t, 1, n.sent, "letter %s", n.letter)
			sent, facts = append(sent, n.letter), append(facts, n.facts)
		}
	})
	require.Equal(s.t, letters, sent)
	return facts
}

// unsent counts the letters that are still to be sent.
func (s *story) unsent() (count int) {
	s.read(func() {
		for _, n := range s.notices {
			if n.sent == 0 && !n.voided {
				count++
			}
		}
	})
	return count
}

// promise is the open promise of a kind.
func (s *story) promise(kind certification.PromiseKind) certification.Promise {
	s.t.Helper()
	c := s.Case()
	promise := c.Promise(kind)
	require.NotNil(s.t, promise, "no promise %s among %v", kind, c.Promises)
	return *promise
}

// pacific is an instant in Los Angeles.
func pacific(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, certification.Pacific).UTC()
}

// ---- Steps of the story.

func (s *story) register() { s.t.Helper(); s.must(&certification.Register{}) }

func (s *story) submitApplication() {
	s.t.Helper()
	s.must(&certification.SubmitApplication{DraftRevision: 1, EthicsVersion: "sample-2024-1", DocumentIDs: []string{"d1", "d2"}, Policy: certification.CurrentPolicy(s.now())})
}

func (s *story) askFee() string {
	s.t.Helper()
	s.must(&certification.PayFee{NotRefundableVersion: s.Case().Policy.NotRefundableVersion})
	return s.Case().Payment.ID
}

func (s *story) pay() {
	s.t.Helper()
	id := s.askFee()
	payment := s.Case().Payment
	s.must(&certification.PaymentSettled{PaymentID: id, AmountCents: payment.AmountCents, PaidAt: s.now()})
}

func (s *story) submitTraining() {
	s.t.Helper()
	s.must(&certification.SubmitTraining{DraftRevision: 1, DocumentIDs: []string{"d3"}, ProviderID: "p1"})
}

// decide claims a review and decides it.
func (s *story) decide(decision certification.Message) {
	s.t.Helper()
	if s.Case().Assignee == "" {
		s.must(&certification.ClaimReview{})
	}
	s.must(decision)
}

func (s *story) toReview() {
	s.t.Helper()
	s.register()
	s.must(&certification.CompleteIntroVideo{})
	s.submitApplication()
	s.pay()
	s.at(certification.StageApplicationReview)
}

func (s *story) toTraining() {
	s.t.Helper()
	s.toReview()
	s.decide(&certification.DecideApplication{Decision: certification.DecisionApprove})
	s.at(certification.StageTraining)
}

func (s *story) toExamFee() {
	s.t.Helper()
	s.toTraining()
	s.submitTraining()
	s.decide(&certification.DecideTraining{Decision: certification.DecisionApprove})
	s.at(certification.StageExamFee)
}

// book pays for an exam and gets the authorization, and an appointment in some days.
func (s *story) book(inDays int) {
	s.t.Helper()
	s.pay()
	s.authorize()
	s.appoint(inDays)
}

func (s *story) authorize() string {
	s.t.Helper()
	s.must(&certification.BookExam{Language: "es", Place: certification.ExamOnline})
	id := s.Case().Exam.AuthorizationID
	s.must(&certification.ExamAuthorized{AuthorizationID: id})
	return id
}

func (s *story) appoint(inDays int) {
	s.t.Helper()
	at := certification.AddDays(s.now(), inDays)
	s.must(&certification.ExamConfirmed{
		AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentID: "a1", AppointmentAt: at, EndsAt: at.Add(2 * time.Hour),
	})
	s.at(certification.StageExamBooked)
}

func (s *story) examined(passed bool) { s.t.Helper(); s.examinedAt(s.now(), passed) }

func (s *story) examinedAt(at time.Time, passed bool) {
	s.t.Helper()
	s.must(&certification.ExamResult{AuthorizationID: s.Case().Exam.AuthorizationID, Passed: passed, ExaminedAt: at, Version: 1})
}

func (s *story) toCertified() {
	s.t.Helper()
	s.toExamFee()
	s.book(7)
	s.days(7)
	s.examined(true)
	s.at(certification.StageCertified)
	s.sleep(2 * time.Minute) // the first run is left
}

func (s *story) fileRenewal() {
	s.t.Helper()
	s.must(&certification.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: certification.CurrentPolicy(s.now())})
	s.at(certification.StageRenewalFee)
}

// ---- What must hold whenever nothing moves.

// atRest checks what design §2 promises of every moment: an open case has a
// promise, one timer is armed for the earliest rung of those whose clock runs (or
// for leaving the run), and the records say what the workflow says.
func (s *story) atRest() {
	s.t.Helper()
	if s.over || s.isDown("records") {
		return
	}
	if c := s.recordsAgree(); c.Stage != "" {
		s.promised(c)
	}
}

// promised checks the promises of a case and its timer.
func (s *story) promised(c certification.Case) {
	s.t.Helper()
	s.lettersSay()
	if c.Stage == certification.StageClosed {
		require.Empty(s.t, c.Promises)
		require.LessOrEqual(s.t, len(s.armed), 1)
		return
	}
	require.NotEmpty(s.t, c.Promises, "no wait without a promise")
	for _, promise := range c.Promises {
		require.NotEmpty(s.t, promise.Rungs)
		for i := 1; i < len(promise.Rungs); i++ {
			require.False(s.t, promise.Rungs[i].At.Before(promise.Rungs[i-1].At), "rungs in order")
		}
	}
	for _, promise := range c.Promises {
		if !promise.Running() {
			continue
		}
		switch {
		case promise.Then == certification.ThenWindowClosed:
			require.Equal(s.t, c.WindowEndsAt, promise.DueAt, "the last day for %s is that of the window", promise.Kind)
		case promise.Then == certification.ThenExpired && c.Stage == certification.StageRenewal, promise.Then == certification.ThenVacated && c.Stage == certification.StageExpired:
			require.Equal(s.t, c.RenewableUntil(), promise.DueAt, "the last day to renew")
		}
	}
	next := certification.Next(c.Promises)
	require.NotNil(s.t, next, "somebody's clock runs")
	require.Len(s.t, s.armed, 1, "one timer")
	for _, at := range s.armed {
		want := next.Rungs[0].At.Add(-time.Duration(s.offset.Load()))
		if want.Before(s.env.Now()) {
			want = s.env.Now()
		}
		leaving := at.Before(want) && !at.After(s.env.Now().Add(time.Minute))
		require.True(s.t, leaving || at.Sub(want).Abs() <= 2*time.Second,
			"the timer is armed for %s, the earliest rung is %s of %s", at, want, next.Kind)
	}
}

// recordsAgree compares the records with the workflow, and counts. It gives the case.
func (s *story) recordsAgree() certification.Case {
	s.t.Helper()
	var c certification.Case
	for patience := 50; ; patience-- {
		value, err := s.env.QueryWorkflow(workflows.QueryCase)
		require.NoError(s.t, err)
		var known converter.RawValue
		require.NoError(s.t, value.Get(&known))
		c = s.projected()
		if c.Stage == "" {
			return c // nothing was recorded yet
		}
		written := text(s.t, c)
		if written == string(known.Payload().GetData()) {
			break
		}
		if patience == 0 {
			require.JSONEq(s.t, string(known.Payload().GetData()), written, "the case in the workflow, and as it was recorded")
			break
		}
		s.settle() // a machine under load: the step is written and its answer on the way
		if s.over {
			return c
		}
	}
	revision := s.base
	s.read(func() {
		for _, e := range s.events {
			if !e.voided {
				revision++
				require.Equal(s.t, revision, e.revision, "one event a transition")
			}
		}
	})
	require.Equal(s.t, c.Revision, revision, "one event a transition")
	return c
}

func text(t require.TestingT, value any) string {
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

// needs are the facts that each letter is sent with, as the program says beside its
// name.
var needs = sync.OnceValue(func() map[certification.Letter][]string {
	source, err := os.ReadFile("../certification/notice.go")
	if err != nil {
		panic(err)
	}
	word := regexp.MustCompile(`\w+`)
	facts := map[certification.Letter][]string{}
	for _, match := range regexp.MustCompile(`(?m)Letter = "(\w+)"[^\n/]*(?://(.*))?$`).FindAllStringSubmatch(string(source), -1) {
		facts[certification.Letter(match[1])] = word.FindAllString(match[2], -1)
	}
	return facts
})

// lettersSay checks that every new letter has the facts that it is to say.
func (s *story) lettersSay() {
	s.t.Helper()
	s.read(func() {
		for ; s.checked < len(s.notices); s.checked++ {
			n := s.notices[s.checked]
			for _, name := range needs()[n.letter] {
				var there bool
				switch name {
				case "DueAt":
					there = !n.facts.DueAt.IsZero()
				case "Fee":
					there = n.facts.Fee != ""
				case "AmountCents":
					there = n.facts.AmountCents > 0
				case "PaymentID":
					there = n.facts.PaymentID != ""
				case "PaidAt":
					there = !n.facts.PaidAt.IsZero()
				case "Reasons":
					there = len(n.facts.Reasons) > 0
				case "WindowEndsAt":
					there = !n.facts.WindowEndsAt.IsZero()
				case "AttemptsLeft":
					there = n.facts.AttemptsLeft > 0
				case "AppointmentAt":
					there = !n.facts.AppointmentAt.IsZero()
				case "ExamLanguage":
					there = n.facts.ExamLanguage != ""
				case "CertificateNumber":
					there = n.facts.CertificateNumber != ""
				case "ExpiresAt":
					there = !n.facts.ExpiresAt.IsZero()
				case "DaysLeft":
					there = n.facts.DaysLeft > 0
				default:
					continue // a word of the sentence
				}
				require.True(s.t, there, "letter %s lacks %s: %s", n.letter, name, strings.TrimSpace(text(s.t, n.facts)))
			}
		}
	})
}
