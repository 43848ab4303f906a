package portal_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/cases"
	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/mailbox"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
)

// arrives waits for a letter.
func arrives(t *testing.T, place *producttest.Place, email, subject string) mailbox.Message {
	t.Helper()
	var found mailbox.Message
	require.NoError(t, place.World(t).Until(t.Context(), "the letter "+subject, func() error {
		arrived := place.Stack.Mailbox().Messages(email)
		at := slices.IndexFunc(arrived, func(m mailbox.Message) bool { return m.Subject == subject })
		if at < 0 {
			return fmt.Errorf("%d others came", len(arrived))
		}
		found = arrived[at]
		return nil
	}))
	return found
}

func TestChangedDataAndLanguage(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := applicant(t, "en")
	b := p.Browser
	b.Open("/en/my-data")
	assert.True(t, b.Says("Robin Sample", p.Email, "Oakland CA 94612", "You have not told us", "English", "Nobody has looked yet."), b.Main())
	b.Follow("Change your phone number")
	b.Fill("phone", "call me").Fill("zip", "").Press("Save")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Equal(t, []string{"Write your ZIP code."}, b.Errors())
	b.Fill("zip", "94601").Press("Save")
	assert.NotEmpty(t, b.Wrong("phone"))
	assert.Equal(t, "94601", b.Value("zip"), "what was typed stays")
	b.Fill("phone", "(510) 555-0100").Fill("called", "Rob").Fill("last_name", "Sample-Jones").Choose("language", "Español").Press("Save")
	require.Equal(t, "/en/my-data", b.Path())
	assert.True(t, b.Says("Robin Sample-Jones", "Rob", "(510) 555-0100", "94601", "Español"), b.Main())

	require.NoError(t, p.Apply(t.Context()))
	require.NoError(t, p.Pay(t.Context(), 100_00, certification.StageApplicationReview))
	list := "/en/cases/" + p.CaseID + "/letters"
	b.Open(list).ReloadUntil("the receipt", func() bool { return b.Link("Su recibo") != "" })
	b.Follow("Su recibo")
	assert.Contains(t, string(b.Body), `<article class="letter" lang="es" dir="ltr">`)
	assert.True(t, b.Says("Hola, Rob", "100.00"), "in the language that was chosen, by the name that was chosen: "+b.Main())
	arrived := arrives(t, place, p.Email, "Su recibo")
	assert.Equal(t, "es", letterLanguage(arrived))

	// A letter stays as it was sent.
	b.Open("/en/my-data").Follow("Change your postal address").Fill("called", "Robbie").Choose("language", "English").Press("Save")
	require.Equal(t, "/en/my-data", b.Path())
	b.Open(list)
	assert.Contains(t, string(b.Body), ` lang="es" dir="ltr">Su recibo</a>`)
	b.Follow("Su recibo")
	b.ReloadUntil("the records to say when it was sent", func() bool { return b.Says("Sent ") }) // the mail was there before
	assert.True(t, b.Says("Hola, Rob"), b.Main())
	assert.False(t, b.Says("Robbie"))
	assert.Contains(t, string(b.Body), `<article class="letter" lang="es" dir="ltr">`)
	assert.Contains(t, string(b.Body), `<p class="letter__when" lang="en" dir="ltr">Sent `)

	b.Open("/en/my-data")
	assert.Empty(t, b.Link("Change your name"), "a reviewer compares it with the ID")
	b.Follow("Change your postal address")
	for _, input := range []string{`name="first_name"`, `name="middle_name"`, `name="last_name"`} {
		assert.NotContains(t, string(b.Body), input)
	}
	forged := url.Values{
		"key": {uuid.NewString()}, "first_name": {"Someone"}, "last_name": {"Else"}, "line1": {"2 Main Street"}, "city": {"Oakland"}, "state": {"CA"},
		"zip": {"94612"}, "county_plan": {"Alameda"}, "language": {"en"},
	}
	answer := b.Ask(http.MethodPost, "/en/my-data/change", forged, nil)
	assert.Equal(t, "/en/my-data", answer.Header.Get("Location"))
	b.Open("/en/my-data")
	assert.True(t, b.Says("2 Main Street"))
	assert.False(t, b.Says("Someone"), "the name stays what was handed in")
}

