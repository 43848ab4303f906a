package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
)

// The rules about content, as the door applies them to the stored rows. Temporal is
// not there: what is refused never gets that far, and what is accepted is unavailable.
func TestContentOfAnApplication(t *testing.T) {
	w := still(t)
	now := w.now().In(certification.Pacific)
	date := func(at time.Time) string { return at.Format(time.DateOnly) }
	for name, rule := range map[string]struct {
		change map[string]any
		finds  []string
	}{
		"seventeen":             {map[string]any{"date_of_birth": date(now.AddDate(-18, 0, 1))}, []string{"date_of_birth too_young"}},
		"no date of birth":      {map[string]any{"date_of_birth": nil}, []string{"date_of_birth required"}},
		"the ID ran out":        {map[string]any{"id_expires_on": date(now.AddDate(0, 0, -1))}, []string{"id_expires_on expired"}},
		"no names":              {map[string]any{"legal_first_name": " ", "legal_last_name": nil}, []string{"legal_first_name required", "legal_last_name required"}},
		"not attested":          {map[string]any{"attestations": map[string]any{"willing_to_share": false, "dedicated_to_recovery": true, "true_and_complete": true}}, []string{"attestations.willing_to_share not_attested"}},
		"older ethics":          {map[string]any{"ethics": map[string]any{"version": "older", "typed_name": "Made Up"}}, []string{"ethics.version not_current"}},
		"no documents":          {map[string]any{"photo_id": nil, "diploma": nil}, []string{"diploma required", "photo_id required", "document_ids[0] not_the_draft's", "document_ids[1] not_the_draft's"}},
		"an unknown experience": {map[string]any{"lived_experience": "sailor"}, []string{"lived_experience not_a_choice"}},
	} {
		p := w.made(certification.StageApplication)
		_, err := p.send(p.fill(rule.change))
		require.ElementsMatch(t, rule.finds, found(refused(t, certification.RefusedInvalid, err)), name)
	}
	for name, change := range map[string]map[string]any{
		"right to left and combining": {"legal_first_name": "نور\u200f", "legal_last_name": "Zoe\u0308 Núñez", "called": "👩🏽‍⚕️"},
		"eighteen today":              {"date_of_birth": date(now.AddDate(-18, 0, 0))},
		"the last day of the ID":      {"id_expires_on": date(now)},
	} {
		p := w.made(certification.StageApplication)
		_, err := p.send(p.fill(change))
		refused(t, certification.RefusedUnavailable, err)
		require.Equal(t, []string{certification.EventReminder}, p.log(), name)
	}

	t.Run("documents", func(t *testing.T) {
		p, other := w.made(certification.StageApplication), w.made(certification.StageApplication)
		submit := p.fill()
		with := func(field string, id string) error {
			values, documents := p.application()
			values[field] = []string{id}
			documents[map[string]int{"photo_id": 0, "diploma": 1}[field]] = id
			draft, err := p.save(certification.FormApplication, values)
			require.NoError(t, err)
			_, err = p.send(&certification.SubmitApplication{DraftRevision: draft.Revision, EthicsVersion: submit.EthicsVersion, DocumentIDs: documents})
			return err
		}
		wait := refused(t, certification.RefusedNotReady, with("diploma", p.document(certification.DocumentDiploma, certification.DocumentChecking)))
		require.NotZero(t, wait.RetryAfter)
		for _, id := range []string{
			p.document(certification.DocumentPhotoID, certification.DocumentClean),     // another kind
			other.document(certification.DocumentDiploma, certification.DocumentClean), // another person's
			store.NewID(),
		} {
			require.Equal(t, []string{"diploma no_such_document"}, found(refused(t, certification.RefusedInvalid, with("diploma", id))))
		}
		for _, status := range []certification.DocumentStatus{certification.DocumentInfected, certification.DocumentRefused} {
			require.Equal(t, []string{"photo_id cannot_be_used"}, found(refused(t, certification.RefusedInvalid, with("photo_id", p.document(certification.DocumentPhotoID, status)))))
		}
		// What is named must be what the draft names.
		submit = p.fill()
		short := *submit
		short.DocumentIDs = submit.DocumentIDs[:1]
		_, err := p.send(&short)
		require.Equal(t, []string{"document_ids incomplete"}, found(refused(t, certification.RefusedInvalid, err)))
		submit.EthicsVersion = "older"
		_, err = p.send(submit)
		require.Equal(t, []string{"ethics_version not_current"}, found(refused(t, certification.RefusedInvalid, err)))
	})

	t.Run("the draft has moved on, or is not there", func(t *testing.T) {
		p := w.made(certification.StageApplication)
		_, err := p.send(&certification.SubmitApplication{DraftRevision: 1})
		require.Equal(t, []string{"draft_revision no_draft"}, found(refused(t, certification.RefusedInvalid, err)))
		submit := p.fill()
		_, err = p.save(certification.FormApplication, map[string]any{"called": "Mo"})
		require.NoError(t, err)
		_, err = p.send(submit)
		refused(t, certification.RefusedStaleRevision, err)
	})
}

