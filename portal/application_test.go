package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
)

// moving is held while the clock moves for one test's people: a code that was mailed
// before would be too old afterwards.
var moving sync.Mutex

// applicant is somebody new who has watched the film, at the task list of their
// application.
func applicant(t *testing.T, language string) producttest.Person {
	t.Helper()
	place := running.On(t)
	world := place.World(t)
	somebody := world.NewPerson("Robin", "Sample", language)
	moving.Lock()
	defer moving.Unlock()
	require.NoError(t, somebody.Register(t.Context()))
	require.NoError(t, world.WatchVideos(t.Context(), somebody))
	b := place.Browser(t)
	place.SignIn(b, language, somebody.Email) // after the film: there is one code a minute
	return producttest.Person{Person: somebody, Browser: b.Open("/" + language + "/cases/" + somebody.CaseID + "/application")}
}

func photo(t *testing.T, shade uint8) []byte {
	t.Helper()
	picture, err := journey.PhotoID(shade)
	require.NoError(t, err)
	return picture
}

// slug is the last part of the page's address.
func slug(b *portaltest.Browser) string {
	path, _, _ := strings.Cut(b.Path(), "?")
	return path[strings.LastIndex(path, "/")+1:]
}

const goOn = "Save and go on"

// fillIn answers the application from its first page to the last, with right answers.
func fillIn(t *testing.T, b *portaltest.Browser) {
	t.Helper()
	require.Equal(t, "name", slug(b))
	b.Fill("legal_first_name", "Robin").Fill("legal_last_name", "Sample").Press(goOn)
	require.Equal(t, "date-of-birth", slug(b))
	b.FillDate("date_of_birth", "1988-04-12").Press(goOn)
	fillInFiles(t, b)
}

// fillInFiles is fillIn from the first page that asks for a file.
func fillInFiles(t *testing.T, b *portaltest.Browser) {
	t.Helper()
	require.Equal(t, "photo-id", slug(b))
	b.Attach("file", "id.jpg", photo(t, 90)).Press(goOn)
	require.Equal(t, "photo-id-date", slug(b))
	b.FillDate("id_expires_on", "2044-04-12").Press(goOn)
	require.Equal(t, "education", slug(b))
	b.Choose("education", "diploma").Press(goOn)
	require.Equal(t, "diploma", slug(b))
	b.Attach("file", "diploma.pdf", journey.Paper("High school diploma")).Press(goOn)
	require.Equal(t, "lived-experience", slug(b))
	b.Choose("lived_experience", "consumer").Press(goOn)
	require.Equal(t, "statements", slug(b))
	b.Tick("attestations").Press(goOn)
	require.Equal(t, "code-of-ethics", slug(b))
	b.Tick("ethics.read").Fill("ethics.typed_name", "Robin Sample").Press(goOn)
}

func TestWholeApplicationByPlainForms(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b := p.Browser
	assert.Contains(t, b.Main(), "You have finished 0 of 7 parts.")
	assert.Contains(t, b.Main(), "We keep what you have saved until")
	b.Follow("Go on with your name")
	assert.Equal(t, "Robin", b.Value("legal_first_name"), "what was told with the account is not asked for again")
	fillIn(t, b)
	require.Equal(t, "check", slug(b))
	assert.True(t, b.Says("Robin Sample", "Tuesday, April 12, 1988", "id.jpg", "diploma.pdf", "High school diploma", "A person in recovery"), b.Main())

	b.Follow("Change your date of birth").FillDate("date_of_birth", "1989-04-12").Press(goOn)
	require.Equal(t, "check", slug(b), "a changed answer leads back to the answers")
	assert.True(t, b.Says("April 12, 1989"))

	b.Follow("Change your diploma").Attach("file", "school record.pdf", journey.Paper("School record")).Press(goOn)
	require.Equal(t, "check", slug(b))
	assert.True(t, b.Says("diploma.pdf", "school record.pdf"))

	b.Press("Hand in my application")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Equal(t, []string{"Compare the name with your ID, then check the box."}, b.Errors())
	b.Tick("name_matches")
	handInWhenChecked(b)
	require.Equal(t, p.CaseID, slug(b))
	seen, err := p.Look(t.Context())
	require.NoError(t, err)
	require.Equal(t, string(certification.StageApplicationFee), string(seen.Stage))

	b.Open(b.Path() + "/application")
	assert.Equal(t, "Your application", b.Heading())
	assert.Contains(t, b.Main(), "This is what you handed in.")
	assert.Empty(t, b.Link("Change your name"))
	for _, closed := range []string{"name", "photo-id", "check", "code-of-ethics"} {
		b.Open("/en/cases/" + p.CaseID + "/application/" + closed)
		assert.Equal(t, p.CaseID, slug(b), "%s leads to the home of the case", closed)
	}
}

