package workflows_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"peercert/activities"
	"peercert/workflows"
)

// scanned is the check of a document whose scanner is down until it is mended.
type scanned struct {
	*testsuite.TestWorkflowEnvironment
	began time.Time
	mutex sync.Mutex
	works bool
	tries []time.Duration // after the beginning
	told  []time.Duration
}

func newScanned() *scanned {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(quiet{})
	s := &scanned{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	s.SetTestTimeout(time.Minute)
	s.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 30 * time.Second}) // as in newEnvironment
	s.began = s.Now()
	since := func(list *[]time.Duration) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		*list = append(*list, s.Now().Sub(s.began))
	}
	s.RegisterWorkflowWithOptions(workflows.DocumentCheck, workflow.RegisterOptions{Name: workflows.DocumentCheckType})
	s.RegisterActivityWithOptions(func(context.Context, string) error {
		since(&s.tries)
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if !s.works {
			return errors.New("the scanner is down")
		}
		return nil
	}, activity.RegisterOptions{Name: activities.CheckDocument})
	s.RegisterActivityWithOptions(func(context.Context, string) error {
		since(&s.told)
		return nil
	}, activity.RegisterOptions{Name: activities.TellDocumentLate})
	return s
}

func (s *scanned) mend() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.works = true
}

// A check that does not end is told once, in time, and is tried on for as long as it takes.
func TestACheckThatDoesNotEnd(t *testing.T) {
	s := newScanned()
	s.RegisterDelayedCallback(s.mend, 3*time.Hour)
	s.ExecuteWorkflow(workflows.DocumentCheckType, "d1", time.Duration(0))
	require.NoError(t, s.GetWorkflowError())
	require.Len(t, s.told, 1)
	// This environment ends every activity after ten tries: on a real server it is the time.
	require.LessOrEqual(t, s.told[0], workflows.DocumentPatience)
	last := s.tries[len(s.tries)-1]
	require.InDelta(t, 180, last.Minutes(), 1.1, "tried every minute")
	for i := 1; i < len(s.tries); i++ {
		require.LessOrEqual(t, s.tries[i]-s.tries[i-1], time.Minute+time.Second)
	}
}

// A check that ends in time is nobody's business, also if the scanner was away for a while.
func TestACheckThatEndsInTime(t *testing.T) {
	s := newScanned()
	s.RegisterDelayedCallback(s.mend, 2*time.Minute)
	s.ExecuteWorkflow(workflows.DocumentCheckType, "d1", time.Duration(0))
	require.NoError(t, s.GetWorkflowError())
	require.Empty(t, s.told)
}

// Who mended the scanner need not wait for the next try.
func TestACheckIsTriedAtOnce(t *testing.T) {
	s := newScanned()
	mended := 20*time.Minute + 7*time.Second
	s.RegisterDelayedCallback(func() {
		s.mend()
		s.SignalWorkflow(workflows.SignalCheckAgain, nil)
	}, mended)
	s.ExecuteWorkflow(workflows.DocumentCheckType, "d1", time.Duration(0))
	require.NoError(t, s.GetWorkflowError())
	require.Len(t, s.told, 1)
	require.Equal(t, mended, s.tries[len(s.tries)-1])
}
