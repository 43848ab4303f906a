package web_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"peercert/web"
)

// rendered is a page whose content is a template's words, as a tree.
func rendered[T any](t *testing.T, content string, frame web.Frame, with T) *html.Node {
	t.Helper()
	pages, err := web.NewPages(fstest.MapFS{"pages/page.html": {Data: []byte(`{{define "content"}}` + content + `{{end}}`)}})
	require.NoError(t, err)
	if frame.Localizer == nil {
		frame.Localizer = web.Words("en")
	}
	var page bytes.Buffer
	require.NoError(t, pages.Render(&page, "page", web.Page[T]{Frame: frame, Content: with}))
	require.NotContains(t, page.String(), "⟦", "words are missing")
	tree, err := html.Parse(&page)
	require.NoError(t, err)
	return tree
}

func every(tree *html.Node, match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for node := range tree.Descendants() {
		if node.Type == html.ElementNode && match(node) {
			found = append(found, node)
		}
	}
	return found
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func byID(t *testing.T, tree *html.Node, id string) *html.Node {
	t.Helper()
	found := every(tree, func(n *html.Node) bool { return attribute(n, "id") == id })
	require.Len(t, found, 1, "elements with the id %q", id)
	return found[0]
}

func text(node *html.Node) string {
	var said strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			said.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(said.String()), " ")
}

// everyInput are inputs of every kind as they look when each was answered wrongly.
func everyInput(words *web.Localizer) []web.Input {
	form := web.SentForm(words, url.Values{"a": {`"><script>`}, "d-month": {"2"}, "g": {"2"}})
	var inputs []web.Input
	for i, kind := range []string{
		web.InputText, web.InputEmail, web.InputCode, web.InputNumber, web.InputTextarea, web.InputDate,
		web.InputRadios, web.InputCheckboxes, web.InputSelect, web.InputFile,
	} {
		name := string(rune('a' + i))
		form.Refuse(name, "form.problems", nil)
		inputs = append(inputs, form.Input(web.Input{
			Kind: kind, Name: name, Optional: i%2 == 0, Options: []web.Option{{Value: "1", Label: "One", Hint: "The first"}, {Value: "2", Label: "Two"}},
		}, "layout.home", "layout.help"))
	}
	return inputs
}

func TestEveryInputNamesItsQuestionAndItsMistake(t *testing.T) {
	for _, language := range web.Languages() {
		for _, input := range everyInput(web.Words(language)) {
			tree := rendered(t, `<form>{{template "input" .Content}}</form>`, web.Frame{Localizer: web.Words(language)}, input)
			element := byID(t, tree, input.ID())
			group := element
			if input.Kind == web.InputDate || input.Kind == web.InputRadios || input.Kind == web.InputCheckboxes {
				for group.Data != "fieldset" {
					group = group.Parent
				}
				legends := every(group, func(n *html.Node) bool { return n.Data == "legend" })
				require.Len(t, legends, 1)
				require.Contains(t, text(legends[0]), input.Label)
			} else {
				labels := every(tree, func(n *html.Node) bool { return n.Data == "label" && attribute(n, "for") == input.ID() })
				require.Len(t, labels, 1, input.Kind)
				require.Contains(t, text(labels[0]), input.Label)
				require.Equal(t, "true", attribute(element, "aria-invalid"))
			}
			described := strings.Fields(attribute(group, "aria-describedby"))
			require.Len(t, described, 2, input.Kind)
			require.Equal(t, input.Hint, text(byID(t, tree, described[0])))
			require.Contains(t, text(byID(t, tree, described[1])), input.Error)
		}
	}
}

