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

// Letter is a letter as it was sent.
type Letter struct {
	Language, Direction string
	Sent, Detail        string
	Paragraphs          []Paragraph
}

// Paragraph is a part of a letter.
type Paragraph struct {
	Heading string // empty if it has none
	Lines   []string
}

// partsOf are the parts of a letter's text. What happens next has headings, each on
// the line above what it is over.
func partsOf(words *web.Localizer, text string) []Paragraph {
	headings := []string{words.Say("letter.next", nil), words.Say("home.yours", nil), words.Say("home.ours", nil)}
	var all []Paragraph
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		paragraph := Paragraph{Lines: strings.Split(part, "\n")}
		if len(paragraph.Lines) > 1 && slices.Contains(headings, paragraph.Lines[0]) {
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
	line := letterLine(frame, v.view.ID, letters[at])
	words := web.Words(letters[at].Language)
	return show(v, http.StatusOK, "letter", frame, Letter{
		Language: letters[at].Language, Direction: words.Direction(), Sent: v.words.Say("letters.sent", map[string]any{"When": line.When}), Detail: line.Detail,
		Paragraphs: partsOf(words, letters[at].Text),
	})
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
