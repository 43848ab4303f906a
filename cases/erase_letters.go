package cases

import (
	"context"

	"peercert/certification"
	"peercert/store/queries"
)

// eraseLetters erases what letters said, and what reviewers wrote for them. Which letters
// were sent, when and about what stays with the log, and so does how they are called. What
// is on its way waits until it arrived, or until its address goes (eraseContact).
func (l *look) eraseLetters(ctx context.Context, rule certification.Retention) (int, error) {
	there, err := l.q.LettersToErase(ctx, l.of.ID)
	if err != nil || there.Letters+there.Unsent+there.Notes == 0 {
		return 0, err
	}
	if due, err := l.due(rule); err != nil || !due {
		return 0, err
	}
	letters, err := l.q.EraseLetters(ctx, queries.EraseLettersParams{CaseID: l.of.ID, At: l.now})
	if err != nil {
		return 0, err
	}
	if there.Unsent > 0 {
		l.soon(certification.AddDays(l.now, 1))
		return int(letters), nil
	}
	if err := l.q.ForgetDigests(ctx, l.of.ID); err != nil {
		return 0, err
	}
	notes, err := l.q.ForgetNotes(ctx, l.of.ID)
	return int(letters + notes), err
}
