package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
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
	// The programs themselves, which a signal stops, take the place of the parts here.
	for _, part := range []string{product.API, product.Worker} {
		require.NoError(t, s.stack.StopPart(part))
	}
	programs := newPrograms(s)
	programs.start("worker")
	programs.start("api")
	for round, names := range [][]string{{"api"}, {"worker"}, {"api", "worker"}} {
		var group sync.WaitGroup
		var answered, later, cut atomic.Int64
		problems, tenth := make(chan error, cases*each), make(chan struct{})
		for i, p := range people {
			for n := range each {
				group.Go(func() {
					key := fmt.Sprintf("load-%d-%02d-%02d-%s", round, i, n, p.CaseID)
					problems <- s.retries(p, key, tenth, &answered, &later, &cut)
				})
			}
		}
		// In the middle of it, with most still under way.
		select {
		case <-tenth:
		case <-time.After(soon):
			require.FailNow(t, "the first answers do not come", "%d did", answered.Load())
		}
		under := cases*each - answered.Load()
		assert.Greater(t, under, int64(50), "most are still to be answered")
		began := time.Now()
		programs.stop(names...)
		stopped := time.Since(began)
		for _, name := range names {
			programs.start(name)
		}
		group.Wait()
		close(problems)
		for problem := range problems {
			require.NoError(t, problem)
		}
		t.Logf("stopping %v took %.1f s; %d requests were under way; %d were told to try later, %d found nobody listening",
			names, stopped.Seconds(), under, later.Load(), cut.Load())
		assert.Less(t, stopped, s.Settings.ShutdownTimeout, "%v finished before its time was up", names)
		for _, p := range people {
			assert.Equal(t, (round+1)*each, s.events(p.CaseID, "retry-step"), "each request happened once")
		}
	}
	programs.end()
	s.whole()
}

// programs are the product as processes of their own, on the stack of a scene.
type programs struct {
	*scene
	file        string
	environment []string
	running     map[string]*exec.Cmd
}

func newPrograms(s *scene) *programs {
	s.Helper()
	p := &programs{scene: s, file: filepath.Join(s.TempDir(), "peercert"), environment: os.Environ(), running: map[string]*exec.Cmd{}}
	build := exec.CommandContext(s.Context(), "go", "build", "-o", p.file, "peercert")
	output, err := build.CombinedOutput()
	require.NoError(s, err, "%s", output)
	settings := reflect.ValueOf(s.Settings)
	for i := range settings.NumField() {
		name, _, _ := strings.Cut(settings.Type().Field(i).Tag.Get("env"), ",")
		if name != "" {
			p.environment = append(p.environment, fmt.Sprintf("%s=%v", name, settings.Field(i).Interface()))
		}
	}
	s.Cleanup(p.end)
	return p
}

// end gives the parts their place back, also when the test has failed.
func (p *programs) end() {
	if p.running == nil {
		return
	}
	for _, program := range p.running {
		_ = program.Process.Signal(syscall.SIGTERM)
		_ = program.Wait()
	}
	p.running = nil
	for _, part := range []string{product.Worker, product.API} {
		assert.NoError(p, p.stack.StartPart(context.WithoutCancel(p.Context()), part))
	}
}

// start starts a program and waits until it serves.
func (p *programs) start(name string) {
	p.Helper()
	program := exec.Command(p.file, name)
	program.Env, program.Stderr = p.environment, p.log
	require.NoError(p, program.Start())
	p.running[name] = program
	ready := map[string]string{"api": p.Settings.PublicURL, "worker": "http://" + p.Settings.Operations}[name] + "/readyz"
	p.eventually(soon, name+" serves", func() error {
		answer, err := http.Get(ready)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %d", answer.StatusCode)
		}
		return nil
	})
}

// stop asks programs to end, as an operating system does, and waits until they have.
func (p *programs) stop(names ...string) {
	p.Helper()
	for _, name := range names {
		require.NoError(p, p.running[name].Process.Signal(syscall.SIGTERM))
	}
	for _, name := range names {
		require.NoError(p, p.running[name].Wait(), "%s ends without an error", name)
		delete(p.running, name)
	}
}

// retries sends a request with one key until it is answered for good. Beside an answer
// it may only be told to try later, or find that nobody listens. The tenth answer closes
// a channel.
func (s *scene) retries(p *journey.Person, key string, tenth chan<- struct{}, answered, later, cut *atomic.Int64) error {
	deadline := time.Now().Add(soon)
	for {
		answer, err := s.administrator.Signal(s.Context(), p.CaseID, "retry-step", nil, apitest.WithKey(key))
		switch {
		case err == nil && answer.Status == http.StatusOK:
			if answered.Add(1) == 10 {
				close(tenth)
			}
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
