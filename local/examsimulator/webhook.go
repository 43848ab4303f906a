package examsimulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// message is the body of a webhook.
type message struct {
	EventID         string    `json:"event_id"`
	Type            string    `json:"type"`
	AuthorizationID string    `json:"authorization_id"`
	OccurredAt      time.Time `json:"occurred_at"`
	AppointmentID   string    `json:"appointment_id,omitempty"`
	AppointmentAt   time.Time `json:"appointment_at,omitzero"`
	EndsAt          time.Time `json:"ends_at,omitzero"`
	ExaminedAt      time.Time `json:"examined_at,omitzero"`
	Outcome         string    `json:"outcome,omitempty"`
	Version         int       `json:"version,omitempty"`
	Reason          string    `json:"reason,omitempty"`
}

// webhook is a message on its way.
type webhook struct {
	EventID         string          `json:"event_id"`
	AuthorizationID string          `json:"authorization_id"`
	Body            json.RawMessage `json:"body"`
	Tries           int             `json:"tries"`
	// Answer is what the last try came to: a status, or that nobody answered.
	Answer string `json:"answer,omitempty"`

	next time.Time // on the machine's clock: how long to leave somebody in peace
}

// Undelivered is a webhook the product has not taken yet.
type Undelivered struct {
	EventID         string          `json:"event_id"`
	AuthorizationID string          `json:"authorization_id"`
	Body            json.RawMessage `json:"body"`
	Tries           int             `json:"tries"`
	Answer          string          `json:"answer,omitempty"`
}

// Undelivered lists the webhooks that are still on their way, oldest first.
func (s *Simulator) Undelivered() []Undelivered {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	waiting := []Undelivered{}
	for _, hook := range s.state.Webhooks {
		waiting = append(waiting, Undelivered{hook.EventID, hook.AuthorizationID, hook.Body, hook.Tries, hook.Answer})
	}
	return waiting
}

func (s *Simulator) webhook(said message) (*webhook, error) {
	said.OccurredAt = s.options.Now().UTC().Truncate(time.Second)
	body, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("write a webhook: %w", err)
	}
	return &webhook{EventID: said.EventID, AuthorizationID: said.AuthorizationID, Body: body}, nil
}

// deliver sends the webhooks whose time has come, in order: while one of an
// authorization is not taken, later ones of it wait. With an authorization's id it
// sends that one's, and does not wait for their time. It returns how long until the
// next is due.
func (s *Simulator) deliver(ctx context.Context, only string) time.Duration {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mutex.Lock()
	waiting := slices.Clone(s.state.Webhooks)
	s.mutex.Unlock()

	blocked := map[string]bool{}
	for _, hook := range waiting {
		switch {
		case ctx.Err() != nil:
			return 0
		case blocked[hook.AuthorizationID], only != "" && hook.AuthorizationID != only:
			continue
		case only == "" && time.Now().Before(hook.next):
			blocked[hook.AuthorizationID] = true
			continue
		}
		answer := s.post(ctx, hook.Body)
		s.mutex.Lock()
		hook.Tries++
		hook.Answer = answer
		if answer == "" {
			s.state.Webhooks = slices.DeleteFunc(s.state.Webhooks, func(other *webhook) bool { return other == hook })
		} else {
			blocked[hook.AuthorizationID] = true
			hook.next = time.Now().Add(min(30*time.Second, 250*time.Millisecond<<min(hook.Tries, 10)))
		}
		if err := s.save(); err != nil {
			s.problem = err.Error()
		}
		s.mutex.Unlock()
	}

	s.mutex.Lock()
	defer s.mutex.Unlock()
	wait := time.Minute
	first := map[string]bool{} // the others wait for it, whatever their time
	for _, hook := range s.state.Webhooks {
		if !first[hook.AuthorizationID] {
			first[hook.AuthorizationID] = true
			wait = min(wait, max(0, time.Until(hook.next)))
		}
	}
	if only != "" && len(s.state.Webhooks) > 0 {
		select {
		case s.queued <- struct{}{}:
		default:
		}
	}
	return wait
}

// post sends one body with a signature of now. It says what went wrong, and nothing
// if the product took it.
func (s *Simulator) post(ctx context.Context, body []byte) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return "the webhook address is not one"
	}
	at := s.options.Now().Unix()
	mac := hmac.New(sha256.New, []byte(s.options.WebhookSecret))
	fmt.Fprintf(mac, "%d.%s", at, body)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Exam-Signature", fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil))))
	response, err := s.client.Do(request)
	if err != nil {
		return "nobody answered"
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode/100 != 2 {
		return response.Status
	}
	return ""
}
