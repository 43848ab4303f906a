package portaltest

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Faults are what is wrong with a page in itself, whatever it is about: each is a
// sentence without its subject, such as "has no h1". None for a good page. What needs
// a real browser to be seen is tested with one, elsewhere.
func Faults(body []byte) []string {
	document, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return []string{fmt.Sprintf("cannot be read: %v", err)}
	}
	page := inspected{document: document, ids: map[string]int{}}
	for _, node := range all(document, func(*html.Node) bool { return true }) {
		if id, is := lookup(node, "id"); is {
			page.ids[id]++
		}
	}
	page.words(body)
	page.frame()
	page.headings()
	page.identifiers()
	page.controls()
	page.linksAndPictures()
	page.policy()
	return page.faults
}

type inspected struct {
	document *html.Node
	ids      map[string]int
	faults   []string
}

func (p *inspected) fault(format string, arguments ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, arguments...))
}

// words finds what was never meant to be read.
func (p *inspected) words(body []byte) {
	for mark, what := range map[string]string{"⟦": "says a key that has no words", "<no value>": "shows a value that is not there", "&lt;no value&gt;": "shows a value that is not there", "%!": "shows a value in a wrong format", "{{": "shows a template", "ZgotmplZ": "holds a value that is not safe where it stands"} {
		if at := bytes.Index(body, []byte(mark)); at >= 0 {
			p.fault("%s: …%s…", what, body[max(0, at-40):min(len(body), at+80)])
		}
	}
}

// frame is what a page says of itself.
func (p *inspected) frame() {
	if !bytes.HasPrefix([]byte(doctypeOf(p.document)), []byte("html")) {
		p.fault("has no doctype")
	}
	root := first(p.document, element("html"))
	if attribute(root, "lang") == "" {
		p.fault("does not say its language")
	}
	if direction := attribute(root, "dir"); direction != "ltr" && direction != "rtl" {
		p.fault("does not say its direction")
	}
	if textOf(first(p.document, element("title"))) == "" {
		p.fault("has no title")
	}
	for _, name := range []string{"main", "header", "footer"} {
		if count := len(all(p.document, func(node *html.Node) bool { return node.Data == name && !within(node, "article", "section") })); count != 1 {
			p.fault("has %d elements %s", count, name)
		}
	}
}

func doctypeOf(document *html.Node) string {
	for child := range document.ChildNodes() {
		if child.Type == html.DoctypeNode {
			return child.Data
		}
	}
	return ""
}

func (p *inspected) headings() {
	if count := len(all(p.document, element("h1"))); count != 1 {
		p.fault("has %d elements h1", count)
	}
	level := 1
	for _, heading := range all(p.document, func(node *html.Node) bool {
		return len(node.Data) == 2 && node.Data[0] == 'h' && node.Data[1] >= '1' && node.Data[1] <= '6'
	}) {
		if textOf(heading) == "" {
			p.fault("has an empty heading %s", heading.Data)
		}
		if within(heading, "dialog") {
			continue // a page of its own
		}
		now := int(heading.Data[1] - '0')
		if now > level+1 {
			p.fault("goes from a heading of level %d to one of level %d, %q", level, now, textOf(heading))
		}
		level = now
	}
}

// identifiers are there once, and what refers to one finds it.
func (p *inspected) identifiers() {
	for id, count := range p.ids {
		if count > 1 || id == "" || strings.ContainsAny(id, " \t\n") {
			p.fault("has the id %q %d times", id, count)
		}
	}
	for _, node := range all(p.document, func(*html.Node) bool { return true }) {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list", "headers"} {
			for _, id := range strings.Fields(attribute(node, name)) {
				if p.ids[id] == 0 {
					p.fault("has a %s that names %q by %s, which is not there", node.Data, id, name)
				}
			}
		}
		if id, is := strings.CutPrefix(attribute(node, "href"), "#"); is && p.ids[id] == 0 {
			p.fault("has a link to %q, which is not there", id)
		}
	}
}

// controls have names that a person can hear.
func (p *inspected) controls() {
	for _, field := range all(p.document, isField) {
		kind := attribute(field, "type")
		if kind == "hidden" || kind == "submit" {
			continue
		}
		if attribute(field, "name") == "" && !has(field, "data-only-script") {
			p.fault("has a field without a name (id %q)", attribute(field, "id"))
		}
		id := attribute(field, "id")
		labelled := attribute(field, "aria-label") != "" || attribute(field, "aria-labelledby") != "" || within(field, "label")
		for _, label := range all(p.document, element("label")) {
			labelled = labelled || id != "" && attribute(label, "for") == id && textOf(label) != ""
		}
		if !labelled {
			p.fault("has a field %q without a label", attribute(field, "name"))
		}
		if formOf(p.document, field) == nil {
			p.fault("has a field %q outside of any form", attribute(field, "name"))
		}
	}
	for _, button := range all(p.document, element("button")) {
		if textOf(button) == "" && attribute(button, "aria-label") == "" {
			p.fault("has a button without words")
		}
		if isSubmit(button) && formOf(p.document, button) == nil {
			p.fault("has a button %q that sends nothing", textOf(button))
		}
	}
	for _, set := range all(p.document, element("fieldset")) {
		if legend := first(set, element("legend")); legend == nil || textOf(legend) == "" {
			p.fault("has a group of fields without a legend")
		}
	}
	for _, form := range all(p.document, element("form")) {
		if strings.EqualFold(attribute(form, "method"), "get") {
			continue
		}
		if !strings.HasPrefix(attribute(form, "action"), "/") {
			p.fault("has a form that goes to %q", attribute(form, "action"))
		}
		fileField := first(form, func(node *html.Node) bool { return node.Data == "input" && attribute(node, "type") == "file" })
		if fileField != nil && attribute(form, "enctype") != "multipart/form-data" {
			p.fault("has a form for files that cannot carry them")
		}
	}
}

func (p *inspected) linksAndPictures() {
	for _, link := range all(p.document, element("a")) {
		address, is := lookup(link, "href")
		if !is || address == "" {
			p.fault("has a link %q that leads nowhere", textOf(link))
		}
		if _, err := url.Parse(address); err != nil {
			p.fault("has a link to %q, which is no address", address)
		}
		if textOf(link) == "" && attribute(link, "aria-label") == "" {
			picture := first(link, element("img"))
			if picture == nil || attribute(picture, "alt") == "" {
				p.fault("has a link to %s without words", address)
			}
		}
	}
	for _, picture := range all(p.document, element("img")) {
		if !has(picture, "alt") {
			p.fault("has a picture without a description: %s", attribute(picture, "src"))
		}
	}
}

// policy finds what the content security policy would stop.
func (p *inspected) policy() {
	for _, node := range all(p.document, func(*html.Node) bool { return true }) {
		if node.Data == "style" || node.Data == "script" && !has(node, "src") {
			p.fault("has an inline %s", node.Data)
		}
		for _, attribute := range node.Attr {
			if attribute.Key == "style" || strings.HasPrefix(attribute.Key, "on") {
				p.fault("has a %s with an attribute %s", node.Data, attribute.Key)
			}
		}
	}
}

func within(node *html.Node, names ...string) bool {
	for node = node.Parent; node != nil; node = node.Parent {
		if node.Type == html.ElementNode && slices.Contains(names, node.Data) {
			return true
		}
	}
	return false
}
