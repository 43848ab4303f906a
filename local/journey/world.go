// Package journey lives whole certifications through the product's HTTP API and the
// pages and files of the simulators, as people and machines outside would: it reads
// no table and speaks to no Temporal. The demonstration prints it, tests run it.
package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"peercert/api/apitest"
)

// World is where a journey takes place.
type World struct {
	API       string // address of the API
	Mailbox   string // of the mailbox's pages
	Clock     string // of the movable clock
	Vendor    string // of the exam vendor's simulator
	Reviewer  string // token of a reviewer
	Reviewer2 string // token of another reviewer
	// Administrator is the token of one.
	Administrator string
	TemporalUI    string
	Out           io.Writer
	// Moving is held while the clock moves, and while somebody looks that a thing takes its
	// time; nil where nobody else moves the clock.
	Moving sync.Locker
	// Patience is how long a step waits for what must come; zero means two minutes. An
	// errand of a case that reached no worker is missed only when the time of the try is
	// up, which is a minute.
	Patience time.Duration

	began  time.Time
	client *apitest.Client

	mutex      sync.Mutex
	violations []string
}

// Errorf takes what the client of the API found against its specification.
func (w *World) Errorf(format string, arguments ...any) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, arguments...))
}

// Open begins a journey: the times that are printed count from here.
func (w *World) Open() error {
	w.began = time.Now()
	if w.Patience == 0 {
		w.Patience = 2 * time.Minute
	}
	var err error
	w.client, err = apitest.New(w, w.API)
	return err
}

// Anybody is the API without a token.
func (w *World) Anybody() *apitest.Client { return w.client }

// say prints one step with its time.
func (w *World) say(who, format string, arguments ...any) {
	fmt.Fprintf(w.Out, "%6.1fs  %-8s %s\n", time.Since(w.began).Seconds(), who, fmt.Sprintf(format, arguments...))
}

// Until asks again and again until there is no error, or patience ends. It gives
// the last error.
func (w *World) Until(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(40 * time.Millisecond):
		}
	}
}

// now is the time by the clock of this machine.
func (w *World) now(ctx context.Context) (time.Time, error) { return w.clock(ctx, http.MethodGet, nil) }

// alone waits until nobody else moves the clock, and gives what ends that.
func (w *World) alone() func() {
	if w.Moving == nil {
		return func() {}
	}
	w.Moving.Lock()
	return w.Moving.Unlock
}

// MoveTo sets the clock forward.
func (w *World) MoveTo(ctx context.Context, to time.Time) error {
	return w.move(ctx, url.Values{"to": {to.UTC().Add(time.Second).Format(time.RFC3339)}})
}

// Advance sets the clock forward by a duration.
func (w *World) Advance(ctx context.Context, by time.Duration) error {
	return w.move(ctx, url.Values{"advance": {by.String()}})
}

func (w *World) move(ctx context.Context, forward url.Values) error {
	defer w.alone()()
	now, err := w.clock(ctx, http.MethodPost, forward)
	if err != nil {
		return err
	}
	w.say("clock", "it is now %s", now.In(pacific).Format("Monday, January 2, 2006, 3:04 pm"))
	return nil
}

func (w *World) clock(ctx context.Context, method string, form url.Values) (time.Time, error) {
	var answer struct {
		Now  time.Time `json:"now"`
		Said string    `json:"said"`
	}
	if err := w.fetch(ctx, method, w.Clock+"/", form, &answer); err != nil {
		return time.Time{}, fmt.Errorf("the clock: %w %s", err, answer.Said)
	}
	return answer.Now, nil
}

// fetch speaks to a page of a simulator: a form goes in, JSON comes back if into is
// given.
func (w *World) fetch(ctx context.Context, method, address string, form url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if into != nil {
		request.Header.Set("Accept", "application/json")
	}
	client := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return fmt.Errorf("%s %s answers %d: %.200s", method, address, response.StatusCode, body)
	}
	if into != nil {
		return json.Unmarshal(body, into)
	}
	return nil
}

// mail is a letter as it arrived.
type mail struct {
	Subject   string `json:"subject"`
	MessageID string `json:"message_id"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
}

func (w *World) mails(ctx context.Context, to string) ([]mail, error) {
	var arrived []mail
	return arrived, w.fetch(ctx, http.MethodGet, w.Mailbox+"/messages?to="+url.QueryEscape(to), nil, &arrived)
}

// Result gives what went wrong with the answers of the API, in all.
func (w *World) Result() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var wrong []error
	for _, violation := range w.violations {
		wrong = append(wrong, errors.New(violation))
	}
	return errors.Join(wrong...)
}

var pacific = func() *time.Location {
	location, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err)
	}
	return location
}()
