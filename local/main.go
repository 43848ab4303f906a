// Command local runs Peercert and everything it needs on one machine. It is
// built to bin/local; the product never imports it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"peercert/bench"
	"peercert/local/browser"
	"peercert/local/gallery"
	"peercert/local/histories"
	"peercert/local/product"
	"peercert/local/seed"
	"peercert/local/stack"
)

const usage = `local runs Peercert and everything it needs on this machine.

  local dev             start everything; the state stays in .local, and the first
                        start makes up some thirty people, at least one at every stage
  local demo            live a whole certification on a stack of its own; KEEP=1
                        leaves it up to look at
  local test [args …]   start PostgreSQL, Temporal, S3 and a mailbox for the tests,
                        run go test with these arguments (./... without any), stop
  local histories       record what cases leave in Temporal, for the replay test
  local bench           measure what the product costs over bare Temporal, on a stack
                        of its own; PROFILE=folder keeps CPU profiles
  local screenshots     take pictures of the main pages, in .local/screenshots
  local tools           install and build what the other commands need
  local tool NAME       print where the tool NAME is, building it first if needed

Settings: LOCAL_DIR (folder of the state, .local) and LOCAL_*_PORT; a start that
finds a port taken names the setting that moves it. LOCAL_STICKY_CACHE is how many
workflows a worker keeps in memory; with 0 it replays a case before each step.
`

func main() { os.Exit(run(os.Args[1:])) }

// run is the program without the exit: its result is the exit code.
func run(arguments []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// When the program that reads our output goes first ("make dev | tee log" and
	// Ctrl-C), writing to it must fail, not end us before the parts are stopped.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if size := os.Getenv("LOCAL_STICKY_CACHE"); size != "" {
		if err := cacheWorkflows(size); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	var err error
	code := 0
	switch rest := arguments[1:]; arguments[0] {
	case "dev":
		err = dev(ctx, os.Stdout)
	case "demo":
		err = demo(ctx, os.Stdout, os.Getenv("KEEP") != "")
	case "test":
		code, err = test(ctx, rest)
	case "histories":
		err = record(ctx, os.Stdout, histories.Folder)
	case "bench":
		err = bench.Run(ctx, bench.Options{Rounds: 11, Profile: os.Getenv("PROFILE"), Only: strings.Fields(os.Getenv("ONLY")), Out: os.Stdout})
	case "screenshots":
		err = browser.Pictures(ctx, ".local/screenshots", os.Stdout)
	case "tools":
		err = tools(ctx, os.Stdout)
	case "tool":
		err = tool(ctx, rest)
	default:
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	switch {
	case err == nil:
		return code
	case ctx.Err() != nil:
		return 130 // ended by a signal, as a shell says it
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// dev runs the persistent stack and the product on it until a signal comes.
func dev(ctx context.Context, out io.Writer) error {
	ports, err := stack.PortsFromEnvironment()
	if err != nil {
		return err
	}
	dir := ".local"
	if other := os.Getenv("LOCAL_DIR"); other != "" {
		dir = other
	}
	running, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: ports, Unfinished: seed.Marker, Out: out})
	if err != nil {
		return err
	}
	defer running.Stop()
	peercert, err := product.Start(ctx, running, product.Options{Out: out})
	if err != nil {
		return err
	}
	defer peercert.Close()
	defer running.Stop()
	if err := showGallery(peercert); err != nil {
		return err
	}
	personas, err := people(ctx, out, running, peercert)
	if ctx.Err() != nil {
		fmt.Fprintln(out, "\nStopping …")
	}
	if err != nil {
		return err
	}
	addresses(out, running, peercert)
	try(out, peercert, personas)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nStopping …")
		running.Stop()
		return nil
	case <-running.Done():
		return running.Wait()
	}
}

// people makes people up on the first start, and shows them on a page.
func people(ctx context.Context, out io.Writer, running *stack.Stack, peercert *product.Product) (seed.Personas, error) {
	living, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-running.Done():
			stop() // a part has crashed: nobody needs to wait for it
		case <-living.Done():
		}
	}()
	if err := seed.Live(living, running, peercert, out); err != nil {
		if ctx.Err() == nil && living.Err() != nil {
			return seed.Personas{}, running.Wait()
		}
		return seed.Personas{}, err
	}
	personas, err := seed.Open(ctx, running, peercert)
	if err != nil {
		return seed.Personas{}, err
	}
	peercert.Pages.Handle("GET /personas", personas.Page(running, peercert))
	peercert.Pages.Handle("POST /personas/sign-in", personas.SignIn(peercert))
	return personas, nil
}

// showGallery serves the gallery of pages and letters beside the clock.
func showGallery(peercert *product.Product) error {
	pages, err := gallery.New(peercert.Settings.Operator, peercert.Settings.PublicURL)
	if err != nil {
		return err
	}
	for _, pattern := range pages.Patterns() {
		peercert.Pages.Handle(pattern, pages)
	}
	return nil
}

