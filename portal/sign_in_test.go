package portal_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/local/mailbox"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
)

// joined is somebody new with an account, at the home of their case.
func joined(t *testing.T, place *producttest.Place, language string) (b *portaltest.Browser, caseID, email string) {
	t.Helper()
	email = producttest.NewEmail()
	b = place.Join(place.Browser(t), language, email)
	return b, producttest.CaseID(b), email
}

// pause lets the time pass in which no second code is mailed to an address.
func pause(t *testing.T, place *producttest.Place) {
	t.Helper()
	require.NoError(t, place.World(t).Advance(t.Context(), 61*time.Second))
}

// asked is a browser at the page that asks for a code, and the code.
func asked(t *testing.T, place *producttest.Place, email string) (*portaltest.Browser, string) {
	t.Helper()
	b, before := place.Browser(t), place.Letters(email)
	b.Open("/en/sign-in").Fill("email", email).Press("Send me a code")
	require.Equal(t, "/en/sign-in/code", b.Path())
	return b, place.Code(t, email, before)
}

// wrong is a code that is not the right one.
func wrong(code string) string {
	other := "0"
	if code[0] == '0' {
		other = "1"
	}
	return other + code[1:]
}

// Nobody learns at the sign-in, or from the letter, who has an account.
func TestSignInTellsNobodyWhoIsKnown(t *testing.T) {
	place := running.On(t)
	_, _, known := joined(t, place, "en")
	pause(t, place)

	type seen struct {
		sent, page, letter string
		wrong              portaltest.Answer
	}
	look := func(email string) seen {
		b, before := place.Browser(t).Open("/en/sign-in"), place.Letters(email)
		same := func(text string) string {
			return anyID.ReplaceAllString(strings.ReplaceAll(text, email, "EMAIL"), "ID")
		}
		sent := b.Ask(http.MethodPost, "/en/sign-in", url.Values{"email": {email}, "key": {uuid.NewString()}}, nil)
		code := place.Code(t, email, before)
		b.Open("/en/sign-in/code")
		found := seen{sent: sent.Header.Get("Location") + sent.Body, page: same(string(b.Body))}
		letter := place.Stack.Mailbox().Messages(email)[0]
		found.letter = same(strings.ReplaceAll(letter.Subject+letter.Text+letter.HTML, code, "CODE"))
		found.wrong = sameButForIDs(b.Ask(http.MethodPost, "/en/sign-in/code", url.Values{"code": {wrong(code)}, "key": {uuid.NewString()}}, nil))
		found.wrong.Body = same(strings.ReplaceAll(found.wrong.Body, wrong(code), "CODE"))
		return found
	}
	assert.Equal(t, look(known), look(producttest.NewEmail()))
}

func TestAddressesThatAreNoneAreExplained(t *testing.T) {
	t.Parallel()
	b := running.On(t).Browser(t)
	for typed, said := range map[string]string{
		"":                             "Write your email address.",
		"robin":                        "Write an email address such as name@example.com.",
		"robin@example":                "Write an email address such as name@example.com.",
		"Robin <robin@example.test>":   "Write an email address such as name@example.com.",
		"robin@example.test, b@c.test": "Write an email address such as name@example.com.",
		strings.Repeat("a", 300) + "@example.test": "Write an email address such as name@example.com.",
	} {
		b.Open("/en/sign-in").Fill("email", typed).Press("Send me a code")
		assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
		assert.Equal(t, []string{said}, b.Errors())
		assert.Equal(t, typed, b.Value("email"), "what was typed stays")
	}
	b.Open("/en/sign-in/code")
	assert.Equal(t, "/en/sign-in", b.Path(), "no code was asked for")
	b.Open("/en/account")
	assert.Equal(t, "/en/sign-in", b.Path(), "no address was confirmed")
}

