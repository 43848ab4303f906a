package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/local/gallery"
	"peercert/web"
)

// stops counts what Tab has to stop at: what is shown, and can be used. Radio buttons
// with one name are one stop.
const stops = `(() => {
	const groups = new Set();
	return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, video[controls]")].filter(node => {
		if (node.disabled || node.type === "hidden" || node.tabIndex < 0 || !node.checkVisibility({visibilityProperty: true})) return false;
		if (node.type !== "radio") return true;
		const seen = groups.has(node.name);
		groups.add(node.name);
		return !seen;
	}).length;
})()`

// tabThrough goes from the top of a page to its end, and gives how many stops there
// were. The first leads past what stands on top of every page.
func (k *keyboard) tabThrough(t *testing.T, address string) {
	k.Helper()
	k.Open(address)
	// What is wrong with a form has the focus at first: the walk begins before it.
	_, err := Ask[bool](k.Tab, "document.activeElement.blur(), scrollTo(0, 0), true")
	require.NoError(t, err)
	want, err := Ask[int](k.Tab, stops)
	require.NoError(t, err)
	seen := map[string]bool{}
	met := 0
	_, err = Ask[bool](k.Tab, "document.body.prepend(Object.assign(document.createElement('span'), {tabIndex: -1, id: 'top-of-page'})), document.getElementById('top-of-page').focus(), true")
	require.NoError(t, err)
	k.press(kb.Tab)
	for range 300 {
		at := k.settled()
		if at.None || strings.Contains(at.HTML, "top-of-page") {
			break
		}
		if !strings.HasPrefix(at.HTML, "<video") || !seen[at.HTML] { // its controls are stops of their own
			met++
		}
		seen[at.HTML] = true
		assert.True(t, at.Seen, "nothing shows the focus at %s: %s", address, at.HTML)
		assert.True(t, at.Inside, "the focus is out of sight at %s: %s", address, at.HTML)
		k.press(kb.Tab)
	}
	assert.Equal(t, want, met, "stops of Tab at %s", address)
	k.steps += met
}

// Each kind of page in English, and the main pages in every language, can be gone
// through with Tab on a small phone's window.
func TestTabReachesEverything(t *testing.T) {
	t.Parallel()
	pages, base := shown(t)
	k := withKeyboard(t, base, phone)
	kinds := map[string]bool{}
	for _, state := range pages.States() {
		kind, _, _ := strings.Cut(state, "-")
		if !kinds[kind] {
			kinds[kind] = true
			k.tabThrough(t, gallery.Address("en", state))
		}
	}
	for _, language := range web.Languages()[1:] {
		for _, state := range mainPages(t, pages) {
			k.tabThrough(t, gallery.Address(language, state))
		}
	}
	require.Greater(t, k.steps, 300, "somewhere the walk ended too early")
	t.Logf("%d stops of Tab", k.steps)
}

// The first stop leads past what stands on top of every page, and the menu of languages
// opens, leads on and closes.
func TestSkippingAndChoosingALanguage(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	k := withKeyboard(t, place.Settings.PublicURL, phone)
	k.Open("/en/registry")
	k.press(kb.Tab)
	require.Equal(t, "#main", k.focus().Href)
	k.press(kb.Enter)
	k.press(kb.Tab)
	inside, err := Ask[bool](k.Tab, "document.querySelector('main').contains(document.activeElement)")
	require.NoError(t, err)
	assert.True(t, inside, "after skipping, the next stop is in the page itself")

	menu := func() {
		k.reach("the menu of languages", func(at focus) bool { return at.Tag == "SUMMARY" })
		k.press(kb.Enter)
	}
	k.Open("/en/registry")
	menu()
	k.press(kb.Escape)
	open, err := Ask[bool](k.Tab, "!!document.querySelector('details[data-menu][open]')")
	require.NoError(t, err)
	assert.False(t, open)
	assert.Equal(t, "SUMMARY", k.focus().Tag, "closed, the focus is where it was")
	k.press(kb.Enter)
	k.Follow("/es/registry")
	assert.Equal(t, "/es/registry", k.Path())
}
