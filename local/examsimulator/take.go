package examsimulator

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"peercert/exams"
)

// Poll takes the authorizations that are new and acknowledges them, and learns of those
// that were given more or less time. It returns when
// that is done; acknowledgements by webhook have been tried once.
func (s *Simulator) Poll(ctx context.Context) error {
	err := s.poll(ctx)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.problem = ""; err != nil && ctx.Err() == nil {
		s.problem = err.Error()
	}
	return err
}

func (s *Simulator) poll(ctx context.Context) error {
	s.acting.Lock()
	defer s.acting.Unlock()
	keys, err := s.options.Files.List(ctx, exams.AuthorizationsPrefix)
	if err != nil {
		return fmt.Errorf("list authorizations: %w", err)
	}
	slices.Sort(keys)
	var failures []error
	for _, key := range keys {
		id, isFile := strings.CutSuffix(strings.TrimPrefix(key, exams.AuthorizationsPrefix), ".csv")
		if !isFile {
			continue
		}
		do, what := s.take, "take"
		if known, is := s.Authorization(id); is {
			if known.Status == "rejected" || known.Reported() {
				continue
			}
			do, what = s.takeAgain, "look again at"
		}
		if err := do(ctx, id); err != nil {
			failures = append(failures, fmt.Errorf("%s authorization %s: %w", what, id, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

// take reads one authorization with its candidate and answers it.
func (s *Simulator) take(ctx context.Context, id string) error {
	permit, err := s.row(ctx, exams.AuthorizationsPrefix+id+".csv")
	if err != nil {
		return err
	}
	candidate, err := s.row(ctx, exams.CandidatesPrefix+id+".csv")
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no candidate record")
	} else if err != nil {
		return err
	}
	authorization := Authorization{
		ID: id, CandidateID: permit["candidate_id"], Language: permit["language"], Place: permit["place"],
		TakenAt: s.options.Now().UTC(), Status: "accepted", Name: candidate["first_name"] + " " + candidate["last_name"],
	}
	authorization.Attempt, _ = strconv.Atoi(permit["attempt"])
	authorization.EligibleFrom, _ = time.Parse(time.RFC3339, permit["eligible_from"])
	authorization.EligibleUntil, _ = time.Parse(time.RFC3339, permit["eligible_until"])
	if permit["authorization_id"] != id || candidate["authorization_id"] != id || candidate["candidate_id"] != permit["candidate_id"] {
		authorization.Code = "ids_differ"
	} else {
		authorization.Code = s.check(authorization, candidate)
	}
	if authorization.Code != "" {
		authorization.Status = "rejected"
	}

	// The id follows from the authorization, so that a simulator that forgot
	// everything acknowledges again without saying anything new.
	eventID := "ack-" + id
	if s.options.AcknowledgeByWebhook {
		said := message{EventID: eventID, Type: "authorization." + authorization.Status, AuthorizationID: id, Reason: authorization.Code}
		hook, err := s.webhook(said)
		if err != nil {
			return err
		}
		if err := s.keep(authorization, hook); err != nil {
			return err
		}
		s.deliver(ctx, id)
		return nil
	}
	body, err := table([]string{"event_id", "authorization_id", "status", "code"}, []string{eventID, id, authorization.Status, authorization.Code})
	if err != nil {
		return err
	}
	if err := s.options.Files.Put(ctx, exams.AcknowledgementsPrefix+eventID+".csv", body, "text/csv; charset=utf-8"); err != nil {
		return err
	}
	return s.keep(authorization)
}

// takeAgain takes the last instant of an authorization that is known, which may have
// been moved. There is nothing to acknowledge: an appointment stays as it is.
func (s *Simulator) takeAgain(ctx context.Context, id string) error {
	permit, err := s.row(ctx, exams.AuthorizationsPrefix+id+".csv")
	if err != nil {
		return err
	}
	until, err := time.Parse(time.RFC3339, permit["eligible_until"])
	known, is := s.Authorization(id)
	if err != nil || !is || until.Equal(known.EligibleUntil) {
		return nil //nolint:nilerr // what cannot be read says nothing new
	}
	known.EligibleUntil = until
	return s.keep(known)
}

// check gives the code with which an authorization is rejected, empty if it is not.
func (s *Simulator) check(a Authorization, candidate map[string]string) string {
	s.mutex.Lock()
	refusal := s.refusal
	s.refusal = ""
	s.mutex.Unlock()
	if refusal != "" {
		return refusal
	}
	for _, column := range []struct {
		name string
		most int
	}{{"first_name", 30}, {"last_name", 50}, {"email", 100}} {
		switch length := utf8.RuneCountInString(candidate[column.name]); {
		case length == 0:
			return column.name + "_missing"
		case length > column.most:
			return column.name + "_too_long"
		}
	}
	switch {
	case !slices.Contains([]string{"en", "es", "ar", "zh", "fa", "hi", "ja", "ko", "ru", "vi"}, a.Language):
		return "language_not_offered"
	case a.Place != "online" && a.Place != "test_center":
		return "place_not_offered"
	case a.Attempt < 1:
		return "attempt_missing"
	case !a.EligibleUntil.After(a.EligibleFrom):
		return "window_empty"
	}
	return ""
}

// RefuseNext makes the vendor reject the next authorization it takes with a code.
func (s *Simulator) RefuseNext(code string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refusal = code
}

// row reads a file of a header and one row.
func (s *Simulator) row(ctx context.Context, key string) (map[string]string, error) {
	file, err := s.options.Files.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(io.LimitReader(file, 64<<10)).ReadAll()
	if err != nil || len(rows) != 2 {
		return nil, errors.New("a file is not a header and one row")
	}
	row := map[string]string{}
	for i, column := range rows[0] {
		text := rows[1][i]
		if bare, quoted := strings.CutPrefix(text, "'"); quoted && bare != "" && strings.ContainsRune("=+-@", rune(bare[0])) {
			text = bare
		}
		row[column] = text
	}
	return row, nil
}