// move asks for a new address and gives the code that came there.
func move(t *testing.T, place *producttest.Place, b *portaltest.Browser, to string) string {
	t.Helper()
	before := place.Letters(to)
	b.Open("/en/my-data").Follow("Change your email address").Fill("email", to).Press("Send me a code")
	require.Equal(t, "/en/my-data/email/code", b.Path(), b.Main())
	return place.Code(t, to, before)
}

// Codes are mailed once a minute, so the clock moves, and it is not parallel.
func TestAddressMovesWithTheCode(t *testing.T) {
	place := running.On(t)
	phone, caseID, old := joined(t, place, "en")
	pause(t, place)
	library := place.SignIn(place.Browser(t), "en", old)
	require.Equal(t, "/en/cases/"+caseID, library.Path())

	fresh := producttest.NewEmail()
	code := move(t, place, phone, fresh)
	phone.Fill("code", wrong(code)).Press("Save")
	assert.Equal(t, http.StatusUnprocessableEntity, phone.Status())
	assert.NotEmpty(t, phone.Wrong("code"))
	phone.Open("/en/my-data")
	assert.True(t, phone.Says(old), "until the code is given, the old address stays")
	session := phone.Session()
	phone.Open("/en/my-data/email/code").Fill("code", code).Press("Save")
	require.Equal(t, "/en/my-data", phone.Path())
	assert.True(t, phone.Says(fresh))
	assert.NotEqual(t, session, phone.Session())
	library.Open("/en/cases/" + caseID)
	assert.Contains(t, library.Path(), "/en/sign-in", "every other session has ended")

	told := arrives(t, place, old, "Your email address was changed")
	assert.NotContains(t, told.Text+told.HTML, fresh, "whoever reads the old address does not learn the new one")

	pause(t, place)
	place.SignIn(library, "en", fresh)
	assert.Equal(t, "/en/cases/"+caseID, library.Path())
	stranger := place.SignIn(place.Browser(t), "en", old)
	assert.Equal(t, "/en/account", stranger.Path(), "the old address leads nowhere")
}

// That an address has an account is said to nobody but its reader.
func TestTakenAddressIsToldAfterTheRightCodeAlone(t *testing.T) {
	place := running.On(t)
	_, _, taken := joined(t, place, "en")
	b, _, own := joined(t, place, "en")
	pause(t, place)
	code := move(t, place, b, taken)
	b.Fill("code", wrong(code)).Press("Save")
	assert.False(t, b.Says("another account"), b.Main())
	b.Fill("code", code).Press("Save")
	assert.Equal(t, []string{"This address belongs to another account. Sign in with it, or use another address."}, b.Errors())
	b.Open("/en/my-data")
	assert.True(t, b.Says(own))
}

// A mistyped address is put right by going back, where the page is as it was; asking
// too quickly is answered on the page.
func TestAskingForAMoveAgain(t *testing.T) {
	place := running.On(t)
	b, _, _ := joined(t, place, "en")
	b.Open("/en/my-data/email")
	b.Press("Send me a code")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	key := b.Value("key")
	mistyped, right := producttest.NewEmail(), producttest.NewEmail()
	for _, email := range []string{mistyped, mistyped, right} {
		answer := b.Ask(http.MethodPost, "/en/my-data/email", url.Values{"email": {email}, "key": {key}}, nil)
		require.Equal(t, http.StatusSeeOther, answer.Status, answer.Body)
	}
	code := place.Code(t, right, 0)
	place.Code(t, mistyped, 0) // no letter waits for another, so either comes first
	assert.Equal(t, 1, place.Letters(mistyped), "sent twice, it is one letter")
	b.Open("/en/my-data/email").Fill("email", right).Press("Send me a code")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status(), "within a minute")
	assert.NotEmpty(t, b.Errors())
	b.Open("/en/my-data/email/code").Fill("code", code).Press("Save")
	assert.Equal(t, "/en/my-data", b.Path())
	assert.True(t, b.Says(right))
}

