package portal

import (
	"html/template"
	"net/http"

	"peercert/certification"
	"peercert/web"
)

// startRoutes are the pages for people who are not signed in and wonder whether to.
func (p *portal) startRoutes() []route {
	return []route{
		{get, "/", anyone, (*visit).chooseLanguage},
		{get, "/cases/:case", anyone, (*visit).chooseLanguage},
		{get, "/:language", anyone, (*visit).start},
		{get, "/:language/", anyone, (*visit).start},
	}
}

// chooseLanguage leads from an address without language to the same with one.
func (v *visit) chooseLanguage() error {
	path := v.Request.URL.EscapedPath()
	v.Header("Vary", "Accept-Language, Cookie")
	v.Redirect(http.StatusFound, "/"+v.words.Language()+path)
	return nil
}

// Start is the first page: what a peer does, who can become one, the way there with its
// fees and times from the policy in force, and where to get help.
type Start struct {
	Lead          string
	Check, SignIn web.Button
	Sections      []Section
	Cards         []Card
}

// Card leads to a page, with a sentence about it.
type Card struct{ Heading, Text, Address string }

func (v *visit) start() error {
	frame := v.frame("start.title", nil)
	return show(v, http.StatusOK, "start", frame, startPage(frame, certification.CurrentPolicy(v.Now())))
}

// startPage says everything on the page.
func startPage(frame web.Frame, policy certification.Policy) Start {
	signIn := web.Button{Label: plain(frame, "start.sign_in"), Address: frame.Link("/sign-in"), Quiet: true}
	if frame.Home != "" {
		signIn = web.Button{Label: plain(frame, "start.my_case"), Address: frame.Home, Quiet: true}
	}
	page := Start{
		Lead: plain(frame, "start.lead"), SignIn: signIn,
		Check: web.Button{Label: plain(frame, "start.check"), Address: frame.Link("/eligibility/age")},
		Sections: []Section{
			{ID: "peer", Heading: plain(frame, "start.peer_heading"), Text: paragraphs(frame, "start.peer", 2)},
			{ID: "who", Heading: plain(frame, "start.who_heading"), Items: paragraphs(frame, "start.who", 5, "Age", policy.MinimumAgeYears)},
			{ID: "way", Heading: plain(frame, "start.way_heading"), Steps: wayThere(frame, policy)},
			{ID: "fees", Heading: plain(frame, "start.fees_heading"), Text: paragraphs(frame, "start.fees", 1), Rows: feeRows(frame, policy),
				Links: []Link{{plain(frame, "start.fees_help"), frame.Link("/help-with-the-fee")}}},
			{ID: "plans", Heading: plain(frame, "start.plans_heading"), Text: paragraphs(frame, "start.plans", 1), More: []Details{countyPlans(frame)}},
		},
	}
	for _, to := range []struct{ name, address string }{
		{"providers", "/training-providers"}, {"help_with_the_fee", "/help-with-the-fee"}, {"registry", "/registry"}, {"help", "/help"},
	} {
		page.Cards = append(page.Cards, Card{
			Heading: plain(frame, "start.card_"+to.name), Text: plain(frame, "start.card_"+to.name+"_text"), Address: frame.Link(to.address),
		})
	}
	return page
}

// wayThere is the way to a certificate, each step with its time and its fee.
func wayThere(frame web.Frame, policy certification.Policy) []Step {
	fee := func(fee certification.Fee) string { return frame.Money(policy.AmountCents(fee)) }
	step := func(name string, pairs ...any) Step {
		return Step{
			Heading: plain(frame, "start.step_"+name), Text: plain(frame, "start.step_"+name+"_text", pairs...), When: plain(frame, "start.step_"+name+"_when", pairs...),
		}
	}
	return []Step{
		step("account"),
		step("application", "Fee", fee(certification.FeeApplication), "Count", policy.DraftDays),
		step("review", "Count", policy.ReviewDays),
		step("training", "Hours", policy.TrainingHours, "Count", policy.WindowMonths),
		step("exam", "Fee", fee(certification.FeeExam), "Count", policy.MaxExamAttempts),
		step("certificate", "Count", policy.TermYears, "Days", policy.ResultsNoticeDays),
		step("renewal", "Fee", fee(certification.FeeRenewal), "Count", policy.RenewalOpensDays, "Hours", policy.ContinuingHours),
	}
}

// feeRows are all fees of a policy.
func feeRows(frame web.Frame, policy certification.Policy) []web.Row {
	var rows []web.Row
	for _, fee := range []certification.Fee{certification.FeeApplication, certification.FeeExam, certification.FeeRetake, certification.FeeRenewal, certification.FeeLateRenewal} {
		rows = append(rows, web.Row{Label: upperFirst(plain(frame, "fee."+string(fee))), Values: []string{frame.Money(policy.AmountCents(fee))}})
	}
	return rows
}

// countyPlans are the county plans to open and read.
func countyPlans(frame web.Frame) Details {
	plans := certification.CountyPlans()
	details := Details{Summary: plain(frame, "start.plans_all", "Count", len(plans))}
	for _, plan := range plans {
		details.Items = append(details.Items, template.HTML(frame.Bdi(plan)))
	}
	return details
}
