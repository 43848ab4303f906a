package stack

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Tool is a Go program of somebody else's, built once per user by
// "go install package@version", never through our go.mod: a server's
// requirements must not decide the versions the product is built with.
type Tool struct {
	Name    string // of the program file
	Package string
	Version string // the version we build
	Least   string // the oldest on the PATH that will do; empty: always build
	What    string // for people
	Takes   string // about how long the first build takes on two cores
	NeedsGB int64  // free disk space its first build needs
}

// TemporalServer is Temporal's CLI with its development server and web UI.
// 1.5.1 is the last release that "go install" accepts: later ones carry a
// replace in their go.mod.
func TemporalServer() Tool {
	return Tool{
		Name: "temporal", Package: "github.com/temporalio/cli/cmd/temporal", Version: "v1.5.1", Least: "v1.5.0",
		What: "the Temporal server", Takes: "about 5 minutes", NeedsGB: 4,
	}
}

// S3Gateway is an S3 service over a folder.
func S3Gateway() Tool {
	return Tool{
		Name: "versitygw", Package: "github.com/versity/versitygw/cmd/versitygw", Version: "v1.8.0", Least: "v1.8.0",
		What: "the S3 service", Takes: "about 90 seconds", NeedsGB: 2,
	}
}

// StripeMock answers as Stripe's own description of its API says. This version
// carries exactly the API version 2023-10-16, so no other will do.
func StripeMock() Tool {
	return Tool{
		Name: "stripe-mock", Package: "github.com/stripe/stripe-mock", Version: "v0.183.0",
		What: "Stripe's mock server", Takes: "about 20 seconds", NeedsGB: 1,
	}
}

// TestRunner runs go test and sums up what it did.
func TestRunner() Tool {
	return Tool{
		Name: "gotestsum", Package: "gotest.tools/gotestsum", Version: "v1.13.0", Least: "v1.12.0",
		What: "the test runner", Takes: "about 20 seconds", NeedsGB: 1,
	}
}

// StaticCheck is the linter of make lint.
func StaticCheck() Tool {
	return Tool{
		Name: "staticcheck", Package: "honnef.co/go/tools/cmd/staticcheck", Version: "v0.8.2",
		What: "staticcheck", Takes: "about a minute", NeedsGB: 1,
	}
}

// WorkflowCheck finds what a workflow must not do because a replay would do it
// differently.
func WorkflowCheck() Tool {
	return Tool{
		Name: "workflowcheck", Package: "go.temporal.io/sdk/contrib/tools/workflowcheck", Version: "v0.6.0",
		What: "workflowcheck", Takes: "about 20 seconds", NeedsGB: 1,
	}
}

// QueryGenerator writes Go from the SQL of package store.
func QueryGenerator() Tool {
	return Tool{
		Name: "sqlc", Package: "github.com/sqlc-dev/sqlc/cmd/sqlc", Version: "v1.31.1",
		What: "sqlc", Takes: "about 2 minutes", NeedsGB: 2,
	}
}

// Path is the tool's program file: a new enough one on the PATH, else the one in
// the user's cache, which is built first when it is not there. Lines about a
// build go to out. Errors are sentences for people.
func (t Tool) Path(ctx context.Context, out io.Writer) (string, error) {
	if t.Least != "" {
		if found, err := exec.LookPath(t.Name); err == nil && isAtLeast(versionOf(ctx, found), t.Least) {
			return found, nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding this user's cache folder: %w: set HOME", err)
	}
	tools := filepath.Join(cache, "peercert", "tools")
	program := filepath.Join(tools, t.Name+"-"+t.Version, t.Name)
	if isProgram(program) {
		return program, nil
	}
	if err := os.MkdirAll(tools, 0o755); err != nil {
		return "", fmt.Errorf("making the folder for tools: %w", err)
	}
	release, err := lock(filepath.Join(tools, ".building-"+t.Name))
	if errors.Is(err, errLocked) {
		fmt.Fprintf(out, "Waiting for %s, which another start is building …\n", t.What)
		release, err = waitForLock(filepath.Join(tools, ".building-"+t.Name))
	}
	if err != nil {
		return "", err
	}
	defer release()
	if isProgram(program) {
		return program, nil
	}
	return program, t.build(ctx, out, tools, filepath.Dir(program))
}

// build installs into a folder beside the final one and renames it, so that a
// build cut short leaves no half program behind.
func (t Tool) build(ctx context.Context, out io.Writer, tools, final string) error {
	golang, err := goCommand(ctx)
	if err != nil {
		return err
	}
	if err := checkSpace(ctx, golang, t, tools); err != nil {
		return err
	}
	fmt.Fprintf(out, "Building %s (%s %s), %s the first time …\n", t.What, t.Name, t.Version, t.Takes)
	partial, err := os.MkdirTemp(tools, ".partial-"+t.Name+"-")
	if err != nil {
		return fmt.Errorf("making a folder for the build of %s: %w", t.Name, err)
	}
	defer os.RemoveAll(partial)

	cmd := exec.CommandContext(ctx, golang, "install", "-trimpath", "-ldflags=-s -w", t.Package+"@"+t.Version)
	cmd.Dir = partial // outside our module
	cmd.Env = append(os.Environ(), "GOBIN="+partial, "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=0", "GOOS=", "GOARCH=")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("building %s: %w", t.Name, ctx.Err())
		}
		return fmt.Errorf("building %s did not work: %w\n%s", t.Name, err, lastLines(printed.String(), 15))
	}
	if !isProgram(filepath.Join(partial, t.Name)) {
		return fmt.Errorf("building %s left no program %s", t.Package, t.Name)
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return fmt.Errorf("installing %s: %w", t.Name, err)
	}
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("installing %s: %w", t.Name, err)
	}
	if err := os.Rename(partial, final); err != nil {
		return fmt.Errorf("installing %s: %w", t.Name, err)
	}
	return nil
}

