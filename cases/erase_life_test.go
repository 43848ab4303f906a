package cases_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/workflows"
)

// canary is a word that nobody else says.
func canary() string {
	letters := make([]byte, 16)
	for i := range letters {
		letters[i] = "bcdfghjkmnpqrstvwxz"[rand.IntN(19)]
	}
	return string(letters)
}

// everything is all that the records and the bucket hold, as text.
func (w *world) everything() string {
	w.t.Helper()
	ctx := w.t.Context()
	var all bytes.Buffer
	rows, err := w.sql.Query(ctx, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
	require.NoError(w.t, err)
	var tables []string
	for rows.Next() {
		var table string
		require.NoError(w.t, rows.Scan(&table))
		tables = append(tables, table)
	}
	require.NoError(w.t, rows.Err())
	require.NotEmpty(w.t, tables)
	for _, table := range tables {
		var text *string
		require.NoError(w.t, w.sql.QueryRow(ctx, `SELECT string_agg(t::text, E'\n') FROM "`+table+`" t`).Scan(&text))
		if text != nil {
			all.WriteString(table + ":\n" + *text + "\n")
		}
	}
	bucket := stacktest.S3{
		Endpoint: w.settings.S3Endpoint, Region: w.settings.S3Region, Bucket: w.settings.S3Bucket, AccessKey: w.settings.S3AccessKey, SecretKey: w.settings.S3SecretKey,
	}
	out, err := bucket.Client().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &bucket.Bucket})
	require.NoError(w.t, err)
	for _, version := range out.Versions {
		object, err := bucket.Client().GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket.Bucket, Key: version.Key, VersionId: version.VersionId})
		require.NoError(w.t, err)
		all.WriteString(*version.Key + ":\n")
		_, err = all.ReadFrom(object.Body)
		require.NoError(w.t, err)
		require.NoError(w.t, object.Body.Close())
	}
	return all.String()
}

// housework runs a workflow of the house and waits for its end.
func (w *world) housework(name string) {
	w.t.Helper()
	run, err := w.temporalClient().ExecuteWorkflow(w.t.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: workflows.QueueOutbound}, name)
	require.NoError(w.t, err)
	require.NoError(w.t, run.Get(w.t.Context(), nil))
}

