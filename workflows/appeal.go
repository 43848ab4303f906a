package workflows

import "peercert/certification"

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
	c.letter(certification.LetterAppealGranted)
	switch from {
	case certification.StageRenewalReview:
		return c.renewed()
	case certification.StageRevoked:
		c.step.Reopen = certification.FormRenewal // one may have been filed before
		c.leaving = true
		return certification.StageCertified
	}
	return c.applicationApproved("", nil)
}
