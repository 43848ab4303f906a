package certification

import (
	"slices"
	"time"
)

// Money acts on a message about money that no stage waits for: a payment that arrived
// though the case does not wait for it, one that went back, one that a bank disputes. It
// changes the case and the step. It says false for every other message.
//
// A case takes these wherever it stands, and after its end too: by its workflow while
// that runs, by the records once it is gone. So both use this.
func (c *Case) Money(message Message, step *Transition) bool {
	switch message := message.(type) {
	case *PaymentSettled:
		if !c.IsLate(message) || c.Counts(message.Credit()) {
			return false
		}
		step.Event.Details = EventDetails{ID: message.PaymentID, Fee: message.Fee}
		switch credit := message.Credit(); {
		case message.WentBack():
			step.Credit = &PaymentOutcome{ID: message.PaymentID, Status: PaymentRefundedWhole, At: message.PaidAt}
		case c.Credit == nil && c.mayOwe(credit) && c.isPrice(credit):
			step.Event.Details.Code = PaymentCredit
			step.Credit = &PaymentOutcome{ID: message.PaymentID, Status: PaymentCredit, At: message.PaidAt}
			c.Credit = &credit
			step.Notices = append(step.Notices, credit.letter(LetterPaymentCredit))
		default:
			step.Event.Details.Code = PaymentSurplus
			c.giveBack(credit, step)
			step.Credit.At = message.PaidAt
		}
		return true
	case *PaymentRefunded:
		step.Event.Details.ID = message.PaymentID
		credit := c.takeCredit(message.PaymentID)
		if message.LeftCents > 0 {
			c.ClearAttention(AttentionDispute, message.PaymentID)
			if credit != nil { // what is left is no price
				credit.AmountCents = message.LeftCents
				c.giveBack(*credit, step)
			}
			return true
		}
		c.EndAttention(message.PaymentID)
		step.Payment = &PaymentOutcome{ID: message.PaymentID, Status: PaymentRefundedWhole}
		return true
	case *PaymentDisputed:
		step.Event.Details.ID, step.Event.Details.Code = message.PaymentID, message.Outcome
		switch message.Outcome {
		case DisputeWon:
			c.ClearAttention(AttentionDispute, message.PaymentID)
			return true
		case DisputeLost: // the bank gave the money back
			return c.Money(&PaymentRefunded{PaymentID: message.PaymentID, LeftCents: message.LeftCents}, step)
		}
		c.RaiseAttention(AttentionDispute, message.PaymentID, time.Time{})
		if credit := c.takeCredit(message.PaymentID); credit != nil { // the bank has it, or will
			c.giveBack(*credit, step)
		}
		return true
	}
	return false
}

// Credit is money that came for a fee when that was not due any more, and that will be
// asked for again: it is kept, and counts then. Nobody is asked twice for a fee.
type Credit struct {
	PaymentID   string    `json:"payment_id"`
	Fee         Fee       `json:"fee"`
	AmountCents int64     `json:"amount_cents"` // less what went back
	PaidAt      time.Time `json:"paid_at"`
}

// Credit is the money of a payment as it may count for a fee.
func (m *PaymentSettled) Credit() Credit {
	return Credit{PaymentID: m.PaymentID, Fee: m.Fee, AmountCents: m.AmountCents - m.RefundedCents, PaidAt: m.PaidAt}
}

func (credit Credit) letter(letter Letter) NoticeRequest {
	return NoticeRequest{Letter: letter, Facts: Facts{
		Fee: credit.Fee, AmountCents: credit.AmountCents, PaymentID: credit.PaymentID, PaidAt: credit.PaidAt,
	}}
}

// IsLate says that the money of a payment arrived and the case does not wait for that
// payment: it had ended. Its fee was settled otherwise meanwhile, is asked for by another
// payment, or is not due any more.
func (c *Case) IsLate(message *PaymentSettled) bool {
	return c.Payment == nil || c.Payment.ID != message.PaymentID
}

