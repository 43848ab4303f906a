package worker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/mailbox"
	"peercert/worker"
)

// mailed are the mails of a letter.
func (r *rig) mailed(applicant certification.Actor, noticeID string) []mailbox.Message {
	r.t.Helper()
	person, err := r.parts.Cases.Person(r.t.Context(), applicant)
	require.NoError(r.t, err)
	return slices.DeleteFunc(r.mail.Messages(person.Email), func(m mailbox.Message) bool {
		return !strings.HasPrefix(m.MessageID, "<"+noticeID+"@")
	})
}

// becomes changes the language of a person and what they are called.
func (r *rig) becomes(applicant certification.Actor, language, called string) {
	r.t.Helper()
	_, err := r.parts.Cases.ChangePerson(r.t.Context(), applicant, cases.PersonChange{
		Called: called, Language: language, Address: cases.Address{Line1: "1 Main Street", City: "Oakland", State: "CA", ZIP: "94612"},
	})
	require.NoError(r.t, err)
}

// elsewhere is the door of a process with other settings, which words letters otherwise.
func (r *rig) elsewhere() *cases.Cases {
	r.t.Helper()
	settings := r.settings
	settings.Operator, settings.PublicURL = "Another Board", "https://elsewhere.example.test"
	parts, err := worker.Assemble(context.WithoutCancel(r.t.Context()), settings, quiet, r.parts.Now)
	require.NoError(r.t, err)
	r.t.Cleanup(parts.Close)
	return parts.Cases
}

// sameWords compares a letter with the mail: mail ends its lines in another way.
func sameWords(t *testing.T, mail mailbox.Message, letter cases.Letter) {
	t.Helper()
	lines := func(text string) string { return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") }
	require.Equal(t, mail.Subject, letter.Subject)
	require.Equal(t, lines(mail.Text), lines(letter.Text))
}

// A letter is read as it was sent, whatever its reader is called since, whatever language
// they read, and however letters are worded by now.
func TestALetterStaysAsItWasSent(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	caseID, applicant := r.open()
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.must(caseID, &certification.Hold{Reason: "records_check"})
	r.letters(caseID)
	r.becomes(applicant, "es", "Somebody Else")
	r.must(caseID, &certification.ReleaseHold{})
	r.letters(caseID)

	for _, door := range []*cases.Cases{r.parts.Cases, r.elsewhere()} {
		letters, err := door.Letters(t.Context(), applicant, caseID)
		require.NoError(t, err)
		require.Len(t, letters, 2)
		for i, language := range []string{"en", "es"} {
			require.Equal(t, language, letters[i].Language)
			mailed := r.mailed(applicant, letters[i].ID)
			require.Len(t, mailed, 1)
			sameWords(t, mailed[0], letters[i])
			require.NotEmpty(t, letters[i].Headings)
			require.Subset(t, strings.Split(letters[i].Text, "\n"), letters[i].Headings)

		}
		require.Contains(t, letters[0].Text, "Test")
		require.Contains(t, letters[1].Text, "Somebody Else")

		staff, err := door.Letters(t.Context(), certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}, caseID)
		require.NoError(t, err)
		for i, language := range []string{"en", "es"} {
			require.Equal(t, language, staff[i].Language)
			require.Empty(t, staff[i].Subject+staff[i].Text)
		}
		export, err := door.Export(t.Context(), applicant)
		require.NoError(t, err)
		for i, letter := range export.Cases[0].Letters {
			require.Equal(t, letters[i].Text, letter.Text)
			require.Equal(t, letters[i].Language, letter.Language)
		}
	}
}

// A letter that the mail server did not take is the same one at the next try, though its
// reader chose another language meanwhile and the words of the program are others: the
// server may have passed it on before it said no.
func TestALetterIsTheSameAtTheNextTry(t *testing.T) {
	r := newRig(t)
	stop := r.serve(nil, nil)
	caseID, applicant := r.open()
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.mail.Refuse(true)
	r.must(caseID, &certification.Hold{Reason: "records_check"})
	rows, err := r.parts.Store.NoticesOf(t.Context(), &caseID)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	id := rows[0].ID
	r.until("the words to be written", func() error {
		_, err := r.parts.Store.ReadLetter(t.Context(), id)
		return err
	})
	before, err := r.parts.Cases.Letters(t.Context(), applicant, caseID)
	require.NoError(t, err)
	require.Zero(t, before[0].SentAt)
	r.becomes(applicant, "es", "Somebody Else")
	stop()

	// Another worker, which words letters otherwise, takes over.
	r.settings.Operator = "Another Board"
	r.parts, err = worker.Assemble(context.WithoutCancel(t.Context()), r.settings, quiet, r.parts.Now)
	require.NoError(t, err)
	t.Cleanup(r.parts.Close)
	r.mail.Refuse(false)
	r.serve(nil, nil)
	require.Equal(t, map[certification.Letter]int{certification.LetterOnHold: 1}, r.letters(caseID))

	mailed := r.mailed(applicant, id)
	require.Len(t, mailed, 1, "once")
	require.Contains(t, mailed[0].HTML, `<html lang="en"`)
	require.NotContains(t, mailed[0].HTML+mailed[0].Text, "Another Board")
	require.NotContains(t, mailed[0].HTML+mailed[0].Text, "Somebody Else")
	letters, err := r.parts.Cases.Letters(t.Context(), applicant, caseID)
	require.NoError(t, err)
	require.NotZero(t, letters[0].SentAt)
	sameWords(t, mailed[0], letters[0])
	require.Equal(t, before[0].Text, letters[0].Text)

	// And a call that comes late sends nothing and changes nothing.
	require.NoError(t, worker.ActivitiesOf(r.parts).Notices.SendNotice(t.Context(), id))
	require.Len(t, r.mailed(applicant, id), 1)
}

// A code is a key: nothing of the letter that carries it is kept.
func TestALetterAboutAnAddressIsNotKept(t *testing.T) {
	r := newRig(t)
	r.serve(nil, nil)
	r.open()
	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	count := func(from string) (rows int) {
		require.NoError(t, sql.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&rows))
		return rows
	}
	r.until("the code to be sent", func() error {
		if count("notices WHERE sent_at IS NOT NULL") == 0 {
			return errors.New("it is not sent")
		}
		return nil
	})
	require.Zero(t, count("letters"))
}
