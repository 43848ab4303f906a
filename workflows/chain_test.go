package workflows_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"peercert/activities"
	"peercert/certification"
	"peercert/workflows"
)

// A story is told by a function that runs beside the time-skipping environment and
// takes turns with it: while the story speaks, no time passes; while it sleeps, the
// environment jumps from timer to timer. When a run is left, the next one begins
// where it ended, so one story can live two terms.
type story struct {
	*records
	t     testing.TB
	start workflows.Start // of the run under way
	env   *testsuite.TestWorkflowEnvironment
	armed map[string]time.Time // timers of the case, by when they fire
	runs  int

	offset atomic.Int64 // of the clock of cases
	stuck  atomic.Int64 // how often that cannot be read
	over   bool         // the workflow has ended
	ended  time.Time    // when
	result *workflows.Ended
	failed error

	turn    chan struct{} // the story may speak
	asks    chan ask      // what it wants next; closed when it is told out
	pending []*sent       // on their way
	sleeps  time.Time     // until when the story sleeps; zero while it does not
	stop    atomic.Bool
	keys    int
	base    int // the revision that the first run began with
	told    int // letters that the story has spoken of
	checked int // letters whose facts were looked at

	delivered int // messages, each counted once
}

// ask is what a story wants of the environment: to sleep, or to send.
type ask struct {
	until time.Time
	sent  []*sent
}

// sent is a message on its way.
type sent struct {
	message  certification.Message
	name, id string
	body     any
	signal   bool
	again    bool // delivered before, to a run that was left
	accepted bool
	answered bool
	answer   workflows.Answer
	refusal  *certification.Refusal
	err      error
}

// settle is how long a story waits for the consequences of what it did: long enough
// for activities to end, shorter than the pause before a run is left.
const settle = 200 * time.Millisecond

// quiet is a logger that does not even put into words what it is told.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// What the stories break on purpose is logged as on any day.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// newStory makes a story that begins at an instant, with a case that nobody has
// registered yet.
func newStory(t testing.TB, at time.Time) *story {
	s := &story{t: t, turn: make(chan struct{}), asks: make(chan ask)}
	s.records = newRecords(func() time.Time { return s.now() })
	s.start = workflows.Start{Case: certification.Case{
		ID: "019c2e6a-0000-7000-8000-000000000001", Number: "PC-7K3M-92QX", ApplicantID: "019c2e6a-0000-7000-8000-000000000002",
		CountyPlan: "Alameda County", Policy: certification.CurrentPolicy(at),
	}}
	s.newEnvironment(at)
	return s
}

// now is the time by the clock of cases.
func (s *story) now() time.Time {
	if s.over {
		return s.ended
	}
	return s.env.Now().Add(time.Duration(s.offset.Load())).UTC()
}

// readClock is now, as a case is told it: perhaps not this time.
func (s *story) readClock() time.Time {
	if s.stuck.Add(-1) >= 0 {
		panic(errDown)
	}
	return s.now()
}

// tell runs a story to its end.
func tell(t testing.TB, at time.Time, words func(*story)) *story {
	t.Helper()
	s := newStory(t, at)
	s.tell(words)
	return s
}

func (s *story) tell(words func(*story)) {
	s.t.Helper()
	go func() {
		defer close(s.asks)
		<-s.turn
		words(s)
	}()
	s.live()
	if s.failed != nil {
		s.t.Fatalf("the workflow failed: %v", s.failed)
	}
}

// live runs the chain until the story is told out.
func (s *story) live() {
	for {
		s.runs++
		s.env.ExecuteWorkflow(s.run, s.start)
		err := s.env.GetWorkflowError()
		var left *workflow.ContinueAsNewError
		switch {
		case s.stop.Load():
			return
		case errors.As(err, &left):
			next := workflows.Start{}
			if err := converter.GetDefaultDataConverter().FromPayloads(left.Input, &next); err != nil {
				s.failed = fmt.Errorf("decoding the start of the next run: %w", err)
			}
			s.start = next
			s.newEnvironment(s.env.Now())
			continue
		case err != nil:
			s.failed = err
		default:
			s.result = new(workflows.Ended)
			if err := s.env.GetWorkflowResult(s.result); err != nil {
				s.failed = err
			}
		}
		s.over, s.ended = true, s.now()
		for s.next() { // the rest of the story finds nobody
		}
		return
	}
}