// Every field that one types into or chooses in has words of its own.
func TestNoFieldIsWithoutALabel(t *testing.T) {
	tree := rendered(t, `{{range .Content}}{{template "input" .}}{{end}}`, web.Frame{}, everyInput(web.Words("en")))
	labelled := map[string]bool{}
	for _, label := range every(tree, func(n *html.Node) bool { return n.Data == "label" }) {
		labelled[attribute(label, "for")] = true
	}
	fields := every(tree, func(n *html.Node) bool { return n.Data == "input" || n.Data == "select" || n.Data == "textarea" })
	require.Len(t, fields, 14, "the languages add none")
	for _, field := range fields {
		require.True(t, labelled[attribute(field, "id")], attribute(field, "id"))
	}
	require.Equal(t, `"><script>`, attribute(byID(t, tree, "a"), "value"), "what was typed is kept, and is only words")
	require.Len(t, every(tree, func(n *html.Node) bool { return n.Data == "script" }), 1)
}

func TestALargeQuestionIsTheHeading(t *testing.T) {
	for _, input := range everyInput(web.Words("en")) {
		input.Large = true
		headings := every(rendered(t, `{{template "input" .Content}}`, web.Frame{}, input), func(n *html.Node) bool { return n.Data == "h1" })
		require.Len(t, headings, 1, input.Kind)
		require.Contains(t, text(headings[0]), input.Label)
	}
}

func TestPageNamesMistakesInTitleAndSummary(t *testing.T) {
	frame := web.Frame{Title: "Your name", Problems: []web.Problem{{ID: "first-name", Text: "Write your first name."}, {Text: "Try again."}}}
	tree := rendered(t, `<input id="first-name">`, frame, 0)
	require.Equal(t, "Error: Your name – Peer certification", text(every(tree, func(n *html.Node) bool { return n.Data == "title" })[0]))
	summary := byID(t, tree, "problems")
	require.Equal(t, "There is a problem Write your first name. Try again.", text(summary))
	links := every(summary, func(n *html.Node) bool { return n.Data == "a" })
	require.Len(t, links, 1)
	require.Equal(t, "#first-name", attribute(links[0], "href"))

	frame.Problems = nil
	tree = rendered(t, ``, frame, 0)
	require.Equal(t, "Your name – Peer certification", text(every(tree, func(n *html.Node) bool { return n.Data == "title" })[0]))
	require.Empty(t, every(tree, func(n *html.Node) bool { return attribute(n, "role") == "alert" }))
}

func TestLayoutOffersLanguagesInTheirOwnWords(t *testing.T) {
	frame := web.Frame{
		Localizer: web.Words("es"), Title: "Inicio", Operator: `A <b>"Board"</b>`, Home: "/es/home", Demonstration: true, IdleSeconds: 1800,
		Offered: []web.Offer{{Language: "en", Direction: "ltr", Name: "English", Address: "/en/x"}, {Language: "ar", Direction: "rtl", Name: "العربية", Address: "/ar/x"}, {Language: "es", Direction: "ltr", Name: "Español", Address: "/es/x", Chosen: true}},
	}
	tree := rendered(t, ``, frame, 0)
	root := every(tree, func(n *html.Node) bool { return n.Data == "html" })[0]
	require.Equal(t, "es", attribute(root, "lang"))
	require.Equal(t, "ltr", attribute(root, "dir"))
	menu := every(tree, func(n *html.Node) bool { return n.Data == "details" })[0]
	links := every(menu, func(n *html.Node) bool { return n.Data == "a" })
	require.Len(t, links, 3)
	for i, link := range links {
		offer := frame.Offered[i]
		require.Equal(t, []string{offer.Address, offer.Language, offer.Direction, offer.Name}, []string{attribute(link, "href"), attribute(link, "lang"), attribute(link, "dir"), text(link)})
		require.Equal(t, offer.Chosen, attribute(link, "aria-current") == "true")
	}
	require.Contains(t, text(root), `A <b>"Board"</b>`, "a setting is words and no tags")
	require.NotNil(t, byID(t, tree, "timeout"))
	leave := every(tree, func(n *html.Node) bool { return n.Data == "form" })
	require.Len(t, leave, 1)
	require.Equal(t, []string{"post", "/es/sign-out"}, []string{attribute(leave[0], "method"), attribute(leave[0], "action")}, "a link could be followed by a robot")

	frame.Home, frame.IdleSeconds, frame.Demonstration = "", 0, false
	tree = rendered(t, ``, frame, 0)
	require.Empty(t, every(tree, func(n *html.Node) bool { return n.Data == "form" || n.Data == "dialog" }))
	require.NotContains(t, text(tree), "CalMHSA")
}

