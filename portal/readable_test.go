package portal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"peercert/web"
	"peercert/web/reading"
)

// legal are states that are mostly the words of a text that people sign.
var legal = []string{"code of ethics", "ethics"}

// Whole pages read at eighth grade or below, as they are put together, with names and
// dates. Lists of names to choose from are no sentences and do not count.
func TestPagesAreEasyToRead(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	hardest, where := 0.0, ""
	for _, state := range gallery.States() {
		page, err := gallery.Render(state, web.Words("en"))
		require.NoError(t, err)
		grade := reading.Grade(wordsOfMain(t, page))
		signed := false
		for _, name := range legal {
			signed = signed || strings.Contains(state, name)
		}
		if !signed {
			assert.LessOrEqual(t, grade, 8.0, state)
		}
		if grade > hardest {
			hardest, where = grade, state
		}
	}
	t.Logf("the hardest page: %s, grade %.1f", where, hardest)
}

// wordsOfMain is what the main part of a page says, a line for each block.
func wordsOfMain(t *testing.T, page []byte) string {
	t.Helper()
	document, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	var words strings.Builder
	var walk func(node *html.Node, inside bool)
	walk = func(node *html.Node, inside bool) {
		switch node.DataAtom {
		case atom.Main:
			inside = true
		case atom.Script, atom.Style, atom.Svg, atom.Option, atom.Bdi:
			return
		}
		for _, attribute := range node.Attr {
			if attribute.Key == "class" && attribute.Val == "line-when" {
				return // an instant alone is no sentence
			}
			if attribute.Key == "lang" && inside && attribute.Val != "en" {
				return // a letter that was sent in another language: its grade would be of other sounds
			}
		}
		if inside && node.Type == html.TextNode {
			words.WriteString(strings.Join(strings.Fields(node.Data), " ") + " ")
		}
		for child := range node.ChildNodes() {
			walk(child, inside)
		}
		switch node.DataAtom {
		case atom.A, atom.Strong, atom.Em, atom.Span, atom.Abbr, atom.Label:
		default:
			if node.Type == html.ElementNode {
				words.WriteString("\n")
			}
		}
	}
	walk(document, false)
	return words.String()
}
