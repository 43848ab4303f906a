package paymentsimulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Stripe tries for three days, a little more slowly each time. The first pauses
// are much shorter here: on one machine a restart takes seconds.
const (
	firstPause  = time.Second
	longestWait = time.Minute
	triesFor    = 3 * 24 * time.Hour
)

// The states of a delivery.
const (
	DeliveryWaiting   = "waiting"
	DeliveryDone      = "delivered"
	DeliveryDropped   = "dropped"  // by a fault: an event that is never sent
	DeliveryGivenUp   = "given up" // three days were not enough
	deliveryFailedNet = "no answer"
)

// delivery is an event on its way to the webhook.
type delivery struct {
	ID        string    `json:"id"`
	Event     string    `json:"event"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	NextAt    time.Time `json:"next_at"`
	Attempts  int       `json:"attempts"`
	Last      string    `json:"last"` // how the last attempt ended
}

// Delivery is an event that has not arrived at the webhook.
type Delivery struct {
	EventID  string    `json:"event_id"`
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	NextAt   time.Time `json:"next_at"`
	Last     string    `json:"last"` // how the last attempt ended: a status, or "no answer"
}

// Undelivered lists the events that have not arrived, in the order they happened.
func (s *Simulator) Undelivered() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.undelivered()
}

func (s *Simulator) undelivered() []Delivery {
	list := []Delivery{}
	for _, d := range s.state.Deliveries.Rows {
		if d.State == DeliveryDone {
			continue
		}
		about, _ := s.state.Events.get(d.Event)
		list = append(list, Delivery{EventID: d.Event, Type: about.Type, State: d.State, Attempts: d.Attempts, NextAt: d.NextAt, Last: d.Last})
	}
	return list
}

// plan adds the deliveries of a new event, as the faults have it.
func (s *Simulator) plan(about *event) {
	if s.options.WebhookURL == "" {
		return
	}
	now := s.options.Now()
	copies, delay := s.faults.plan()
	if copies == 0 {
		s.state.Deliveries.add(&delivery{ID: newID("del"), Event: about.ID, State: DeliveryDropped, CreatedAt: now})
	}
	for range copies {
		s.state.Deliveries.add(&delivery{ID: newID("del"), Event: about.ID, State: DeliveryWaiting, CreatedAt: now, NextAt: now.Add(delay)})
	}
}

// nudge makes Run look for deliveries at once.
func (s *Simulator) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been nudged already
	}
}

// Deliver sends what is due now and waits for the answers. Run does it by itself.
func (s *Simulator) Deliver(ctx context.Context) {
	s.startDue(ctx)
	s.sending.Wait()
}

// startDue begins every delivery that is due and not on its way yet.
func (s *Simulator) startDue(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const atOnce = 16
	now := s.options.Now()
	for _, d := range s.state.Deliveries.Rows {
		if d.State != DeliveryWaiting || d.NextAt.After(now) || s.flying[d.ID] || len(s.flying) >= atOnce {
			continue
		}
		about, _ := s.state.Events.get(d.Event)
		body := answerObject(0, eventObject(about)).Body
		s.flying[d.ID] = true
		s.sending.Go(func() { s.send(ctx, d, body) })
	}
}

// send makes one attempt and records how it ended.
func (s *Simulator) send(ctx context.Context, d *delivery, body []byte) {
	outcome, arrived := s.post(ctx, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.flying, d.ID)
	if ctx.Err() != nil && !arrived {
		return // we stopped; the attempt does not count
	}
	now := s.options.Now()
	d.Attempts++
	d.Last = outcome
	switch {
	case arrived:
		d.State = DeliveryDone
	case now.Sub(d.CreatedAt) >= triesFor:
		d.State = DeliveryGivenUp
	default:
		d.NextAt = now.Add(min(longestWait, firstPause<<min(d.Attempts-1, 10)))
	}
	// A state that cannot be written sends the event again after a restart.
	_ = s.state.save(s.options.File)
	s.nudge()
}

func (s *Simulator) post(ctx context.Context, body []byte) (outcome string, arrived bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return deliveryFailedNet, false
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "Payment simulator, not Stripe")
	request.Header.Set("Stripe-Signature", Sign(body, s.options.WebhookSecret, s.options.Now()))
	response, err := s.client.Do(request)
	if err != nil {
		return deliveryFailedNet, false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // lets the connection be used again
	return fmt.Sprintf("status %d", response.StatusCode), response.StatusCode >= 200 && response.StatusCode < 300
}

// Sign makes a Stripe-Signature header for a body.
func Sign(body []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}
