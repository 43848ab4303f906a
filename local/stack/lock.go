package stack

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errLocked means that another process holds the lock.
var errLocked = errors.New("held by another process")

// lock takes the lock of a file, which it makes if needed, or returns errLocked.
// The kernel gives the lock back however the process ends. The file stays:
// removing it would let two processes lock two files of one name.
func lock(path string) (release func(), err error) {
	return flock(path, syscall.LOCK_EX|syscall.LOCK_NB)
}

// waitForLock takes the lock of a file and waits as long as another has it.
func waitForLock(path string) (release func(), err error) {
	return flock(path, syscall.LOCK_EX)
}

func flock(path string, how int) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock %s: %w", path, err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { _ = file.Close() }, nil
}
