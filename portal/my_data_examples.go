package portal

import (
	"net/url"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func myDataExamples(policy certification.Policy) []example {
	person := cases.Person{
		FirstName: "María", LastName: "de la Cruz", Email: "maria@example.org", CountyPlan: "Alameda", Language: "es",
		Address: cases.Address{Line1: "1 Main Street", City: "Oakland", State: "CA", ZIP: "94612"}, NameFixed: true,
	}
	question := func(name, title, button, intro string, inputs func(*web.Form) []web.Input) example {
		return example{Name: name, Page: "question", Title: title, SignedIn: true, Content: func(frame web.Frame) any {
			content := Question{Key: "key", Action: "/", Button: frame.Localizer.Say(button, nil), Inputs: inputs(web.NewForm(frame.Localizer, nil))}
			if intro != "" {
				content.Intro = []string{frame.Localizer.Say(intro, nil)}
			}
			return content
		}}
	}
	// wrong is a form of one's own data that came back.
	wrong := func(name, title, button, intro string, known url.Values, inputs func(*web.Form) []web.Input, refuse ...string) example {
		return asks(name, "question", title, true, known, func(form *web.Form) {
			for i := 0; i < len(refuse); i += 2 {
				form.Refuse(refuse[i], refuse[i+1], nil)
			}
		}, func(frame web.Frame, form *web.Form) any {
			content := Question{Key: "key", Action: "/", Button: frame.Localizer.Say(button, nil), Inputs: inputs(form)}
			if intro != "" {
				content.Intro = []string{frame.Localizer.Say(intro, nil)}
			}
			return content
		})
	}
	address := url.Values{"email": {"maria@example.org"}}
	code := url.Values{"code": {"123456"}}
	newCode := func(name, key string) example {
		return wrong("my data, "+name, "sign_in.code_title", "my_data.save", "my_data.email_code_intro", code, codeInputs, "code", key)
	}
	return []example{
		wrong("my data, change with mistakes", "my_data.change_title", "my_data.save", "", url.Values{"zip": {"9461"}, "state": {"Calif"}},
			func(form *web.Form) []web.Input { return changeInputs(form, false) },
			"first_name", "account.first_name_missing", "last_name", "account.last_name_missing", "line1", "account.line1_missing", "city", "account.city_missing",
			"county_plan", "account.county_plan_missing", "zip", "account.zip_wrong", "state", "account.state_wrong", "phone", "account.refused"),
		wrong("my data, change without what is needed", "my_data.change_title", "my_data.save", "", nil,
			func(form *web.Form) []web.Input { return changeInputs(form, true) }, "zip", "account.zip_missing", "state", "account.state_missing"),
		wrong("my data, no new address", "my_data.email_title", "sign_in.button", "my_data.email_intro", nil, addressInputs, "email", "sign_in.email_missing"),
		wrong("my data, new address is none", "my_data.email_title", "sign_in.button", "my_data.email_intro", url.Values{"email": {"maria@"}}, addressInputs, "email", "sign_in.email_wrong"),
		wrong("my data, code for a new address too soon", "my_data.email_title", "sign_in.button", "my_data.email_intro", address, addressInputs, "email", "sign_in.wait"),
		wrong("my data, codes for a new address too often", "my_data.email_title", "sign_in.button", "my_data.email_intro", address, addressInputs, "email", "sign_in.too_many"),
		newCode("code wrong", "sign_in.code_wrong"), newCode("code spent", "my_data.code_spent"), newCode("address taken", "my_data.email_taken"),
		{Name: "my data", Page: "my-data", Title: "my_data.title", SignedIn: true, Content: func(frame web.Frame) any {
			return myData(frame, person, caseLines(frame, exampleCases(policy), "", exampleNow), unsentLines(frame, cases.View{Case: certification.Case{ID: exampleCase, Number: "PC-7K2M-9Q4T"}}, []cases.Unsent{
				{Form: certification.FormApplication, Sent: true}, {Form: certification.FormTraining}, {Form: certification.FormRenewal}, {Form: certification.FormAppeal},
			}), []cases.Read{
				{At: exampleNow, Role: certification.RoleReviewer, Purpose: cases.PurposeReview, Form: certification.FormApplication},
				{At: exampleNow, Role: certification.RoleAdministrator, Purpose: cases.PurposeSupport, DocumentID: "d"},
			})
		}},
		{Name: "my data, nobody looked", Page: "my-data", Title: "my_data.title", SignedIn: true, Content: func(frame web.Frame) any {
			return myData(frame, cases.Person{FirstName: "María", LastName: "de la Cruz", Email: "maria@example.org", Language: "en"}, caseLines(frame, exampleCases(policy)[:1], "", exampleNow), nil, nil)
		}},
		question("my data, change", "my_data.change_title", "my_data.save", "", func(form *web.Form) []web.Input { return changeInputs(form, true) }),
		question("my data, new address", "my_data.email_title", "sign_in.button", "my_data.email_intro", addressInputs),
		question("my data, code", "sign_in.code_title", "my_data.save", "my_data.email_code_intro", codeInputs),
		{Name: "close account", Page: "sure", Title: "my_data.close_title", SignedIn: true, Content: func(frame web.Frame) any {
			return closeContent(frame, "key", policy)
		}},
		{Name: "account closed", Page: "sure", Title: "my_data.closed_title", Content: func(frame web.Frame) any {
			return Sure{
				Paragraphs: []string{closedText(frame.Localizer, exampleNow)},
				Keep:       web.Button{Label: frame.Localizer.Say("refused.to_start", nil), Address: "/"},
			}
		}},
		{Name: "delete draft", Page: "sure", Title: "my_data.delete_title", SignedIn: true, Content: func(frame web.Frame) any {
			return deleteContent(frame, cases.View{Case: certification.Case{ID: exampleCase, Stage: certification.StageApplication}}, cases.Unsent{Form: certification.FormApplication}, "key")
		}},
		{Name: "delete an appeal", Page: "sure", Title: "my_data.delete_title", SignedIn: true, Content: func(frame web.Frame) any {
			return deleteContent(frame, cases.View{Case: certification.Case{ID: exampleCase, Stage: certification.StageDenied}}, cases.Unsent{Form: certification.FormAppeal}, "key")
		}},
		{Name: "delete corrections", Page: "sure", Title: "my_data.delete_changes_title", SignedIn: true, Content: func(frame web.Frame) any {
			return deleteContent(frame, cases.View{Case: certification.Case{ID: exampleCase, Stage: certification.StageApplicationReturned}}, cases.Unsent{Form: certification.FormApplication, Sent: true}, "key")
		}},
	}
}
