// Package paymentsimulator stands in for Stripe on one machine: it speaks the part
// of Stripe's HTTP API, version 2023-10-16, that the product uses, shows a payment
// page, and sends signed webhooks. It is not Stripe and moves no money; what it does
// not model is listed in docs/payments-differences.md.
package paymentsimulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Version is the only API version the simulator speaks.
const Version = "2023-10-16"

// Options is what New needs. Only Now must be given.
type Options struct {
	// SecretKey is the API key that is accepted; empty accepts every key that
	// begins with sk_test_. A live key is never accepted.
	SecretKey string
	// WebhookURL is where events are sent; empty sends none.
	WebhookURL string
	// WebhookSecret signs the events.
	WebhookSecret string
	// URL is the simulator's own address, for links to its payment pages; empty
	// takes the address at which it was called.
	URL string
	// File keeps the state over a restart; empty keeps it in memory only.
	File string
	// Now is the clock: pages expire, keys are forgotten and webhooks are tried
	// again by it.
	Now func() time.Time
	// Client sends the webhooks; nil means one with a timeout of ten seconds.
	Client *http.Client
}

// Simulator is an http.Handler: the API under /v1/, the payment pages under /pay/,
// a ledger at / and as JSON at /ledger, and switches for tests under /simulator/.
type Simulator struct {
	options Options
	client  *http.Client
	mux     *http.ServeMux
	wake    chan struct{} // something is to be delivered
	sending sync.WaitGroup

	mu     sync.Mutex // guards all below
	state  *state
	faults Faults
	flying map[string]bool // deliveries that are being sent
}

// New makes a simulator, from the file of an earlier one if there is one.
func New(options Options) (*Simulator, error) {
	if options.Now == nil {
		return nil, errors.New("payment simulator: Now must be given")
	}
	if strings.HasPrefix(options.SecretKey, "sk_live_") {
		return nil, errors.New("payment simulator: a live key belongs to Stripe, not here")
	}
	if options.WebhookURL != "" && options.WebhookSecret == "" {
		return nil, errors.New("payment simulator: webhooks need a secret to be signed with")
	}
	state, err := loadState(options.File)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		options: options, client: options.Client,
		mux: http.NewServeMux(), wake: make(chan struct{}, 1),
		state: state, flying: map[string]bool{},
	}
	if s.client == nil {
		s.client = &http.Client{Timeout: 10 * time.Second}
	}
	s.routeAPI()
	s.routePages()
	return s, nil
}

// ServeHTTP answers the API, the pages and the switches.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Serve answers on the listener, which it closes, and does what Run does, until the
// context ends or one of the two fails.
func (s *Simulator) Serve(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("payment simulator: serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		ending, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		if err := server.Shutdown(ending); err != nil {
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}

// Run expires pages and delivers webhooks until the context ends. Webhooks that an
// earlier simulator with the same file did not deliver are taken up again.
func (s *Simulator) Run(ctx context.Context) error {
	// The clock can be moved from outside, so due instants are looked at, not slept for.
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	defer s.sending.Wait()
	for {
		if err := s.expireDue(); err != nil {
			return err
		}
		s.startDue(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-s.wake:
		}
	}
}

// expireDue closes the pages whose time is over.
func (s *Simulator) expireDue() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expirePages() {
		return s.state.save(s.options.File)
	}
	return nil
}

// expirePages closes the pages whose time is over; the caller holds the lock and saves.
func (s *Simulator) expirePages() bool {
	now, any := s.options.Now().Unix(), false
	for _, session := range s.state.Sessions.Rows {
		if session.Status == statusOpen && session.ExpiresAt <= now {
			s.expire(session)
			any = true
		}
	}
	return any
}
