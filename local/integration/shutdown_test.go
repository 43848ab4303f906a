package integration

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/local/journey"
	"peercert/local/product"
)

// Two hundred requests are under way when the API, then the worker, then both are
// told to stop and are started again. Nothing that was accepted is lost and nothing
// happens twice: each request, sent again with its key until it is answered, is in
// the log of its case exactly once.
func TestStoppingUnderLoadLosesNothing(t *testing.T) {
	s := onStack(t).scene(t)
	const cases, each = 20, 10
	people := s.registered(cases)
	for round, parts := range [][]string{{product.API}, {product.Worker}, {product.API, product.Worker}} {
		var group sync.WaitGroup
		var answered, later, cut atomic.Int64
		problems := make(chan error, cases*each)
		for i, p := range people {
			for n := range each {
				group.Go(func() {
					key := fmt.Sprintf("load-%d-%02d-%02d-%s", round, i, n, p.CaseID)
					problems <- s.insist(p, key, &answered, &later, &cut)
				})
			}
		}
		// In the middle of it, with most still under way.
		s.eventually(30*time.Second, "the first answers", func() error {
			if answered.Load() < 10 {
				return fmt.Errorf("%d", answered.Load())
			}
			return nil
		})
		under := cases*each - answered.Load()
		assert.Greater(t, under, int64(50), "most are still to be answered")
		began := time.Now()
		for _, part := range parts {
			require.NoError(t, s.stack.StopPart(part))
		}
		stopped := time.Since(began)
		for _, part := range parts {
			s.start(part)
		}
		group.Wait()
		close(problems)
		for problem := range problems {
			require.NoError(t, problem)
		}
		t.Logf("stopping %v took %.1f s; %d requests were under way; %d were told to try later, %d found nobody listening",
			parts, stopped.Seconds(), under, later.Load(), cut.Load())
		assert.Less(t, stopped, s.Settings.ShutdownTimeout, "%v finished before its time was up", parts)
		for _, p := range people {
			assert.Equal(t, (round+1)*each, s.events(p.CaseID, "retry-step"), "each request happened once")
		}
	}
	s.whole()
}

// insist sends a request with one key until it is answered for good. Beside an answer
// it may only be told to try later, or find that nobody listens.
func (s *scene) insist(p *journey.Person, key string, answered, later, cut *atomic.Int64) error {
	deadline := time.Now().Add(90 * time.Second)
	for {
		answer, err := s.administrator.Signal(s.Context(), p.CaseID, "retry-step", nil, apitest.WithKey(key))
		switch {
		case err == nil && answer.Status == http.StatusOK:
			answered.Add(1)
			return nil
		case err == nil && answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
			later.Add(1)
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
			cut.Add(1)
		case err != nil:
			return fmt.Errorf("a request was cut off: %w", err)
		default:
			return fmt.Errorf("answered %d: %s", answer.Status, answer.Body)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer: %d %w", answer.Status, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
