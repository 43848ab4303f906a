package web

import (
	"net/url"
	"strings"
	"time"
)

// Kinds of Input.
const (
	InputText       = "text"
	InputEmail      = "email"
	InputCode       = "code" // six digits that came by mail
	InputNumber     = "number"
	InputTextarea   = "textarea"
	InputDate       = "date" // three fields: name-month, name-day, name-year
	InputRadios     = "radios"
	InputCheckboxes = "checkboxes"
	InputSelect     = "select"
	InputFile       = "file"
)

// Input is one question of a form. All words are already in the reader's language.
type Input struct {
	Kind string
	Name string // of the value that is sent
	// Label is the question; with Large it is the heading of the page as well.
	Label, Hint string
	Large       bool
	Error       string // what is wrong with what was sent; empty if nothing
	Value       string
	Optional    bool // said beside the label: questions without it have to be answered
	// Autocomplete is the HTML token, such as "email" or "given-name".
	Autocomplete string
	// Width is about how many characters it shows; 0 is the whole line.
	Width int
	Rows  int // InputTextarea
	// LTR keeps the value left to right in every language: addresses, codes, numbers.
	LTR     bool
	Options []Option // InputRadios, InputCheckboxes, InputSelect
	// Month, Day and Year are the parts of an InputDate, Parts their labels.
	Month, Day, Year string
	Parts            DateParts
	// InputFile: what may be chosen, and whether several at once.
	Accept   string
	Multiple bool

	words *Localizer // for what stands around the question; see Say
}

// DateParts are the labels of a date's fields, and the order they are asked in.
type DateParts struct{ Month, Day, Year string }

// Option is one answer to choose.
type Option struct {
	Value, Label, Hint string
	// HintLanguage is the BCP 47 tag of the hint where it is not in the page's language.
	HintLanguage string
	Chosen       bool
}

// ID is the id of the input's element. A radio's or checkbox's first option has it.
func (i Input) ID() string { return ElementID(i.Name) }

// OptionID is the id of an option's element.
func (i Input) OptionID(index int) string {
	if index == 0 {
		return i.ID()
	}
	return i.ID() + "-" + i.Options[index].Value
}

// Describes are the ids of the hint and the error, for aria-describedby.
func (i Input) Describes() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID()+"-hint")
	}
	if i.Error != "" {
		ids = append(ids, i.ID()+"-error")
	}
	return strings.Join(ids, " ")
}

// ElementID makes the id of an element of the name of a value.
func ElementID(name string) string {
	return strings.NewReplacer(".", "-", "_", "-", "[", "-", "]", "").Replace(name)
}

// Question is a form: some words, the questions, and a button.
type Question struct {
	Key    string // makes sending it twice the same as once
	For    string // says to whom it was shown, where that matters if it comes late; else empty
	Action string // address that the answers go to
	Intro  []string
	Inputs []Input
	Button string
	Upload bool // it carries files
	// Seen says of which state of what was saved the form was made, where it is only for
	// that; else empty.
	Seen string
}

// Form is a form that was sent in, or one that is shown for the first time: what was
// typed, and what is wrong with it.
type Form struct {
	words    *Localizer
	values   url.Values
	sent     bool
	problems []named
}

type named struct{ name, text string }

// NewForm is a form shown for the first time, filled with what is known.
func NewForm(words *Localizer, known url.Values) *Form {
	if known == nil {
		known = url.Values{}
	}
	return &Form{words: words, values: known}
}

// SentForm is a form as it was sent in.
func SentForm(words *Localizer, values url.Values) *Form {
	return &Form{words: words, values: values, sent: true}
}

// Say gives words in the language of the form.
func (f *Form) Say(key string, variables map[string]any) string { return f.words.Say(key, variables) }

// Words are those of the form's language.
func (f *Form) Words() *Localizer { return f.words }

// Value is what was typed, without the spaces around it and with digits as 0 to 9.
func (f *Form) Value(name string) string {
	return ordinaryDigits.Replace(strings.TrimSpace(f.values.Get(name)))
}

// ordinaryDigits turns the digits of other scripts, which keyboards of their languages
// give, into those of this one: Arabic, Persian, Devanagari and full-width.
var ordinaryDigits = func() *strings.Replacer {
	var pairs []string
	for _, zero := range []rune{'٠', '۰', '०', '０'} {
		for digit := range rune(10) {
			pairs = append(pairs, string(zero+digit), string('0'+digit))
		}
	}
	return strings.NewReplacer(pairs...)
}()

// Values are all answers with a name, for checkboxes.
func (f *Form) Values(name string) []string { return f.values[name] }

// Checked says whether an answer with a name was chosen.
func (f *Form) Checked(name, value string) bool {
	for _, chosen := range f.values[name] {
		if chosen == value {
			return true
		}
	}
	return false
}

// Date is a date of three fields as "2006-01-02"; false if it is not one, and empty if
// nothing was typed.
func (f *Form) Date(name string) (string, bool) {
	year, month, day := f.Value(name+"-year"), f.Value(name+"-month"), f.Value(name+"-day")
	if year+month+day == "" {
		return "", true
	}
	date, err := time.Parse("2006-1-2", year+"-"+strings.TrimLeft(month, "0")+"-"+strings.TrimLeft(day, "0"))
	if err != nil {
		return "", false
	}
	return date.Format(time.DateOnly), true
}

// Refuse says what is wrong with an answer, in words of the catalogue.
func (f *Form) Refuse(name, key string, variables map[string]any) {
	f.problems = append(f.problems, named{name, f.words.Say(key, variables)})
}

// Refused says whether anything is wrong.
func (f *Form) Refused() bool { return len(f.problems) > 0 }

// Problems are what is wrong, for Frame.Problems.
func (f *Form) Problems() []Problem {
	var problems []Problem
	for _, problem := range f.problems {
		problems = append(problems, Problem{ID: ElementID(problem.name), Text: problem.text})
	}
	return problems
}

// Input fills an input in: what was typed, and what is wrong. Label and hint are keys
// of the catalogue; a hint may be empty.
func (f *Form) Input(input Input, labelKey, hintKey string) Input {
	input.words = f.words
	input.Label = f.words.Say(labelKey, nil)
	if hintKey != "" {
		input.Hint = f.words.Say(hintKey, nil)
	}
	input.Value = f.values.Get(input.Name)
	for _, problem := range f.problems {
		if problem.name == input.Name && input.Error == "" {
			input.Error = problem.text
		}
	}
	for i := range input.Options {
		input.Options[i].Chosen = f.Checked(input.Name, input.Options[i].Value)
	}
	if input.Kind == InputDate {
		input.Month, input.Day, input.Year = f.values.Get(input.Name+"-month"), f.values.Get(input.Name+"-day"), f.values.Get(input.Name+"-year")
		input.Parts = DateParts{f.words.Say("form.month", nil), f.words.Say("form.day", nil), f.words.Say("form.year", nil)}
	}
	return input
}

// KnownDate gives the three fields of a date, for NewForm.
func KnownDate(into url.Values, name, date string) {
	if at, err := time.Parse(time.DateOnly, date); err == nil {
		into.Set(name+"-month", at.Format("1"))
		into.Set(name+"-day", at.Format("2"))
		into.Set(name+"-year", at.Format("2006"))
	}
}
