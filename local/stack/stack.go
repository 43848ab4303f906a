// Package stack runs everything Peercert needs on one machine: PostgreSQL,
// Temporal, an S3 service and a mailbox, all real, all on loopback, watched as
// one. It is for development, demonstrations and tests.
package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"peercert/config"
	"peercert/local/mailbox"
)

// Options say how to start a stack.
type Options struct {
	// Dir keeps the state of a persistent stack. Ignored when Ephemeral.
	Dir string
	// Ephemeral stacks keep their state in a temporary folder that Stop removes.
	Ephemeral bool
	// Durable makes the PostgreSQL of an ephemeral stack write through to the disk,
	// as a persistent one always does: for measuring.
	Durable bool
	// Ports to listen on. An ephemeral stack picks a free one for every zero; a
	// persistent stack takes them all as they are (see PortsFromEnvironment).
	Ports Ports
	// Unfinished names a file in Dir that stands there while a first start is under way.
	// A start that finds it removes the state beside it, which is half made and of no
	// use, and begins anew. Empty: there is none. Ignored when Ephemeral.
	Unfinished string
	// NeedsMB is what must be free on the disk of the state, in MB; 0 means what it usually takes.
	NeedsMB int64
	// Headless leaves out the Temporal UI.
	Headless bool
	// Out takes a line for each step that takes time; nil means nowhere.
	Out io.Writer
	// Now is the clock of the mailbox; nil means the machine's.
	Now func() time.Time
}

// Stack is a running stack. It is safe for concurrent use.
type Stack struct {
	dir      string
	ports    Ports
	settings config.Settings
	database postgres
	mailbox  *mailbox.Mailbox
	record   record
	out      io.Writer
	remove   func() error // gives back the folder's lock, and the folder when ephemeral
	// releasePorts lets other ephemeral stacks have the ports; nil otherwise.
	releasePorts func()

	quit     context.Context // ends when the stack begins to stop
	stopping context.CancelCauseFunc
	changing sync.Mutex    // held while parts are started or stopped
	stopped  chan struct{} // closed when everything is gone
	once     sync.Once

	mu    sync.Mutex
	parts []*part // in the order of their start
	cause error   // why the stack stopped by itself
}