func TestWhoLookedIsShown(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	world := place.World(t)
	p := applicant(t, "en")
	ctx := t.Context()
	require.NoError(t, p.Apply(ctx))
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	p.Open("/en/my-data")
	assert.True(t, p.Says("Nobody has looked yet."))
	_, err := p.SignalAs(ctx, world.AsReviewer(), "claim-review", nil)
	require.NoError(t, err)
	documents, err := place.Parts.Cases.Documents(ctx, administrator, p.CaseID)
	require.NoError(t, err)
	for _, purpose := range []string{"review", "audit"} {
		answer, err := world.AsReviewer().Get(ctx, "/v1/cases/"+p.CaseID+"/documents/"+documents[0].ID+"/content", apitest.WithHeader("Purpose", purpose))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status)
	}
	p.Reload()
	assert.True(t, p.Says("To review your case", "To check our own work"), p.Main())
	assert.False(t, p.Says("Nobody has looked yet."))
	assert.False(t, p.Says("r-01"), "their role is told, and not who they are")
	p.Open("/es/my-data")
	assert.True(t, p.Says("Para revisar su caso"), p.Main())
}

func TestDownloadHoldsEverything(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := applicant(t, "en")
	require.NoError(t, p.Apply(t.Context()))
	require.NoError(t, p.Pay(t.Context(), 100_00, certification.StageApplicationReview))
	b := p.Tab().Open("/en/my-data")
	all := p.Tab().Open(b.Link("Download everything"))
	assert.Equal(t, "application/zip", all.Response.Header.Get("Content-Type"))
	archive, err := zip.NewReader(bytes.NewReader(all.Body), int64(len(all.Body)))
	require.NoError(t, err)
	var files []string
	for _, file := range archive.File {
		files = append(files, file.Name)
		content, err := file.Open()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, content)
		require.NoError(t, err, "%s is whole", file.Name)
	}
	require.Len(t, files, 3)
	assert.Equal(t, "my-data.json", files[2])
	assert.Contains(t, strings.Join(files, "\n"), "files/"+p.Number+"/1-")
	b.Open(b.Link("Download the list without the files"))
	assert.Equal(t, "application/json; charset=utf-8", b.Response.Header.Get("Content-Type"))
	assert.Equal(t, `attachment; filename="my-data.json"`, b.Response.Header.Get("Content-Disposition"))
	assert.Contains(t, b.Response.Header.Get("Cache-Control"), "no-store")
	var got struct {
		Person struct {
			Email string `json:"email"`
		} `json:"person"`
		Codes []any `json:"codes"`
		Cases []map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(b.Body, &got))
	assert.Equal(t, p.Email, got.Person.Email)
	assert.NotEmpty(t, got.Codes)
	require.Len(t, got.Cases, 1)
	for _, part := range []string{"state", "events", "promises", "letters", "payments", "documents"} {
		assert.NotContains(t, []string{"", "null", "[]", "{}"}, string(got.Cases[0][part]), part)
	}
	expiry := place.Clock.Now().AddDate(4, 0, 0).Format(`"id_expires_on": "2006-`)
	for _, kept := range []string{p.Number, "my id.jpg", "1988-04-12", expiry, `"typed_name": "Robin Sample"`} {
		assert.Contains(t, string(b.Body), kept)
	}
	assert.NotContains(t, string(b.Body), b.Session())
	stranger, _, _ := func() (*portaltest.Browser, string, string) {
		moving.Lock()
		defer moving.Unlock()
		return joined(t, place, "en")
	}()
	stranger.Open("/en/my-data/download")
	assert.NotContains(t, string(stranger.Body), p.Number)
}