func TestCodeTriedTooOften(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b, code := asked(t, place, email)
	for _, typed := range []string{"", "12345", "abcdef", "1234567"} {
		b.Fill("code", typed).Press("Go on")
		assert.Equal(t, http.StatusUnprocessableEntity, b.Status(), "%q is no code, and no try", typed)
	}
	for range 5 {
		b.Fill("code", wrong(code)).Press("Go on")
		assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
		assert.Contains(t, b.Wrong("code"), "This is not the code that we sent")
		assert.True(t, b.Says(email))
	}
	b.Fill("code", code).Press("Go on")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Equal(t, []string{"This code was tried too often. Please ask for a new one below."}, b.Errors())

	pause(t, place)
	before := place.Letters(email)
	b.Press("Send a new code")
	require.Equal(t, "/en/sign-in/code", b.Path())
	fresh := place.Code(t, email, before)
	b.Fill("code", fresh).Press("Go on")
	assert.Equal(t, "/en/account", b.Path())
}

// People press the button again before the letter can have come, and go back to begin
// again: that is answered where they are, and the code they have is still good.
func TestAskingForCodesTooQuickly(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b, code := asked(t, place, email)
	b.Press("Send a new code")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.Len(t, b.Errors(), 1)
	assert.Contains(t, b.Wrong("code"), "A code was sent a moment ago.")

	b.Open("/en/sign-in").Fill("email", email).Press("Send me a code")
	assert.Contains(t, b.Wrong("code"), "A code was sent a moment ago.", "whoever asked already has a code to give")
	other := place.Browser(t).Open("/en/sign-in").Fill("email", email).Press("Send me a code")
	assert.Equal(t, http.StatusUnprocessableEntity, other.Status())
	assert.NotEmpty(t, other.Wrong("email"))
	assert.Equal(t, email, other.Value("email"))

	b.Fill("code", code).Press("Go on")
	assert.Equal(t, "/en/account", b.Path())
}

// A new code takes the place of the old one, and codes run out.
func TestNewestCodeIsGood(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b, old := asked(t, place, email)
	pause(t, place)
	before := place.Letters(email)
	b.Press("Send a new code")
	fresh := place.Code(t, email, before)
	if old != fresh { // one in a million is
		b.Fill("code", old).Press("Go on")
		assert.Contains(t, b.Wrong("code"), "This is not the code that we sent")
	}
	require.NoError(t, place.World(t).Advance(t.Context(), 11*time.Minute))
	b.Fill("code", fresh).Press("Go on")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Contains(t, b.Wrong("code"), "its ten minutes are over")
	before = place.Letters(email)
	b.Press("Send a new code")
	fresh = place.Code(t, email, before)
	b.Fill("code", " "+fresh[:3]+" - "+fresh[3:]+"\t").Press("Go on")
	assert.Equal(t, "/en/account", b.Path(), "pasted with what stands around it")
}

// Whoever mistyped their address goes back and puts it right; a browser may show the
// page as it was, with the same key in its form.
func TestAddressIsPutRightOnThePageBefore(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t).Open("/en/sign-in")
	key := b.Value("key")
	mistyped, right := producttest.NewEmail(), producttest.NewEmail()
	for _, email := range []string{mistyped, mistyped, right} {
		answer := b.Ask(http.MethodPost, "/en/sign-in", url.Values{"email": {email}, "key": {key}}, nil)
		require.Equal(t, http.StatusSeeOther, answer.Status, answer.Body)
		b.Open("/en/sign-in/code")
		assert.True(t, b.Says(email))
	}
	code := place.Code(t, right, 0)
	place.Code(t, mistyped, 0) // no letter waits for another, so either comes first
	assert.Equal(t, 1, place.Letters(mistyped), "sent twice, it is one letter")
	b.Fill("code", code).Press("Go on")
	assert.Equal(t, "/en/account", b.Path())
}

