package payments

import (
	"fmt"
	"time"

	"peercert/certification"
)

// page is a Checkout Session as we need it.
type page struct {
	ID         string
	CustomerID string
	URL        string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	PaymentID  string // from the metadata; empty if the page is not ours
	CaseID     string
	Fee        certification.Fee

	Status      string // "open", "complete" or "expired"
	Paid        bool   // Stripe's payment_status says paid, or nothing to pay
	Declined    bool   // completed, and the bank said no afterwards
	AmountCents int64
	PaidAt      time.Time
	// RefundedCents is what of it went back since.
	RefundedCents int64

	// Replayed is set when Stripe repeated what it saved under the key.
	Replayed bool
}

// pageState orders pages by how much a new one beside them would hurt.
type pageState int

const (
	pageUnknown pageState = iota
	pageExpired           // closed, or the money did not come: a new one may be opened
	pageOpen
	pageProcessing // completed, but the bank has not answered
	pagePaid
)

func (p page) state() pageState {
	switch {
	case p.ID == "":
		return pageUnknown
	case p.Paid:
		return pagePaid
	case p.Status == "open":
		return pageOpen
	case p.Status == "complete" && !p.Declined:
		return pageProcessing
	}
	return pageExpired
}

// processing is ErrProcessing for a page whose money is under way.
func (p page) processing() error {
	if p.state() == pageProcessing {
		return fmt.Errorf("page %s: %w", p.ID, ErrProcessing)
	}
	return nil
}

// usable says why a page cannot be handed to the applicant, or nil. A page that
// expired answers to its key for a while; the next try has another.
func (p page) usable() error {
	if p.state() == pageExpired {
		return fmt.Errorf("page %s has expired and its key is still remembered: %w", p.ID, ErrUnavailable)
	}
	return p.processing()
}
