package examsimulator

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// length is how long an exam takes: 120 questions in two and a half hours.
const length = 150 * time.Minute

// refusal is a sentence for whoever asked for something that cannot be.
type refusal struct {
	status   int
	sentence string
}

func (r *refusal) Error() string { return r.sentence }

func conflict(sentence string) error { return &refusal{http.StatusConflict, sentence} }

// Slots are the times the vendor offers for an authorization: from tomorrow on,
// three a day for two weeks, as far as the authorization lasts. Every time has a
// free place.
func (s *Simulator) Slots(a Authorization) []time.Time {
	var slots []time.Time
	today := s.options.Now().In(s.zone)
	for day := 1; day <= 14; day++ {
		for _, hour := range []int{9, 12, 15} {
			// By the calendar, since a day may have 23 or 25 hours.
			at := time.Date(today.Year(), today.Month(), today.Day()+day, hour, 0, 0, 0, s.zone)
			if !at.Before(a.EligibleFrom) && !at.After(a.EligibleUntil) {
				slots = append(slots, at)
			}
		}
	}
	return slots
}

// Book makes the appointment of an authorization, or moves the one it has, and
// tells the product. Any instant in the future within the authorization will do.
func (s *Simulator) Book(ctx context.Context, id string, at time.Time) (Authorization, error) {
	return s.change(ctx, id, func(a *Authorization, now time.Time) (message, error) {
		at = at.UTC().Truncate(time.Second)
		switch {
		case !at.After(now):
			return message{}, &refusal{http.StatusUnprocessableEntity, "That time has passed. Please choose a later one."}
		case at.Before(a.EligibleFrom) || at.After(a.EligibleUntil):
			return message{}, &refusal{http.StatusUnprocessableEntity, "Your authorization does not cover that time. Please choose another one."}
		}
		kind := "appointment.changed"
		if a.AppointmentID == "" {
			kind, a.AppointmentID = "appointment.confirmed", "ap-"+uuid.NewString()
		}
		a.Status, a.AppointmentAt, a.EndsAt = "booked", at, at.Add(length)
		return message{Type: kind, AppointmentID: a.AppointmentID, AppointmentAt: at, EndsAt: a.EndsAt}, nil
	})
}

// Cancel gives up an appointment that has not begun, and tells the product.
func (s *Simulator) Cancel(ctx context.Context, id string) (Authorization, error) {
	return s.change(ctx, id, func(a *Authorization, _ time.Time) (message, error) {
		if a.AppointmentID == "" {
			return message{}, conflict("There is no appointment to cancel.")
		}
		said := message{Type: "appointment.cancelled", AppointmentID: a.AppointmentID}
		a.Status, a.AppointmentID, a.AppointmentAt, a.EndsAt = "accepted", "", time.Time{}, time.Time{}
		return said, nil
	})
}

// change does one thing to an appointment and tells the product. The webhook has
// been tried once on return; if that failed, it is tried again until it is taken.
func (s *Simulator) change(ctx context.Context, id string, act func(*Authorization, time.Time) (message, error)) (Authorization, error) {
	authorization, err := s.changed(id, act)
	if err != nil {
		return Authorization{}, err
	}
	s.deliver(ctx, id)
	return authorization, nil
}

func (s *Simulator) changed(id string, act func(*Authorization, time.Time) (message, error)) (Authorization, error) {
	s.acting.Lock()
	defer s.acting.Unlock()
	authorization, known := s.Authorization(id)
	now := s.options.Now()
	switch {
	case !known:
		return Authorization{}, &refusal{http.StatusNotFound, "We do not know this authorization."}
	case authorization.Status == "rejected":
		return Authorization{}, conflict("This authorization was rejected.")
	case authorization.Reported():
		return Authorization{}, conflict("This authorization is used up.")
	case authorization.AppointmentID != "" && !authorization.AppointmentAt.After(now):
		return Authorization{}, conflict("The appointment has begun and can no longer be changed.")
	}
	said, err := act(&authorization, now)
	if err != nil {
		return Authorization{}, err
	}
	said.EventID, said.AuthorizationID = "evt-"+uuid.NewString(), id
	hook, err := s.webhook(said)
	if err != nil {
		return Authorization{}, err
	}
	return authorization, s.keep(authorization, hook)
}