// The answer to the right code can get lost on the way to a phone. The same form, sent
// once more by a browser that still has the old session, is one sign-in.
func TestLostAnswerToACode(t *testing.T) {
	place := running.On(t)
	_, caseID, known := joined(t, place, "en")
	pause(t, place)
	for email, leadsTo := range map[string]string{known: "/en/home", producttest.NewEmail(): "/en/account"} {
		b, code := asked(t, place, email)
		cookie := http.Header{"Cookie": {"session=" + b.Session()}}
		form, to := url.Values{"code": {code}, "key": {b.Value("key")}}, ""
		for node := range b.Document().Descendants() {
			for _, attribute := range node.Attr {
				if attribute.Key == "action" && strings.HasPrefix(attribute.Val, "/en/sign-in/code") {
					to = attribute.Val
				}
			}
		}
		again := place.Browser(t)
		assert.Equal(t, leadsTo, again.Ask(http.MethodPost, to, form, cookie).Header.Get("Location"))
		stranger := place.Browser(t)
		assert.Equal(t, "/en/sign-in", stranger.Ask(http.MethodPost, to, url.Values{"code": {wrong(code)}}, cookie).Header.Get("Location"), "the code has to be right")
		assert.Equal(t, leadsTo, stranger.Ask(http.MethodPost, to, form, cookie).Header.Get("Location"))
		if email == known {
			stranger.Open("/en/home")
			assert.Equal(t, "/en/cases/"+caseID, stranger.Path())
		}
	}
}

func TestSignedInLeadsToWhatWasAskedFor(t *testing.T) {
	place := running.On(t)
	b, caseID, email := joined(t, place, "en")
	code := "/en/sign-in/code"
	b.Open(code)
	assert.Equal(t, "/en/cases/"+caseID, b.Path(), "back to the page of the code")
	b.Open("/en/sign-in")
	assert.Equal(t, "/en/cases/"+caseID, b.Path())
	b.Open("/en/account")
	assert.Equal(t, "/en/cases/"+caseID, b.Path())
	answer := b.Ask(http.MethodPost, code, url.Values{"code": {"123456"}, "key": {uuid.NewString()}}, nil)
	assert.Equal(t, http.StatusSeeOther, answer.Status, "the form of the code is sent again")

	b.Press("/en/sign-out")
	assert.Equal(t, "/en/", b.Path())
	b.Open("/en/cases/" + caseID + "/letters")
	require.Contains(t, b.Path(), "/en/sign-in?next=")
	assert.True(t, b.Says("All that you saved is kept."), b.Main())
	pause(t, place)
	before := place.Letters(email)
	b.Fill("email", email).Press("Send me a code").Fill("code", place.Code(t, email, before)).Press("Go on")
	assert.Equal(t, "/en/cases/"+caseID+"/letters", b.Path())

	for _, next := range []string{
		"//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example", "/\t/elsewhere.example", "%2F%2Felsewhere.example", "elsewhere.example", "/x\r\nSet-Cookie: a=b",
	} {
		pause(t, place)
		require.NoError(t, place.World(t).Advance(t.Context(), 15*time.Minute)) // five codes an hour
		b.Press("/en/sign-out")
		before := place.Letters(email)
		b.Open("/en/sign-in?next="+url.QueryEscape(next)).Fill("email", email).Press("Send me a code")
		answer := b.Ask(http.MethodPost, code, url.Values{"code": {place.Code(t, email, before)}, "key": {uuid.NewString()}}, nil)
		require.Equal(t, http.StatusSeeOther, answer.Status)
		to, err := url.Parse(answer.Header.Get("Location"))
		require.NoError(t, err)
		assert.Empty(t, to.Host, "%q leads to another host", next)
		assert.True(t, strings.HasPrefix(to.Path, "/en/"), to.Path)
		b.Open("/en/home")
	}
}

func TestSigningOutEverywhereEndsTheOtherBrowser(t *testing.T) {
	place := running.On(t)
	phone, caseID, email := joined(t, place, "en")
	pause(t, place)
	library := place.SignIn(place.Browser(t), "es", email)
	require.Equal(t, "/es/cases/"+caseID, library.Path())
	phone.Open("/en/my-data").Press("Sign out everywhere")
	assert.Equal(t, "/en/", phone.Path())
	for _, b := range []*portaltest.Browser{phone, library} {
		b.Open("/en/cases/" + caseID)
		assert.Contains(t, b.Path(), "/en/sign-in?next=")
	}
	pause(t, place)
	place.SignIn(phone, "en", email)
	assert.Equal(t, "/en/cases/"+caseID, phone.Path(), "a new session is good")
	library.Open("/en/cases/" + caseID)
	assert.Contains(t, library.Path(), "/en/sign-in")
}

