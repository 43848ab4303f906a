package portal

import (
	"net/url"

	"peercert/web"
)

func signInExamples() []example {
	asked := func(frame web.Frame, values url.Values, refuse ...string) *web.Form {
		if values == nil && refuse == nil {
			return web.NewForm(frame.Localizer, nil)
		}
		form := web.SentForm(frame.Localizer, values)
		for i := 0; i < len(refuse); i += 2 {
			form.Refuse(refuse[i], refuse[i+1], nil)
		}
		return form
	}
	question := func(frame web.Frame, button string, intro string, inputs []web.Input) Question {
		return Question{Key: "key", Action: "/", Button: frame.Localizer.Say(button, nil), Intro: []string{frame.Localizer.Say(intro, nil)}, Inputs: inputs}
	}
	all := []example{
		{Name: "sign in", Page: "question", Title: "sign_in.title", Content: func(frame web.Frame) any {
			return question(frame, "sign_in.button", "sign_in.intro", addressInputs(asked(frame, nil)))
		}},
		{Name: "sign in to go on", Page: "question", Title: "sign_in.title", Content: func(frame web.Frame) any {
			content := signInQuestion(asked(frame, nil), "sign_in.go_on")
			content.Key, content.Action = "key", "/"
			return content
		}},
		{Name: "sign in to send what is kept", Page: "question", Title: "sign_in.title", Content: func(frame web.Frame) any {
			content := signInQuestion(asked(frame, nil), "sign_in.kept")
			content.Key, content.Action = "key", "/"
			return content
		}},
		{Name: "sign in, no address", Page: "question", Title: "sign_in.title", Content: func(frame web.Frame) any {
			return question(frame, "sign_in.button", "sign_in.intro", addressInputs(asked(frame, url.Values{"email": {"maria@"}}, "email", "sign_in.email_wrong")))
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "email", "sign_in.email_wrong").Problems()
		}},
		{Name: "code", Page: "code", Title: "sign_in.code_title", Content: func(frame web.Frame) any {
			return Code{Address: "maria@example.org", Question: question(frame, "sign_in.code_button", "sign_in.intro", codeInputs(asked(frame, nil)))}
		}},
		{Name: "code, wrong", Page: "code", Title: "sign_in.code_title", Content: func(frame web.Frame) any {
			return Code{Address: "maria@example.org", Question: question(frame, "sign_in.code_button", "sign_in.intro", codeInputs(asked(frame, url.Values{"code": {"123456"}}, "code", "sign_in.code_wrong")))}
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "code", "sign_in.code_wrong").Problems()
		}},
		{Name: "code, spent", Page: "code", Title: "sign_in.code_title", Content: func(frame web.Frame) any {
			return Code{Address: "maria@example.org", Question: question(frame, "sign_in.code_button", "sign_in.intro", codeInputs(asked(frame, url.Values{"code": {"123456"}}, "code", "sign_in.code_spent")))}
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "code", "sign_in.code_spent").Problems()
		}},
		{Name: "code, asked for too soon", Page: "code", Title: "sign_in.code_title", Content: func(frame web.Frame) any {
			return Code{Address: "maria@example.org", Question: question(frame, "sign_in.code_button", "sign_in.intro", codeInputs(asked(frame, nil, "code", "sign_in.wait")))}
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "code", "sign_in.wait").Problems()
		}},
		{Name: "sign in, codes too often", Page: "question", Title: "sign_in.title", Content: func(frame web.Frame) any {
			return question(frame, "sign_in.button", "sign_in.intro", addressInputs(asked(frame, url.Values{"email": {"maria@example.org"}}, "email", "sign_in.too_many")))
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "email", "sign_in.too_many").Problems()
		}},
		{Name: "account", Page: "question", Title: "account.title", Content: func(frame web.Frame) any {
			return question(frame, "account.button", "account.intro", accountInputs(asked(frame, nil)))
		}},
		{Name: "account, what was typed is kept", Page: "question", Title: "account.title", Content: func(frame web.Frame) any {
			content := question(frame, "account.button", "account.kept", accountInputs(web.NewForm(frame.Localizer, url.Values{"first_name": {"María"}, "city": {"Oakland"}})))
			content.For = "for"
			return content
		}},
		{Name: "what was sent late", Page: "refused", Title: "held.title", SignedIn: true, Content: func(frame web.Frame) any {
			return heldContent(frame.Localizer, &held{Path: "/cases/" + exampleCase + "/application/name", Values: url.Values{"key": {"key"}, "legal_first_name": {"María"}}})
		}},
		{Name: "account, incomplete", Page: "question", Title: "account.title", Content: func(frame web.Frame) any {
			return question(frame, "account.button", "account.intro", accountInputs(asked(frame, url.Values{"first_name": {"María"}}, "last_name", "account.last_name_missing", "zip", "account.zip_wrong")))
		}, Problems: func(frame web.Frame) []web.Problem {
			return asked(frame, nil, "last_name", "account.last_name_missing", "zip", "account.zip_wrong").Problems()
		}},
	}
	return all
}

// exampleAgain is what the page of a refusal offers to do once more.
func exampleAgain(name string) *Resend {
	switch name {
	case "unavailable":
		return &Resend{Address: "/", Label: "…", Fields: []Field{{"key", "key"}}}
	case "too_many":
		return &Resend{Address: "/", Label: "…"}
	}
	return nil
}

// refusedExamples are the pages that say why something was not done.
func refusedExamples() []example {
	var all []example
	for _, name := range []string{
		"not_found", "method", "malformed", "invalid", "wrong_stage", "stale", "not_ready", "closed", "too_many", "unavailable", "fault", "cross_origin",
	} {
		all = append(all, example{Name: "refused " + name, Page: "refused", Title: "refused." + name + ".title", Content: func(frame web.Frame) any {
			return Refusal{Text: frame.Localizer.Say("refused."+name+".text", nil), Next: frame.Localizer.Say("refused."+name+".next", nil), Again: exampleAgain(name), Number: map[bool]string{true: "0195f3a0-0000-7000-8000-00000000000b"}[name == "fault"]}
		}})
	}
	return all
}
