package seed

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"

	"peercert/certification"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/portal"
)

//go:embed page.html
var pageText string

// row is one made-up person on the page.
type row struct {
	Persona
	Number, Temporal, Letters string
	Stage                     certification.Stage
	Outcome                   certification.Outcome
	WaitsOn                   certification.Party
	Due                       string
	Overdue                   bool
	Attention                 []string
}

// Page shows the personas with their tokens, and where each case stands now.
func (personas Personas) Page(running *stack.Stack, p *product.Product) http.Handler {
	page := template.Must(template.New("page").Parse(pageText))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !here(w, r) {
			return
		}
		rows := make([]row, 0, len(personas.People))
		for _, person := range personas.People {
			view, err := p.Parts.Cases.Case(r.Context(), administrator, person.CaseID)
			if err != nil {
				http.Error(w, "The cases cannot be read now.", http.StatusServiceUnavailable)
				return
			}
			shown := row{
				Persona: person, Number: view.Number, Stage: view.Stage, Outcome: view.Outcome, WaitsOn: view.WaitsOn(), Overdue: view.Overdue(),
				Temporal: caseURL(p, person.CaseID), Letters: running.MailboxURL() + "/?to=" + url.QueryEscape(person.Email),
			}
			if due := view.DueAt(); !due.IsZero() {
				shown.Due = due.In(certification.Pacific).Format("January 2, 2006")
			}
			for _, attention := range view.Attention {
				shown.Attention = append(shown.Attention, attention.Code)
			}
			rows = append(rows, shown)
		}
		var body bytes.Buffer
		if err := page.Execute(&body, map[string]any{"Staff": personas.Staff, "People": rows, "API": p.Settings.PublicURL}); err != nil {
			http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(body.Bytes())
	})
}

// here says whether a request comes by this machine's own name: one of somebody else's
// that leads here would let their page read the tokens.
func here(w http.ResponseWriter, r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err == nil && (host == "127.0.0.1" || host == "localhost") {
		return true
	}
	http.Error(w, "Open this page as 127.0.0.1.", http.StatusForbidden)
	return false
}

// SignIn makes the browser that asks one of the made-up people in the portal, with one
// click and no code. It can only because this program runs the product's own packages on
// the product's own records: the product has no such address.
func (personas Personas) SignIn(p *product.Product) http.Handler {
	options := portal.From(p.Settings, p.Parts.Cases)
	sessions := portal.NewSessions(options)
	sameOrigin := http.NewCrossOriginProtection()
	return sameOrigin.Handler(sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !here(w, r) {
			return
		}
		i := slices.IndexFunc(personas.People, func(person Persona) bool { return person.CaseID == r.PostFormValue("case") })
		if i < 0 {
			http.Error(w, "There is nobody with this case here.", http.StatusNotFound)
			return
		}
		view, err := p.Parts.Cases.Case(r.Context(), administrator, personas.People[i].CaseID)
		if err == nil {
			err = portal.Begin(r.Context(), sessions, view.ApplicantID)
		}
		if err != nil {
			http.Error(w, "The cases cannot be read now.", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, p.Settings.PublicURL+"/"+personas.People[i].Language+"/cases/"+view.ID, http.StatusSeeOther)
	})))
}

// caseURL is a case in the Temporal UI, whichever run it is in.
func caseURL(p *product.Product, caseID string) string {
	return fmt.Sprintf("%s/namespaces/%s/workflows/case%%2F%s", p.Settings.TemporalUI, p.Settings.TemporalNamespace, caseID)
}
