package workflows

import (
	"time"

	"peercert/certification"
)

func (c *story) denied(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.Appeal:
		return c.appealed(message)
	case nil:
		return c.end(certification.OutcomeDenied, certification.LetterClosedDenied)
	}
	return certification.StageDenied
}

func (c *story) revoked(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.Appeal:
		return c.appealed(message)
	case nil:
		return c.end(certification.OutcomeRevoked, certification.LetterClosedDenied)
	}
	return certification.StageRevoked
}

func (c *story) appealed(message *certification.Appeal) certification.Stage {
	c.submit(certification.FormAppeal, message.DraftRevision)
	c.letter(certification.LetterAppealReceived, dueOf(certification.StageAppealReview))
	return certification.StageAppealReview
}

// appealReview decides an appeal. One that succeeds goes on from where the case
// was, with no second fee (domain §2.8, 2).
func (c *story) appealReview(message certification.Message) certification.Stage {
	decision, is := message.(*certification.DecideAppeal)
	if !is {
		return certification.StageAppealReview
	}
	c.step.Event.Details.Decision = decision.Decision
	from := c.Case.AppealFrom
	if decision.Decision == certification.DecisionDeny {
		c.letter(certification.LetterAppealDenied)
		if from == certification.StageRevoked {
			return c.end(certification.OutcomeRevoked)
		}
		return c.end(certification.OutcomeDenied)
	}
	c.Case.Assignee, c.Case.AppealFrom = "", ""
	switch from {
	case certification.StageRenewalReview:
		c.letter(certification.LetterAppealGranted)
		return c.renewed()
	case certification.StageRevoked:
		c.letter(certification.LetterAppealGranted, c.renewalPrice())
		return c.givenBack()
	}
	c.letter(certification.LetterAppealGranted)
	return c.applicationApproved("", nil)
}

// givenBack ends a revocation that should not have been (domain §2.8, 12): the case
// goes on from where it was, a renewal under review with the time that was left to
// decide it, and one that was denied with the whole time to appeal that. Nobody could
// renew meanwhile, so there is at least as much time for that as everybody has, unless
// the renewal was with us: our mistake lets no certificate lapse.
func (c *story) givenBack() certification.Stage {
	was := c.Case.Revoked
	c.Case.Revoked = nil
	certificate, opens := c.Case.Certificate, c.Case.Policy.RenewalOpensDays
	withUs := was != nil && (was.From == certification.StageRenewalReview || was.From == certification.StageDenied)
	if !withUs && !certificate.Lapsed && certificate.ExpiresAt.Sub(c.now()) < time.Duration(opens)*24*time.Hour {
		c.step.Expiry = &certification.Deadline{Days: opens}
	}
	if was == nil || !c.changed(changeGivenBack) {
		c.step.Reopen = certification.FormRenewal // one may have been filed before
		c.leaving = true
		return certification.StageCertified
	}
	c.Case.RenewalFiled, c.Case.Returned = was.RenewalFiled, was.Returned
	if was.From == certification.StageDenied {
		c.Case.AppealFrom = certification.StageRenewalReview
		c.step.Reopen = certification.FormAppeal
	}
	c.leaving = c.leaving || was.From == certification.StageCertified // it sleeps on in a run that begins clean
	return was.From
}