func TestDraftIsDeletedWithItsFiles(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at + "/application/name")
	b.Fill("legal_first_name", "Robin").Fill("legal_last_name", "Sample").Press(goOn)
	b.Open(at+"/application/photo-id").Attach("file", "id.jpg", photo(t, 71)).Press(send)
	ready(b, "id.jpg")
	file := b.Link("/file")
	require.NotEmpty(t, file)
	older := b.Tab().Open(at + "/application/name")

	b.Open(at + "/application").Follow("/delete-draft/application")
	assert.True(t, b.Says("This cannot be undone."), b.Main())
	b.Follow("Keep the draft")
	require.Equal(t, at+"/application", b.Path())
	assert.Contains(t, b.Main(), "You have finished 1 of 7 parts.")
	b.Open(at + "/delete-draft/application").PressTwice("Delete the draft")
	require.Equal(t, at+"/application", b.Path())
	assert.Contains(t, b.Main(), "You have finished 0 of 7 parts.")
	gone := b.Tab().Open(file)
	assert.Equal(t, http.StatusNotFound, gone.Status())
	left, err := place.Parts.Cases.Documents(t.Context(), administrator, p.CaseID)
	require.NoError(t, err)
	assert.Empty(t, left)

	older.Fill("called", "Rob").Press(goOn)
	b.Reload()
	assert.Contains(t, b.Main(), "You have finished 1 of 7 parts.", "a page from before saves what it shows and nothing else")

	require.NoError(t, p.Apply(t.Context()))
	b.Open(at + "/delete-draft/application")
	assert.Equal(t, at, b.Path(), "what was handed in is no draft")
	b.Open(at + "/delete-draft/novel")
	assert.Equal(t, http.StatusNotFound, b.Status())
	answer := b.Ask(http.MethodPost, at+"/delete-draft/application", url.Values{"key": {uuid.NewString()}}, nil)
	assert.Equal(t, http.StatusConflict, answer.Status)
}

// Of every form what was not sent can be deleted: the words of an appeal, and corrections of
// what was returned, which goes back to what was sent.
func TestWhatWasNotSentIsDeleted(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	world := place.World(t)
	p := place.Registered(t, world, "en")
	ctx := t.Context()
	require.NoError(t, world.WatchVideos(ctx, p.Person))
	require.NoError(t, p.Apply(ctx))
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open("/en/my-data")
	assert.NotContains(t, b.Main(), "What you have not sent yet")

	_, err := p.Review(ctx, "decide-application", map[string]any{"decision": "return", "reasons": []string{"ID_UNREADABLE"}})
	require.NoError(t, err)
	sent, err := place.Parts.Cases.Draft(ctx, administrator, p.CaseID, certification.FormApplication, cases.PurposeSupport)
	require.NoError(t, err)
	b.Open(at + "/application")
	assert.NotContains(t, b.Main(), "Delete your changes", "there are none")
	b.Open(at+"/application/photo-id").Attach("file", "sharper.jpg", photo(t, 73)).Press(send)
	ready(b, "sharper.jpg")
	held := func() int {
		files, err := place.Parts.Cases.Documents(ctx, administrator, p.CaseID)
		require.NoError(t, err)
		return len(files)
	}
	require.Equal(t, 3, held())
	b.Open("/en/my-data")
	assert.True(t, b.Says("What you have not sent yet", p.Number, "You sent this form, and changed it since."), b.Main())
	b.Follow("Application: delete what is not sent")
	assert.True(t, b.Says("Delete your changes", "goes back to how you last sent it", "This cannot be undone."), b.Main())
	b.Follow("Keep the changes")
	require.Equal(t, at+"/application", b.Path())
	b.Follow("Delete your changes").PressTwice("Delete the changes")
	require.Equal(t, at+"/application", b.Path())
	assert.NotContains(t, b.Main(), "Delete your changes")
	assert.Equal(t, 2, held())
	after, err := place.Parts.Cases.Draft(ctx, administrator, p.CaseID, certification.FormApplication, cases.PurposeSupport)
	require.NoError(t, err)
	assert.JSONEq(t, string(sent.Values), string(after.Values))
	assert.Empty(t, after.Answered)

	b.Open(at+"/training/details").Fill("hours", "80").Press("Save and go on")
	b.Open("/en/my-data").Follow("Training certificate: delete what is not sent")
	assert.True(t, b.Says("Delete your draft", "None of it was sent."), b.Main())
	b.PressTwice("Delete the draft")
	require.Equal(t, at+"/training", b.Path())
	b.Open("/en/my-data")
	assert.NotContains(t, b.Main(), "What you have not sent yet")
}

