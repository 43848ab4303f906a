package browser

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/gallery"
	"peercert/notices"
	"peercert/web"
)

//go:embed testdata/axe/axe.min.js
var axe string

// looked is what is found on a page: by axe, and by measuring.
type looked struct {
	Violations []string `json:"violations"`
	Wide       int      `json:"wide"`      // CSS pixels that the page is wider than its window
	Over       []string `json:"over"`      // what reaches out of the window
	Overlap    []string `json:"overlap"`   // words that are cut off
	Backwards  []string `json:"backwards"` // where Tab leads up the page, on a phone
}

// look runs axe with the rules of WCAG 2.2 AA, and measures.
const look = `(async () => {
	const describe = node => node.outerHTML.slice(0, 160);
	const page = document.documentElement;
	const result = await axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]});
	const wide = page.scrollWidth - page.clientWidth;
	const over = wide <= 0 ? [] : [...document.body.querySelectorAll("*")].filter(node => {
		const box = node.getBoundingClientRect();
		return node.checkVisibility() && box.width > 0 && (box.right > page.clientWidth + 1 || box.left < -1);
	}).slice(-3).map(describe);
	const overlap = [...document.querySelectorAll("a, button, h1, h2, h3, p, li, dd, dt, label, legend, summary")].filter(node =>
		node.offsetParent && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible" && node.clientWidth > 1
	).slice(0, 3).map(describe);
	// On a phone all is in one column, and what comes next stands below.
	const stops = page.clientWidth > 400 ? [] : [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(node =>
		!node.disabled && node.tabIndex >= 0 && node.checkVisibility({visibilityProperty: true}) && node.closest("main, footer"));
	const backwards = stops.filter((node, i) => {
		const box = node.getBoundingClientRect();
		return i > 0 && (box.top + box.bottom) / 2 < stops[i-1].getBoundingClientRect().top;
	}).map(describe);
	return {
		violations: result.violations.flatMap(rule => rule.nodes.slice(0, 3).map(node =>
			rule.id + ": " + node.any.concat(node.all, node.none).map(check => check.message).join("; ") + ": " + node.html.slice(0, 240))),
		wide, over, overlap, backwards,
	};
})()`

// Zoomed to 400 %, a window of 1280 pixels is 320 CSS pixels wide: that is what 320
// stands for here, beside a small phone.
const (
	phone   = 320
	desktop = 1280
)

// inspect looks at pages one after another in one tab, at both widths.
func inspect(t *testing.T, base, language string, states []string) {
	opened := tab(t, phone)
	for _, state := range states {
		examine(t, opened, base+gallery.Address(language, state), state+" in "+language, phone, desktop)
	}
}

// examine looks at a page in a tab at each of some widths. Its name is for who reads what is wrong.
func examine(t *testing.T, opened *Tab, address, name string, widths ...int) {
	t.Helper()
	require.NoError(t, opened.Resize(widths[0], 900))
	require.NoError(t, opened.Open(address))
	_, err := Ask[bool](opened, axe+";true")
	require.NoError(t, err, name)
	for _, width := range widths {
		at := fmt.Sprintf("%s, %d pixels wide", name, width)
		require.NoError(t, opened.Resize(width, 900))
		found, err := Ask[looked](opened, look)
		require.NoError(t, err, at)
		assert.Empty(t, found.Violations, at)
		assert.LessOrEqual(t, found.Wide, 0, "%s can be scrolled sideways: %s", at, strings.Join(found.Over, "\n"))
		assert.Empty(t, found.Overlap, "%s cuts words off", at)
		assert.Empty(t, found.Backwards, "at %s, Tab leads up", at)
	}
	problems := slices.DeleteFunc(opened.Problems(), func(problem string) bool {
		return strings.Contains(problem, "the server responded with a status of 4") && strings.HasSuffix(problem, " "+address) // a page that says no
	})
	if len(problems) > 0 {
		t.Errorf("%s: %s", name, strings.Join(problems, "\n"))
	}
}

