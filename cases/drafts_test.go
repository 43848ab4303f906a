package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
)

func TestADraftIsSavedInParts(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageApplication)
	save := func(form certification.Form, revision int, changes string) (cases.Draft, error) {
		return w.SaveDraft(ctx, p.actor, cases.SaveDraft{CaseID: p.caseID, Form: form, Revision: revision, Changes: []byte(changes)})
	}
	empty, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Zero(t, empty.Revision)
	require.JSONEq(t, `{}`, string(empty.Values))
	require.Equal(t, certification.PartsOf(certification.FormApplication), empty.OpenParts)
	require.NotEmpty(t, empty.Findings)
	require.WithinDuration(t, w.now().AddDate(0, 0, 180), empty.ExpiresAt, 25*time.Hour)

	// A JSON merge patch: members are added, replaced, and taken away by null; lists are
	// replaced whole.
	draft, err := save(certification.FormApplication, 0, `{"legal_first_name":"Zoë","attestations":{"willing_to_share":true,"true_and_complete":true},"photo_id":["a","b"]}`)
	require.NoError(t, err)
	require.Equal(t, 1, draft.Revision)
	draft, err = save(certification.FormApplication, 1, `{"legal_last_name":"نور","attestations":{"willing_to_share":null},"photo_id":["c"],"diploma":null}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"legal_first_name":"Zoë","legal_last_name":"نور","attestations":{"true_and_complete":true},"photo_id":["c"]}`, string(draft.Values))
	require.Equal(t, 2, draft.Revision)
	draft, err = save(certification.FormApplication, 2, `{}`)
	require.NoError(t, err)
	require.Equal(t, 3, draft.Revision)

	for _, revision := range []int{0, 2, 4} {
		_, err = save(certification.FormApplication, revision, `{"called":"Mo"}`)
		refused(t, certification.RefusedStaleRevision, err)
	}
	for _, broken := range []string{`null`, `[]`, `"text"`, `{`, ``, `{"hours": "many"}`} {
		form := certification.FormApplication
		if strings.Contains(broken, "hours") {
			form = certification.FormTraining
		}
		_, err = save(form, map[certification.Form]int{certification.FormApplication: 3}[form], broken)
		refused(t, certification.RefusedMalformed, err)
	}
	_, err = save(certification.FormApplication, 3, `{"called":"Zebulon\u0000"}`)
	require.NotContains(t, fmt.Sprint(refused(t, certification.RefusedMalformed, err)), "Zebulon")
	after, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Equal(t, 3, after.Revision, "what was refused changed nothing")

	// Two windows: one wins.
	_, failures := atOnce(6, func(i int) (cases.Draft, error) {
		return save(certification.FormTraining, 0, fmt.Sprintf(`{"hours":%d}`, 80+i))
	})
	won := 0
	for _, err := range failures {
		if err == nil {
			won++
		} else {
			refused(t, certification.RefusedStaleRevision, err)
		}
	}
	require.Equal(t, 1, won)
}

