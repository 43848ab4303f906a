package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/local/stacktest"
)

// TestMain lets a test run this program once more as a stack of its own, so that
// it can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STACK_TEST_RUN_IN"); dir != "" {
		var ports Ports
		if err := json.Unmarshal([]byte(os.Getenv("STACK_TEST_PORTS")), &ports); err != nil {
			panic(err)
		}
		running, err := Start(context.Background(), Options{Dir: dir, Ports: ports, Headless: true})
		if err != nil {
			panic(err)
		}
		panic(running.Wait())
	}
	os.Exit(m.Run())
}

// somewhere is a folder that PostgreSQL's user can reach, unlike t.TempDir.
func somewhere(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "peercert-stack-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePorts(t *testing.T) Ports {
	t.Helper()
	ports, release, err := FreePorts()
	require.NoError(t, err)
	t.Cleanup(release)
	return ports
}

func ephemeral(t *testing.T) *Stack {
	t.Helper()
	stacktest.Require(t)
	s, err := Start(t.Context(), Options{Ephemeral: true, Headless: true, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// On a disk without room nothing is started, and one sentence says where room is needed.
func TestADiskWithoutRoom(t *testing.T) {
	dir, ports := somewhere(t), freePorts(t)
	var out bytes.Buffer
	_, err := Start(t.Context(), Options{Dir: dir, Ports: ports, Headless: true, Out: &out, NeedsMB: 1 << 40})
	require.ErrorContains(t, err, "the disk of "+dir+" has ")
	require.ErrorContains(t, err, "make room there, or name a folder on another disk with LOCAL_DIR")
	require.NotContains(t, err.Error(), "\n")
	require.Empty(t, out.String())
	require.NoFileExists(t, filepath.Join(dir, "running.json"))
}

func recordedIn(t *testing.T, dir string) []recorded {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "running.json"))
	require.NoError(t, err)
	var programs []recorded
	require.NoError(t, json.Unmarshal(text, &programs))
	require.Len(t, programs, 3, "PostgreSQL, Temporal and S3 are programs")
	return programs
}

func requireGone(t *testing.T, programs []recorded) {
	t.Helper()
	for _, program := range programs {
		require.True(t, until(20*time.Second, func() bool { return startOf(program.PID) != program.Start }), "%s is still running", program.Part)
	}
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer connection.Close(t.Context())
	_, err = connection.Exec(t.Context(), statement)
	require.NoError(t, err)
}

func TestNothingIsLeftOfAnEphemeralStack(t *testing.T) {
	s := ephemeral(t)
	programs := recordedIn(t, s.Dir())
	execute(t, s.Settings().DatabaseURL, "select 1")
	require.NoError(t, s.Settings().Check())
	for _, variable := range s.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if name == "PEERCERT_S3_ENDPOINT" {
			require.Equal(t, "http://"+loopback(s.Ports().S3), value)
		}
	}
	require.NoError(t, smtp.SendMail(s.Settings().MailAddress, nil, "a@example.test", []string{"b@example.test"}, []byte("Subject: hello\r\n\r\nbody\r\n")))
	require.Len(t, s.Mailbox().Messages(""), 1)

	s.Stop()
	require.NoError(t, s.Wait())
	requireGone(t, programs)
	require.NoDirExists(t, s.Dir())
	ports := s.Ports()
	require.NoError(t, ports.checkFree())
	require.Error(t, s.AddPart(t.Context(), Part{Name: "late", Run: func(context.Context) error { return nil }}))
}

func TestThePartThatDiesIsNamedAndTheRestStops(t *testing.T) {
	s := ephemeral(t)
	programs := recordedIn(t, s.Dir())
	log := s.Log(S3)
	for _, program := range programs {
		if program.Part == S3 {
			require.NoError(t, syscall.Kill(program.PID, syscall.SIGKILL))
		}
	}
	err := s.Wait()
	require.ErrorContains(t, err, "S3 stopped (signal: killed)")
	require.ErrorContains(t, err, "its log is "+log)
	requireGone(t, programs)
}

