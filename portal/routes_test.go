package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
	"peercert/portal"
	"peercert/portal/portaltest"
)

// public are the addresses outside of cases that anybody may open: a new one is put
// here on purpose, or it fails the test.
var public = []string{
	"/", "/:language", "/:language/", "/cases/:case", "/verify/:number", "/:language/verify/:number", "/:language/registry",
	"/:language/sign-in", "/:language/sign-in/code", "/:language/account", "/:language/account-closed", "/:language/training-providers",
	"/:language/help", "/:language/help-with-the-fee", "/:language/privacy", "/:language/accessibility", "/:language/feedback", "/:language/feedback/thanks",
	"/:language/eligibility", "/:language/eligibility/",
	"/:language/stay", // also for who has confirmed an address and no account yet
}

// own are those outside of cases that are for somebody who is signed in.
var own = []string{
	"/:language/home", "/:language/start-again", "/:language/sign-out", "/:language/sign-out-everywhere",
	"/payments/:payment/:outcome", "/:language/payments/:payment/:outcome", "/:language/my-data", "/:language/my-data/", "/:language/held",
}

func listed(list []string, path string) bool {
	return slices.ContainsFunc(list, func(known string) bool {
		return path == known || strings.HasSuffix(known, "/") && len(known) > len("/:language/") && strings.HasPrefix(path, known)
	})
}

// What helps on one machine is nowhere in the product.
func TestPagesOfOneMachineAreNotTheProducts(t *testing.T) {
	place := running.On(t)
	b := place.Browser(t)
	for _, path := range []string{
		"/personas", "/personas/sign-in", "/en/personas", "/en/personas/sign-in", "/clock", "/en/clock", "/mailbox", "/mail/1", "/delete-all",
		"/gallery", "/gallery/", "/en/gallery/", "/book",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := b.Ask(method, path, url.Values{"case": {uuid.NewString()}}, nil)
			assert.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.Status, "%s %s", method, path)
		}
	}
}

// Whoever adds an address says whom it is for.
func TestEveryAddressIsKnown(t *testing.T) {
	for _, address := range portal.Addresses() {
		switch {
		case strings.Contains(address.Path, "/cases/:case") && strings.HasPrefix(address.Path, "/:language"):
			assert.True(t, address.Case, "%s %s names a case and is for others than its owner", address.Method, address.Path)
		case address.Own:
			assert.True(t, listed(own, address.Path), "%s %s is not known", address.Method, address.Path)
		default:
			assert.True(t, listed(public, address.Path), "%s %s is not known", address.Method, address.Path)
		}
	}
}

// last are those that change who is there, or end a case: they are walked after all
// others.
var last = regexp.MustCompile(`/(start-again|withdraw|surrender|delete-draft/[a-z]+|my-data/close|sign-out|sign-out-everywhere)$`)

// filledIn is an address with its parameters filled in.
type filledIn struct {
	portal.Address
	pattern string // with the names of its parameters
}

// walk gives every address with its parameters filled in.
func walk(t *testing.T, filled map[string]string) []filledIn {
	t.Helper()
	var all []filledIn
	for _, known := range portal.Addresses() {
		address := filledIn{Address: known, pattern: known.Path}
		address.Path = parameter.ReplaceAllStringFunc(address.Path, func(name string) string {
			value, known := filled[name[1:]]
			require.True(t, known, "no value is known for %s in %s", name, address.Path)
			return value
		})
		all = append(all, address)
	}
	slices.SortStableFunc(all, func(a, b filledIn) int {
		switch late, later := last.MatchString(a.Path), last.MatchString(b.Path); {
		case late == later:
			return 0
		case late:
			return 1
		}
		return -1
	})
	return all
}

var parameter = regexp.MustCompile(`:[a-z]+`)

// of are the values of the parameters for a case, with ids that there are not.
func of(caseID string) map[string]string {
	return map[string]string{
		"language": "en", "case": caseID, "chapter": "welcome", "letter": uuid.NewString(), "payment": uuid.NewString(),
		"outcome": "success", "document": "photo-id", "number": "1", "earlier": uuid.NewString(), "form": "application",
	}
}

