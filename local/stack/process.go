package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// command says how to run a program as a part.
type command struct {
	path      string
	arguments []string
	dir       string         // working directory
	env       []string       // the whole environment; nothing of ours leaks in
	log       string         // file that takes both outputs, appended to
	as        *account       // nil: run as ourselves
	stop      syscall.Signal // asks the program to end in order
	orphaned  syscall.Signal // what the kernel sends it when we die (Linux)
	patience  time.Duration  // how long it may take to end before it is killed
}

// process is a running program with a process group of its own, so that a
// Ctrl-C at the terminal reaches us alone and we decide the order.
type process struct {
	command command
	pid     int
	ended   chan struct{}
	err     error // set before ended is closed
}

func startProcess(c command) (runner, error) {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening its log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(c.path, c.arguments...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(c.orphaned)
	cmd.SysProcAttr.Setpgid = true
	if c.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.as.uid, Gid: c.as.gid, Groups: []uint32{c.as.gid}}
	}

	p := &process{command: c, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ties "my parent died" to the thread that started the child,
		// not to our process: this thread must live as long as the child. It is
		// never unlocked, so it ends with this goroutine.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("running %s: %w", c.path, err)
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

func (p *process) done() <-chan struct{} { return p.ended }

// failure says how the program ended; call it after done is closed.
func (p *process) failure() error {
	if p.err == nil {
		return fmt.Errorf("it ended by itself")
	}
	return p.err
}

// end asks the program to end in order and kills what is left of its group when
// it takes too long. It returns when the program is gone.
func (p *process) end() {
	if !p.isRunning() {
		return
	}
	_ = syscall.Kill(p.pid, p.command.stop)
	timer := time.NewTimer(p.command.patience)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.kill()
	}
}

// kill ends the program at once, as a crash does.
func (p *process) kill() {
	if p.isRunning() {
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	<-p.ended
}

func (p *process) isRunning() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// output runs a short program to its end and returns what it printed.
func output(ctx context.Context, c command) (string, error) {
	cmd := exec.CommandContext(ctx, c.path, c.arguments...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.SysProcAttr = attributes(syscall.SIGKILL)
	if c.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.as.uid, Gid: c.as.gid, Groups: []uint32{c.as.gid}}
	}
	runtime.LockOSThread() // for attributes, see startProcess
	defer runtime.UnlockOSThread()
	printed, err := cmd.CombinedOutput()
	return string(printed), err
}
