package portal

import (
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) appealRoutes() []route {
	const below = "/:language/cases/:case/appeal"
	return []route{
		{get, below, owner, (*visit).appeal},
		{get, below + "/statement", owner, (*visit).askStatement},
		{post, below + "/statement", owner, (*visit).saveStatement},
		{post, below, owner, (*visit).sendAppeal},
	}
}

// longestStatement bounds the statement, in characters; the API's specification has the
// same.
const longestStatement = 10_000

// appealDraft is what was written and sent along so far.
type appealDraft struct {
	draft  cases.Draft
	values certification.AppealValues
	files  []certification.Document
	// unsent is what was not sent; nil while there is nothing.
	unsent *cases.Unsent
	// reasons are those of the denial that it would be about; cause is that of a revocation.
	reasons []certification.ReasonCode
	cause   string
}

// appealing reads the draft, for pages of somebody who can appeal now.
func (v *visit) appealing() (appealDraft, error) {
	if !slices.Contains(v.view.Available, certification.SignalAppeal) {
		v.redirect(v.casePath(""))
		return appealDraft{}, errElsewhere
	}
	var a appealDraft
	var err error
	if a.draft, err = v.draft(certification.FormAppeal, &a.values); err != nil {
		return a, err
	}
	if a.files, err = v.filesOf(certification.DocumentAppeal); err != nil {
		return a, err
	}
	events, err := v.Cases.Events(v.Request.Context(), v.actor, v.view.ID, cases.Page{Limit: 50})
	if err == nil && v.view.Stage == certification.StageDenied {
		a.reasons = denialReasons(events.Events)
	} else if err == nil {
		a.cause = causeOf(events.Events, certification.SignalRevoke)
	}
	return a, err
}

// denialReasons are those of the last denial, in events that begin with the newest.
func denialReasons(events []cases.Event) []certification.ReasonCode {
	for _, event := range events {
		if !event.Void && event.Ignored == "" && event.Details.Decision == certification.DecisionDeny && event.Signal != certification.SignalDecideAppeal {
			return event.Details.Reasons
		}
	}
	return nil
}

func (v *visit) appeal() error {
	a, err := v.appealing()
	if err != nil {
		return err
	}
	return v.appealPage(a, web.NewForm(v.words, nil), v.key())
}

