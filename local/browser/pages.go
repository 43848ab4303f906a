package browser

// Main are the ten pages that all people meet, as states of the gallery, in the order
// of their way.
var Main = []string{
	"start", "sign-in", "application-half-done", "application-name", "files-ready", "check-answers", "pay-application",
	"home-application-review", "home-application-returned", "certificate-active",
}
