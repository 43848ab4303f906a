package browser

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// keyboard is a visitor in a real browser who has no mouse: Tab, Enter, Space, arrows
// and letters do all. At each step on the way the focus must be somewhere, be seen, and
// be in the window. The browser's own window for choosing a file is opened, and what is
// done in it is done for them.
type keyboard struct {
	*testing.T
	*Tab
	base  *url.URL
	steps int // of Tab, in all
	// still says that the browser runs no scripts: see withoutScripts.
	still bool
	// choosing gets the field that a window for choosing files was opened for.
	choosing chan cdp.BackendNodeID
}

// wrongForm is what the browser notes when a form comes back to be put right.
const wrongForm = "status of 422"

func withKeyboard(t *testing.T, base string, width int) *keyboard {
	t.Helper()
	address, err := url.Parse(base)
	require.NoError(t, err)
	k := &keyboard{T: t, Tab: tab(t, width, wrongForm), base: address, choosing: make(chan cdp.BackendNodeID, 1)}
	require.NoError(t, chromedp.Listen(k.context, func(event any) {
		if opened, is := event.(*page.EventFileChooserOpened); is {
			select {
			case k.choosing <- opened.BackendNodeID:
			default: // one is open already
			}
		}
	}))
	_, err = chromedp.Call(k.context, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true})
	require.NoError(t, err)
	return k
}

