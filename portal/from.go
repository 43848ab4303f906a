package portal

import (
	"net/url"
	"strings"

	"peercert/cases"
	"peercert/config"
	"peercert/store"
)

// stripeCheckout is where Stripe's payment pages are.
const stripeCheckout = "https://checkout.stripe.com"

// From gives the options that settings and the door to the cases decide.
func From(settings config.Settings, core *cases.Cases) Options {
	payments := stripeCheckout
	if settings.StripeURL != "" {
		payments = settings.StripeURL
		if address, err := url.Parse(settings.StripeURL); err == nil {
			payments = address.Scheme + "://" + address.Host
		}
	}
	return Options{
		TrustedProxies: settings.Proxies(),
		Cases:          core, Sessions: store.NewSessions(core.Store), Operator: settings.Operator, Demonstration: settings.Environment == config.Local,
		Secure: strings.HasPrefix(settings.PublicURL, "https://"), PaymentOrigins: []string{payments},
		SessionIdle: settings.SessionIdle, SessionLongest: settings.SessionLongest, SignInsAnHour: settings.SignInsAnHour,
		SearchesAnHour: settings.SearchesAnHour, Contact: settings.Contact, Site: strings.TrimSuffix(settings.PublicURL, "/"),
	}
}
