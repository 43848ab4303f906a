package workflows_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

var (
	randomRuns   = flag.Int("random-runs", 10_000, "how many random runs of a case")
	randomChains = flag.Int("random-chains", 1_000, "how many random chains of runs")
	randomSeed   = flag.Uint64("random-seed", uint64(time.Now().UnixNano()), "seed of the random runs")
)

// TestRandomRuns sends about 30 legal and illegal messages to a case that begins
// anywhere, with time passing and parts failing in between, and looks after each at
// what must hold at every moment.
func TestRandomRuns(t *testing.T) {
	sent := randomly(t, *randomRuns, func(r *random) { r.wander(40) })
	if *randomRuns >= 1000 { // fewer are asked for to look at one of them
		require.InDelta(t, 30, sent, 3, "messages a run")
	}
}

// TestRandomChains does the same across runs that are left again and again.
func TestRandomChains(t *testing.T) {
	randomly(t, *randomChains, func(r *random) {
		r.wander(1)
		for range 4 {
			if r.s.over {
				return
			}
			r.must(&c9n.StartNewRun{})
			runs := r.s.runs
			r.wander(5)
			if r.s.over {
				return
			}
			r.mend()
			r.s.sleep(2 * time.Minute)
			require.True(r.s.t, r.s.over || r.s.runs > runs, "the run was not left")
			r.s.atRest()
		}
	})
}

// random is one random run.
type random struct {
	*rand.Rand
	s     *story
	sent  []c9n.Message   // with their keys, to be repeated
	steps []func() string // what was done, for whoever must understand a failure
	// Of the step before, for watch: whether the certificate was suspended, its term, and
	// what an appeal is about.
	suspended bool
	term      int
	about     c9n.Stage
}

// randomly tells many random stories, on all processors.
// It gives how many messages reached a case in the mean.
func randomly(t *testing.T, count int, words func(*random)) (mean float64) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // much garbage, little memory
	if testing.Short() {
		count /= 20
	}
	t.Logf("-random-seed=%d, %d runs", *randomSeed, count)
	for stage := range ways {
		snapshotAt(t, stage)
	}
	var next atomic.Int64
	var late atomic.Bool
	deadline, limited := t.Deadline()
	var workers sync.WaitGroup
	var messages, steps, left, closed atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !t.Failed() {
				if limited && time.Until(deadline) < time.Minute {
					late.Store(true)
					return
				}
				i := next.Add(1)
				if i > int64(count) {
					return
				}
				r := &random{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i)))}
				r.begin(&oneRun{TB: t, about: func() string {
					return fmt.Sprintf("-random-seed=%d, run %d:\n%s\n", *randomSeed, i, r.told())
				}})
				watch := time.AfterFunc(20*time.Second, func() { r.s.t.Errorf("the run does not come to an end") })
				r.s.tell(func(*story) { words(r) })
				watch.Stop()
				messages.Add(int64(r.s.delivered))
				if r.s.over {
					closed.Add(1)
				}
				steps.Add(int64(len(r.s.events)))
				left.Add(int64(r.s.runs - 1))
				r.s.forget()
			}
		})
	}
	workers.Wait()
	if late.Load() && !t.Failed() {
		message := fmt.Sprintf("only %d of %d runs in the time that go test gives a package; raise -timeout", next.Load(), count)
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	mean = float64(messages.Load()) / float64(count)
	t.Logf("%d messages (%.1f a run), %d steps recorded, %d runs left for a new one, %d cases closed", messages.Load(), mean, steps.Load(), left.Load(), closed.Load())
	return mean
}

// forget lets go of what was written. The environment has timers of the machine's clock,
// as long as a promise, for the time in which an activity runs; it does not stop them when
// the workflow has ended, and they hold all that it reaches.
func (s *story) forget() {
	s.read(func() { s.events, s.notices, s.onCommit = nil, nil, nil })
}

// oneRun says with a failure which run it was, and ends only that one.
type oneRun struct {
	testing.TB
	about func() string
}

// Helper says nothing: the steps of a run tell more than a line, and a run asks too often
// for the line to be looked up.
func (t *oneRun) Helper() {}

func (t *oneRun) Errorf(format string, arguments ...any) {
	t.TB.Helper()
	t.TB.Errorf("%s%s", t.about(), fmt.Sprintf(format, arguments...))
}

