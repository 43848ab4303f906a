package certification

import "time"

// Money acts on a message about money that no stage waits for: a payment that arrived
// though the case does not wait for it, one that went back, one that a bank disputes. It
// changes the case and the step. It says false for every other message.
//
// A case takes these wherever it stands, and after its end too: by its workflow while
// that runs, by the records once it is gone. So both use this.
func (c *Case) Money(message Message, step *Transition) bool {
	switch message := message.(type) {
	case *PaymentSettled:
		if !c.IsSurplus(message) {
			return false
		}
		step.Event.Details = EventDetails{ID: message.PaymentID, Code: AttentionSurplus}
		step.Payment = &PaymentOutcome{ID: message.PaymentID, Status: PaymentSurplus, At: message.PaidAt}
		if message.WentBack() {
			step.Payment.Status = PaymentRefundedWhole
			return true
		}
		c.RaiseAttention(AttentionSurplus, message.PaymentID, time.Time{})
		step.Notices = append(step.Notices, NoticeRequest{Letter: LetterPaymentSurplus, Facts: Facts{
			AmountCents: message.AmountCents, PaymentID: message.PaymentID, PaidAt: message.PaidAt,
		}})
		return true
	case *PaymentRefunded:
		step.Event.Details.ID = message.PaymentID
		if message.LeftCents > 0 {
			c.ClearAttention(AttentionDispute, message.PaymentID)
			return true
		}
		c.EndAttention(message.PaymentID)
		step.Payment = &PaymentOutcome{ID: message.PaymentID, Status: PaymentRefundedWhole}
		return true
	case *PaymentDisputed:
		step.Event.Details.ID = message.PaymentID
		c.RaiseAttention(AttentionDispute, message.PaymentID, time.Time{})
		return true
	}
	return false
}

// IsSurplus says that the money of a payment arrived and the case does not wait for it:
// the fee was settled otherwise meanwhile, or is not due any more.
func (c *Case) IsSurplus(message *PaymentSettled) bool {
	return c.Payment == nil || c.Payment.ID != message.PaymentID
}

// WentBack says that all of the money had gone back before we heard that it came.
func (m *PaymentSettled) WentBack() bool {
	return m.RefundedCents > 0 && m.RefundedCents >= m.AmountCents
}
