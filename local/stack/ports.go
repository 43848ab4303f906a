package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Ports are the loopback ports of one stack. A zero port of an ephemeral stack
// is replaced by a free one.
type Ports struct {
	Postgres, Temporal, TemporalUI, S3, SMTP, Mailbox int
	Exam, Payment, API, Operations, Clock, Identity   int
}

// port is one row of the table of ports: what it is for, the setting that moves
// it, and where it is stored.
type port struct {
	use, setting string
	standard     int
	number       *int
}

func (p *Ports) table() []port {
	return []port{
		{"PostgreSQL", "LOCAL_POSTGRES_PORT", 5442, &p.Postgres},
		{"Temporal", "LOCAL_TEMPORAL_PORT", 7233, &p.Temporal},
		{"the Temporal UI", "LOCAL_TEMPORAL_UI_PORT", 8233, &p.TemporalUI},
		{"S3", "LOCAL_S3_PORT", 7070, &p.S3},
		{"mail (SMTP)", "LOCAL_SMTP_PORT", 1025, &p.SMTP},
		{"the mailbox page", "LOCAL_MAILBOX_PORT", 8091, &p.Mailbox},
		{"the exam simulator", "LOCAL_EXAM_PORT", 8092, &p.Exam},
		{"the payment simulator", "LOCAL_PAYMENT_PORT", 8093, &p.Payment},
		{"the API", "LOCAL_API_PORT", 8080, &p.API},
		{"the movable clock", "LOCAL_CLOCK_PORT", 8094, &p.Clock},
		{"the sign-in simulator", "LOCAL_IDENTITY_PORT", 8095, &p.Identity},
		{"the worker's operations page", "LOCAL_OPERATIONS_PORT", 9090, &p.Operations},
	}
}

// PortsFromEnvironment takes the ports from the LOCAL_*_PORT settings, or the
// standard ones. The error is a sentence that names the wrong setting.
func PortsFromEnvironment() (Ports, error) {
	var ports Ports
	users := map[int]string{}
	for _, row := range ports.table() {
		*row.number = row.standard
		if text := os.Getenv(row.setting); text != "" {
			number, err := strconv.Atoi(text)
			if err != nil || number < 1 || number > 65535 {
				return Ports{}, fmt.Errorf("%s is %q: it must be a port from 1 to 65535", row.setting, text)
			}
			*row.number = number
		}
		if other, taken := users[*row.number]; taken {
			return Ports{}, fmt.Errorf("port %d is given to both %s and %s: set %s to another port", *row.number, other, row.use, row.setting)
		}
		users[*row.number] = row.use
	}
	return ports, nil
}

// Blocks of ports that ephemeral stacks take. They are below the range from which
// the system takes ports of outgoing connections, so that nobody is handed one of
// ours between the choice and the start of the part, which may be much later.
const (
	lowestPort   = 20000
	portsABlock  = 16
	portBlocks   = 750
	triesAtPorts = 200
)

// FreePorts are free ports for a stack that keeps its state and is started more than
// once, as in a test: until they are released no other stack takes them.
func FreePorts() (ports Ports, release func(), err error) {
	release, err = ports.fill()
	return ports, release, err
}

// fill gives a free port to every row that has none, all of one block. The block is
// locked until it is released: stacks that run side by side, such as those of tests,
// take other blocks.
func (p *Ports) fill() (release func(), err error) {
	if !slices.ContainsFunc(p.table(), func(row port) bool { return *row.number == 0 }) {
		return func() {}, nil
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("peercert-ports-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of port locks: %w", err)
	}
	for range triesAtPorts {
		block := rand.IntN(portBlocks)
		release, err := lock(filepath.Join(folder, strconv.Itoa(block)))
		if errors.Is(err, errLocked) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.fillFrom(lowestPort + block*portsABlock) {
			return release, nil
		}
		release()
	}
	return nil, errors.New("no block of free ports for a stack of its own")
}

// fillFrom gives the ports of a block to the rows that have none, and says whether
// there were enough.
func (p *Ports) fillFrom(first int) bool {
	next := first
	filled := *p
	for _, row := range filled.table() {
		for ; *row.number == 0 && next < first+portsABlock; next++ {
			if isFree(next) {
				*row.number = next
			}
		}
		if *row.number == 0 {
			return false
		}
	}
	*p = filled
	return true
}

// checkFree names the first port that another program has.
func (p *Ports) checkFree() error {
	for _, row := range p.table() {
		if !isFree(*row.number) {
			return fmt.Errorf("port %d, meant for %s, is taken by another program: stop that program, or set %s to a free port", *row.number, row.use, row.setting)
		}
	}
	return nil
}

func isFree(number int) bool {
	listener, err := net.Listen("tcp", loopback(number))
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}

// loopback is the address of a port on this machine only.
func loopback(number int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(number)) }
