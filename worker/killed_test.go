package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/activities"
	"peercert/certification"
	"peercert/config"
	"peercert/worker"
)

// A worker that dies between writing a step and completing its task is this test
// program once more, started with these variables. It kills itself as soon as an event
// of the name was written, as the kernel would.
const (
	doomedSettings = "PEERCERT_TEST_DOOMED_SETTINGS"
	doomedEvent    = "PEERCERT_TEST_DOOMED_EVENT"
)

// dying kills this process right after it wrote an event.
type dying struct {
	activities.Records
	event string
}

func (d dying) Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	settled, err := d.Records.Commit(ctx, transition)
	if err == nil && transition.Event.What() == d.event {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal is here
	}
	return settled, err
}

func liveUntilCommit(settings string) {
	err := func() error {
		var s config.Settings
		if err := json.Unmarshal([]byte(settings), &s); err != nil {
			return err
		}
		parts, err := worker.Assemble(context.Background(), s, quiet, time.Now)
		if err != nil {
			return err
		}
		functions := worker.ActivitiesOf(parts)
		functions.Records = dying{functions.Records, os.Getenv(doomedEvent)}
		return worker.ServeWith(context.Background(), parts, functions, quiet)
	}()
	fmt.Fprintln(os.Stderr, "the doomed worker ended by itself:", err)
	os.Exit(1)
}

// doomed starts a worker that dies at an event. The function waits for its death.
func (r *rig) doomed(event string) (dead func()) {
	r.t.Helper()
	settings, err := json.Marshal(r.settings)
	require.NoError(r.t, err)
	program, err := os.Executable()
	require.NoError(r.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	child := exec.CommandContext(ctx, program)
	child.Env = append(os.Environ(), doomedSettings+"="+string(settings), doomedEvent+"="+event)
	child.Stderr = os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(r.t, child.Start())
	return func() {
		r.t.Helper()
		var exit *exec.ExitError
		err := child.Wait()
		require.True(r.t, errors.As(err, &exit), "%v", err)
		status, is := exit.Sys().(syscall.WaitStatus)
		require.True(r.t, is && status.Signaled() && status.Signal() == syscall.SIGKILL && ctx.Err() == nil, "%v", err)
	}
}

// The task takes its update with it, its write stays. When something else comes first
// in the task's next try, the workflow writes another step with that revision: the
// records must take it, and the step of before must come after it, once.
func TestAWorkerKilledBetweenCommitAndCompletion(t *testing.T) {
	for _, of := range []struct {
		event   certification.Signal
		message func(r *rig, caseID string, applicant certification.Actor) certification.Message
		letters map[certification.Letter]int
		stage   certification.Stage
	}{
		{certification.SignalSubmitTraining, func(r *rig, caseID string, applicant certification.Actor) certification.Message {
			return &certification.SubmitTraining{DraftRevision: r.draft(caseID, applicant, certification.FormTraining), DocumentIDs: []string{caseID}}
		}, map[certification.Letter]int{}, certification.StageApplication},
		{certification.SignalWithdraw, func(*rig, string, certification.Actor) certification.Message {
			return &certification.Withdraw{}
		}, map[certification.Letter]int{certification.LetterWithdrawn: 1}, certification.StageClosed},
	} {
		t.Run(string(of.event), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			dead := r.doomed(string(of.event))
			caseID, applicant := r.open()
			r.must(caseID, &certification.CompleteIntroVideo{})
			before := r.recorded(caseID)
			// A worker that dies with the code in its hands is no matter of this test.
			r.until("the code that confirmed the address to be sent", func() error {
				waiting, err := r.parts.Store.CountWaiting(t.Context(), time.Now())
				if err == nil && waiting.Inbox > 0 {
					err = errors.New("it waits")
				}
				return err
			})

			message := of.message(r, caseID, applicant)
			r.address(message)
			key := certification.EnvelopeOf(message).Key
			answered := make(chan error, 1)
			go func() {
				_, err := r.update(caseID, key, message)
				answered <- err
			}()
			dead()
			require.Equal(t, before.Revision+1, r.recorded(caseID).Revision, "the step was not written before the worker died")
			select {
			case err := <-answered:
				t.Fatalf("the update was answered, though its task never completed: %v", err)
			default:
			}

			other := r.checked()
			require.NoError(t, r.signal(caseID, other))
			r.serve(nil, nil)
			require.NoError(t, <-answered)

			r.agrees(caseID)
			require.Equal(t, of.stage, r.recorded(caseID).Stage)
			lines := r.log(caseID)
			require.Len(t, lines, before.Revision+3)
			tail := lines[before.Revision:]
			require.True(t, tail[0].void && tail[0].Key == key && tail[0].revision == before.Revision+1, "%+v", tail[0])
			require.True(t, !tail[1].void && tail[1].Key == other.Key && tail[1].revision == before.Revision+1, "%+v", tail[1])
			require.True(t, !tail[2].void && tail[2].Key == key && tail[2].revision == before.Revision+2, "%+v", tail[2])
			require.Equal(t, of.letters, r.letters(caseID))
			for letter, times := range of.letters {
				require.Len(t, r.mail.Messages(""), times+1, "%s and the code", letter) // +1: the code that confirmed the address
			}
			t.Logf("revision %d of %s was written twice: by the killed task (void) and by the signal; the update is revision %d",
				before.Revision+1, of.event, before.Revision+2)
		})
	}
}
