package payments

import (
	"errors"
	"fmt"
	"net/http"
)

// What a caller may decide on, with errors.Is.
var (
	// ErrUnavailable: Stripe did not answer, or not now. Trying again with the same
	// arguments is right, and safe.
	ErrUnavailable = errors.New("the payment processor is not available")
	// ErrRefused: Stripe understood and said no. Trying again changes nothing.
	ErrRefused = errors.New("the payment processor refused the request")
	// ErrKey: Stripe does not take our key. A person must mend the setting.
	ErrKey = errors.New("the payment processor refused our key")
	// ErrProcessing: a payment for this fee is under way at a bank. A new page now
	// could take the money twice; the webhook will say how it ended.
	ErrProcessing = errors.New("a payment for this fee is still being processed")
	// ErrInvalid: the arguments cannot be sent.
	ErrInvalid = errors.New("the payment cannot be asked for as it is")

	// ErrSignature: a webhook that Stripe did not sign.
	ErrSignature = errors.New("the webhook's signature is not valid")
	// ErrTimestamp: signed, but more than Tolerance before or after our clock.
	ErrTimestamp = errors.New("the webhook's timestamp is outside the tolerance")
	// ErrVersion: signed, but for another API version: the endpoint at Stripe must
	// be made for 2023-10-16.
	ErrVersion = errors.New("the webhook speaks another API version")
	// ErrMode: a test event where live ones are expected, or the other way round.
	ErrMode = errors.New("the webhook is of the other mode, live or test")
	// ErrBody: signed, but not an event.
	ErrBody = errors.New("the webhook's body is not an event")
)

// Error is an answer of Stripe that is not a success, or no answer. Its text is
// ours: Stripe's messages repeat what was sent, the key included.
type Error struct {
	Doing     string // what was being done
	Status    int    // HTTP status, 0 when there was no answer
	Code      string // Stripe's code or type, "" when there was none
	RequestID string // Stripe's id of the request
	kind      error
	cause     error // why there was no answer
}

// Error says what was being done and how Stripe answered.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v: %v", e.Doing, e.kind, e.cause)
	}
	return fmt.Sprintf("%s: %v: status %d, %s, request %s", e.Doing, e.kind, e.Status, e.Code, e.RequestID)
}

// Unwrap gives ErrUnavailable, ErrRefused or ErrKey, and why there was no answer
// where there was none: a context's end, for example.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

// kindOf sorts an HTTP status into what the caller can do about it.
func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return ErrKey
	case status == http.StatusConflict || status == http.StatusTooManyRequests || status >= 500:
		return ErrUnavailable
	}
	return ErrRefused
}

// keySpent says that an idempotency key will give this same error until Stripe
// forgets it: Stripe saves a 500 under the key, and refuses a key whose first
// request had other parameters (a changed setting between two attempts).
func keySpent(err error) bool {
	var answer *Error
	return errors.As(err, &answer) && (answer.Status == http.StatusInternalServerError || answer.Code == codeKeyReused)
}

// missing says that Stripe does not know the object.
func missing(err error) bool {
	var answer *Error
	return errors.As(err, &answer) && answer.Status == http.StatusNotFound
}