func (v *visit) appealPage(a appealDraft, form *web.Form, key string) error {
	var err error
	if a.unsent, err = v.unsent(certification.FormAppeal); err != nil {
		return err
	}
	frame := v.frame("appeal.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	frame.Problems = form.Problems()
	reading := appealReading(frame, v.view, a)
	if reading.Question != nil {
		reading.Question.Key = key
	}
	return v.reading(frame, reading)
}

// seen stands for what of an appeal a person saw: what they wrote, and its files.
func (a appealDraft) seen() string {
	seen := strconv.Itoa(a.draft.Revision)
	for _, file := range a.files {
		seen += " " + file.ID
	}
	return seen
}

// appealReading says what an appeal is, shows what was written, and sends it.
func appealReading(frame web.Frame, view cases.View, a appealDraft) Reading {
	link := func(page string) string { return frame.Link("/cases/" + view.ID + page) }
	about := "application"
	switch {
	case view.Stage == certification.StageRevoked:
		about = "revocation"
	case view.AppealFrom == certification.StageRenewalReview:
		about = "renewal"
	}
	reading := Reading{Lead: plain(frame, "appeal.lead_"+about)}
	if promise := view.Promise(certification.StagePromise(view.Stage)); promise != nil {
		card := promiseCard(frame, *promise, nil)
		reading.Promise = &card
	}
	if view.Stage == certification.StageRevoked {
		reading.First = []Section{{ID: "reasons", Heading: plain(frame, "appeal.reasons_heading"), Items: []template.HTML{words(frame, causeKey(certification.SignalRevoke, a.cause))}}}
	}
	if len(a.reasons) > 0 {
		section := Section{ID: "reasons", Heading: plain(frame, "appeal.reasons_heading")}
		for _, code := range a.reasons {
			section.Items = append(section.Items, template.HTML(template.HTMLEscapeString(reasonSays(frame.Localizer, code, "wrong", view.Policy))))
		}
		reading.First = []Section{section}
	}
	written := strings.TrimSpace(a.values.Statement) != ""
	statement := []string{plain(frame, "appeal.nothing_written")}
	if written {
		statement = strings.Split(strings.TrimSpace(a.values.Statement), "\n")
	}
	files := []string{}
	for _, file := range a.files {
		if !unusable(file) {
			files = append(files, file.FileName)
		}
	}
	if len(files) == 0 {
		files = []string{plain(frame, "appeal.no_files")}
	}
	reading.Sections = []Section{
		{ID: "decides", Heading: plain(frame, "appeal.decides_heading"), Items: paragraphs(frame, "appeal.decides", 4, "Count", view.Policy.AppealReviewDays)},
		{ID: "yours", Heading: plain(frame, "appeal.yours_heading"), Rows: []web.Row{
			{Label: plain(frame, "appeal.statement"), Values: statement, Change: link("/appeal/statement"), Words: plain(frame, "appeal.change_statement")},
			{Label: plain(frame, "appeal.files"), Values: files, Change: link("/documents/" + string(certification.DocumentAppeal)), Words: plain(frame, "appeal.change_files")},
		}},
	}
	if written {
		reading.Question = &Question{Action: link("/appeal"), Button: plain(frame, "appeal.button"), Intro: []string{plain(frame, "appeal.once")}, Seen: a.seen()}
	} else {
		reading.Buttons = []web.Button{{Label: plain(frame, "appeal.write"), Address: link("/appeal/statement")}}
	}
	if a.unsent != nil {
		reading.Links = append(reading.Links, Link{plain(frame, "appeal.delete"), frame.Link(deletePath(view.ID, certification.FormAppeal))})
	}
	return reading
}

func (v *visit) askStatement() error {
	a, err := v.appealing()
	if err != nil {
		return err
	}
	return v.statementQuestion(web.NewForm(v.words, url.Values{"statement": {a.values.Statement}}))
}

func (v *visit) statementQuestion(form *web.Form) error {
	frame := v.frame("appeal.statement_title", nil)
	frame.Back = frame.Link(v.casePath("/appeal"))
	return v.question(frame, form, statementQuestion(frame, form, v.view))
}

func statementQuestion(frame web.Frame, form *web.Form, view cases.View) Question {
	return Question{
		Action: frame.Link("/cases/" + view.ID + "/appeal/statement"), Button: plain(frame, "appeal.statement_button"),
		Intro:  []string{plain(frame, "appeal.statement_intro")},
		Inputs: []web.Input{form.Input(web.Input{Kind: web.InputTextarea, Name: "statement", Rows: 12}, "appeal.statement", "appeal.statement_hint")},
	}
}

func (v *visit) saveStatement() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	if _, err := v.appealing(); err != nil {
		return err
	}
	statement := strings.ReplaceAll(form.Value("statement"), "\r\n", "\n")
	switch length := utf8.RuneCountInString(statement); {
	case length == 0:
		form.Refuse("statement", "finding.statement.required", nil)
	case length > longestStatement:
		form.Refuse("statement", "form.too_long", map[string]any{"Limit": longestStatement})
	}
	if form.Refused() {
		return v.statementQuestion(form)
	}
	if _, err := saveDraft(v, certification.FormAppeal, func(certification.AppealValues) map[string]any {
		return map[string]any{"statement": statement}
	}); err != nil {
		return err
	}
	v.redirect(v.casePath("/appeal"))
	return nil
}

func (v *visit) sendAppeal() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	a, err := v.appealing()
	if err != nil {
		return err
	}
	if form.Value("seen") != a.seen() {
		return v.appealChanged(a, form)
	}
	_, err = v.send(&certification.Appeal{DraftRevision: a.draft.Revision})
	switch {
	case errors.Is(err, certification.StaleRevision()), errors.Is(err, certification.KeyReused()):
		if a, err = v.appealing(); err != nil {
			return err
		}
		return v.appealChanged(a, form)
	case outdated(err):
		v.redirect(v.casePath("/appeal")) // nothing written yet
		return nil
	case err != nil:
		return err
	}
	v.redirect(v.casePath(""))
	return nil
}

// appealChanged shows the appeal as it is now: what is handed in is what the person saw.
func (v *visit) appealChanged(a appealDraft, form *web.Form) error {
	form.Refuse("yours", "form.changed_elsewhere", nil)
	return v.appealPage(a, form, uuid.NewString())
}