func TestContentOfATraining(t *testing.T) {
	w := still(t)
	now := w.now().In(certification.Pacific)
	for name, rule := range map[string]struct {
		change map[string]any
		finds  string // more than one, separated by commas
	}{
		"79 hours":                   {map[string]any{"hours": 79}, "hours too_few"},
		"79 and a half":              {map[string]any{"hours": 79.5}, "hours too_few"},
		"an unknown provider":        {map[string]any{"provider_id": "nobody"}, "provider_id unknown"},
		"not approved yet":           {map[string]any{"provider_id": "sierra-peer-collective"}, "provider_id not_approved_then"},
		"before training counted":    {map[string]any{"completed_on": "2022-06-30"}, "completed_on too_early, provider_id not_approved_then"},
		"longer ago than two years":  {map[string]any{"completed_on": now.AddDate(-2, 0, -1).Format(time.DateOnly)}, "completed_on stale"},
		"tomorrow":                   {map[string]any{"completed_on": now.AddDate(0, 0, 1).Format(time.DateOnly)}, "completed_on in_the_future"},
		"no date":                    {map[string]any{"completed_on": "2026-02-30"}, "completed_on not_a_date"},
		"no certificate":             {map[string]any{"document_ids": nil}, "document_ids required"},
		"eighty, a month ago":        {nil, ""},
		"two years ago to the day":   {map[string]any{"completed_on": now.AddDate(-2, 0, 0).Format(time.DateOnly)}, ""},
		"while the approval lasted":  {map[string]any{"provider_id": "north-coast-wellness-training", "completed_on": "2025-12-31"}, ""},
		"the day after the approval": {map[string]any{"provider_id": "north-coast-wellness-training", "completed_on": "2026-01-01"}, "provider_id not_approved_then"},
	} {
		p := w.made(certification.StageTraining)
		document := p.document(certification.DocumentTrainingCertificate, certification.DocumentClean)
		values := map[string]any{"provider_id": "bay-peer-academy", "completed_on": now.AddDate(0, -1, 0).Format(time.DateOnly), "hours": 80, "document_ids": []string{document}}
		for field, value := range rule.change {
			values[field] = value
		}
		draft, err := p.save(certification.FormTraining, values)
		require.NoError(t, err)
		message := &certification.SubmitTraining{DraftRevision: draft.Revision, ProviderID: values["provider_id"].(string), DocumentIDs: []string{document}}
		if values["document_ids"] == nil {
			message.DocumentIDs = nil
		}
		_, err = p.send(message)
		if rule.finds == "" {
			refused(t, certification.RefusedUnavailable, err)
			require.Empty(t, draft.Findings, name)
			continue
		}
		refusal := refused(t, certification.RefusedInvalid, err)
		require.Equal(t, strings.Split(rule.finds, ", "), found(refusal), name)
		require.Equal(t, refusal.Findings, draft.Findings, "%s: the draft says so before", name)
	}
	p := w.made(certification.StageTraining)
	draft, err := p.save(certification.FormTraining, map[string]any{
		"provider_id": "bay-peer-academy", "completed_on": now.AddDate(0, -1, 0).Format(time.DateOnly), "hours": 80,
		"document_ids": []string{p.document(certification.DocumentTrainingCertificate, certification.DocumentClean)},
	})
	require.NoError(t, err)
	_, err = p.send(&certification.SubmitTraining{DraftRevision: draft.Revision, ProviderID: "other", DocumentIDs: []string{store.NewID()}})
	require.Equal(t, []string{"provider_id not_the_draft's", "document_ids[0] not_the_draft's", "document_ids incomplete"}, found(refused(t, certification.RefusedInvalid, err)))
}

