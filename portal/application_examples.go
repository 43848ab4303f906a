package portal

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// exampleApplicationUnder is an application with the answers of a made-up person, up to a
// page: without it all of them.
func exampleApplicationUnder(policy certification.Policy, until string) application {
	now := time.Date(2026, time.March, 3, 18, 0, 0, 0, time.UTC)
	whole := certification.ApplicationValues{
		LegalFirstName: "Robin", LegalMiddleName: "Lee", LegalLastName: "Sample", Called: "Rob", DateOfBirth: "1990-05-17",
		IDExpiresOn: "2029-08-31", Education: "ged", LivedExperience: "family_member",
		Attestations: certification.Attestations{WillingToShare: true, DedicatedToRecovery: true, TrueAndComplete: true},
		Ethics:       certification.Ethics{Version: policy.EthicsVersion, TypedName: "Robin Sample"},
		PhotoID:      []string{"front", "back"}, Diploma: []string{"diploma"},
	}
	a := application{policy: policy, open: true, draft: cases.Draft{
		Form: certification.FormApplication, Revision: 7, SavedAt: now, ExpiresAt: certification.EndOfDay(now.AddDate(0, 0, 180)),
		OpenFields: certification.FieldsOf(certification.ItemsOf(certification.FormApplication)),
	}}
	given := map[string]any{}
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			if page.slug == until {
				a.values = decoded(given)
				a.draft.Findings = a.values.Check(policy, now)
				return a
			}
			for member, value := range membersOf(whole, page.members...) {
				given[member] = value
			}
			a.documents = append(a.documents, exampleDocuments(page.kind, certification.DocumentClean)...)
		}
	}
	a.values = whole
	a.draft.Findings = a.values.Check(policy, now)
	return a
}

// exampleDocuments are the files of a kind that exampleApplicationUnder names.
func exampleDocuments(kind certification.DocumentKind, status certification.DocumentStatus) []certification.Document {
	switch kind {
	case certification.DocumentPhotoID:
		return []certification.Document{
			{ID: "front", Kind: kind, FileName: "IMG_2041.jpg", Bytes: 2_430_000, Status: certification.DocumentClean},
			{ID: "back", Kind: kind, FileName: "IMG_2042.jpg", Bytes: 1_980_000, Status: status},
		}
	case certification.DocumentDiploma:
		return []certification.Document{{ID: "diploma", Kind: kind, FileName: "diploma.pdf", Bytes: 412_000, Status: status}}
	}
	return nil
}

// exampleReturnedUnder is an application that came back for reasons.
func exampleReturnedUnder(policy certification.Policy, reasons ...certification.ReasonCode) application {
	a := exampleApplicationUnder(policy, "")
	a.returned, a.draft.ExpiresAt = reasons, time.Time{}
	returned := certification.Case{Stage: certification.StageApplicationReturned, Returned: reasons}
	a.draft.OpenFields = certification.FieldsOf(returned.OpenItems(certification.FormApplication, false))
	return a
}

