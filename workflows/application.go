package workflows

import "peercert/certification"

func (c *story) registration(message certification.Message) certification.Stage {
	return certification.StageIntroVideo
}

func (c *story) introVideo(message certification.Message) certification.Stage {
	switch message.(type) {
	case *certification.CompleteIntroVideo:
		return certification.StageApplication
	case nil:
		return c.end(certification.OutcomeAbandoned, certification.LetterAbandoned)
	}
	return certification.StageIntroVideo
}

func (c *story) application(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitApplication:
		c.Case.Policy = message.Policy
		c.submit(certification.FormApplication, message.DraftRevision)
		c.step.Event.Details = certification.EventDetails{Versions: []string{message.EthicsVersion}, Documents: message.DocumentIDs}
		return certification.StageApplicationFee
	case *certification.SubmitTraining:
		c.trainingEarly(message)
	case nil:
		return c.end(certification.OutcomeAbandoned, certification.LetterAbandoned)
	}
	return certification.StageApplication
}

func (c *story) applicationFee(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.PayFee:
		c.askFee(message)
	case *certification.SubmitTraining:
		c.trainingEarly(message)
	case *certification.PaymentFailed:
		c.paymentFailed(message)
	case *certification.PaymentSettled:
		c.settle(message)
		return c.applicationReceived()
	case *certification.WaiveFee:
		c.waive(message)
		return c.applicationReceived()
	case nil:
		// An unpaid application becomes a draft again: nobody loses what they wrote.
		c.dropPayment()
		c.step.Reopen = certification.FormApplication
		c.letter(certification.LetterDraftReminder, dueOf(certification.StageApplication))
		return certification.StageApplication
	}
	return certification.StageApplicationFee
}

func (c *story) applicationReceived() certification.Stage {
	c.letter(certification.LetterApplicationReceived, dueOf(certification.StageApplicationReview))
	c.trainingReceipt(certification.StageApplicationReview)
	return certification.StageApplicationReview
}

func (c *story) applicationReview(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitTraining:
		c.trainingEarly(message)
	case *certification.DecideApplication:
		c.step.Event.Details = certification.EventDetails{
			Decision: message.Decision, Reasons: message.Reasons, Training: message.Training, TrainingReasons: message.TrainingReasons,
		}
		switch message.Decision {
		case certification.DecisionApprove:
			return c.applicationApproved(message.Training, message.TrainingReasons)
		case certification.DecisionReturn:
			c.Case.Returned = message.Reasons
			c.stopClock()
			c.step.Reopen = certification.FormApplication
			c.letter(certification.LetterApplicationReturned, dueOf(certification.StageApplicationReturned), reasons(message.Reasons))
			return certification.StageApplicationReturned
		case certification.DecisionDeny:
			c.Case.Assignee, c.Case.AppealFrom = "", certification.StageApplicationReview
			c.step.Reopen = certification.FormAppeal
			c.letter(certification.LetterApplicationDenied, dueOf(certification.StageDenied), reasons(message.Reasons))
			return certification.StageDenied
		}
	}
	return certification.StageApplicationReview
}

// applicationApproved opens the window of 12 months. A training certificate that
// came early was reviewed together with the application and has an answer of its
// own; one that nobody answered (it came beside the decision, or the application was
// denied first) has its own review now.
func (c *story) applicationApproved(training certification.Decision, trainingReasons []certification.ReasonCode) certification.Stage {
	c.Case.ApplicationApproved, c.Case.Assignee = true, ""
	c.step.Window = &certification.Deadline{Months: c.Case.Policy.WindowMonths}
	c.letter(certification.LetterApplicationApproved)
	if !c.Case.TrainingSubmitted {
		return certification.StageTraining
	}
	switch training {
	case certification.DecisionApprove:
		return c.trainingAccepted()
	case "":
		c.Case.TrainingUnreceipted = true
		c.trainingReceipt(certification.StageTrainingReview)
		return certification.StageTrainingReview
	}
	c.Case.TrainingSubmitted, c.Case.Returned = false, trainingReasons
	c.step.Reopen = certification.FormTraining
	c.letter(certification.LetterTrainingReturned, dueOf(certification.StageTrainingReturned), reasons(trainingReasons))
	return certification.StageTrainingReturned
}

func (c *story) applicationReturned(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ResubmitApplication:
		c.submit(certification.FormApplication, message.DraftRevision)
		c.step.Event.Details = certification.EventDetails{Documents: message.DocumentIDs}
		c.Case.Returned = nil
		c.letter(certification.LetterReviewResumed, dueOf(certification.StageApplicationReview))
		c.trainingReceipt(certification.StageApplicationReview)
		return certification.StageApplicationReview
	case *certification.SubmitTraining:
		c.trainingEarly(message)
	case nil:
		return c.end(certification.OutcomeAbandoned, certification.LetterAbandoned)
	}
	return certification.StageApplicationReturned
}