func TestContentOfARenewalAndAnAppeal(t *testing.T) {
	w := still(t)
	now := w.now()
	certified := func(c *certification.Case) {
		c.Certificate = &certification.Certificate{Number: "PSS-TEST-" + c.Number, IssuedAt: now.AddDate(-2, 0, 30), ExpiresAt: now.AddDate(0, 0, 30), Term: 1}
	}
	course := func(hours float64, ethics bool, on time.Time) map[string]any {
		return map[string]any{"title": "t", "provider": "p", "completed_on": on.In(certification.Pacific).Format(time.DateOnly), "hours": hours, "law_and_ethics": ethics}
	}
	lastMonth := now.AddDate(0, -1, 0)
	for name, rule := range map[string]struct {
		courses []map[string]any
		finds   []string
	}{
		"enough":               {[]map[string]any{course(14, false, lastMonth), course(6, true, lastMonth)}, nil},
		"nineteen":             {[]map[string]any{course(13, false, lastMonth), course(6, true, lastMonth)}, []string{"courses too_few_hours"}},
		"five of ethics":       {[]map[string]any{course(15, false, lastMonth), course(5, true, lastMonth)}, []string{"courses too_few_ethics_hours"}},
		"before this term":     {[]map[string]any{course(14, false, now.AddDate(-2, 0, 0)), course(6, true, lastMonth)}, []string{"courses[0].completed_on before_this_term"}},
		"more than any course": {[]map[string]any{course(201, false, lastMonth), course(20, true, lastMonth)}, []string{"courses[0].hours out_of_range"}},
	} {
		p := w.made(certification.StageRenewal, certified)
		ethics := certification.CurrentPolicy(now).EthicsVersion
		draft, err := p.save(certification.FormRenewal, map[string]any{
			"courses": rule.courses, "attested": true, "ethics": map[string]any{"version": ethics, "typed_name": "Made Up"},
		})
		require.NoError(t, err)
		_, err = p.send(&certification.SubmitRenewal{DraftRevision: draft.Revision, EthicsVersion: ethics})
		if rule.finds == nil {
			refused(t, certification.RefusedUnavailable, err)
			continue
		}
		require.Equal(t, rule.finds, found(refused(t, certification.RefusedInvalid, err)), name)
	}

	p := w.made(certification.StageDenied, func(c *certification.Case) { c.AppealFrom = certification.StageApplicationReview })
	draft, err := p.save(certification.FormAppeal, map[string]any{"statement": " \n"})
	require.NoError(t, err)
	_, err = p.send(&certification.Appeal{DraftRevision: draft.Revision})
	require.Equal(t, []string{"statement required"}, found(refused(t, certification.RefusedInvalid, err)))
}

// A certificate that was revoked by mistake ends later than it would have. Its term
// began when it did: courses that were taken before the revocation count.
func TestCoursesCountInATermThatWasProlonged(t *testing.T) {
	w := still(t)
	now := w.now()
	issued := now.AddDate(-2, 0, -60)
	for name, certificate := range map[string]certification.Certificate{
		"the first":                     {IssuedAt: issued, TermBegan: issued, Term: 1},
		"a later one":                   {IssuedAt: issued.AddDate(-2, 0, 0), TermBegan: issued, Term: 2},
		"the first, of an older record": {IssuedAt: issued, Term: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.made(certification.StageRenewal, func(c *certification.Case) {
				c.Certificate = &certificate
				certificate.Number, certificate.ExpiresAt = "PSS-TEST-"+c.Number, now.AddDate(0, 0, 90)
			})
			course := func(days int) map[string]any {
				day := certification.AddDays(issued, days).In(certification.Pacific).Format(time.DateOnly)
				return map[string]any{"title": "t", "provider": "p", "completed_on": day, "hours": 20, "law_and_ethics": true}
			}
			ethics := certification.CurrentPolicy(now).EthicsVersion
			finds := func(courses ...map[string]any) []certification.Finding {
				draft, err := p.save(certification.FormRenewal, map[string]any{
					"courses": courses, "attested": true, "ethics": map[string]any{"version": ethics, "typed_name": "Made Up"},
				})
				require.NoError(t, err)
				return draft.Findings
			}
			require.Len(t, finds(course(-1)), 1, "a day too early")
			require.Empty(t, finds(course(0), course(30)))
		})
	}
}

