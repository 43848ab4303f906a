package examsimulator

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"peercert/exams"
)

var outcomes = []string{"passed", "failed", "no_show", "incident"}

// Outcome is what the person who plays the vendor says of an exam.
type Outcome struct {
	AuthorizationID string
	Outcome         string // "passed", "failed", "no_show" or "incident"
	Reason          string // of an incident: a code
	// ExaminedAt is when the exam began; zero for the appointment, or for now where
	// the appointment is still to come.
	ExaminedAt time.Time
	// ByWebhook reports by webhook and not by a results file.
	ByWebhook bool
}

// Report reports an outcome. A second one for the same authorization is a
// correction, with a higher version. On return the results file is written, or the
// webhook was tried once.
func (s *Simulator) Report(ctx context.Context, outcome Outcome) (Authorization, error) {
	authorization, err := s.report(ctx, outcome)
	if err == nil && outcome.ByWebhook {
		s.deliver(ctx, authorization.ID)
	}
	return authorization, err
}

func (s *Simulator) report(ctx context.Context, outcome Outcome) (Authorization, error) {
	s.acting.Lock()
	defer s.acting.Unlock()
	authorization, known := s.Authorization(outcome.AuthorizationID)
	switch {
	case !known:
		return Authorization{}, &refusal{http.StatusNotFound, "We do not know this authorization."}
	case !slices.Contains(outcomes, outcome.Outcome):
		return Authorization{}, &refusal{http.StatusUnprocessableEntity, "The outcome is one of passed, failed, no_show, incident."}
	case authorization.AppointmentID == "":
		return Authorization{}, conflict("There is no appointment yet: an exam comes before its outcome.")
	}
	now := s.options.Now().UTC().Truncate(time.Second)
	at := outcome.ExaminedAt.UTC()
	if outcome.ExaminedAt.IsZero() {
		if at = authorization.AppointmentAt; at.After(now) && outcome.Outcome != "no_show" {
			at = now
		}
	}
	authorization.Status = outcome.Outcome
	authorization.Version++
	eventID := "evt-" + uuid.NewString()
	if outcome.ByWebhook {
		said := message{EventID: eventID, AuthorizationID: authorization.ID, Type: outcome.Outcome}
		switch outcome.Outcome {
		case "passed", "failed":
			said.Type, said.Outcome, said.ExaminedAt, said.Version = "result", outcome.Outcome, at, authorization.Version
		case "no_show":
			said.AppointmentAt = at
		case "incident":
			said.Reason = outcome.Reason
		}
		hook, err := s.webhook(said)
		if err != nil {
			return Authorization{}, err
		}
		return authorization, s.keep(authorization, hook)
	}
	body, err := table(
		[]string{"event_id", "authorization_id", "examined_at", "outcome", "version", "reason"},
		[]string{eventID, authorization.ID, at.Format(time.RFC3339), outcome.Outcome, strconv.Itoa(authorization.Version), outcome.Reason})
	if err != nil {
		return Authorization{}, err
	}
	key := exams.ResultsPrefix + now.In(s.zone).Format("2006-01-02") + "-" + eventID + ".csv"
	if err := s.options.Files.Put(ctx, key, body, "text/csv; charset=utf-8"); err != nil {
		return Authorization{}, err
	}
	return authorization, s.keep(authorization)
}

func table(rows ...[]string) ([]byte, error) {
	var out bytes.Buffer
	writer := csv.NewWriter(&out)
	writer.UseCRLF = true
	err := writer.WriteAll(rows)
	return out.Bytes(), err
}
