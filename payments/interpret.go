package payments

import (
	"context"
	"encoding/json"
	"fmt"

	"peercert/certification"
)

// Delivery is a message and the case it is for.
type Delivery struct {
	CaseID  string
	Message certification.Message
}

// The reasons of a PaymentFailed.
const (
	FailedDeclined = "declined"
	FailedExpired  = "expired"
)

// Interpret says which messages follow from a stored event. It asks Stripe for the
// object as it is now: events come twice, late and in any order, and only say that
// it is time to look. Events of no interest, and about objects that are not ours,
// give none. The key of a message is the fact, not the event, so that every event
// that says the same makes the same message.
func (p *Payments) Interpret(ctx context.Context, incoming certification.Incoming) ([]Delivery, error) {
	if incoming.Source != Source {
		return nil, fmt.Errorf("interpret an event: source %q is not %q", incoming.Source, Source)
	}
	var kept notice
	if err := json.Unmarshal(incoming.Payload, &kept); err != nil {
		return nil, fmt.Errorf("interpret event %s: read what was kept of it: %w", incoming.ExternalID, err)
	}
	var deliveries []Delivery
	var err error
	switch kept.Type {
	case "checkout.session.completed", "checkout.session.expired",
		"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed":
		deliveries, err = p.look(ctx, kept.Object)
	case "charge.refunded":
		deliveries, err = p.refunded(ctx, kept.Object)
	case "charge.dispute.created", "charge.dispute.closed":
		deliveries, err = p.disputed(ctx, kept.Object)
	}
	if err != nil {
		return nil, fmt.Errorf("interpret event %s: %w", incoming.ExternalID, err)
	}
	return deliveries, nil
}

// Look asks for a payment page as it is now, without any event: for a person who
// comes back before the webhook, and for sweeps. A page that is open, or whose
// money is under way, gives no message, and neither does one that the processor does not
// know: it cannot be paid there.
func (p *Payments) Look(ctx context.Context, sessionID string) ([]Delivery, error) {
	deliveries, err := p.look(ctx, sessionID)
	if missing(err) {
		return nil, nil
	}
	return deliveries, err
}

// look is Look for a page that the processor has told of: that it is not there is an error.
func (p *Payments) look(ctx context.Context, sessionID string) ([]Delivery, error) {
	found, err := p.stripe.page(ctx, sessionID)
	if err != nil {
		return nil, err
	}
	if found.PaymentID == "" || found.CaseID == "" {
		return nil, nil
	}
	switch found.state() {
	case pagePaid:
		return settled(found), nil
	case pageExpired:
		reason := FailedExpired
		if found.Declined {
			reason = FailedDeclined
		}
		// The page is part of the key: a payment can have a second page, which can fail too.
		return deliver(found.CaseID, &certification.PaymentFailed{
			Envelope:  envelope(reason + ":" + found.PaymentID + ":" + found.ID),
			PaymentID: found.PaymentID, Reason: reason,
		}), nil
	}
	return nil, nil
}

// settled is the message about a page that was paid.
func settled(found page) []Delivery {
	return deliver(found.CaseID, &certification.PaymentSettled{
		Envelope:  envelope("settled:" + found.PaymentID),
		PaymentID: found.PaymentID, Fee: found.Fee, AmountCents: found.AmountCents, PaidAt: found.PaidAt, RefundedCents: found.RefundedCents,
	})
}

// refunded reports the whole amount that has gone back so far: several partial
// refunds make several messages, each with the sum up to then.
func (p *Payments) refunded(ctx context.Context, chargeID string) ([]Delivery, error) {
	found, err := p.stripe.charge(ctx, chargeID)
	if err != nil {
		return nil, err
	}
	if found.PaymentID == "" || found.CaseID == "" || found.RefundedCents == 0 {
		return nil, nil
	}
	return deliver(found.CaseID, &certification.PaymentRefunded{
		Envelope:  envelope(fmt.Sprintf("refunded:%s:%d", found.PaymentID, found.RefundedCents)),
		PaymentID: found.PaymentID, AmountCents: found.RefundedCents, LeftCents: found.AmountCents - found.RefundedCents,
	}), nil
}

// disputed reports a dispute as it is now: that it is open, or how it ended. One about
// money that had gone back before is of no interest, since there is nothing left to take.
func (p *Payments) disputed(ctx context.Context, disputeID string) ([]Delivery, error) {
	found, err := p.stripe.dispute(ctx, disputeID)
	if err != nil {
		return nil, err
	}
	if found.PaymentID == "" || found.CaseID == "" || found.KeptCents == 0 {
		return nil, nil
	}
	message := &certification.PaymentDisputed{
		Envelope: envelope("disputed:" + found.PaymentID + ":" + disputeID), PaymentID: found.PaymentID,
	}
	switch found.Outcome {
	case "":
		message.EvidenceDueAt = found.EvidenceDueAt
	case certification.DisputeLost:
		message.LeftCents = max(0, found.KeptCents-found.AmountCents)
		fallthrough
	default:
		message.Envelope, message.Outcome = envelope("dispute-"+found.Outcome+":"+found.PaymentID+":"+disputeID), found.Outcome
	}
	return deliver(found.CaseID, message), nil
}

func deliver(caseID string, message certification.Message) []Delivery {
	return []Delivery{{CaseID: caseID, Message: message}}
}

func envelope(fact string) certification.Envelope {
	return certification.Envelope{
		Key:   Source + ":" + fact,
		Actor: certification.Actor{Role: certification.RoleOutside, ID: Source},
	}
}
