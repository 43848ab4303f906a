package portal

import (
	"bytes"
	"reflect"
	"slices"

	"peercert/certification"
	"peercert/web"
)

// example is a page in one state, for the gallery and the tests that look at every
// page in every language.
type example struct {
	Name    string // unique: "home certified"
	Page    string // the template
	Title   string // key of the catalogue
	Content func(frame web.Frame) any
	// Heading says that the content has the title: it has a field Heading.
	Heading bool
	// SignedIn shows the page as to somebody who is signed in.
	SignedIn bool
	// Problems are what is wrong with the form of the page.
	Problems func(frame web.Frame) []web.Problem
}

// examples are all of them, under a policy.
func examples(policy certification.Policy) []example {
	return slices.Concat(signInExamples(), refusedExamples(), homeExamples(policy), payExamples(policy), videoExamples(), myDataExamples(policy), applicationExamples(policy), documentExamples(),
		publicExamples(policy), trainingExamples(policy), examExamples(policy), certificateExamples(policy))
}

// render writes an example in a language.
func (e example) render(pages *web.Pages, words *web.Localizer) ([]byte, error) {
	frame := web.Frame{Localizer: words, Path: "/", Offered: offers(words, "/"), Operator: "Example Operator", Demonstration: true}
	if e.Title != "" {
		frame.Title = words.Say(e.Title, nil)
	}
	if e.SignedIn {
		frame.Home, frame.IdleSeconds = frame.Link("/home"), 1800
	}
	if e.Problems != nil {
		frame.Problems = e.Problems(frame)
	}
	content := e.Content(frame)
	if e.Heading {
		frame.Title = reflect.ValueOf(content).FieldByName("Heading").String()
	}
	var body bytes.Buffer
	err := pages.Render(&body, e.Page, struct {
		web.Frame
		Content any
	}{frame, content})
	return body.Bytes(), err
}
