package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/notices"
	"peercert/store"
	"peercert/store/queries"
)

// words puts notices into words for the list of letters.
type words struct{ letterhead notices.Letterhead }

func (w words) Words(notice certification.Notice) (cases.Words, error) {
	composed, err := notices.Compose(notice, w.letterhead)
	return cases.Words{Language: composed.Language, Subject: composed.Subject, Text: composed.Text, Headings: composed.Headings}, err
}

func (w words) Subject(letter certification.Letter, language string) string {
	return notices.Subject(letter, language)
}

// letters sends notices by their ids.
type letters struct{ *Parts }

// sendLease is how long one sender has a letter to itself.
const sendLease = 90 * time.Second

func (l letters) SendNotice(ctx context.Context, noticeID string) error {
	now := time.Now() // a lease is between machines: the movable clock has no say in it
	until := now.Add(sendLease)
	claimed, err := l.Store.ClaimNotice(ctx, queries.ClaimNoticeParams{ID: noticeID, Until: &until, Now: &now})
	if store.None(err) {
		state, err := l.Store.NoticeState(ctx, noticeID)
		if store.None(err) {
			return nil // the code of a registration that was forgotten meanwhile
		}
		if err == nil && state.SentAt == nil && state.VoidedAt == nil {
			return fmt.Errorf("letter %s is being sent by another worker", noticeID)
		}
		return err // sent, or void: nothing to do
	}
	if err != nil {
		return err
	}
	notice, err := l.addressed(ctx, claimed.ID)
	var letter notices.Composed
	if err == nil {
		letter, err = l.written(ctx, notice)
	}
	if err == nil {
		err = l.Letters.Send(ctx, notice.ID, notice.Email, letter)
	}
	// What became of it is written down even where the time to send it is over or the worker
	// stops: a letter that is not marked goes out again, and one that was not taken need not
	// wait for the lease.
	writing, cancel := outlive(ctx, writingDown)
	defer cancel()
	if err != nil {
		return errors.Join(err, l.Store.ReleaseNotice(writing, noticeID))
	}
	sent := l.Now()
	return l.Store.MarkNoticeSent(writing, queries.MarkNoticeSentParams{ID: noticeID, SentAt: &sent})
}

// errErased is a letter whose words were erased before any server took it: there is no
// address left to send it to either.
var errErased = errors.New("its words were erased")

// written is what a letter says, from the first try on: its words are kept before it is
// mailed. A mail server may pass a letter on and say no all the same, and who waits for it
// may choose another language before the next try. A letter about an address is not kept:
// it holds a code, or goes to who may be somebody else.
func (l letters) written(ctx context.Context, notice certification.Notice) (notices.Composed, error) {
	if notice.CaseID == "" {
		return l.Letters.Compose(notice)
	}
	kept, err := l.Store.ReadLetter(ctx, notice.ID)
	if store.None(err) {
		var letter notices.Composed
		if letter, err = l.Letters.Compose(notice); err != nil {
			return notices.Composed{}, err
		}
		if err = l.Store.WriteLetter(ctx, queries.WriteLetterParams{
			NoticeID: notice.ID, Language: letter.Language, Subject: letter.Subject, Text: letter.Text, Html: letter.HTML,
			Headings: letter.Headings, WrittenAt: l.Now(),
		}); err == nil {
			kept, err = l.Store.ReadLetter(ctx, notice.ID) // a sender whose lease ran out may have been first
		}
	}
	if err == nil && kept.ErasedAt != nil {
		err = errErased
	}
	if err != nil {
		return notices.Composed{}, fmt.Errorf("writing letter %s: %w", notice.ID, err)
	}
	return notices.Composed{Language: kept.Language, Subject: kept.Subject, Text: kept.Text, Headings: kept.Headings, HTML: kept.Html}, nil
}

// addressed is a letter with all that it is written from, and the address it goes to now.
func (l letters) addressed(ctx context.Context, noticeID string) (certification.Notice, error) {
	row, err := l.Store.ReadNotice(ctx, noticeID)
	if err != nil {
		return certification.Notice{}, fmt.Errorf("reading letter %s: %w", noticeID, err)
	}
	if row.RegistrationID != nil {
		registration, err := l.Store.ReadRegistration(ctx, *row.RegistrationID)
		if err != nil {
			return certification.Notice{}, fmt.Errorf("reading the registration of letter %s: %w", noticeID, err)
		}
		if row.Letter == string(certification.LetterAddressChanged) {
			return certification.Notice{
				ID: row.ID, Letter: certification.LetterAddressChanged, Language: registration.Language, Email: registration.FormerEmail,
			}, nil
		}
		var details cases.Registration
		if json.Unmarshal(registration.Details, &details) != nil {
			return certification.Notice{}, fmt.Errorf("the registration of letter %s cannot be decoded", noticeID)
		}
		name := details.Called
		if name == "" {
			name = details.FirstName
		}
		return certification.Notice{
			ID: row.ID, Letter: certification.Letter(row.Letter), Language: registration.Language, Name: name, Email: details.Email,
			Code: cases.ConfirmationCode(l.Settings.TokenSecret, *row.RegistrationID),
		}, nil
	}
	person, err := l.Store.ApplicantOfCase(ctx, *row.CaseID)
	if err != nil {
		return certification.Notice{}, fmt.Errorf("reading the recipient of letter %s: %w", noticeID, err)
	}
	certified, err := l.Store.Case(ctx, *row.CaseID)
	if err != nil {
		return certification.Notice{}, err
	}
	return l.Store.Notice(ctx, row, person, certified.Case)
}
