package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is the real server on a data directory and port of its own.
type postgres struct {
	home      string   // its data directory
	as        *account // who runs it; nil: ourselves
	log       string
	port      int
	ephemeral bool // the data need not survive the machine, only the process
}

// url is the address of one database of the server.
func (p postgres) url(database string) string {
	return fmt.Sprintf("postgres://peercert@%s/%s?sslmode=disable", loopback(p.port), database)
}

func (p postgres) launch(ctx context.Context) (runner, error) {
	if err := clearPostgres(p.home); err != nil {
		return nil, err
	}
	programs, err := binariesFor(ctx, p.home)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(p.home, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := p.initialize(ctx, programs); err != nil {
			return nil, err
		}
	}
	arguments := []string{"-D", p.home, "-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", // a long path of a socket fails
		"-c", "max_connections=300",
		"-c", "timezone=UTC", "-c", "log_timezone=UTC",
		// A statement or the detail of an error may hold what a person typed.
		"-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic",
	}
	if p.ephemeral {
		arguments = append(arguments, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return startProcess(command{
		path: programs.path("postgres"), arguments: arguments, dir: filepath.Dir(p.home), env: plainEnvironment(),
		log: p.log, as: p.as,
		stop:     syscall.SIGINT,  // "fast": ends the sessions, writes everything down
		orphaned: syscall.SIGQUIT, // "immediate": takes its children and shared memory with it, which SIGKILL does not
		patience: 20 * time.Second,
	})
}

// initialize makes the data directory beside its final place and renames it, so
// that one cut short is never taken for a whole one.
func (p postgres) initialize(ctx context.Context, programs binaries) error {
	partial := p.home + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("clearing a half-made database: %w", err)
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return fmt.Errorf("making the folder of the database: %w", err)
	}
	if p.as != nil {
		if err := os.Chown(partial, int(p.as.uid), int(p.as.gid)); err != nil {
			return fmt.Errorf("giving the folder of the database to %s: %w", p.as.name, err)
		}
	}
	locale := "C.UTF-8"
	if runtime.GOOS != "linux" {
		locale = "C" // the other is not everywhere
	}
	printed, err := output(ctx, command{
		path: programs.path("initdb"), as: p.as, dir: filepath.Dir(p.home), env: plainEnvironment(),
		arguments: []string{"-D", partial, "--username=peercert", "--auth=trust", "--encoding=UTF8", "--locale=" + locale, "--no-instructions", "--no-sync"},
	})
	if err != nil {
		return fmt.Errorf("making the database did not work: %w\n%s", err, lastLines(printed, 10))
	}
	if err := os.Rename(partial, p.home); err != nil {
		return fmt.Errorf("putting the database in its place: %w", err)
	}
	return nil
}

// createDatabase makes the product's database where it is missing. It fails as
// long as the server does not answer.
func (p postgres) createDatabase(ctx context.Context) error {
	connection, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	var exists bool
	if err := connection.QueryRow(ctx, "select exists (select from pg_database where datname = 'peercert')").Scan(&exists); err != nil || exists {
		return err
	}
	_, err = connection.Exec(ctx, "create database peercert")
	return err
}

// plainEnvironment is what a part sees of our environment: enough to run, and no
// setting that would change what it does.
func plainEnvironment() []string {
	env := []string{"LANG=C.UTF-8", "LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "USER"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}