// Two people live through the real parts and leave words wherever a person can. Years
// later none of these words is anywhere, but where the table says "for good".
func TestNothingIsLeftOfAPersonButWhatIsKeptForGood(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	words := map[string]string{}
	word := func(what string) string {
		words[what] = canary()
		return words[what]
	}
	born := func(prefix string) *person {
		r := registrationOf(word(prefix+" address") + "@" + word(prefix+" host") + ".example")
		r.FirstName, r.MiddleName, r.LastName, r.Called = word(prefix+" first name"), word(prefix+" middle name"), word(prefix+" last name"), word(prefix+" called")
		r.Address = cases.Address{Line1: word(prefix + " street"), Line2: word(prefix + " flat"), City: word(prefix + " city"), State: "CA", ZIP: "94612"}
		r.Phone, r.DateOfBirth = "+12135550182", time.Date(1971, 3, 9, 0, 0, 0, 0, time.UTC)
		opened, err := w.Register(ctx, w.key(), r)
		require.NoError(t, err)
		confirmed := w.confirm(opened)
		p := &person{world: w, actor: certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}, caseID: confirmed.Case.ID}
		p.watched()
		p.must(&certification.CompleteIntroVideo{})
		return p
	}
	upload := func(p *person, kind certification.DocumentKind) string {
		// A line of text beside the picture, as cameras write it.
		content := append(picture(t, 90), []byte(word("in a file of "+string(kind)))...)
		document, err := p.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: p.key(), Kind: kind, FileName: word("name of a file of "+string(kind)) + ".png", Body: bytes.NewReader(content)})
		require.NoError(t, err)
		p.eventually(func() bool {
			checked, err := p.Document(ctx, p.actor, p.caseID, document.ID)
			require.NoError(t, err)
			return checked.Status == certification.DocumentClean
		})
		return document.ID
	}
	applies := func(p *person) {
		photo, diploma := upload(p, certification.DocumentPhotoID), upload(p, certification.DocumentDiploma)
		upload(p, certification.DocumentNameChange)
		submit := p.fill(map[string]any{
			"ethics":   map[string]string{"version": certification.CurrentPolicy(w.now()).EthicsVersion, "typed_name": word("signature")},
			"photo_id": []string{photo}, "diploma": []string{diploma}, "called": word("called in the form"),
			"legal_first_name": word("legal first name"), "legal_middle_name": word("legal middle name"), "legal_last_name": word("legal last name"),
		})
		submit.DocumentIDs = []string{photo, diploma}
		p.must(submit)
		p.mustAs(administrator, &certification.WaiveFee{Reason: "test"})
		p.mustAs(reviewer("r"), &certification.ClaimReview{})
		_, err := w.Draft(ctx, reviewer("r"), p.caseID, certification.FormApplication, cases.PurposeReview)
		require.NoError(t, err)
	}

	denied := born("denied")
	applies(denied)
	note := canary()
	_, err := w.Send(ctx, reviewer("r"), cases.Send{
		CaseID: denied.caseID, Key: w.key(), Notes: map[certification.ReasonCode]string{"FALSE_STATEMENT": note},
		Message: &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"FALSE_STATEMENT"}},
	})
	require.NoError(t, err)
	upload(denied, certification.DocumentAppeal)
	draft, err := denied.save(certification.FormAppeal, map[string]any{"statement": word("statement of an appeal")})
	require.NoError(t, err)
	denied.must(&certification.Appeal{DraftRevision: draft.Revision})
	denied.mustAs(reviewer("other"), &certification.ClaimReview{})
	denied.mustAs(reviewer("other"), &certification.DecideAppeal{Decision: certification.DecisionDeny})

	examined := born("examined")
	applies(examined)
	examined.mustAs(reviewer("r"), &certification.DecideApplication{Decision: certification.DecisionApprove})
	training := upload(examined, certification.DocumentTrainingCertificate)
	draft, err = examined.save(certification.FormTraining, map[string]any{
		"provider_id": "bay-peer-academy", "hours": 80, "document_ids": []string{training}, "completed_on": w.now().AddDate(0, 0, -2).In(certification.Pacific).Format(time.DateOnly),
	})
	require.NoError(t, err)
	examined.must(&certification.SubmitTraining{DraftRevision: draft.Revision, DocumentIDs: []string{training}, ProviderID: "bay-peer-academy"})
	examined.mustAs(reviewer("r"), &certification.ClaimReview{})
	examined.mustAs(reviewer("r"), &certification.DecideTraining{Decision: certification.DecisionApprove})
	examined.mustAs(administrator, &certification.WaiveFee{Reason: "test"})
	view := examined.must(&certification.BookExam{Language: "en", Place: "online"})
	authorization := view.Exam.AuthorizationID
	examined.eventually(func() bool { return w.objects(authorization) == 2 })
	_, err = examined.save(certification.FormRenewal, map[string]any{"courses": []any{map[string]any{
		"title": word("title of a course"), "provider": word("provider of a course"), "completed_on": "2026-01-02", "hours": 6}}})
	require.NoError(t, err)
	upload(examined, certification.DocumentDiploma) // that is never handed in
	examined.must(&certification.Withdraw{})
	for _, p := range []*person{denied, examined} {
		view, err := w.Case(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.Equal(t, certification.StageClosed, view.Stage)
	}
	w.eventually(func() bool {
		return w.count("FROM notices WHERE sent_at IS NULL AND voided_at IS NULL")+w.count("FROM inbox WHERE processed_at IS NULL") == 0
	})
	w.exec(`INSERT INTO payments (id, case_id, revision, fee, amount_cents, currency, status, asked_at, settled_at)
		VALUES (gen_random_uuid(), $1, 1, 'application', 10000, 'usd', 'paid', $2, $2)`, denied.caseID, w.now())
	w.exec("UPDATE applicants SET customer_id = 'cus_1'")
	token, err := w.NewToken(ctx, examined.actor, "test", 100*365*24*time.Hour)
	require.NoError(t, err)

	said := strings.ToLower(w.everything())
	require.Contains(t, said, strings.ToLower(note))
	require.NotZero(t, w.count("FROM letters"))
	require.NotZero(t, w.count("FROM message_digests"))
	for what, word := range words {
		require.Contains(t, said, word, "the search does not find %s", what)
	}
	ended := w.now()

	// Half a year later the IDs are gone, and what stands behind a decision is not.
	w.at(ended.AddDate(0, 0, 180).Add(2 * time.Hour))
	w.housework(workflows.ErasingType)
	require.Zero(t, w.count("FROM documents WHERE kind = 'photo_id'"))
	require.Equal(t, 1, w.count("FROM documents WHERE kind = 'appeal_evidence'"))
	export, err := w.Export(ctx, denied.actor)
	require.NoError(t, err)
	told := map[certification.RecordClass]int{}
	for _, erasure := range export.Cases[0].Erased {
		told[erasure.Class] += erasure.Items
	}
	require.Equal(t, map[certification.RecordClass]int{certification.RecordPhotoID: 1, certification.RecordDraft: 2}, told, "the ID, and two files that were never handed in")
	require.NotEmpty(t, export.Person.Email)

	// Three years later so is everything else that is theirs.
	w.at(ended.AddDate(3, 0, 1))
	_, err = w.Authenticate(ctx, token)
	require.NoError(t, err)
	w.housework(workflows.ErasingType)
	w.housework(workflows.RecordSweepType)
	left := strings.ToLower(w.everything())
	for what, word := range words {
		require.NotContains(t, left, word, "%s of a person is left", what)
	}
	for _, said := range []string{"2135550182", "1971-03-09", "1990-05-17", "94612"} {
		require.NotContains(t, left, said)
	}
	require.NotContains(t, left, strings.ToLower(note), "what a reviewer wrote goes with the letters")
	require.Zero(t, w.count("FROM message_digests"), "and so does a digest of it")
	require.NotContains(t, left, "typed_name")
	require.Contains(t, left, strings.ToLower(certification.CurrentPolicy(ended).EthicsVersion), "which text was signed stays")
	require.Equal(t, 1, w.objects(authorization), "the candidate record is gone, the authorization names nobody")

	// What stays can be read: the log, and which letters there were.
	require.Contains(t, denied.log(), string(certification.SignalDecideAppeal))
	for _, p := range []*person{denied, examined} {
		letters, err := w.Letters(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.NotEmpty(t, letters)
		for _, letter := range letters {
			require.NotEmpty(t, letter.Subject)
			require.Empty(t, letter.Text)
			require.False(t, letter.ErasedAt.IsZero())
		}
		_, err = w.Export(ctx, p.actor)
		require.NoError(t, err)
	}

	payments, err := w.Payments(ctx, administrator, denied.caseID)
	require.NoError(t, err)
	require.Len(t, payments, 1, "they are kept for seven years")
	require.Equal(t, 1, w.count("FROM applicants WHERE customer_id <> ''"), "for as long as there is one to refund")

	// Nobody is signed in as them, and what a request that still ran would write is refused.
	_, err = w.Authenticate(ctx, token)
	refused(t, certification.RefusedUnauthenticated, err)
	from, err := w.SessionsFrom(ctx, examined.actor)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), from, time.Minute)
	_, err = w.StartAgain(ctx, examined.actor, w.key())
	refused(t, certification.RefusedNotFound, err)
	_, err = w.ChangePerson(ctx, examined.actor, cases.PersonChange{Called: "Z", Language: "en", Address: cases.Address{Line1: "1", City: "A", State: "CA", ZIP: "94612"}})
	refused(t, certification.RefusedNotFound, err)

	// Whoever comes with the same address is somebody new.
	again := registrationOf(words["examined address"] + "@" + words["examined host"] + ".example")
	opened, err := w.Register(ctx, w.key(), again)
	require.NoError(t, err)
	confirmed := w.confirm(opened)
	require.NotEqual(t, examined.actor.ID, confirmed.Case.ApplicantID)
	require.Empty(t, confirmed.Case.PreviousCaseID)

	// After seven years the payments go too, and what the payment processor knew them by.
	w.at(ended.AddDate(7, 0, 1))
	w.housework(workflows.ErasingType)
	require.Zero(t, w.count("FROM payments"))
	require.Zero(t, w.count("FROM reads"))
	require.Zero(t, w.count("FROM applicants WHERE customer_id <> ''"))
}