// focus is where the focus is.
type focus struct {
	None    bool   `json:"none"` // nowhere: at the top of the page
	Tag     string `json:"tag"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Value   string `json:"value"`
	Href    string `json:"href"`
	Action  string `json:"action"` // of the form of a button
	Checked bool   `json:"checked"`
	Seen    bool   `json:"seen"`   // something shows it
	Inside  bool   `json:"inside"` // it is in the window, and nothing is over it
	HTML    string `json:"html"`
}

const focused = `(() => {
	const node = document.activeElement;
	if (!node || node === document.body || node === document.documentElement) return {none: true};
	const shows = element => [null, "::before", "::after"].some(part => {
		const style = getComputedStyle(element, part);
		return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
	});
	const marks = [node, ...(node.labels || [])];
	const boxes = marks.flatMap(element => [...element.getClientRects()]).filter(box => box.width > 4 && box.height > 4);
	const inside = boxes.some(box => {
		const x = Math.min(Math.max((box.left + box.right) / 2, 1), innerWidth - 1), y = Math.min(Math.max((box.top + box.bottom) / 2, 1), innerHeight - 1);
		if (box.bottom < 1 || box.top > innerHeight - 1 || box.right < 1 || box.left > innerWidth - 1) return false;
		const there = document.elementFromPoint(x, y);
		return there && marks.some(element => element.contains(there) || there.contains(element));
	});
	const form = node.form || node.closest("form");
	const isButton = node.tagName === "BUTTON" || node.type === "submit";
	return {
		none: false, tag: node.tagName, type: node.type || "", name: node.name || "", value: String(node.value || ""), href: node.getAttribute("href") || "",
		action: isButton && node.type !== "button" && form ? form.getAttribute("action") || "" : "", checked: !!node.checked,
		seen: marks.some(shows) || node.tagName === "VIDEO", // the browser shows it on its own controls
		inside, html: node.outerHTML.slice(0, 200),
	};
})()`

func (k *keyboard) focus() focus {
	k.Helper()
	at, err := Ask[focus](k.Tab, focused)
	require.NoError(k, err)
	return at
}

// settled is where the focus is once the browser has scrolled to it and shows it, which it
// does with its next picture, and coming back from the end of a page a moment after that.
func (k *keyboard) settled() focus {
	k.Helper()
	at := k.focus()
	for deadline := time.Now().Add(patience); !at.None && !(at.Inside && at.Seen) && time.Now().Before(deadline); at = k.focus() {
		time.Sleep(10 * time.Millisecond)
	}
	return at
}

func (k *keyboard) press(keys string, options ...chromedp.KeyOption) {
	k.Helper()
	require.NoError(k, k.Tab.Press(keys, options...))
}

// reach presses Tab until the focus is where it is wanted. It does not get lost on the
// way: it is nowhere only between the end of the page and its beginning.
func (k *keyboard) reach(what string, is func(focus) bool) focus {
	k.Helper()
	nowhere, path := 0, k.Path() // Tab does not lead away from it
	for step := range 400 {
		at := k.focus()
		if step > 0 {
			at = k.settled()
			require.True(k, at.None || at.Seen, "nothing shows the focus at %s: %s", path, at.HTML)
			require.True(k, at.None || at.Inside, "the focus is out of sight at %s: %s", path, at.HTML)
		}
		switch {
		case at.None:
			nowhere++
			require.LessOrEqual(k, nowhere, 2, "the keyboard does not reach %s at %s", what, path)
		case is(at):
			return at
		}
		k.press(kb.Tab)
		k.steps++
	}
	require.FailNow(k, "the focus goes in a circle", "at %s, looking for %s", path, what)
	return focus{}
}

func (k *keyboard) Open(address string) {
	k.Helper()
	to, err := k.base.Parse(address)
	require.NoError(k, err)
	require.NoError(k, k.Tab.Open(to.String()))
}

func (k *keyboard) Reload() {
	k.Helper()
	k.leave(func() {
		var err error
		if k.still {
			_, err = chromedp.Call(k.context, page.Reload, page.ReloadParams{})
		} else {
			_, err = Ask[bool](k.Tab, "setTimeout(() => location.reload()), true")
		}
		require.NoError(k, err)
	})
}

func (k *keyboard) Path() string {
	k.Helper()
	path, err := Ask[string](k.Tab, "location.pathname + location.search")
	require.NoError(k, err)
	return path
}

func (k *keyboard) Says() string {
	k.Helper()
	said, err := Ask[string](k.Tab, "document.body.innerText")
	require.NoError(k, err)
	return said
}

func (k *keyboard) Wrong() bool {
	k.Helper()
	wrong, err := Ask[bool](k.Tab, "!!document.getElementById('problems')")
	require.NoError(k, err)
	if wrong { // then it has the focus, and is read first
		const here = "document.activeElement === document.getElementById('problems')"
		is := false
		for deadline := time.Now().Add(patience); !is && time.Now().Before(deadline); {
			is, err = Ask[bool](k.Tab, here)
			require.NoError(k, err)
		}
		require.True(k, is, "what is wrong does not have the focus at %s", k.Path())
	}
	return wrong
}

func (k *keyboard) Leads(address string) bool {
	k.Helper()
	links, err := Ask[[]string](k.Tab, "[...document.links].map(link => link.getAttribute('href'))")
	require.NoError(k, err)
	for _, link := range links {
		if leads(link, address) {
			return true
		}
	}
	return false
}

// leave does something that leads to another page, or to the same one anew, and waits
// until that is there.
func (k *keyboard) leave(do func()) {
	k.Helper()
	from := k.Path() // asked for now: between two pages there is nothing to ask
	_, err := Ask[bool](k.Tab, "(document.querySelector('main') || document.body).left = true")
	require.NoError(k, err)
	do()
	deadline := time.Now().Add(patience)
	for {
		there, err := Ask[bool](k.Tab, "!(document.querySelector('main') || document.body).left && document.readyState === 'complete'")
		if err == nil && there {
			return
		}
		require.True(k, time.Now().Before(deadline), "no other page came after %s: %v", from, err)
		time.Sleep(20 * time.Millisecond)
	}
}

func (k *keyboard) Follow(address string) {
	k.Helper()
	require.True(k, k.Leads(address), "%s has no link to %s", k.Path(), address)
	k.reach("a link to "+address, func(at focus) bool { return at.Tag == "A" && leads(at.Href, address) })
	k.leave(func() { k.press(kb.Enter) })
}

func (k *keyboard) Press(action string) {
	k.Helper()
	k.reach("the button of "+action, func(at focus) bool { return at.Action != "" && leads(at.Action, action) })
	k.leave(func() { k.press(kb.Enter) })
}

func (k *keyboard) Fill(name, value string) {
	k.Helper()
	k.reach("the field "+name, func(at focus) bool { return at.Name == name })
	k.press("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	k.press(kb.Backspace + value)
	require.Equal(k, value, k.focus().Value, "typing into %s", name)
}

func (k *keyboard) Choose(name, value string) {
	k.Helper()
	at := k.reach("the choice "+name, func(at focus) bool {
		return at.Name == name && (at.Type != "checkbox" || at.Value == value)
	})
	switch at.Type {
	case "checkbox":
		if !at.Checked {
			k.press(" ")
		}
		require.True(k, k.focus().Checked, "ticking %s", name)
		return
	case "radio":
		if at.Value == value && !at.Checked {
			k.press(" ")
		}
	}
	for range 200 {
		if at = k.focus(); at.Value == value {
			break
		}
		k.press(kb.ArrowDown)
	}
	require.Equal(k, value, at.Value, "choosing %s", name)
	require.True(k, at.Type != "radio" || k.focus().Checked, "choosing %s", name)
}

// Attach opens the browser's own window for choosing files with Enter, and chooses one
// in it.
func (k *keyboard) Attach(name, fileName string, content []byte) {
	k.Helper()
	k.reach("the field for a file", func(at focus) bool { return at.Name == name && at.Type == "file" })
	path := filepath.Join(k.TempDir(), fileName)
	require.NoError(k, os.WriteFile(path, content, 0o600))
	k.press(kb.Enter)
	select {
	case field := <-k.choosing:
		_, err := chromedp.Call(k.context, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: field})
		require.NoError(k, err)
	case <-time.After(patience):
		require.FailNow(k, "Enter lets nobody choose a file", "at %s", k.Path())
	}
	held, err := Ask[int](k.Tab, "document.activeElement.files.length")
	require.NoError(k, err)
	require.Equal(k, 1, held, "with the file chosen, the focus is at its field")
}