func (t *oneRun) Fatalf(format string, arguments ...any) {
	t.Errorf(format, arguments...)
}

func (t *oneRun) FailNow() { t.Fail(); runtime.Goexit() }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// begins are the places where random runs begin: any stage but the last, or before
// registration.
var begins = sync.OnceValue(func() []string {
	places := slices.Sorted(maps.Keys(ways))
	return append(slices.DeleteFunc(places, func(place string) bool { return stageOf(place) == c9n.StageClosed }), "")
})

// begin begins somewhere.
func (r *random) begin(t *oneRun) {
	stage := pick(r.Rand, begins()...)
	if stage == "" {
		r.s = newStory(t, monday.Add(time.Duration(r.IntN(800*24))*time.Hour))
	} else {
		before := snapshotAt(t, stage)
		r.s = before.from(t)
	}
	r.note("begins at %q", stage)
	if c := r.s.projection; c.Certificate != nil {
		r.suspended, r.term, r.about = c.Suspended, c.Certificate.Term, c.AppealFrom
	} else {
		r.about = c.AppealFrom
	}
	r.s.onCommit = r.watch
}

func (r *random) note(format string, arguments ...any) {
	r.steps = append(r.steps, func() string { return fmt.Sprintf(format, arguments...) })
}

func (r *random) told() string {
	var told strings.Builder
	for i, step := range r.steps {
		fmt.Fprintf(&told, "  %2d %s\n", i, step())
	}
	return told.String()
}

// wander takes some steps.
func (r *random) wander(steps int) {
	if r.s.Case().Stage == "" {
		r.must(&c9n.Register{})
	}
	for i := range steps {
		if r.s.over {
			return
		}
		r.step()
		if busy := len(r.s.armed) != 1; busy || i%6 == 0 || i == steps-1 {
			r.s.atRest()
		} else if c := r.s.projected(); !r.s.over {
			r.s.promised(c) // at every step; the workflow is asked for its state at every sixth
		}
	}
	r.mend()
}

// mend repairs what was broken, so that what was under way comes to its end.
func (r *random) mend() {
	for _, part := range []string{"records", "mail", "stripe", "vendor"} {
		r.s.set(part, false)
	}
	r.s.sleep(20 * time.Second)
}

func (r *random) step() {
	s := r.s
	c := s.projected()
	switch n := r.IntN(100); {
	case n < 50: // what the case takes now
		if signals := r.legal(c); len(signals) > 0 {
			r.send(r.vary(pick(r.Rand, signals...), c))
		}
	case n < 58: // anything
		r.send(r.vary(r.any(), c))
	case n < 63: // again
		if len(r.sent) > 0 {
			again := pick(r.Rand, r.sent...)
			revision := c.Revision
			r.note("again %s", again.Signal())
			s.sendAs(again)
			if known := slices.ContainsFunc(s.all(), func(e *entry) bool { return e.Key == c9n.EnvelopeOf(again).Key && e.revision <= revision }); known && !s.over {
				require.False(s.t, slices.ContainsFunc(s.all(), func(e *entry) bool {
					return e.revision > revision && e.Signal == again.Signal()
				}), "a repeat was recorded")
			}
		}
	case n < 67: // several at once
		var together []c9n.Message
		for range 2 + r.IntN(2) {
			together = append(together, r.vary(r.any(), c))
		}
		for _, m := range together {
			r.note("together %s %+v", m.Signal(), m)
		}
		sent := s.postTogether(together...)
		s.settle()
		for _, on := range sent {
			for !on.signal && !on.answered {
				s.sleep(5 * time.Second)
				s.set("records", false)
			}
		}
		r.sent = append(r.sent, together...)
	case n < 78: // the next rung comes
		if next := c9n.Next(c.Promises); next != nil && !(closes[next.Then] && next.Rungs[0].Kind == c9n.RungDue && r.IntN(6) > 0) {
			r.note("next rung: %s %s", next.Kind, next.Rungs[0].Kind)
			s.until(next.Rungs[0].At.Add(time.Second))
		}
	case n < 84:
		days := pick(r.Rand, 0, 1, 1, 2, 3, 5, 8, 13, 40)
		r.note("%d days", days)
		s.sleep(time.Duration(days)*24*time.Hour + time.Duration(r.IntN(3600))*time.Second)
	case n < 89:
		part := pick(r.Rand, "mail", "stripe", "vendor")
		// Longer than a person waits for a page; the stories have the longer ones.
		r.note("%s is down for a while", part)
		s.set(part, true)
		if signals := r.legal(c); len(signals) > 0 {
			r.send(r.vary(pick(r.Rand, signals...), c))
		}
		s.sleep(90 * time.Second)
		s.atRest()
		s.set(part, false)
	case n < 91:
		r.note("records are down for a while")
		armed := maps.Clone(s.armed)
		s.set("records", true)
		s.address(&c9n.Wake{})
		on := s.parcel(&c9n.RetryStep{})
		s.address(on.message)
		s.asks <- ask{sent: []*sent{on}}
		<-s.turn
		s.sleep(10 * time.Second)
		s.outage(on, armed, true)
		if r.IntN(2) == 0 {
			s.sleep(60 * time.Second) // the case asks for attention now
			s.outage(on, armed, false)
		}
		s.set("records", false)
		for !on.answered {
			s.sleep(10 * time.Second)
		}
	case n < 93:
		ahead := time.Duration(r.IntN(20*24)) * time.Hour
		r.note("the clock is moved by %s", ahead)
		s.offset.Add(int64(ahead))
		r.must(&c9n.Wake{})
	case n < 95:
		r.note("a cancellation is asked for")
		s.env.CancelWorkflow()
	case n < 97:
		r.note("an unknown signal")
		s.env.SignalWorkflow("no-such-signal", r.IntN(9))
	case n < 99:
		signal := r.any()
		r.note("without a key: %s", signal)
		s.sendAs(fitting(signal, c, s.now()))
	default:
		r.must(&c9n.StartNewRun{})
	}
}