// try says who one can be, and what to try first.
func try(out io.Writer, peercert *product.Product, personas seed.Personas) {
	fmt.Fprintf(out, "\nWho you can be, with everybody's tokens: %s/personas\n\n", peercert.ClockURL)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, staff := range personas.Staff {
		fmt.Fprintf(table, "  %s %s\t%s\n", staff.Role, staff.ID, staff.Token)
	}
	_ = table.Flush()
	fmt.Fprintf(out, "\nTry: curl -H 'Authorization: Bearer %s' '%s/v1/cases?attention=any'\n", personas.Staff[0].Token, peercert.Settings.PublicURL)
	fmt.Fprintln(out, "     then open one of those people's cases in the Temporal UI, their letters in the mailbox, and move the clock.")
	fmt.Fprintln(out, "\nCtrl-C stops everything.")
}

// addresses prints where everything is.
func addresses(out io.Writer, running *stack.Stack, peercert *product.Product) {
	settings := peercert.Settings
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range [][2]string{
		{"Portal of the applicants", settings.PublicURL},
		{"Console of the administrators", settings.PublicURL + "/console"},
		{"Gallery of its pages and letters", peercert.ClockURL + "/gallery/"},
		{"API, with its reference", settings.PublicURL + "/docs"},
		{"Temporal UI", settings.TemporalUI},
		{"Mailbox", running.MailboxURL()},
		{"Payment simulator", settings.StripeURL},
		{"Exam vendor simulator", strings.TrimSuffix(settings.ExamBookingURL, "/book")},
		{"Clock", peercert.ClockURL},
		{"PostgreSQL", settings.DatabaseURL},
		{"Temporal", settings.TemporalAddress},
		{"S3", settings.S3Endpoint},
		{"Mail (SMTP)", settings.MailAddress},
		{"State and logs", running.Dir()},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	_ = table.Flush()
}

// test runs go test on an ephemeral stack and returns its exit code. Nothing is
// printed after the test runner's own summary.
func test(ctx context.Context, arguments []string) (int, error) {
	runner, err := stack.TestRunner().Path(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	mock, err := stack.StripeMock().Path(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	check, err := stack.WorkflowCheck().Path(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true, Out: os.Stderr})
	if err != nil {
		return 1, err
	}
	defer running.Stop()

	if len(arguments) == 0 {
		arguments = []string{"./..."}
	}
	cmd := exec.Command(runner, append([]string{"--format", "pkgname", "--format-hide-empty-pkg", "--", "-timeout=25m"}, arguments...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(withoutSettings(os.Environ()), running.TestEnviron()...)
	cmd.Env = append(cmd.Env, "PEERCERT_TEST_STRIPE_MOCK="+mock, "PEERCERT_TEST_WORKFLOWCHECK="+check)
	// A group of its own, so that a signal reaches go test and the tests as well.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("running the tests: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	select {
	case err = <-ended:
		// A test that crashed may have left a program it had started.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	case <-ctx.Done():
		endGroup(cmd.Process.Pid, ended)
		return 1, ctx.Err()
	case <-running.Done():
		endGroup(cmd.Process.Pid, ended)
		return 1, running.Wait()
	}
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &failed) && failed.Exited():
		return failed.ExitCode(), nil
	}
	return 1, fmt.Errorf("running the tests: %w", err)
}

// endGroup interrupts a process group and kills it when that takes too long.
func endGroup(group int, ended <-chan error) {
	_ = syscall.Kill(-group, syscall.SIGINT)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

// withoutSettings drops the product's settings of the person at this machine:
// a test sees those of the stack, or sets its own.
func withoutSettings(env []string) []string {
	var kept []string
	for _, variable := range env {
		if !strings.HasPrefix(variable, "PEERCERT_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// tools installs and builds what the other commands need, so that their first
// start is short.
func tools(ctx context.Context, out io.Writer) error {
	if err := stack.Install(ctx, out); err != nil {
		return err
	}
	for _, tool := range allTools() {
		path, err := tool.Path(ctx, out)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is ready: %s\n", tool.Name, path)
	}
	// Only some tests and the pictures of pages need it.
	if _, err := browser.Find(); err != nil {
		fmt.Fprintf(out, "The tests that look at pages are skipped here. %s.\n", err)
	}
	return nil
}

func allTools() []stack.Tool {
	return []stack.Tool{
		stack.TemporalServer(), stack.S3Gateway(), stack.TestRunner(), stack.StripeMock(),
		stack.StaticCheck(), stack.WorkflowCheck(), stack.QueryGenerator(),
	}
}

// tool prints the path of one tool; what it takes to get it goes to standard
// error, so that a script can use the answer.
func tool(ctx context.Context, arguments []string) error {
	var names []string
	for _, tool := range allTools() {
		if len(arguments) == 1 && arguments[0] == tool.Name {
			path, err := tool.Path(ctx, os.Stderr)
			if err != nil {
				return err
			}
			fmt.Println(path)
			return nil
		}
		names = append(names, tool.Name)
	}
	return fmt.Errorf("which tool? One of: %s", strings.Join(names, ", "))
}
