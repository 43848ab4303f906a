package portal

import (
	"net/url"

	"peercert/certification"
	"peercert/web"
)

// ethicsArticles number the articles of the sample code of ethics.
func ethicsArticles() []string { return []string{"1", "2", "3", "4", "5", "6", "7", "8"} }

// Ethics is the code of ethics, to be read and signed: with the application, and again
// with each renewal.
type Ethics struct {
	Question
	Version  string
	Articles []Article
}

// Article is a heading with paragraphs.
type Article struct {
	Heading string
	Steps   []string
	Open    bool // shown without being asked for, where it can be folded
}

// codeOfEthics is the text in the words of a language, and the question for a signature.
func codeOfEthics(words *web.Localizer, version string, question Question) Ethics {
	code := Ethics{Question: question, Version: version}
	for _, number := range ethicsArticles() {
		code.Articles = append(code.Articles, Article{
			Heading: words.Say("ethics.article_"+number+".heading", nil), Steps: []string{words.Say("ethics.article_"+number+".text", nil)},
		})
	}
	return code
}

// signatureInputs are what is filled in to sign.
func signatureInputs(form *web.Form) []web.Input {
	return []web.Input{
		form.Input(web.Input{Kind: web.InputCheckboxes, Name: "ethics.read", Options: []web.Option{{Value: "yes", Label: form.Say("ethics.read_option", nil)}}}, "ethics.read", ""),
		form.Input(web.Input{Kind: web.InputText, Name: "ethics.typed_name", Autocomplete: "name"}, "ethics.typed_name", "ethics.typed_name_hint"),
	}
}

// readSignature reads a signature under a version of the text: the one that was shown.
// version is the one in force; another one has to be read first.
func readSignature(form *web.Form, version string) certification.Ethics {
	if !form.Checked("ethics.read", "yes") {
		form.Refuse("ethics.read", "ethics.read_missing", nil)
	}
	if form.Value("version") != version {
		form.Refuse("ethics.read", "finding.ethics.version.not_current", nil)
	}
	if form.Value("ethics.typed_name") == "" {
		form.Refuse("ethics.typed_name", "finding.ethics.typed_name.required", nil)
	}
	refuseLong(form, "ethics.typed_name")
	return certification.Ethics{Version: version, TypedName: oneLine(form.Value("ethics.typed_name"))}
}

func ethicsQuestion() asked {
	return asked{
		known: func(values certification.ApplicationValues) url.Values {
			known := url.Values{"ethics.typed_name": {values.Ethics.TypedName}}
			if values.Ethics.TypedName != "" {
				known.Set("ethics.read", "yes")
			}
			return known
		},
		inputs: signatureInputs,
		read: func(form *web.Form, values *certification.ApplicationValues, policy certification.Policy) {
			values.Ethics = readSignature(form, policy.EthicsVersion)
		},
	}
}
