package portal_test

import (
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/portal/portaltest"
	"peercert/store"
	"peercert/store/queries"
)

const send = "Send the file"

// files are the names of the list of what was sent.
func ready(b *portaltest.Browser, names ...string) {
	b.Helper()
	b.ReloadUntil("the check of the files", func() bool { return !b.Says("Being checked") })
	assert.True(b, b.Says(names...), b.Main())
}

func TestFilesAreSentLookedAtReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, page := p.Browser, "/en/cases/"+p.CaseID+"/application/photo-id"

	b.Open(page).Press(goOn)
	assert.Equal(t, []string{"Choose a file first."}, b.Errors())
	b.Attach("file", "front.jpg", photo(t, 10)).Attach("file", "back.jpg", photo(t, 20)).Press(send)
	require.Equal(t, page, b.Path())
	ready(b, "front.jpg", "back.jpg")

	b.Attach("file", "again.jpg", photo(t, 10)).Press(send)
	assert.False(t, b.Says("again.jpg"), "the same file is not kept twice")
	b.Attach("file", "image.jpg", photo(t, 30)).PressTwice(send)
	assert.Equal(t, 1, strings.Count(b.Main(), "image.jpg"), b.Main())

	picture := p.Browser.Tab().Open(page)
	picture.Open(picture.Link("/file"))
	assert.Equal(t, "image/jpeg", picture.Response.Header.Get("Content-Type"))
	assert.Equal(t, "inline", picture.Response.Header.Get("Content-Disposition"))
	assert.Equal(t, "nosniff", picture.Response.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, "no-store", picture.Response.Header.Get("Cache-Control"))
	assert.Equal(t, photo(t, 10), picture.Body)

	b.Open(page).Follow("Replace").Attach("file", "front again.jpg", photo(t, 11)).Press(send)
	ready(b, "front again.jpg", "back.jpg", "image.jpg")
	assert.False(t, b.Says("front.jpg"))

	stranger := applicant(t, "en")
	stranger.Open("/en" + strings.TrimPrefix(picture.Path(), "/en"))
	assert.Equal(t, http.StatusNotFound, stranger.Status())

	for range 3 {
		b.Open(page).Follow("Delete").Press("Delete the file")
	}
	assert.False(t, b.Says("What you have sent"), b.Main())
	b.Open("/en/cases/" + p.CaseID + "/application")
	assert.Contains(t, b.Main(), "You have finished 0 of 7 parts.")

	b.Open("/en/cases/" + p.CaseID + "/documents/name_change").Press(goOn)
	assert.Equal(t, "diploma", slug(b), "a paper that not everybody has may be left out")
	b.Follow("My paper shows another name than my ID").Attach("file", "marriage.pdf", journey.Paper("Marriage certificate")).Press(send)
	ready(b, "marriage.pdf")
	b.Follow("Delete").Press("Delete the file")
	assert.False(t, b.Says("marriage.pdf"))
}

func TestFilesThatCannotBeTakenAreExplained(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, page := p.Browser, "/en/cases/"+p.CaseID+"/application/photo-id"
	heic := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")

	b.Open(page).Attach("file", "IMG_1.HEIC", heic).Press(goOn)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.Len(t, b.Errors(), 1, b.Main())
	assert.Contains(t, b.Errors()[0], "IMG_1.HEIC: This photo is in the HEIC format of iPhones")
	assert.True(t, b.Says("Open Settings, then Camera, then Formats."))

	b.Attach("file", "text.txt", []byte("no picture")).Attach("file", "good.jpg", photo(t, 40)).Attach("file", "nothing.jpg", nil).Press(send)
	assert.Len(t, b.Errors(), 2, "each file is judged by itself")
	assert.True(t, b.Says("good.jpg"), "and the good one is kept: %s", b.Main())

	large := make([]byte, certification.MaxDocumentBytes+1)
	copy(large, photo(t, 50))
	b.Open(page).Attach("file", "large.jpg", large).Press(send)
	require.Len(t, b.Errors(), 1)
	assert.Contains(t, b.Errors()[0], "larger than 25 MB")
	ready(b.Open(page), "good.jpg")

	huge := make([]byte, 6*certification.MaxDocumentBytes+2<<20)
	b.Open(page).Attach("file", "huge.jpg", huge).Press(send)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status(), "also what is far too large gets a page")
	require.NotEmpty(t, b.Errors())
	ready(b.Open(page), "good.jpg")
}

