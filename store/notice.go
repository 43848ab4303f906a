package store

import (
	"context"
	"encoding/json"
	"fmt"

	"peercert/certification"
	"peercert/store/queries"
)

// Notice is a letter of a case as the sender needs it.
func (s *Store) Notice(ctx context.Context, row queries.Notice, person queries.Applicant, caseNumber string) (certification.Notice, error) {
	notice := certification.Notice{
		ID: row.ID, CaseID: *row.CaseID, CaseNumber: caseNumber, Letter: certification.Letter(row.Letter),
		Language: person.Language, Name: person.Called, Email: person.Email, Notes: map[certification.ReasonCode]string{},
	}
	if notice.Name == "" {
		notice.Name = person.FirstName
	}
	if err := json.Unmarshal(row.Facts, &notice.Facts); err != nil {
		return certification.Notice{}, fmt.Errorf("decoding the facts of letter %s: %w", row.ID, err)
	}
	if len(notice.Facts.Reasons) > 0 {
		notes, err := s.NotesOf(ctx, queries.NotesOfParams{CaseID: *row.CaseID, Key: row.NotesKey})
		if err != nil {
			return certification.Notice{}, fmt.Errorf("reading the notes of letter %s: %w", row.ID, err)
		}
		for _, note := range notes {
			notice.Notes[certification.ReasonCode(note.Code)] = note.Note
		}
	}
	return notice, nil
}
