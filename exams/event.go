package exams

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"peercert/certification"
)

// What the vendor says happened: the type of a webhook, and the Incoming.Kind of a
// message that came either way.
const (
	TypeAccepted  = "authorization.accepted"
	TypeRejected  = "authorization.rejected"
	TypeConfirmed = "appointment.confirmed"
	TypeChanged   = "appointment.changed"
	TypeCancelled = "appointment.cancelled"
	TypeResult    = "result"
	TypeNoShow    = "no_show"
	TypeIncident  = "incident"
)

// ErrMalformed says that a message is not as the layout has it. Reading it again
// cannot help.
var ErrMalformed = errors.New("the exam vendor's message is not as the layout has it")

const (
	maxID      = 100  // characters of an event's or an appointment's id
	maxReason  = 64   // characters of a reason code
	maxVersion = 1000 // corrections of one result
)

// event is what happened, with the fields its type has and no others. Its JSON is
// the payload that is stored and, as a message, what Temporal sees: ids, codes and
// instants only.
type event struct {
	EventID         string    `json:"event_id"`
	Type            string    `json:"type"`
	AuthorizationID string    `json:"authorization_id"`
	OccurredAt      time.Time `json:"occurred_at,omitzero"`
	AppointmentID   string    `json:"appointment_id,omitempty"`
	AppointmentAt   time.Time `json:"appointment_at,omitzero"`
	EndsAt          time.Time `json:"ends_at,omitzero"`
	ExaminedAt      time.Time `json:"examined_at,omitzero"`
	Outcome         string    `json:"outcome,omitempty"`
	Version         int       `json:"version,omitempty"`
	Reason          string    `json:"reason,omitempty"`
}

// wire is an event as it arrives, before anything in it is believed.
type wire struct {
	EventID         string      `json:"event_id"`
	Type            string      `json:"type"`
	AuthorizationID string      `json:"authorization_id"`
	OccurredAt      string      `json:"occurred_at"`
	AppointmentID   string      `json:"appointment_id"`
	AppointmentAt   string      `json:"appointment_at"`
	EndsAt          string      `json:"ends_at"`
	ExaminedAt      string      `json:"examined_at"`
	Outcome         string      `json:"outcome"`
	Version         json.Number `json:"version"`
	Reason          string      `json:"reason"`
}

// fault is one field that is not as the layout has it. It never holds the value.
type fault struct{ field, problem string }

// read takes from a message the fields its type has. What else is in it is dropped.
func (w wire) read() (event, []fault) {
	var faults []fault
	find := func(field, problem string) { faults = append(faults, fault{field, problem}) }
	id := func(field, value string) string {
		if !code(value, maxID) {
			find(field, "not_an_id")
		}
		return value
	}
	at := func(field, value string) time.Time {
		t, err := time.Parse(time.RFC3339, value)
		if err != nil || t.IsZero() {
			find(field, "not_an_instant")
		}
		return t.UTC()
	}
	version := func(without int) int {
		if w.Version == "" {
			return without
		}
		version, err := strconv.Atoi(w.Version.String())
		if err != nil || version < 1 || version > maxVersion {
			find("version", "not_a_version")
		}
		return version
	}

	e := event{EventID: id("event_id", w.EventID), Type: w.Type}
	if parsed, err := uuid.Parse(w.AuthorizationID); err != nil || len(w.AuthorizationID) != 36 {
		find("authorization_id", "not_a_uuid")
	} else {
		e.AuthorizationID = parsed.String()
	}
	if w.OccurredAt != "" {
		e.OccurredAt = at("occurred_at", w.OccurredAt)
	}
	switch w.Type {
	case TypeAccepted:
	case TypeRejected:
		e.Reason = reason(w.Reason)
	case TypeIncident:
		e.Reason, e.Version = reason(w.Reason), version(0)
	case TypeConfirmed, TypeChanged:
		e.AppointmentID = id("appointment_id", w.AppointmentID)
		e.AppointmentAt = at("appointment_at", w.AppointmentAt)
		e.EndsAt = at("ends_at", w.EndsAt)
		if !e.EndsAt.After(e.AppointmentAt) {
			find("ends_at", "ends_before_it_begins")
		}
	case TypeCancelled:
		e.AppointmentID = id("appointment_id", w.AppointmentID)
	case TypeResult:
		e.ExaminedAt = at("examined_at", w.ExaminedAt)
		if e.Outcome = w.Outcome; e.Outcome != "passed" && e.Outcome != "failed" {
			find("outcome", "unknown")
		}
		e.Version = version(1)
	case TypeNoShow:
		e.AppointmentAt, e.Version = at("appointment_at", w.AppointmentAt), version(0)
	default:
		find("type", "unknown")
	}
	return e, faults
}

