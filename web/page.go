package web

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Frame is what every page has around its content, in the language of its reader.
type Frame struct {
	*Localizer
	// Title is the page's heading and the first half of its title.
	Title string
	// Path is where the page is, without language: "/cases/…". The language picker
	// leads to the same page.
	Path string
	// Back is the address of the page one goes back to; empty for none.
	Back string
	// Home is the address of the reader's own start page; empty when signed out.
	Home string
	// Operator is the certifying body, as settings name it.
	Operator string
	// Demonstration puts a line on top that says that this is not the real programme.
	Demonstration bool
	// IdleSeconds is after how long without a request the reader is signed out; 0 when
	// nobody is signed in.
	IdleSeconds int
	// Problems are what is wrong with what was sent in, for the summary on top.
	Problems []Problem
	// Offered are the languages to choose from.
	Offered []Offer
}

// Offer is a language of the picker.
type Offer struct {
	Language  string // BCP 47
	Direction string // "ltr" or "rtl"
	Name      string // as the language calls itself
	Address   string // of this page in that language
	Chosen    bool
}

// Say gives the words for a key, with its variables as pairs of name and value:
// {{.Say "home.due" "DueBy" (.By .DueAt)}}.
func (f Frame) Say(key string, pairs ...any) (string, error) {
	variables, err := variablesOf(pairs)
	if err != nil {
		return "", fmt.Errorf("saying %s: %w", key, err)
	}
	return f.Localizer.Say(key, variables), nil
}

// Rich is Say for words that hold tags, such as a link in a sentence. The tags are the
// catalogue's own; values are escaped, unless they are template.HTML.
func (f Frame) Rich(key string, pairs ...any) (template.HTML, error) {
	variables, err := variablesOf(pairs)
	if err != nil {
		return "", fmt.Errorf("saying %s: %w", key, err)
	}
	for name, value := range variables {
		switch value := value.(type) {
		case template.HTML, int:
		default:
			variables[name] = html.EscapeString(fmt.Sprint(value))
		}
	}
	return template.HTML(f.Localizer.Say(key, variables)), nil
}

func variablesOf(pairs []any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("a variable has no value")
	}
	variables := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, is := pairs[i].(string)
		if !is {
			return nil, fmt.Errorf("the name of a variable is a %T", pairs[i])
		}
		variables[name] = pairs[i+1]
	}
	return variables, nil
}

// Link is the address of a page in the reader's language.
func (f Frame) Link(path string) string { return "/" + f.Language() + path }

// Bdi sets a value apart from the direction of the words around it: a name, a number,
// an address.
func (f Frame) Bdi(value string) template.HTML {
	return template.HTML("<bdi>" + html.EscapeString(value) + "</bdi>")
}

// Asset is the address of a style, script or picture of ours.
func (f Frame) Asset(name string) string { return AssetURL(name) }

// Styles is the address of the style sheet for the direction of the language.
func (f Frame) Styles() string {
	if f.Direction() == "rtl" {
		return AssetURL("app.rtl.css")
	}
	return AssetURL("app.css")
}

// Problem is one line of the summary of what is wrong: a sentence and the id of the
// element that it is about.
type Problem struct{ ID, Text string }

// Page is a page: the frame and what stands in it. What it is put together from is in
// components.go and forms.go.
type Page[T any] struct {
	Frame
	Content T
}

// Pages are the templates of a set of pages, each with the layout and the components.
type Pages struct{ byName map[string]*template.Template }

// NewPages parses every pages/*.html of some files. Each defines "content", which is
// given a Page; layout and components are added. What the files have beside the folder
// is for all their pages, and a layout.html there is in place of the shared one.
func NewPages(files fs.FS) (*Pages, error) {
	shared, err := template.New("layout").Option("missingkey=error").ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the layout: %w", err)
	}
	if own, err := fs.Glob(files, "*.html"); err == nil && len(own) > 0 {
		if shared, err = shared.ParseFS(files, "*.html"); err != nil {
			return nil, fmt.Errorf("parsing what the pages share: %w", err)
		}
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing pages: %w", err)
	}
	pages := &Pages{byName: map[string]*template.Template{}}
	for _, name := range names {
		clone, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("copying the layout: %w", err)
		}
		if clone, err = clone.ParseFS(files, name); err != nil {
			return nil, fmt.Errorf("parsing a page: %w", err)
		}
		pages.byName[strings.TrimSuffix(path.Base(name), ".html")] = clone
	}
	return pages, nil
}

// Template is the template of a page, for tests; nil if there is none.
func (p *Pages) Template(name string) *template.Template { return p.byName[name] }

// Names lists the pages.
func (p *Pages) Names() []string {
	var names []string
	for name := range p.byName {
		names = append(names, name)
	}
	return names
}

// Render writes a page, or nothing if it cannot be written whole.
func (p *Pages) Render(to io.Writer, name string, page any) error {
	found := p.byName[name]
	if found == nil {
		return fmt.Errorf("there is no page %q", name)
	}
	var whole bytes.Buffer
	if err := found.ExecuteTemplate(&whole, "layout.html", page); err != nil {
		return fmt.Errorf("rendering the page %s: %w", name, err)
	}
	if _, err := to.Write(KeepWhole(whole.Bytes())); err != nil {
		return fmt.Errorf("writing the page %s: %w", name, err)
	}
	return nil
}
