// Package producttest is the whole product on a stack of its own, for the tests of one
// package: API, portal, worker and simulators as "local dev" runs them, with a clock
// that can be moved and a mailbox to read. Its people use the portal through a browser
// without JavaScript (portal/portaltest); reviewers, the exam vendor and the clock act
// as in package journey.
package producttest

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"peercert/local/journey"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/local/stacktest"
)

// Shared is one product for all tests of a package. The first that needs it starts it;
// TestMain closes it:
//
//	var running producttest.Shared
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		running.Close()
//		os.Exit(code)
//	}
type Shared struct {
	once  sync.Once
	place *Place
	err   error
}

// Place is the running product.
type Place struct {
	*product.Product
	Stack *stack.Stack
	world *journey.World // its tokens outlive every test
	// moving is held by whoever moves the clock: it is the same for all tests.
	moving sync.Mutex
}

// On gives the product to a test. Without the local stack's programs the test is
// skipped, and fails in CI. A test that moves the clock moves it for all.
func (s *Shared) On(t testing.TB) *Place {
	t.Helper()
	stacktest.Require(t)
	s.once.Do(func() { s.place, s.err = start() })
	if s.err != nil {
		t.Fatalf("starting the product: %v", s.err)
	}
	select {
	case <-s.place.Stack.Done():
		t.Fatalf("the stack has stopped: %v", s.place.Stack.Wait())
	default:
	}
	return s.place
}

// Close ends the product, if it was started.
func (s *Shared) Close() {
	if s.place != nil {
		s.place.Stack.Stop()
		s.place.Product.Close()
	}
}

func start() (*Place, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true})
	if err != nil {
		return nil, err
	}
	place := &Place{Stack: running}
	if place.Product, err = product.Start(ctx, running, product.Options{Forget: true}); err != nil {
		running.Stop()
		return nil, err
	}
	if place.world, err = place.Product.World(ctx, os.Stderr); err != nil {
		running.Stop()
		place.Product.Close()
		return nil, err
	}
	return place, nil
}

// World is where reviewers and the vendor act and the clock moves. What the API says
// in it is held against openapi.yaml.
func (p *Place) World(t testing.TB) *journey.World {
	t.Helper()
	world := &journey.World{
		API: p.world.API, Mailbox: p.world.Mailbox, Clock: p.world.Clock, Vendor: p.world.Vendor, TemporalUI: p.world.TemporalUI,
		Reviewer: p.world.Reviewer, Reviewer2: p.world.Reviewer2, Administrator: p.world.Administrator, Out: log{t}, Moving: &p.moving,
	}
	if err := world.Open(); err != nil {
		t.Fatalf("opening the world: %v", err)
	}
	t.Cleanup(func() {
		if err := world.Result(); err != nil {
			t.Errorf("against openapi.yaml: %v", err)
		}
	})
	return world
}

type log struct{ testing.TB }

func (l log) Write(text []byte) (int, error) {
	l.Log(strings.TrimSuffix(string(text), "\n"))
	return len(text), nil
}

// Letters counts the letters that came to an address.
func (p *Place) Letters(email string) int { return len(p.Stack.Mailbox().Messages(email)) }

// Code waits for the code in the first letter that comes to an address after a number
// of letters.
func (p *Place) Code(t testing.TB, email string, after int) string {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // what takes a code to the mail may be tried again
	for time.Now().Before(deadline) {
		letters := p.Stack.Mailbox().Messages(email) // newest first
		for i := range len(letters) - after {
			if code := sixDigits.FindString(letters[i].Text); code != "" {
				return code
			}
		}
		time.Sleep(40 * time.Millisecond)
	}
	t.Fatalf("no code came after %d letters", after)
	return ""
}
