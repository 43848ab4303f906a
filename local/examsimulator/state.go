package examsimulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Authorization is what the vendor knows of one permission to test.
type Authorization struct {
	ID            string    `json:"id"`
	CandidateID   string    `json:"candidate_id"`
	Attempt       int       `json:"attempt"`
	Language      string    `json:"language"`
	Place         string    `json:"place"`
	EligibleFrom  time.Time `json:"eligible_from"`
	EligibleUntil time.Time `json:"eligible_until"`
	TakenAt       time.Time `json:"taken_at"`
	// Status is "rejected", "accepted", "booked", or the outcome: "passed", "failed",
	// "no_show", "incident".
	Status string `json:"status"`
	Code   string `json:"code,omitempty"` // why it was rejected
	// The appointment, empty without one. EndsAt is two and a half hours later.
	AppointmentID string    `json:"appointment_id,omitempty"`
	AppointmentAt time.Time `json:"appointment_at,omitzero"`
	EndsAt        time.Time `json:"ends_at,omitzero"`
	// Version counts the results that were reported.
	Version int `json:"version,omitempty"`
	// Name is shown on the vendor's own page only.
	Name string `json:"-"`
}

// Reported tells whether an outcome was reported.
func (a Authorization) Reported() bool {
	return slices.Contains(outcomes, a.Status)
}

// state is everything the simulator remembers.
type state struct {
	Authorizations map[string]*Authorization `json:"authorizations"`
	Names          map[string]string         `json:"names"`
	Webhooks       []*webhook                `json:"webhooks"`
}

// Authorizations lists what the vendor knows, newest first.
func (s *Simulator) Authorizations() []Authorization {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var all []Authorization
	for _, authorization := range s.state.Authorizations {
		all = append(all, *authorization)
	}
	slices.SortFunc(all, func(a, b Authorization) int {
		return cmp.Or(b.TakenAt.Compare(a.TakenAt), cmp.Compare(b.ID, a.ID))
	})
	return all
}

// Authorization gives one; false if the vendor does not know it.
func (s *Simulator) Authorization(id string) (Authorization, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if known, there := s.state.Authorizations[id]; there {
		return *known, true
	}
	return Authorization{}, false
}

// keep remembers an authorization as it now is, with the webhooks that say so.
func (s *Simulator) keep(authorization Authorization, webhooks ...*webhook) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.state.Authorizations[authorization.ID] = &authorization
	s.state.Webhooks = append(s.state.Webhooks, webhooks...)
	return s.save()
}

func (s *Simulator) load() error {
	if s.options.StateFile == "" {
		return nil
	}
	body, err := os.ReadFile(s.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the exam vendor simulator's state: %w", err)
	}
	if err := json.Unmarshal(body, &s.state); err != nil {
		return fmt.Errorf("read the exam vendor simulator's state: %w", err)
	}
	if s.state.Authorizations == nil {
		s.state.Authorizations = map[string]*Authorization{}
	}
	for id, authorization := range s.state.Authorizations {
		authorization.Name = s.state.Names[id]
	}
	return nil
}

// save writes the state file; the caller holds the mutex.
func (s *Simulator) save() error {
	if s.options.StateFile == "" {
		return nil
	}
	s.state.Names = map[string]string{}
	for id, authorization := range s.state.Authorizations {
		s.state.Names[id] = authorization.Name
	}
	body, err := json.Marshal(s.state)
	if err != nil {
		return fmt.Errorf("write the exam vendor simulator's state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.options.StateFile), 0o700); err != nil {
		return fmt.Errorf("write the exam vendor simulator's state: %w", err)
	}
	// Whole or not at all: a kill while writing leaves the state before.
	if err := os.WriteFile(s.options.StateFile+".new", body, 0o600); err != nil {
		return fmt.Errorf("write the exam vendor simulator's state: %w", err)
	}
	if err := os.Rename(s.options.StateFile+".new", s.options.StateFile); err != nil {
		return fmt.Errorf("write the exam vendor simulator's state: %w", err)
	}
	return nil
}
