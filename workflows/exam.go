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
		c.authorized()
	case *certification.ExamRefused:
		c.answered()
		c.Case.Exam.Authorized, c.Case.Exam.Refused = false, true
		c.step.Event.Details.Code = message.Reason
		c.Case.RaiseAttention(certification.AttentionVendor, message.AuthorizationID, noTime)
		c.letter(certification.LetterBookingRefused)
	case *certification.ExamUnanswered:
		c.Case.Exam.Awaited = true
		c.Case.RaiseAttention(certification.AttentionVendor, message.AuthorizationID, noTime)
	case *certification.ExamConfirmed:
		return c.booked(message.AppointmentID, message.AppointmentAt, message.EndsAt)
	case *certification.ExamChanged: // it came before the confirmation
		return c.booked(message.AppointmentID, message.AppointmentAt, message.EndsAt)
	case nil:
		if exam := c.Case.Exam; exam != nil && exam.Awaited {
			// Nobody could book: the vendor owes us an answer, and somebody of ours asks.
			c.step.Window = c.Case.WindowKept()
			c.renew(certification.StageExamBooking)
			c.Case.RaiseAttention(certification.AttentionVendor, exam.AuthorizationID, noTime)
			return certification.StageExamBooking
		}
		return c.end(certification.OutcomeWindowClosed, certification.LetterWindowClosed)
	default:
		return c.examined(message)
	}
	return certification.StageExamBooking
}

func (c *story) booked(id string, at, endsAt time.Time) certification.Stage {
	c.authorized() // perhaps before the vendor said so
	c.appointment(id, at, endsAt)
	c.mindAppointment()
	c.letter(certification.LetterBookingConfirmed, c.appointmentFacts())
	return certification.StageExamBooked
}

// answered takes it that the vendor answered. After an answer that we had to ask for there
// is still time to book.
func (c *story) answered() {
	if c.Case.Exam.Awaited {
		c.step.Window = c.Case.WindowKept()
	}
	c.Case.Exam.Awaited = false
}

// authorized takes it that the vendor took an authorization, and ends what had asked for
// attention because of it. What the vendor corrected of another exam stays for a person;
// in cases of before it ended as well.
func (c *story) authorized() {
	c.answered()
	exam := c.Case.Exam
	exam.Authorized, exam.Refused = true, false
	c.Case.ClearAttention(certification.AttentionVendor, exam.AuthorizationID)
	if c.Case.NeedsAttention(certification.AttentionVendor) && !c.changed(changeCorrections+":"+c.step.Event.Key) {
		c.Case.ClearAttention(certification.AttentionVendor, "")
	}
}

func (c *story) examBooked(message certification.Message) certification.Stage {
	if message == nil {
		return certification.StageExamScoring // the appointment has ended
	}
	return c.examScoring(message)
}

// examScoring takes what became of an appointment as well: it may have been moved or given
// up before it ended, and we hear of it after.
func (c *story) examScoring(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ExamConfirmed: // another one, in its place
		return c.moved(message.AppointmentID, message.AppointmentAt, message.EndsAt)
	case *certification.ExamChanged:
		return c.moved(message.AppointmentID, message.AppointmentAt, message.EndsAt)
	case *certification.ExamCancelled:
		return c.givenUp()
	}
	return c.examined(message)
}

// moved takes another time for the exam. One that is over is only worth knowing for when
// its result is due.
func (c *story) moved(id string, at, endsAt time.Time) certification.Stage {
	c.appointment(id, at, endsAt)
	c.mindAppointment()
	if c.Case.Stage == certification.StageExamScoring && !endsAt.After(c.now()) {
		c.renew(certification.StageExamScoring)
		return certification.StageExamScoring
	}
	if c.Case.Stage == certification.StageExamBooked {
		c.renew(certification.StageExamBooked)
	}
	c.letter(certification.LetterBookingChanged, c.appointmentFacts())
	return certification.StageExamBooked
}

// givenUp ends an appointment. One that we hear of after its end took days that nobody could
// use: so there is still time for another.
func (c *story) givenUp() certification.Stage {
	if c.Case.Stage == certification.StageExamScoring {
		c.step.Window = c.Case.WindowKept()
	}
	c.appointment("", noTime, noTime)
	c.mindAppointment()
	c.letter(certification.LetterBookingCancelled)
	return certification.StageExamBooking
}

