package certification

import "time"

// Examined is how an exam ended, as the case acted upon it.
type Examined struct {
	AuthorizationID string    `json:"authorization_id"`
	Outcome         string    `json:"outcome"` // "passed", "failed", "no_show" or "incident"
	At              time.Time `json:"at,omitzero"`
}

// examinedBy reads how an exam ended out of a message of the vendor, and whether it says
// that it corrects another; false for other messages.
func examinedBy(message Message) (exam Examined, version int, is bool) {
	switch message := message.(type) {
	case *ExamResult:
		exam = Examined{AuthorizationID: message.AuthorizationID, Outcome: "failed", At: message.ExaminedAt}
		if message.Passed {
			exam.Outcome = "passed"
		}
		return exam, message.Version, true
	case *ExamNoShow:
		return Examined{AuthorizationID: message.AuthorizationID, Outcome: "no_show", At: message.AppointmentAt}, message.Version, true
	case *ExamIncident:
		return Examined{AuthorizationID: message.AuthorizationID, Outcome: "incident"}, message.Version, true
	}
	return Examined{}, 0, false
}

// Examine remembers how an exam ended that the case acts upon.
func (c *Case) Examine(message Message) {
	if exam, _, is := examinedBy(message); is {
		c.Examined = append(c.Examined[:len(c.Examined):len(c.Examined)], exam)
	}
}

// Corrects says whether a message that has no effect on the case says something else of an
// exam than what the case acted upon. An open case that does not know how the exam ended
// expects no word of it any more, so any is strange; of a closed one it is left alone, since
// people withdraw before their exam.
func (c *Case) Corrects(message Message) bool {
	exam, version, is := examinedBy(message)
	if !is || c.Stage == "" {
		return false
	}
	if version > 1 {
		return true
	}
	for i := len(c.Examined) - 1; i >= 0; i-- {
		if known := c.Examined[i]; known.AuthorizationID == exam.AuthorizationID {
			return known.Outcome != exam.Outcome || !known.At.Equal(exam.At)
		}
	}
	return c.Stage != StageClosed && !c.WindowEndsAt.IsZero()
}