// sameButForIDs takes ids, keys and the address itself out of an answer.
func sameButForIDs(answer portaltest.Answer) portaltest.Answer {
	answer.Body = anyID.ReplaceAllString(answer.Body, "ID")
	header := http.Header{}
	for name, values := range answer.Header {
		if name != "Date" && name != "Set-Cookie" {
			header[name] = []string{anyID.ReplaceAllString(strings.Join(values, ", "), "ID")}
		}
	}
	answer.Header = header
	return answer
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// somebody is signed in, with a case at its first stage.
func somebody(t *testing.T) (*portaltest.Browser, string, string) {
	t.Helper()
	place := running.On(t)
	email := producttest.NewEmail()
	b := place.Join(place.Browser(t), "en", email)
	return b, producttest.CaseID(b), email
}

func TestVisitorsWhoAreNotSignedIn(t *testing.T) {
	place := running.On(t)
	_, caseID, _ := somebody(t)
	nobody := place.Browser(t).Open("/en")
	for _, address := range walk(t, of(caseID)) {
		answer := nobody.Ask(address.Method, address.Path, nil, nil)
		name := address.Method + " " + address.Path
		assert.Less(t, answer.Status, http.StatusInternalServerError, name)
		if !address.Own {
			continue
		}
		assert.Equal(t, http.StatusSeeOther, answer.Status, name)
		assert.Contains(t, answer.Header.Get("Location"), "/en/sign-in", name)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"), name)
	}
}

// Somebody whose address was confirmed but who has no account is nobody yet.
func TestVisitorsWithoutAnAccount(t *testing.T) {
	place := running.On(t)
	_, caseID, _ := somebody(t)
	newcomer := place.SignIn(place.Browser(t), "en", producttest.NewEmail())
	require.Equal(t, "/en/account", newcomer.Path())
	for _, address := range walk(t, of(caseID)) {
		answer := newcomer.Ask(address.Method, address.Path, nil, nil)
		name := address.Method + " " + address.Path
		assert.Less(t, answer.Status, http.StatusInternalServerError, name)
		if address.Own {
			assert.Equal(t, http.StatusSeeOther, answer.Status, name)
			assert.Contains(t, answer.Header.Get("Location"), "/en/sign-in", name)
		}
	}
}

// Somebody else's case answers as one that there is not, byte for byte, and so does an
// id that is none.
func TestOthersCasesLookLikeNothing(t *testing.T) {
	place := running.On(t)
	_, theirs, _ := somebody(t)
	stranger, mine, _ := somebody(t)
	seen := 0
	for _, address := range portal.Addresses() {
		if !address.Case {
			continue
		}
		seen++
		ask := func(caseID string) portaltest.Answer {
			values := of(caseID)
			path := parameter.ReplaceAllStringFunc(address.Path, func(name string) string { return values[name[1:]] })
			answer := stranger.Ask(address.Method, path, url.Values{"key": {uuid.NewString()}}, nil)
			answer.Body = strings.ReplaceAll(answer.Body, path, "PATH")
			return sameButForIDs(answer)
		}
		unknown := ask(uuid.NewString())
		assert.Equal(t, http.StatusNotFound, unknown.Status, "%s %s", address.Method, address.Path)
		assert.Equal(t, unknown, ask(theirs), "%s %s: somebody else's", address.Method, address.Path)
		assert.Equal(t, unknown.Status, ask("nonsense").Status, "%s %s: no id at all", address.Method, address.Path)
		assert.Equal(t, unknown.Status, ask("'%20OR%201=1").Status, "%s %s: no id at all", address.Method, address.Path)
	}
	assert.Greater(t, seen, 20)
	// Nothing was done to either of them.
	for _, id := range []string{theirs, mine} {
		view, err := place.Parts.Cases.Case(t.Context(), administrator, id)
		require.NoError(t, err)
		assert.Equal(t, certification.StageIntroVideo, view.Stage)
	}
}

var administrator = certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}