func TestWhatAReturnOpens(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	submit := p.fill()
	p.must(submit)
	locked := func(form certification.Form, field string) {
		t.Helper()
		_, err := p.save(form, map[string]any{field: "x"})
		require.Equal(t, []string{field + " locked"}, found(refused(t, certification.RefusedInvalid, err)))
	}
	locked(certification.FormApplication, "called")
	p.mustAs(administrator, &certification.WaiveFee{})
	r := reviewer("r")
	p.mustAs(r, &certification.ClaimReview{})
	p.mustAs(r, &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_EXPIRED", "DIPLOMA_NAME_DIFFERS"}})

	draft, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Equal(t, []certification.Part{certification.PartPhotoID, certification.PartDiploma}, draft.OpenParts)
	locked(certification.FormApplication, "legal_first_name")
	locked(certification.FormApplication, "attestations")
	require.Empty(t, draft.Answered)
	draft, err = p.save(certification.FormApplication, map[string]any{"photo_id": submit.DocumentIDs[:1], "id_expires_on": "2044-01-31"})
	require.NoError(t, err)
	require.Equal(t, []string{"id_expires_on"}, draft.Answered, "the file that could not be used is no answer")
	photo := p.document(certification.DocumentPhotoID, certification.DocumentClean)
	draft, err = p.save(certification.FormApplication, map[string]any{"photo_id": []string{photo}})
	require.NoError(t, err)
	require.Equal(t, []string{"id_expires_on", "photo_id"}, draft.Answered)
	p.document(certification.DocumentNameChange, certification.DocumentClean)
	draft, err = w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Equal(t, []string{"id_expires_on", "name_change", "photo_id"}, draft.Answered)
	_, err = p.send(&certification.ResubmitApplication{DraftRevision: draft.Revision - 1, DocumentIDs: submit.DocumentIDs})
	refused(t, certification.RefusedStaleRevision, err)
	view := p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: []string{photo, submit.DocumentIDs[1]}})
	require.Equal(t, certification.StageApplicationReview, view.Stage)
	locked(certification.FormApplication, "photo_id")

	// What is answered is answered in one round alone, and what no reason points at stays
	// locked beside it, in the same part.
	p.mustAs(r, &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"DOB_MISMATCH", "ID_EXPIRED"}})
	draft, err = w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Empty(t, draft.Answered)
	require.False(t, draft.HandedIn)
	require.Equal(t, []string{"date_of_birth", "photo_id", "id_expires_on"}, draft.OpenFields)
	locked(certification.FormApplication, "legal_first_name")
	locked(certification.FormApplication, "called")
	draft, err = p.save(certification.FormApplication, map[string]any{"date_of_birth": "1990-05-17"})
	require.NoError(t, err)
	require.Equal(t, []string{"date_of_birth"}, draft.Answered)
	p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: []string{photo, submit.DocumentIDs[1]}})
	draft, err = w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.True(t, draft.HandedIn)
	require.Empty(t, draft.OpenFields)

	// A reason that is about nothing in particular opens the whole form it came with.
	p.mustAs(r, &certification.DecideApplication{Decision: certification.DecisionApprove})
	certificate := p.document(certification.DocumentTrainingCertificate, certification.DocumentClean)
	draft, err = p.save(certification.FormTraining, map[string]any{
		"provider_id": "bay-peer-academy", "completed_on": w.now().AddDate(0, -1, 0).Format(time.DateOnly), "hours": 80, "document_ids": []string{certificate},
	})
	require.NoError(t, err)
	p.must(&certification.SubmitTraining{DraftRevision: draft.Revision, ProviderID: "bay-peer-academy", DocumentIDs: []string{certificate}})
	locked(certification.FormTraining, "provider_id")
	p.mustAs(r, &certification.ClaimReview{})
	_, err = w.Send(ctx, r, cases.Send{
		CaseID: p.caseID, Key: w.key(), Notes: map[certification.ReasonCode]string{"OTHER": "See page two."},
		Message: &certification.DecideTraining{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"OTHER"}},
	})
	require.NoError(t, err)
	draft, err = w.Draft(ctx, p.actor, p.caseID, certification.FormTraining, "")
	require.NoError(t, err)
	require.Equal(t, []certification.Part{certification.PartTraining}, draft.OpenParts)
	draft, err = p.save(certification.FormTraining, map[string]any{"hours": 82})
	require.NoError(t, err)
	p.must(&certification.SubmitTraining{DraftRevision: draft.Revision, ProviderID: "bay-peer-academy", DocumentIDs: []string{certificate}})
}

// A training that was handed in is locked, so nobody is offered to send it once more.
func TestATrainingIsHandedInOnce(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageApplicationReview, func(c *certification.Case) { c.TrainingSubmitted = true })
	view, err := w.Case(t.Context(), p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, []certification.Signal{certification.SignalWithdraw}, view.Available)
	_, err = p.send(&certification.SubmitTraining{DraftRevision: 1, ProviderID: "bay-peer-academy", DocumentIDs: []string{p.caseID}})
	refused(t, certification.RefusedWrongStage, err)
}