// outage checks the timers while the records are down: those from before that have not
// fired, and one more, which asks for attention or tries again (record.go). Between the
// two there is none.
func (s *story) outage(on *sent, before map[string]time.Time, one bool) {
	s.t.Helper()
	if s.over || on.answered {
		return // refused: nothing is to be written
	}
	more := maps.Clone(s.armed)
	for id, at := range before {
		if at.After(s.env.Now()) {
			require.Contains(s.t, more, id, "the timer of the promises")
			delete(more, id)
		}
	}
	require.LessOrEqual(s.t, len(more), 1, "timers while the records are down: %v, before that %v", s.armed, before)
	require.True(s.t, len(more) == 1 || !one, "nothing counts how long the records are down")
}

// closes are the consequences that end a case. They are met seldom, so that most runs go
// on to their last message.
var closes = map[c9n.Consequence]bool{
	c9n.ThenAbandoned: true, c9n.ThenWindowClosed: true, c9n.ThenVacated: true, c9n.ThenCaseClosed: true,
}

var allSignals = sync.OnceValue(func() (all []c9n.Signal) {
	for _, empty := range c9n.Messages() {
		all = append(all, empty.Signal())
	}
	return all
})

// legal are the signals that the case takes now; those that end it, seldom.
func (r *random) legal(c c9n.Case) []c9n.Signal {
	var signals []c9n.Signal
	for _, signal := range allSignals() {
		actor := c9n.Actor{Role: c9n.SenderOf(signal), ID: "actor-1"}
		if c.TakesFromOutside(signal) || c9n.SenderOf(signal) != c9n.RoleOutside && c.Admits(signal, actor) == nil {
			// The random chains leave their runs; here that costs more than it shows.
			seldom := signal == c9n.SignalWithdraw || signal == c9n.SignalSurrender || signal == c9n.SignalStartNewRun
			if !seldom || r.IntN(16) == 0 {
				signals = append(signals, signal)
			}
		}
	}
	return signals
}

// any is any signal; those that end a case, seldom.
func (r *random) any() c9n.Signal {
	for {
		signal := pick(r.Rand, allSignals()...)
		if ends := signal == c9n.SignalWithdraw || signal == c9n.SignalSurrender; !ends || r.IntN(4) == 0 {
			return signal
		}
	}
}

func (r *random) send(message c9n.Message) {
	r.s.address(message)
	r.sent = append(r.sent, message)
	refusal := r.s.sendAs(message)
	verdict := "taken"
	if refusal != nil {
		verdict = refusal.Type
	}
	r.note("%s %+v: %s", message.Signal(), message, verdict)
}

