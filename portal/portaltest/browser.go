// Package portaltest is a person with a browser that runs no JavaScript: it opens
// pages, fills forms in, presses buttons and follows links, and holds every page it
// comes to against what every page must be (see Faults). Tests of the portal use it,
// so that what works in them works for everybody.
package portaltest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser is one person's browser, at one page. It ends the test when something is not
// there that a test wants to use, and when a page is not as pages must be.
type Browser struct {
	testing.TB
	client   *http.Client
	base     *url.URL
	document *html.Node
	files    map[*html.Node][]file
	history  []string

	// Header is sent with every request: Accept-Language, for example.
	Header http.Header
	// Response is the last answer, after redirects; its body has been read into Body.
	Response *http.Response
	Body     []byte
}

// patience is how long something may take to come. An errand of a case that reached no
// worker is missed only when the time of the try is up, which is a minute.
const patience = 2 * time.Minute

// New is a browser that has never been anywhere, for a portal at an address such as
// "http://127.0.0.1:8080".
func New(t testing.TB, base string) *Browser {
	t.Helper()
	address, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil {
		t.Fatalf("the address of the portal: %v", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("making a cookie jar: %v", err)
	}
	return &Browser{TB: t, base: address, client: &http.Client{Jar: jar, Timeout: time.Minute}, Header: http.Header{}}
}

// Tab is one more tab of the same browser: the same cookies, no page yet.
func (b *Browser) Tab() *Browser {
	return &Browser{TB: b.TB, base: b.base, client: b.client, Header: b.Header.Clone()}
}

// Open goes to an address: a path of the portal, or one with a host.
func (b *Browser) Open(address string) *Browser {
	b.Helper()
	to, err := b.base.Parse(address)
	if err != nil {
		b.Fatalf("the address %s: %v", address, err)
	}
	request, err := http.NewRequest(http.MethodGet, to.String(), nil)
	if err != nil {
		b.Fatalf("opening %s: %v", address, err)
	}
	b.visit(request)
	return b
}

// Reload opens the page again.
func (b *Browser) Reload() *Browser {
	b.Helper()
	return b.Open(b.Response.Request.URL.String())
}

// Return goes back to the page before this one, which is asked for again.
func (b *Browser) Return() *Browser {
	b.Helper()
	if len(b.history) < 2 {
		b.Fatal("there is no page to go back to")
	}
	before := b.history[len(b.history)-2]
	b.history = b.history[:len(b.history)-2]
	return b.Open(before)
}

// ReloadUntil opens the page again and again until something is true of it, as a person
// does who waits.
func (b *Browser) ReloadUntil(what string, is func() bool) *Browser {
	b.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			b.Fatalf("waiting for %s at %s, which says:\n%s", what, b.Path(), b.Text())
		}
		time.Sleep(100 * time.Millisecond)
		b.Reload()
	}
	return b
}

// onPage resolves an address against the page that it stands on.
func (b *Browser) onPage(address string) string {
	b.Helper()
	to, err := b.Response.Request.URL.Parse(address)
	if err != nil {
		b.Fatalf("the address %s: %v", address, err)
	}
	return to.String()
}

// visit sends a request and reads the page that comes back.
func (b *Browser) visit(request *http.Request) {
	b.Helper()
	for name, values := range b.Header {
		request.Header[name] = values
	}
	if b.Response != nil && request.Header.Get("Referer") == "" {
		request.Header.Set("Referer", b.Response.Request.URL.String())
	}
	response := b.answer(request)
	defer response.Body.Close()
	var err error
	if b.Body, err = io.ReadAll(response.Body); err != nil {
		b.Fatalf("reading %s: %v", request.URL.Path, err)
	}
	b.Response, b.document, b.files = response, nil, map[*html.Node][]file{}
	if response.StatusCode >= http.StatusInternalServerError {
		b.Fatalf("%s %s was answered %d:\n%s", request.Method, request.URL.Path, response.StatusCode, textOfBody(b.Body))
	}
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media != "text/html" {
		return
	}
	if b.document, err = html.Parse(bytes.NewReader(b.Body)); err != nil {
		b.Fatalf("reading the page %s: %v", b.Path(), err)
	}
	b.history = append(b.history, response.Request.URL.String())
	if response.Request.URL.Host != b.base.Host {
		return // the payment page, the vendor's: not ours to judge
	}
	for _, fault := range Faults(b.Body) {
		b.Errorf("the page %s %s", b.Path(), fault)
	}
	if b.Failed() {
		b.FailNow()
	}
}

