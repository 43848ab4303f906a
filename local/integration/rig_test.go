// Package integration tests the whole product on a stack of its own: API, worker and
// simulators as "local dev" runs them, on a real PostgreSQL, Temporal, S3 service and
// mailbox, which the tests break. What a test sees, it sees through HTTP; it looks
// into the parts only to find that nothing else has happened there.
package integration

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/local/stacktest"
)

// patience bounds the errands of every case here: it is how long a part must be away
// until a case asks for attention.
const patience = 12 * time.Second

// soon is how long a thing may take that comes by itself: longer than a minute, after which
// Temporal misses what it handed to a worker that never got it.
const soon = 2 * time.Minute

// rig is the stack that the tests of this package share. Those that break a part or
// stop a program are not parallel, and leave everything as they found it.
type rig struct {
	*product.Product
	stack   *stack.Stack
	records *pgxpool.Pool // past the product, to count what it wrote
	log     *lines
	logger  *slog.Logger // the default one, which writes to log

	reviewer, reviewer2, administrator string // tokens
	// moving is held by whoever moves the clock: it is the same for all scenes.
	moving sync.Mutex
}

var shared struct {
	sync.Once
	*rig
	err error
}

func TestMain(m *testing.M) {
	flag.Parse()
	// One more at once than there are processors: one of the parallel tests only waits,
	// for two minutes, and should begin with the first.
	if err := flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0)+1)); err != nil {
		panic(err)
	}
	code := m.Run()
	if shared.rig != nil {
		shared.end()
	}
	os.Exit(code)
}

// alone gives a rig that nobody shares, for a test that has a part away for long. Its
// lines are among those of the shared one: a program has one default logger, which
// others beside this test look into.
func alone(t *testing.T) *rig {
	t.Helper()
	everybody := onStack(t)
	r, err := start(everybody.log)
	slog.SetDefault(everybody.logger)
	require.NoError(t, err)
	t.Cleanup(r.end)
	return r
}

// end stops everything of a rig.
func (r *rig) end() {
	r.stack.Stop()
	r.Close()
	r.records.Close()
}

// onStack gives the shared rig, started by the first test that needs it.
func onStack(t *testing.T) *rig {
	t.Helper()
	stacktest.Require(t)
	shared.Do(func() { shared.rig, shared.err = start(&lines{}) })
	require.NoError(t, shared.err)
	select {
	case <-shared.stack.Done():
		t.Fatal("the stack has stopped: ", shared.stack.Wait())
	default:
	}
	return shared.rig
}

func start(log *lines) (*rig, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true})
	if err != nil {
		return nil, err
	}
	r := &rig{stack: running, log: log}
	if r.Product, err = product.Start(ctx, running, product.Options{Forget: true, Log: r.log, Patience: patience}); err != nil {
		running.Stop()
		return nil, err
	}
	r.logger = slog.Default()
	if r.records, err = pgxpool.New(ctx, r.Settings.DatabaseURL); err != nil {
		running.Stop()
		return nil, err
	}
	world, err := r.World(ctx, os.Stderr)
	if err != nil {
		running.Stop()
		return nil, err
	}
	r.reviewer, r.reviewer2, r.administrator = world.Reviewer, world.Reviewer2, world.Administrator
	return r, nil
}

// lines keeps what the product logs.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

// with are the lines that have all of some words.
func (l *lines) with(words ...string) []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.DeleteFunc(strings.Split(l.text.String(), "\n"), func(line string) bool {
		return line == "" || slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) })
	})
}

// scene is the place of one test: people of its own, whose every request and answer
// is held against the specification.
type scene struct {
	*testing.T
	*rig
	world                              *journey.World
	reviewer, reviewer2, administrator *apitest.Client
}

func (r *rig) scene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, rig: r, world: &journey.World{
		API: r.Settings.PublicURL, Mailbox: r.stack.MailboxURL(), Clock: r.ClockURL,
		Vendor: fmt.Sprintf("http://127.0.0.1:%d", r.stack.Ports().Exam), TemporalUI: r.Settings.TemporalUI,
		Reviewer: r.reviewer, Reviewer2: r.reviewer2, Administrator: r.administrator, Out: testLog{t}, Moving: &r.moving,
	}}
	require.NoError(t, s.world.Open())
	anybody := s.world.Anybody()
	s.reviewer, s.reviewer2, s.administrator = anybody.As(r.reviewer), anybody.As(r.reviewer2), anybody.As(r.administrator)
	t.Cleanup(func() { require.NoError(t, s.world.Result(), "against openapi.yaml") })
	return s
}

type testLog struct{ testing.TB }

func (l testLog) Write(text []byte) (int, error) {
	l.Log(strings.TrimSuffix(string(text), "\n"))
	return len(text), nil
}

// registered are people, somebody new each, with a case at its first stage.
func (s *scene) registered(count int) []*journey.Person {
	s.Helper()
	people := make([]*journey.Person, count)
	for i := range people {
		p := s.world.NewPerson("Robin", "Sample", "en")
		err := p.Register(s.Context())
		// Tests beside this one move the clock: past the ten minutes of a code, somebody
		// has to register again, as a person would.
		for try := 1; try < 5 && err != nil && strings.Contains(err.Error(), "confirming: answered 404"); try++ {
			p = s.world.NewPerson("Robin", "Sample", "en")
			err = p.Register(s.Context())
		}
		require.NoError(s, err)
		// An open case is woken whenever a test moves the clock: it is closed if it can be.
		s.Cleanup(func() { _, _ = p.API.Signal(context.Background(), p.CaseID, "withdraw", nil) })
		people[i] = p
	}
	return people
}

