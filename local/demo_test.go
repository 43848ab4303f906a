package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/local/stacktest"
)

// asLocal makes this test program be bin/local: the size of the workflow cache is one
// for a whole process.
const asLocal = "LOCAL_TEST_AS_LOCAL"

func TestMain(m *testing.M) {
	if os.Getenv(asLocal) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// Without a cache each step of each case replays its whole run first. The story is the
// same, or something in it does not replay.
func TestTheDemoWithoutAWorkflowCache(t *testing.T) {
	stacktest.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	program, err := os.Executable()
	require.NoError(t, err)
	demo := exec.CommandContext(ctx, program, "demo")
	demo.Env = append(os.Environ(), asLocal+"=1", "LOCAL_STICKY_CACHE=0")
	demo.Cancel = func() error { return demo.Process.Signal(syscall.SIGTERM) }
	demo.WaitDelay = 30 * time.Second
	demo.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	told, err := demo.CombinedOutput()
	require.NoError(t, err, "%s", told)
	require.Contains(t, string(told), "Every step was as it should be.")
	require.NotContains(t, strings.ToLower(string(told)), "nondeterministic")
}

func TestTheSizeOfTheCacheIsANumber(t *testing.T) {
	for _, wrong := range []string{"none", "-1", "1.5"} {
		require.ErrorContains(t, cacheWorkflows(wrong), "LOCAL_STICKY_CACHE")
	}
}