// axe finds nothing on any page in any state in English, nor on the main pages in any
// language, and nothing has to be scrolled sideways.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	pages, base := shown(t)
	chromium(t)
	states := pages.States()
	part := 0
	for some := range slices.Chunk(states, (len(states)+3)/4) { // in small parts all processors stay busy
		part++
		t.Run(fmt.Sprintf("English, part %d", part), func(t *testing.T) {
			t.Parallel()
			inspect(t, base, "en", some)
		})
	}
	for _, language := range web.Languages()[1:] {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			inspect(t, base, language, mainPages(t, pages))
		})
	}
}

// The same for every letter in English, and for one of each make in the other languages:
// what tells letters of one make apart is their words.
func TestLettersAreAccessible(t *testing.T) {
	t.Parallel()
	pages, _ := shown(t)
	chromium(t)
	// A letter is shown in a sandbox, where nothing can look at it from inside.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		pages.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		w.WriteHeader(answer.Code)
		_, _ = answer.Body.WriteTo(w)
	}))
	t.Cleanup(server.Close)
	opened := tab(t, phone)
	makes := []certification.Letter{certification.LetterConfirmAddress, certification.LetterApplicationReturned, certification.LetterResultsPassed, certification.LetterReceipt}
	for _, language := range web.Languages() {
		for _, example := range notices.List() {
			letter, widths := string(example.Letter), []int{phone}
			switch one := slices.Contains(makes, example.Letter); {
			case one:
				widths = []int{phone, desktop}
			case language != "en":
				continue
			}
			examine(t, opened, server.URL+"/gallery/letters/"+language+"/"+letter, "the letter "+letter+" in "+language, widths...)
			said, err := Ask[int](opened, "document.querySelectorAll('main p').length")
			require.NoError(t, err)
			assert.Greater(t, said, 3, "%s is a letter", letter)
		}
	}
}

// A page with faults is found out: what is clean is not clean because nobody looked.
func TestFaultsAreFound(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "script-src 'none'")
		fmt.Fprint(w, `<!doctype html><html><head><title>x</title><script>1</script><style>.wide{width:2000px}ul{display:flex;flex-direction:column-reverse}</style></head>
<body><main><h1>x</h1><p style="color:#bbb;background:#fff">Pale</p><input name="x"><p class="wide">Wide</p><ul><li><a href="/1">One</a></li><li><a href="/2">Two</a></li></ul></main></body></html>`)
	}))
	defer server.Close()
	opened := tab(t, phone, "content security policy", "Content Security Policy", "favicon")
	require.NoError(t, opened.Open(server.URL))
	_, err := Ask[bool](opened, axe+";true")
	require.NoError(t, err)
	found, err := Ask[looked](opened, look)
	require.NoError(t, err)
	all := strings.Join(found.Violations, "\n")
	for _, rule := range []string{"color-contrast", "html-has-lang", "label"} {
		assert.Contains(t, all, rule+": ")
	}
	assert.Greater(t, found.Wide, 1000)
	assert.Contains(t, strings.Join(found.Over, " "), "Wide")
	assert.Contains(t, strings.Join(found.Backwards, " "), "Two")
	assert.Contains(t, strings.Join(opened.Problems(), " "), "stopped by the content security policy")
}

// Words that are 40 % longer than the English ones still fit on a small phone.
func TestLongWordsFit(t *testing.T) {
	t.Parallel()
	pages, base := shown(t)
	opened := tab(t, phone)
	for _, state := range pages.States() {
		require.NoError(t, opened.Open(base+gallery.Address(web.LongWords, state)))
		wide, err := Ask[int](opened, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
		require.NoError(t, err)
		assert.LessOrEqual(t, wide, 0, "%s can be scrolled sideways", state)
	}
}

// mainPages are ten pages that all people meet, in the order of their way.
func mainPages(t *testing.T, pages *gallery.Gallery) []string {
	t.Helper()
	states := pages.States()
	var found []string
	for _, wanted := range Main {
		assert.True(t, slices.Contains(states, wanted), "the main page %s is not in the gallery", wanted)
		if slices.Contains(states, wanted) {
			found = append(found, wanted)
		}
	}
	return found
}
