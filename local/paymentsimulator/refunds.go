package paymentsimulator

import "fmt"

func (s *Simulator) createRefund(c *call) (object, error) {
	metadata, err := c.form.metadata("metadata")
	if err != nil {
		return nil, err
	}
	switch reason := c.form.text("reason"); reason {
	case "", "duplicate", "fraudulent", "requested_by_customer":
	default:
		return nil, refuse("reason", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer")
	}
	paid, err := s.refundable(c)
	if err != nil {
		return nil, err
	}
	amount, err := c.form.number("amount", paid.Amount-paid.Refunded)
	if err != nil {
		return nil, err
	}
	c.begin()
	made, err := s.refund(paid, amount, c.form.text("reason"), metadata)
	if err != nil {
		return nil, err
	}
	return refundObject(made), nil
}

// refundable finds the charge that the parameters name, directly or by its intent.
func (s *Simulator) refundable(c *call) (*charge, error) {
	id := c.form.text("charge")
	if intentID := c.form.text("payment_intent"); intentID != "" {
		found, ok := s.state.Intents.get(intentID)
		if !ok {
			return nil, absentParameter("payment_intent", intentID, "payment_intent")
		}
		if found.Status != intentSucceeded {
			return nil, refuse("payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", intentID)
		}
		id = found.Charge
	}
	found, ok := s.state.Charges.get(id)
	if !ok {
		return nil, absentParameter("charge", id, "charge")
	}
	return found, nil
}

// refund gives money of a charge back.
func (s *Simulator) refund(paid *charge, amount int64, reason string, metadata map[string]string) (*refund, error) {
	left := paid.Amount - paid.Refunded
	switch {
	case paid.Status != chargeSucceeded:
		return nil, refuse("charge", "Charge %s has not been captured.", paid.ID)
	case s.inDispute(paid):
		return nil, &apiError{status: 400, Type: invalidRequest, Code: "charge_disputed", Message: "Charge " + paid.ID + " has been charged back; cannot issue a refund."}
	case left == 0:
		return nil, &apiError{status: 400, Type: invalidRequest, Code: "charge_already_refunded", Message: "Charge " + paid.ID + " has already been refunded."}
	case amount < 1 || amount > left:
		return nil, refuse("amount", "Refund amount (%d cents) is greater than unrefunded amount on charge (%d cents), or not positive.", amount, left)
	}
	made := &refund{
		ID: newID("re"), Created: s.options.Now().Unix(), Charge: paid.ID, Intent: paid.Intent,
		Amount: amount, Currency: paid.Currency, Reason: reason, Metadata: metadata,
	}
	paid.Refunded += amount
	s.state.Refunds.add(made)
	s.happened("charge.refunded", s.chargeObject(paid, nil))
	return made, nil
}

// inDispute says whether a bank holds the money of a charge.
func (s *Simulator) inDispute(paid *charge) bool {
	found, is := s.disputeOf(paid)
	return is && found.status() != disputeWon
}

func (s *Simulator) getRefund(c *call) (object, error) {
	found, ok := s.state.Refunds.get(c.path("refund"))
	if !ok {
		return nil, absent("refund", c.path("refund"), "refund")
	}
	return refundObject(found), nil
}

func (s *Simulator) listRefunds(c *call) (object, error) {
	if _, err := c.form.expansion(); err != nil {
		return nil, err
	}
	return listed(c, &s.state.Refunds, "/v1/refunds", func(row *refund) bool {
		return same(c.form.text("payment_intent"), row.Intent) && same(c.form.text("charge"), row.Charge)
	}, refundObject)
}

func refundObject(row *refund) object {
	return object{
		"id": row.ID, "object": "refund", "amount": row.Amount, "balance_transaction": nil, "charge": row.Charge,
		"created": row.Created, "currency": row.Currency, "metadata": row.Metadata, "payment_intent": row.Intent,
		"reason": orNull(row.Reason), "receipt_number": nil, "source_transfer_reversal": nil, "status": "succeeded",
		"transfer_reversal": nil,
	}
}

// dollars writes cents for a person.
func dollars(cents int64) string { return fmt.Sprintf("$%d.%02d", cents/100, cents%100) }
