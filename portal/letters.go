package portal

import (
	"net/http"
	"slices"
	"strings"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// newest are the last letters, the newest first.
func newest(letters []cases.Letter, most int) []cases.Letter {
	last := slices.Clone(letters)
	slices.Reverse(last)
	return last[:min(most, len(last))]
}

func letterLine(frame web.Frame, caseID string, letter cases.Letter) web.Line {
	line := web.Line{What: letter.Subject, Address: frame.Link("/cases/" + caseID + "/letters/" + letter.ID), When: frame.Moment(letter.SentAt)}
	if letter.Language != frame.Language() {
		line.Language, line.Direction = letter.Language, web.Words(letter.Language).Direction()
	}
	if letter.SentAt.IsZero() {
		line.When, line.Detail = frame.Moment(letter.CreatedAt), frame.Localizer.Say("letters.not_sent", nil)
	}
	return line
}

// Lines is a page that is a list.
type Lines struct {
	Intro string
	Empty string // what is said when there is nothing
	Lines []web.Line
	Older string // address of the next part; empty at the end
}

func (v *visit) letters() error {
	letters, err := v.Cases.Letters(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	frame := v.frame("letters.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	content := Lines{Intro: v.words.Say("letters.intro", nil), Empty: v.words.Say("letters.empty", nil)}
	for _, letter := range newest(letters, len(letters)) {
		content.Lines = append(content.Lines, letterLine(frame, v.view.ID, letter))
	}
	return show(v, http.StatusOK, "lines", frame, content)
}

// Letter is a letter as it was sent. It is in the language that it was sent in, on a page
// in the language of whoever reads it.
type Letter struct {
	Language, Direction string
	Subject             string
	Sent                string // when it was sent, or that it was not
	Erased              string // that its words were erased; empty while they are there
	Paragraphs          []Paragraph
}

// Paragraph is a part of a letter.
type Paragraph struct {
	Heading string // empty if it has none
	Lines   []string
}

// partsOf are the parts of a letter's text. What happens next has headings, each on
// the line above what it is over.
func partsOf(letter cases.Letter) []Paragraph {
	if letter.Text == "" {
		return nil
	}
	var all []Paragraph
	for part := range strings.SplitSeq(strings.TrimSpace(letter.Text), "\n\n") {
		paragraph := Paragraph{Lines: strings.Split(part, "\n")}
		if len(paragraph.Lines) > 1 && slices.Contains(letter.Headings, paragraph.Lines[0]) {
			paragraph.Heading, paragraph.Lines = paragraph.Lines[0], paragraph.Lines[1:]
		}
		all = append(all, paragraph)
	}
	return all
}

func (v *visit) letter() error {
	letters, err := v.Cases.Letters(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(letters, func(l cases.Letter) bool { return l.ID == v.Param("letter") })
	if at < 0 {
		return certification.NotFound()
	}
	frame := v.frame("letters.title", nil)
	frame.Title = letters[at].Subject
	frame.Back = frame.Link(v.casePath("/letters"))
	return show(v, http.StatusOK, "letter", frame, letterContent(frame, letters[at]))
}

func letterContent(frame web.Frame, letter cases.Letter) Letter {
	say := frame.Localizer.Say
	content := Letter{
		Language: letter.Language, Direction: web.Words(letter.Language).Direction(), Subject: letter.Subject,
		Sent: say("letters.not_sent", nil), Paragraphs: partsOf(letter),
	}
	if !letter.SentAt.IsZero() {
		content.Sent = say("letters.sent", map[string]any{"When": frame.Moment(letter.SentAt)})
	}
	if !letter.ErasedAt.IsZero() {
		content.Erased = say("letters.erased", map[string]any{"Day": frame.Date(letter.ErasedAt)})
	}
	return content
}

func (v *visit) history() error {
	events, err := v.Cases.Events(v.Request.Context(), v.actor, v.view.ID, cases.Page{Cursor: v.Query("before"), Limit: 50})
	if err != nil {
		return err
	}
	frame := v.frame("history.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	content := Lines{Intro: v.words.Say("history.intro", nil), Empty: v.words.Say("history.empty", nil)}
	for _, event := range events.Events {
		if !event.Void && event.Ignored == "" {
			content.Lines = append(content.Lines, historyLine(frame, event))
		}
	}
	if events.Next != "" {
		content.Older = frame.Link(v.casePath("/history")) + "?before=" + events.Next
	}
	return show(v, http.StatusOK, "lines", frame, content)
}

// historyLine says one line of the log: what, by whom, when.
func historyLine(frame web.Frame, event cases.Event) web.Line {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	what := strings.ReplaceAll(event.What(), "-", "_")
	if event.Details.Decision != "" {
		what += "_" + string(event.Details.Decision)
	}
	line := web.Line{When: frame.Moment(event.At), What: say("event." + what), Detail: say(actorKey(event.Actor.Role))}
	if event.To != event.From && event.To != "" {
		line.Detail += " · " + say("stage."+string(event.To))
	}
	return line
}

// actorKey names the words for who did something.
func actorKey(role certification.Role) string {
	return "actor." + strings.ReplaceAll(string(role), "-", "_")
}