// Start starts every part and returns when all of them answer. Errors are
// sentences for the person at the machine: a taken port, a missing program, a
// full disk, a second stack on one folder. Whatever had been started by then is
// stopped again. When ctx ends during Start, so does Start; later it means
// nothing.
func Start(ctx context.Context, options Options) (*Stack, error) {
	if options.Out == nil {
		options.Out = io.Discard
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Stack{ports: options.Ports, out: &lines{to: options.Out}, stopped: make(chan struct{})}
	s.quit, s.stopping = context.WithCancelCause(context.Background())

	var err error
	if options.Ephemeral {
		s.dir, s.remove, err = temporaryFolder()
	} else {
		s.dir, s.remove, err = folder(options.Dir)
	}
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, options); err != nil {
		s.shutdown(nil)
		if s.cause != nil {
			err = s.cause
		}
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, options Options) error {
	began := time.Now()
	s.record = record{filepath.Join(s.dir, "running.json")}
	cleared, err := s.record.clear()
	if err != nil {
		return err
	}
	if cleared > 0 {
		fmt.Fprintf(s.out, "Cleared %d parts that a killed run had left.\n", cleared)
	}
	place, account, err := home(s.dir)
	if err != nil {
		return err
	}
	for _, dir := range []string{s.dir, place} {
		if err := checkRoom(dir, cmp.Or(options.NeedsMB, stateMB)); err != nil {
			return err
		}
	}
	if err := clearPostgres(place); err != nil {
		return err
	}
	if options.Unfinished != "" && !options.Ephemeral {
		removed, err := removeUnfinished(s.dir, options.Unfinished, place)
		if err != nil {
			return err
		}
		if removed {
			fmt.Fprintln(s.out, "The first start was broken off. What it had made so far is removed, and it begins anew.")
		}
	}
	if options.Ephemeral {
		s.releasePorts, err = s.ports.fill()
	} else {
		err = s.ports.checkFree()
	}
	if err != nil {
		return err
	}
	logs := filepath.Join(s.dir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return fmt.Errorf("making the folder for logs: %w", err)
	}
	log := func(name string) string { return filepath.Join(logs, name+".log") }

	if err := Install(ctx, s.out); err != nil {
		return err
	}
	temporalProgram, err := TemporalServer().Path(ctx, s.out)
	if err != nil {
		return err
	}
	s3Program, err := S3Gateway().Path(ctx, s.out)
	if err != nil {
		return err
	}

	s.database = postgres{home: place, as: account, log: log("postgres"), port: s.ports.Postgres, ephemeral: options.Ephemeral && !options.Durable}
	if s.settings, err = settingsOn(s.ports, s.database.url("peercert")); err != nil {
		return err
	}
	if s.mailbox, err = mailbox.New(filepath.Join(s.dir, "mail"), options.Now); err != nil {
		return err
	}
	server := temporal{
		program: temporalProgram, dir: s.dir, database: filepath.Join(s.dir, "temporal.db"), log: log("temporal"),
		port: s.ports.Temporal, pages: s.ports.TemporalUI, namespace: namespace, headless: options.Headless,
	}
	store := gateway{program: s3Program, dir: filepath.Join(s.dir, "s3"), log: log("s3"), port: s.ports.S3, bucket: bucket}
	parts := []*part{
		{name: PostgreSQL, log: s.database.log, launch: s.database.launch, ready: s.database.createDatabase},
		{name: Temporal, log: server.log, launch: server.launch, ready: server.answers},
		{name: S3, log: store.log, launch: store.launch, ready: store.createBucket},
		{name: Mailbox, launch: s.launchMailbox},
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	s.parts = parts
	s.mu.Unlock()
	fmt.Fprintln(s.out, "Starting PostgreSQL, Temporal, S3 and the mailbox …")
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		group.Go(func() error { return s.startPart(ctx, p) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if s.quit.Err() != nil {
		return errors.New("the stack was stopped while it started")
	}
	fmt.Fprintf(s.out, "They answer, after %.1f s.\n", time.Since(began).Seconds())
	return nil
}

// startPart starts one part and watches it. The caller holds changing.
func (s *Stack) startPart(ctx context.Context, p *part) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.quit, cancel)()
	if ctx.Err() != nil {
		return fmt.Errorf("starting %s: %w", p.name, ctx.Err())
	}
	running, err := p.launch(ctx)
	if err != nil {
		return fmt.Errorf("starting %s: %w%s", p.name, err, p.where())
	}
	s.setRunning(p, running)
	if err := p.awaitReady(ctx, running); err != nil {
		s.setRunning(p, nil)
		running.end()
		return fmt.Errorf("starting %s: %w%s", p.name, err, p.where())
	}
	go s.watch(p, running)
	return nil
}

// watch stops the stack when a part ends that nobody stopped.
func (s *Stack) watch(p *part, running runner) {
	<-running.done()
	s.mu.Lock()
	unexpected := p.running == running
	s.mu.Unlock()
	if unexpected && s.quit.Err() == nil {
		s.shutdown(fmt.Errorf("%s stopped (%w), so everything else was stopped too%s", p.name, running.failure(), p.where()))
	}
}

// setRunning notes what runs as a part and brings the record on disk up to date.
func (s *Stack) setRunning(p *part, running runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.running = running
	var programs []recorded
	for _, p := range s.parts {
		if process, ok := p.running.(*process); ok {
			programs = append(programs, recorded{Part: p.name, PID: process.pid, Start: startOf(process.pid)})
		}
	}
	if err := s.record.write(programs); err != nil {
		// The parts run all the same; only clearing up after a kill -9 would suffer.
		fmt.Fprintln(s.out, err)
	}
}

// AddPart runs Go code as one more part, watched like the others, and returns
// when it is ready. Parts stop in the reverse order of their start.
func (s *Stack) AddPart(ctx context.Context, added Part) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if s.quit.Err() != nil {
		return fmt.Errorf("starting %s: the stack has been stopped", added.Name)
	}
	p := &part{
		name: added.Name, ready: added.Ready,
		launch: func(context.Context) (runner, error) { return startRoutine(added.Run), nil },
	}
	s.mu.Lock()
	exists := slices.ContainsFunc(s.parts, func(other *part) bool { return other.name == p.name })
	if !exists {
		s.parts = append(s.parts, p)
	}
	s.mu.Unlock()
	if exists {
		return fmt.Errorf("there is already a part named %s", added.Name)
	}
	return s.startPart(ctx, p)
}

// StopPart ends one part in order, as a planned outage; the stack goes on.
func (s *Stack) StopPart(name string) error { return s.halt(name, runner.end) }

// KillPart ends one part at once, as a crash; the stack goes on.
func (s *Stack) KillPart(name string) error { return s.halt(name, runner.kill) }

func (s *Stack) halt(name string, how func(runner)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	p, err := s.part(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	running := p.running
	s.mu.Unlock()
	if running == nil {
		return nil
	}
	s.setRunning(p, nil) // before it ends, so that watch takes it as meant
	how(running)
	return nil
}

// StartPart starts a part that StopPart or KillPart ended, on the same port and
// with the same state, and returns when it answers.
func (s *Stack) StartPart(ctx context.Context, name string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	p, err := s.part(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	isRunning := p.running != nil
	s.mu.Unlock()
	if isRunning {
		return nil
	}
	return s.startPart(ctx, p)
}

func (s *Stack) part(name string) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("there is no part named %s", name)
}

// Stop ends every part in the reverse order of their start and returns when
// nothing of the stack is left running. It may be called more than once.
func (s *Stack) Stop() { s.shutdown(nil) }

// Wait returns when the stack has stopped: nil after Stop, otherwise a sentence
// that names the part that ended by itself, and its log.
func (s *Stack) Wait() error {
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

// Done is closed when the stack begins to stop, also by itself.
func (s *Stack) Done() <-chan struct{} { return s.quit.Done() }

func (s *Stack) shutdown(cause error) {
	s.once.Do(func() {
		s.mu.Lock()
		s.cause = cause
		s.mu.Unlock()
		s.stopping(cause) // ends a start that is under way, which holds changing
		s.changing.Lock()
		defer s.changing.Unlock()
		for _, p := range slices.Backward(s.parts) {
			s.mu.Lock()
			running := p.running
			s.mu.Unlock()
			if running == nil {
				continue
			}
			running.end()
			s.setRunning(p, nil)
		}
		if s.record.path != "" {
			_ = os.Remove(s.record.path)
		}
		if err := s.remove(); err != nil {
			fmt.Fprintln(s.out, err)
		}
		if s.releasePorts != nil {
			s.releasePorts()
		}
		close(s.stopped)
	})
	<-s.stopped
}

// Settings are the product's settings on this stack.
func (s *Stack) Settings() config.Settings { return s.settings }

// Environ are the same settings as environment variables, NAME=value.
func (s *Stack) Environ() []string { return environment(s.settings) }

// TestEnviron are the variables from which package stacktest finds the stack.
func (s *Stack) TestEnviron() []string {
	return []string{
		"PEERCERT_TEST_POSTGRES_URL=" + s.database.url("postgres"),
		"PEERCERT_TEST_TEMPORAL_ADDRESS=" + s.settings.TemporalAddress,
		"PEERCERT_TEST_S3_ENDPOINT=" + s.settings.S3Endpoint,
		"PEERCERT_TEST_S3_REGION=" + s.settings.S3Region,
		"PEERCERT_TEST_S3_ACCESS_KEY=" + s.settings.S3AccessKey,
		"PEERCERT_TEST_S3_SECRET_KEY=" + s.settings.S3SecretKey,
	}
}

// Ports are the ports this stack listens on, or keeps for parts to be added.
func (s *Stack) Ports() Ports { return s.ports }

// Mailbox is the mailbox all mail of this stack goes to.
func (s *Stack) Mailbox() *mailbox.Mailbox { return s.mailbox }

// MailboxURL is the address of its page.
func (s *Stack) MailboxURL() string { return "http://" + loopback(s.ports.Mailbox) }

// Dir is the folder of the stack's state and logs.
func (s *Stack) Dir() string { return s.dir }

// Log is the file of a part's log, empty for Go code of ours.
func (s *Stack) Log(name string) string {
	p, err := s.part(name)
	if err != nil {
		return ""
	}
	return p.log
}

// lines lets parts that start side by side print without mixing.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(text)
}

// processHolding reads which process holds a stack's lock, for a sentence.
func processHolding(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "another process"
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}
