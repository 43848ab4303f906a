package workflows_test

import (
	"os"
	"os/exec"
	"testing"
)

// workflowcheck follows every call of a workflow and finds what a replay would do
// differently: ask the machine's clock, range over a map, start a goroutine, read a
// file. make lint runs it too.
func TestNoWorkflowDoesWhatAReplayWouldDoDifferently(t *testing.T) {
	program := os.Getenv("PEERCERT_TEST_WORKFLOWCHECK")
	if program == "" {
		sentence := "this test needs workflowcheck: run it with make test (or bin/local test ./workflows), which builds it"
		if os.Getenv("CI") == "true" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	check := exec.CommandContext(t.Context(), program, "-config", ".ci/workflowcheck.yaml", "./workflows/...")
	check.Dir = ".."
	if found, err := check.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, found)
	}
}
