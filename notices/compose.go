package notices

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"peercert/certification"
	"peercert/web"
)

// Letterhead is what stands on every letter.
type Letterhead struct {
	Operator  string // name of the certifying body
	PublicURL string // where the portal is reached, without a slash at the end
	// Demonstration puts a line on top that says so. Set in the local environment.
	Demonstration bool
}

// Composed is a letter ready to be sent. Text and HTML say the same sentences.
type Composed struct {
	Language string // BCP 47, what the letter is written in
	Subject  string // has no personal data and no variable at all
	Text     string
	Headings []string // the lines of Text that stand over others
	HTML     string
}

// Subject is the subject of a letter alone, in a language or in English where there are no
// words in it; empty if there is no such letter.
func Subject(letter certification.Letter, language string) string {
	row, known := letterOf(letter)
	if !known {
		return ""
	}
	return web.Words(language).Say(row.subject(), nil)
}

// Compose writes a notice in its language, or in English where a catalogue lacks a
// sentence of the letter: a letter is never half in one language. It fails when a
// fact that the letter needs is missing; errors name the letter and the fact, no
// personal data.
func Compose(notice certification.Notice, head Letterhead) (Composed, error) {
	row, known := letterOf(notice.Letter)
	if !known {
		return Composed{}, fmt.Errorf("notices: there is no letter %q", notice.Letter)
	}
	if err := row.check(notice); err != nil {
		return Composed{}, fmt.Errorf("notices: letter %s: %w", notice.Letter, err)
	}
	words := web.Words(notice.Language)
	// The link keeps the person's language even where the letter cannot.
	link := head.link(words.Language(), row.about, notice.CaseID)
	written, err := row.write(words, notice, head, link)
	if errors.Is(err, web.ErrNoWords) && words.Language() != "en" {
		words = web.Words("en")
		written, err = row.write(words, notice, head, link)
	}
	if err != nil {
		return Composed{}, fmt.Errorf("notices: writing letter %s: %w", notice.Letter, err)
	}
	html, err := written.html()
	if err != nil {
		return Composed{}, fmt.Errorf("notices: laying out letter %s: %w", notice.Letter, err)
	}
	return Composed{
		Language: written.Language, Subject: written.Subject, Text: written.text(), Headings: written.headings(), HTML: html,
	}, nil
}

// subject is the key of a letter's subject.
func (l letter) subject() string { return fmt.Sprintf("letter.%s.subject", l.name) }

// check says which facts are missing. A letter belongs to a case unless it is about an
// address.
func (l letter) check(notice certification.Notice) error {
	var missing []string
	for _, fact := range l.needs {
		if fact.missing(notice) {
			missing = append(missing, fact.name)
		}
	}
	if l.about.why == "" {
		if uuid.Validate(notice.CaseID) != nil {
			missing = append(missing, "case_id")
		}
		if notice.CaseNumber == "" {
			missing = append(missing, "case_number")
		}
	}
	if missing != nil {
		return fmt.Errorf("needs %s", strings.Join(missing, ", "))
	}
	return nil
}

// link is where a letter leads: to the case, or to help, or nowhere.
func (h Letterhead) link(language string, about about, caseID string) string {
	start := strings.TrimSuffix(h.PublicURL, "/") + "/" + url.PathEscape(language)
	switch {
	case about.help:
		return start + "/help"
	case about.why != "" || caseID == "":
		return ""
	}
	return start + "/cases/" + url.PathEscape(caseID)
}

// page is a letter as sentences, before text or HTML.
type page struct {
	Language, Direction string
	Subject             string
	Demonstration       string // empty where it is none
	Greeting            greeting
	Body                []string
	Reasons             []reason
	NextHeading         string
	Next                []string // where the case stands
	Steps               []step   // whose turn it is
	LinkWords, Link     string   // Link is empty where a letter leads nowhere
	Regards, Operator   string
	Why                 string
}

