package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// withoutScripts is a keyboard in a real browser that runs no script of a page.
func withoutScripts(t *testing.T, base string, width int) *keyboard {
	t.Helper()
	k := withKeyboard(t, base, width)
	_, err := chromedp.Call(k.context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	k.still = true
	return k
}

// menuStays says whether an open menu is open after Escape: the script would close it.
func (k *keyboard) menuStays() bool {
	k.Helper()
	const menu = `document.querySelector("details[data-menu]")`
	_, err := Ask[bool](k.Tab, `(() => { const menu = `+menu+`; menu.open = true; menu.querySelector("summary").focus(); return true })()`)
	require.NoError(k, err)
	k.press(kb.Escape)
	open, err := Ask[bool](k.Tab, menu+`.open`)
	require.NoError(k, err)
	return open
}

// Handing in and paying need no script, in a browser that would run some: forms, files and
// leading on are the browser's own. It is not parallel: others there move the clock by years,
// and then a code, a payment page or the case itself is too old.
func TestApplyingInABrowserWithoutScripts(t *testing.T) {
	place := running.On(t)
	with := withKeyboard(t, place.Settings.PublicURL, phone)
	with.Open("/en")
	require.False(t, with.menuStays(), "where scripts run, this one does")
	k := withoutScripts(t, place.Settings.PublicURL, phone)
	k.Open("/en")
	require.True(t, k.menuStays(), "no script runs")
	l := newLife(t, place, k, "en")
	l.begins()
	l.watches()
	l.applies()
	l.pays()
}