// What was saved while a certificate had one file is read as a list, and goes on.
func TestADraftOfTrainingWithOneFileGoesOn(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	document := p.document(certification.DocumentTrainingCertificate, certification.DocumentClean)
	p.wrote(certification.FormTraining, `{"hours": 80, "document_id": "`+document+`"}`)
	draft, err := w.Draft(t.Context(), p.actor, p.caseID, certification.FormTraining, "")
	require.NoError(t, err)
	require.JSONEq(t, `{"hours": 80, "document_ids": ["`+document+`"]}`, string(draft.Values))
	draft, err = p.save(certification.FormTraining, map[string]any{
		"provider_id": "bay-peer-academy", "completed_on": w.now().AddDate(0, -1, 0).Format(time.DateOnly),
	})
	require.NoError(t, err)
	require.Empty(t, draft.Findings)
	_, err = p.send(&certification.SubmitTraining{DraftRevision: draft.Revision, ProviderID: "bay-peer-academy", DocumentIDs: []string{document}})
	refused(t, certification.RefusedUnavailable, err) // on its way: Temporal is not here
}

// While the clock is stopped nothing says until when a draft is kept.
func TestAStoppedDraftDoesNotExpire(t *testing.T) {
	w := alive(t)
	p := w.toApplication()
	p.mustAs(administrator, &certification.Hold{})
	draft, err := w.Draft(t.Context(), p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Zero(t, draft.ExpiresAt)
	p.mustAs(administrator, &certification.ReleaseHold{})
	draft, err = w.Draft(t.Context(), p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.NotZero(t, draft.ExpiresAt)
}

// An ID that expires while something else is put right must not shut a person out.
func TestAReturnOpensWhatIsAgainstTheRulesMeanwhile(t *testing.T) {
	w := alive(t)
	p := w.toApplication()
	submit := p.fill(map[string]any{"id_expires_on": w.now().AddDate(0, 0, 3).Format(time.DateOnly)})
	p.must(submit)
	p.mustAs(administrator, &certification.WaiveFee{})
	r := reviewer("r")
	p.mustAs(r, &certification.ClaimReview{})
	p.mustAs(r, &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"DIPLOMA_NAME_DIFFERS"}})
	w.later(5 * 24 * time.Hour)

	draft, err := w.Draft(t.Context(), p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Equal(t, []certification.Part{certification.PartPhotoID, certification.PartDiploma}, draft.OpenParts)
	_, err = p.save(certification.FormApplication, map[string]any{"called": "x"})
	refused(t, certification.RefusedInvalid, err)
	draft, err = p.save(certification.FormApplication, map[string]any{"id_expires_on": w.now().AddDate(1, 0, 0).Format(time.DateOnly)})
	require.NoError(t, err)
	p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: submit.DocumentIDs})
}

func TestReadingsOfStaffAreRecorded(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageApplicationReview)
	reads := func() int { return w.count("FROM reads") }
	_, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.Zero(t, reads(), "one's own are nobody's business")
	_, err = w.Draft(ctx, reviewer("r-1"), p.caseID, certification.FormApplication, cases.PurposeReview)
	require.NoError(t, err)
	var row struct{ Case, Role, Actor, Purpose, What string }
	require.NoError(t, w.sql.QueryRow(ctx, "SELECT case_id::text, role, actor_id, purpose, what FROM reads").Scan(&row.Case, &row.Role, &row.Actor, &row.Purpose, &row.What))
	require.Equal(t, struct{ Case, Role, Actor, Purpose, What string }{p.caseID, "reviewer", "r-1", "review", "draft:application"}, row)

	// A case that is not there is no reading.
	_, err = w.Draft(ctx, reviewer("r-1"), "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a59", certification.FormApplication, cases.PurposeReview)
	refused(t, certification.RefusedNotFound, err)
	require.Equal(t, 1, reads())
	// What cannot be recorded is not shown.
	w.exec("ALTER TABLE reads RENAME TO gone")
	draft, err := w.Draft(ctx, reviewer("r-1"), p.caseID, certification.FormApplication, cases.PurposeReview)
	require.Error(t, err)
	require.Empty(t, draft.Values)
}

