package payments

import (
	"fmt"
	"time"

	"peercert/certification"
)

// Stripe forgets an idempotency key after 24 hours, or a little later; from then
// on the same request is a new one, and would take the money again.
const (
	// keyTrust is how long after AskedAt a key is trusted without looking first.
	keyTrust = 20 * time.Hour
	// keyLife is Stripe's own bound.
	keyLife = 24 * time.Hour
	// pageLife is how long a payment page stays open; Stripe allows 24 hours.
	pageLife = 23 * time.Hour
	// laterStep is how long one later try lasts: within it the key stays the same.
	laterStep = 10 * time.Minute
)

// try is one attempt to create something, with everything that must be the same
// when it is repeated: Stripe compares the parameters of a repeated key.
type try struct {
	key       string
	expiresAt time.Time
}

// firstTry is the attempt every call within keyTrust begins with.
func firstTry(what, id string, askedAt time.Time) try {
	return try{key: what + ":" + id, expiresAt: askedAt.Add(pageLife)}
}

// laterTry is the attempt after looking found nothing: when the first key is
// forgotten or spent. Its key changes every laterStep, so that a key which itself
// is spent does not block a fee for a day.
func laterTry(what, id string, askedAt, now time.Time) try {
	step := max(0, now.Sub(askedAt)/laterStep)
	return try{
		key:       fmt.Sprintf("%s:%s:%d", what, id, step),
		expiresAt: askedAt.Add(step*laterStep + pageLife),
	}
}

// check refuses a checkout that could not be repeated or recognized later.
func check(checkout certification.Checkout) error {
	switch {
	case checkout.PaymentID == "" || checkout.CaseID == "" || checkout.ApplicantID == "":
		return fmt.Errorf("open a payment page: %w: an id is empty", ErrInvalid)
	case checkout.AmountCents <= 0:
		return fmt.Errorf("open a payment page for payment %s: %w: the amount is not positive", checkout.PaymentID, ErrInvalid)
	case checkout.Currency == "":
		return fmt.Errorf("open a payment page for payment %s: %w: the currency is empty", checkout.PaymentID, ErrInvalid)
	case checkout.AskedAt.IsZero():
		return fmt.Errorf("open a payment page for payment %s: %w: AskedAt is not set", checkout.PaymentID, ErrInvalid)
	}
	return nil
}
