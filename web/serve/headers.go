// Package serve is what handlers of pages share, around the pages themselves: the
// headers, the watch over requests, sessions, and what happens when a handler panics.
package serve

import (
	"net/http"
	"strings"
)

// Headers lets styles, scripts and pictures come from us alone, and nothing be inline.
// Forms may lead to us, and to the origins of formsTo. Over HTTPS (secure) browsers are
// told to stay with it.
func Headers(next http.Handler, formsTo []string, secure bool) http.Handler {
	forms := strings.Join(append([]string{"'self'"}, formsTo...), " ")
	policy := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'; " +
		"form-action " + forms + "; frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if secure {
			header.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, request)
	})
}

// HeadAsGet answers HEAD wherever GET is answered. The server leaves the body out.
func HeadAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodHead {
			asked := *request
			asked.Method = http.MethodGet
			request = &asked
		}
		next.ServeHTTP(w, request)
	})
}
