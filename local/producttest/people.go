package producttest

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"
	"time"

	"peercert/local/journey"
	"peercert/portal/portaltest"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// Browser is a new browser, at no page.
func (p *Place) Browser(t testing.TB) *portaltest.Browser {
	t.Helper()
	return portaltest.New(t, p.Settings.PublicURL)
}

// NewEmail is an address that nobody has had.
func NewEmail() string { return "robin." + strings.ToLower(rand.Text()) + "@example.test" }

// SignIn signs somebody in with a code from the mailbox, in a language. Who has an
// account is then where they are led to; who has none is asked who they are.
func (p *Place) SignIn(b *portaltest.Browser, language, email string) *portaltest.Browser {
	b.Helper()
	before := p.Letters(email)
	b.Open("/"+language+"/sign-in").Fill("email", email).Press("/" + language + "/sign-in")
	b.Fill("code", p.Code(b, email, before))
	return b.Press("/" + language + "/sign-in/code")
}

// Join signs somebody new in and opens their account; the browser is then at the home
// of their case.
func (p *Place) Join(b *portaltest.Browser, language, email string) *portaltest.Browser {
	b.Helper()
	p.SignIn(b, language, email)
	for name, value := range map[string]string{
		"first_name": "Robin", "last_name": "Sample", "line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612",
	} {
		b.Fill(name, value)
	}
	return b.Choose("county_plan", "Alameda").Press("/" + language + "/account")
}

// CaseID is the case whose page a browser is at.
func CaseID(b *portaltest.Browser) string {
	b.Helper()
	found := casePath.FindStringSubmatch(b.Path())
	if found == nil {
		b.Fatalf("%s is no page of a case", b.Path())
	}
	return found[1]
}

var casePath = regexp.MustCompile(`/cases/([0-9a-f-]{36})`)

// Person is somebody at a case whom a story can go on with through the API (see
// journey.Person: Apply, Pay, Review, Train, …) and who looks at it in the portal.
type Person struct {
	*journey.Person
	*portaltest.Browser
}

// Registered is somebody new who registered through the API and is signed in in the
// portal, at the home of their case. It is at its first stage; WatchVideos of the World
// leads on.
func (p *Place) Registered(t testing.TB, world *journey.World, language string) Person {
	t.Helper()
	somebody := world.NewPerson("Robin", "Sample", language)
	err := somebody.Register(t.Context())
	if err == nil {
		err = world.Advance(t.Context(), 2*time.Minute) // there is one code a minute
	}
	if err != nil {
		t.Fatalf("registering: %v", err)
	}
	b := p.Browser(t)
	p.SignIn(b, language, somebody.Email)
	return Person{somebody, b}
}
