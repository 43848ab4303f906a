package certification

import "time"

// appointment is what the vendor says of an appointment.
type appointment struct {
	id                 string
	confirmed, givenUp bool      // else it was moved
	at, endsAt         time.Time // zero if it was given up
	said               time.Time // by the vendor's clock; zero if unknown
}

func appointmentOf(message Message) (said appointment, is bool) {
	switch message := message.(type) {
	case *ExamConfirmed:
		return appointment{id: message.AppointmentID, confirmed: true, at: message.AppointmentAt, endsAt: message.EndsAt, said: message.OccurredAt}, true
	case *ExamChanged:
		return appointment{id: message.AppointmentID, at: message.AppointmentAt, endsAt: message.EndsAt, said: message.OccurredAt}, true
	case *ExamCancelled:
		return appointment{id: message.AppointmentID, givenUp: true, said: message.OccurredAt}, true
	}
	return appointment{}, false
}

// notThisAppointment says why a message about an appointment of the exam under way has no
// effect; empty if it has. What the vendor says arrives in any order, so it is not the last
// to arrive that counts but what was said last: of a confirmation and a change that is the
// appointment that there is, unless it was given up since. Where the vendor does not say
// when, a confirmation counts when it comes, and a change for the appointment that there is.
func (c *Case) notThisAppointment(message Message) (ignored string) {
	said, is := appointmentOf(message)
	if !is {
		return ""
	}
	exam := c.Exam
	same, dated := said.id == exam.AppointmentID, !said.said.IsZero()
	switch {
	case !exam.PassedAt.IsZero():
		return "the exam was taken" // and its result is here
	case said.givenUp && !same:
		return "another appointment"
	case dated && said.said.Before(exam.AppointmentSaidAt):
		return "something newer was said"
	case dated && !said.givenUp && exam.givenUpSince(said):
		return "the appointment was given up"
	case said.confirmed && same && (!dated || said.at.Equal(exam.AppointmentAt) && said.endsAt.Equal(exam.EndsAt)):
		return "the same appointment"
	case !said.confirmed && !same && !dated:
		return "another appointment"
	}
	return ""
}

// HearOfAppointment keeps when the vendor said what of an appointment of the exam under way,
// also where that has no effect: what was said before it may come after it.
func (c *Case) HearOfAppointment(message Message) {
	said, is := appointmentOf(message)
	if !is || said.said.IsZero() || !c.isOfExam(message) {
		return
	}
	switch {
	case said.givenUp && c.Exam.GivenUp == nil:
		c.Exam.GivenUp = map[string]time.Time{said.id: said.said}
	case said.givenUp:
		c.Exam.GivenUp[said.id] = later(c.Exam.GivenUp[said.id], said.said)
	case !c.Exam.givenUpSince(said):
		c.Exam.AppointmentSaidAt = later(c.Exam.AppointmentSaidAt, said.said)
	}
}

// isOfExam says whether a message is about the authorization of the exam under way.
func (c *Case) isOfExam(message Message) bool {
	id, is := AuthorizationOf(message)
	return is && c.Exam != nil && c.Exam.AuthorizationID == id
}

// givenUpSince says whether an appointment was given up after something was said of it.
func (e *Exam) givenUpSince(said appointment) bool {
	at, is := e.GivenUp[said.id]
	return is && !said.said.After(at)
}

// AppointmentsOfBefore is how a case of before judged a message about an appointment, by
// which Concerns says whether it now has an effect: a confirmation counted only before
// there was an appointment, and a change or a cancellation only between that and its end,
// whichever appointment it was about. It says false for other messages. Cases that acted so are
// replayed so.
func (c *Case) AppointmentsOfBefore(message Message) (ignored string, about bool) {
	at := StageExamBooked
	switch message.(type) {
	case *ExamConfirmed:
		at = StageExamBooking
	case *ExamChanged, *ExamCancelled:
	default:
		return "", false
	}
	if c.Stage != at {
		return "not at this stage", true
	}
	if !c.isOfExam(message) {
		return "another authorization", true
	}
	return "", true
}