func TestNotesOfADecision(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toReview()
	r := reviewer("r")
	p.mustAs(r, &certification.ClaimReview{})
	decide := func(notes map[certification.ReasonCode]string, reasons ...certification.ReasonCode) (cases.View, error) {
		return w.Send(ctx, r, cases.Send{
			CaseID: p.caseID, Key: w.key(), Notes: notes, Message: &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: reasons},
		})
	}
	_, err := decide(nil, "OTHER")
	require.Equal(t, []string{"notes.OTHER required"}, found(refused(t, certification.RefusedInvalid, err)))
	_, err = decide(map[certification.ReasonCode]string{"ID_EXPIRED": "look"}, "ID_UNREADABLE")
	require.Equal(t, []string{"notes.ID_EXPIRED no_such_reason"}, found(refused(t, certification.RefusedInvalid, err)))
	_, err = decide(map[certification.ReasonCode]string{"OTHER": "with a \x00"}, "OTHER")
	refused(t, certification.RefusedMalformed, err)

	view, err := decide(map[certification.ReasonCode]string{"OTHER": "Please sign in ink."}, "OTHER", "ID_UNREADABLE")
	require.NoError(t, err)
	require.Empty(t, view.Notes, "the words are for the person alone, and for who says why they read them")
	own, err := w.Case(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, map[certification.ReasonCode]string{"OTHER": "Please sign in ink."}, own.Notes)
	for _, actor := range []certification.Actor{r, administrator, {Role: certification.RoleService, ID: "s"}} {
		seen, err := w.Case(ctx, actor, p.caseID)
		require.NoError(t, err)
		require.Equal(t, own.Returned, seen.Returned)
		require.Empty(t, seen.Notes)
	}
	reads := w.count("FROM reads")
	read, err := w.Draft(ctx, r, p.caseID, certification.FormApplication, cases.PurposeReview)
	require.NoError(t, err)
	require.Equal(t, own.Notes, read.Notes)
	require.Equal(t, reads+1, w.count("FROM reads"))
	read, err = w.Draft(ctx, r, p.caseID, certification.FormTraining, cases.PurposeReview)
	require.NoError(t, err)
	require.Empty(t, read.Notes, "the other form was not returned")
	letters, err := w.Letters(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Contains(t, letters[len(letters)-1].Text, "Please sign in ink.")
	staff, err := w.Letters(ctx, r, p.caseID)
	require.NoError(t, err)
	require.Len(t, staff, len(letters))
	for _, letter := range staff {
		require.Empty(t, letter.Subject+letter.Text, "the words are for the person alone")
	}
	require.NotContains(t, p.snapshot(), "in ink")

	// Handed in again, the notes are no longer shown; a later return shows its own.
	values, documents := p.application()
	draft, err := p.save(certification.FormApplication, map[string]any{"photo_id": values["photo_id"]})
	require.NoError(t, err)
	before, err := p.store.DocumentsOf(ctx, p.caseID)
	require.NoError(t, err)
	diploma := ""
	for _, document := range before {
		if strings.Contains(string(draft.Values), document.ID) && document.Kind == string(certification.DocumentDiploma) {
			diploma = document.ID
		}
	}
	view = p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: []string{documents[0], diploma}})
	require.Empty(t, view.Notes)
	_, err = decide(map[certification.ReasonCode]string{"OTHER": "And the date."}, "OTHER")
	require.NoError(t, err)
	own, err = w.Case(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, map[certification.ReasonCode]string{"OTHER": "And the date."}, own.Notes)
}

func (p *person) snapshot() (snapshot string) {
	p.t.Helper()
	require.NoError(p.t, p.sql.QueryRow(p.t.Context(), "SELECT snapshot::text FROM cases WHERE id = $1", p.caseID).Scan(&snapshot))
	return snapshot
}
