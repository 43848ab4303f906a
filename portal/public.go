package portal

import (
	"html/template"
	"net/http"

	"peercert/certification"
	"peercert/web"
)

// publicRoutes are the pages to read that need nobody to sign in.
func (p *portal) publicRoutes() []route {
	var routes []route
	for _, page := range publicPages() {
		routes = append(routes, route{get, "/:language" + page.path, anyone, func(v *visit) error {
			frame := v.frame(page.title, nil)
			return show(v, http.StatusOK, "reading", frame, page.reading(frame, v.Options, certification.CurrentPolicy(v.Now())))
		}})
	}
	return routes
}

// publicPage is a page to read: its address, the key of its title, and what it says.
type publicPage struct {
	path, title string
	reading     func(frame web.Frame, options Options, policy certification.Policy) Reading
}

func publicPages() []publicPage {
	return []publicPage{
		{"/help", "help.title", helpPage}, {"/help-with-the-fee", "fee_help.title", feeHelpPage},
		{"/accessibility", "accessibility.title", accessibilityPage}, {"/privacy", "privacy.title", privacyPage},
	}
}

// mailTo is an address to write to.
func mailTo(frame web.Frame, address string) template.HTML {
	return template.HTML(`<a href="mailto:`+template.HTMLEscapeString(address)+`">`) + frame.Bdi(address) + `</a>`
}

// helpPage says how to reach a person, and answers what is asked most.
func helpPage(frame web.Frame, options Options, policy certification.Policy) Reading {
	reading := Reading{
		Lead: plain(frame, "help.lead"),
		Sections: []Section{
			{ID: "ask", Heading: plain(frame, "help.ask_heading"), Text: paragraphs(frame, "help.ask", 2, "Operator", frame.Bdi(options.Operator), "Address", mailTo(frame, options.Contact))},
			{ID: "questions", Heading: plain(frame, "help.questions_heading"), More: answers(frame, "help.question", 6,
				"Count", policy.ReviewDays, "Age", policy.MinimumAgeYears, "Months", policy.WindowMonths)},
			{ID: "hard", Heading: plain(frame, "help.hard_heading"), Text: paragraphs(frame, "help.hard", 1)},
		},
		Links: []Link{{plain(frame, "help.to_feedback"), frame.Link("/feedback")}},
	}
	if options.Demonstration {
		reading.Notices = []web.Notice{noticeOf(frame, "info", "help.sample")}
	}
	return reading
}

// answers are questions to open, each with its answer: prefix_1, prefix_1_answer and so on.
func answers(frame web.Frame, prefix string, count int, pairs ...any) []Details {
	var all []Details
	for i := range count {
		key := prefix + "_" + string(rune('1'+i))
		all = append(all, Details{Summary: plain(frame, key, pairs...), Text: []template.HTML{words(frame, key+"_answer", pairs...)}})
	}
	return all
}

// feeHelpPage shows the routes to help with a fee that there really are.
func feeHelpPage(frame web.Frame, options Options, policy certification.Policy) Reading {
	reading := Reading{
		Lead: plain(frame, "fee_help.lead"),
		Sections: []Section{
			{ID: "scholarship", Heading: plain(frame, "fee_help.scholarship_heading"),
				Text: paragraphs(frame, "fee_help.scholarship", 3, "Months", policy.WindowMonths)},
			{ID: "county", Heading: plain(frame, "fee_help.county_heading"), Text: paragraphs(frame, "fee_help.county", 2), More: []Details{countyPlans(frame)}},
			{ID: "employer", Heading: plain(frame, "fee_help.employer_heading"), Text: paragraphs(frame, "fee_help.employer", 1)},
			{ID: "time", Heading: plain(frame, "fee_help.time_heading"), Items: paragraphs(frame, "fee_help.time", 3, "Count", policy.FeeDays, "Months", policy.WindowMonths)},
			{ID: "ask", Heading: plain(frame, "fee_help.ask_heading"), Text: paragraphs(frame, "fee_help.ask", 1, "Address", mailTo(frame, options.Contact))},
		},
	}
	if frame.Home != "" {
		reading.Buttons = []web.Button{{Label: plain(frame, "fee_help.back"), Address: frame.Home, Quiet: true}}
	}
	return reading
}

// accessibilityPage says how far everybody can use the portal, and whom to tell where not.
func accessibilityPage(frame web.Frame, options Options, _ certification.Policy) Reading {
	return Reading{
		Notices: samples(frame, options),
		Lead:    plain(frame, "accessibility.lead"),
		Sections: []Section{
			{ID: "works", Heading: plain(frame, "accessibility.works_heading"), Items: paragraphs(frame, "accessibility.works", 6)},
			{ID: "tested", Heading: plain(frame, "accessibility.tested_heading"), Text: paragraphs(frame, "accessibility.tested", 2)},
			{ID: "limits", Heading: plain(frame, "accessibility.limits_heading"), Items: paragraphs(frame, "accessibility.limits", 3)},
			{ID: "tell", Heading: plain(frame, "accessibility.tell_heading"), Text: paragraphs(frame, "accessibility.tell", 2, "Address", mailTo(frame, options.Contact))},
		},
	}
}

// privacyPage is the privacy notice: a sample, but true of what this system does.
func privacyPage(frame web.Frame, options Options, policy certification.Policy) Reading {
	return Reading{
		Notices: samples(frame, options),
		Lead:    plain(frame, "privacy.lead"),
		Sections: []Section{
			{ID: "keep", Heading: plain(frame, "privacy.keep_heading"), Items: paragraphs(frame, "privacy.keep", 5)},
			{ID: "not", Heading: plain(frame, "privacy.not_heading"), Text: paragraphs(frame, "privacy.not", 2)},
			{ID: "who", Heading: plain(frame, "privacy.who_heading"), Items: paragraphs(frame, "privacy.who", 5)},
			{ID: "public", Heading: plain(frame, "privacy.public_heading"), Text: paragraphs(frame, "privacy.public", 2),
				Links: []Link{{plain(frame, "privacy.to_registry"), frame.Link("/registry")}}},
			{ID: "long", Heading: plain(frame, "privacy.long_heading"), Text: paragraphs(frame, "privacy.long", 1), Rows: retentionRows(frame, policy)},
			{ID: "cookie", Heading: plain(frame, "privacy.cookie_heading"), Text: paragraphs(frame, "privacy.cookie", 1)},
			{ID: "yours", Heading: plain(frame, "privacy.yours_heading"), Items: paragraphs(frame, "privacy.yours", 4)},
			{ID: "ask", Heading: plain(frame, "privacy.ask_heading"), Text: paragraphs(frame, "privacy.ask", 1, "Operator", frame.Bdi(options.Operator), "Address", mailTo(frame, options.Contact))},
		},
	}
}

// samples says that a legal text is a sample, where it is.
func samples(frame web.Frame, options Options) []web.Notice {
	if !options.Demonstration {
		return nil
	}
	return []web.Notice{noticeOf(frame, "info", "public.sample")}
}