// A connection that breaks in the second file loses nothing of the first.
func TestUploadThatBreaksOffLosesNothingElse(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	page := "/en/cases/" + p.CaseID + "/application/photo-id"
	p.Browser.Open(page)

	body, writing := io.Pipe()
	form := multipart.NewWriter(writing)
	go func() {
		part, err := form.CreateFormFile("file", "first.jpg")
		if err == nil {
			_, err = part.Write(photo(t, 60))
		}
		if err == nil {
			part, err = form.CreateFormFile("file", "second.jpg")
		}
		if err == nil {
			_, err = part.Write(photo(t, 61)[:2000])
		}
		if err != nil {
			t.Errorf("sending: %v", err)
		}
		_ = writing.CloseWithError(io.ErrUnexpectedEOF)
	}()
	answer, err := p.Post(page, form.FormDataContentType(), body)
	if err == nil { // a proxy would answer in our place; a broken connection has no answer
		_ = answer.Body.Close()
	}
	p.ReloadUntil("the first file", func() bool { return p.Says("first.jpg") })
	assert.False(t, p.Says("second.jpg"))
	ready(p.Browser, "first.jpg")
}

func TestTrainingCertificateAndEvidenceHaveTheirOwnRules(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at+"/documents/training_certificate").Attach("file", "one.pdf", journey.Paper("Training one")).Press(send)
	ready(b, "one.pdf")
	b.Attach("file", "two.pdf", journey.Paper("Training two")).Press(send)
	ready(b, "one.pdf", "two.pdf")
	assert.True(t, b.Says("It shows your name, the provider, the hours and the day you finished."), "what a good file shows: %s", b.Main())
	b.Follow("Replace").Attach("file", "three.pdf", journey.Paper("Training three")).Press(send)
	ready(b, "two.pdf", "three.pdf")
	assert.False(t, b.Says("one.pdf"), b.Main())

	b.Open(at + "/documents/appeal_evidence")
	assert.Equal(t, at, b.Path(), "nothing to appeal against")
	b.Open(at + "/documents/selfie")
	assert.Equal(t, http.StatusNotFound, b.Status())
}

// What was sent early can be read while the application is not decided, and nobody is
// asked to send it again.
func TestATrainingThatWasSentEarlyIsWithUs(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	_, err := p.HandInTraining(t.Context())
	require.NoError(t, err)
	b.Open(at)
	assert.False(t, b.Says("Send your training certificate"), b.Main())
	b.Open(at + "/application").Follow("Send your training certificate now")
	assert.Equal(t, at+"/training", b.Path())
	assert.True(t, b.Says("You do not need to send it again."), b.Main())
	b.Open(at + "/training/check")
	assert.Equal(t, at+"/training", b.Path())
}

// Who has sent as many files as there is room for is told what to do, and can do it.
func TestTooManyFilesOfAKind(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, page := p.Browser, "/en/cases/"+p.CaseID+"/documents/name_change"
	for range certification.MaxDocumentsOfKind {
		id := store.NewID()
		_, err := running.On(t).Parts.Store.AddDocument(t.Context(), queries.AddDocumentParams{
			ID: id, CaseID: p.CaseID, Kind: string(certification.DocumentNameChange), Status: string(certification.DocumentClean), MediaType: "application/pdf",
			Bytes: 1, Sha256: id, QuarantineKey: "quarantine/" + id, FileName: "many.pdf", UploadedAt: running.On(t).Parts.Store.Now(),
		})
		require.NoError(t, err)
	}
	b.Open(page).Attach("file", "marriage.pdf", journey.Paper("Marriage certificate")).Press(send)
	require.Len(t, b.Errors(), 1)
	assert.Contains(t, b.Errors()[0], "marriage.pdf")
	assert.Contains(t, b.Errors()[0], "Delete one that you do not need. Then send this one.")
	b.Open(page).Follow("Delete").Press("Delete the file")
	b.Open(page).Attach("file", "marriage.pdf", journey.Paper("Marriage certificate")).Press(send)
	ready(b, "marriage.pdf")
}
