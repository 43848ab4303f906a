package browser

// Main are the ten pages that all people meet, as states of the gallery, in the order
// of their way.
var Main = []string{
	"sign-in", "code", "account", "video", "home-application-review", "home-application-returned", "pay-application", "home-exam-booked", "home-certified", "letters",
}
