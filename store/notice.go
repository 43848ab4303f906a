package store

import (
	"context"
	"encoding/json"
	"fmt"

	"peercert/certification"
	"peercert/store/queries"
)

// Notice is a letter of a case as the sender needs it. The numbers that it says are those
// of the case's policy; the ones of a renewal that lies ahead, of the policy in force when
// the letter was asked for.
func (s *Store) Notice(ctx context.Context, row queries.Notice, person queries.Applicant, of certification.Case) (certification.Notice, error) {
	notice := certification.Notice{
		ID: row.ID, CaseID: *row.CaseID, CaseNumber: of.Number, Letter: certification.Letter(row.Letter),
		Language: person.Language, Name: person.Called, Email: person.Email, Notes: map[certification.ReasonCode]string{},
	}
	if notice.Name == "" {
		notice.Name = person.FirstName
	}
	if err := json.Unmarshal(row.Facts, &notice.Facts); err != nil {
		return certification.Notice{}, fmt.Errorf("decoding the facts of letter %s: %w", row.ID, err)
	}
	of.Stage = notice.Facts.Stage
	if notice.Letter == certification.LetterRenewalReminder || notice.Letter == certification.LetterExpired {
		of.Stage = certification.StageRenewal // letters of before the stage was among the facts
	}
	notice.Policy = of.PolicyAhead(row.CreatedAt)
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
