package portal

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// verifyRoutes are the public register: what anybody may know of a certificate.
func (p *portal) verifyRoutes() []route {
	return []route{
		{get, "/verify/:number", anyone, (*visit).chooseLanguage},
		{get, "/:language/verify/:number", anyone, (*visit).verify},
		{get, "/:language/registry", anyone, (*visit).askRegistry},
		// A name is sent, not put into an address: addresses are kept in histories and logs.
		{post, "/:language/registry", anyone, (*visit).searchRegistry},
	}
}

// statusTone is the tone in which a status is said.
func statusTone(status string) string {
	switch status {
	case cases.CertificateActive, cases.CertificateRenewalPending:
		return "success"
	case cases.CertificateSuspended, cases.CertificateRevoked:
		return "error"
	}
	return "warning"
}

// limited counts a look into the register against what one machine may do in an hour.
func (v *visit) limited() error {
	if v.SearchesAnHour <= 0 {
		return nil
	}
	return v.Cases.Allow(v.Request.Context(), cases.LimitRegistry, v.machine(), v.SearchesAnHour, time.Hour)
}

func (v *visit) verify() error {
	if err := v.limited(); err != nil {
		return err
	}
	frame := v.frame("verify.title", nil)
	frame.Back = frame.Link("/registry")
	if isCaseNumber(v.Param("number")) {
		return v.notForTheRegister()
	}
	number, valid := certification.ParseNumber(v.Param("number"))
	if !valid {
		return v.unknownCertificate()
	}
	if number != v.Param("number") {
		v.redirect("/verify/" + number)
		return nil
	}
	public, err := v.Cases.Certificate(v.Request.Context(), number)
	if _, is := refusedWith(err, certification.RefusedNotFound); is {
		return v.unknownCertificate()
	}
	if err != nil {
		return err
	}
	return v.reading(frame, verified(frame, public, v.Now()))
}

// verified says what anybody may know of a certificate.
func verified(frame web.Frame, public cases.PublicCertificate, now time.Time) Reading {
	rows := []web.Row{{Label: plain(frame, "verify.number"), Values: []string{public.Number}}}
	if public.Name != "" {
		rows = append([]web.Row{{Label: plain(frame, "verify.name"), Values: []string{public.Name}}}, rows...)
	}
	rows = append(rows,
		web.Row{Label: plain(frame, "verify.status"), Values: []string{plain(frame, "verify.status_"+public.Status)}},
		web.Row{Label: plain(frame, "verify.issued"), Values: []string{frame.Date(public.IssuedAt)}},
		web.Row{Label: plain(frame, "verify.expires"), Values: []string{frame.Date(public.ExpiresAt)}},
	)
	return Reading{
		Notices: []web.Notice{{
			Tone: statusTone(public.Status), Heading: plain(frame, "verify.status_"+public.Status), Text: words(frame, "verify.means_"+public.Status),
		}},
		Sections: []Section{
			{ID: "certificate", Heading: plain(frame, "verify.heading"), Rows: rows},
			{ID: "about", Heading: plain(frame, "verify.about_heading"), Text: append(paragraphs(frame, "verify.about", 2, "Operator", frame.Bdi(frame.Operator)), words(frame, "verify.looked", "Moment", frame.Moment(now)))},
		},
		Links: []Link{{plain(frame, "verify.search_again"), frame.Link("/registry")}},
	}
}

// unknownCertificate says kindly that there is no certificate of this number.
func (v *visit) unknownCertificate() error {
	frame := v.frame("verify.unknown_title", nil)
	frame.Back = frame.Link("/registry")
	return show(v, http.StatusNotFound, "reading", frame, unknownCertificate(frame))
}

// isCaseNumber says whether somebody wrote the number of a case, even if mistyped: it is
// private, so it goes into no address and on no page. One in twenty has no digit at all.
func isCaseNumber(text string) bool {
	rest, found := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(text)), "PC")
	if !found {
		return false
	}
	_, whole := certification.ParseNumber(text)
	return whole || strings.HasPrefix(rest, "-") || strings.ContainsAny(rest, "0123456789")
}

// notForTheRegister says that the number in the address is that of a case.
func (v *visit) notForTheRegister() error {
	frame := v.frame("verify.unknown_title", nil)
	frame.Back = frame.Link("/registry")
	frame.Path, frame.Offered = "/registry", offers(v.words, "/registry")
	return show(v, http.StatusNotFound, "reading", frame, notForTheRegister(frame))
}

