package notices

import (
	_ "embed"
	"html/template"
	"strings"
	"sync"

	"peercert/web"
)

//go:embed letter.html
var letterHTML string

var layout = sync.OnceValue(func() *template.Template {
	functions := template.FuncMap{"apart": apart}
	return template.Must(template.New("letter").Funcs(functions).Option("missingkey=error").Parse(letterHTML))
})

// apart turns the marks that set a value apart in text (see web.Localizer.Apart) into
// elements: many mail programs know those and not the marks.
func apart(text string) template.HTML {
	return template.HTML(strings.NewReplacer("\u2068", "<bdi>", "\u2069", "</bdi>").Replace(template.HTMLEscapeString(text)))
}

func (p page) html() (string, error) {
	var out strings.Builder
	if err := layout().Execute(&out, p); err != nil {
		return "", err
	}
	return string(web.KeepWhole([]byte(out.String()))), nil
}

// headings are the lines of the text that stand over others.
func (p page) headings() []string {
	all := []string{}
	if len(p.Next) > 0 {
		all = append(all, p.NextHeading)
	}
	for _, step := range p.Steps {
		all = append(all, step.Heading)
	}
	return all
}

// text lays the letter out as plain text. Lines are as long as their paragraph:
// mail programs wrap them to the width of the screen.
func (p page) text() string {
	var blocks []string
	add := func(lines ...string) { blocks = append(blocks, strings.Join(lines, "\n")) }

	if p.Demonstration != "" {
		add(p.Demonstration)
	}
	add(p.Greeting.String())
	for _, paragraph := range p.Body {
		add(paragraph)
	}
	for _, reason := range p.Reasons {
		lines := []string{"- " + reason.Wrong}
		if reason.Do != "" {
			lines = append(lines, "  "+reason.Do)
		}
		if reason.Note != "" {
			lines = append(lines, "  "+strings.ReplaceAll(reason.Note, "\n", "\n  "))
		}
		add(lines...)
	}
	if len(p.Next) > 0 {
		add(append([]string{p.NextHeading}, p.Next...)...)
	}
	for _, step := range p.Steps {
		add(append([]string{step.Heading}, step.Says...)...)
	}
	if p.Link != "" {
		add(p.LinkWords + ":\n" + p.Link)
	}
	add(p.Regards, p.Operator)
	add(p.Why)
	return strings.Join(blocks, "\n\n") + "\n"
}