// answer sends a request. Who is asked to come again in a moment, since a case did not
// answer in time, sends the same once more, as the page says: it is done once.
func (b *Browser) answer(request *http.Request) *http.Response {
	b.Helper()
	for deadline := time.Now().Add(patience); ; {
		response, err := b.client.Do(request)
		if err != nil {
			b.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
		}
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || time.Now().After(deadline) {
			return response
		}
		_ = response.Body.Close()
		request = request.Clone(request.Context())
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				b.Fatalf("%s %s once more: %v", request.Method, request.URL.Path, err)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func textOfBody(body []byte) string {
	document, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return string(body)
	}
	return textOf(document)
}

// Status is the HTTP status of the page.
func (b *Browser) Status() int { return b.Response.StatusCode }

// Path is where the browser is, with the query.
func (b *Browser) Path() string { return b.Response.Request.URL.RequestURI() }

// Document is the page.
func (b *Browser) Document() *html.Node {
	b.Helper()
	if b.document == nil {
		b.Fatalf("%s is not a page", b.Path())
	}
	return b.document
}

// Title is what the tab is called.
func (b *Browser) Title() string {
	b.Helper()
	return textOf(first(b.Document(), element("title")))
}

// Heading is the page's h1.
func (b *Browser) Heading() string {
	b.Helper()
	return textOf(first(b.Document(), element("h1")))
}

// Text is what a person reads on the page, with one space between words.
func (b *Browser) Text() string {
	b.Helper()
	return textOf(first(b.Document(), element("body")))
}

// Main is what a person reads on the page without what stands around it.
func (b *Browser) Main() string {
	b.Helper()
	return textOf(first(b.Document(), element("main")))
}

// Says tells whether the page says all of some words.
func (b *Browser) Says(words ...string) bool {
	b.Helper()
	text := b.Text()
	return !slices.ContainsFunc(words, func(said string) bool { return !strings.Contains(text, said) })
}

// Errors are the lines of the summary of what is wrong. Each leads to an element of
// the page, which Faults has made sure of.
func (b *Browser) Errors() []string {
	b.Helper()
	var lines []string
	if summary := first(b.Document(), func(node *html.Node) bool { return attribute(node, "id") == "problems" }); summary != nil {
		for _, item := range all(summary, element("li")) {
			lines = append(lines, textOf(item))
		}
	}
	return lines
}

// Link is the address of the first link with a text or an address; empty if there is
// none.
func (b *Browser) Link(textOrAddress string) string {
	b.Helper()
	link := b.link(textOrAddress)
	if link == nil {
		return ""
	}
	return attribute(link, "href")
}

// Links are the addresses of all links of the page, in their order.
func (b *Browser) Links() []string {
	b.Helper()
	var addresses []string
	for _, link := range all(b.Document(), element("a")) {
		addresses = append(addresses, attribute(link, "href"))
	}
	return addresses
}

func (b *Browser) link(textOrAddress string) *html.Node {
	b.Helper()
	links := all(b.Document(), element("a"))
	for _, is := range []func(*html.Node) bool{
		func(node *html.Node) bool { return textOf(node) == textOrAddress },
		func(node *html.Node) bool { return attribute(node, "href") == textOrAddress },
		func(node *html.Node) bool { return strings.HasSuffix(attribute(node, "href"), textOrAddress) },
		func(node *html.Node) bool { return strings.Contains(textOf(node), textOrAddress) },
	} {
		if at := slices.IndexFunc(links, is); at >= 0 {
			return links[at]
		}
	}
	return nil
}

// Follow goes where a link leads. It is named by its text, its address, the end of its
// address, or a part of its text, looked for in this order.
func (b *Browser) Follow(textOrAddress string) *Browser {
	b.Helper()
	link := b.link(textOrAddress)
	if link == nil {
		b.Fatalf("%s has no link %q; it has %q", b.Path(), textOrAddress, b.Links())
	}
	return b.Open(b.onPage(attribute(link, "href")))
}