// incoming is the event as the inbox stores it.
func (e event) incoming() (certification.Incoming, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return certification.Incoming{}, fmt.Errorf("store an exam vendor's event: %w", err)
	}
	return certification.Incoming{Source: Source, ExternalID: e.EventID, Kind: e.Type, Payload: payload}, nil
}

// code tells whether a text is an id or a code: nothing that could be a name, an
// address or a sentence.
func code(text string, most int) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:-", r))
	})
}

// reason keeps a reason that is a code. Another text may name a person and is
// dropped, but the event counts all the same: an incident gives a free attempt
// whatever its reason.
func reason(text string) string {
	switch {
	case text == "":
		return "unspecified"
	case !code(text, maxReason):
		return "other"
	}
	return text
}

// Interpret says which authorization a stored message is about and what signal
// follows. Whether we know the authorization is for the caller to find out. The
// error is ErrMalformed if the message is not one that Verify or Collect made.
func Interpret(incoming certification.Incoming) (authorizationID string, message certification.Message, err error) {
	var w wire
	if err := json.Unmarshal(incoming.Payload, &w); err != nil || incoming.Source != Source {
		return "", nil, ErrMalformed
	}
	e, faults := w.read()
	if len(faults) > 0 || e.EventID != incoming.ExternalID {
		return "", nil, fmt.Errorf("interpret a stored message: %w", malformed(faults))
	}
	envelope := certification.Envelope{
		Key:   "exam:" + e.EventID,
		Actor: certification.Actor{Role: certification.RoleOutside, ID: Source},
	}
	switch e.Type {
	case TypeAccepted:
		message = &certification.ExamAuthorized{Envelope: envelope, AuthorizationID: e.AuthorizationID}
	case TypeRejected:
		message = &certification.ExamRefused{Envelope: envelope, AuthorizationID: e.AuthorizationID, Reason: e.Reason}
	case TypeConfirmed:
		message = &certification.ExamConfirmed{Envelope: envelope, AuthorizationID: e.AuthorizationID,
			AppointmentID: e.AppointmentID, AppointmentAt: e.AppointmentAt, EndsAt: e.EndsAt, OccurredAt: e.OccurredAt}
	case TypeChanged:
		message = &certification.ExamChanged{Envelope: envelope, AuthorizationID: e.AuthorizationID,
			AppointmentID: e.AppointmentID, AppointmentAt: e.AppointmentAt, EndsAt: e.EndsAt, OccurredAt: e.OccurredAt}
	case TypeCancelled:
		message = &certification.ExamCancelled{Envelope: envelope, AuthorizationID: e.AuthorizationID,
			AppointmentID: e.AppointmentID, OccurredAt: e.OccurredAt}
	case TypeResult:
		message = &certification.ExamResult{Envelope: envelope, AuthorizationID: e.AuthorizationID,
			Passed: e.Outcome == "passed", ExaminedAt: e.ExaminedAt, Version: e.Version}
	case TypeNoShow:
		message = &certification.ExamNoShow{Envelope: envelope, AuthorizationID: e.AuthorizationID, AppointmentAt: e.AppointmentAt, Version: e.Version}
	case TypeIncident:
		message = &certification.ExamIncident{Envelope: envelope, AuthorizationID: e.AuthorizationID, Reason: e.Reason, Version: e.Version}
	}
	return e.AuthorizationID, message, nil
}

// malformed names the fields at fault.
func malformed(faults []fault) error {
	err := ErrMalformed
	for _, f := range faults {
		err = fmt.Errorf("%w: %s %s", err, f.field, f.problem)
	}
	return err
}
