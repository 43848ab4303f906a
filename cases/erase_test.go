package cases_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/store"
)

// objects counts what the bucket holds of a document.
func (w *world) objects(documentID string) (count int) {
	w.t.Helper()
	bucket := stacktest.S3{
		Endpoint: w.settings.S3Endpoint, Region: w.settings.S3Region, Bucket: w.settings.S3Bucket, AccessKey: w.settings.S3AccessKey, SecretKey: w.settings.S3SecretKey,
	}
	out, err := bucket.Client().ListObjectVersions(w.t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket.Bucket})
	require.NoError(w.t, err)
	for _, version := range out.Versions {
		if bytes.Contains([]byte(*version.Key), []byte(documentID)) {
			count++
		}
	}
	return count
}

// uploaded is a document that was uploaded and found clean.
func (p *person) uploaded(kind certification.DocumentKind) string {
	p.t.Helper()
	document, err := p.Upload(p.t.Context(), p.actor, cases.Upload{
		CaseID: p.caseID, Key: p.key(), Kind: kind, FileName: "mine.png", Body: bytes.NewReader(picture(p.t, 100)),
	})
	require.NoError(p.t, err)
	p.eventually(func() bool {
		checked, err := p.Document(p.t.Context(), p.actor, p.caseID, document.ID)
		require.NoError(p.t, err)
		return checked.Status == certification.DocumentClean
	})
	return document.ID
}

func (p *person) documentIDs() (ids []string) {
	p.t.Helper()
	documents, err := p.Documents(p.t.Context(), p.actor, p.caseID)
	require.NoError(p.t, err)
	for _, document := range documents {
		ids = append(ids, document.ID)
	}
	return ids
}

func (p *person) unsent() []cases.Unsent {
	p.t.Helper()
	found, err := p.Unsent(p.t.Context(), p.actor, p.caseID)
	require.NoError(p.t, err)
	return found
}