func TestAPartOfOursIsWatchedAndStopsInReverseOrder(t *testing.T) {
	s := ephemeral(t)
	var mu sync.Mutex
	var order []string
	broken := make(chan error)
	for _, name := range []string{"first", "second"} {
		require.NoError(t, s.AddPart(t.Context(), Part{Name: name, Run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case err := <-broken:
				return err
			}
			// The parts below are still there while one above ends.
			connection, err := pgx.Connect(context.Background(), s.Settings().DatabaseURL)
			if err == nil {
				err = connection.Close(context.Background())
			}
			mu.Lock()
			defer mu.Unlock()
			order = append(order, fmt.Sprint(name, " ", err))
			return nil
		}}))
	}
	require.ErrorContains(t, s.AddPart(t.Context(), Part{Name: "first"}), "already")
	err := s.AddPart(t.Context(), Part{
		Name: "third", Run: func(context.Context) error { return errors.New("no luck") },
		Ready: func(context.Context) error { return errors.New("not yet") },
	})
	require.ErrorContains(t, err, "starting third: it ended while starting: no luck")

	asked := 0
	require.NoError(t, s.AddPart(t.Context(), Part{
		Name: "fourth", Run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return nil
			case err := <-broken:
				return err
			}
		},
		Ready: func(context.Context) error {
			if asked++; asked < 3 {
				return errors.New("not yet")
			}
			return nil
		},
	}))
	require.NoError(t, s.StopPart("second"))
	require.NoError(t, s.StopPart("first"))
	require.Equal(t, []string{"second <nil>", "first <nil>"}, order)
	require.NoError(t, s.StartPart(t.Context(), "first"))
	require.NoError(t, s.StartPart(t.Context(), "second"))
	order = nil
	require.NoError(t, s.StopPart("first"))
	broken <- errors.New("out of ideas") // taken by the second or the fourth
	require.ErrorContains(t, s.Wait(), "stopped (out of ideas)")
}

func TestAPartCanFailAndComeBack(t *testing.T) {
	s := ephemeral(t)
	url := s.Settings().DatabaseURL
	execute(t, url, "create table kept (id int)")
	execute(t, url, "insert into kept values (1)")
	for _, fail := range []func(string) error{s.KillPart, s.StopPart} {
		for _, name := range []string{PostgreSQL, Temporal, S3, Mailbox} {
			require.NoError(t, fail(name))
		}
		for _, number := range []int{s.Ports().Postgres, s.Ports().Temporal, s.Ports().S3, s.Ports().SMTP, s.Ports().Mailbox} {
			_, err := net.Dial("tcp", loopback(number))
			require.Error(t, err)
		}
		for _, name := range []string{PostgreSQL, Temporal, S3, Mailbox} {
			require.NoError(t, s.StartPart(t.Context(), name))
		}
		execute(t, url, "insert into kept select count(*) from kept having count(*) > 0")
		response, err := http.Get(s.MailboxURL())
		require.NoError(t, err)
		response.Body.Close()
	}
	require.ErrorContains(t, s.KillPart("the moon"), "no part named")
	select {
	case <-s.Done():
		t.Fatal("a planned outage stopped the stack")
	default:
	}
}

func TestAKilledRunIsClearedByTheNext(t *testing.T) {
	stacktest.Require(t)
	dir, ports := somewhere(t), freePorts(t)
	text, err := json.Marshal(ports)
	require.NoError(t, err)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "STACK_TEST_RUN_IN="+dir, "STACK_TEST_PORTS="+string(text))
	child.Stderr = t.Output()
	require.NoError(t, child.Start())
	url := fmt.Sprintf("postgres://peercert@%s/peercert?sslmode=disable", loopback(ports.Postgres))
	require.True(t, until(time.Minute, func() bool {
		connection, err := net.Dial("tcp", loopback(ports.Mailbox))
		if err != nil {
			return false
		}
		_ = connection.Close()
		database, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return false
		}
		defer database.Close(t.Context())
		_, err = database.Exec(t.Context(), "create table if not exists kept (id int)")
		return err == nil
	}), "the stack to be killed did not start")

	_, err = Start(t.Context(), Options{Dir: dir, Ports: freePorts(t)})
	require.ErrorContains(t, err, fmt.Sprintf("already running in %s (process %d)", dir, child.Process.Pid))

	require.True(t, until(30*time.Second, func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "running.json"))
		return err == nil && strings.Count(string(text), `"part"`) == 3
	}))
	programs := recordedIn(t, dir)
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	requireGone(t, programs) // the kernel tells them that their parent died

	// What an older kernel or another system would leave: a program of ours that
	// still runs, an id that a stranger has by now, and a pid file that names a
	// stranger.
	ours, stranger := exec.Command("sleep", "1000"), exec.Command("sleep", "1000")
	for _, left := range []*exec.Cmd{ours, stranger} {
		left.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		require.NoError(t, left.Start())
		t.Cleanup(func() { _ = left.Process.Kill(); _ = left.Wait() })
	}
	require.NoError(t, record{filepath.Join(dir, "running.json")}.write([]recorded{
		{Part: S3, PID: ours.Process.Pid, Start: startOf(ours.Process.Pid)},
		{Part: Temporal, PID: stranger.Process.Pid, Start: "another boot/1"},
	}))
	pidFile := filepath.Join(dir, "postgres", "postmaster.pid")
	require.NoError(t, os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s\n", stranger.Process.Pid, dir), 0o600))

	var printed strings.Builder
	again, err := Start(t.Context(), Options{Dir: dir, Ports: ports, Headless: true, Out: &printed})
	require.NoError(t, err)
	defer again.Stop()
	require.Contains(t, printed.String(), "Cleared 1 parts")
	require.Empty(t, startOf(ours.Process.Pid))
	require.NotEmpty(t, startOf(stranger.Process.Pid))
	execute(t, url, "insert into kept values (2)")
}

