package portal

import (
	"net/url"
	"strings"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// formWith is a form of an example: known answers, and what is wrong with them.
func formWith(frame web.Frame, known url.Values, refuse func(form *web.Form)) *web.Form {
	form := web.NewForm(frame.Localizer, known)
	if refuse != nil {
		refuse(form)
	}
	return form
}

// asks is an example of a page with a form.
func asks(name, page, title string, signedIn bool, known url.Values, refuse func(form *web.Form), content func(frame web.Frame, form *web.Form) any) example {
	return example{
		Name: name, Page: page, Title: title, SignedIn: signedIn,
		Content:  func(frame web.Frame) any { return content(frame, formWith(frame, known, refuse)) },
		Problems: func(frame web.Frame) []web.Problem { return formWith(frame, known, refuse).Problems() },
	}
}

// reads is an example of a page to read.
func reads(name, title string, signedIn bool, content func(frame web.Frame) any) example {
	return example{Name: name, Page: "reading", Title: title, SignedIn: signedIn, Content: content}
}

// refusing refuses one answer of an example's form.
func refusing(name, key string, variables map[string]any) func(form *web.Form) {
	return func(form *web.Form) { form.Refuse(name, key, variables) }
}

func exampleOptions() Options {
	return Options{Operator: "Example Operator", Demonstration: true, Contact: "help@example.test", Site: "https://example.test"}
}

func exampleCertificate(status string) cases.PublicCertificate {
	return cases.PublicCertificate{
		Number: "PSS-7K3M-92QX", Name: "Robin Sample", Status: status, IssuedAt: exampleNow.AddDate(-1, 0, 0),
		ExpiresAt: certification.EndOfDay(exampleNow.AddDate(1, 0, 0)),
	}
}

func publicStatuses() []string {
	return []string{
		cases.CertificateActive, cases.CertificateRenewalPending, cases.CertificateExpired, cases.CertificateVacated,
		cases.CertificateSuspended, cases.CertificateRevoked, cases.CertificateSurrendered,
	}
}

// publicExamples are the pages that need nobody to sign in.
func publicExamples(policy certification.Policy) []example {
	all := []example{
		{Name: "start", Page: "start", Title: "start.title", Content: func(frame web.Frame) any { return startPage(frame, policy) }},
		{Name: "start signed in", Page: "start", Title: "start.title", SignedIn: true, Content: func(frame web.Frame) any { return startPage(frame, policy) }},
		{Name: "providers", Page: "providers", Title: "training.providers_title", Content: func(frame web.Frame) any { return providersPage(frame, policy, exampleNow) }},
		reads("eligibility yes", "eligibility.yes_title", false, func(frame web.Frame) any { return eligible(frame, policy) }),
	}
	for _, page := range publicPages() {
		all = append(all, reads(page.path[1:], page.title, false, func(frame web.Frame) any { return page.reading(frame, exampleOptions(), policy) }))
	}
	all = append(all,
		asks("feedback", "reading", "feedback.title", false, nil, nil, func(frame web.Frame, form *web.Form) any { return feedbackPage(frame, form, "?page=%2Fhome") }),
		asks("feedback empty", "reading", "feedback.title", false, nil, refusing("words", "feedback.missing", nil), func(frame web.Frame, form *web.Form) any { return feedbackPage(frame, form, "") }),
		reads("feedback thanks", "feedback.thanks_title", false, func(frame web.Frame) any { return thanksPage(frame) }),
		reads("feedback thanks signed in", "feedback.thanks_title", true, func(frame web.Frame) any { return thanksPage(frame) }),
	)
	for _, name := range eligibilityQuestions() {
		all = append(all,
			asks("eligibility "+name, "question", "eligibility.title", false, nil, nil, func(frame web.Frame, form *web.Form) any {
				return eligibilityQuestion(frame, form, name, policy)
			}),
			reads("eligibility "+name+" not yet", "eligibility."+name+".not_yet_title", false, func(frame web.Frame) any { return notYet(frame, name, policy) }),
		)
	}
	all = append(all, asks("eligibility no answer", "question", "eligibility.title", false, nil, refusing("answer", "eligibility.missing", nil), func(frame web.Frame, form *web.Form) any {
		return eligibilityQuestion(frame, form, "age", policy)
	}))
	return append(all, registryExamples()...)
}

func registryExamples() []example {
	search := func(name string, found []cases.PublicCertificate, sought string, refuse func(form *web.Form)) example {
		return asks(name, "registry", "registry.title", false, url.Values{"sought": {sought}}, refuse, func(frame web.Frame, form *web.Form) any {
			if refuse != nil {
				return registry(frame, form, nil, "")
			}
			return registry(frame, form, found, sought)
		})
	}
	all := []example{
		search("registry", nil, "", nil),
		search("registry empty", nil, "", refusing("sought", "registry.missing", nil)),
		search("registry too short", nil, "Sa", refusing("sought", "registry.too_short", map[string]any{"Count": shortestSought})),
		search("registry too long", nil, strings.Repeat("Sample ", 20), refusing("sought", "registry.too_long", nil)),
		search("registry case number", nil, "PC-7K3M-92QX", refusing("sought", "registry.case_number", nil)),
		search("registry mistyped number", nil, "PSS-7K3M-92Q0", refusing("sought", "registry.not_a_number", nil)),
		search("registry nobody", nil, "Sample", nil),
		search("registry one", []cases.PublicCertificate{exampleCertificate(cases.CertificateActive)}, "Sample", nil),
		reads("verify case number", "verify.unknown_title", false, func(frame web.Frame) any { return notForTheRegister(frame) }),
		reads("verify unknown", "verify.unknown_title", false, func(frame web.Frame) any { return unknownCertificate(frame) }),
	}
	var many []cases.PublicCertificate
	for len(many) < mostFound {
		for _, status := range publicStatuses() {
			many = append(many, exampleCertificate(status))
		}
	}
	all = append(all, search("registry many", many[:mostFound], "Sample", nil))
	for _, status := range publicStatuses() {
		all = append(all, reads("verify "+status, "verify.title", false, func(frame web.Frame) any { return verified(frame, exampleCertificate(status), exampleNow) }))
	}
	return all
}
