package portal

import (
	"net/url"
	"slices"
	"strings"

	"peercert/certification"
	"peercert/web"
)

// asked is a question of the application: what is known, how it is asked, and what its
// answer becomes.
type asked struct {
	// known fills the form with what is saved.
	known func(values certification.ApplicationValues) url.Values
	// inputs are the fields, and intro the words above them.
	inputs func(form *web.Form) []web.Input
	intro  []string // keys
	// read puts the answers into the values. What the programme's rules say of them is
	// found afterwards; what is no answer at all is refused here.
	read func(form *web.Form, values *certification.ApplicationValues, policy certification.Policy)
}

// textLimit bounds what no rule of the exam vendor bounds.
const textLimit = 100

func nameQuestion() asked {
	return asked{
		intro: []string{"application.name.intro"},
		known: func(values certification.ApplicationValues) url.Values {
			return url.Values{
				"legal_first_name": {values.LegalFirstName}, "legal_middle_name": {values.LegalMiddleName},
				"legal_last_name": {values.LegalLastName}, "called": {values.Called},
			}
		},
		inputs: func(form *web.Form) []web.Input {
			return []web.Input{
				form.Input(web.Input{Kind: web.InputText, Name: "legal_first_name", Autocomplete: "given-name"}, "application.name.first", ""),
				form.Input(web.Input{Kind: web.InputText, Name: "legal_middle_name", Autocomplete: "additional-name", Optional: true}, "application.name.middle", "application.name.middle_hint"),
				form.Input(web.Input{Kind: web.InputText, Name: "legal_last_name", Autocomplete: "family-name"}, "application.name.last", "application.name.last_hint"),
				form.Input(web.Input{Kind: web.InputText, Name: "called", Autocomplete: "nickname", Optional: true}, "application.name.called", "application.name.called_hint"),
			}
		},
		read: func(form *web.Form, values *certification.ApplicationValues, _ certification.Policy) {
			values.LegalFirstName, values.LegalMiddleName = oneLine(form.Value("legal_first_name")), oneLine(form.Value("legal_middle_name"))
			values.LegalLastName, values.Called = oneLine(form.Value("legal_last_name")), oneLine(form.Value("called"))
			refuseLong(form, "legal_middle_name", "called")
		},
	}
}

// oneLine makes any run of white space one space, as it was meant.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(certification.WithoutInvisible, text)), " ")
}

func refuseLong(form *web.Form, names ...string) {
	for _, name := range names {
		if len([]rune(form.Value(name))) > textLimit {
			form.Refuse(name, "form.too_long", map[string]any{"Limit": textLimit})
		}
	}
}

// readDate reads a date of three fields. What is no date stays as it was typed, for the
// person, and is refused.
func readDate(form *web.Form, name string) certification.Date {
	date, is := form.Date(name)
	if !is {
		form.Refuse(name, "finding.not_a_date", nil)
	}
	return certification.Date(date)
}

func birthQuestion() asked {
	return asked{
		known: func(values certification.ApplicationValues) url.Values {
			known := url.Values{}
			web.KnownDate(known, "date_of_birth", string(values.DateOfBirth))
			return known
		},
		inputs: func(form *web.Form) []web.Input {
			return []web.Input{form.Input(web.Input{Kind: web.InputDate, Name: "date_of_birth", Autocomplete: "bday"}, "application.birth.label", "application.birth.hint")}
		},
		read: func(form *web.Form, values *certification.ApplicationValues, _ certification.Policy) {
			values.DateOfBirth = readDate(form, "date_of_birth")
		},
	}
}

func idDateQuestion() asked {
	return asked{
		known: func(values certification.ApplicationValues) url.Values {
			known := url.Values{}
			web.KnownDate(known, "id_expires_on", string(values.IDExpiresOn))
			return known
		},
		inputs: func(form *web.Form) []web.Input {
			return []web.Input{form.Input(web.Input{Kind: web.InputDate, Name: "id_expires_on"}, "application.id_date.label", "application.id_date.hint")}
		},
		read: func(form *web.Form, values *certification.ApplicationValues, _ certification.Policy) {
			values.IDExpiresOn = readDate(form, "id_expires_on")
		},
	}
}

// choice is a question with one answer of several.
func choice(name, words string, intro []string, options []string, of func(values *certification.ApplicationValues) *string) asked {
	return asked{
		intro: intro,
		known: func(values certification.ApplicationValues) url.Values { return url.Values{name: {*of(&values)}} },
		inputs: func(form *web.Form) []web.Input {
			input := web.Input{Kind: web.InputRadios, Name: name}
			for _, option := range options {
				input.Options = append(input.Options, web.Option{
					Value: option, Label: form.Say(words+".option."+option, nil), Hint: form.Say(words+".option_hint."+option, nil),
				})
			}
			return []web.Input{form.Input(input, words+".label", "")}
		},
		read: func(form *web.Form, values *certification.ApplicationValues, _ certification.Policy) {
			*of(values) = form.Value(name)
		},
	}
}

// educations and experiences are what certification accepts, in the order shown.
func educations() []string {
	return []string{"diploma", "ged", "college_degree", "transcript", "letter"}
}

func experiences() []string {
	return []string{"consumer", "parent", "caregiver", "family_member"}
}

func educationQuestion() asked {
	return choice("education", "application.education", []string{"application.education.intro"}, educations(),
		func(values *certification.ApplicationValues) *string { return &values.Education })
}

func experienceQuestion() asked {
	return choice("lived_experience", "application.experience", []string{"application.experience.intro", "application.experience.private"}, experiences(),
		func(values *certification.ApplicationValues) *string { return &values.LivedExperience })
}

// statements are the attestations in the order shown.
func statements() []string {
	return []string{"willing_to_share", "dedicated_to_recovery", "true_and_complete"}
}

func statementsQuestion() asked {
	return asked{
		known: func(values certification.ApplicationValues) url.Values {
			known := url.Values{}
			for name, attested := range map[string]bool{
				"willing_to_share": values.Attestations.WillingToShare, "dedicated_to_recovery": values.Attestations.DedicatedToRecovery,
				"true_and_complete": values.Attestations.TrueAndComplete,
			} {
				if attested {
					known.Add("attestations", name)
				}
			}
			return known
		},
		inputs: func(form *web.Form) []web.Input {
			input := web.Input{Kind: web.InputCheckboxes, Name: "attestations"}
			for _, name := range statements() {
				input.Options = append(input.Options, web.Option{Value: name, Label: form.Say("application.statements.option."+name, nil)})
			}
			return []web.Input{form.Input(input, "application.statements.label", "application.statements.hint")}
		},
		read: func(form *web.Form, values *certification.ApplicationValues, _ certification.Policy) {
			values.Attestations = certification.Attestations{
				WillingToShare:      form.Checked("attestations", "willing_to_share"),
				DedicatedToRecovery: form.Checked("attestations", "dedicated_to_recovery"),
				TrueAndComplete:     form.Checked("attestations", "true_and_complete"),
			}
			if slices.Contains([]bool{values.Attestations.WillingToShare, values.Attestations.DedicatedToRecovery, values.Attestations.TrueAndComplete}, false) {
				form.Refuse("attestations", "finding.attestations.not_attested", nil) // one sentence for all three
			}
		},
	}
}
