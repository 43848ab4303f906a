package workflows

import "peercert/certification"

// everywhere acts on what is taken at every stage. It says false for a message
// that the stage itself acts on.
func (c *story) everywhere(message certification.Message) (next certification.Stage, taken bool) {
	stay := c.Case.Stage
	switch message := message.(type) {
	case *certification.Withdraw:
		return c.end(certification.OutcomeWithdrawn, certification.LetterWithdrawn), true
	case *certification.Surrender:
		return c.end(certification.OutcomeSurrendered, certification.LetterSurrendered), true

	case *certification.ClaimReview:
		c.Case.Assignee = message.Actor.ID
		return stay, true
	case *certification.ReleaseReview:
		c.Case.Assignee = ""
		return stay, true
	case *certification.Reassign:
		c.Case.Assignee = message.ReviewerID
		c.step.Event.Details.ID = message.ReviewerID
		return stay, true

	case *certification.Hold:
		c.Case.OnHold = true
		c.step.Event.Details.Code = message.Reason
		c.step.Open = append(c.step.Open, c.Case.HoldPromise())
		c.letter(certification.LetterOnHold)
		return stay, true
	case *certification.ReleaseHold:
		c.Case.OnHold = false
		c.step.Close = append(c.step.Close, certification.PromiseHold)
		for _, promise := range c.Case.Promises {
			if promise.Kind != certification.PromiseHold && promise.Kind != reviewOf[stay] {
				c.step.Resume = append(c.step.Resume, promise.Kind)
			}
		}
		c.letter(certification.LetterHoldReleased, dueOf(stay))
		return stay, true

	case *certification.ExtendDeadline:
		c.step.Extend = message.Days
		c.step.Event.Details.Days = message.Days
		c.letter(certification.LetterDeadlineExtended, dueOf(stay))
		return stay, true
	case *certification.RetryStep:
		c.retry = true
		return stay, true
	case *certification.StartNewRun:
		c.leaving = true
		return stay, true

	case *certification.Suspend:
		c.Case.Suspended = true
		c.step.Event.Details.Code = message.Reason
		c.letter(certification.LetterSuspended)
		return stay, true
	case *certification.Reinstate:
		c.Case.Suspended = false
		c.letter(certification.LetterReinstated)
		return stay, true
	case *certification.Revoke:
		c.dropPayment()
		c.Case.Suspended, c.Case.Assignee, c.Case.AppealFrom = false, "", certification.StageRevoked
		c.step.Event.Details.Code = message.Reason
		c.letter(certification.LetterRevoked, dueOf(certification.StageRevoked))
		return certification.StageRevoked, true

	case *certification.DocumentChecked:
		c.step.Event.Details = certification.EventDetails{ID: message.DocumentID, Code: message.Finding}
		return stay, true
	case *certification.PaymentRefunded:
		c.step.Event.Details.ID = message.PaymentID
		return stay, true
	case *certification.PaymentDisputed:
		c.step.Event.Details.ID = message.PaymentID
		c.Case.RaiseAttention(certification.AttentionDispute, message.PaymentID, noTime)
		return stay, true
	}
	return stay, false
}

// end closes the case. Letters that are still to be sent are sent before the run ends.
func (c *story) end(outcome certification.Outcome, letters ...certification.Letter) certification.Stage {
	c.dropPayment()
	c.Case.Outcome = outcome
	c.Case.Exam, c.Case.Assignee, c.Case.OnHold, c.Case.Suspended = nil, "", false, false
	for _, letter := range letters {
		c.letter(letter)
	}
	return certification.StageClosed
}
