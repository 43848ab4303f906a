// Package browser drives a real Chromium without a window: for tests that look at pages
// as people see them, and for pictures of them.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// ErrMissing says that there is no Chromium, and what to do.
var ErrMissing = errors.New("Chromium is not installed: on Debian, apt-get install chromium fonts-noto-core installs it with the letters of every language; CHROMIUM may name another program")

// Find is the Chromium of this machine, or ErrMissing.
func Find() (string, error) {
	candidates := []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
	if named := os.Getenv("CHROMIUM"); named != "" {
		candidates = []string{named}
	}
	for _, candidate := range candidates {
		if program, err := exec.LookPath(candidate); err == nil {
			return program, nil
		}
	}
	return "", ErrMissing
}

// Chromium is one running browser. It is safe for concurrent use.
type Chromium struct {
	context context.Context
	close   func()
}

// Start starts a browser with a profile of its own, which Close removes.
func Start(ctx context.Context) (*Chromium, error) {
	program, err := Find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(2*time.Minute), // the first start on a busy machine is slow
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("mute-audio", true), chromedp.Flag("lang", "en-US"),
	)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	running, cancel := chromedp.NewContext(allocator)
	c := &Chromium{context: running, close: func() {
		cancel()
		stop()
	}}
	if err := chromedp.Do(running); err != nil {
		c.close()
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	return c, nil
}

// Close ends the browser.
func (c *Chromium) Close() { c.close() }