// goCommand finds a Go new enough for the tools, which is the one the product
// needs.
func goCommand(ctx context.Context) (string, error) {
	golang, err := exec.LookPath("go")
	if err != nil {
		return "", errors.New("there is no go on the PATH: install Go 1.26 or newer from https://go.dev/dl")
	}
	cmd := exec.CommandContext(ctx, golang, "env", "GOVERSION")
	cmd.Dir = os.TempDir()
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", golang, err)
	}
	version := strings.TrimSpace(string(printed))
	if !isAtLeast(strings.TrimPrefix(version, "go"), "1.26") {
		return "", fmt.Errorf("%s is %s: install Go 1.26 or newer from https://go.dev/dl", golang, version)
	}
	return golang, nil
}

// checkSpace refuses to begin a build that would fill the disk.
func checkSpace(ctx context.Context, golang string, t Tool, tools string) error {
	folders := []string{tools}
	cmd := exec.CommandContext(ctx, golang, "env", "GOCACHE", "GOMODCACHE")
	cmd.Dir = os.TempDir()
	if printed, err := cmd.Output(); err == nil {
		folders = append(folders, strings.Fields(string(printed))...)
	}
	for _, folder := range folders {
		if free, known := freeBytes(folder); known && free>>30 < t.NeedsGB {
			return fmt.Errorf("building %s needs about %d GB, and the disk of %s has %d GB free: make room and start again", t.What, t.NeedsGB, folder, free>>30)
		}
	}
	return nil
}

// stateMB is what must be free on the disk of a stack's state, in MB: about what a
// database server, Temporal and the made-up people write at first.
const stateMB = 200

// checkRoom refuses to start parts where they would fill the disk: each of them would
// say so in its own way, in its log.
func checkRoom(dir string, needsMB int64) error {
	if free, known := freeBytes(dir); known && free>>20 < needsMB {
		return fmt.Errorf("the local state needs about %d MB of room, and the disk of %s has %d MB free: make room there, or name a folder on another disk with LOCAL_DIR (TMPDIR for the demo and the tests)", needsMB, dir, free>>20)
	}
	return nil
}

// freeBytes is the space an ordinary user may still fill on the disk of a folder,
// which need not be there yet.
func freeBytes(folder string) (int64, bool) {
	for {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(folder, &disk); err == nil {
			return int64(disk.Bavail) * int64(disk.Bsize), true
		}
		if folder == filepath.Dir(folder) {
			return 0, false
		}
		folder = filepath.Dir(folder)
	}
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// versionOf reads the version Go wrote into the program, or what it prints when
// it was built from a checkout. Empty when neither says.
func versionOf(ctx context.Context, program string) string {
	if built, err := buildinfo.ReadFile(program); err == nil && numbers(built.Main.Version) != nil {
		return built.Main.Version
	}
	printed, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return ""
	}
	return regexp.MustCompile(`\d+\.\d+(\.\d+)?`).FindString(string(printed))
}

// isAtLeast compares two versions such as v1.5.1 or 1.26, number by number. An
// unreadable version is never enough.
func isAtLeast(version, least string) bool {
	have, need := numbers(version), numbers(least)
	if have == nil {
		return false
	}
	for i, number := range need {
		switch {
		case i >= len(have) || have[i] < number:
			return false
		case have[i] > number:
			return true
		}
	}
	return true
}

func numbers(version string) []int {
	found := regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?`).FindStringSubmatch(version)
	if found == nil {
		return nil
	}
	var all []int
	for _, text := range found[1:] {
		number, err := strconv.Atoi("0" + text)
		if err != nil {
			return nil
		}
		all = append(all, number)
	}
	return all
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
