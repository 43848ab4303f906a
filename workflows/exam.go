package workflows

import (
	"time"

	"peercert/certification"
)

// examFee waits for the fee of the first exam, or of a retake: paying is the
// request for it.
func (c *story) examFee(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.PayFee:
		c.askFee(message)
	case *certification.PaymentFailed:
		c.paymentFailed(message)
	case *certification.PaymentSettled:
		c.settle(message)
		return c.bookingPossible()
	case *certification.WaiveFee:
		c.waive(message)
		return c.bookingPossible()
	case nil:
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	}
	return certification.StageExamFee
}

func (c *story) bookingPossible() certification.Stage {
	c.letter(certification.LetterHowToBook)
	return certification.StageExamBooking
}

func (c *story) examBooking(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.BookExam:
		c.dropExam()
		c.Case.Exam = &certification.Exam{Language: message.Language, Place: message.Place}
		c.step.Authorize = true
		c.step.Event.Details = certification.EventDetails{Code: message.Language}
	case *certification.ExamAuthorized:
		c.Case.Exam.Authorized, c.Case.Exam.Refused = true, false
		c.Case.ClearAttention(certification.AttentionVendor, "")
	case *certification.ExamRefused:
		c.Case.Exam.Authorized, c.Case.Exam.Refused = false, true
		c.step.Event.Details.Code = message.Reason
		c.Case.RaiseAttention(certification.AttentionVendor, message.AuthorizationID, noTime)
		c.letter(certification.LetterBookingRefused)
	case *certification.ExamConfirmed:
		c.Case.Exam.Authorized, c.Case.Exam.Refused = true, false // perhaps before the vendor said so
		c.Case.ClearAttention(certification.AttentionVendor, "")
		c.appointment(message.AppointmentID, message.AppointmentAt, message.EndsAt)
		c.mindAppointment()
		c.letter(certification.LetterBookingConfirmed, c.appointmentFacts())
		return certification.StageExamBooked
	case nil:
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	default:
		return c.examined(message)
	}
	return certification.StageExamBooking
}

func (c *story) examBooked(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ExamChanged:
		c.appointment(message.AppointmentID, message.AppointmentAt, message.EndsAt)
		c.mindAppointment()
		c.renew(certification.StageExamBooked)
		c.letter(certification.LetterBookingChanged, c.appointmentFacts())
		return certification.StageExamBooked
	case *certification.ExamCancelled:
		c.appointment("", noTime, noTime)
		c.mindAppointment()
		c.letter(certification.LetterBookingCancelled)
		return certification.StageExamBooking
	case nil:
		return certification.StageExamScoring // the appointment has ended
	}
	return c.examined(message)
}

func (c *story) examScoring(message certification.Message) certification.Stage {
	return c.examined(message)
}

// examined takes how an exam ended. A result counts by the day of the exam, not by
// the day it reached us (domain §2.4), so it is taken wherever an authorization is
// out, also after the window.
func (c *story) examined(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ExamResult:
		c.step.Event.Details.Passed = &message.Passed
		if message.ExaminedAt.After(c.Case.WindowEndsAt) {
			return c.examinedLate(message)
		}
		c.Case.AttemptsUsed++
		if message.Passed {
			return c.passed()
		}
		return c.notPassed(certification.LetterResultsNotPassed)
	case *certification.ExamNoShow:
		c.Case.AttemptsUsed++ // the fee is forfeited and the attempt counts (domain §2.8)
		return c.notPassed(certification.LetterExamNoShow)
	case *certification.ExamIncident:
		// The vendor's fault: a free new attempt that does not count (domain §3).
		c.step.Event.Details.Code = message.Reason
		c.dropExam()
		c.letter(certification.LetterExamIncident)
		return certification.StageExamBooking
	}
	return c.Case.Stage
}

