package portaltest

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// file is one that was chosen in a form.
type file struct {
	name    string
	content []byte
}

// Fill types a value into a field, named by its name or its label.
func (b *Browser) Fill(nameOrLabel, value string) *Browser {
	b.Helper()
	switch field := b.field(nameOrLabel); {
	case field.Data == "textarea":
		for child := field.FirstChild; child != nil; child = field.FirstChild {
			field.RemoveChild(child)
		}
		field.AppendChild(&html.Node{Type: html.TextNode, Data: value})
	case field.Data == "select":
		b.Choose(nameOrLabel, value)
	default:
		set(field, "value", value)
	}
	return b
}

// FillDate types a date, "2034-04-12", into the three fields of a question.
func (b *Browser) FillDate(name, date string) *Browser {
	b.Helper()
	parts := strings.Split(date, "-")
	if len(parts) != 3 {
		b.Fatalf("%q is no date", date)
	}
	return b.Fill(name+"-month", parts[1]).Fill(name+"-day", parts[2]).Fill(name+"-year", parts[0])
}

// Choose picks an answer: of radio buttons, a select, or a checkbox, which stays as it
// is if it was ticked. The answer is named by its value or its label.
func (b *Browser) Choose(name, answer string) *Browser {
	b.Helper()
	var offered []string
	for _, field := range b.fields(name) {
		choices := []*html.Node{field}
		if field.Data == "select" {
			choices = all(field, element("option"))
		}
		for _, choice := range choices {
			label := textOf(choice)
			if choice.Data == "input" {
				label = b.labelOf(choice)
			}
			if attribute(choice, "value") != answer && label != answer {
				offered = append(offered, attribute(choice, "value"))
				continue
			}
			mark := "checked"
			switch {
			case choice.Data == "option":
				mark = "selected"
				for _, other := range choices {
					remove(other, mark)
				}
			case attribute(choice, "type") == "radio":
				for _, other := range b.fields(name) {
					remove(other, mark)
				}
			}
			set(choice, mark, mark)
			return b
		}
	}
	b.Fatalf("%s offers no answer %q to %q: %q", b.Path(), answer, name, offered)
	return b
}

// Tick chooses every checkbox with a name.
func (b *Browser) Tick(name string) *Browser {
	b.Helper()
	for _, field := range b.fields(name) {
		set(field, "checked", "checked")
	}
	return b
}

// Untick takes the ticks of every checkbox with a name away.
func (b *Browser) Untick(name string) *Browser {
	b.Helper()
	for _, field := range b.fields(name) {
		remove(field, "checked")
	}
	return b
}

// Attach chooses a file; called again, one more.
func (b *Browser) Attach(nameOrLabel, fileName string, content []byte) *Browser {
	b.Helper()
	field := b.field(nameOrLabel)
	if attribute(field, "type") != "file" {
		b.Fatalf("the field %q takes no files", nameOrLabel)
	}
	if len(b.files[field]) > 0 && !has(field, "multiple") {
		b.Fatalf("the field %q takes one file", nameOrLabel)
	}
	b.files[field] = append(b.files[field], file{fileName, content})
	return b
}

// Value is what a field holds.
func (b *Browser) Value(nameOrLabel string) string {
	b.Helper()
	var values url.Values
	for _, field := range b.fields(nameOrLabel) {
		if form := formOf(b.Document(), field); form != nil {
			values = b.values(form, nil)
			return values.Get(attribute(field, "name"))
		}
	}
	return ""
}

// Wrong is what is said at a field that is wrong; empty if nothing.
func (b *Browser) Wrong(name string) string {
	b.Helper()
	for field := b.fields(name)[0]; field != nil; field = field.Parent {
		for _, id := range strings.Fields(attribute(field, "aria-describedby")) {
			if strings.HasSuffix(id, "-error") {
				return textOf(first(b.Document(), func(node *html.Node) bool { return attribute(node, "id") == id }))
			}
		}
	}
	return ""
}

// Buttons are the texts of all buttons of the page that send something.
func (b *Browser) Buttons() []string {
	b.Helper()
	var texts []string
	for _, button := range all(b.Document(), isSubmit) {
		texts = append(texts, buttonText(button))
	}
	return texts
}