func TestATakenPortIsNamedWithItsSetting(t *testing.T) {
	stacktest.Require(t)
	ports := freePorts(t)
	taken, err := net.Listen("tcp", loopback(ports.TemporalUI))
	require.NoError(t, err)
	defer taken.Close()
	_, err = Start(t.Context(), Options{Dir: somewhere(t), Ports: ports})
	require.EqualError(t, err, fmt.Sprintf("port %d, meant for the Temporal UI, is taken by another program: stop that program, or set LOCAL_TEMPORAL_UI_PORT to a free port", ports.TemporalUI))
}

func TestDataOfAnotherPostgresIsRefused(t *testing.T) {
	stacktest.Require(t)
	dir := somewhere(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "postgres"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres", "PG_VERSION"), []byte("99\n"), 0o600))
	_, err := Start(t.Context(), Options{Dir: dir, Ports: freePorts(t), Headless: true})
	require.ErrorContains(t, err, "was made by PostgreSQL 99, which is not installed here")
}

func TestAFolderThatOnlyRootCanReach(t *testing.T) {
	stacktest.Require(t)
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as somebody else")
	}
	dir := filepath.Join(t.TempDir(), "state") // below a folder of mode 0700
	for range 2 {                              // found again the second time
		s, err := Start(t.Context(), Options{Dir: dir, Ports: freePorts(t), Headless: true})
		require.NoError(t, err)
		execute(t, s.Settings().DatabaseURL, "create table if not exists kept (id int)")
		s.Stop()
	}
	place, err := os.ReadFile(filepath.Join(dir, "postgres-folder"))
	require.NoError(t, err)
	outside := strings.TrimSpace(string(place))
	t.Cleanup(func() { _ = os.RemoveAll(outside) })
	require.FileExists(t, filepath.Join(outside, "postgres", "PG_VERSION"))
	require.NoDirExists(t, filepath.Join(dir, "postgres"))
}

func TestPortsFromEnvironment(t *testing.T) {
	t.Setenv("LOCAL_S3_PORT", "7171")
	ports, err := PortsFromEnvironment()
	require.NoError(t, err)
	require.Equal(t, 7171, ports.S3)
	require.Equal(t, 5442, ports.Postgres)

	t.Setenv("LOCAL_S3_PORT", "5442")
	_, err = PortsFromEnvironment()
	require.ErrorContains(t, err, "LOCAL_S3_PORT")

	t.Setenv("LOCAL_S3_PORT", "many")
	_, err = PortsFromEnvironment()
	require.ErrorContains(t, err, `LOCAL_S3_PORT is "many"`)
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	for _, row := range []struct {
		have, least string
		enough      bool
	}{
		{"v1.5.1", "v1.5.0", true}, {"1.10.0", "v1.5.0", true}, {"v1.4.9", "v1.5.0", false}, {"2.0", "v1.5.0", true},
		{"1.26", "1.26", true}, {"1.26.8", "1.26", true}, {"1.25.3", "1.26", false}, {"", "1.0", false}, {"(devel)", "v1.0.0", false},
	} {
		require.Equal(t, row.enough, isAtLeast(row.have, row.least), "%+v", row)
	}
}

func TestAnInvalidSettingNamesItself(t *testing.T) {
	stacktest.Require(t)
	t.Setenv("PEERCERT_DATABASE_CONNECTIONS", "1")
	_, err := Start(t.Context(), Options{Ephemeral: true, Headless: true})
	require.ErrorContains(t, err, "PEERCERT_DATABASE_CONNECTIONS")
}

func TestKilledEphemeralStacksAreSweptAway(t *testing.T) {
	stacktest.Require(t)
	left, err := os.MkdirTemp("", temporaryPrefix)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(left, lockName), []byte(strconv.Itoa(os.Getpid())), 0o600))
	inUse, release, err := temporaryFolder()
	require.NoError(t, err)
	require.NoDirExists(t, left)

	other, releaseOther, err := temporaryFolder()
	require.NoError(t, err)
	require.DirExists(t, inUse, "a folder whose stack runs is left alone")
	require.NoError(t, release())
	require.NoError(t, releaseOther())
	require.False(t, slices.ContainsFunc([]string{inUse, other}, func(dir string) bool { _, err := os.Stat(dir); return err == nil }))
}