func TestTheVideoTakesItsTime(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	video, err := w.Video(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, video.Chapters)
	watch := func(p *person, chapter, event string) (cases.VideoProgress, error) {
		return w.Watch(ctx, p.actor, cases.Watch{CaseID: p.caseID, Key: w.key(), Chapter: chapter, Event: event})
	}
	short := func(err error) {
		t.Helper()
		require.Equal(t, []string{"chapter not_watched"}, found(refused(t, certification.RefusedInvalid, err)))
	}
	unwatched := func(p *person) {
		t.Helper()
		_, err := p.send(&certification.CompleteIntroVideo{})
		require.Equal(t, []string{"video not_watched"}, found(refused(t, certification.RefusedInvalid, err)))
	}

	t.Run("one chapter after the other", func(t *testing.T) {
		p := w.made(certification.StageIntroVideo)
		_, err := watch(p, "nothing", "opened")
		require.Equal(t, []string{"chapter unknown"}, found(refused(t, certification.RefusedInvalid, err)))
		for i, chapter := range video.Chapters {
			_, err := watch(p, chapter.ID, "finished")
			short(err) // never opened
			_, err = watch(p, chapter.ID, "opened")
			require.NoError(t, err)
			w.later(time.Duration(chapter.Seconds-2) * time.Second)
			_, err = watch(p, chapter.ID, "opened") // opened again, it does not begin again
			require.NoError(t, err)
			_, err = watch(p, chapter.ID, "finished")
			short(err)
			unwatched(p)
			w.later(2 * time.Second)
			progress, err := watch(p, chapter.ID, "finished")
			require.NoError(t, err)
			require.Equal(t, i == len(video.Chapters)-1, progress.Complete)
		}
		_, err = p.send(&certification.CompleteIntroVideo{})
		refused(t, certification.RefusedUnavailable, err) // on its way: Temporal is not here
	})

	t.Run("all at once takes no less", func(t *testing.T) {
		p := w.made(certification.StageIntroVideo)
		longest := 0
		for _, chapter := range video.Chapters {
			_, err := watch(p, chapter.ID, "opened")
			require.NoError(t, err)
			longest = max(longest, chapter.Seconds)
		}
		first, second := video.Chapters[0], video.Chapters[1]
		w.later(time.Duration(longest+1) * time.Second) // long enough for any, not for two
		_, err := watch(p, first.ID, "finished")
		require.NoError(t, err)
		_, err = watch(p, second.ID, "finished")
		short(err)
		w.later(time.Duration(first.Seconds+second.Seconds-longest) * time.Second)
		_, err = watch(p, second.ID, "finished")
		require.NoError(t, err)
		unwatched(p)
	})

	t.Run("a video without chapters was watched by nobody", func(t *testing.T) {
		p := w.made(certification.StageIntroVideo)
		options := w.Options
		options.Video = cases.Video{}
		progress, err := cases.New(options).VideoProgress(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.False(t, progress.Complete)
	})

	t.Run("the same key gives the same answer", func(t *testing.T) {
		p := w.made(certification.StageIntroVideo)
		step := cases.Watch{CaseID: p.caseID, Key: w.key(), Chapter: "welcome", Event: "opened"}
		first, err := w.Watch(ctx, p.actor, step)
		require.NoError(t, err)
		w.later(time.Minute)
		again, err := w.Watch(ctx, p.actor, step)
		require.NoError(t, err)
		require.Equal(t, first, again)
		step.Event = "finished"
		_, err = w.Watch(ctx, p.actor, step)
		refused(t, certification.RefusedIdempotencyKeyReused, err)
	})
}
