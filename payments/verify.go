package payments

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"peercert/certification"
)

// Tolerance is how far the time in a webhook's signature may be from our clock,
// before or after it.
const Tolerance = 300 * time.Second

// notice is what we keep of an event: ids only. The names, addresses and card
// details that Stripe puts into events are dropped here.
type notice struct {
	Event     string    `json:"event"`
	Type      string    `json:"type"`
	Object    string    `json:"object"`
	CreatedAt time.Time `json:"created_at"`
}

// Verify checks a webhook's body, byte for byte as received, against its
// Stripe-Signature header, and gives what to store before answering. The caller
// bounds the body's size. Errors are ErrSignature, ErrTimestamp, ErrVersion,
// ErrMode or ErrBody; none is worth a retry by Stripe, so answer 400.
func (p *Payments) Verify(body []byte, signature string) (certification.Incoming, error) {
	kept, err := p.stripe.event(body, signature)
	if err != nil {
		return certification.Incoming{}, err
	}
	// Last because only a signed time says anything. stripe-go bounds the past only,
	// and by the machine's clock.
	if apart := p.now().Sub(signedAt(signature)); apart.Abs() > Tolerance {
		return certification.Incoming{}, fmt.Errorf("event %s, %s away: %w", kept.Event, apart.Round(time.Second), ErrTimestamp)
	}
	payload, err := json.Marshal(kept)
	if err != nil {
		return certification.Incoming{}, fmt.Errorf("keep event %s: %w", kept.Event, err)
	}
	return certification.Incoming{Source: Source, ExternalID: kept.Event, Kind: kept.Type, Payload: payload}, nil
}

// signedAt reads the time of a Stripe-Signature header ("t=1495999758,v1=…"). Of
// several the last counts, as it does for the signature.
func signedAt(header string) time.Time {
	var at time.Time
	for part := range strings.SplitSeq(header, ",") {
		if value, found := strings.CutPrefix(part, "t="); found {
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
				at = time.Unix(seconds, 0)
			}
		}
	}
	return at
}
