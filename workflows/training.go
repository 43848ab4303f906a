package workflows

import "peercert/certification"

// trainingEarly takes a training certificate before the application is approved:
// people may train first. One review then decides both.
func (c *story) trainingEarly(message *certification.SubmitTraining) {
	c.submitTraining(message)
	c.letter(certification.LetterTrainingReceived)
}

func (c *story) submitTraining(message *certification.SubmitTraining) {
	c.submit(certification.FormTraining, message.DraftRevision)
	c.step.Event.Details = certification.EventDetails{Documents: []string{message.DocumentID}, Code: message.ProviderID}
	c.Case.TrainingSubmitted, c.Case.Returned = true, nil
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
			return c.trainingAccepted()
		case certification.DecisionReturn:
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
		c.letter(certification.LetterReviewResumed, dueOf(certification.StageTrainingReview))
		return certification.StageTrainingReview
	case nil:
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	}
	return certification.StageTrainingReturned
}