// The policy of the pages refuses what stands inline; so nothing may.
func TestNothingStandsInline(t *testing.T) {
	content := `{{range .Content}}{{template "input" .}}{{end}}`
	tree := rendered(t, content, web.Frame{Home: "/en/home", IdleSeconds: 60, Demonstration: true, Problems: []web.Problem{{Text: "x"}}}, everyInput(web.Words("en")))
	for _, node := range every(tree, func(*html.Node) bool { return true }) {
		require.NotEqual(t, "style", node.Data)
		if node.Data == "script" {
			require.NotEmpty(t, attribute(node, "src"))
			require.Nil(t, node.FirstChild)
		}
		for _, a := range node.Attr {
			require.NotEqual(t, "style", a.Key)
			require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
		}
	}
}

func TestComponentsSayWhatTheyAreGiven(t *testing.T) {
	promise := web.Promise{What: "We read it", Whose: "Us", By: "by Friday", Then: "A lead takes it.", Note: "It is late.", Overdue: true}
	require.Equal(t, "Us We read it by Friday It is late. A lead takes it.", text(every(rendered(t, `{{template "promise" .Content}}`, web.Frame{}, promise), func(n *html.Node) bool { return n.Data == "main" })[0]))

	steps := []web.Milestone{{Label: "Video", State: "done", Words: "Done"}, {Label: "Exam", State: "now", Words: "You are here"}, {Label: "Certificate", State: "ahead", Words: "Ahead"}}
	tree := rendered(t, `{{template "milestones" .Content}}`, web.Frame{}, steps)
	now := every(tree, func(n *html.Node) bool { return attribute(n, "aria-current") == "step" })
	require.Len(t, now, 1)
	require.Equal(t, "Exam You are here", text(now[0]))

	tasks := []web.TaskGroup{{Heading: "About you", Tasks: []web.Task{{Label: "Name", Address: "/name", Status: "To do", Tone: "todo"}, {Label: "Send", Status: "Cannot start yet", Tone: "locked"}}}}
	tree = rendered(t, `{{template "task-list" .Content}}`, web.Frame{}, tasks)
	main := every(tree, func(n *html.Node) bool { return n.Data == "main" })[0]
	require.Equal(t, "About you Name To do Send Cannot start yet", text(main))
	require.Len(t, every(main, func(n *html.Node) bool { return n.Data == "a" }), 1, "what cannot be started is no link")

	rows := []web.Row{{Label: "Name", Values: []string{"Ana", "Ruiz"}, Change: "/name", Words: "Change your name"}, {Label: "ID", Values: []string{"passport"}, Problem: "It is out of date."}}
	tree = rendered(t, `{{template "summary-list" .Content}}`, web.Frame{}, rows)
	require.Equal(t, "Name Ana Ruiz Change your name ID passport It is out of date.", text(every(tree, func(n *html.Node) bool { return n.Data == "dl" })[0]))

	posted := rendered(t, `{{template "button" .Content}}`, web.Frame{}, web.Button{Label: "Pay", Action: "/pay", Key: "k"})
	form := every(posted, func(n *html.Node) bool { return n.Data == "form" })[0]
	require.Equal(t, []string{"post", "/pay"}, []string{attribute(form, "method"), attribute(form, "action")})
	key := every(form, func(n *html.Node) bool { return n.Data == "input" })[0]
	require.Equal(t, []string{"hidden", "key", "k"}, []string{attribute(key, "type"), attribute(key, "name"), attribute(key, "value")})
	for _, tone := range []string{"info", "success", "warning", "error"} {
		notice := rendered(t, `{{template "notice" .Content}}`, web.Frame{}, web.Notice{Tone: tone, Heading: "Heading", Text: "<a href=\"/x\">Text</a>"})
		require.Len(t, every(notice, func(n *html.Node) bool { return attribute(n, "class") == "notice notice-"+tone }), 1)
	}
}