// A session that nobody used has ended. What was saved is there, what is to be done is
// said, and after signing in one is where one was.
func TestIdleSessionsEndAndLoseNothing(t *testing.T) {
	place := running.On(t)
	p := applicant(t, "en")
	b, list := p.Browser, "/en/cases/"+p.CaseID+"/application"
	b.Open(list+"/name").Fill("legal_first_name", "Robin").Fill("legal_last_name", "Sample").Press(goOn)
	require.Equal(t, "date-of-birth", slug(b))
	b.FillDate("date_of_birth", "1988-04-12")

	session := b.Session()
	records, err := pgx.Connect(t.Context(), place.Settings.DatabaseURL)
	require.NoError(t, err)
	defer records.Close(t.Context())
	hashed := sha256.Sum256([]byte(session))
	ended, err := records.Exec(t.Context(), "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE token = $1",
		base64.RawURLEncoding.EncodeToString(hashed[:]))
	require.NoError(t, err)
	require.EqualValues(t, 1, ended.RowsAffected(), "the row is found by the hash of the cookie")
	var inClear int
	require.NoError(t, records.QueryRow(t.Context(),
		"SELECT count(*) FROM sessions WHERE token = $1 OR position($1::bytea in data) > 0", session).Scan(&inClear))
	assert.Zero(t, inClear, "whoever reads the table is signed in nowhere")

	b.Press(goOn)
	require.Equal(t, "/en/sign-in", strings.Split(b.Path(), "?")[0])
	assert.True(t, b.Says("All that you saved is kept, and so is what you sent just now."), b.Main())
	assert.False(t, b.Says("1988"), "nothing that was typed is in an address or on a page")
	pause(t, place)
	before := place.Letters(p.Email)
	b.Fill("email", p.Email).Press("Send me a code").Fill("code", place.Code(t, p.Email, before)).Press("Go on")
	assert.NotEqual(t, session, b.Session())
	assert.True(t, b.Says("What you sent is still here"), b.Main())
	b.Reload()
	assert.True(t, b.Says("What you sent is still here"), "looking at it again takes nothing away: %s", b.Main())
	b.Press("Send it now")
	require.Equal(t, "photo-id", slug(b), "nobody types anything twice")
	b.Open(list)
	assert.Contains(t, b.Main(), "You have finished 2 of 7 parts.")
	b.Open("/en/held")
	assert.Equal(t, "/en/cases/"+p.CaseID, b.Path(), "once it was sent there is nothing to give back")
}

// endSession ends the session of a browser, as too long a pause does.
func endSession(t *testing.T, place *producttest.Place, b *portaltest.Browser) {
	t.Helper()
	records, err := pgx.Connect(t.Context(), place.Settings.DatabaseURL)
	require.NoError(t, err)
	defer records.Close(t.Context())
	hashed := sha256.Sum256([]byte(b.Session()))
	ended, err := records.Exec(t.Context(), "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE token = $1",
		base64.RawURLEncoding.EncodeToString(hashed[:]))
	require.NoError(t, err)
	require.EqualValues(t, 1, ended.RowsAffected())
}

