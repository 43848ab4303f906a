package workflows_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	history "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"peercert/certification"
	"peercert/workflows"
)

// The histories in testdata were recorded on a real server by the code that was
// released with them (make histories). Cases of that age are asleep out there, and
// today's code must be able to go on with them. A history that fails here is never
// recorded again: the change is made in another way, or versioned (see
// docs/runbooks/changing-workflows.md).
const recorded = "testdata/histories"

// releases are the names of the releases that left histories.
func releases(t *testing.T) []string {
	t.Helper()
	folders, err := os.ReadDir(recorded)
	require.NoError(t, err, "make histories records them")
	var names []string
	for _, folder := range folders {
		names = append(names, folder.Name())
	}
	require.NotEmpty(t, names)
	return names
}

// newest is the name of the release that left histories last: names do not say the order.
func newest(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../local/histories/histories.go")
	require.NoError(t, err)
	name := regexp.MustCompile(`const Release = "([^"]+)"`).FindSubmatch(source)
	require.Len(t, name, 2)
	return string(name[1])
}

// histories are those of a release, by name.
func histories(t *testing.T, release string) map[string]*history.History {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recorded, release, "*.json.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	read := map[string]*history.History{}
	for _, name := range files {
		file, err := os.Open(name)
		require.NoError(t, err)
		unpacked, err := gzip.NewReader(file)
		require.NoError(t, err)
		found, err := client.HistoryFromJSON(unpacked, client.HistoryJSONOptions{})
		require.NoError(t, err, name)
		require.NoError(t, file.Close())
		read[strings.TrimSuffix(filepath.Base(name), ".json.gz")] = found
	}
	return read
}

// newReplayer gives what replays a history. The SDK takes a goroutine that is off the
// processor for a second for a deadlock; on a busy machine that is none, and a real one
// ends at the time limit of all tests.
func newReplayer(t *testing.T, interceptors ...interceptor.WorkerInterceptor) worker.WorkflowReplayer {
	t.Helper()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DisableDeadlockDetection: true, Interceptors: interceptors,
	})
	require.NoError(t, err)
	return replayer
}

func TestRecordedCasesGoOn(t *testing.T) {
	replayer := newReplayer(t)
	workflows.Register(replayer, workflows.Cases{})
	for _, release := range releases(t) {
		for name, found := range histories(t, release) {
			t.Run(release+"/"+name, func(t *testing.T) {
				require.NoError(t, replayer.ReplayWorkflowHistory(quiet{}, found))
			})
		}
	}
}

func TestEveryStageWasRecorded(t *testing.T) {
	found := histories(t, newest(t))
	for _, rule := range certification.Stages {
		require.Contains(t, found, string(rule.Stage), "make histories records one, with a new name of the release")
	}
}

// What the replay is worth: each of these changes would break cases out there, and
// every history must say so.
func TestAChangedWorkflowFailsTheReplay(t *testing.T) {
	for change, before := range map[string]func(workflow.Context){
		"a timer more": func(ctx workflow.Context) { workflow.NewTimer(ctx, time.Hour) },
		"an activity more": func(ctx workflow.Context) {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
			workflow.ExecuteActivity(ctx, "send-notice", "another")
		},
		"another search attribute": func(ctx workflow.Context) {
			_ = workflow.UpsertTypedSearchAttributes(ctx, workflows.AttributeAssignee.ValueSet("r-01"))
		},
		"a side effect more": func(ctx workflow.Context) {
			workflow.SideEffect(ctx, func(workflow.Context) any { return 1 })
		},
	} {
		t.Run(change, func(t *testing.T) {
			replayer := newReplayer(t)
			replayer.RegisterWorkflowWithOptions(func(ctx workflow.Context, start workflows.Start) (workflows.Ended, error) {
				before(ctx)
				return workflows.Cases{}.Certification(ctx, start)
			}, workflow.RegisterOptions{Name: workflows.CertificationType})
			for _, release := range releases(t) {
				for name, found := range histories(t, release) {
					err := replayer.ReplayWorkflowHistory(quiet{}, found)
					require.ErrorContains(t, err, "TMPRL1100", name) // what Temporal calls a history that the code does not fit
				}
			}
		})
	}
}

// passedBy is, for every change in versions.go, a history that had come by its place
// before, and the release that left it: it goes on the old way, and would not fit the new
// one.
var passedBy = map[string]struct{ release, history string }{
	"renewal-fee-once":        {"2026-11-renewals", "restored"},
	"given-back-where-it-was": {"2026-11-renewals", "restored"},
	"exam-after-the-window":   {"2026-11-renewals", "late_exam"},
	"window-at-the-vendor":    {"2026-11-renewals", "late_exam"},
	"wake-answered":           {"2026-11-windows", "waked"},
	"appointments":            {"2026-11-exams", "vendor"},
	"authorization-again":     {"2026-11-unanswered", "vendor"},
	"vendor-answers-first":    {"2026-11-exams", "vendor"},
	"vendor-corrections":      {"2026-11-exams", "vendor"},
	"while-denied":            {"2026-11-denials", "beside_denial"},
}

func TestACaseThatCameByBeforeAChangeGoesTheOldWay(t *testing.T) {
	source, err := os.ReadFile("versions.go")
	require.NoError(t, err)
	changes := regexp.MustCompile(`\tchange\w+ += "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, changes)
	for _, change := range changes {
		t.Run(change[1], func(t *testing.T) {
			require.Contains(t, passedBy, change[1], "record a history with the code of before")
			by := passedBy[change[1]]
			found := histories(t, by.release)[by.history]
			for _, forget := range []string{"", change[1]} {
				replayer := newReplayer(t, &forgetful{change: forget})
				workflows.Register(replayer, workflows.Cases{})
				err := replayer.ReplayWorkflowHistory(quiet{}, found)
				if forget == "" {
					require.NoError(t, err)
				} else {
					require.Error(t, err, "nothing in this history tells the new way from the old")
				}
			}
		})
	}
}

// Money that came too late was ignored at first, then given back, and now counts: cases
// that met it earlier go on as they did.
func TestLateMoneyOfBeforeIsReplayedAsItWas(t *testing.T) {
	for _, release := range []string{"2026-11", "2026-11-surplus"} {
		replayer := newReplayer(t, &forgetful{change: "late-money:"})
		workflows.Register(replayer, workflows.Cases{})
		require.Error(t, replayer.ReplayWorkflowHistory(quiet{}, histories(t, release)["surplus"]), release)
	}
}

// forgetful lets every case go the new way of one change (or of all whose name begins so,
// for those that are asked for by message), as if nobody had asked for the version.
type forgetful struct {
	interceptor.WorkerInterceptorBase
	change string
}

func (f *forgetful) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &forgetfulInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, change: f.change}
}

type forgetfulInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	change string
}

func (f *forgetfulInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return f.Next.Init(&forgetfulOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, change: f.change})
}

type forgetfulOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	change string
}

func (f *forgetfulOutbound) GetVersion(ctx workflow.Context, change string, oldest, newest workflow.Version) workflow.Version {
	if f.change != "" && strings.HasPrefix(change, f.change) {
		return newest
	}
	return f.Next.GetVersion(ctx, change, oldest, newest)
}
