package workflows

import (
	"go.temporal.io/sdk/workflow"

	"peercert/certification"
)

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

// settle takes the money of the open payment. What comes for another is surplus, and
// never gets here (Case.Money).
func (c *story) settle(message *certification.PaymentSettled) {
	payment := c.Case.Payment
	c.step.Event.Details = certification.EventDetails{ID: message.PaymentID, Fee: payment.Fee}
	c.closePayment(certification.PaymentPaid)
	if message.WentBack() {
		c.step.Payment.Status = certification.PaymentRefundedWhole
	}
	c.step.Payment.At = message.PaidAt
	c.letter(certification.LetterReceipt, func(f *certification.Facts) {
		f.Fee, f.AmountCents, f.PaymentID, f.PaidAt = payment.Fee, message.AmountCents, payment.ID, message.PaidAt
	})
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
	c.closePayment(certification.PaymentDropped)
}

// closePayment ends the open payment. Where that is without money, the records ask in the
// same transaction for its page to be closed, so that nobody pays there any more.
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
	c.closePayment(certification.PaymentWaived)
	c.letter(certification.LetterFeeWaived, price(fee))
}

// lateMoney is why a message about money has no effect, where cases of before took no
// notice of it; empty everywhere else. They recorded money that they did not wait for,
// and what came after their end, and did nothing about it. Such messages are in
// histories: they are replayed as they were.
//
// The key is part of the change's name, because a run gives one answer for each name:
// with one name, a run that once ignored a payment would ignore the next one too.
func (c *story) lateMoney(ctx workflow.Context, m certification.Message) (ignored string) {
	closed := c.Case.Stage == certification.StageClosed
	switch m := m.(type) {
	case *certification.PaymentSettled:
		if !c.Case.IsSurplus(m) {
			return ""
		}
	case *certification.PaymentRefunded, *certification.PaymentDisputed:
		if !closed {
			return ""
		}
	default:
		return ""
	}
	change := "late-money:" + certification.EnvelopeOf(m).Key
	switch {
	case workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion:
		return ""
	case closed:
		return "the case is closed"
	}
	return "another payment"
}