func notForTheRegister(frame web.Frame) Reading {
	reading := unknownCertificate(frame)
	reading.Lead = plain(frame, "registry.case_number")
	return reading
}

func unknownCertificate(frame web.Frame) Reading {
	return Reading{
		Lead:     plain(frame, "verify.unknown_lead"),
		Sections: []Section{{ID: "try", Heading: plain(frame, "verify.unknown_heading"), Items: paragraphs(frame, "verify.unknown", 3)}},
		Buttons:  []web.Button{{Label: plain(frame, "verify.search_again"), Address: frame.Link("/registry")}},
	}
}

func (v *visit) askRegistry() error {
	return v.registry(web.NewForm(v.words, nil), nil, "")
}

// shortestSought and longestSought bound what is searched for, in characters.
const (
	shortestSought = 3
	longestSought  = 100
)

func (v *visit) searchRegistry() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	sought := form.Value("sought")
	if isCaseNumber(sought) {
		form.Refuse("sought", "registry.case_number", nil)
		return v.registry(form, nil, "")
	}
	if number, valid := certification.ParseNumber(sought); valid {
		v.redirect("/verify/" + number)
		return nil
	}
	switch letters := utf8.RuneCountInString(sought); {
	case letters == 0:
		form.Refuse("sought", "registry.missing", nil)
	case letters > longestSought:
		form.Refuse("sought", "registry.too_long", nil)
	case letters < shortestSought:
		form.Refuse("sought", "registry.too_short", map[string]any{"Count": shortestSought})
	case strings.ContainsAny(sought, "0123456789"):
		form.Refuse("sought", "registry.not_a_number", nil)
	}
	if form.Refused() {
		return v.registry(form, nil, "")
	}
	if err := v.limited(); err != nil {
		return err
	}
	found, err := v.Cases.Search(v.Request.Context(), sought)
	if refusal, is := refusedWith(err, certification.RefusedInvalid); is && len(refusal.Findings) > 0 {
		if refusal.Findings[0].Code == "too_long" {
			form.Refuse("sought", "registry.too_long", nil)
			return v.registry(form, nil, "")
		}
		form.Refuse("sought", "registry.too_short", map[string]any{"Count": shortestSought})
		return v.registry(form, nil, "")
	}
	if err != nil {
		return err
	}
	return v.registry(form, found, sought)
}

// Registry is the page that searches the register.
type Registry struct {
	Reading
	Sought string // what was searched for; empty before
	Found  []FoundCertificate
	// Full says that there may be more than are shown.
	Full bool
}

// FoundCertificate is a certificate that a search found.
type FoundCertificate struct{ Name, Number, Status, Tone, Until, Address string }

// mostFound is how many certificates a search shows at most: it is no list to go through.
const mostFound = 20

func (v *visit) registry(form *web.Form, found []cases.PublicCertificate, sought string) error {
	frame := v.frame("registry.title", nil)
	frame.Problems = form.Problems()
	if sought != "" {
		v.Header("Cache-Control", "no-store")
	}
	page := registry(frame, form, found, sought)
	page.Question.Key = v.key()
	return show(v, http.StatusOK, "registry", frame, page)
}

// registry asks for a name or a number, and shows what was found.
func registry(frame web.Frame, form *web.Form, found []cases.PublicCertificate, sought string) Registry {
	page := Registry{Sought: sought, Full: len(found) >= mostFound}
	page.Lead = plain(frame, "registry.lead")
	page.Question = &Question{
		Action: frame.Link("/registry"), Button: plain(frame, "registry.button"),
		Inputs: []web.Input{form.Input(web.Input{Kind: web.InputText, Name: "sought", Autocomplete: "off"}, "registry.sought", "registry.sought_hint")},
	}
	for _, one := range found {
		page.Found = append(page.Found, FoundCertificate{
			Name: one.Name, Number: one.Number, Status: plain(frame, "verify.status_"+one.Status), Tone: statusTone(one.Status),
			Until: plain(frame, "registry.until", "Day", frame.Date(one.ExpiresAt)), Address: frame.Link("/verify/" + one.Number),
		})
	}
	page.Sections = []Section{{ID: "about", Heading: plain(frame, "registry.about_heading"), Text: paragraphs(frame, "registry.about", 2)}}
	return page
}