func TestDeletingADraft(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	named, unnamed := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentDiploma)
	shared, training := p.uploaded(certification.DocumentDiploma), p.document(certification.DocumentTrainingCertificate, certification.DocumentClean)
	draft, err := p.save(certification.FormApplication, map[string]any{"legal_first_name": "Zebulon", "photo_id": []string{named}})
	require.NoError(t, err)
	_, err = p.save(certification.FormTraining, map[string]any{"document_ids": []string{shared}})
	require.NoError(t, err)
	require.Positive(t, w.objects(named))
	require.Equal(t, []cases.Unsent{{Form: certification.FormApplication}, {Form: certification.FormTraining}}, p.unsent())

	other := w.person()
	_, err = w.Unsent(ctx, other.actor, p.caseID)
	refused(t, certification.RefusedNotFound, err)
	_, err = w.Unsent(ctx, reviewer("r"), p.caseID)
	refused(t, certification.RefusedNotAllowed, err)
	refused(t, certification.RefusedNotFound, w.DeleteDraft(ctx, other.actor, w.key(), p.caseID, certification.FormApplication))
	refused(t, certification.RefusedNotAllowed, w.DeleteDraft(ctx, administrator, w.key(), p.caseID, certification.FormApplication))
	refused(t, certification.RefusedNotFound, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, "novel"))

	key := w.key()
	_, failures := atOnce(4, func(int) (struct{}, error) {
		return struct{}{}, w.DeleteDraft(ctx, p.actor, key, p.caseID, certification.FormApplication)
	})
	for _, err := range failures {
		require.NoError(t, err)
	}
	after, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(after.Values))
	require.Equal(t, draft.Revision+1, after.Revision)
	require.ElementsMatch(t, []string{shared, training}, p.documentIDs(), "another form names one, and the other is another form's")
	require.Zero(t, w.objects(named)+w.objects(unnamed))
	require.Positive(t, w.objects(shared))
	require.Zero(t, w.count("FROM drafts WHERE draft_values::text LIKE '%Zebulon%'"))

	// A window that still shows the draft cannot bring it back.
	_, err = w.SaveDraft(ctx, p.actor, cases.SaveDraft{CaseID: p.caseID, Form: certification.FormApplication, Revision: draft.Revision, Changes: []byte(`{"called":"Z"}`)})
	refused(t, certification.RefusedStaleRevision, err)

	// The same key is the same answer; what was typed since stays.
	_, err = p.save(certification.FormApplication, map[string]any{"legal_first_name": "Anew"})
	require.NoError(t, err)
	require.NoError(t, w.DeleteDraft(ctx, p.actor, key, p.caseID, certification.FormApplication))
	require.Equal(t, 1, w.count("FROM drafts WHERE draft_values::text LIKE '%Anew%'"))
	refused(t, certification.RefusedIdempotencyKeyReused, w.DeleteDraft(ctx, p.actor, key, p.caseID, certification.FormTraining))

	t.Run("not what was handed in, but what was changed after it was returned", func(t *testing.T) {
		submit := p.fill()
		p.must(submit)
		refused(t, certification.RefusedWrongStage, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormApplication))
		p.mustAs(administrator, &certification.WaiveFee{})
		p.mustAs(reviewer("r"), &certification.ClaimReview{})
		p.mustAs(reviewer("r"), &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_EXPIRED"}})
		sent, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
		require.NoError(t, err)
		training := cases.Unsent{Form: certification.FormTraining}
		require.Equal(t, []cases.Unsent{training}, p.unsent(), "of the application nothing is changed yet")
		anew := p.uploaded(certification.DocumentPhotoID)
		changed, err := p.save(certification.FormApplication, map[string]any{"id_expires_on": "2039-01-02", "photo_id": []string{anew}})
		require.NoError(t, err)
		require.Contains(t, changed.Answered, "id_expires_on")
		require.Equal(t, []cases.Unsent{{Form: certification.FormApplication, Sent: true}, training}, p.unsent())
		for range 2 { // there is nothing the second time
			require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormApplication))
			after, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
			require.NoError(t, err)
			require.JSONEq(t, string(sent.Values), string(after.Values))
			require.Equal(t, changed.Revision+1, after.Revision)
			require.Empty(t, after.Answered, "nothing is answered any more")
			require.Equal(t, []cases.Unsent{training}, p.unsent())
			require.Subset(t, p.documentIDs(), submit.DocumentIDs)
			require.NotContains(t, p.documentIDs(), anew)
			require.Zero(t, w.objects(anew))
		}
		for _, id := range submit.DocumentIDs {
			refused(t, certification.RefusedWrongStage, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, id))
		}
		p.must(&certification.Withdraw{})
		require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormApplication))
		require.Subset(t, p.documentIDs(), submit.DocumentIDs)
		require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormTraining), "a draft may go from a closed case")
		require.NotContains(t, p.documentIDs(), shared)
	})
	t.Run("beside a hand-in one of the two happens", func(t *testing.T) {
		for range 3 {
			p := w.toApplication()
			submit := p.fill()
			_, failures := atOnce(2, func(i int) (struct{}, error) {
				if i == 0 {
					return struct{}{}, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormApplication)
				}
				_, err := p.send(submit)
				return struct{}{}, err
			})
			require.True(t, (failures[0] == nil) != (failures[1] == nil), "%v", failures)
			if failures[1] == nil {
				require.Len(t, p.documentIDs(), 2, "what was handed in is there")
			} else {
				require.Empty(t, p.documentIDs())
				view, err := w.Case(ctx, p.actor, p.caseID)
				require.NoError(t, err)
				require.Equal(t, certification.StageApplication, view.Stage)
			}
		}
	})
}

