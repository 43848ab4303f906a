package stack

import (
	"context"
	"fmt"
	"net"
)

// launchMailbox listens on both ports and serves the one mailbox of the stack,
// which keeps its letters from start to start.
func (s *Stack) launchMailbox(context.Context) (runner, error) {
	mail, err := net.Listen("tcp", loopback(s.ports.SMTP))
	if err != nil {
		return nil, fmt.Errorf("listening for mail: %w", err)
	}
	pages, err := net.Listen("tcp", loopback(s.ports.Mailbox))
	if err != nil {
		_ = mail.Close()
		return nil, fmt.Errorf("listening for the mailbox page: %w", err)
	}
	return startRoutine(func(ctx context.Context) error { return s.mailbox.Serve(ctx, mail, pages) }), nil
}
