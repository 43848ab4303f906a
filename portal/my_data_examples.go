package portal

import (
	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func myDataExamples() []example {
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
	return []example{
		{Name: "my data", Page: "my-data", Title: "my_data.title", SignedIn: true, Content: func(frame web.Frame) any {
			return myData(frame, person, caseLines(frame, exampleCases(), "", exampleNow), []cases.Read{
				{At: exampleNow, Role: certification.RoleReviewer, Purpose: cases.PurposeReview, Form: certification.FormApplication},
				{At: exampleNow, Role: certification.RoleAdministrator, Purpose: cases.PurposeSupport, DocumentID: "d"},
			})
		}},
		{Name: "my data, nobody looked", Page: "my-data", Title: "my_data.title", SignedIn: true, Content: func(frame web.Frame) any {
			return myData(frame, cases.Person{FirstName: "María", LastName: "de la Cruz", Email: "maria@example.org", Language: "en"}, caseLines(frame, exampleCases()[:1], "", exampleNow), nil)
		}},
		question("my data, change", "my_data.change_title", "my_data.save", "", func(form *web.Form) []web.Input { return changeInputs(form, true) }),
		question("my data, new address", "my_data.email_title", "sign_in.button", "my_data.email_intro", addressInputs),
		question("my data, code", "sign_in.code_title", "my_data.save", "my_data.email_code_intro", codeInputs),
		{Name: "close account", Page: "sure", Title: "my_data.close_title", SignedIn: true, Content: func(frame web.Frame) any {
			return closeContent(frame, "key", exampleNow)
		}},
		{Name: "account closed", Page: "sure", Title: "my_data.closed_title", Content: func(frame web.Frame) any {
			return Sure{
				Paragraphs: []string{closedText(frame.Localizer, exampleNow)},
				Keep:       web.Button{Label: frame.Localizer.Say("refused.to_start", nil), Address: "/"},
			}
		}},
		{Name: "delete draft", Page: "sure", Title: "my_data.delete_title", SignedIn: true, Content: func(frame web.Frame) any {
			return deleteContent(frame, exampleCase, "key")
		}},
	}
}
