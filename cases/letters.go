package cases

import (
	"context"
	"fmt"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// lettersOf are notices of a case as letters; with their words for its owner.
//
// A letter says what it said when it was sent: its words were written down before it was
// mailed. One that no sender has taken up yet, or of before words were kept, is put into
// words as it would be sent now.
func (c *Cases) lettersOf(ctx context.Context, actor certification.Actor, row store.CaseRow, notices []queries.Notice) ([]Letter, error) {
	person, err := c.Store.ReadApplicant(ctx, row.ApplicantID)
	if err != nil {
		return nil, failed(err, "reading an applicant")
	}
	rows, err := c.Store.LettersOf(ctx, &row.ID)
	if err != nil {
		return nil, failed(err, "reading what letters say")
	}
	kept := make(map[string]queries.LettersOfRow, len(rows))
	for _, row := range rows {
		kept[row.NoticeID] = row
	}
	letters := []Letter{}
	for _, notice := range notices {
		words := Words{Language: person.Language}
		said, is := kept[notice.ID]
		switch {
		case is && said.Language != "":
			words = Words{said.Language, said.Subject, said.Text, said.Headings}
		case is: // erased, and of before words were kept
			words.Subject = c.Options.Letters.Subject(certification.Letter(notice.Letter), person.Language)
		case actor.Role == certification.RoleApplicant:
			composed, err := c.Store.Notice(ctx, notice, person, row.Case)
			if err != nil {
				return nil, failed(err, "reading letter %s", notice.ID)
			}
			if words, err = c.Options.Letters.Words(composed); err != nil {
				return nil, fmt.Errorf("composing letter %s: %w", notice.ID, err)
			}
		}
		letter := Letter{
			ID: notice.ID, Letter: certification.Letter(notice.Letter), CreatedAt: notice.CreatedAt, SentAt: at(notice.SentAt),
			Language: words.Language, ErasedAt: at(said.ErasedAt),
		}
		if actor.Role == certification.RoleApplicant {
			letter.Subject, letter.Text, letter.Headings = words.Subject, words.Text, words.Headings
		}
		letters = append(letters, letter)
	}
	return letters, nil
}
