package paymentsimulator

import (
	"net/http"
	"time"
)

// Faults are things that go wrong on purpose. Each counts down as it happens.
type Faults struct {
	// FailPosts answers that many POSTs with FailStatus, doing nothing. A 500 is
	// saved under the Idempotency-Key, as Stripe does; nothing else is.
	FailPosts  int `json:"fail_posts"`
	FailStatus int `json:"fail_status"` // 0 means 500
	// LoseAnswers does what that many POSTs ask for and cuts the connection instead
	// of answering.
	LoseAnswers int `json:"lose_answers"`
	// DuplicateWebhooks sends that many events twice.
	DuplicateWebhooks int `json:"duplicate_webhooks"`
	// DropWebhooks never sends that many events.
	DropWebhooks int `json:"drop_webhooks"`
	// DelayWebhooks sends that many events DelaySeconds late.
	DelayWebhooks int `json:"delay_webhooks"`
	DelaySeconds  int `json:"delay_seconds"`
}

// SetFaults replaces the faults that are still to happen.
func (s *Simulator) SetFaults(faults Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// Faults gives the faults that are still to happen.
func (s *Simulator) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// take counts one down, and says whether there was one.
func take(left *int) bool {
	if *left <= 0 {
		return false
	}
	*left--
	return true
}

func (f *Faults) loseAnswer() bool { return take(&f.LoseAnswers) }

func (f *Faults) failPost(post bool) *apiError {
	if !post || !take(&f.FailPosts) {
		return nil
	}
	status := f.FailStatus
	if status == 0 {
		status = http.StatusInternalServerError
	}
	return &apiError{status: status, Type: internalError, Message: "The simulator was told to fail here."}
}

// plan says how often, and how late, the next event is sent.
func (f *Faults) plan() (copies int, delay time.Duration) {
	copies = 1
	switch {
	case take(&f.DropWebhooks):
		copies = 0
	case take(&f.DuplicateWebhooks):
		copies = 2
	}
	if take(&f.DelayWebhooks) {
		delay = time.Duration(f.DelaySeconds) * time.Second
	}
	return copies, delay
}