// Counts says whether money settles the fee that is due: it was paid for this fee, is its
// full price, and no bank disputes it.
func (c *Case) Counts(credit Credit) bool {
	fee, due := c.FeeDue()
	return due && sameFee(credit.Fee, fee) && c.isPrice(credit) && (!isRenewal(fee) || c.ofThisTerm(credit))
}

// isPrice says whether money is all that its fee costs in this case.
func (c *Case) isPrice(credit Credit) bool {
	fee := credit.Fee
	if isRenewal(fee) {
		fee = c.RenewalFee()
	}
	return credit.AmountCents == c.Policy.AmountCents(fee) && !c.NeedsAttentionFor(AttentionDispute, credit.PaymentID)
}

// sameFee says whether money that was paid for a fee can settle another: a renewal is paid
// once, in time or late.
func sameFee(paid, due Fee) bool { return paid == due || isRenewal(paid) && isRenewal(due) }

func isRenewal(fee Fee) bool { return fee == FeeRenewal || fee == FeeLateRenewal }

// ofThisTerm says whether money was paid for the renewal at the end of this term and not
// for the one before: a renewal is open in the last months of a term and the first of the
// next, so half a term tells the two apart. No calendar is asked: this is replayed.
func (c *Case) ofThisTerm(credit Credit) bool {
	half := time.Duration(c.Policy.TermYears) * 365 * 12 * time.Hour
	return c.Certificate != nil && credit.PaidAt.After(c.Certificate.ExpiresAt.Add(-half))
}

// RenewalSettled says whether the fee for this term's renewal needs no more money under a
// policy: it was settled, or its price is here.
func (c *Case) RenewalSettled(p Policy) bool {
	return c.RenewalPaid || c.Credit != nil && isRenewal(c.Credit.Fee) && c.Credit.AmountCents == p.AmountCents(c.RenewalFee())
}

// mayOwe says whether a fee that is not due where the case stands may be asked for again,
// before any other of its kind: the application is a draft again, or the renewal of this
// term was not completed.
func (c *Case) mayOwe(credit Credit) bool {
	switch {
	case credit.Fee == FeeApplication:
		return c.Stage == StageApplication
	case isRenewal(credit.Fee):
		stage := c.Stage
		if c.Revoked != nil {
			stage = c.Revoked.From // where an appeal that succeeds leads back to
		}
		return !c.RenewalPaid && c.Stage != StageClosed && c.ofThisTerm(credit) &&
			slices.Contains([]Stage{StageRenewal, StageRenewalFee, StageExpired}, stage)
	}
	return false
}

// SpendCredit uses up the credit of a case that has come to a fee: it says true if that is
// settled by it. Where the fee costs something else now, or is not asked for any more, the
// money is given back.
func (c *Case) SpendCredit(step *Transition) bool {
	if c.Credit == nil {
		return false
	}
	_, due := c.FeeDue()
	if !due && c.mayOwe(*c.Credit) {
		return false
	}
	credit := *c.Credit
	c.Credit = nil
	if !c.Counts(credit) {
		c.giveBack(credit, step)
		return false
	}
	step.Event.Details.ID, step.Event.Details.Fee = credit.PaymentID, credit.Fee
	step.Credit = &PaymentOutcome{ID: credit.PaymentID, Status: PaymentPaid}
	step.Notices = append(step.Notices, credit.letter(LetterReceipt))
	return true
}

// takeCredit takes the credit away that is of a payment; nil if there is none.
func (c *Case) takeCredit(paymentID string) *Credit {
	credit := c.Credit
	if credit == nil || credit.PaymentID != paymentID {
		return nil
	}
	c.Credit = nil
	return credit
}

// giveBack asks for money to be refunded, and says so to the person.
func (c *Case) giveBack(credit Credit, step *Transition) {
	step.Credit = &PaymentOutcome{ID: credit.PaymentID, Status: PaymentSurplus}
	c.RaiseAttention(AttentionSurplus, credit.PaymentID, time.Time{})
	step.Notices = append(step.Notices, credit.letter(LetterPaymentSurplus))
}

// WentBack says that all of the money had gone back before we heard that it came.
func (m *PaymentSettled) WentBack() bool {
	return m.RefundedCents > 0 && m.RefundedCents >= m.AmountCents
}