// applicants are people who have watched the video.
func (s *scene) applicants(count int) []*journey.Person {
	s.Helper()
	people := s.registered(count)
	require.NoError(s, s.world.WatchVideos(s.Context(), people...))
	return people
}

// inReview are people whose application waits for a reviewer.
func (s *scene) inReview(count int) []*journey.Person {
	s.Helper()
	people := s.applicants(count)
	for _, p := range people {
		require.NoError(s, p.Apply(s.Context()))
		require.NoError(s, p.Pay(s.Context(), 100_00, certification.StageApplicationReview))
	}
	return people
}

// trained is somebody whose training was accepted: the exam fee is due.
func (s *scene) trained() *journey.Person {
	s.Helper()
	p := s.inReview(1)[0]
	_, err := p.Review(s.Context(), "decide-application", map[string]any{"decision": "approve"})
	require.NoError(s, err)
	require.NoError(s, p.Train(s.Context()))
	return p
}

// eventually waits until something holds. What it says last is why it does not.
func (s *scene) eventually(within time.Duration, what string, ask func() error) {
	s.Helper()
	deadline := time.Now().Add(within)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.NoError(s, err, "waiting for %s", what)
		}
		time.Sleep(40 * time.Millisecond)
	}
}

// sent is an answer of the API that must have come.
func (s *scene) sent(answer apitest.Answer, err error) apitest.Answer {
	s.Helper()
	require.NoError(s, err)
	return answer
}

// unavailable wants "try later" with a time.
func (s *scene) unavailable(answer apitest.Answer, err error) {
	s.Helper()
	require.NoError(s, err)
	require.Equal(s, http.StatusServiceUnavailable, answer.Status, string(answer.Body))
	require.Equal(s, "unavailable", answer.Problem())
	require.NotEmpty(s, answer.Header.Get("Retry-After"))
}

// stop ends a part, and starts it again at the end of the test at the latest.
func (s *scene) stop(part string) {
	s.Helper()
	require.NoError(s, s.stack.KillPart(part))
	s.Cleanup(func() { require.NoError(s, s.stack.StartPart(context.Background(), part)) })
}

func (s *scene) start(part string) {
	s.Helper()
	require.NoError(s, s.stack.StartPart(s.Context(), part))
}

// events counts the events of a signal in the log of a case.
func (s *scene) events(caseID, signal string) int {
	s.Helper()
	var count int
	require.NoError(s, s.records.QueryRow(s.Context(),
		`SELECT count(*) FROM case_events WHERE case_id = $1 AND event->>'signal' = $2 AND voided_at IS NULL`, caseID, signal).Scan(&count))
	return count
}

// written is everything the records have of a case, but for who read it, which keys
// were used, and what senders note on letters.
func (s *scene) written(caseID string) string {
	s.Helper()
	// An uploaded document is checked by itself, and then the case notes it.
	s.eventually(time.Minute, "the checks of the documents", func() error {
		var unchecked int
		err := s.records.QueryRow(s.Context(), `SELECT count(*) FROM documents d JOIN cases c ON c.id = d.case_id
			WHERE c.id = $1 AND c.stage <> 'closed' AND NOT EXISTS (SELECT FROM case_events e WHERE e.case_id = c.id AND e.voided_at IS NULL
				AND e.event->>'signal' = 'document-checked' AND e.event->'details'->>'id' = d.id::text)`, caseID).Scan(&unchecked)
		if err == nil && unchecked > 0 {
			err = fmt.Errorf("%d documents are being checked", unchecked)
		}
		return err
	})
	var all strings.Builder
	for _, query := range []string{
		`SELECT c::text FROM cases c WHERE id = $1`,
		`SELECT e::text FROM case_events e WHERE case_id = $1 ORDER BY id`,
		`SELECT p::text FROM promises p WHERE case_id = $1 ORDER BY id`,
		`SELECT n.id || n.letter FROM notices n WHERE case_id = $1 ORDER BY id`,
		`SELECT p::text FROM payments p WHERE case_id = $1 ORDER BY id`,
		`SELECT a::text FROM authorizations a WHERE case_id = $1 ORDER BY id`,
		`SELECT d::text FROM drafts d WHERE case_id = $1 ORDER BY form`,
		`SELECT d::text FROM documents d WHERE case_id = $1 ORDER BY id`,
		`SELECT n::text FROM decision_notes n WHERE case_id = $1 ORDER BY key, code`,
	} {
		rows, err := s.records.Query(s.Context(), query, caseID)
		require.NoError(s, err)
		for rows.Next() {
			var row string
			require.NoError(s, rows.Scan(&row))
			all.WriteString(row + "\n")
		}
		require.NoError(s, rows.Err())
		all.WriteString("\n")
	}
	return all.String()
}

// objects lists what is in the bucket, but for the exam vendor's files.
func (s *scene) objects() []string {
	s.Helper()
	var names []string
	root := filepath.Join(s.stack.Dir(), "s3", "objects")
	require.NoError(s, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.Contains(path, "exam-vendor") {
			names = append(names, strings.TrimPrefix(path, root))
		}
		return err
	}))
	return names
}