// What belongs to somebody else's case is not found through one's own either.
func TestOthersPapersLookLikeNothing(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	moving.Lock()
	defer moving.Unlock()
	them := world.NewPerson("Robin", "Sample", "en")
	require.NoError(t, them.Register(t.Context()))
	require.NoError(t, world.WatchVideos(t.Context(), them))
	picture, err := journey.PhotoID(77)
	require.NoError(t, err)
	document, err := them.Upload(t.Context(), "photo_id", "id.jpg", picture)
	require.NoError(t, err)
	require.NoError(t, them.Apply(t.Context()))
	require.NoError(t, them.Pay(t.Context(), 100_00, certification.StageApplicationReview))
	account := certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}
	payments, err := place.Parts.Cases.Payments(t.Context(), account, them.CaseID)
	require.NoError(t, err)
	letters, err := place.Parts.Cases.Letters(t.Context(), account, them.CaseID)
	require.NoError(t, err)
	require.NotEmpty(t, payments)
	require.NotEmpty(t, letters)

	stranger, mine, _ := somebody(t)
	for path, id := range map[string]string{
		"/en/cases/" + mine + "/documents/ID/file":   document,
		"/en/cases/" + mine + "/documents/ID/delete": document,
		"/en/cases/" + mine + "/payments/ID":         payments[0].ID,
		"/en/payments/ID/success":                    payments[0].ID,
		"/en/cases/" + mine + "/letters/ID":          letters[0].ID,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			ask := func(id string) portaltest.Answer {
				return sameButForIDs(stranger.Ask(method, strings.ReplaceAll(path, "ID", id), url.Values{"key": {uuid.NewString()}}, nil))
			}
			assert.Equal(t, ask(uuid.NewString()), ask(id), "%s %s", method, path)
		}
	}
	kept, err := place.Parts.Cases.Documents(t.Context(), account, them.CaseID)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(kept, func(d certification.Document) bool { return d.ID == document }), "nobody deleted it")
}

// A page of another site can send nothing in somebody's name.
func TestOtherSitesCannotSend(t *testing.T) {
	b, caseID, _ := somebody(t)
	for _, address := range walk(t, of(caseID)) {
		if address.Method != http.MethodPost {
			continue
		}
		for _, header := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://elsewhere.example"}},
			{"Sec-Fetch-Site": nil, "Origin": {"https://elsewhere.example"}},
		} {
			answer := b.Ask(address.Method, address.Path, url.Values{"key": {uuid.NewString()}}, header)
			assert.Equal(t, http.StatusForbidden, answer.Status, address.Path)
		}
	}
	b.Open("/en/home")
	assert.Equal(t, "/en/cases/"+caseID, b.Path(), "still signed in, the case as it was")
}

// What somebody planted in a browser before signing in is worth nothing after, and what
// was signed out of is over.
func TestSessionsAreNewAtSignIn(t *testing.T) {
	place := running.On(t)
	email := producttest.NewEmail()
	b := place.Browser(t)
	before := place.Letters(email)
	b.Open("/en/sign-in").Fill("email", email).Press("/en/sign-in")
	planted := b.Session()
	require.NotEmpty(t, planted)
	b.Fill("code", place.Code(t, email, before)).Press("/en/sign-in/code")
	confirmed := b.Session()
	assert.NotEqual(t, planted, confirmed)
	for name, value := range map[string]string{"first_name": "Robin", "last_name": "Sample", "line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612"} {
		b.Fill(name, value)
	}
	b.Choose("county_plan", "Alameda").Press("/en/account")
	signedIn := b.Session()
	assert.NotEqual(t, confirmed, signedIn)
	for _, old := range []string{planted, confirmed} {
		thief := place.Browser(t)
		answer := thief.Ask(http.MethodGet, "/en/home", nil, http.Header{"Cookie": {"session=" + old}})
		assert.Contains(t, answer.Header.Get("Location"), "/sign-in")
	}
	cookies := b.Ask(http.MethodGet, "/en/home", nil, nil)
	assert.NotContains(t, cookies.Header.Get("Location"), "/sign-in")

	b.Press("/en/sign-out")
	answer := place.Browser(t).Ask(http.MethodGet, "/en/home", nil, http.Header{"Cookie": {"session=" + signedIn}})
	assert.Contains(t, answer.Header.Get("Location"), "/sign-in", "signed out is over, whoever kept the cookie")
}

func TestOddAddressesAreNotFound(t *testing.T) {
	place := running.On(t)
	b := place.Browser(t).Open("/en")
	for _, path := range []string{"/xx/home", "/en/nothing", "/EN", "/en-x-long", "/en/cases", "/en/../../etc/passwd", "/personas", "/gallery/", "/gallery/pages/en/start", "/mail/1", "/messages", "/assets/nothing.css", "/film/none/none.mp4"} {
		answer := b.Ask(http.MethodGet, path, nil, nil)
		assert.Equal(t, http.StatusNotFound, answer.Status, path)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		answer := b.Ask(method, "/en/sign-in", nil, nil)
		assert.Contains(t, []int{http.StatusMethodNotAllowed, http.StatusForbidden}, answer.Status, method)
	}
	assert.Equal(t, http.StatusOK, b.Ask(http.MethodHead, "/en/sign-in", nil, nil).Status)
}
