package portal

import (
	"net/url"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// certificateExamples are the pages of a certificate, its renewal, and of leaving.
func certificateExamples(policy certification.Policy) []example {
	var all []example
	for _, status := range publicStatuses() {
		stage := certification.StageCertified
		if status == cases.CertificateExpired {
			stage = certification.StageExpired
		}
		all = append(all, example{Name: "certificate " + status, Page: "certificate", Title: "certificate.title", SignedIn: true, Content: func(frame web.Frame) any {
			page, err := certificatePage(frame, exampleCaseUnder(policy, stage, nil), exampleCertificate(status), exampleOptions().Site)
			if err != nil {
				panic(err) // an address that is made up here fits into a QR code
			}
			return page
		}})
	}
	all = append(all, renewalExamples(policy)...)
	return append(all, leavingExamples(policy)...)
}

func renewalExamples(policy certification.Policy) []example {
	began := exampleNow.AddDate(-2, 0, 0)
	draft := func(values certification.RenewalValues, open ...certification.Part) renewalDraft {
		return renewalDraft{
			draft:  cases.Draft{Form: certification.FormRenewal, Revision: 4, OpenParts: open, Findings: values.Check(policy, exampleNow, began)},
			values: values, policy: policy, termBegan: began,
		}
	}
	course := func(title string, day certification.Date, count float64, ethics bool) certification.Course {
		return certification.Course{Title: title, Provider: "Bay Peer Academy (sample)", CompletedOn: day, Hours: count, LawAndEthics: ethics}
	}
	some := certification.RenewalValues{Courses: []certification.Course{course("Boundaries", "2025-05-17", 6, true), course("Listening", "2025-06-20", 6, false)}}
	old := certification.RenewalValues{Courses: []certification.Course{course("Boundaries", "2021-05-17", 20, true), {CompletedOn: "2027-01-01"}}}
	enough := certification.RenewalValues{
		Courses: []certification.Course{course("Boundaries", "2025-05-17", 6, true), course("Listening", "2025-06-20", 14.5, false)},
		Ethics:  certification.Ethics{Version: policy.EthicsVersion, TypedName: "Robin Sample"},
	}
	full := certification.RenewalValues{}
	for range mostCourses {
		full.Courses = append(full.Courses, course("Boundaries", "2025-05-17", 0.5, true))
	}
	page := func(name string, stage certification.Stage, r renewalDraft, change func(*cases.View)) example {
		return example{Name: "renewal " + name, Page: "renewal", Title: "renewal.title", SignedIn: true, Content: func(frame web.Frame) any {
			return renewalPage(frame, exampleCaseUnder(policy, stage, change), r, func() string { return "key" })
		}}
	}
	answers := func(name string, stage certification.Stage, refuse func(form *web.Form)) example {
		return asks("renewal "+name, "reading", "renewal.check_title", true, nil, refuse, func(frame web.Frame, form *web.Form) any {
			return renewalAnswers(frame, form, exampleCaseUnder(policy, stage, nil), draft(enough, certification.PartContinuing, certification.PartEthics))
		})
	}
	question := func(name, title string, known url.Values, refuse func(form *web.Form)) example {
		return asks("renewal "+name, "reading", title, true, known, refuse, func(frame web.Frame, form *web.Form) any {
			return coursePage(frame, form, frame.Link("/cases/"+exampleCase+"/renewal/course/1"), "?seen=3", title == "renewal.course_change")
		})
	}
	both := []certification.Part{certification.PartContinuing, certification.PartEthics}
	again := draft(enough, both...)
	again.returned = []certification.ReasonCode{"CE_COURSE_NOT_ACCEPTED", "ETHICS_NOT_SIGNED"}
	return []example{
		page("empty", certification.StageRenewal, draft(certification.RenewalValues{}, both...), nil),
		page("half done", certification.StageRenewal, draft(some, both...), nil),
		page("with courses of the last term", certification.StageRenewal, draft(old, both...), nil),
		page("ready to send", certification.StageRenewal, draft(enough, both...), nil),
		page("with a full list", certification.StageRenewal, draft(full, both...), nil),
		page("returned, nothing changed", certification.StageRenewalReturned, again, func(v *cases.View) { v.Returned = again.returned }),
		reads("renewal check with nothing changed", "renewal.check_title", true, func(frame web.Frame) any {
			return renewalAnswers(frame, web.NewForm(frame.Localizer, nil), exampleCaseUnder(policy, certification.StageRenewalReturned, nil), again)
		}),
		page("late", certification.StageExpired, draft(some, both...), nil),
		page("returned", certification.StageRenewalReturned, draft(enough, certification.PartContinuing), func(v *cases.View) {
			v.Returned = []certification.ReasonCode{"CE_COURSE_NOT_ACCEPTED"}
			v.Notes = map[certification.ReasonCode]string{"CE_COURSE_NOT_ACCEPTED": "The second one is not a course."}
		}),
		question("new course", "renewal.course_new", nil, nil),
		question("course to change", "renewal.course_change", url.Values{"title": {"Boundaries"}, "hours": {"6"}, "law_and_ethics": {"yes"}}, nil),
		question("course with mistakes", "renewal.course_new", url.Values{"hours": {"many"}}, func(form *web.Form) {
			form.Refuse("title", "finding.courses.title.required", nil)
			form.Refuse("completed_on", "finding.courses.completed_on.before_this_term", nil)
			form.Refuse("hours", "finding.courses.hours.out_of_range", nil)
		}),
		asks("renewal code of ethics, an older text signed", "ethics", "renewal.ethics_title", true, url.Values{"ethics.typed_name": {"Robin Sample"}}, refusing("ethics.read", "finding.ethics.version.not_current", nil), func(frame web.Frame, form *web.Form) any {
			return codeOfEthics(frame.Localizer, policy.EthicsVersion, Question{
				Key: "key", Action: "/", Intro: []string{plain(frame, "renewal.ethics_intro")}, Button: plain(frame, "renewal.ethics_button"), Inputs: signatureInputs(form),
			})
		}),
		asks("renewal code of ethics", "ethics", "renewal.ethics_title", true, nil, nil, func(frame web.Frame, form *web.Form) any {
			return codeOfEthics(frame.Localizer, policy.EthicsVersion, Question{
				Action: frame.Link("/cases/" + exampleCase + "/renewal/code-of-ethics"), Intro: []string{plain(frame, "renewal.ethics_intro")}, Button: plain(frame, "renewal.ethics_button"), Inputs: signatureInputs(form),
			})
		}),
		answers("check", certification.StageRenewal, nil),
		answers("check late", certification.StageExpired, nil),
		answers("check returned", certification.StageRenewalReturned, nil),
		answers("check not attested", certification.StageRenewal, refusing("attested", "renewal.attest_missing", nil)),
	}
}

func leavingExamples(policy certification.Policy) []example {
	leave := func(name string, stage certification.Stage, way leaving, refuse func(form *web.Form)) example {
		return asks(name, "reading", string(way)+".title", true, nil, refuse, func(frame web.Frame, form *web.Form) any {
			return leaveReading(frame, form, exampleCaseUnder(policy, stage, nil), way)
		})
	}
	appeal := func(name string, stage certification.Stage, a appealDraft, change func(*cases.View)) example {
		return reads("appeal "+name, "appeal.title", true, func(frame web.Frame) any { return appealReading(frame, exampleCaseUnder(policy, stage, change), a) })
	}
	written := appealDraft{
		values: certification.AppealValues{Statement: "My ID was valid on that day.\nI send a better picture."},
		files:  exampleFile(certification.DocumentAppeal, certification.DocumentClean), reasons: []certification.ReasonCode{"ID_EXPIRED"},
	}
	return []example{
		leave("withdraw", certification.StageTraining, withdrawing, nil),
		leave("withdraw no answer", certification.StageTraining, withdrawing, refusing("sure", "leave.missing", nil)),
		leave("withdraw instead of an appeal", certification.StageDenied, withdrawing, nil),
		leave("surrender", certification.StageCertified, surrendering, nil),
		leave("surrender no answer", certification.StageCertified, surrendering, refusing("sure", "leave.missing", nil)),
		appeal("of a denial", certification.StageDenied, appealDraft{reasons: []certification.ReasonCode{"FALSE_STATEMENT"}}, nil),
		appeal("of a denied renewal", certification.StageDenied, appealDraft{}, func(v *cases.View) { v.AppealFrom = certification.StageRenewalReview }),
		appeal("of a revocation", certification.StageRevoked, appealDraft{}, nil),
		appeal("written", certification.StageDenied, written, nil),
		asks("appeal statement", "question", "appeal.statement_title", true, nil, nil, func(frame web.Frame, form *web.Form) any {
			return statementQuestion(frame, form, exampleCaseUnder(policy, certification.StageDenied, nil))
		}),
		asks("appeal too long", "question", "appeal.statement_title", true, nil, refusing("statement", "form.too_long", map[string]any{"Limit": longestStatement}), func(frame web.Frame, form *web.Form) any {
			return statementQuestion(frame, form, exampleCaseUnder(policy, certification.StageDenied, nil))
		}),
		asks("appeal changed in another window", "reading", "appeal.title", true, nil, refusing("yours", "form.changed_elsewhere", nil), func(frame web.Frame, _ *web.Form) any {
			return appealReading(frame, exampleCaseUnder(policy, certification.StageDenied, nil), written)
		}),
		asks("appeal nothing written", "question", "appeal.statement_title", true, nil, refusing("statement", "finding.statement.required", nil), func(frame web.Frame, form *web.Form) any {
			return statementQuestion(frame, form, exampleCaseUnder(policy, certification.StageDenied, nil))
		}),
	}
}