// Press sends the form of a button, named by its text, its name, or the address that
// its form goes to, or the end of that without a query. What fields hold is sent as a browser sends it.
func (b *Browser) Press(button string) *Browser {
	b.Helper()
	pressed := b.button(button)
	b.visit(b.request(formOf(b.Document(), pressed), pressed))
	return b
}

// PressTwice sends a form twice, as an impatient thumb does: the answer to the first
// is never seen.
func (b *Browser) PressTwice(button string) *Browser {
	b.Helper()
	pressed := b.button(button)
	form := formOf(b.Document(), pressed)
	once, twice := b.request(form, pressed), b.request(form, pressed)
	answer, err := b.client.Do(once)
	if err != nil {
		b.Fatalf("pressing %s: %v", button, err)
	}
	_ = answer.Body.Close()
	b.visit(twice)
	return b
}

func (b *Browser) button(name string) *html.Node {
	b.Helper()
	buttons := all(b.Document(), isSubmit)
	for _, is := range []func(*html.Node) bool{
		func(node *html.Node) bool { return buttonText(node) == name },
		func(node *html.Node) bool { return attribute(node, "name") == name },
		func(node *html.Node) bool { return attribute(formOf(b.Document(), node), "action") == name },
		func(node *html.Node) bool {
			path, _, _ := strings.Cut(attribute(formOf(b.Document(), node), "action"), "?")
			return strings.HasPrefix(name, "/") && strings.HasSuffix(path, name)
		},
	} {
		if at := slices.IndexFunc(buttons, is); at >= 0 && formOf(b.Document(), buttons[at]) != nil {
			return buttons[at]
		}
	}
	b.Fatalf("%s has no button %q; it has %q", b.Path(), name, b.Buttons())
	return nil
}

// request is what a browser sends for a form.
func (b *Browser) request(form, pressed *html.Node) *http.Request {
	b.Helper()
	method, action := attribute(form, "method"), attribute(form, "action")
	if value, is := lookup(pressed, "formaction"); is {
		action = value
	}
	address, err := url.Parse(b.onPage(action))
	if err != nil {
		b.Fatalf("the address of a form: %v", err)
	}
	values := b.values(form, pressed)
	if !strings.EqualFold(method, http.MethodPost) {
		address.RawQuery = values.Encode()
		request, err := http.NewRequest(http.MethodGet, address.String(), nil)
		if err != nil {
			b.Fatalf("sending a form: %v", err)
		}
		return request
	}
	body, kind := strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"
	if attribute(form, "enctype") == "multipart/form-data" {
		body, kind = b.multipart(form, values)
	}
	request, err := http.NewRequest(http.MethodPost, address.String(), body)
	if err != nil {
		b.Fatalf("sending a form: %v", err)
	}
	request.Header.Set("Content-Type", kind)
	from := b.Response.Request.URL
	request.Header.Set("Origin", from.Scheme+"://"+from.Host)
	site := "same-origin"
	if from.Host != address.Host {
		site = "cross-site"
	}
	request.Header.Set("Sec-Fetch-Site", site)
	return request
}

func (b *Browser) multipart(form *html.Node, values url.Values) (*strings.Reader, string) {
	b.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	part := func(header textproto.MIMEHeader, content []byte) {
		into, err := writer.CreatePart(header)
		if err == nil {
			_, err = into.Write(content)
		}
		if err != nil {
			b.Fatalf("putting a form together: %v", err)
		}
	}
	plain := func(name, value string) {
		part(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}}, []byte(value))
	}
	// In the order of the page, as browsers do it: a stream is read in that order.
	sent := map[string]bool{}
	for _, field := range all(b.Document(), isField) {
		name := attribute(field, "name")
		if name == "" || formOf(b.Document(), field) != form {
			continue
		}
		if attribute(field, "type") != "file" {
			for _, value := range values[name] {
				if !sent[name] {
					plain(name, value)
				}
			}
			sent[name] = true
			continue
		}
		chosen := b.files[field]
		if len(chosen) == 0 {
			chosen = []file{{}} // a browser sends an empty one
		}
		for _, one := range chosen {
			header := textproto.MIMEHeader{}
			header.Set("Content-Disposition", `form-data; name="`+name+`"; filename="`+strings.ReplaceAll(one.name, `"`, "%22")+`"`)
			header.Set("Content-Type", "application/octet-stream")
			part(header, one.content)
		}
	}
	for name, held := range values { // the button that was pressed
		if !sent[name] {
			for _, value := range held {
				plain(name, value)
			}
		}
	}
	if err := writer.Close(); err != nil {
		b.Fatalf("putting a form together: %v", err)
	}
	return strings.NewReader(body.String()), writer.FormDataContentType()
}

