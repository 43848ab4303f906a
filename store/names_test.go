package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// types writes an application as it is filled in now.
func (l *life) types(values string) {
	l.t.Helper()
	_, err := l.sql.Exec(l.t.Context(), `INSERT INTO drafts (case_id, form, revision, draft_values, saved_at) VALUES ($1, 'application', 1, $2, now())
		ON CONFLICT (case_id, form) DO UPDATE SET draft_values = excluded.draft_values`, l.ID, values)
	require.NoError(l.t, err)
}

// names are the names that everybody else sees of the owner of a case.
func (l *life) names() string {
	l.t.Helper()
	return one[string](l.records, `SELECT concat_ws('|', first_name, middle_name, last_name, called) FROM applicants WHERE id = $1`, l.ApplicantID)
}

func approve(t *certification.Transition) {
	t.Case.ApplicationApproved, t.Window = true, &certification.Deadline{Months: 12}
}

func TestTheNamesOnAnApplicationAreTheirOwners(t *testing.T) {
	r := open(t)
	l := r.born()
	l.reach("register", certification.StageApplication)
	l.types(`{"legal_first_name": "María", "legal_middle_name": "Fernanda", "legal_last_name": "Gómez López", "called": "Marifer"}`)
	require.Equal(t, "Made||Up|", l.names(), "a draft is nobody's name")
	l.reach("submit", certification.StageApplicationReview, submit(certification.FormApplication, 1))
	require.Equal(t, "María|Fernanda|Gómez López|Marifer", l.names())

	// Returned for the diploma: what they want to be called since then stands.
	l.reach("return", certification.StageApplicationReturned, reopen(certification.FormApplication), returned("DIPLOMA_MISSING_OR_UNREADABLE"))
	_, err := r.sql.Exec(t.Context(), "UPDATE applicants SET called = 'Lupe' WHERE id = $1", l.ApplicantID)
	require.NoError(t, err)
	l.reach("resubmit", certification.StageApplicationReview, submit(certification.FormApplication, 1), returned())
	require.Equal(t, "María|Fernanda|Gómez López|Lupe", l.names())

	// Returned for the name: it is put right, and what they are called with it.
	l.reach("return again", certification.StageApplicationReturned, reopen(certification.FormApplication), returned("NAME_MISMATCH_ID"))
	l.types(`{"legal_first_name": "Maria", "legal_last_name": "Gomez", "called": "Mari"}`)
	require.Equal(t, "María|Fernanda|Gómez López|Lupe", l.names())
	l.reach("resubmit again", certification.StageApplicationReview, submit(certification.FormApplication, 1), returned())
	require.Equal(t, "Maria||Gomez|Mari", l.names())

	// An application without what it needs is refused before; it takes no name away.
	l.reach("return third", certification.StageApplicationReturned, reopen(certification.FormApplication), returned("NAME_MISMATCH_ID"))
	l.types(`{"legal_first_name": "", "called": ""}`)
	l.reach("resubmit third", certification.StageApplicationReview, submit(certification.FormApplication, 1), returned())
	require.Equal(t, "Maria||Gomez|Mari", l.names())
}

// Who has a certificate writes another application: what is public changes once a
// reviewer has looked.
func TestNobodyRenamesTheirCertificateAlone(t *testing.T) {
	r := open(t)
	first := r.born()
	first.reach("register", certification.StageApplication)
	first.types(`{"legal_first_name": "Old", "legal_last_name": "Name"}`)
	first.reach("submit", certification.StageApplicationReview, submit(certification.FormApplication, 1))
	first.reach("approve", certification.StageTraining, approve)
	first.reach("certify", certification.StageCertified, func(t *certification.Transition) {
		t.Case.Certificate, t.Issue, t.Expiry = &certification.Certificate{Term: 1}, true, &certification.Deadline{Months: 24}
	})
	first.reach("surrender", certification.StageClosed, func(t *certification.Transition) { t.Case.Outcome = certification.OutcomeSurrendered })

	second := r.born()
	second.ApplicantID = first.ApplicantID
	second.reach("register", certification.StageApplication)
	second.types(`{"legal_first_name": "New", "legal_last_name": "Name", "called": "Newt"}`)
	second.reach("submit", certification.StageApplicationReview, submit(certification.FormApplication, 1))
	require.Equal(t, "Old||Name|Newt", second.names())
	second.reach("approve", certification.StageTraining, approve)
	require.Equal(t, "New||Name|Newt", second.names())
}

func returned(codes ...certification.ReasonCode) func(*certification.Transition) {
	return func(t *certification.Transition) { t.Case.Returned = codes }
}