func TestRemovingADocument(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	first, second := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentPhotoID)
	training := p.uploaded(certification.DocumentTrainingCertificate)
	_, err := p.save(certification.FormApplication, map[string]any{"legal_first_name": "Zoë", "photo_id": []string{first, second}})
	require.NoError(t, err)
	_, err = p.save(certification.FormTraining, map[string]any{"document_ids": []string{training}, "hours": 80.5})
	require.NoError(t, err)

	other := w.person()
	refused(t, certification.RefusedNotFound, w.RemoveDocument(ctx, other.actor, w.key(), p.caseID, first))
	refused(t, certification.RefusedNotFound, w.RemoveDocument(ctx, other.actor, w.key(), other.caseID, first))
	refused(t, certification.RefusedNotAllowed, w.RemoveDocument(ctx, reviewer("r"), w.key(), p.caseID, first))
	for _, id := range []string{store.NewID(), "nonsense", ""} {
		refused(t, certification.RefusedNotFound, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, id))
	}

	key := w.key()
	_, failures := atOnce(4, func(int) (struct{}, error) {
		return struct{}{}, w.RemoveDocument(ctx, p.actor, key, p.caseID, first)
	})
	for _, err := range failures {
		require.NoError(t, err)
	}
	require.ElementsMatch(t, []string{second, training}, p.documentIDs())
	require.Zero(t, w.objects(first))
	draft, err := w.Draft(ctx, p.actor, p.caseID, certification.FormApplication, "")
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"legal_first_name":"Zoë","photo_id":[%q]}`, second), string(draft.Values))
	require.Equal(t, 2, draft.Revision)
	refused(t, certification.RefusedNotFound, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, first))

	require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, training))
	draft, err = w.Draft(ctx, p.actor, p.caseID, certification.FormTraining, "")
	require.NoError(t, err)
	require.JSONEq(t, `{"hours":80.5}`, string(draft.Values))

	t.Run("one that is still being checked, or was refused", func(t *testing.T) {
		for _, status := range []certification.DocumentStatus{certification.DocumentChecking, certification.DocumentRefused, certification.DocumentInfected} {
			require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, p.document(certification.DocumentDiploma, status)))
		}
		document, err := p.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: w.key(), Kind: certification.DocumentDiploma, FileName: "a", Body: bytes.NewReader(picture(t, 50))})
		require.NoError(t, err)
		require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, document.ID))
		require.NotContains(t, p.documentIDs(), document.ID)
		w.eventually(func() bool { return w.count("FROM inbox WHERE processed_at IS NULL") == 0 })
		require.Zero(t, w.count("FROM inbox WHERE outcome LIKE 'parked%'"), "nobody has to look at it")
	})
}

func TestClosingAnAccount(t *testing.T) {
	w := alive(t)
	ctx := t.Context()

	t.Run("of somebody who applies", func(t *testing.T) {
		p := w.toApplication()
		photo := p.uploaded(certification.DocumentPhotoID)
		_, err := p.save(certification.FormApplication, map[string]any{"legal_first_name": "Zebulon", "photo_id": []string{photo}})
		require.NoError(t, err)
		began := time.Now()
		key := w.key()
		w.temporal.Down()
		_, err = w.CloseAccount(ctx, p.actor, key)
		refused(t, certification.RefusedUnavailable, err)
		w.back(w.temporal)
		closed, err := w.CloseAccount(ctx, p.actor, key)
		require.NoError(t, err)
		require.Empty(t, closed.Open)
		again, err := w.process().CloseAccount(ctx, p.actor, key)
		require.NoError(t, err)
		require.Equal(t, closed, again)

		view, err := w.Case(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.Equal(t, certification.OutcomeWithdrawn, view.Outcome)
		require.Zero(t, w.count("FROM drafts WHERE draft_values::text LIKE '%Zebulon%'"))
		require.Empty(t, p.documentIDs())
		require.Zero(t, w.objects(photo))
		from, err := w.SessionsFrom(ctx, p.actor)
		require.NoError(t, err)
		require.True(t, began.Before(from))
		person, err := w.Person(ctx, p.actor)
		require.NoError(t, err)
		require.WithinDuration(t, closed.ClosedAt, person.ClosedAt, time.Millisecond)

		begun, err := w.StartAgain(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.Equal(t, p.caseID, begun.PreviousCaseID)
		person, err = w.Person(ctx, p.actor)
		require.NoError(t, err)
		require.Zero(t, person.ClosedAt, "a new case opens the account again")
	})
	t.Run("of somebody under review: what was handed in stays", func(t *testing.T) {
		p := w.toReview()
		_, err := p.save(certification.FormTraining, map[string]any{"hours": 80})
		require.NoError(t, err)
		_, err = w.CloseAccount(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.Len(t, p.documentIDs(), 2)
		require.Equal(t, 1, w.count("FROM drafts WHERE case_id = $1 AND draft_values <> '{}'", p.caseID))
	})
	t.Run("of somebody whose application was returned: what was not sent again goes", func(t *testing.T) {
		p := w.toReview()
		p.mustAs(reviewer("r"), &certification.ClaimReview{})
		p.mustAs(reviewer("r"), &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_UNREADABLE"}})
		sent, handedIn := p.documentIDs(), w.text("FROM drafts WHERE case_id = $1 AND form = 'application'", p.caseID)
		unsent, proof := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentNameChange)
		_, err := p.save(certification.FormApplication, map[string]any{"photo_id": []string{unsent}, "id_expires_on": "2039-01-02"})
		require.NoError(t, err)
		_, err = w.Content(ctx, reviewer("r"), p.caseID, unsent, cases.PurposeReview)
		require.NoError(t, err)
		_, err = w.CloseAccount(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.ElementsMatch(t, sent, p.documentIDs())
		require.Zero(t, w.objects(unsent)+w.objects(proof))
		_, err = w.Content(ctx, reviewer("r"), p.caseID, unsent, cases.PurposeReview)
		refused(t, certification.RefusedNotFound, err)
		require.JSONEq(t, handedIn, w.text("FROM drafts WHERE case_id = $1 AND form = 'application'", p.caseID))
	})
	t.Run("of somebody in the second term: the forms of the first stay as they were sent", func(t *testing.T) {
		p := w.certified("Made", "", "Twice", certification.StageRevoked)
		p.handIn(certification.FormRenewal, `{"attested": true, "courses": [{"title": "First"}]}`)
		p.step(certification.StageCertified, func(t *certification.Transition) { t.Reopen = certification.FormRenewal })
		p.handIn(certification.FormAppeal, `{"statement": "The first."}`)
		p.step(certification.StageRevoked, func(t *certification.Transition) { t.Reopen = certification.FormAppeal })
		require.Empty(t, p.unsent())
		evidence := p.uploaded(certification.DocumentAppeal)
		for form, values := range map[certification.Form]map[string]any{
			certification.FormRenewal: {"courses": []map[string]any{{"title": "Second"}}}, certification.FormAppeal: {"statement": "Nobody may read this."},
		} {
			_, err := p.save(form, values)
			require.NoError(t, err)
		}
		require.Equal(t, []cases.Unsent{{Form: certification.FormRenewal, Sent: true}, {Form: certification.FormAppeal, Sent: true}}, p.unsent())
		export, err := w.Export(ctx, p.actor)
		require.NoError(t, err)
		require.Len(t, export.Cases[0].Drafts, 2)
		require.JSONEq(t, `[{"statement": "The first."}]`, jsonOf(t, export.Cases[0].Drafts[0].Sent))
		require.JSONEq(t, `{"statement": "Nobody may read this."}`, string(export.Cases[0].Drafts[0].Values))
		_, err = w.CloseAccount(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.Empty(t, p.documentIDs())
		require.Zero(t, w.objects(evidence))
		require.JSONEq(t, `{"statement": "The first."}`, w.text("FROM drafts WHERE case_id = $1 AND form = 'appeal'", p.caseID))
		require.JSONEq(t, `{"attested": true, "courses": [{"title": "First"}]}`, w.text("FROM drafts WHERE case_id = $1 AND form = 'renewal'", p.caseID))
	})
	t.Run("of somebody of whom it is not known what they handed in: its files go all the same", func(t *testing.T) {
		p := w.made(certification.StageRevoked)
		p.handIn(certification.FormAppeal, `{"statement": "Before."}`)
		p.step(certification.StageRevoked, func(t *certification.Transition) { t.Reopen = certification.FormAppeal })
		w.exec("UPDATE draft_turns SET handed_in_values = NULL WHERE case_id = $1", p.caseID) // by a release of before
		p.uploaded(certification.DocumentAppeal)
		refused(t, certification.RefusedWrongStage, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormAppeal))
		require.NotEmpty(t, p.documentIDs(), "what is refused changes nothing")
		_, err := w.CloseAccount(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.Empty(t, p.documentIDs())
		require.JSONEq(t, `{"statement": "Before."}`, w.text("FROM drafts WHERE case_id = $1", p.caseID))
	})
	t.Run("of somebody who is certified: the certificate goes on", func(t *testing.T) {
		p := w.certified("Made", "", "Certified", certification.StageCertified)
		closed, err := w.CloseAccount(ctx, p.actor, w.key())
		require.NoError(t, err)
		require.Equal(t, []string{p.caseID}, closed.Open)
		listed, err := w.Search(ctx, "certified")
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.Equal(t, cases.CertificateActive, listed[0].Status)
	})
	_, err := w.CloseAccount(ctx, administrator, w.key())
	refused(t, certification.RefusedNotAllowed, err)
}

func TestWhoReadACase(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageApplicationReview)
	document := p.document(certification.DocumentPhotoID, certification.DocumentClean)
	_, err := w.Draft(ctx, reviewer("r-secret"), p.caseID, certification.FormApplication, cases.PurposeReview)
	require.NoError(t, err)
	w.later(time.Minute)
	_, _ = w.Content(ctx, administrator, p.caseID, document, cases.PurposeSupport) // there is no content
	reads, err := w.Reads(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Len(t, reads, 2)
	require.Equal(t, cases.Read{At: reads[0].At, Role: certification.RoleAdministrator, Purpose: cases.PurposeSupport, DocumentID: document}, reads[0])
	require.Equal(t, cases.Read{At: reads[1].At, Role: certification.RoleReviewer, Purpose: cases.PurposeReview, Form: certification.FormApplication}, reads[1])
	require.True(t, reads[1].At.Before(reads[0].At))

	other := w.made(certification.StageApplicationReview)
	_, err = w.Reads(ctx, other.actor, p.caseID)
	refused(t, certification.RefusedNotFound, err)
	_, err = w.Reads(ctx, reviewer("r-secret"), p.caseID)
	refused(t, certification.RefusedNotAllowed, err)
	none, err := w.Reads(ctx, other.actor, other.caseID)
	require.NoError(t, err)
	require.NotNil(t, none)
	require.Empty(t, none)
}

func TestExportingEverything(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	r := registrationOf("export@example.test")
	r.FirstName, r.Called, r.Phone, r.DateOfBirth = "Zebulon", "Zeb", "+12135550182", time.Date(1990, 5, 17, 0, 0, 0, 0, time.UTC)
	opened, err := w.Register(ctx, w.key(), r)
	require.NoError(t, err)
	confirmed := w.confirm(opened)
	p := &person{world: w, actor: certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}, caseID: confirmed.Case.ID}
	p.watched()
	p.must(&certification.CompleteIntroVideo{})
	submit := p.fill(map[string]any{"legal_first_name": "Zebulon", "legal_last_name": "Zebra", "called": "Zebby"})
	p.must(submit)
	p.mustAs(administrator, &certification.WaiveFee{Reason: "test"})
	r1 := reviewer("reviewer-secret")
	p.mustAs(r1, &certification.ClaimReview{})
	_, err = w.Draft(ctx, r1, p.caseID, certification.FormApplication, cases.PurposeReview)
	require.NoError(t, err)
	_, err = w.Send(ctx, r1, cases.Send{
		CaseID: p.caseID, Key: w.key(), Notes: map[certification.ReasonCode]string{"OTHER": "The corner is dark."},
		Message: &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"OTHER"}},
	})
	require.NoError(t, err)

	export, err := w.Export(ctx, p.actor)
	require.NoError(t, err)
	written, err := json.Marshal(export)
	require.NoError(t, err)
	text := string(written)
	for _, is := range []string{
		"Zebulon", `"last_name":"Zebra"`, `"called":"Zebby"`, "+12135550182", "1990-05-17", "export@example.test", "1 Main St", "The corner is dark.",
		"my name.png", submit.DocumentIDs[0], "confirmed address", "application_returned", `"purpose":"review"`, `"chapter":"`,
	} {
		require.Contains(t, text, is)
	}
	for _, isNot := range []string{r1.ID, administrator.ID, confirmed.Token, "quarantine/", w.code(opened.ID), "Assignee", "customer_id"} {
		require.NotContains(t, text, isNot)
	}
	require.Len(t, export.Cases, 1)
	exported := export.Cases[0]
	require.Equal(t, certification.StageApplicationReturned, exported.State.Stage)
	require.Len(t, exported.Documents, 2)
	require.Len(t, exported.Notes, 1)
	require.Len(t, exported.Reads, 1)
	require.NotEmpty(t, exported.Events)
	require.NotEmpty(t, exported.Promises)
	require.NotEmpty(t, exported.Letters)
	require.NotEmpty(t, exported.Letters[0].Text)
	require.NotNil(t, exported.Payments)
	require.NotEmpty(t, exported.Video)
	require.NotNil(t, exported.Authorizations)
	// It is read again as it was written: the shape has no member twice.
	var again map[string]any
	require.NoError(t, json.Unmarshal(written, &again))
	require.ElementsMatch(t, []string{"made_at", "person", "codes", "tokens", "cases"}, keysOf(again))

	other, err := w.Export(ctx, w.person().actor)
	require.NoError(t, err)
	written, err = json.Marshal(other)
	require.NoError(t, err)
	require.NotContains(t, string(written), "Zeb")
	_, err = w.Export(ctx, administrator)
	refused(t, certification.RefusedNotAllowed, err)
}

