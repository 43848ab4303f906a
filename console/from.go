package console

import (
	"fmt"
	"net/url"
	"strings"

	"peercert/cases"
	"peercert/config"
	"peercert/store"
)

// From gives the options that settings and the door to the cases decide.
func From(settings config.Settings, core *cases.Cases) Options {
	site := strings.TrimSuffix(settings.PublicURL, "/")
	return Options{
		Cases: core, Sessions: store.NewSessions(core.Store), Operator: settings.Operator, Demonstration: settings.Environment == config.Local,
		Secure: strings.HasPrefix(site, "https://"), SessionIdle: settings.SessionIdle, SessionLongest: settings.SessionLongest,
		TemporalUI: fmt.Sprintf("%s/namespaces/%s/workflows/case%%2F", strings.TrimSuffix(settings.TemporalUI, "/"), url.PathEscape(settings.TemporalNamespace)),
		SignIn: SignIn{
			Issuer: settings.StaffIssuer, ClientID: settings.StaffClientID, ClientSecret: settings.StaffClientSecret,
			RolesClaim: settings.StaffRolesClaim, ReturnURL: site + returnPath,
		},
	}
}
