package stacktest

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// StripeMock is the address (http://host:port) of Stripe's own mock server,
// running for this test alone. It carries the API version 2023-10-16, answers
// with fixed examples, and refuses a request that Stripe's description of its
// API does not allow or that names another version.
func StripeMock(t testing.TB) string {
	t.Helper()
	program := setting(t, "PEERCERT_TEST_STRIPE_MOCK")
	// It listens for HTTPS as well, on every interface unless told where.
	cmd := exec.CommandContext(t.Context(), program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0", "-strict-version-check")
	printed, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("reading what stripe-mock prints: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting stripe-mock: %v", err)
	}
	found := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(printed)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); ok {
				found <- address
			}
		}
	}()
	t.Cleanup(func() { // the test's context has ended by now, and the program with it
		<-read
		_ = cmd.Wait()
	})
	select {
	case address := <-found:
		return "http://" + address
	case <-read:
		t.Fatal("stripe-mock ended without saying where it listens")
		return ""
	}
}
