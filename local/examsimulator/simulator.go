// Package examsimulator plays the exam vendor on one machine: no exam is held here.
// It takes authorizations from the bucket, acknowledges them, has a booking page,
// sends signed webhooks and writes results files, all as docs/exam-vendor.md has it.
// It is written from that page and shares no parsing or signing with the product's
// end of the link, so that each is a check of the other.
package examsimulator

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
	_ "time/tzdata" // the slots are in California's time, on machines without the data too

	"peercert/exams"
)

// Title heads every page.
const Title = "Exam vendor simulator: no exam is held here"

// Options are what a Simulator needs.
type Options struct {
	Files exams.Files
	// WebhookURL is the product's address for the vendor's webhooks, WebhookSecret
	// the one secret (not a list) that signs them.
	WebhookURL, WebhookSecret string
	// AcknowledgeByWebhook sends acknowledgements as webhooks and not as files.
	AcknowledgeByWebhook bool
	// BackURL is where the booking page sends people when they are done; empty for
	// no link.
	BackURL string
	// Now is the vendor's clock: slots begin the day after its today, and it dates
	// events and signatures.
	Now func() time.Time
	// StateFile keeps what the simulator knows over a restart; empty for memory only.
	StateFile string
	// PollEvery is the pause between two looks for new authorizations while Run
	// runs; zero means a second.
	PollEvery time.Duration
}

// Simulator is the vendor. It is an http.Handler, and Run makes it look for
// authorizations and send webhooks by itself.
type Simulator struct {
	options Options
	zone    *time.Location
	handler http.Handler
	client  *http.Client
	// queued tells Run that a webhook waits.
	queued chan struct{}

	// acting is held by whoever changes something, reading and writing files as well:
	// one thing happens at a time.
	acting sync.Mutex
	// sending is held while webhooks are sent, so that they keep their order.
	sending sync.Mutex

	mutex   sync.Mutex // guards what follows
	state   state
	refusal string // code with which the next authorization is refused
	problem string // why the last look for authorizations failed
}

// New reads the state file, if there is one, and checks the options.
func New(options Options) (*Simulator, error) {
	if options.Files == nil || options.WebhookURL == "" || options.WebhookSecret == "" || options.Now == nil {
		return nil, errors.New("exam vendor simulator: it needs files, a webhook address with a secret, and a clock")
	}
	if options.PollEvery <= 0 {
		options.PollEvery = time.Second
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		return nil, err
	}
	simulator := &Simulator{
		options: options, zone: zone, queued: make(chan struct{}, 1),
		client: &http.Client{Timeout: 10 * time.Second},
		state:  state{Authorizations: map[string]*Authorization{}},
	}
	if err := simulator.load(); err != nil {
		return nil, err
	}
	simulator.handler = simulator.routes()
	return simulator, nil
}

// Run takes new authorizations and sends webhooks until the context ends.
func (s *Simulator) Run(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() {
		for ctx.Err() == nil {
			// A failure is shown on the page and tried again.
			_ = s.Poll(ctx)
			pause(ctx, s.options.PollEvery, nil)
		}
	})
	both.Go(func() {
		for ctx.Err() == nil {
			pause(ctx, s.deliver(ctx, ""), s.queued)
		}
	})
	both.Wait()
	return nil
}

// pause waits for a time, for early, or for the context to end.
func pause(ctx context.Context, wait time.Duration, early <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
	}
}
