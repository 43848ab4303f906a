package cases_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
)

// beginsAgain withdraws the case of a person and begins another, whose they then is.
func (p *person) beginsAgain() (before string) {
	p.t.Helper()
	before = p.caseID
	p.must(&certification.Withdraw{})
	view, err := p.StartAgain(p.t.Context(), p.actor, p.key())
	require.NoError(p.t, err)
	p.caseID = view.ID
	return before
}

func (p *person) earlier(kind certification.DocumentKind) []string {
	p.t.Helper()
	documents, err := p.Earlier(p.t.Context(), p.actor, p.caseID, kind)
	require.NoError(p.t, err)
	ids := []string{}
	for _, document := range documents {
		ids = append(ids, document.ID)
	}
	return ids
}

func TestUsingEarlierDocumentsAgain(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	require.Empty(t, p.earlier(certification.DocumentPhotoID), "this is the first case")
	photo, diploma := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentDiploma)
	unused, proof := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentNameChange)
	submit := p.fill(map[string]any{"photo_id": []string{photo}, "diploma": []string{diploma}, "called": "Mado", "id_expires_on": p.now().AddDate(0, 3, 0).Format(time.DateOnly)})
	submit.DocumentIDs = []string{photo, diploma}
	p.must(submit)
	before := p.beginsAgain()

	require.Equal(t, []string{photo}, p.earlier(certification.DocumentPhotoID), "not %s, which no form named", unused)
	require.Equal(t, []string{diploma}, p.earlier(certification.DocumentDiploma))
	require.Equal(t, []string{proof}, p.earlier(certification.DocumentNameChange))
	require.Empty(t, p.earlier(certification.DocumentTrainingCertificate))
	require.Empty(t, p.earlier(certification.DocumentAppeal))

	values, err := w.EarlierValues(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, certification.ApplicationValues{
		LegalFirstName: "Made", LegalLastName: "Up", Called: "Mado", DateOfBirth: "1990-05-17", Education: "diploma",
		IDExpiresOn: certification.Date(p.now().AddDate(0, 3, 0).Format(time.DateOnly)),
	}, values)

	t.Run("as an upload of this case", func(t *testing.T) {
		key := w.key()
		answers, failures := atOnce(3, func(int) (certification.Document, error) { return w.UseAgain(ctx, p.actor, key, p.caseID, photo) })
		for i := range answers {
			require.NoError(t, failures[i])
			require.Equal(t, answers[0].ID, answers[i].ID)
		}
		used := answers[0]
		require.NotEqual(t, photo, used.ID)
		require.Equal(t, []string{p.caseID, "mine.png", string(certification.DocumentPhotoID), string(certification.DocumentChecking)},
			[]string{used.CaseID, used.FileName, string(used.Kind), string(used.Status)})
		require.Equal(t, []string{used.ID}, p.documentIDs(), "once")
		p.eventually(func() bool {
			checked, err := w.Document(ctx, p.actor, p.caseID, used.ID)
			require.NoError(t, err)
			return checked.Status == certification.DocumentClean
		})
		require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, used.ID))
		require.Zero(t, w.objects(used.ID))
		content, err := w.Content(ctx, p.actor, before, photo, "")
		require.NoError(t, err, "the earlier one stays")
		require.NoError(t, content.Close())
	})
	t.Run("nothing else", func(t *testing.T) {
		other := w.toApplication()
		strange := other.uploaded(certification.DocumentPhotoID)
		for _, id := range []string{unused, strange, store.NewID(), "nonsense"} {
			_, err := w.UseAgain(ctx, p.actor, w.key(), p.caseID, id)
			refused(t, certification.RefusedNotFound, err)
		}
		_, err := w.UseAgain(ctx, other.actor, w.key(), p.caseID, photo)
		refused(t, certification.RefusedNotFound, err)
		_, err = w.UseAgain(ctx, other.actor, w.key(), other.caseID, photo)
		refused(t, certification.RefusedNotFound, err)
		_, err = w.UseAgain(ctx, p.actor, w.key(), before, photo)
		refused(t, certification.RefusedClosed, err)
		_, err = w.Earlier(ctx, reviewer("r"), p.caseID, certification.DocumentPhotoID)
		refused(t, certification.RefusedNotAllowed, err)
		_, err = w.EarlierValues(ctx, other.actor, p.caseID)
		refused(t, certification.RefusedNotFound, err)
	})
	t.Run("also past a case in which nothing was handed in", func(t *testing.T) {
		p.beginsAgain()
		require.Equal(t, []string{photo}, p.earlier(certification.DocumentPhotoID))
	})
	t.Run("while it is good", func(t *testing.T) {
		w.later(100 * 24 * time.Hour)
		require.Empty(t, p.earlier(certification.DocumentPhotoID), "the ID has expired")
		require.Equal(t, []string{diploma}, p.earlier(certification.DocumentDiploma))
		values, err := w.EarlierValues(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.Empty(t, values.IDExpiresOn)
	})
}

// What a reviewer found wrong is not offered again.
func TestEarlierDocumentsThatWereWrong(t *testing.T) {
	w := alive(t)
	for name, test := range map[string]struct {
		decide certification.DecideApplication
		then   func(p *person)
	}{
		"returned": {
			certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"DIPLOMA_MISSING_OR_UNREADABLE"}},
			func(p *person) { p.beginsAgain() },
		},
		"denied": {
			certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}},
			func(p *person) {
				p.appeals()
				p.mustAs(reviewer("other"), &certification.ClaimReview{})
				p.mustAs(reviewer("other"), &certification.DecideAppeal{Decision: certification.DecisionDeny})
				view, err := p.StartAgain(p.t.Context(), p.actor, p.key())
				require.NoError(p.t, err)
				p.caseID = view.ID
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.toReview()
			p.mustAs(reviewer("r"), &certification.ClaimReview{})
			p.mustAs(reviewer("r"), &test.decide)
			test.then(p)
			require.Len(t, p.earlier(certification.DocumentPhotoID), 1)
			require.Empty(t, p.earlier(certification.DocumentDiploma))
		})
	}
}

// A name that was checked is the one that letters and the register have.
func TestNamesOfAnApplicationReachEverybody(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	p.must(p.fill(map[string]any{"legal_first_name": "María", "legal_middle_name": "Fernanda", "legal_last_name": "Gómez López", "called": "Marifer"}))
	me, err := w.Person(ctx, p.actor)
	require.NoError(t, err)
	require.Equal(t, []string{"María", "Fernanda", "Gómez López", "Marifer"}, []string{me.FirstName, me.MiddleName, me.LastName, me.Called})
	require.True(t, me.NameFixed)

	p.mustAs(administrator, &certification.WaiveFee{})
	letters, err := w.Letters(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Contains(t, letters[len(letters)-1].Text, "Marifer")

	w.exec("UPDATE cases SET certificate_number = 'PSS-TEST-0001', snapshot = snapshot || $2 WHERE id = $1", p.caseID,
		map[string]any{"certificate": certification.Certificate{Number: "PSS-TEST-0001"}})
	found, err := w.Search(ctx, "gomez fernanda")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "María Fernanda Gómez López", found[0].Name)
	certificate, err := w.Certificate(ctx, "PSS-TEST-0001")
	require.NoError(t, err)
	require.Equal(t, cases.PublicCertificate{Number: "PSS-TEST-0001", Name: "María Fernanda Gómez López", Status: certificate.Status}, certificate)
}
