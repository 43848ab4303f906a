package portal

import (
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// Reading is a page to read, that may ask something at its end. Most pages are one: in
// this order there is what is unusual, what it is about, what there is to know, what is
// asked, and where one can go.
type Reading struct {
	Notices  []web.Notice
	Lead     string
	First    []Section // before the promise
	Promise  *web.Promise
	Sections []Section
	Question *Question
	Buttons  []web.Button
	Links    []Link
	// Waiting says that the page asks again by itself.
	Waiting bool
}

// Section is a part of an Reading. ID is that of its element; empty for a part without
// a heading.
type Section struct {
	ID, Heading string
	Text        []template.HTML
	Items       []template.HTML // a list without order
	Picture     *SectionPicture
	Steps       []Step
	Rows        []web.Row
	More        []Details
	Buttons     []web.Button
	Links       []Link
}

// SectionPicture is a Picture with its address.
type SectionPicture struct {
	Picture
	Address string
}

// Step is one of several that follow each other.
type Step struct{ Heading, Text, When string }

// Details is something to open and read.
type Details struct {
	Summary string
	Text    []template.HTML
	Items   []template.HTML
}

// reading shows a page to read.
func (v *visit) reading(frame web.Frame, content Reading) error {
	if content.Question != nil && content.Question.Key == "" {
		content.Question.Key = v.key()
	}
	for i := range content.Buttons {
		if button := &content.Buttons[i]; button.Action != "" && button.Key == "" {
			button.Key = v.key()
		}
	}
	for i := range content.Sections {
		for j := range content.Sections[i].Buttons {
			if button := &content.Sections[i].Buttons[j]; button.Action != "" && button.Key == "" {
				button.Key = v.key()
			}
		}
	}
	return show(v, http.StatusOK, "reading", frame, content)
}

// words are the words for a key, as a paragraph; its tags are the catalogue's own.
func words(frame web.Frame, key string, pairs ...any) template.HTML {
	said, err := frame.Rich(key, pairs...)
	if err != nil {
		panic(err) // a variable without its value: a mistake of the programmer
	}
	return said
}

// plain are the words for a key where no tags can be: headings, buttons, labels.
func plain(frame web.Frame, key string, pairs ...any) string {
	said, err := frame.Say(key, pairs...)
	if err != nil {
		panic(err) // a variable without its value: a mistake of the programmer
	}
	return said
}

// paragraphs are the words for the keys prefix_1, prefix_2 and so on, up to a number.
func paragraphs(frame web.Frame, prefix string, count int, pairs ...any) []template.HTML {
	var all []template.HTML
	for i := 1; i <= count; i++ {
		all = append(all, words(frame, prefix+"_"+strconv.Itoa(i), pairs...))
	}
	return all
}

// noticeOf is a box with the words of a key: its heading and its text.
func noticeOf(frame web.Frame, tone, key string, pairs ...any) web.Notice {
	return web.Notice{Tone: tone, Heading: plain(frame, key+"_heading", pairs...), Text: words(frame, key+"_text", pairs...)}
}

// hours writes a number of hours as people do: 12, 1.5.
func hours(count float64) string { return strconv.FormatFloat(count, 'f', -1, 64) }

// readHours reads a number of hours as people write it: "12", "1.5", "1,5".
func readHours(text string) (float64, bool) {
	count, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(text), ",", ".", 1), 64)
	return count, err == nil && count >= 0 && count < 10_000
}

// machine is the address that a request comes from, for limits.
func (v *visit) machine() string {
	return cases.Machine(v.Request.RemoteAddr, v.Request.Header.Values("X-Forwarded-For"), v.TrustedProxies)
}

// refusedWith says whether an error is a refusal of a type, and gives it.
func refusedWith(err error, kind string) (*certification.Refusal, bool) {
	refusal, is := certification.RefusalOf(err)
	return refusal, is && refusal.Type == kind
}

// outdated says whether what was sent in is no longer what is saved, or is not complete:
// the page it came from says what is missing.
func outdated(err error) bool {
	_, incomplete := refusedWith(err, certification.RefusedInvalid)
	return incomplete || errors.Is(err, certification.StaleRevision())
}