func applicationExamples(policy certification.Policy) []example {
	list := func(name, title string, a application, l listed) example {
		l.base, l.dueAt = "/cases/"+exampleCase, a.draft.SavedAt.AddDate(0, 0, 30)
		return example{Name: name, Page: "application", Title: title, SignedIn: true, Content: func(frame web.Frame) any { return taskListOf(frame, a, l) }}
	}
	waiting := exampleApplicationUnder(policy, "name")
	waiting.open = false
	expired := exampleApplicationUnder(policy, "")
	expired.values.IDExpiresOn = "2026-02-28"
	expired.draft.Findings = expired.values.Check(expired.policy, expired.draft.SavedAt)
	answered := exampleReturnedUnder(policy, "ID_UNREADABLE", "DIPLOMA_NAME_DIFFERS", "OTHER")
	answered.draft.Answered = []string{"photo_id"}
	shut := func(a application) application {
		a.open, a.shut = false, true
		return a
	}
	held := exampleCaseUnder(policy, certification.StageApplication, func(v *cases.View) { v.OnHold = true })
	closed := exampleCaseUnder(policy, certification.StageClosed, func(v *cases.View) { v.Outcome = certification.OutcomeAbandoned })
	notes := map[certification.ReasonCode]string{"OTHER": "Please write your last names in the order of your ID."}
	checking := exampleApplicationUnder(policy, "")
	checking.documents = append(exampleDocuments(certification.DocumentPhotoID, certification.DocumentChecking), exampleDocuments(certification.DocumentDiploma, certification.DocumentClean)...)

	check := func(name string, a application, tick bool, wrong ...string) example {
		form := func(frame web.Frame) *web.Form {
			form := web.SentForm(frame.Localizer, url.Values{})
			if tick {
				form = web.SentForm(frame.Localizer, url.Values{"name_matches": {legalName(a.values)}})
			}
			for i := 0; i+1 < len(wrong); i += 2 {
				form.Refuse(wrong[i], wrong[i+1], nil)
			}
			return form
		}
		return example{Name: name, Page: "check", Title: "application.check.title", SignedIn: true,
			Content:  func(frame web.Frame) any { return checkAnswersOf(frame, a, form(frame), "/cases/"+exampleCase) },
			Problems: func(frame web.Frame) []web.Problem { return form(frame).Problems() },
		}
	}
	examples := []example{
		list("application before the video", "application.title", waiting, listed{stage: certification.StageIntroVideo}),
		list("application not started", "application.title", exampleApplicationUnder(policy, "name"), listed{stage: certification.StageApplication, canTrain: true}),
		list("application half done", "application.title", exampleApplicationUnder(policy, "photo-id-date"), listed{stage: certification.StageApplication, canTrain: true, unsent: &cases.Unsent{Form: certification.FormApplication}}),
		list("application done", "application.title", exampleApplicationUnder(policy, ""), listed{stage: certification.StageApplication, trainingSent: true}),
		list("application with an ID that expired", "application.title", expired, listed{stage: certification.StageApplication}),
		list("application on hold", "application.title", shut(exampleApplicationUnder(policy, "photo-id-date")), listed{stage: certification.StageApplication, view: held}),
		list("application never handed in, case closed", "application.title", shut(exampleApplicationUnder(policy, "photo-id-date")), listed{stage: certification.StageClosed, view: closed}),
		list("application returned", "application.returned.title", exampleReturnedUnder(policy, "ID_UNREADABLE"), listed{stage: certification.StageApplicationReturned}),
		list("application returned and partly answered", "application.returned.title", answered, listed{stage: certification.StageApplicationReturned, notes: notes, unsent: &cases.Unsent{Form: certification.FormApplication, Sent: true}}),
		check("check answers", exampleApplicationUnder(policy, ""), false),
		check("check answers without the tick", exampleApplicationUnder(policy, ""), false, "name_matches", "application.check.name_missing"),
		check("check answers with something to put right", expired, true, "findings", "application.check.refused"),
		check("check answers while a file is checked", checking, true),
		check("check answers changed in another window", exampleApplicationUnder(policy, ""), true, "answers", "application.check.changed"),
		check("check answers after a return", exampleReturnedUnder(policy, "ID_UNREADABLE", "NAME_MISMATCH_ID"), false),
		{Name: "application handed in", Page: "check", Title: "application.sent.title", SignedIn: true, Content: func(frame web.Frame) any {
			return CheckAnswers{Lead: frame.Localizer.Say("application.sent.lead", nil), Groups: answersOf(frame, exampleApplicationUnder(policy, ""), nil)}
		}},
	}
	return append(examples, questionExamples(policy)...)
}

// questionExamples are the questions of the application: empty, and with everything
// that can be wrong.
func questionExamples(policy certification.Policy) []example {
	var examples []example
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			if page.kind != "" {
				continue
			}
			form := func(words *web.Localizer, wrong bool) *web.Form {
				if !wrong {
					return web.NewForm(words, page.known(exampleApplicationUnder(policy, "").values))
				}
				form := web.SentForm(words, url.Values{})
				for _, member := range page.members {
					switch member {
					case "legal_middle_name", "called":
					case "ethics":
						readSignature(form, "")
					default:
						found := certification.Finding{Field: member, Code: map[bool]string{true: "not_attested", false: "required"}[member == "attestations"]}
						refuseFindings(form, words, []certification.Finding{found}, nil, policy)
					}
				}
				return form
			}
			for _, wrong := range []bool{false, true} {
				shown := example{Name: "application: " + page.slug, Page: "question", Title: "application.page." + page.slug, SignedIn: true,
					Content: func(frame web.Frame) any {
						question := Question{Key: "key", Action: "/", Button: frame.Localizer.Say("application.save", nil), Inputs: page.inputs(form(frame.Localizer, wrong))}
						for _, key := range page.intro {
							question.Intro = append(question.Intro, frame.Localizer.Say(key, nil))
						}
						if page.slug == "code-of-ethics" {
							return codeOfEthics(frame.Localizer, "sample-2024-1", question)
						}
						return question
					},
					Problems: func(frame web.Frame) []web.Problem { return form(frame.Localizer, wrong).Problems() },
				}
				if wrong {
					shown.Name += ", with what is missing"
				}
				if page.slug == "code-of-ethics" {
					shown.Page = "ethics"
				}
				examples = append(examples, shown)
			}
		}
	}
	return examples
}

// decoded are members of the application's form as its values.
func decoded(members map[string]any) certification.ApplicationValues {
	var values certification.ApplicationValues
	encoded, err := json.Marshal(members)
	if err == nil {
		err = json.Unmarshal(encoded, &values)
	}
	if err != nil {
		panic(fmt.Sprintf("portal: made-up answers do not fit their form: %v", err))
	}
	return values
}
