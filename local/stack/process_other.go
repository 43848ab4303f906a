//go:build unix && !linux

package stack

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes: this system cannot tell a child that its parent died. The next
// start clears what a killed run left.
func attributes(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// startOf tells two processes with one id apart by the second in which the
// process began. Empty when there is no such process.
func startOf(pid int) string {
	printed, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(printed))
}

// workingIn finds the server of a data directory by the process id it wrote
// there, and by its name.
func workingIn(dir, program string) []int {
	file, err := os.Open(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		return nil
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	if !lines.Scan() {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
	if err != nil {
		return nil
	}
	printed, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(printed), program) || !strings.Contains(string(printed), dir) {
		return nil
	}
	return []int{pid}
}

func keepsAttributes(string) bool { return true }