// A document that was taken into a later case is that case's: it stays when the earlier
// one is erased.
func TestErasingLeavesWhatALaterCaseUses(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	photo, diploma := p.uploaded(certification.DocumentPhotoID), p.uploaded(certification.DocumentDiploma)
	submit := p.fill(map[string]any{"photo_id": []string{photo}, "diploma": []string{diploma}})
	submit.DocumentIDs = []string{photo, diploma}
	p.must(submit)
	before := p.caseID
	p.must(&certification.Withdraw{})
	w.later(100 * 24 * time.Hour) // so that the earlier one goes before this one is abandoned
	view, err := p.StartAgain(ctx, p.actor, p.key())
	require.NoError(t, err)
	p.caseID = view.ID
	used, err := w.UseAgain(ctx, p.actor, w.key(), p.caseID, diploma)
	require.NoError(t, err)
	p.eventually(func() bool {
		checked, err := p.Document(ctx, p.actor, p.caseID, used.ID)
		require.NoError(t, err)
		return checked.Status == certification.DocumentClean
	})
	objects := w.objects(used.ID)
	require.NotZero(t, objects)

	w.later(90 * 24 * time.Hour)
	w.erase()
	require.True(t, p.none(photo))
	require.True(t, p.none(diploma))
	require.Zero(t, w.count("FROM documents WHERE case_id = $1", before))
	require.Empty(t, p.earlier(certification.DocumentDiploma), "it is not offered any more")
	require.Equal(t, []string{used.ID}, p.documentIDs())
	require.Equal(t, objects, w.objects(used.ID))
	content, err := w.Content(ctx, p.actor, p.caseID, used.ID, "")
	require.NoError(t, err)
	require.NoError(t, content.Close())
	require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))

	// What was handed in there may still be offered, until the form goes too.
	values, err := w.EarlierValues(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, "Made", values.LegalFirstName)
	w.later(3 * 366 * 24 * time.Hour)
	w.erase()
	values, err = w.EarlierValues(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, certification.ApplicationValues{Called: values.Called}, values)
}

// Of erasing a person and their beginning again at the same moment, one happens: nobody
// has a case without an address.
func TestErasingBesideBeginningAgain(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	for range 4 {
		w.offset.Store(0)
		p := w.toApplication()
		p.must(&certification.Withdraw{})
		w.eventually(func() bool { return w.count("FROM notices WHERE sent_at IS NULL AND voided_at IS NULL") == 0 })
		w.at(w.now().AddDate(3, 0, 1))
		_, failures := atOnce(2, func(i int) (struct{}, error) {
			if i == 0 {
				return struct{}{}, w.EraseDue(ctx, func(cases.Erasure) {})
			}
			_, err := w.StartAgain(ctx, p.actor, w.key())
			return struct{}{}, err
		})
		require.NoError(t, failures[0])
		reachable := w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID)
		require.Equal(t, reachable, w.count("FROM cases WHERE applicant_id = $1 AND stage <> 'closed'", p.actor.ID))
		if reachable == 0 {
			refused(t, certification.RefusedNotFound, failures[1])
		} else {
			require.NoError(t, failures[1])
		}
	}
}
