package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is one page of the browser, with cookies of its own. It is used by one goroutine
// at a time.
type Tab struct {
	context context.Context
	close   context.CancelFunc

	mutex    sync.Mutex
	problems []string
}

// patience bounds each thing that is asked of a tab.
const patience = time.Minute

// Tab opens a tab, width times height CSS pixels in size.
func (c *Chromium) Tab(width, height int) (*Tab, error) {
	inside, cancel := chromedp.NewContext(c.context, chromedp.WithNewBrowserContext())
	t := &Tab{context: inside, close: cancel}
	err := chromedp.Do(inside) // makes the tab, which lives as long as this context
	if err == nil {
		err = chromedp.Listen(inside, t.listen)
	}
	if err == nil {
		_, err = chromedp.Call(inside, log.Enable, cdp.Empty{})
	}
	if err == nil {
		_, err = chromedp.Call(inside, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchPolicy})
	}
	if err == nil { // nothing moves by itself: a picture is the same each time
		_, err = chromedp.Call(inside, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
		})
	}
	if err == nil {
		err = t.Resize(width, height)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening a tab: %w", err)
	}
	return t, nil
}

// watchPolicy reports what the content security policy of a page stops.
const watchPolicy = `addEventListener("securitypolicyviolation", event => console.error("stopped by the content security policy:", event.violatedDirective, event.blockedURI, location.href))`

// listen collects what a page complains about.
func (t *Tab) listen(event any) {
	var said string
	switch event := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if event.Type != runtime.ConsoleAPICalledTypeError && event.Type != runtime.ConsoleAPICalledTypeWarning && event.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		var words []string
		for _, argument := range event.Args {
			words = append(words, string(argument.Value)+argument.Description)
		}
		said = "console: " + strings.Join(words, " ")
	case *runtime.EventExceptionThrown:
		said = "script: " + event.ExceptionDetails.Text
		if thrown := event.ExceptionDetails.Exception; thrown != nil {
			said += " " + thrown.Description
		}
	case *log.EventEntryAdded:
		if event.Entry.Level != log.EntryLevelError && event.Entry.Level != log.EntryLevelWarning {
			return
		}
		said = fmt.Sprintf("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL)
	default:
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.problems = append(t.problems, said)
}

// Problems are what pages complained about since they were last asked for: errors and
// warnings of the console, of scripts, of the network and of the content security
// policy.
func (t *Tab) Problems() []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	taken := t.problems
	t.problems = nil
	return taken
}

// do runs steps in the tab, with patience.
func (t *Tab) do(steps ...chromedp.Action[chromedp.Void]) error {
	limited, cancel := context.WithTimeout(t.context, patience)
	defer cancel()
	return chromedp.Do(limited, steps...)
}

// Resize makes the tab so many CSS pixels wide and high.
func (t *Tab) Resize(width, height int) error {
	_, err := chromedp.Call(t.context, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: int64(height), DeviceScaleFactor: 1,
	})
	if err != nil {
		return fmt.Errorf("resizing a tab: %w", err)
	}
	return nil
}

// Open goes to an address and waits until all of it is there.
func (t *Tab) Open(address string) error {
	if err := t.do(chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("opening %s: %w", address, err)
	}
	return nil
}

// Ask evaluates an expression in the page of a tab, and gives its value; a promise is
// awaited. A page may give way to the next one by itself while it is asked: then that
// one is asked, once it is there.
func Ask[T any](t *Tab, expression string) (T, error) {
	limited, cancel := context.WithTimeout(t.context, patience)
	defer cancel()
	for {
		value, err := chromedp.Run(limited, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		switch {
		case err == nil:
			return value, nil
		case !gaveWay(err):
			return value, fmt.Errorf("asking a page: %w", err)
		}
		const there = `new Promise(there => document.readyState === "complete" ? there(true) : addEventListener("load", () => there(true)))`
		if _, err := chromedp.Run(limited, chromedp.Evaluate[bool](there, chromedp.EvalAwaitPromise)); err != nil && !gaveWay(err) {
			return value, fmt.Errorf("waiting for the next page: %w", err)
		}
	}
}

// gaveWay says whether a page did not answer because another took its place. The
// browser has no code of its own for that, only these words.
func gaveWay(err error) bool {
	var refused *cdproto.Error
	return errors.As(err, &refused) && (strings.Contains(refused.Message, "navigated or closed") ||
		strings.Contains(refused.Message, "context was destroyed") || strings.Contains(refused.Message, "Cannot find context"))
}

// Picture is the whole page as a PNG file.
func (t *Tab) Picture() ([]byte, error) {
	limited, cancel := context.WithTimeout(t.context, patience)
	defer cancel()
	picture, err := chromedp.Run(limited, chromedp.FullScreenshot(100))
	if err != nil {
		return nil, fmt.Errorf("taking a picture: %w", err)
	}
	return picture, nil
}

// Press presses keys one after another, as somebody without a mouse does: text, or the
// keys of package kb.
func (t *Tab) Press(keys string, options ...chromedp.KeyOption) error {
	if err := t.do(chromedp.KeyEvent(keys, options...)); err != nil {
		return fmt.Errorf("pressing keys: %w", err)
	}
	return nil
}

// Close closes the tab.
func (t *Tab) Close() { t.close() }