// concerns says why a message from outside has no effect where the case stands. Cases of
// before judged messages about appointments in another way; where that matters, those
// that are in their histories are judged so again.
func (c *story) concerns(message certification.Message) (ignored string) {
	ignored = c.Case.Concerns(message)
	before, about := c.Case.AppointmentsOfBefore(message)
	key := certification.EnvelopeOf(message).Key
	if about && key != "" && (before == "") != (ignored == "") && !c.changed(changeAppointments+":"+key) {
		return before
	}
	return ignored
}

// examined takes how an exam ended. A result counts by the day of the exam, not by
// the day it reached us (domain §2.4), so it is taken wherever an authorization is
// out, also after the window.
func (c *story) examined(message certification.Message) certification.Stage {
	switch message := message.(type) {
	case *certification.ExamResult:
		c.step.Event.Details.Passed = &message.Passed
		c.Case.Examine(message)
		if message.ExaminedAt.After(c.Case.WindowEndsAt) {
			return c.examinedLate(message)
		}
		c.Case.AttemptsUsed++
		if message.Passed {
			return c.passed()
		}
		return c.notPassed(certification.LetterResultsNotPassed)
	case *certification.ExamNoShow:
		c.Case.Examine(message)
		c.Case.AttemptsUsed++ // the fee is forfeited and the attempt counts (domain §2.8)
		return c.notPassed(certification.LetterExamNoShow)
	case *certification.ExamIncident:
		// The vendor's fault: a free new attempt that does not count (domain §3).
		c.Case.Examine(message)
		c.step.Event.Details.Code = message.Reason
		c.step.Window = c.Case.WindowKept()
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

// mindCorrection asks for attention when the vendor says something else of an exam than
// what was acted upon: whether a certificate stands is not decided by a machine. Cases of
// before minded only results that had a higher version.
func (c *story) mindCorrection(message certification.Message) {
	if !c.open() || !c.Case.Corrects(message) {
		return
	}
	id, _ := certification.AuthorizationOf(message)
	result, is := message.(*certification.ExamResult)
	switch minded := is && result.Version > 1; {
	case c.Case.NeedsAttentionFor(certification.AttentionVendor, id):
	case minded || certification.EnvelopeOf(message).Key != "" && c.changed(changeCorrections+":"+c.step.Event.Key):
		c.Case.RaiseAttention(certification.AttentionVendor, id, noTime)
	}
}

// corrected are the authorizations of exams that are over and ask for attention still.
func (c *story) corrected() (ids []string) {
	for _, attention := range c.Case.Attention {
		if attention.Code == certification.AttentionVendor {
			ids = append(ids, attention.ID)
		}
	}
	return ids
}

// tellVendor sends an authorization again when the last day it is good for was moved:
// the vendor offers no appointment after the day that it knows. In histories that had no
// version of this change, the window never moved while an exam was booked, and nobody told
// of it while the result was due.
func (c *story) tellVendor(event string) {
	change := ""
	switch c.Case.Stage {
	case certification.StageExamBooking, certification.StageExamBooked:
		change = changeWindowAtVendor
	case certification.StageExamScoring: // the exam may not have been held
		change = changeWindowAtVendor + ":" + event
	}
	exam, moved := c.Case.Exam, !c.Case.WindowEndsAt.Equal(c.before.WindowEndsAt)
	out := change != "" && exam != nil && exam.AuthorizationID != "" && !exam.Refused
	if moved && out && c.changed(change) {
		c.again = append(c.again, Errand{Activity: authorizationErrand, ID: exam.AuthorizationID})
	}
}

// askVendorAgain sends an authorization once more that has no answer.
func (c *story) askVendorAgain() {
	if c.Case.Unanswered() && c.changed(changeAskedAgain+":"+c.step.Event.Key) {
		c.again = append(c.again, Errand{Activity: authorizationErrand, ID: c.Case.Exam.AuthorizationID})
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
	if late := c.Case.Promise(certification.PromiseVendorResult); late != nil && late.Overdue {
		c.step.Window = c.Case.WindowKept()
	}
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
