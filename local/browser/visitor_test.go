package browser

import (
	"strings"
	"testing"
	"time"

	"peercert/portal/portaltest"
)

// visitor is somebody who uses the portal, whatever with. Links and buttons are named
// by where they lead, or its end, so that a story is the same in every language.
type visitor interface {
	Open(address string)
	Reload()
	Path() string // with its query, without the host
	// Leads says whether there is a link to an address.
	Leads(address string) bool
	Follow(address string)
	Fill(name, value string)
	Choose(name, value string)
	Attach(name, fileName string, content []byte)
	// Press presses the first button of the form that goes to an address.
	Press(action string)
	// Says is what the page says, in one line.
	Says() string
	// Wrong says that the page says that something is wrong.
	Wrong() bool
}

// plain is a visitor whose browser runs no JavaScript.
type plain struct{ *portaltest.Browser }

func (p plain) Open(address string)       { p.Browser.Open(address) }
func (p plain) Reload()                   { p.Browser.Reload() }
func (p plain) Leads(address string) bool { return p.find(address) != "" }
func (p plain) Fill(name, value string)   { p.Browser.Fill(name, value) }
func (p plain) Choose(name, value string) { p.Browser.Choose(name, value) }
func (p plain) Press(action string)       { p.Browser.Press(action) }
func (p plain) Says() string              { return p.Main() }
func (p plain) Wrong() bool               { return len(p.Errors()) > 0 }

func (p plain) Attach(name, fileName string, content []byte) {
	p.Browser.Attach(name, fileName, content)
}

func (p plain) Follow(address string) {
	p.Helper()
	found := p.find(address)
	if found == "" {
		p.Fatalf("%s has no link to %s: %q", p.Path(), address, p.Links())
	}
	p.Browser.Follow(found)
}

func (p plain) find(address string) string {
	for _, link := range p.Links() {
		if leads(link, address) {
			return link
		}
	}
	return ""
}

// leads says whether a link goes to an address, or one that ends so.
func leads(link, address string) bool {
	before, _, _ := strings.Cut(link, "?")
	return strings.HasSuffix(before, address)
}

// until opens a page again and again until something is so.
func until(t *testing.T, v visitor, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // a lost try of something takes a minute
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s at %s, which says:\n%s", what, v.Path(), v.Says())
		}
		time.Sleep(200 * time.Millisecond)
		v.Reload()
	}
}
