package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const lockName = "lock"

// folder makes and locks the folder of a persistent stack.
func folder(dir string) (string, func() error, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, fmt.Errorf("finding the folder for the local state: %w", err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", nil, fmt.Errorf("making the folder for the local state: %w", err)
	}
	if err := os.Chmod(dir, passable()); err != nil {
		return "", nil, fmt.Errorf("the local state in %s belongs to another user: start as that user, or remove that folder to begin anew", dir)
	}
	if err := checkOwners(dir); err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, lockName)
	release, err := lock(path)
	if errors.Is(err, errLocked) {
		return "", nil, fmt.Errorf("a local stack is already running in %s (%s): stop that one first with Ctrl-C", dir, processHolding(path))
	}
	if err != nil {
		return "", nil, err
	}
	_ = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
	return dir, func() error { release(); return nil }, nil
}

// checkOwners refuses state that a start as another user, such as root, has left
// in the folder: the parts could not write to it and would say so in their logs.
func checkOwners(dir string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading the local state: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if who, err := owner(path); err == nil && int(who.uid) != os.Geteuid() {
			return fmt.Errorf("%s belongs to %s, from a start as another user: start as that user (or as root), or remove %s to begin anew", path, who.name, dir)
		}
	}
	return nil
}

const temporaryPrefix = "peercert-stack-"

// temporaryFolder makes and locks a folder that is removed when the stack stops,
// and removes those of killed runs.
func temporaryFolder() (string, func() error, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, fmt.Errorf("finding this user's cache folder: %w: set HOME", err)
	}
	cache = filepath.Join(cache, "peercert")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", nil, fmt.Errorf("making this user's cache folder: %w", err)
	}
	// Nobody may take a folder that was just made, and is not locked yet, for
	// one that a killed run left.
	done, err := waitForLock(filepath.Join(cache, "temporary-stacks.lock"))
	if err != nil {
		return "", nil, err
	}
	defer done()
	clearTemporary()

	dir, err := os.MkdirTemp("", temporaryPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	if err := os.Chmod(dir, passable()); err != nil {
		return "", nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	release, err := lock(filepath.Join(dir, lockName))
	if err != nil {
		return "", nil, err
	}
	return dir, func() error {
		defer release()
		return removeTemporary(dir)
	}, nil
}

// passable is the mode of a stack's folder: for us alone, but when we are root
// PostgreSQL's user must get through.
func passable() os.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

// clearTemporary removes what killed ephemeral stacks of this user left. Failing
// is no reason not to start.
func clearTemporary() {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*"))
	for _, dir := range found {
		if who, err := owner(dir); err != nil || int(who.uid) != os.Geteuid() {
			continue
		}
		release, err := lock(filepath.Join(dir, lockName))
		if err != nil {
			continue
		}
		if _, err := (record{filepath.Join(dir, "running.json")}).clear(); err == nil {
			_ = removeTemporary(dir)
		}
		release()
	}
}

// removeTemporary removes a stack's folder, and the one outside it where
// PostgreSQL may have had to live.
func removeTemporary(dir string) error {
	if outside, err := os.ReadFile(filepath.Join(dir, postgresNote)); err == nil {
		place := strings.TrimSpace(string(outside))
		if err := clearPostgres(filepath.Join(place, "postgres")); err != nil {
			return err
		}
		if err := os.RemoveAll(place); err != nil {
			return fmt.Errorf("removing the temporary database: %w", err)
		}
	}
	if err := clearPostgres(filepath.Join(dir, "postgres")); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the temporary folder: %w", err)
	}
	return nil
}