// run is the workflow, with a way for the story to leave the theater before its end.
// An update that panics costs nothing while it is not sent.
func (s *story) run(ctx workflow.Context, start workflows.Start) (workflows.Ended, error) {
	if err := workflow.SetUpdateHandler(ctx, curtain, func(workflow.Context) error { panic(curtain) }); err != nil {
		return workflows.Ended{}, err
	}
	//workflowcheck:ignore
	s.env.RegisterDelayedCallback(s.goOn, 0) // after this first task
	return workflows.Cases{}.Certification(ctx, start)
}

const curtain = "the-story-is-told"

func (s *story) newEnvironment(at time.Time) {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(at)
	env.SetTestTimeout(time.Minute)
	// Cases have none. The environment would keep a timer of ten years for it, and with it
	// all that a story made, for as long as the tests run.
	env.SetWorkflowRunTimeout(0)
	// On a busy machine a goroutine that is off the processor for a second is no deadlock.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 30 * time.Second})
	env.RegisterWorkflowWithOptions(s.run, workflow.RegisterOptions{Name: workflows.CertificationType})
	activities.Register(env, &activities.Activities{
		Records: s.records, Notices: s.records, Checkouts: s.records, Authorizations: s.records, Documents: s.records, Now: s.readClock,
	})
	s.env, s.armed = env, map[string]time.Time{}
	env.SetOnTimerScheduledListener(func(id string, d time.Duration) { s.armed[id] = env.Now().Add(d) })
	env.SetOnTimerFiredListener(func(id string) { delete(s.armed, id) })
	env.SetOnTimerCanceledListener(func(id string) { delete(s.armed, id) })
}

// speak gives the story its turn, and does what it asks for next.
func (s *story) speak() {
	s.sleeps = time.Time{}
	s.turn <- struct{}{}
	asked, more := <-s.asks
	switch {
	case !more:
		s.stop.Store(true)
		s.env.UpdateWorkflow(curtain, curtain, &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) {},
		})
	case asked.sent != nil:
		for _, on := range asked.sent {
			s.pending = append(s.pending, on)
			s.deliver(on)
		}
		s.env.RegisterDelayedCallback(s.speak, 0)
	default:
		s.sleeps = asked.until
		s.env.RegisterDelayedCallback(s.speak, max(0, asked.until.Sub(s.env.Now())))
	}
}

// goOn takes up what was under way when the last run was left, and lets the story
// speak when it is time.
func (s *story) goOn() {
	pending := s.pending
	s.pending = nil
	for _, on := range pending {
		if on.answered || on.signal && s.knows(on) {
			continue
		}
		if on.accepted {
			s.failed = fmt.Errorf("a run was left and %s had no answer", on.name)
		}
		s.pending = append(s.pending, on)
		s.deliver(on)
	}
	s.env.RegisterDelayedCallback(s.speak, max(0, s.sleeps.Sub(s.env.Now())))
}

// knows says whether a signal was taken.
func (s *story) knows(signal *sent) bool {
	for _, e := range s.all() {
		if e.Key == certification.EnvelopeOf(signal.message).Key {
			return true
		}
	}
	return false
}

