package stack

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// Ports are the loopback ports of one stack. A zero port of an ephemeral stack
// is replaced by a free one.
type Ports struct {
	Postgres, Temporal, TemporalUI, S3, SMTP, Mailbox int
	Exam, Payment, API, Operations, Clock             int
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

// fill gives a free port to every row that has none. They are below the range
// from which the system takes ports of outgoing connections, so that nobody is
// handed one of ours between this check and the start of the part.
func (p *Ports) fill() error {
	const lowest, highest, tries = 20000, 32000, 500
	given := map[int]bool{}
	for _, row := range p.table() {
		for try := 0; *row.number == 0; try++ {
			if try == tries {
				return fmt.Errorf("no free port between %d and %d for %s", lowest, highest, row.use)
			}
			candidate := lowest + rand.IntN(highest-lowest)
			if !given[candidate] && isFree(candidate) {
				*row.number = candidate
			}
		}
		given[*row.number] = true
	}
	return nil
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