// handInWhenChecked presses the button; if a file is still being checked, it waits on
// the page that says so, as a person does.
func handInWhenChecked(b *portaltest.Browser) {
	b.Helper()
	b.Press("Hand in my application")
	if slug(b) != "check" {
		return
	}
	assert.Empty(b, b.Response.Header.Get("Refresh"), "nobody is thrown out of a form")
	b.ReloadUntil("the check of a file", func() bool { return !b.Says("We are still checking one of your files") })
	b.Press("Hand in my application") // what was ticked is ticked
}

func TestWrongAnswersKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID+"/application/"

	b.Open(at+"name").Fill("legal_first_name", "=Robin").Fill("legal_last_name", "").Fill("called", "Rob").Press(goOn)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.True(t, strings.HasPrefix(b.Title(), "Error: "), b.Title())
	assert.Len(t, b.Errors(), 2)
	assert.Equal(t, "Rob", b.Value("called"))
	assert.Equal(t, "=Robin", b.Value("legal_first_name"))
	assert.Contains(t, b.Wrong("legal_last_name"), "Write your last name as it is on your ID.")

	b.Open(at+"date-of-birth").Fill("date_of_birth-month", "13").Fill("date_of_birth-day", "40").Fill("date_of_birth-year", "1990").Press(goOn)
	assert.Equal(t, []string{"Write a date as three numbers, such as 5 17 1990."}, b.Errors())
	assert.Equal(t, "13", b.Value("date_of_birth-month"))
	b.FillDate("date_of_birth", "2020-01-31").Press(goOn)
	assert.Contains(t, b.Errors()[0], fmt.Sprintf("You have to be %d years old or older", certification.CurrentPolicy(time.Now()).MinimumAgeYears))
	b.Press(goOn).Fill("date_of_birth-year", "").Fill("date_of_birth-month", "").Fill("date_of_birth-day", "").Press(goOn)
	assert.Equal(t, []string{"Write your date of birth."}, b.Errors())

	b.Open(at+"photo-id-date").FillDate("id_expires_on", "2020-01-31").Press(goOn)
	assert.Contains(t, b.Errors()[0], "The last day on your ID has passed.")
	b.Open(at + "education").Press(goOn)
	assert.Equal(t, []string{"Choose the paper you will send."}, b.Errors())
	b.Open(at+"name").Fill("legal_first_name", strings.Repeat("a", 31)).Fill("called", strings.Repeat("b", 101)).Press(goOn)
	assert.Len(t, b.Errors(), 1, "first what is no answer, then what the rules say")
	b.Fill("called", "").Press(goOn)
	assert.Contains(t, b.Errors()[0], "up to 30 letters")

	b.Open("/en/cases/" + p.CaseID + "/application")
	assert.Contains(t, b.Main(), "You have finished 0 of 7 parts.", "nothing wrong was saved")
}

func TestPagesOpenByTheRuleThatTheListShows(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t)
	moving.Lock()
	place.Join(b, "en", producttest.NewEmail())
	moving.Unlock()
	list := "/en/cases/" + producttest.CaseID(b) + "/application"

	b.Open(list)
	assert.Contains(t, b.Main(), "Watch the introduction video first.")
	assert.Empty(t, b.Link("Your name"))
	b.Open(list + "/name")
	assert.Equal(t, strings.TrimSuffix(list, "/application"), b.Path(), "before the video no page of the application opens")

	p := applicant(t, "en")
	list = "/en/cases/" + p.CaseID + "/application"
	for _, later := range []string{"/statements", "/code-of-ethics", "/check"} {
		p.Open(list + later)
		assert.Equal(t, list, p.Path(), "%s cannot start yet", later)
	}
	assert.Contains(t, p.Main(), "Cannot start yet")

	stranger := applicant(t, "en")
	for _, page := range []string{"", "/name", "/photo-id", "/check"} {
		stranger.Open(list + page)
		assert.Equal(t, http.StatusNotFound, stranger.Status())
	}
}

