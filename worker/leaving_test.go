package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"peercert/certification"
	"peercert/workflows"
)

// doorway stands between a worker and Temporal. When a task is about to leave or to
// end the run of a case, it first lets something happen: so a message meets that task
// every time, and not by luck.
type doorway struct {
	mutex sync.Mutex
	tasks map[string]string          // workflow ids by task tokens
	meets map[string]func(tries int) // by workflow id
	tries map[string]int
}

func newDoorway() *doorway {
	return &doorway{tasks: map[string]string{}, meets: map[string]func(int){}, tries: map[string]int{}}
}

// meet sets what happens beside the next tasks that leave a run of a case.
func (d *doorway) meet(caseID string, what func(tries int)) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	id := workflows.CaseWorkflowID(caseID)
	d.meets[id], d.tries[id] = what, 0
}

func (d *doorway) look(ctx context.Context, method string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if completed, is := request.(*workflowservice.RespondWorkflowTaskCompletedRequest); is {
		for _, command := range completed.GetCommands() {
			switch command.GetCommandType() {
			case enums.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION, enums.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
				d.leaving(string(completed.GetTaskToken()))
			}
		}
	}
	err := invoke(ctx, method, request, answer, connection, options...)
	switch answer := answer.(type) {
	case *workflowservice.PollWorkflowTaskQueueResponse:
		d.note(answer)
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		d.note(answer.GetWorkflowTask())
	}
	return err
}

func (d *doorway) note(task *workflowservice.PollWorkflowTaskQueueResponse) {
	if len(task.GetTaskToken()) == 0 {
		return
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.tasks[string(task.GetTaskToken())] = task.GetWorkflowExecution().GetWorkflowId()
}

func (d *doorway) leaving(token string) {
	d.mutex.Lock()
	id := d.tasks[token]
	what := d.meets[id]
	d.tries[id]++
	tries := d.tries[id]
	d.mutex.Unlock()
	if what != nil {
		what(tries)
	}
}

// failedTasks counts the tasks of a run that Temporal refused because something had
// come beside them.
func (r *rig) failedTasks(caseID, run string) (refused int) {
	for _, event := range r.history(caseID, run) {
		if event.GetWorkflowTaskFailedEventAttributes().GetCause() == enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND {
			refused++
		}
	}
	return refused
}

// beside sends messages beside tasks that leave, and keeps what became of them.
type beside struct {
	*rig
	mutex   sync.Mutex
	sending sync.WaitGroup
	signals map[string][]string // keys that were sent, by case
	updates map[string][]string // keys that were accepted
	refused map[string]int      // by type of refusal
}

func newBeside(r *rig) *beside {
	return &beside{rig: r, signals: map[string][]string{}, updates: map[string][]string{}, refused: map[string]int{}}
}

// aSignal is with the server when it returns.
func (b *beside) aSignal(caseID string) {
	message := b.checked()
	err := b.signal(caseID, message)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if err == nil {
		b.signals[caseID] = append(b.signals[caseID], message.Key)
	} else {
		b.refused[fmt.Sprintf("%T", err)]++
	}
}

// anUpdate is on its way when it returns: an update is answered by a task, so nobody
// can wait for it here.
func (b *beside) anUpdate(caseID string, message certification.Message) {
	b.address(message)
	key := certification.EnvelopeOf(message).Key
	b.sending.Go(func() {
		_, err := b.update(caseID, key, message)
		b.mutex.Lock()
		defer b.mutex.Unlock()
		if err == nil {
			b.updates[caseID] = append(b.updates[caseID], key)
		} else {
			b.refused[fmt.Sprintf("%T", err)]++
		}
	})
	time.Sleep(10 * time.Millisecond) // to let it meet the task more often; nothing depends on it
}

// nothingLost wants every message in the log once, and the log to be what the workflow
// knows. A line may have been replaced: a task that is refused takes its steps with it.
func (b *beside) nothingLost(caseID string) {
	b.t.Helper()
	b.agrees(caseID)
	for _, key := range append(b.signals[caseID], b.updates[caseID]...) {
		standing, _ := b.count(caseID, key)
		require.Equal(b.t, 1, standing, "message %s of case %s", key, caseID)
	}
}

func TestAMessageBesideALeavingTask(t *testing.T) {
	const together, rounds = 6, 3
	r := newRig(t)
	door := newDoorway()
	r.serve(nil, door.look)
	b := newBeside(r)

	caseIDs := make([]string, together)
	for i := range caseIDs {
		caseIDs[i], _ = r.open()
	}
	var living sync.WaitGroup
	refused := make([]int, together)
	for i, caseID := range caseIDs {
		living.Go(func() {
			for round := range rounds {
				run := r.runID(caseID)
				door.meet(caseID, func(tries int) {
					switch {
					case tries == 1:
						b.aSignal(caseID)
					case tries == 2 && round%2 == 0:
						b.aSignal(caseID)
						b.anUpdate(caseID, &certification.ExtendDeadline{Days: 1})
					case tries == 2:
						b.anUpdate(caseID, &certification.ExtendDeadline{Days: 1})
					}
				})
				r.must(caseID, &certification.StartNewRun{})
				r.newRun(caseID, run)
				refused[i] += r.failedTasks(caseID, run)
			}
		})
	}
	living.Wait()
	b.sending.Wait()

	met := 0
	for i, caseID := range caseIDs {
		b.nothingLost(caseID)
		require.Len(t, b.updates[caseID], rounds, "an update has no answer")
		met += refused[i]
	}
	require.Empty(t, b.refused)
	require.GreaterOrEqual(t, met, together*rounds, "the messages did not meet leaving tasks")
	t.Logf("%d runs left; %d leaving tasks were refused because a message had come; nothing lost", together*rounds, met)
}

func TestAMessageBesideAClosingTask(t *testing.T) {
	const together, rounds = 6, 3
	r := newRig(t)
	door := newDoorway()
	r.serve(nil, door.look)
	b := newBeside(r)

	met, answered := 0, 0
	for range rounds {
		var living sync.WaitGroup
		caseIDs := make([]string, together)
		for i := range caseIDs {
			caseIDs[i], _ = r.open()
		}
		for _, caseID := range caseIDs {
			living.Go(func() {
				door.meet(caseID, func(tries int) {
					switch tries {
					case 1:
						b.aSignal(caseID)
					case 2:
						b.anUpdate(caseID, &certification.ExtendDeadline{Days: 1})
					}
				})
				r.must(caseID, &certification.Withdraw{})
				r.until("the run to end", func() error {
					if run := r.runID(caseID); run != "" {
						return errors.New("it goes on")
					}
					return nil
				})
			})
		}
		living.Wait()
		b.sending.Wait()
		for _, caseID := range caseIDs {
			b.nothingLost(caseID)
			require.Len(t, b.signals[caseID], 1)
			require.Empty(t, b.updates[caseID], "a closed case took a message")
			require.Equal(t, map[certification.Letter]int{certification.LetterWithdrawn: 1}, r.letters(caseID))
			met += r.failedTasks(caseID, "")
		}
	}
	for _, times := range b.refused {
		answered += times
	}
	require.Equal(t, together*rounds, answered, "an update to a closing case has no answer")
	require.GreaterOrEqual(t, met, together*rounds, "the signals did not meet closing tasks")
	t.Logf("%d cases closed; %d closing tasks were refused because a message had come; refusals: %v", together*rounds, met, b.refused)
}