// The form that opens an account is long, and comes right after the code.
func TestTheFormOfAnAccountIsKept(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b := place.SignIn(place.Browser(t), "en", email)
	require.Equal(t, "/en/account", b.Path())
	assert.Contains(t, string(b.Body), `data-stay="/en/stay"`, "it warns before the session ends")
	assert.Equal(t, http.StatusNoContent, b.Ask(http.MethodPost, "/en/stay", nil, nil).Status)
	for name, value := range map[string]string{"first_name": "Zuzanna", "last_name": "Sample", "line1": "1 Main Street", "city": "Oakland", "zip": "94612"} {
		b.Fill(name, value)
	}
	b.Choose("county_plan", "Alameda")
	endSession(t, place, b)
	b.Press("Open my case")
	require.Equal(t, "/en/sign-in", b.Path())
	assert.True(t, b.Says("so is what you sent just now"), b.Main())
	assert.False(t, b.Says("Zuzanna"))
	assert.Equal(t, "/en/sign-in", b.Ask(http.MethodPost, "/en/stay", nil, nil).Header.Get("Location"), "there is no session to keep")

	pause(t, place)
	before := place.Letters(email)
	b.Fill("email", strings.ToUpper(email[:1])+email[1:]).Press("Send me a code").Fill("code", place.Code(t, email, before)).Press("Go on")
	require.Equal(t, "/en/account", b.Path())
	b.Reload()
	assert.True(t, b.Says("What you typed is still here"), b.Main())
	assert.Equal(t, "Zuzanna", b.Value("first_name"))
	assert.Equal(t, "94612", b.Value("zip"))
	b.Press("Open my case")
	assert.Equal(t, "Watch the introduction video", b.Heading())
	b.Open("/en/held")
	assert.NotContains(t, b.Main(), "What you sent is still here", "it was sent")
}

// On a computer that others use, the next person is not given it.
func TestTheFormOfAnAccountIsForItsAddressAlone(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b := place.SignIn(place.Browser(t), "en", email).Fill("first_name", "Zuzanna")
	endSession(t, place, b)
	b.Press("Open my case")
	place.SignIn(b, "en", producttest.NewEmail())
	require.Equal(t, "/en/account", b.Path())
	assert.Empty(t, b.Value("first_name"))
	assert.NotContains(t, string(b.Body), "Zuzanna")
}

// What is changed in one's own data is given back, to oneself alone.
func TestAChangeOfMyDataIsKept(t *testing.T) {
	place := running.On(t)
	b, caseID, email := joined(t, place, "en")
	b.Open("/en/my-data/change").Fill("called", "Zuzu")
	endSession(t, place, b)
	b.Press("Save")
	require.Equal(t, "/en/sign-in", b.Path())
	pause(t, place)
	place.SignIn(b, "en", email)
	assert.True(t, b.Says("What you sent is still here"), b.Main())
	b.Press("Send it now")
	require.Equal(t, "/en/my-data", b.Path())
	assert.True(t, b.Says("Zuzu"))

	b.Open("/en/my-data/change").Fill("called", "Zaza")
	endSession(t, place, b)
	b.Press("Save")
	_, theirs, other := joined(t, place, "en")
	pause(t, place)
	place.SignIn(b, "en", other)
	assert.Equal(t, "/en/cases/"+theirs, b.Path())
	assert.NotEqual(t, caseID, theirs)
	b.Open("/en/held")
	assert.NotContains(t, string(b.Body), "Zaza")
}

// What was sent after a session had ended is given back to the owner of the case alone.
func TestOthersAreNotGivenWhatWasSentLate(t *testing.T) {
	place := running.On(t)
	_, caseID, _ := joined(t, place, "en")
	_, theirs, email := joined(t, place, "en")
	library := place.Browser(t).Open("/en")
	answer := library.Ask(http.MethodPost, "/en/cases/"+caseID+"/application/name", url.Values{"legal_first_name": {"Zuzanna"}, "key": {uuid.NewString()}}, nil)
	assert.Equal(t, "/en/sign-in", answer.Header.Get("Location"))
	pause(t, place)
	place.SignIn(library, "en", email)
	assert.Equal(t, "/en/cases/"+theirs, library.Path())
	assert.False(t, library.Says("Zuzanna"))
}

// Of a form that is not kept one is led to the page, if there is one.
func TestEndedSessionLeadsBackToThePageOfAForm(t *testing.T) {
	place := running.On(t)
	_, caseID, email := joined(t, place, "en")
	for path, page := range map[string]string{"/my-data/change": "/my-data/change", "/sign-out-everywhere": "/cases/" + caseID} {
		require.NoError(t, place.World(t).Advance(t.Context(), 15*time.Minute))
		b := place.Browser(t).Open("/en")
		answer := b.Ask(http.MethodPost, "/en"+path, url.Values{"key": {uuid.NewString()}}, nil)
		require.Equal(t, "/en/sign-in", answer.Header.Get("Location"))
		place.SignIn(b, "en", email)
		assert.Equal(t, "/en"+page, b.Path())
	}
}

func TestAccountKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t)
	moving.Lock()
	place.SignIn(b, "en", producttest.NewEmail())
	moving.Unlock()
	require.Equal(t, "/en/account", b.Path())
	assert.Equal(t, "CA", b.Value("state"))
	b.Fill("first_name", "Zoë").Fill("line1", "1 Main Street").Fill("city", "Oakland").Fill("state", "Calif").Fill("zip", "9461").Fill("phone", "call me").Press("Open my case")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Equal(t, []string{
		"Write your last name.", "Choose your county plan.", "Write a ZIP code of five digits, such as 94612.", "Write the two letters of your state, such as CA.",
	}, b.Errors())
	for name, typed := range map[string]string{"first_name": "Zoë", "line1": "1 Main Street", "zip": "9461", "phone": "call me", "state": "Calif"} {
		assert.Equal(t, typed, b.Value(name))
	}
	b.Fill("last_name", strings.Repeat("é", 81)).Fill("state", "ca").Fill("zip", "94612-12345").Choose("county_plan", "Alameda").Press("Open my case")
	assert.NotEmpty(t, b.Wrong("zip"))
	b.Fill("zip", "94612-1234").Press("Open my case")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.NotEmpty(t, b.Wrong("last_name"))
	assert.NotEmpty(t, b.Wrong("phone"))
	assert.Empty(t, b.Wrong("zip"))
	b.Fill("last_name", "Nuñez").Fill("phone", "+1 (510) 555-0100").PressTwice("Open my case")
	assert.Equal(t, "Watch the introduction video", b.Heading())
	b.Open("/en/my-data")
	assert.True(t, b.Says("Zoë Nuñez", "Oakland CA 94612-1234", "+1 (510) 555-0100"), b.Main())
}

// Two people with the same name are two people.
func TestNamesakesAreTwoPeople(t *testing.T) {
	place := running.On(t)
	one, first, _ := joined(t, place, "en")
	other, second, _ := joined(t, place, "en")
	assert.NotEqual(t, first, second)
	one.Open("/en/home")
	assert.Equal(t, "/en/cases/"+first, one.Path())
	other.Open("/en/cases/" + first)
	assert.Equal(t, http.StatusNotFound, other.Status())
}

func TestAccountsInOtherLanguages(t *testing.T) {
	place := running.On(t)
	for language, direction := range map[string]string{"es": "ltr", "ar": "rtl"} {
		b, email := place.Browser(t), producttest.NewEmail()
		place.SignIn(b, language, email)
		require.Equal(t, "/"+language+"/account", b.Path())
		b.Press("/" + language + "/account")
		assert.Len(t, b.Errors(), 6, "only the state is filled in")
		assert.Contains(t, string(b.Body), `<html lang="`+language+`" dir="`+direction+`">`)
		for name, value := range map[string]string{"first_name": "ليلى", "last_name": "Nuñez", "line1": "1 Main Street", "city": "Oakland", "zip": "94612"} {
			b.Fill(name, value)
		}
		b.Choose("county_plan", "Alameda").Press("/" + language + "/account")
		require.Regexp(t, `^/`+language+`/cases/[0-9a-f-]{36}$`, b.Path())
		b.Open("/" + language + "/my-data")
		assert.True(t, b.Says("ليلى Nuñez", email), b.Main())
		assert.Equal(t, language, letterLanguage(place.Stack.Mailbox().Messages(email)[0]), "the code came in the language of the page")
	}
}

var languageOf = regexp.MustCompile(`<html[^>]* lang="([a-z]+)"`)

// letterLanguage is the language that a letter says it is in.
func letterLanguage(letter mailbox.Message) string {
	if found := languageOf.FindStringSubmatch(letter.HTML); found != nil {
		return found[1]
	}
	return ""
}