func TestTwoTabsDoNotHinderEachOther(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	one, list := p.Browser, "/en/cases/"+p.CaseID+"/application"
	other := one.Tab()
	one.Open(list + "/name")
	other.Open(list+"/date-of-birth").FillDate("date_of_birth", "1988-04-12").Press(goOn)
	one.Fill("legal_first_name", "Robin").Fill("legal_last_name", "Sample").Press(goOn)
	one.Open(list)
	assert.Contains(t, one.Main(), "You have finished 2 of 7 parts.")

	one.Open(list + "/photo-id")
	fillInFiles(t, one)
	require.Equal(t, "check", slug(one))
	other.Open(list+"/name").Fill("called", "Rob").Press(goOn)
	one.Tick("name_matches").Press("Hand in my application")
	assert.Equal(t, http.StatusUnprocessableEntity, one.Status())
	assert.Contains(t, one.Errors()[0], "Something was changed in another window.")
	assert.True(t, one.Says("We call you Rob"), "what is handed in is what was seen")
	handInWhenChecked(one)
	assert.Equal(t, p.CaseID, slug(one))

	other.Open("/en/cases/" + p.CaseID)
	assert.Contains(t, other.Main(), "fee")
}

func TestHandingInTwiceIsHandingInOnce(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b := p.Browser
	b.Open("/en/cases/" + p.CaseID + "/application/name")
	fillIn(t, b)
	b.ReloadUntil("the check of the files", func() bool { return !b.Says("We are still checking") })
	b.Tick("name_matches").PressTwice("Hand in my application")
	assert.Equal(t, p.CaseID, slug(b))
	seen, err := p.Look(t.Context())
	require.NoError(t, err)
	assert.Equal(t, string(certification.StageApplicationFee), string(seen.Stage))
}

func TestReturnOpensTheReturnedPartsAlone(t *testing.T) {
	t.Parallel()
	p := applicant(t, "es")
	b, list := p.Browser, "/es/cases/"+p.CaseID+"/application"
	require.NoError(t, p.Apply(t.Context()))
	require.NoError(t, p.Pay(t.Context(), 100_00, certification.StageApplicationReview))
	_, err := p.Review(t.Context(), "decide-application", map[string]any{
		"decision": "return", "reasons": []string{"ID_UNREADABLE", "OTHER"}, "notes": map[string]string{"OTHER": "Escriba los dos apellidos."},
	})
	require.NoError(t, err)

	b.Open(list)
	assert.Equal(t, "Por favor, corrija algunas cosas", b.Heading())
	assert.True(t, b.Says("Escriba los dos apellidos.", "Nuestro plazo está detenido", "Cerrada", "Ha terminado 0 de 3 partes."), b.Main())
	b.Open(list + "/check")
	assert.True(t, b.Says("Todavía no ha enviado otra identificación", "Todavía no ha cambiado su nombre"), "it is said, and hinders nothing")
	for _, locked := range []string{"/education", "/diploma", "/statements", "/code-of-ethics"} {
		b.Open(list + locked)
		assert.Equal(t, list, b.Path(), "%s stays locked", locked)
	}
	b.Open("/es/cases/" + p.CaseID + "/documents/name_change")
	assert.Equal(t, list, b.Path(), "files of a locked part are not taken")

	b.Open(list).Follow("Enviar otra identificación")
	assert.Contains(t, b.Main(), "my id.jpg")
	b.Press("Guardar y seguir")
	require.Equal(t, "photo-id-date", slug(b))
	b.Press("Guardar y seguir").Open(list + "/check")
	assert.True(t, b.Says("Todavía no ha enviado otra identificación"), "the same file is no answer")
	b.Open(list+"/photo-id").Follow("Reemplazar").Attach("file", "nueva.jpg", photo(t, 33)).Press("Enviar el archivo")
	assert.True(t, b.Says("nueva.jpg"))
	assert.False(t, b.Says("my id.jpg"), b.Main())
	b.Press("Guardar y seguir")
	require.Equal(t, "photo-id-date", slug(b))
	b.Press("Guardar y seguir")
	require.Equal(t, "name", slug(b), "then what else was returned")

	// What was answered is known on every device.
	place := running.On(t)
	moving.Lock()
	require.NoError(t, place.World(t).Advance(t.Context(), 61*time.Second)) // one code a minute
	b = place.SignIn(place.Browser(t), "es", p.Email)
	moving.Unlock()
	b.Open(list)
	assert.True(t, b.Says("Ha terminado 1 de 3 partes.", "Ya respondió a esto"), b.Main())
	b.Open(list + "/check")
	assert.False(t, b.Says("Todavía no ha enviado otra identificación"), b.Main())
	b.Open(list+"/name").Fill("legal_last_name", "Sample Ejemplo").Press("Guardar y seguir")
	require.Equal(t, "check", slug(b), "of what the note is about nobody knows more than who wrote it")
	assert.False(t, b.Says("Todavía no ha"), b.Main())
	b.Tick("name_matches")
	b.ReloadUntil("the check of the file", func() bool { return !b.Says("Todavía estamos revisando") })
	b.Tick("name_matches").Press("Enviarla de nuevo")
	require.Equal(t, p.CaseID, slug(b))
	_, err = p.Reach(t.Context(), certification.StageApplicationReview)
	require.NoError(t, err)

	// What no reason points at stays locked beside what one does, at its address and to
	// whoever sends a form there.
	_, err = p.SignalAs(t.Context(), place.World(t).AsReviewer(), "decide-application", map[string]any{"decision": "return", "reasons": []string{"DOB_MISMATCH"}})
	require.NoError(t, err)
	b.Open(list + "/name")
	assert.Equal(t, list, b.Path())
	answer := b.Ask(http.MethodPost, list+"/name", url.Values{"legal_first_name": {"Someone"}, "legal_last_name": {"Else"}}, nil)
	assert.Equal(t, list, answer.Header.Get("Location"))
	_, err = p.Save(t.Context(), "application", map[string]any{"called": "Else"})
	require.ErrorContains(t, err, "locked")
	b.Open(list + "/date-of-birth").Press("Guardar y seguir")
	require.Equal(t, "check", slug(b), "sent again unchanged is an answer too")
	assert.False(t, b.Says("Todavía no ha cambiado su fecha de nacimiento"), b.Main())
}

