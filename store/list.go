package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"peercert/certification"
)

// CaseRow is a case in a list.
type CaseRow struct {
	certification.Case
	CreatedAt, UpdatedAt time.Time
	// SortAt and the id are where a list goes on.
	SortAt time.Time
}

// CaseFilter chooses cases; zero fields choose nothing away.
type CaseFilter struct {
	ApplicantID string
	Number      string // of the case or of its certificate
	Stage       certification.Stage
	WaitsOn     certification.Party
	Assignee    string
	Overdue     *bool
	Attention   string // a code, or "any"; of closed cases only certification.AfterTheEnd
	CountyPlan  string
	DueBefore   time.Time
	AfterAt     time.Time // the SortAt and id of the last row of the part before
	AfterID     string
	Most        int
}

// ListCases gives the cases that a filter leaves, the one due first first, those
// without a due instant last. Conditions that a partial index has are written out: as
// parameters the planner could not match them.
func (s *Store) ListCases(ctx context.Context, f CaseFilter) ([]CaseRow, error) {
	where, arguments := []string{"true"}, pgx.NamedArgs{"most": f.Most}
	and := func(condition, name string, value any) {
		where = append(where, condition)
		arguments[name] = value
	}
	if f.ApplicantID != "" {
		and("applicant_id = @applicant", "applicant", f.ApplicantID)
	}
	if f.Number != "" {
		and("(number = @number OR certificate_number = @number)", "number", f.Number)
	}
	if f.Stage != "" {
		and("stage = @stage", "stage", string(f.Stage))
	}
	if f.WaitsOn != "" {
		and("waits_on = @waits_on", "waits_on", string(f.WaitsOn))
	}
	if f.Assignee != "" {
		and("assignee <> '' AND assignee = @assignee", "assignee", f.Assignee)
	}
	if f.Overdue != nil {
		where = append(where, map[bool]string{true: "overdue", false: "NOT overdue"}[*f.Overdue])
	}
	switch f.Attention {
	case "":
	case "any":
		// Of a closed case only what is about money: see certification.AfterTheEnd.
		where = append(where, "attention <> '{}' AND (stage <> 'closed' OR attention && '{dispute,surplus}')")
	default:
		and("attention <> '{}' AND attention @> ARRAY[@attention::text]", "attention", f.Attention)
		if !slices.Contains(certification.AfterTheEnd, f.Attention) {
			where = append(where, "stage <> 'closed'")
		}
	}
	if f.CountyPlan != "" {
		and("county_plan = @county_plan", "county_plan", f.CountyPlan)
	}
	if !f.DueBefore.IsZero() {
		and("sort_at < @due_before", "due_before", f.DueBefore)
	}
	if f.AfterID != "" {
		and("(sort_at, id) > (@after_at::timestamptz, @after_id::uuid)", "after_id", f.AfterID)
		arguments["after_at"] = f.AfterAt
	}
	rows, err := cleaning{s.pool}.Query(ctx, `SELECT snapshot, created_at, updated_at, sort_at
		FROM cases WHERE `+strings.Join(where, " AND ")+` ORDER BY sort_at, id LIMIT @most`, arguments)
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (CaseRow, error) {
		var snapshot []byte
		var found CaseRow
		if err := row.Scan(&snapshot, &found.CreatedAt, &found.UpdatedAt, &found.SortAt); err != nil {
			return CaseRow{}, err
		}
		return found, json.Unmarshal(snapshot, &found.Case)
	})
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	return list, nil
}

// ErrNoCase says that there is no such case.
var ErrNoCase = errors.New("there is no such case")

// Case reads a case as it was last written.
func (s *Store) Case(ctx context.Context, caseID string) (CaseRow, error) {
	row, err := s.ReadCase(ctx, caseID)
	if None(err) {
		return CaseRow{}, ErrNoCase
	}
	if err != nil {
		return CaseRow{}, fmt.Errorf("reading case %s: %w", caseID, err)
	}
	found := CaseRow{CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	if err := json.Unmarshal(row.Snapshot, &found.Case); err != nil {
		return CaseRow{}, fmt.Errorf("decoding the snapshot of case %s: %w", caseID, err)
	}
	return found, nil
}