// mindAppointment asks for attention while an appointment is after the last day of the
// window, when the vendor can still move it: its result would not count.
func (c *story) mindAppointment() {
	exam := c.Case.Exam
	late := exam.AppointmentAt.After(c.Case.WindowEndsAt)
	switch known := c.Case.NeedsAttentionFor(certification.AttentionVendor, exam.AuthorizationID); {
	case late == known || !c.changed(changeLateExam):
	case late:
		c.Case.RaiseAttention(certification.AttentionVendor, exam.AuthorizationID, noTime)
	default:
		c.Case.ClearAttention(certification.AttentionVendor, exam.AuthorizationID)
	}
}

// examinedLate takes the result of an exam after the last day of the window. Nobody
// should have been let in. A failed one leaves nothing to decide; for a passed one an
// administrator asks the vendor, and either moves the last day so far that it counts
// (countsNow) or has the vendor correct it.
func (c *story) examinedLate(message *certification.ExamResult) certification.Stage {
	over := c.now().After(c.Case.WindowEndsAt) // before that, the day that was sent is wrong
	if !message.Passed && over && c.changed(changeLateExam) {
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	}
	c.step.Event.Ignored = "the exam was after the window"
	c.Case.Exam.PassedAt = noTime
	if message.Passed {
		c.Case.Exam.PassedAt = message.ExaminedAt
	}
	c.Case.RaiseAttention(certification.AttentionVendor, message.AuthorizationID, noTime)
	return c.Case.Stage
}

// countsNow says whether an exam that was passed too late counts when the window is
// longer by some days. A day here has 24 hours: no exam begins in the hour before or
// after midnight, by which a day of the calendar may differ.
func (c *story) countsNow(days int) bool {
	passed := c.Case.Exam.PassedAt
	return !passed.IsZero() && !passed.After(c.Case.WindowEndsAt.Add(time.Duration(days)*24*time.Hour)) && c.changed(changeLateExam)
}

// mindCorrection asks for attention when the vendor corrects a result that was
// acted upon: whether a certificate stands is not decided by a machine.
func (c *story) mindCorrection(message certification.Message) {
	if result, is := message.(*certification.ExamResult); is && result.Version > 1 && c.open() {
		c.Case.RaiseAttention(certification.AttentionVendor, result.AuthorizationID, noTime)
	}
}

// tellVendor sends an authorization again when the last day it is good for was moved:
// the vendor offers no appointment after the day that it knows.
func (c *story) tellVendor() {
	exam, moved := c.Case.Exam, !c.Case.WindowEndsAt.Equal(c.before.WindowEndsAt)
	out := c.Case.Stage == certification.StageExamBooking && exam != nil && exam.AuthorizationID != "" && !exam.Refused
	if moved && out && c.changed(changeWindowAtVendor) {
		c.again = append(c.again, Errand{Activity: authorizationErrand, ID: exam.AuthorizationID})
	}
}

// dropExam ends the attempt under way.
func (c *story) dropExam() {
	if c.Case.Exam != nil {
		c.Case.EndAttention(c.Case.Exam.AuthorizationID)
		c.Case.Exam = nil
	}
}

func (c *story) passed() certification.Stage {
	c.dropExam()
	c.Case.Certificate = &certification.Certificate{Term: 1}
	c.step.Issue = true
	c.step.Expiry = &certification.Deadline{Months: 12 * c.Case.Policy.TermYears}
	c.formalNotice(certification.LetterResultsPassed)
	c.leaving = true // a certified case sleeps for years: its run begins clean
	return certification.StageCertified
}

func (c *story) notPassed(letter certification.Letter) certification.Stage {
	c.dropExam()
	if c.Case.AttemptsLeft() == 0 {
		return c.end(certification.OutcomeAttemptsUsed, certification.LetterAttemptsUsed)
	}
	c.formalNotice(letter, price(certification.FeeRetake))
	return certification.StageExamFee
}

// formalNotice promises the notice of results within 14 days; the promise is kept
// when the letter was sent, normally at once.
func (c *story) formalNotice(letter certification.Letter, with ...any) {
	c.closePromise(certification.PromiseResultsNotice)
	for _, e := range c.errands {
		e.Keeps = "" // an older notice still on its way does not keep the new promise
	}
	c.step.Open = append(c.step.Open, c.Case.ResultsNoticePromise())
	c.letter(letter, append(with, keeps(certification.PromiseResultsNotice))...)
}
