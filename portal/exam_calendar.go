package portal

import (
	"fmt"
	"net/url"
	"time"

	ics "github.com/arran4/golang-ical"

	"peercert/cases"
	"peercert/web"
)

// remindBefore is when a calendar rings before an exam: a day, to look for the ID, and
// an hour.
var remindBefore = []string{"-P1D", "-PT1H"}

// calendarFile is the appointment as a calendar reads it (RFC 5545). One try has one
// entry: its UID stays while the appointment moves or is made again, and its SEQUENCE
// rises with the case, so that a newer file changes the entry instead of adding one.
// An appointment that was given up takes its entry away.
func calendarFile(frame web.Frame, view cases.View, site string, now time.Time) string {
	address, host := site+frame.Link("/cases/"+view.ID+"/exam"), "localhost"
	if at, err := url.Parse(site); err == nil && at.Hostname() != "" {
		host = at.Hostname()
	}
	calendar := ics.NewCalendar()
	calendar.SetProductId("-//Peercert//Portal//EN")
	event := calendar.AddEvent(fmt.Sprintf("exam-%s-%d@%s", view.ID, view.AttemptsUsed+1, host))
	event.SetDtStampTime(now)
	event.SetModifiedAt(view.UpdatedAt)
	event.SetSequence(view.Revision)
	event.SetProperty(ics.ComponentPropertyOrganizer, site, ics.WithCN(frame.Operator))
	event.SetURL(address)
	if view.Exam == nil || view.Exam.AppointmentAt.IsZero() {
		calendar.SetMethod(ics.MethodCancel)
		event.SetStatus(ics.ObjectStatusCancelled)
		event.SetSummary(plain(frame, "exam.calendar.cancelled"))
		return calendar.Serialize(ics.WithNewLineWindows)
	}
	calendar.SetMethod(ics.MethodPublish)
	event.SetStatus(ics.ObjectStatusConfirmed)
	event.SetStartAt(view.Exam.AppointmentAt)
	event.SetEndAt(view.Exam.EndsAt)
	event.SetSummary(plain(frame, "exam.calendar.summary"))
	event.SetLocation(plain(frame, "exam.calendar.place_"+view.Exam.Place))
	event.SetDescription(plain(frame, "exam.calendar.description", "Address", address))
	for _, before := range remindBefore {
		alarm := event.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetTrigger(before)
		alarm.SetDescription(plain(frame, "exam.calendar.summary"))
	}
	return calendar.Serialize(ics.WithNewLineWindows)
}
