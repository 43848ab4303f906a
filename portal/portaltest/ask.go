package portaltest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Answer is what came back to Ask.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Ask sends a request with the browser's cookies and gives the first answer, whatever
// it is, without following it. A form is sent as one, from a page of the portal unless
// header says otherwise. The browser stays at its page.
func (b *Browser) Ask(method, path string, form url.Values, header http.Header) Answer {
	b.Helper()
	to, err := b.base.Parse(path)
	if err != nil {
		b.Fatalf("the address %s: %v", path, err)
	}
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(b.Context(), method, to.String(), body)
	if err != nil {
		b.Fatalf("asking for %s: %v", path, err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", b.base.Scheme+"://"+b.base.Host)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		b.Fatalf("asking for %s: %v", path, err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatalf("reading %s: %v", path, err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(read)}
}

// Session is the value of the session's cookie; empty if there is none.
func (b *Browser) Session() string {
	for _, cookie := range b.client.Jar.Cookies(b.base) {
		if cookie.Name == "session" || cookie.Name == "__Host-session" {
			return cookie.Value
		}
	}
	return ""
}