func (r *random) must(message c9n.Message) {
	r.note("%s", message.Signal())
	if refusal := r.s.send(message); refusal != nil {
		require.Equal(r.s.t, c9n.RefusedClosed, refusal.Type)
	}
}

// vary makes a message that may fit.
func (r *random) vary(signal c9n.Signal, c c9n.Case) c9n.Message {
	message := fitting(signal, c, r.s.now())
	returned := func(review c9n.Review) []c9n.ReasonCode {
		for _, i := range r.Perm(len(c9n.Reasons)) {
			if rule := c9n.Reasons[i]; rule.CanBePutRight && slices.Contains(rule.Reviews, review) {
				return []c9n.ReasonCode{rule.Code}
			}
		}
		return nil
	}
	some := func(review c9n.Review, all ...c9n.Decision) (c9n.Decision, []c9n.ReasonCode) {
		decision := pick(r.Rand, append(all, c9n.DecisionApprove)...)
		if decision == c9n.DecisionApprove {
			return decision, nil
		}
		return decision, returned(review)
	}
	other := r.IntN(10) == 0 // about something else
	switch m := message.(type) {
	case *c9n.DecideApplication:
		m.Decision, m.Reasons = some(c9n.ReviewApplication, c9n.DecisionReturn, c9n.DecisionDeny)
		if c.TrainingSubmitted && m.Decision == c9n.DecisionApprove {
			m.Training, m.TrainingReasons = some(c9n.ReviewTraining, c9n.DecisionReturn)
		}
	case *c9n.DecideTraining:
		m.Decision, m.Reasons = some(c9n.ReviewTraining, c9n.DecisionReturn)
	case *c9n.DecideRenewal:
		m.Decision, m.Reasons = some(c9n.ReviewRenewal, c9n.DecisionReturn, c9n.DecisionDeny)
	case *c9n.DecideAppeal:
		m.Decision = pick(r.Rand, c9n.DecisionApprove, c9n.DecisionDeny)
	case *c9n.PaymentSettled:
		if ended := r.ended(); len(ended) > 0 && r.IntN(3) == 0 {
			m.PaymentID = pick(r.Rand, ended...) // its page was paid all the same
		} else if other {
			m.PaymentID = "another"
		}
		if p := r.s.payments[m.PaymentID]; p != nil && !other {
			m.Fee, m.AmountCents = p.fee, p.cents
			m.RefundedCents = pick(r.Rand, 0, 0, 0, p.cents/2, p.cents)
		}
	case *c9n.PaymentDisputed:
		m.Outcome = pick(r.Rand, "", "", c9n.DisputeWon, c9n.DisputeLost)
	case *c9n.PaymentFailed:
		m.Reason = pick(r.Rand, "declined", "expired")
	case *c9n.ExamResult:
		m.Passed, m.Version = r.IntN(2) == 0, 1+r.IntN(2)
		if other {
			m.AuthorizationID = "another"
		}
	case *c9n.SubmitApplication:
		if other {
			m.DraftRevision = 9
		}
	case *c9n.ExtendDeadline:
		m.Days = pick(r.Rand, 0, 1, 7, 30, 400)
	}
	return message
}

// ended are the payments that ended without money.
func (r *random) ended() (ids []string) {
	r.s.read(func() {
		for _, id := range slices.Sorted(maps.Keys(r.s.payments)) {
			if r.s.payments[id].status == c9n.PaymentDropped {
				ids = append(ids, id)
			}
		}
	})
	return ids
}

