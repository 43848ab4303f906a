// Package clock is the movable clock of one machine: the real time and an offset.
// Cases live by it, so that two years pass in a minute with honest calendar dates.
// No code of the product knows of it: the product is given a function that tells
// the time.
package clock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"

	"peercert/certification"
)

// Clock is a clock that can be moved forward. Safe for use by many goroutines.
type Clock struct {
	file string
	// wake tells the cases that the time has changed.
	wake func(ctx context.Context) (cases int, err error)

	mutex  sync.RWMutex
	offset time.Duration
}

// Open reads the offset from a file, so that a second start goes on in the same
// time; an empty name keeps it in memory.
func Open(file string) (*Clock, error) {
	c := &Clock{file: file}
	if file == "" {
		return c, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the clock's offset: %w", err)
	}
	if c.offset, err = time.ParseDuration(string(text)); err != nil {
		return nil, fmt.Errorf("%s does not hold a duration: delete it to go back to the real time", file)
	}
	return c, nil
}

// OnMove sets what wakes the cases after the clock was moved.
func (c *Clock) OnMove(wake func(ctx context.Context) (int, error)) { c.wake = wake }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return time.Now().Add(c.offset)
}

// Move sets the clock forward to an instant and wakes the cases. Time never goes
// back: what has happened has happened.
func (c *Clock) Move(ctx context.Context, to time.Time) (woken int, err error) {
	if err := c.Set(to); err != nil {
		return 0, err
	}
	return c.wakeCases(ctx)
}

// Set moves the clock forward as Move does, and wakes nobody: for a caller who knows
// which cases it concerns.
func (c *Clock) Set(to time.Time) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	forward := to.Sub(time.Now().Add(c.offset))
	if forward <= 0 {
		return errors.New("this clock only goes forward")
	}
	return c.keep(c.offset + forward)
}

// Begin sets the clock to an instant of the past, from where lives are lived up to
// the real time (Catch). Only for a machine on which nothing has happened yet.
func (c *Clock) Begin(at time.Time) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.keep(time.Until(at))
}

// Catch moves a clock that is behind to the real time and wakes the cases. A clock
// that is ahead stays.
func (c *Clock) Catch(ctx context.Context) error {
	if behind, err := c.catch(); !behind || err != nil {
		return err
	}
	_, err := c.wakeCases(ctx)
	return err
}

func (c *Clock) catch() (behind bool, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.offset >= 0 {
		return false, nil
	}
	return true, c.keep(0)
}

// keep takes an offset, also for the next start. The caller holds the mutex.
func (c *Clock) keep(offset time.Duration) error {
	if c.file != "" {
		if err := os.WriteFile(c.file, []byte(offset.String()), 0o600); err != nil {
			return fmt.Errorf("keeping the clock's offset: %w", err)
		}
	}
	c.offset = offset
	return nil
}

func (c *Clock) wakeCases(ctx context.Context) (int, error) {
	if c.wake == nil {
		return 0, nil
	}
	return c.wake(ctx)
}

var page = template.Must(template.New("clock").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Clock of this machine</title>
<style>body{font:18px/1.5 system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b}
.now{font-size:1.6rem}button,input{font:inherit;padding:.4rem .8rem;margin:.2rem .2rem .2rem 0}.note{background:#faf3d1;padding:.6rem 1rem;border-left:4px solid #936f38}</style>
<h1>The clock of this machine</h1>
<p class="note">Only here: moving it forward makes deadlines come and reminders go out. It never goes back.</p>
<p class="now">{{.Now}}</p><p>{{.Ahead}} ahead of the real time.</p>
{{with .Said}}<p role="status"><strong>{{.}}</strong></p>{{end}}
<form method="post">{{range .Steps}}<button name="advance" value="{{.Value}}">{{.Label}}</button>{{end}}</form>
<form method="post"><label>To <input type="datetime-local" name="local"></label> <button>Move</button> <small>Los Angeles time</small></form>`))

type step struct{ Value, Label string }

var steps = []step{{"1h", "1 hour"}, {"24h", "1 day"}, {"168h", "1 week"}, {"336h", "2 weeks"}, {"720h", "30 days"}, {"8760h", "1 year"}}

// ServeHTTP shows the clock and moves it: GET / as a page or JSON, POST / with
// advance (a duration), to (RFC 3339) or local (the page's own field).
func (c *Clock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said, status := "", http.StatusOK
	woken := 0
	if r.Method == http.MethodPost {
		to, err := c.wanted(r)
		if err == nil {
			woken, err = c.Move(r.Context(), to)
		}
		if err != nil {
			said, status = err.Error(), http.StatusUnprocessableEntity
		} else {
			said = fmt.Sprintf("Moved. %d open cases were woken.", woken)
		}
	}
	if r.Header.Get("Accept") == "application/json" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"now": c.Now().UTC(), "woken": woken, "said": said})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	now := c.Now()
	_ = page.Execute(w, map[string]any{
		"Now": now.In(certification.Pacific).Format("Monday, January 2, 2006, 3:04 pm MST"), "Said": said, "Steps": steps,
		"Ahead": time.Until(now).Round(time.Minute).String(),
	})
}

func (c *Clock) wanted(r *http.Request) (time.Time, error) {
	switch {
	case r.FormValue("advance") != "":
		forward, err := time.ParseDuration(r.FormValue("advance"))
		if err != nil {
			return time.Time{}, errors.New("advance is not a duration such as 24h")
		}
		return c.Now().Add(forward), nil
	case r.FormValue("to") != "":
		to, err := time.Parse(time.RFC3339, r.FormValue("to"))
		if err != nil {
			return time.Time{}, errors.New("to is not an instant such as 2027-01-31T12:00:00Z")
		}
		return to, nil
	}
	to, err := time.ParseInLocation("2006-01-02T15:04", r.FormValue("local"), certification.Pacific)
	if err != nil {
		return time.Time{}, errors.New("choose a date and a time")
	}
	return to, nil
}
