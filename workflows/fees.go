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

// settle takes the money for the fee that is due. It may be that of an earlier payment for
// this fee, which had ended: then the open one is given up. What comes for anything else
// never gets here (Case.Money).
func (c *story) settle(message *certification.PaymentSettled) {
	fee, _ := c.Case.FeeDue()
	c.step.Event.Details = certification.EventDetails{ID: message.PaymentID, Fee: fee}
	paid := &certification.PaymentOutcome{ID: message.PaymentID, Status: certification.PaymentPaid, At: message.PaidAt}
	if message.WentBack() {
		paid.Status = certification.PaymentRefundedWhole
	}
	if c.Case.IsLate(message) {
		c.dropPayment()
		c.step.Credit = paid
	} else {
		c.closePayment(certification.PaymentPaid)
		c.step.Payment = paid
	}
	c.letter(certification.LetterReceipt, func(f *certification.Facts) {
		f.Fee, f.AmountCents, f.PaymentID, f.PaidAt = fee, message.AmountCents, message.PaymentID, message.PaidAt
	})
}

// spend uses the credit of a case that comes to the fee for which it was paid: the case
// goes on as if it had been paid just now.
func (c *story) spend(next certification.Stage) certification.Stage {
	if c.Case.Credit == nil {
		return next
	}
	here := c.Case.Stage
	c.Case.Stage = next // for the question what is due there; move goes there from here
	settled := c.Case.SpendCredit(c.step)
	c.Case.Stage = here
	if settled {
		return afterFee[next](c)
	}
	return next
}

// afterFee is how a case goes on when the fee of a stage is settled.
var afterFee = map[certification.Stage]func(*story) certification.Stage{
	certification.StageApplicationFee: (*story).applicationReceived,
	certification.StageExamFee:        (*story).bookingPossible,
	certification.StageRenewalFee:     (*story).renewalReceived,
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
// notice of it; empty everywhere else. At first they recorded money that they did not wait
// for, and what came after their end, and did nothing about it; then they gave it back
// (version 1); now it counts for its fee where that is owed (version 2). Such messages are
// in histories: they are replayed as they were.
//
// The key is part of the change's name, because a run gives one answer for each name:
// with one name, a run that once ignored a payment would ignore the next one too.
func (c *story) lateMoney(ctx workflow.Context, m certification.Message) (ignored string) {
	closed := c.Case.Stage == certification.StageClosed
	settled, _ := m.(*certification.PaymentSettled)
	switch m.(type) {
	case *certification.PaymentSettled:
		if !c.Case.IsLate(settled) {
			return ""
		}
	case *certification.PaymentRefunded, *certification.PaymentDisputed:
		if !closed {
			return ""
		}
	default:
		return ""
	}
	version := workflow.GetVersion(ctx, "late-money:"+certification.EnvelopeOf(m).Key, workflow.DefaultVersion, 2)
	if version == 1 && settled != nil {
		settled.Fee = "" // of no fee: given back
	}
	switch {
	case version != workflow.DefaultVersion:
		return ""
	case closed:
		return "the case is closed"
	}
	return "another payment"
}
