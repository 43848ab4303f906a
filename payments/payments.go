// Package payments takes fees through Stripe's hosted Checkout: it opens payment
// pages, checks what Stripe's webhook brings, and says which signals follow.
//
// Redirect only: no card data and no script of Stripe's touches our pages. Nothing
// about a person reaches Stripe from here, only ids, the fee's name and the amount.
// stripe-go is used in stripe.go alone. It speaks API version 2023-10-16.
package payments

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"peercert/certification"
)

// Source is the Incoming.Source of everything that comes from Stripe.
const Source = "stripe"

// The outcomes with which a person comes back from the payment page; the second
// argument of Options.ReturnURL.
const (
	ReturnPaid = "paid"
	ReturnBack = "back"
)

// Options is what New needs.
type Options struct {
	// SecretKey is Stripe's API key. A live key is refused together with URL.
	SecretKey string
	// WebhookSecret signs the webhook. Two secrets, separated by a comma, are both
	// accepted while one is being replaced by the other.
	WebhookSecret string
	// URL is the address of the payment simulator; empty means Stripe.
	URL string
	// ReturnURL is where the payment page sends the person back to; outcome is
	// ReturnPaid or ReturnBack. It must give the same address each time: it is part
	// of a request that may be sent twice. Coming back proves nothing.
	ReturnURL func(paymentID, outcome string) string
	// Now is the clock.
	Now func() time.Time
}

// Payments is the adapter. It is safe for concurrent use.
type Payments struct {
	stripe    *processor
	returnURL func(paymentID, outcome string) string
	now       func() time.Time
}

// New checks the options and gives the adapter. It opens no connection.
func New(options Options) (*Payments, error) {
	if options.SecretKey == "" {
		return nil, errors.New("payments: the secret key is empty")
	}
	if options.ReturnURL == nil || options.Now == nil {
		return nil, errors.New("payments: ReturnURL and Now must be given")
	}
	live := strings.HasPrefix(options.SecretKey, "sk_live_") || strings.HasPrefix(options.SecretKey, "rk_live_")
	if live && options.URL != "" {
		return nil, errors.New("payments: a live key is never sent to an address other than Stripe's")
	}
	secrets := splitSecrets(options.WebhookSecret)
	if len(secrets) == 0 {
		// HMAC with an empty key would take anybody's signature.
		return nil, errors.New("payments: the webhook secret is empty")
	}
	return &Payments{
		stripe:    newProcessor(options.SecretKey, options.URL, live, secrets),
		returnURL: options.ReturnURL,
		now:       options.Now,
	}, nil
}

func splitSecrets(joined string) []string {
	var secrets []string
	for secret := range strings.SplitSeq(joined, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// productName is what the payment page calls a fee. The names say nothing about
// the programme: what somebody pays us for is nobody's business but theirs.
func productName(fee certification.Fee) (string, error) {
	switch fee {
	case certification.FeeApplication:
		return "Application fee", nil
	case certification.FeeExam:
		return "Exam fee", nil
	case certification.FeeRetake:
		return "Exam retake fee", nil
	case certification.FeeRenewal:
		return "Renewal fee", nil
	case certification.FeeLateRenewal:
		return "Late renewal fee", nil
	}
	return "", fmt.Errorf("payments: %q is not a fee", fee)
}
