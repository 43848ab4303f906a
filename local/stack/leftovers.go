package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// record is the list of programs a stack has started, kept in its folder so that
// the start after a kill -9 can find them.
type record struct{ path string }

// recorded is a program we started. Its process id alone proves nothing, since
// the system uses ids again: start tells whether it is still the same process.
type recorded struct {
	Part  string `json:"part"`
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

func (r record) write(programs []recorded) error {
	text, err := json.MarshalIndent(programs, "", "  ")
	if err != nil {
		return fmt.Errorf("recording the running parts: %w", err)
	}
	partial := r.path + ".partial"
	if err := os.WriteFile(partial, text, 0o600); err != nil {
		return fmt.Errorf("recording the running parts: %w", err)
	}
	if err := os.Rename(partial, r.path); err != nil {
		return fmt.Errorf("recording the running parts: %w", err)
	}
	return nil
}

// clear ends the programs of an earlier run that are still there and verifiably
// ours, and returns how many they were. Only the holder of the stack's lock may
// call it.
func (r record) clear() (int, error) {
	text, err := os.ReadFile(r.path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading which parts an earlier run left: %w", err)
	}
	var programs []recorded
	if err := json.Unmarshal(text, &programs); err != nil {
		programs = nil // cut short by a crash of the machine: nothing of it can be running
	}
	cleared := 0
	for _, program := range programs {
		isOurs := func() bool { return program.Start != "" && startOf(program.PID) == program.Start }
		if !isOurs() {
			continue
		}
		cleared++
		_ = syscall.Kill(-program.PID, syscall.SIGKILL)
		if !until(10*time.Second, func() bool { return !isOurs() }) {
			return cleared, fmt.Errorf("%s of an earlier run (process %d) does not end: end it by hand", program.Part, program.PID)
		}
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return cleared, fmt.Errorf("clearing the record of an earlier run: %w", err)
	}
	return cleared, nil
}

// clearPostgres ends every server process that still works in a data directory
// and takes away its pid file. An id in that file that now belongs to a stranger
// would keep PostgreSQL from starting; with none of its processes left, removing
// it is safe.
func clearPostgres(data string) error {
	if _, err := os.Stat(data); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	signal := func(signal syscall.Signal) {
		for _, pid := range workingIn(data, "postgres") {
			_ = syscall.Kill(pid, signal)
		}
	}
	isGone := func() bool { return len(workingIn(data, "postgres")) == 0 }
	signal(syscall.SIGQUIT) // PostgreSQL's "immediate" shutdown
	if !until(5*time.Second, isGone) {
		signal(syscall.SIGKILL)
		if !until(5*time.Second, isGone) {
			return fmt.Errorf("PostgreSQL of an earlier run does not end in %s: end it by hand", data)
		}
	}
	if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the pid file of an earlier PostgreSQL: %w", err)
	}
	return nil
}

// removeUnfinished removes the state of a first start that was broken off, if its
// marker is there. The marker goes last, so that a removal that is broken off as well
// is taken up again. Nothing of the stack may be running.
func removeUnfinished(dir, marker, data string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, marker)); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, fmt.Errorf("reading what a first start had made: %w", err)
	}
	paths := []string{data, data + ".partial"}
	for _, entry := range entries {
		// The lock is held, and the note says where the database is to be.
		if name := entry.Name(); name != lockName && name != postgresNote && name != marker {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, path := range append(paths, filepath.Join(dir, marker)) {
		if err := os.RemoveAll(path); err != nil {
			return false, fmt.Errorf("removing what a first start had made: %w", err)
		}
	}
	return true, nil
}

// until asks again every few milliseconds, at most for a time.
func until(limit time.Duration, isTrue func() bool) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if isTrue() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
