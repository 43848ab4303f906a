package stack

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes make the kernel send a signal to the child when we die, even by
// kill -9.
func attributes(orphaned syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: orphaned}
}

// startOf tells two processes with one id apart: the boot and the tick at which
// the process began. Empty when there is no such process.
func startOf(pid int) string {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold blanks; the start is field 22 of the whole.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19]
}

// workingIn lists the processes of a program (by the name of its file) that have
// dir as their working directory.
func workingIn(dir, program string) []int {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		where, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if err != nil || where != dir {
			continue
		}
		file, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if err == nil && filepath.Base(strings.TrimSuffix(file, " (deleted)")) == program {
			found = append(found, pid)
		}
	}
	return found
}

// keepsAttributes says whether files below dir can carry the extended
// attributes in which the S3 gateway keeps what it knows about an object.
func keepsAttributes(dir string) bool {
	const name = "user.peercert"
	if err := syscall.Setxattr(dir, name, []byte("1"), 0); err != nil {
		return false
	}
	_ = syscall.Removexattr(dir, name)
	return true
}