// The files of an export go along with it, and one that cannot be had is named.
func TestExportingTheFiles(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageTraining)
	whole, gone, broken := p.kept(certification.DocumentPhotoID), p.kept(certification.DocumentDiploma), p.kept(certification.DocumentDiploma)
	checking, infected := p.document(certification.DocumentDiploma, certification.DocumentChecking), p.document(certification.DocumentDiploma, certification.DocumentInfected)
	w.exec("UPDATE documents SET file_name = '../../é /id\u202e.png' WHERE id = $1", whole)
	options := w.Options
	options.Storage = files{w.Options.Storage, map[string]func() (io.ReadCloser, error){
		whole: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a picture")), nil },
		gone:  func() (io.ReadCloser, error) { return nil, certification.NotFound() },
		broken: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))), nil
		},
	}}
	c := cases.New(options)
	export, err := c.Export(ctx, p.actor)
	require.NoError(t, err)
	var written bytes.Buffer
	require.NoError(t, c.WriteExport(ctx, p.actor, export, &written))
	archive, err := zip.NewReader(bytes.NewReader(written.Bytes()), int64(written.Len()))
	require.NoError(t, err)
	held := map[string]string{}
	for _, file := range archive.File {
		content, err := file.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		held[file.Name] = string(text)
	}
	var got cases.Export
	require.NoError(t, json.Unmarshal([]byte(held["my-data.json"]), &got))
	said := map[string]cases.ExportedDocument{}
	for _, document := range got.Cases[0].Documents {
		said[document.ID] = document
	}
	require.Len(t, held, 3)
	require.Equal(t, "a picture", held[said[whole].File])
	require.Regexp(t, `^files/PC-TEST-\d+/\d-_\.\._é _id_\.png$`, said[whole].File)
	require.Equal(t, "half", held[said[broken].File])
	for id, why := range map[string]string{whole: "", gone: cases.NoFileGone, broken: cases.NoFileNotAvailable, checking: cases.NoFileNotChecked, infected: cases.NoFileUnusable} {
		require.Equal(t, why, said[id].NoFile, id)
	}

	stopped, stop := context.WithCancel(ctx)
	stop()
	require.Error(t, c.WriteExport(stopped, p.actor, export, io.Discard), "whoever left gets nothing more")
}

