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
		c.letter(certification.LetterOnHold, cause(message.Reason))
		return stay, true
	case *certification.ReleaseHold:
		c.Case.OnHold = false
		c.closePromise(certification.PromiseHold)
		for _, promise := range c.Case.Promises {
			switch {
			case promise.Kind == certification.PromiseHold || promise.Kind == reviewOf[stay]:
			case promise.Kind == certification.StagePromise(stay) && isFact[stay]:
				c.renew(stay)
			default:
				c.step.Resume = append(c.step.Resume, promise.Kind)
			}
		}
		c.letter(certification.LetterHoldReleased, dueOf(stay))
		return stay, true

	case *certification.ExtendDeadline:
		c.step.Event.Details.Days = message.Days
		if stay == certification.StageExamScoring {
			// More time here is for the exam that was taken as well as for its result.
			c.step.Window = &certification.Deadline{From: c.Case.WindowEndsAt, Days: message.Days}
			if c.countsNow(message.Days) {
				c.Case.AttemptsUsed++
				return c.passed(), true
			}
		}
		c.step.Extend = message.Days
		c.letter(certification.LetterDeadlineExtended, dueOf(stay))
		return stay, true
	case *certification.RetryStep:
		c.retry = true
		c.askVendorAgain()
		for _, noted := range []string{certification.AttentionCancel, certification.AttentionUnknown, certification.AttentionVendor} {
			c.Case.ClearAttention(noted, "")
		}
		for _, attention := range c.Case.Attention {
			if attention.Code == certification.AttentionDocument {
				c.step.CheckAgain = append(c.step.CheckAgain, attention.ID)
			}
		}
		return stay, true
	case *certification.StartNewRun:
		c.leaving = true
		return stay, true

	case *certification.Suspend:
		c.Case.Suspended = true
		c.step.Event.Details.Code = message.Reason
		c.letter(certification.LetterSuspended, cause(message.Reason))
		return stay, true
	case *certification.Reinstate:
		c.Case.Suspended = false
		c.letter(certification.LetterReinstated)
		return stay, true
	case *certification.Revoke:
		c.dropPayment()
		if stay == certification.StageRenewalReview {
			c.stopClock()
		}
		c.Case.Revoked = &certification.Revoked{From: stay, RenewalFiled: c.Case.RenewalFiled, Returned: c.Case.Returned}
		if stay == certification.StageAppealReview {
			c.Case.Revoked.From = certification.StageDenied // what that appeal was about
		}
		c.Case.Suspended, c.Case.Assignee, c.Case.AppealFrom = false, "", certification.StageRevoked
		c.Case.RenewalFiled, c.Case.Returned = false, nil
		c.step.Reopen = certification.FormAppeal
		c.step.Event.Details.Code = message.Reason
		c.letter(certification.LetterRevoked, cause(message.Reason), dueOf(certification.StageRevoked))
		return certification.StageRevoked, true

	case *certification.DocumentChecked:
		c.step.Event.Details = certification.EventDetails{ID: message.DocumentID, Code: message.Finding}
		if message.Finding == certification.FindingLate {
			c.Case.RaiseAttention(certification.AttentionDocument, message.DocumentID, noTime)
		} else {
			c.Case.ClearAttention(certification.AttentionDocument, message.DocumentID)
		}
		return stay, true
	}
	return stay, c.Case.Money(message, c.step)
}

// isFact says of which stages the due instant is one that nobody can move: an
// appointment, and the opening of renewal. A hold stops their clock, and cannot put
// them off.
var isFact = map[certification.Stage]bool{certification.StageExamBooked: true, certification.StageCertified: true}

// end closes the case. Letters that are still to be sent are sent before the run ends.
func (c *story) end(outcome certification.Outcome, letters ...certification.Letter) certification.Stage {
	c.dropPayment()
	c.Case.Outcome = outcome
	c.dropExam()
	c.Case.Assignee, c.Case.OnHold, c.Case.Suspended = "", false, false
	for _, letter := range letters {
		c.letter(letter)
	}
	return certification.StageClosed
}