// watch looks at every step as it is written.
func (r *random) watch(t c9n.Transition, after c9n.Case) {
	s := r.s
	event := t.Event
	check := func(holds bool, format string, arguments ...any) {
		if !holds {
			s.t.Errorf("at revision %d, %s: %s", after.Revision, event.What(), fmt.Sprintf(format, arguments...))
		}
	}
	if after.Stage == c9n.StageClosed {
		check(len(after.Promises) == 0, "a closed case has promises")
		check(after.Outcome != "", "a closed case has no outcome")
		check(after.Payment == nil && after.Exam == nil, "a closed case has something under way")
	} else {
		check(len(after.Promises) > 0, "no wait without a promise")
		check(c9n.Next(after.Promises) != nil, "nobody's clock runs")
		check(after.Promise(c9n.StagePromise(after.Stage)) != nil, "the stage has no promise")
		check(after.OnHold == (after.Promise(c9n.PromiseHold) != nil), "hold and its promise")
	}
	kinds := map[c9n.PromiseKind]bool{}
	for _, promise := range after.Promises {
		check(!kinds[promise.Kind], "two promises %s", promise.Kind)
		kinds[promise.Kind] = true
		check(len(promise.Rungs) > 0, "promise %s has no rung", promise.Kind)
	}
	check((after.Revoked != nil) == (after.AppealFrom == c9n.StageRevoked), "an appeal is about %q, and revoked is %v", after.AppealFrom, after.Revoked)
	check(after.Revoked == nil || !after.Suspended && after.Revoked.From != c9n.StageAppealReview, "revoked at %v", after.Revoked)
	check(event.Signal != c9n.SignalRevoke || r.about != c9n.StageRevoked, "revoked twice")
	if after.Stage == c9n.StageDenied || after.Stage == c9n.StageAppealReview {
		check((after.AppealFrom == c9n.StageApplicationReview) == (after.Certificate == nil) && after.AppealFrom != "", "an appeal is about %q", after.AppealFrom)
	}
	if before := r.suspended; before != after.Suspended {
		ends := event.Signal == c9n.SignalReinstate || event.To == c9n.StageRevoked || event.To == c9n.StageClosed
		check(after.Suspended && event.Signal == c9n.SignalSuspend || before && ends, "a suspension changes from %t", before)
		r.suspended = after.Suspended
	}
	if c := after.Certificate; c != nil && c.Term != r.term {
		check(event.From != c9n.StageRevoked && (t.Issue || event.To == c9n.StageCertified) && after.Revoked == nil, "a new term from %s", event.From)
		check(event.Signal != c9n.SignalDecideAppeal || r.about == c9n.StageRenewalReview, "an appeal about %q renews", r.about)
		r.term = c.Term
	}
	r.about = after.AppealFrom
	if event.From == c9n.StageClosed {
		money := event.Signal == c9n.SignalPaymentSettled || event.Signal == c9n.SignalPaymentRefunded || event.Signal == c9n.SignalPaymentDisputed
		check(money || event.Ignored != "" || event.Name == c9n.EventAttentionRaised || event.Name == c9n.EventAttentionEnded, "an action after closing")
		check((money || len(t.Notices) == 0 && t.Payment == nil && t.Credit == nil) && !t.Ask && !t.Authorize && !t.Issue, "a consequence after closing")
	}
	check(event.From == event.To || event.From == "" || slices.Contains(c9n.RuleOf(event.From).Next, event.To), "%s does not lead to %s", event.From, event.To)
	check(event.Ignored == "" || event.From == event.To, "what is ignored moves nothing")
	if t.Ask {
		for id, p := range s.payments {
			if id == after.Payment.ID {
				continue
			}
			check(p.status != "open", "a fee is asked for while another is")
			// A retake is another exam; a renewal is paid once a term, in time or late.
			asked := s.payments[after.Payment.ID]
			again := p.fee == asked.fee || isRenewal(p.fee) && isRenewal(asked.fee)
			settled := p.status == "paid" || p.status == "waived" || p.status == c9n.PaymentCredit
			check(p.fee == c9n.FeeRetake || !again || p.term != asked.term || !settled, "the fee %s is asked for twice", p.fee)
		}
	}
	credit := ""
	if after.Credit != nil {
		credit = after.Credit.PaymentID
	}
	for id, p := range s.payments {
		check((p.status == c9n.PaymentCredit) == (id == credit), "payment %s is %s, and the credit is %q", id, p.status, credit)
	}
	retakes := 0
	for _, p := range s.payments {
		if p.fee == c9n.FeeRetake && p.status == "paid" {
			retakes++
		}
	}
	check(retakes <= after.Policy.MaxExamAttempts-1, "%d retakes were paid for", retakes)
	check(after.AttemptsUsed <= after.Policy.MaxExamAttempts, "%d attempts", after.AttemptsUsed)
	if t.Issue {
		check(after.Certificate.Term == 1, "a second certificate")
	}
}

func isRenewal(fee c9n.Fee) bool { return fee == c9n.FeeRenewal || fee == c9n.FeeLateRenewal }