// What was never handed in is not called so, while nothing can be changed.
func TestADraftThatCannotBeChangedIsNotCalledHandedIn(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	world := running.On(t).World(t)
	b, list := p.Browser, "/en/cases/"+p.CaseID+"/application"
	b.Open(list+"/name").Fill("legal_first_name", "Robin").Fill("legal_last_name", "Sample").Press(goOn)
	shut := func(why string) {
		t.Helper()
		b.Open(list)
		require.Equal(t, list, b.Path())
		assert.True(t, b.Says(why, "You have not handed it in", "Your name", "Locked"), b.Main())
		for _, never := range []string{"This is what you handed in", "No answer yet", "We keep what you have saved", "Cannot start yet", "Not started"} {
			assert.False(t, b.Says(never), "%s: %s", never, b.Main())
		}
		assert.Empty(t, b.Link("/application/name"))
	}
	_, err := p.SignalAs(t.Context(), world.Anybody().As(world.Administrator), "hold", nil)
	require.NoError(t, err)
	shut("Your case is on hold")
	_, err = p.SignalAs(t.Context(), world.Anybody().As(world.Administrator), "release-hold", nil)
	require.NoError(t, err)
	b.Open(list)
	assert.True(t, b.Says("We keep what you have saved"), b.Main())
	_, err = p.Signal(t.Context(), "withdraw", nil)
	require.NoError(t, err)
	shut("You withdrew your application")
}

// That the name is right is the person's word, and no address says it for them.
func TestNobodyConfirmsANameForSomebodyElse(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, check := p.Browser, "/en/cases/"+p.CaseID+"/application/check"
	b.Open("/en/cases/" + p.CaseID + "/application/name")
	fillIn(t, b)
	ticked := func() bool {
		require.Contains(t, string(b.Body), `name="name_matches"`)
		return regexp.MustCompile(`name="name_matches"[^>]* checked`).Match(b.Body)
	}
	for _, address := range []string{check, check + "?sent=1", check + "?name_matches=yes"} {
		b.Open(address)
		assert.False(t, ticked(), address)
		assert.Empty(t, b.Response.Header.Get("Refresh"), address)
	}
	other := b.Tab().Open("/en/cases/" + p.CaseID + "/application/name")
	b.Open(check).Tick("name_matches")
	other.Fill("legal_last_name", "Other").Press(goOn)
	b.Press("Hand in my application")
	assert.Contains(t, b.Errors()[0], "Something was changed in another window.")
	assert.False(t, ticked(), "it was said of another name")
	b.Press("Hand in my application")
	assert.Equal(t, []string{"Compare the name with your ID, then check the box."}, b.Errors())
}
