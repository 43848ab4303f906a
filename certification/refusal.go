package certification

import (
	"errors"
	"time"
)

// Types of Refusal. Each has one HTTP status (in package api) and one section on
// the page of problems; a type never changes its name or its meaning.
const (
	RefusedMalformed             = "malformed"               // not what the specification describes
	RefusedIdempotencyKeyMissing = "idempotency-key-missing" // a POST without its key
	RefusedUnauthenticated       = "unauthenticated"         // no token, or not one that is valid
	RefusedBadSignature          = "bad-signature"           // a webhook that its sender did not sign
	RefusedNotAllowed            = "not-allowed"             // the role may not do this, to any case
	RefusedNotFound              = "not-found"               // not there, or not theirs: the same words
	RefusedWrongStage            = "wrong-stage"             // the signal is not available at this stage
	RefusedStaleRevision         = "stale-revision"          // somebody was quicker: read again
	RefusedAlreadyDecided        = "already-decided"         // the review was decided by somebody else
	RefusedNotReady              = "not-ready"               // a document is still being checked: try again
	RefusedClosed                = "closed"                  // the case is closed, or the thing has ended
	RefusedInvalid               = "invalid"                 // well formed, but against a rule; see Findings
	RefusedIdempotencyKeyReused  = "idempotency-key-reused"  // the same key with another body or signal
	RefusedTooMany               = "too-many"                // too often: try again later
	RefusedUnavailable           = "unavailable"             // a part we need is down: try again later
)

// Refusal says no, in a way that its receiver can act on. It is the only error
// whose words reach people, so neither Detail nor a Finding may carry personal
// data: no value that somebody typed, only the name of its field.
type Refusal struct {
	Type   string `json:"type"`   // one of the Refused constants
	Detail string `json:"detail"` // a sentence: what is wrong and what to do
	// Findings are about single fields; only with malformed and invalid.
	Findings []Finding `json:"findings,omitempty"`
	// RetryAfter is how long to wait before trying again; only with not-ready,
	// too-many and unavailable.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// Cause is what went wrong below, for the log; it is not shown. May be nil.
	Cause error `json:"-"`
}

// Finding is what is wrong with one field.
type Finding struct {
	// Field is a path in the body, such as "address.zip" or "courses[2].hours".
	Field  string `json:"field"`
	Code   string `json:"code"`   // stable, such as "required" or "too_long"
	Detail string `json:"detail"` // a sentence
}

// Error gives type and sentence, without the cause: see Unwrap.
func (r *Refusal) Error() string { return r.Type + ": " + r.Detail }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// Is makes two refusals of one type equal for errors.Is.
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Type == r.Type
}

// RefusalOf finds the refusal in a chain of errors.
func RefusalOf(err error) (*Refusal, bool) {
	var refusal *Refusal
	ok := errors.As(err, &refusal)
	return refusal, ok
}

// Refused is a refusal of a type with a sentence.
func Refused(kind, detail string) *Refusal { return &Refusal{Type: kind, Detail: detail} }

// Malformed refuses a request that is not what the specification describes.
func Malformed(findings ...Finding) *Refusal {
	return &Refusal{Type: RefusedMalformed, Detail: "The request is not in the form that the specification describes.", Findings: findings}
}

// Invalid refuses content that is against a rule of the programme.
func Invalid(findings ...Finding) *Refusal {
	return &Refusal{Type: RefusedInvalid, Detail: "Something in the request is against a rule of the programme. Each finding names its field.", Findings: findings}
}

// NotFound refuses a thing that is not there or is somebody else's. There is one
// sentence for both, so that nobody can find out which.
func NotFound() *Refusal {
	return &Refusal{Type: RefusedNotFound, Detail: "There is nothing here for you."}
}

// StaleRevision refuses a change made on an older revision than the current.
func StaleRevision() *Refusal {
	return &Refusal{Type: RefusedStaleRevision, Detail: "This changed since you read it. Read it again, then repeat what you wanted to do."}
}

// CaseClosed refuses what only an open case takes.
func CaseClosed() *Refusal {
	return &Refusal{Type: RefusedClosed, Detail: "This case is closed. It takes no more signals."}
}

// NotReady refuses a thing that needs a document whose check is still under way.
func NotReady(after time.Duration) *Refusal {
	return &Refusal{Type: RefusedNotReady, Detail: "A document is still being checked. Try again with the same Idempotency-Key.", RetryAfter: after}
}

// KeyReused refuses a key that was used for something else before.
func KeyReused() *Refusal {
	return &Refusal{Type: RefusedIdempotencyKeyReused, Detail: "This Idempotency-Key was used for another request. Use a new key for each request."}
}

// TooMany refuses what was asked too often.
func TooMany(after time.Duration) *Refusal {
	return &Refusal{Type: RefusedTooMany, Detail: "That was too often. Wait a little, then try again.", RetryAfter: after}
}

// Unavailable refuses because a part that is needed is down. Nothing was lost:
// the same request with the same key may be sent again.
func Unavailable(cause error, after time.Duration) *Refusal {
	return &Refusal{Type: RefusedUnavailable, Detail: "A part of the service is not available. Try again with the same Idempotency-Key; nothing will be done twice.", RetryAfter: after, Cause: cause}
}