// values are what the fields of a form send, without files.
func (b *Browser) values(form, pressed *html.Node) url.Values {
	b.Helper()
	values := url.Values{}
	for _, field := range all(b.Document(), isField) {
		name := attribute(field, "name")
		if name == "" || has(field, "disabled") || formOf(b.Document(), field) != form {
			continue
		}
		switch kind := attribute(field, "type"); {
		case field.Data == "textarea":
			values.Add(name, strings.TrimPrefix(rawText(field), "\n"))
		case field.Data == "select":
			if chosen := chosenOption(field); chosen != nil {
				values.Add(name, attribute(chosen, "value"))
			}
		case kind == "radio" || kind == "checkbox":
			if has(field, "checked") {
				values.Add(name, attribute(field, "value"))
			}
		case kind == "file" || kind == "submit":
		default:
			values.Add(name, attribute(field, "value"))
		}
	}
	if name := attribute(pressed, "name"); name != "" {
		values.Add(name, attribute(pressed, "value"))
	}
	return values
}

// chosenOption is the option that a select has chosen: the first, if none is marked.
func chosenOption(list *html.Node) *html.Node {
	options := all(list, element("option"))
	for _, option := range options {
		if has(option, "selected") {
			return option
		}
	}
	if len(options) == 0 {
		return nil
	}
	return options[0]
}

// field is the first field with a name or a label.
func (b *Browser) field(nameOrLabel string) *html.Node {
	b.Helper()
	return b.fields(nameOrLabel)[0]
}

// fields are those with a name, else those with a label; at least one.
func (b *Browser) fields(nameOrLabel string) []*html.Node {
	b.Helper()
	var named, labelled []*html.Node
	var names []string
	for _, field := range all(b.Document(), isField) {
		names = append(names, attribute(field, "name"))
		if attribute(field, "name") == nameOrLabel {
			named = append(named, field)
		}
		if b.labelOf(field) == nameOrLabel {
			labelled = append(labelled, field)
		}
	}
	if len(named) > 0 {
		return named
	}
	if len(labelled) == 0 {
		b.Fatalf("%s (%q) has no field %q; it has %q", b.Path(), b.Title(), nameOrLabel, names)
	}
	return labelled
}

func (b *Browser) labelOf(field *html.Node) string {
	id := attribute(field, "id")
	if id == "" {
		return ""
	}
	return textOf(first(b.document, func(node *html.Node) bool { return node.Data == "label" && attribute(node, "for") == id }))
}

func isField(node *html.Node) bool {
	return node.Type == html.ElementNode && (node.Data == "input" || node.Data == "textarea" || node.Data == "select")
}

func isSubmit(node *html.Node) bool {
	if node.Type != html.ElementNode {
		return false
	}
	kind := attribute(node, "type")
	return node.Data == "button" && (kind == "" || kind == "submit") || node.Data == "input" && kind == "submit"
}

func buttonText(node *html.Node) string {
	if node.Data == "input" {
		return attribute(node, "value")
	}
	return textOf(node)
}

// formOf is the form that a field or a button belongs to.
func formOf(document, node *html.Node) *html.Node {
	if id, is := lookup(node, "form"); is {
		return first(document, func(form *html.Node) bool { return form.Data == "form" && attribute(form, "id") == id })
	}
	for ; node != nil; node = node.Parent {
		if node.Type == html.ElementNode && node.Data == "form" {
			return node
		}
	}
	return nil
}

// Post sends a body as it comes, for what no form sends: one that breaks off. The
// browser stays at its page.
func (b *Browser) Post(address, contentType string, body io.Reader) (*http.Response, error) {
	b.Helper()
	request, err := http.NewRequest(http.MethodPost, b.onPage(address), body)
	if err != nil {
		b.Fatalf("sending to %s: %v", address, err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Origin", b.base.String())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.client.Do(request)
}
