package workflows

import "peercert/certification"

// fact adds to what a letter says.
type fact = func(*certification.Facts)

// letter adds a letter to the step. What the case itself knows, the records fill in.
func (c *story) letter(letter certification.Letter, with ...any) {
	notice := certification.NoticeRequest{Letter: letter}
	for _, option := range with {
		switch option := option.(type) {
		case fact:
			option(&notice.Facts)
		case dueOf:
			notice.DueOf = certification.StagePromise(certification.Stage(option))
		case keeps:
			notice.Keeps = certification.PromiseKind(option)
		case price:
			notice.Facts.Fee = certification.Fee(option)
			notice.Facts.AmountCents = c.Case.Policy.AmountCents(certification.Fee(option))
		case reasons:
			notice.Facts.Reasons = option
		case cause:
			notice.Facts.Cause = string(option)
		}
	}
	c.step.Notices = append(c.step.Notices, notice)
}

// What a letter can be given beside its facts.
type (
	dueOf   certification.Stage       // DueAt is the promise of this stage
	keeps   certification.PromiseKind // sending it keeps this promise
	price   certification.Fee         // names a fee and its amount
	reasons []certification.ReasonCode
	cause   string // why an administrator did it
)

func (c *story) appointmentFacts() fact {
	exam := *c.Case.Exam
	return func(f *certification.Facts) {
		f.AppointmentAt, f.ExamLanguage = exam.AppointmentAt, exam.Language
	}
}