// step is what one side does next, below the heading that the home of the case has.
type step struct {
	Heading string
	Says    []string
}

// greeting keeps the name apart from the words around it, so that HTML can isolate
// a name that is written in the other direction. Apart is the name for text.
type greeting struct{ Before, Name, Apart, After string }

func (g greeting) String() string { return g.Before + g.Apart + g.After }

// write says every sentence of a letter strictly in one language.
func (l letter) write(words *web.Localizer, notice certification.Notice, head Letterhead, link string) (page, error) {
	variables, err := l.variablesOf(words, notice)
	if err != nil {
		return page{}, err
	}
	var failed error
	say := func(key string, variables map[string]any) string {
		said, err := words.Find(key, variables)
		if err != nil && failed == nil {
			failed = err
		}
		return said
	}
	written := page{
		Language: words.Language(), Direction: words.Direction(),
		// No variables: a subject cannot tell what it was not given.
		Subject:     say(l.subject(), nil),
		NextHeading: say("letter.next", nil),
		Regards:     say("letter.regards", nil),
		Operator:    words.Apart(head.Operator),
	}
	for i := range l.body {
		if i+1 == l.priced && notice.Facts.Fee == "" {
			continue
		}
		written.Body = append(written.Body, say(fmt.Sprintf("letter.%s.body_%d", l.name, i+1), variables))
	}
	if l.why != "" {
		written.Body = append(written.Body, say("cause."+string(l.why)+"."+certification.ToldCause(l.why, notice.Facts.Cause), nil))
	}
	for _, key := range l.nextOf(notice) {
		written.then(key, func(key string) string { return say(key, variables) })
	}
	if link != "" {
		button := "letter.open_case"
		if l.about.help {
			button = "letter.get_help"
		}
		written.LinkWords, written.Link = say(button, nil), link
	}
	if head.Demonstration {
		written.Demonstration = say("letter.demonstration", nil)
	}
	if l.about.why != "" {
		// Anybody can type an address and a name. A letter to an address that nobody
		// confirmed repeats no words of a stranger; nor does one to an address that may
		// be somebody else's by now.
		written.Greeting.Before = say("letter.greeting_nobody", nil)
		written.Why = say(l.about.why, map[string]any{"Operator": written.Operator})
	} else {
		written.Greeting = greet(say, cleanLine(notice.Name))
		written.Greeting.Apart = words.Apart(written.Greeting.Name)
		written.Why = say("letter.why", map[string]any{"Operator": written.Operator, "CaseNumber": words.Apart(notice.CaseNumber)})
	}
	if l.needsReasons() {
		said, err := reasonsOf(words, notice, l.putRight)
		if err != nil {
			return page{}, err
		}
		written.Reasons = said
	}
	return written, failed
}

// then adds a sentence of what happens next. Below the headings of the home stand their
// step and ours, and what happens if it is not done.
func (p *page) then(key string, say func(string) string) {
	part := key[strings.LastIndex(key, ".")+1:]
	switch last := len(p.Steps) - 1; {
	case part == "yours", part == "ours":
		p.Steps = append(p.Steps, step{say("home." + part), []string{say(key)}})
	case last >= 0:
		p.Steps[last].Says = append(p.Steps[last].Says, say(key))
	default:
		p.Next = append(p.Next, say(key))
	}
}

func greet(say func(string, map[string]any) string, name string) greeting {
	if name == "" {
		return greeting{Before: say("letter.greeting_nobody", nil)}
	}
	// A name cannot contain this mark: cleanLine removes control characters.
	const mark = "\x00"
	before, after, _ := strings.Cut(say("letter.greeting", map[string]any{"Name": mark}), mark)
	return greeting{Before: before, Name: name, After: after}
}

// clean takes from free text what could change the letter around it: control
// characters but line ends, and the marks that turn the direction of all that
// follows. Joiners and combining marks stay: names are written with them.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, text))
}

// cleanLine is clean for text that must stay on one line.
func cleanLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }
