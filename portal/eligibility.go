package portal

import (
	"net/http"
	"slices"

	"peercert/certification"
	"peercert/web"
)

// eligibilityQuestions are asked before there is any account, one a page. Nothing is
// stored: a yes leads to the next page, a no to one that says what to do.
func eligibilityQuestions() []string {
	return []string{"age", "diploma", "experience", "sharing", "ethics"}
}

func (p *portal) eligibilityRoutes() []route {
	routes := []route{
		{get, "/:language/eligibility", anyone, func(v *visit) error { v.redirect("/eligibility/age"); return nil }},
		{get, "/:language/eligibility/yes", anyone, (*visit).eligible},
	}
	for number, name := range eligibilityQuestions() {
		routes = append(routes,
			route{get, "/:language/eligibility/" + name, anyone, func(v *visit) error { return v.eligibilityQuestion(number, web.NewForm(v.words, nil)) }},
			route{post, "/:language/eligibility/" + name, anyone, func(v *visit) error { return v.answerEligibility(number) }},
			route{get, "/:language/eligibility/" + name + "/not-yet", anyone, func(v *visit) error { return v.notYet(name) }},
		)
	}
	return routes
}

// eligibilityQuestion asks one of them.
func (v *visit) eligibilityQuestion(number int, form *web.Form) error {
	names := eligibilityQuestions()
	frame := v.frame("eligibility.title", nil)
	frame.Back = frame.Link("")
	if number > 0 {
		frame.Back = frame.Link("/eligibility/" + names[number-1])
	}
	return v.question(frame, form, eligibilityQuestion(frame, form, names[number], certification.CurrentPolicy(v.Now())))
}

func eligibilityQuestion(frame web.Frame, form *web.Form, name string, policy certification.Policy) Question {
	key := "eligibility." + name
	input := form.Input(web.Input{Kind: web.InputRadios, Name: "answer", Options: []web.Option{
		{Value: "yes", Label: plain(frame, key+".yes")}, {Value: "no", Label: plain(frame, key+".no")},
	}}, "eligibility.answer", "")
	input.Label, input.Hint = plain(frame, key+".question", "Age", policy.MinimumAgeYears), plain(frame, key+".hint")
	question := Question{Action: frame.Link("/eligibility/" + name), Button: plain(frame, "eligibility.button"), Inputs: []web.Input{input}}
	names := eligibilityQuestions()
	number := slices.Index(names, name)
	if number == 0 {
		question.Intro = []string{plain(frame, "eligibility.intro")}
	}
	question.Intro = append(question.Intro, plain(frame, "eligibility.number", "Number", number+1, "Most", len(names)))
	return question
}

func (v *visit) answerEligibility(number int) error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	names := eligibilityQuestions()
	switch form.Value("answer") {
	case "yes":
		if number+1 < len(names) {
			v.redirect("/eligibility/" + names[number+1])
		} else {
			v.redirect("/eligibility/yes")
		}
	case "no":
		v.redirect("/eligibility/" + names[number] + "/not-yet")
	default:
		form.Refuse("answer", "eligibility.missing", nil)
		return v.eligibilityQuestion(number, form)
	}
	return nil
}

func (v *visit) notYet(name string) error {
	frame := v.frame("eligibility."+name+".not_yet_title", nil)
	frame.Back = frame.Link("/eligibility/" + name)
	return show(v, http.StatusOK, "reading", frame, notYet(frame, name, certification.CurrentPolicy(v.Now())))
}

// notYet says kindly why somebody cannot apply now, and what they can do.
func notYet(frame web.Frame, name string, policy certification.Policy) Reading {
	key := "eligibility." + name
	return Reading{
		Lead:     plain(frame, key+".not_yet_lead", "Age", policy.MinimumAgeYears),
		Sections: []Section{{ID: "do", Heading: plain(frame, "eligibility.not_yet_heading"), Items: paragraphs(frame, key+".not_yet", 2)}},
		Buttons:  []web.Button{{Label: plain(frame, "eligibility.to_start"), Address: frame.Link(""), Quiet: true}},
	}
}

func (v *visit) eligible() error {
	frame := v.frame("eligibility.yes_title", nil)
	frame.Back = frame.Link("/eligibility/" + eligibilityQuestions()[len(eligibilityQuestions())-1])
	return show(v, http.StatusOK, "reading", frame, eligible(frame, certification.CurrentPolicy(v.Now())))
}

// eligible says what to have at hand, and leads to signing in.
func eligible(frame web.Frame, policy certification.Policy) Reading {
	reading := Reading{
		Lead: plain(frame, "eligibility.yes_lead"),
		Sections: []Section{
			{ID: "hand", Heading: plain(frame, "eligibility.hand_heading"), Items: paragraphs(frame, "eligibility.hand", 3), Text: paragraphs(frame, "eligibility.hand_text", 1)},
			{ID: "public", Heading: plain(frame, "eligibility.public_heading"), Text: paragraphs(frame, "eligibility.public", 1)},
			{ID: "fee", Heading: plain(frame, "eligibility.fee_heading"),
				Text:  paragraphs(frame, "eligibility.fee", 1, "Fee", frame.Money(policy.AmountCents(certification.FeeApplication))),
				Links: []Link{{plain(frame, "start.fees_help"), frame.Link("/help-with-the-fee")}}},
		},
		Buttons: []web.Button{{Label: plain(frame, "eligibility.apply"), Address: frame.Link("/sign-in")}},
	}
	if frame.Home != "" {
		reading.Buttons = []web.Button{{Label: plain(frame, "start.my_case"), Address: frame.Home}}
	}
	return reading
}
