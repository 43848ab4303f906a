package portal

import (
	"net/http"
	"strings"
)

// headers are what every answer carries.
func (p *portal) headers(next http.Handler) http.Handler {
	return withHeaders(next, p.PaymentOrigins, p.Secure)
}

// withHeaders lets styles, scripts and pictures come from us alone, and nothing be
// inline. Forms may lead to us, and to the payment page.
func withHeaders(next http.Handler, paymentOrigins []string, secure bool) http.Handler {
	forms := strings.Join(append([]string{"'self'"}, paymentOrigins...), " ")
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
