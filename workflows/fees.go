package workflows

import "peercert/certification"

// askFee opens a payment, or the page of the one that is open once more: there is
// never a second payment for a fee that is being paid.
func (c *story) askFee(message *certification.PayFee) {
	fee, _ := c.Case.FeeDue()
	c.step.Event.Details = certification.EventDetails{Fee: fee, Versions: []string{message.NotRefundableVersion}}
	if c.Case.Payment != nil {
		c.step.Event.Details.ID = c.Case.Payment.ID
		c.again = append(c.again, Errand{Activity: checkoutErrand, ID: c.Case.Payment.ID})
		return
	}
	c.Case.Payment = &certification.OpenPayment{Fee: fee, AmountCents: c.Case.Policy.AmountCents(fee)}
	c.step.Ask = true
}

// settle takes the money of the open payment. It says false, and only records,
// for money that the case does not wait for.
func (c *story) settle(message *certification.PaymentSettled) bool {
	payment := c.Case.Payment
	c.step.Event.Details = certification.EventDetails{ID: message.PaymentID}
	if payment == nil || payment.ID != message.PaymentID {
		c.step.Event.Ignored = "another payment"
		return false
	}
	c.step.Event.Details.Fee = payment.Fee
	c.closePayment("paid")
	c.step.Payment.At = message.PaidAt
	c.letter(certification.LetterReceipt, func(f *certification.Facts) {
		f.Fee, f.AmountCents, f.PaymentID, f.PaidAt = payment.Fee, message.AmountCents, payment.ID, message.PaidAt
	})
	return true
}

func (c *story) paymentFailed(message *certification.PaymentFailed) {
	payment := c.Case.Payment
	c.step.Event.Details = certification.EventDetails{ID: message.PaymentID, Code: message.Reason}
	if payment == nil || payment.ID != message.PaymentID {
		c.step.Event.Ignored = "another payment"
		return
	}
	if message.Reason == "declined" {
		c.letter(certification.LetterPaymentFailed, dueOf(c.Case.Stage), price(payment.Fee))
	}
	c.dropPayment()
}

// dropPayment gives up the open payment; the next pay-fee opens a new one.
func (c *story) dropPayment() {
	c.closePayment("failed")
}

func (c *story) closePayment(status string) {
	if payment := c.Case.Payment; payment != nil {
		c.step.Payment = &certification.PaymentOutcome{ID: payment.ID, Status: status}
		c.Case.EndAttention(payment.ID)
		c.Case.Payment = nil
	}
}

func (c *story) waive(message *certification.WaiveFee) {
	fee, _ := c.Case.FeeDue()
	c.step.Event.Details = certification.EventDetails{Fee: fee, Code: message.Reason}
	c.closePayment("waived")
	c.letter(certification.LetterFeeWaived, price(fee))
}
