package paymentsimulator

import (
	"net/http"
	"time"
)

// keyLife is how long an answer is remembered. Stripe says "at least 24 hours";
// forgetting as early as it may is the harder case.
const keyLife = 24 * time.Hour

// savedKey is the answer that belongs to an Idempotency-Key.
type savedKey struct {
	Request     string    `json:"request"`
	Fingerprint string    `json:"fingerprint"`
	Answer      answer    `json:"answer"`
	At          time.Time `json:"at"`
}

// saved looks a key up. The same key with other parameters is an error.
func (s *Simulator) saved(key, fingerprint string) (savedKey, bool, error) {
	if len(key) > 255 {
		return savedKey{}, false, refuse("", "Idempotency keys can have up to 255 characters.")
	}
	found, ok := s.state.Keys[key]
	if !ok {
		return savedKey{}, false, nil
	}
	if s.options.Now().Sub(found.At) >= keyLife {
		delete(s.state.Keys, key)
		return savedKey{}, false, nil
	}
	if found.Fingerprint != fingerprint {
		return savedKey{}, false, &apiError{
			status: http.StatusBadRequest, Type: idempotencyError,
			Message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key + "' if you meant to execute a different request.",
		}
	}
	return found, true, nil
}