// next gives a story its turn after the workflow has ended. It says false when the
// story is told out.
func (s *story) next() bool {
	for _, on := range s.pending {
		if !on.signal && !on.answered {
			on.answered, on.refusal = true, certification.CaseClosed()
			if on.accepted {
				s.failed = fmt.Errorf("the workflow ended and left %s without an answer", on.name)
			}
		}
	}
	s.pending = nil
	s.turn <- struct{}{}
	asked, more := <-s.asks
	if !more {
		return false
	}
	if asked.sent != nil {
		for _, on := range asked.sent {
			on.answered, on.refusal = true, certification.CaseClosed() // as package cases answers
		}
	} else if asked.until.After(s.ended) {
		s.ended = asked.until // by the clock of cases: nothing offsets it any more
	}
	return true
}

func (s *story) deliver(on *sent) {
	if !on.again {
		s.delivered++
		on.again = true
	}
	if on.signal {
		s.env.SignalWorkflow(on.name, on.body)
		return
	}
	s.env.UpdateWorkflow(on.name, on.id, &testsuite.TestUpdateCallback{
		OnAccept: func() { on.accepted = true },
		OnReject: func(err error) { on.answered, on.err = true, err },
		OnComplete: func(value any, err error) {
			on.answered, on.err = true, err
			if answer, is := value.(workflows.Answer); is {
				on.answer = answer
			}
		},
	}, on.body)
}

// ---- What a story can say.

// until sleeps to an instant by the clock of cases.
func (s *story) until(at time.Time) {
	s.asks <- ask{until: at.Add(-time.Duration(s.offset.Load()))}
	<-s.turn
}

func (s *story) sleep(d time.Duration) { s.until(s.now().Add(d)) }

// days sleeps for calendar days in Los Angeles.
func (s *story) days(days int) { s.until(certification.AddDays(s.now(), days)) }

// settle lets what was begun come to its end.
func (s *story) settle() { s.sleep(settle) }

// address gives a message its key, and its actor if it has none.
func (s *story) address(message certification.Message) {
	envelope := certification.EnvelopeOf(message)
	if envelope.Key == "" {
		s.keys++
		envelope.Key = fmt.Sprintf("key-%d", s.keys)
	}
	if envelope.Actor.Role == "" {
		envelope.Actor = certification.Actor{Role: certification.SenderOf(message.Signal()), ID: "actor-1"}
	}
}

// send sends an update and waits for its answer, or a signal and waits until it was
// taken. It gives the refusal.
func (s *story) send(message certification.Message) *certification.Refusal {
	s.address(message)
	return s.sendAs(message)
}

// sendAs sends a message as it is, perhaps without a key.
func (s *story) sendAs(message certification.Message) *certification.Refusal {
	s.t.Helper()
	on := s.post(message)
	for s.settle(); !on.signal && !on.answered; {
		s.settle()
	}
	return s.refusalOf(on)
}

// post sends a message and goes on as soon as the case has seen it.
func (s *story) post(message certification.Message) *sent {
	on := s.parcel(message)
	s.asks <- ask{sent: []*sent{on}}
	<-s.turn
	return on
}

// postTogether sends messages that all come while the first is being recorded.
func (s *story) postTogether(messages ...certification.Message) []*sent {
	var together []*sent
	for _, message := range messages {
		s.address(message)
		together = append(together, s.parcel(message))
	}
	s.asks <- ask{sent: together}
	<-s.turn
	return together
}

func (s *story) parcel(message certification.Message) *sent {
	s.keys++
	return &sent{
		message: message, name: string(message.Signal()), id: fmt.Sprintf("update-%d", s.keys), body: message,
		signal: certification.SenderOf(message.Signal()) == certification.RoleOutside,
	}
}

func (s *story) refusalOf(on *sent) *certification.Refusal {
	if on.refusal != nil || on.err == nil {
		return on.refusal
	}
	var application *temporal.ApplicationError
	if errors.As(on.err, &application) {
		refusal := new(certification.Refusal)
		if application.HasDetails() && application.Details(refusal) == nil {
			require.Equal(s.t, refusal.Type, application.Type())
			return refusal
		}
	}
	s.t.Errorf("%s was answered with no refusal: %v", on.name, on.err)
	return &certification.Refusal{Type: "error", Detail: on.err.Error()}
}
