package portal

import (
	"bytes"
	"compress/gzip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"peercert/portal/portaltest"
	"peercert/web"
)

// inEveryLanguage gives each language that people are offered, and the pseudo-languages.
func inEveryLanguage(t *testing.T) []*web.Localizer {
	t.Helper()
	var all []*web.Localizer
	for _, tag := range web.Languages() {
		all = append(all, web.Words(tag))
	}
	for _, tag := range []string{web.LongWords, web.KeysShown} {
		words, known := web.Pseudo(tag)
		require.True(t, known, tag)
		all = append(all, words)
	}
	return all
}

func TestEveryPageInEveryStateAndLanguage(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	for _, words := range inEveryLanguage(t) {
		t.Run(words.Language(), func(t *testing.T) {
			for _, state := range gallery.States() {
				page, err := gallery.Render(state, words)
				if assert.NoError(t, err, state) {
					assert.Empty(t, portaltest.Faults(page), state)
				}
			}
		})
	}
}

func TestStatesHaveNamesOfTheirOwn(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	seen := map[string]string{}
	for _, state := range gallery.States() {
		slug := Slug(state)
		assert.Empty(t, seen[slug], "%q is there twice", state)
		assert.Regexp(t, `^[a-z0-9-]+$`, slug)
		seen[slug] = state
	}
}

// A page that is not in the gallery is a page that no test looks at.
func TestEveryTemplateIsInTheGallery(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	var shown []string
	for _, one := range gallery.all {
		shown = append(shown, one.Page)
	}
	entries, err := os.ReadDir("pages")
	require.NoError(t, err)
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".html")
		assert.True(t, slices.Contains(shown, name), "no state of the page %s is in an examples file", name)
	}
}

// All that people read is in the catalogues: in the language that says keys, nothing
// else is left but made-up names and what was typed.
func TestNoWordsOutsideTheCatalogues(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	words, _ := web.Pseudo(web.KeysShown)
	known := madeUp(words)
	for _, state := range gallery.States() {
		page, err := gallery.Render(state, words)
		require.NoError(t, err)
		if said := outsideTheCatalogue(t, page, known); len(said) > 0 {
			t.Errorf("%s says what is in no catalogue: %q", state, said)
		}
	}
}

var (
	saidByKey = regexp.MustCompile(`\[[a-z0-9_.A-Z-]+( (zero|one|two|few|many))?( \{\{[^}]*\}\}| \S+)*?\]`)
	aWord     = regexp.MustCompile(`\pL{3,}`)
)

// madeUp are texts of the examples that come from elsewhere: the name of the language
// itself, and the chapters of the film.
func madeUp(words *web.Localizer) []string {
	texts := []string{"English (keys)"}
	for _, chapter := range sampleFilm().Chapters {
		texts = append(texts, chapter.Title(words.Language()))
	}
	return texts
}

// outsideTheCatalogue are the texts of a page that are in no catalogue. What is set
// apart (bdi, dir="auto", a language of its own) is data.
func outsideTheCatalogue(t *testing.T, page []byte, known []string) []string {
	t.Helper()
	document, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	var found []string
	var look func(node *html.Node, own string)
	look = func(node *html.Node, own string) {
		if node.Type == html.ElementNode {
			for _, attribute := range node.Attr {
				if attribute.Key == "lang" && own != "" && attribute.Val != own || attribute.Key == "dir" && attribute.Val == "auto" {
					return
				}
				if attribute.Key == "lang" {
					own = attribute.Val
				}
			}
			if slices.Contains([]string{"bdi", "script", "svg", "option"}, node.Data) {
				return
			}
		}
		if node.Type == html.TextNode {
			if rest := saidByKey.ReplaceAllString(node.Data, ""); !slices.Contains(known, strings.TrimSpace(rest)) && aWord.MatchString(rest) && !strings.Contains(node.Data, "[") {
				found = append(found, strings.TrimSpace(rest))
			}
		}
		for child := range node.ChildNodes() {
			look(child, own)
		}
	}
	look(document, "")
	return found
}

// The aim is 60 KB for a first visit over a phone's connection: the page as it is, the
// style sheet, the script and the icon compressed.
func TestFirstVisitIsSmall(t *testing.T) {
	const most = 60_000
	shared := 0
	for _, name := range []string{"app.js", "favicon.svg"} {
		shared += compressedSize(t, name)
	}
	gallery, err := NewGallery()
	require.NoError(t, err)
	biggest, where := 0, ""
	for _, tag := range web.Languages() {
		words := web.Words(tag)
		styles := "app.css"
		if words.Direction() == "rtl" {
			styles = "app.rtl.css"
		}
		styled := compressedSize(t, styles)
		for _, state := range gallery.States() {
			page, err := gallery.Render(state, words)
			require.NoError(t, err)
			size := len(page) + styled + shared
			assert.LessOrEqual(t, size, most, "%s in %s", state, tag)
			if size > biggest {
				biggest, where = size, state+" in "+tag
			}
		}
	}
	t.Logf("the biggest first visit: %s, %d bytes", where, biggest)
}

func compressedSize(t *testing.T, name string) int {
	t.Helper()
	content, err := os.ReadFile("../web/assets/" + name)
	require.NoError(t, err)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return packed.Len()
}
