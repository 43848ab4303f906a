package workflows

import (
	"time"

	"peercert/certification"
)

// certified sleeps until renewal opens, 90 days before expiry.
func (c *story) certified(message certification.Message) certification.Stage {
	if message == nil {
		c.renewalReminder()
		return certification.StageRenewal
	}
	return certification.StageCertified
}

// renewalReminder counts the days of the term that are left. Where time was lost (a case
// was on hold, a revocation undone) there may be none: the letter of that says until when
// a renewal can be sent.
func (c *story) renewalReminder() {
	if c.Case.Certificate.ExpiresAt.Sub(c.now()) > 24*time.Hour {
		c.letter(certification.LetterRenewalReminder, c.renewalPrice())
	}
}

// renewalPrice is what a letter says of the fee for the renewal: nothing once it was paid.
func (c *story) renewalPrice() any {
	if c.Case.RenewalSettled(c.Case.Policy) {
		return nil
	}
	return price(c.Case.RenewalFee())
}

func (c *story) renewal(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitRenewal:
		return c.renewalFiled(message)
	case nil:
		return c.lapse()
	}
	return certification.StageRenewal
}

// renewalFiled keeps a certificate active while its renewal is on its way.
func (c *story) renewalFiled(message *certification.SubmitRenewal) certification.Stage {
	c.Case.Policy = message.Policy
	c.submit(certification.FormRenewal, message.DraftRevision)
	c.step.Event.Details.Versions = []string{message.EthicsVersion}
	c.Case.RenewalFiled = true
	if c.Case.RenewalPaid && c.changed(changeRenewalFeeOnce) {
		return c.renewalReceived()
	}
	return certification.StageRenewalFee
}

// lapse ends a term that was not renewed in time. Time that was given before certificates
// kept it is in the promise alone.
func (c *story) lapse() certification.Stage {
	certificate := c.Case.Certificate
	if due := c.Case.Promise(certification.StagePromise(certification.StageRenewal)).DueAt; due.After(certificate.InTimeUntil()) {
		certificate.RenewBy = due
	}
	certificate.Lapsed = true
	c.letter(certification.LetterExpired, dueOf(certification.StageExpired), c.renewalPrice())
	return certification.StageExpired
}

// unfile takes back a renewal that was filed and not completed. The letter says so where
// that is what was promised; where there is no time left, the letter that follows says
// that the certificate ended.
func (c *story) unfile() certification.Stage {
	c.dropPayment()
	if promise := c.Case.Promise(certification.StagePromise(c.Case.Stage)); promise.Then == certification.ThenRenewalEnds {
		c.letter(certification.LetterRenewalEnded, c.renewalPrice())
	}
	c.Case.RenewalFiled, c.Case.Returned, c.Case.Assignee = false, nil, ""
	c.step.Reopen = certification.FormRenewal
	if c.Case.Certificate.Lapsed {
		return certification.StageExpired
	}
	return certification.StageRenewal // whose due instant, the expiry, may have passed: then it lapses at once
}

func (c *story) renewalFee(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.PayFee:
		c.askFee(message)
	case *certification.PaymentFailed:
		c.paymentFailed(message)
	case *certification.PaymentSettled:
		c.settle(message)
		return c.renewalReceived()
	case *certification.WaiveFee:
		c.waive(message)
		return c.renewalReceived()
	case nil:
		return c.unfile()
	}
	return certification.StageRenewalFee
}

func (c *story) renewalReceived() certification.Stage {
	c.Case.RenewalPaid = true
	c.letter(certification.LetterRenewalReceived, dueOf(certification.StageRenewalReview))
	return certification.StageRenewalReview
}

func (c *story) renewalReview(message certification.Message) certification.Stage {
	if message, is := message.(*certification.DecideRenewal); is {
		c.step.Event.Details = certification.EventDetails{Decision: message.Decision, Reasons: message.Reasons}
		switch message.Decision {
		case certification.DecisionApprove:
			return c.renewed()
		case certification.DecisionReturn:
			c.Case.Returned = message.Reasons
			c.stopClock()
			c.step.Reopen = certification.FormRenewal
			c.letter(certification.LetterRenewalReturned, dueOf(certification.StageRenewalReturned), reasons(message.Reasons))
			return certification.StageRenewalReturned
		case certification.DecisionDeny:
			c.Case.Assignee, c.Case.AppealFrom = "", certification.StageRenewalReview
			c.step.Reopen = certification.FormAppeal
			c.letter(certification.LetterRenewalDenied, dueOf(certification.StageDenied), reasons(message.Reasons))
			return certification.StageDenied
		}
	}
	return certification.StageRenewalReview
}

// renewed begins the next term. It follows the last one where the renewal was
// filed in time, and begins today where the certificate had lapsed.
func (c *story) renewed() certification.Stage {
	certificate := c.Case.Certificate
	c.step.Expiry = &certification.Deadline{From: certificate.ExpiresAt, Months: 12 * c.Case.Policy.TermYears}
	if certificate.Lapsed {
		c.step.Expiry.From = noTime
	}
	certificate.Term++
	certificate.Lapsed, certificate.RenewBy, certificate.RenewLateBy = false, noTime, noTime
	c.Case.RenewalFiled, c.Case.Returned, c.Case.Assignee, c.Case.AppealFrom = false, nil, "", ""
	c.Case.RenewalPaid = false
	c.step.Reopen = certification.FormRenewal // for the next term
	c.letter(certification.LetterRenewed)
	c.leaving = true
	return certification.StageCertified
}

func (c *story) renewalReturned(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ResubmitRenewal:
		c.submit(certification.FormRenewal, message.DraftRevision)
		c.Case.Returned = nil
		c.letter(certification.LetterReviewResumed, dueOf(certification.StageRenewalReview))
		return certification.StageRenewalReview
	case nil:
		return c.unfile()
	}
	return certification.StageRenewalReturned
}

// expired is the time in which late renewal is possible.
func (c *story) expired(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitRenewal:
		return c.renewalFiled(message)
	case nil:
		return c.end(certification.OutcomeVacated, certification.LetterVacated)
	}
	return certification.StageExpired
}
