package stack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Names of the parts every stack has, for StopPart, KillPart and StartPart.
const (
	PostgreSQL = "PostgreSQL"
	Temporal   = "Temporal"
	S3         = "S3"
	Mailbox    = "Mailbox"
)

// Part is Go code that runs inside the stack's own process.
type Part struct {
	Name string
	// Run works until ctx ends and then returns within half a minute. Returning
	// before, with or without an error, stops the whole stack.
	Run func(ctx context.Context) error
	// Ready is asked until it returns nil before the part counts as started. Nil
	// means that it is ready at once.
	Ready func(ctx context.Context) error
}

// runner is something that runs: a process or a goroutine.
type runner interface {
	done() <-chan struct{} // closed when it has ended
	failure() error        // how it ended; only after done
	end()                  // in order; returns when it has ended
	kill()                 // at once, as a crash
}

// part is what the stack starts, watches and stops.
type part struct {
	name   string
	log    string // file, empty for Go code of ours
	launch func(context.Context) (runner, error)
	ready  func(context.Context) error

	running runner // nil when it was never started or was stopped on purpose
}

// where names the part's log, if it has one.
func (p *part) where() string {
	if p.log == "" {
		return ""
	}
	return "; its log is " + p.log
}

// awaitReady asks a part that has just been started until it answers.
func (p *part) awaitReady(ctx context.Context, running runner) error {
	if p.ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	pause := time.NewTicker(30 * time.Millisecond)
	defer pause.Stop()
	for {
		once, done := context.WithTimeout(ctx, 5*time.Second)
		err := p.ready(once)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-running.done():
			return fmt.Errorf("it ended while starting: %w", running.failure())
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-pause.C:
		}
	}
}

// routine is a running Part.
type routine struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// patienceForRoutines is longer than any graceful stop of ours.
const patienceForRoutines = 40 * time.Second

func startRoutine(run func(context.Context) error) *routine {
	ctx, cancel := context.WithCancel(context.Background())
	r := &routine{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.err = run(ctx)
	}()
	return r
}

func (r *routine) done() <-chan struct{} { return r.ended }

func (r *routine) failure() error {
	if r.err == nil {
		return errors.New("it ended by itself")
	}
	return r.err
}

func (r *routine) end() {
	r.cancel()
	timer := time.NewTimer(patienceForRoutines)
	defer timer.Stop()
	select {
	case <-r.ended:
	case <-timer.C:
	}
}

// kill is end: code in our own process cannot be ended from outside.
func (r *routine) kill() { r.end() }