// What was sent can be looked at, with its files, also later.
func TestWhatWasSentCanBeSeen(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at)
	assert.NotContains(t, b.Main(), "What you sent")
	require.NoError(t, p.Apply(t.Context()))
	b.Open(at).Follow("What you sent")
	require.Equal(t, at+"/application", b.Path())
	assert.True(t, b.Says("Robin Sample", "my id.jpg"), b.Main())
	file := b.Tab().Open(b.Link("/file"))
	assert.Equal(t, http.StatusOK, file.Status())
	assert.Equal(t, "image/jpeg", file.Response.Header.Get("Content-Type"))
	_, err := p.Signal(t.Context(), "withdraw", map[string]any{})
	require.NoError(t, err)
	_, err = p.Reach(t.Context(), certification.StageClosed)
	require.NoError(t, err)
	b.Open(at).Follow("What you sent")
	assert.True(t, b.Says("Robin Sample", "my id.jpg"), b.Main())
}

func TestWordsOfAnAppealAreDeleted(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := deniedApplicant(t, place, "es")
	b, at := p.Browser, "/es/cases/"+p.CaseID
	b.Open(at + "/appeal")
	assert.NotContains(t, b.Main(), "Borrar lo que no ha enviado")
	b.Open(at+"/appeal/statement").Fill("statement", "Nobody may ever read this.").Press("Guardar")
	b.Open(at+"/documents/appeal_evidence").Attach("file", "prueba.pdf", journey.Paper("Proof")).Press("Guardar y seguir")
	b.Open(at + "/appeal").Follow("Borrar lo que no ha enviado")
	b.PressTwice("Borrar el borrador")
	require.Equal(t, at+"/appeal", b.Path())
	assert.NotContains(t, b.Main(), "Nobody may ever read this.")
	assert.NotContains(t, b.Main(), "prueba.pdf")
	everything := string(b.Tab().Open("/es/my-data/download").Body)
	assert.NotContains(t, everything, "Nobody may ever")
	assert.NotContains(t, everything, "prueba.pdf")
}

// Closing an account ends all that can be ended, and is not the end: whoever comes back
// finds their case and may begin again.
func TestAccountIsClosed(t *testing.T) {
	place := running.On(t)
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	picture, err := journey.PhotoID(72)
	require.NoError(t, err)
	_, err = p.Upload(t.Context(), "photo_id", "id.jpg", picture)
	require.NoError(t, err)
	pause(t, place)
	other := place.SignIn(place.Browser(t), "en", p.Email)

	b.Open("/en/my-data").Follow("Close your account")
	assert.True(t, b.Says("What stays, and for how long", "Photo ID"), b.Main())
	b.Follow("Keep my account").Follow("Close your account").Press("Close my account")
	assert.Equal(t, "/en/account-closed", b.Path())
	kept := certification.RetentionOf(certification.CurrentPolicy(place.Clock.Now()), certification.RecordContact)
	assert.True(t, b.Says(fmt.Sprintf("within %d years", kept.Years)), b.Main())
	assert.False(t, b.Says("Sign out"), b.Text())
	for _, ended := range []*portaltest.Browser{b, other} {
		ended.Open(at)
		assert.True(t, strings.HasPrefix(ended.Path(), "/en/sign-in"), ended.Path())
	}
	left, err := place.Parts.Cases.Documents(t.Context(), administrator, p.CaseID)
	require.NoError(t, err)
	assert.Empty(t, left, "drafts go at once, with their files")

	pause(t, place)
	place.SignIn(b, "en", p.Email)
	require.Equal(t, at, b.Path())
	assert.Equal(t, "You withdrew your application", b.Heading())
	b.PressTwice("Start a new application")
	assert.NotEqual(t, at, b.Path())
	assert.Equal(t, "Watch the introduction video", b.Heading())
	begun := b.Path()
	b.Open("/en/home")
	assert.Equal(t, begun, b.Path(), "one new case, and home leads to it")
	b.Open(at)
	assert.Equal(t, http.StatusOK, b.Status(), "the old one can still be read")
}
