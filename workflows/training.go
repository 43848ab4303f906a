package workflows

import "peercert/certification"

// trainingEarly takes a training certificate before the application is approved:
// people may train first. One review then decides both. The receipt names the day
// by which that will be, so it waits until the application is under review.
func (c *story) trainingEarly(message *certification.SubmitTraining) {
	c.submitTraining(message)
	c.Case.TrainingUnreceipted = true
	if c.Case.Stage == certification.StageApplicationReview {
		c.trainingReceipt(certification.StageApplicationReview)
	}
}

// trainingReceipt sends the receipt of a training certificate that the review at a
// stage decides, if it was not sent yet.
func (c *story) trainingReceipt(stage certification.Stage) {
	if c.Case.TrainingUnreceipted {
		c.Case.TrainingUnreceipted = false
		c.letter(certification.LetterTrainingReceived, dueOf(stage))
	}
}

func (c *story) submitTraining(message *certification.SubmitTraining) {
	c.submit(certification.FormTraining, message.DraftRevision)
	c.step.Event.Details = certification.EventDetails{Documents: message.DocumentIDs, Code: message.ProviderID}
	c.Case.TrainingSubmitted = true
	c.Case.TrainingSent = certification.Deadline{From: c.Case.WindowEndsAt, Since: c.now()}
}

func (c *story) training(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitTraining:
		c.submitTraining(message)
		c.letter(certification.LetterTrainingReceived, dueOf(certification.StageTrainingReview))
		return certification.StageTrainingReview
	case nil:
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	}
	return certification.StageTraining
}

func (c *story) trainingReview(message certification.Message) certification.Stage {
	if message, is := message.(*certification.DecideTraining); is {
		c.step.Event.Details = certification.EventDetails{Decision: message.Decision, Reasons: message.Reasons}
		switch message.Decision {
		case certification.DecisionApprove:
			c.step.Window = c.Case.WindowKept()
			return c.trainingAccepted()
		case certification.DecisionReturn:
			c.step.Window = c.Case.WindowReturned()
			c.Case.TrainingSubmitted, c.Case.Returned = false, message.Reasons
			c.stopClock()
			c.step.Reopen = certification.FormTraining
			c.letter(certification.LetterTrainingReturned, dueOf(certification.StageTrainingReturned), reasons(message.Reasons))
			return certification.StageTrainingReturned
		}
	}
	return certification.StageTrainingReview
}

func (c *story) trainingAccepted() certification.Stage {
	c.Case.TrainingApproved, c.Case.Assignee = true, ""
	c.letter(certification.LetterTrainingAccepted)
	c.letter(certification.LetterExamFeeDue, price(certification.FeeExam))
	return certification.StageExamFee
}

func (c *story) trainingReturned(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.SubmitTraining:
		c.submitTraining(message)
		c.Case.Returned = nil
		if c.Case.Promise(certification.StagePromise(certification.StageTrainingReview)) == nil {
			// It was returned together with an approval: its own review begins now.
			c.letter(certification.LetterTrainingReceived, dueOf(certification.StageTrainingReview))
			return certification.StageTrainingReview
		}
		c.letter(certification.LetterReviewResumed, dueOf(certification.StageTrainingReview))
		return certification.StageTrainingReview
	case nil:
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	}
	return certification.StageTrainingReturned
}
