package stacktest

import (
	"context"
	"net"
	"testing"
	"time"

	"peercert/local/mailbox"
)

// Mailbox is a mailbox of one test.
type Mailbox struct {
	*mailbox.Mailbox
	Address string // host:port for SMTP
	URL     string // of its pages
}

// Mail is an empty mailbox that listens until the test ends. It runs in the
// test's own process and needs no stack.
func Mail(t testing.TB) Mailbox {
	t.Helper()
	letters, err := mailbox.New("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("listening for the test's mailbox: %v", err)
		}
		return listener
	}
	mail, pages := listen(), listen()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- letters.Serve(ctx, mail, pages) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the test's mailbox: %v", err)
		}
	})
	return Mailbox{Mailbox: letters, Address: mail.Addr().String(), URL: "http://" + pages.Addr().String()}
}
