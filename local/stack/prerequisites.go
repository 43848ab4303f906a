package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// leastPostgres is the oldest major version of PostgreSQL that will do.
const leastPostgres = 14

// binaries is a folder with the programs of one PostgreSQL server.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// findPostgres is the newest PostgreSQL server of this machine, or the one of
// a given major version (0: any). Not found is no error: its dir is empty.
func findPostgres(ctx context.Context, major int) binaries {
	var folders []string
	if found, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(found))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	} {
		matches, _ := filepath.Glob(pattern)
		folders = append(folders, matches...)
	}
	var best binaries
	for _, folder := range folders {
		if !isProgram(filepath.Join(folder, "initdb")) {
			continue
		}
		found := numbers(versionOf(ctx, filepath.Join(folder, "postgres")))
		if found == nil || found[0] < leastPostgres || found[0] <= best.major || (major != 0 && found[0] != major) {
			continue
		}
		best = binaries{dir: folder, major: found[0]}
	}
	return best
}

// Install sees to the programs that Go cannot build: PostgreSQL. As root on
// Debian it installs them; otherwise the error is a sentence with the one
// command that does.
func Install(ctx context.Context, out io.Writer) error {
	if findPostgres(ctx, 0).dir != "" {
		return nil
	}
	const what = "PostgreSQL 14 or newer is not installed"
	apt, noApt := exec.LookPath("apt-get")
	switch {
	case runtime.GOOS == "darwin":
		return errors.New(what + ". This command installs it:\n  brew install postgresql@17")
	case noApt != nil:
		return errors.New(what + ": install your system's PostgreSQL server package, or put its programs on the PATH")
	case os.Geteuid() != 0:
		return errors.New(what + `. This command installs it, without a second server on port 5432:
  sudo sh -c 'apt-get update && apt-get install -y postgresql-common && echo "create_main_cluster = false" >> ` + clusterSettings + ` && apt-get install -y postgresql'`)
	}
	fmt.Fprintln(out, "Installing PostgreSQL with apt-get, about a minute …")
	// The first package brings the settings file, the second would create and
	// start a server of its own on port 5432 if that file did not say no.
	if err := aptInstall(ctx, apt, "postgresql-common"); err != nil {
		return err
	}
	if err := forbidCluster(); err != nil {
		return err
	}
	if err := aptInstall(ctx, apt, "postgresql"); err != nil {
		return err
	}
	if findPostgres(ctx, 0).dir == "" {
		return errors.New("this Debian's PostgreSQL is older than 14: install a newer one")
	}
	return nil
}

const clusterSettings = "/etc/postgresql-common/createcluster.conf"

func forbidCluster() error {
	before, err := os.ReadFile(clusterSettings)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading %s: %w", clusterSettings, err)
	}
	for line := range strings.Lines(string(before)) {
		if strings.HasPrefix(strings.TrimSpace(line), "create_main_cluster") {
			return nil // somebody has decided
		}
	}
	if err := os.WriteFile(clusterSettings, append(before, "\ncreate_main_cluster = false\n"...), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", clusterSettings, err)
	}
	return nil
}

// aptInstall installs packages, and fetches the package lists only when it does
// not work without: they are missing on a new machine.
func aptInstall(ctx context.Context, apt string, packages ...string) error {
	run := func(arguments ...string) (string, error) {
		cmd := exec.CommandContext(ctx, apt, arguments...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		printed, err := cmd.CombinedOutput()
		return string(printed), err
	}
	install := slices.Concat([]string{"install", "-y", "--no-install-recommends"}, packages)
	if _, err := run(install...); err == nil {
		return nil
	}
	if printed, err := run("update"); err != nil {
		return fmt.Errorf("apt-get update did not work: %w\n%s", err, lastLines(printed, 10))
	}
	if printed, err := run(install...); err != nil {
		return fmt.Errorf("apt-get install %s did not work: %w\n%s", strings.Join(packages, " "), err, lastLines(printed, 10))
	}
	return nil
}

// binariesFor finds the server for a data directory: any that is new enough for
// a new one, and the very version that wrote an old one.
func binariesFor(ctx context.Context, data string) (binaries, error) {
	written, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		found := findPostgres(ctx, 0)
		if found.dir == "" {
			return found, errors.New("PostgreSQL 14 or newer is not installed: make setup installs it")
		}
		return found, nil
	}
	if err != nil {
		return binaries{}, fmt.Errorf("reading the version of the local database: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(written)))
	if err != nil {
		return binaries{}, fmt.Errorf("%s is not a PostgreSQL data directory: remove it to begin anew", data)
	}
	found := findPostgres(ctx, major)
	if found.dir == "" {
		return found, fmt.Errorf("the local database in %s was made by PostgreSQL %d, which is not installed here: install version %d, or remove that folder to begin anew", data, major, major)
	}
	return found, nil
}