// files is a storage that opens what it is told to.
type files struct {
	cases.Storage
	open map[string]func() (io.ReadCloser, error)
}

func (f files) OpenOriginal(_ context.Context, document certification.Document) (io.ReadCloser, string, int64, error) {
	body, err := f.open[document.ID]()
	return body, "image/png", 1, err
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	written, err := json.Marshal(value)
	require.NoError(t, err)
	return string(written)
}

// text is what a form says, as the records have it.
func (w *world) text(query string, arguments ...any) (values string) {
	w.t.Helper()
	require.NoError(w.t, w.sql.QueryRow(w.t.Context(), "SELECT draft_values::text "+query, arguments...).Scan(&values))
	return values
}

func keysOf(object map[string]any) (keys []string) {
	for key := range object {
		keys = append(keys, key)
	}
	return keys
}

// Papers that no form names go along with the form that they belong to.
func TestPapersThatNoFormNames(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	kept := func(p *person, ids ...string) {
		t.Helper()
		handedIn, err := w.HandedIn(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		for _, id := range ids {
			require.Contains(t, handedIn, id)
			refused(t, certification.RefusedWrongStage, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, id))
		}
	}
	free := func(p *person, id string) {
		t.Helper()
		handedIn, err := w.HandedIn(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.NotContains(t, handedIn, id)
		require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, id))
		require.NotContains(t, p.documentIDs(), id)
	}

	p := w.toApplication()
	mistaken := p.document(certification.DocumentNameChange, certification.DocumentClean)
	free(p, mistaken)
	proof, refusedFile := p.document(certification.DocumentNameChange, certification.DocumentClean), p.document(certification.DocumentNameChange, certification.DocumentRefused)
	submit := p.fill()
	p.must(submit)
	kept(p, append([]string{proof}, submit.DocumentIDs...)...)
	free(p, refusedFile)

	p.mustAs(administrator, &certification.WaiveFee{})
	p.mustAs(reviewer("r"), &certification.ClaimReview{})
	p.mustAs(reviewer("r"), &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"DIPLOMA_NAME_DIFFERS"}})
	kept(p, proof)
	free(p, p.document(certification.DocumentNameChange, certification.DocumentClean))

	draft, err := p.save(certification.FormApplication, map[string]any{"education": "ged"})
	require.NoError(t, err)
	p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: submit.DocumentIDs})
	p.mustAs(reviewer("r"), &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}})
	free(p, p.document(certification.DocumentAppeal, certification.DocumentClean))
	evidence := p.document(certification.DocumentAppeal, certification.DocumentClean)
	p.appeals()
	kept(p, evidence, p.document(certification.DocumentAppeal, certification.DocumentClean), proof)

	t.Run("and go with a draft that is deleted", func(t *testing.T) {
		p := w.toApplication()
		p.document(certification.DocumentNameChange, certification.DocumentClean)
		_, err := p.save(certification.FormTraining, map[string]any{"hours": 80})
		require.NoError(t, err)
		require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormTraining))
		require.Len(t, p.documentIDs(), 1, "it is the application's")
		require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormApplication))
		require.Empty(t, p.documentIDs())
	})
	t.Run("after the application with the training certificate", func(t *testing.T) {
		p := w.toApplication()
		proof := p.document(certification.DocumentNameChange, certification.DocumentClean)
		p.must(p.fill())
		own := p.document(certification.DocumentNameChange, certification.DocumentClean)
		require.NoError(t, w.DeleteDraft(ctx, p.actor, w.key(), p.caseID, certification.FormTraining))
		require.Contains(t, p.documentIDs(), proof)
		require.NotContains(t, p.documentIDs(), own)
	})
}
