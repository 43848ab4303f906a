package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"peercert/certification"
	"peercert/web"
)

// CheckAnswers is the page of all answers: before they are handed in, and afterwards
// without anything to change.
type CheckAnswers struct {
	Question
	Lead     string
	Groups   []AnswerGroup
	Revision int // of the draft that is looked at
	// Findings are what would be refused, each with its page.
	Findings []Link
	// Checking says that a file is still being checked; Again is where to look again.
	Checking, Again string
	Send            bool // it can be handed in
}

// AnswerGroup is a part of the answers with a heading.
type AnswerGroup struct {
	Heading string
	Rows    []web.Row
}

// Link is a sentence that leads somewhere; Address may be empty.
type Link struct{ Text, Address string }

func (v *visit) checkAnswers() error {
	a, err := v.applicationOpen()
	if err != nil {
		return err
	}
	if !a.checkable() {
		v.redirect(v.casePath("/application"))
		return nil
	}
	known := map[string][]string{}
	if v.sessions.GetString(v.Request.Context(), sessionNameConfirmed) == v.confirmed(a) {
		known["name_matches"] = []string{legalName(a.values)} // they said so, before a file was ready
	}
	return v.showAnswers(a, web.NewForm(v.words, known), v.key())
}

// sessionNameConfirmed holds of which answers somebody said that the name is right, when they
// handed them in before a file was ready.
const sessionNameConfirmed = "name_confirmed"

func (v *visit) confirmed(a application) string { return fmt.Sprint(v.view.ID, " ", a.draft.Revision) }

// checking says whether a document that the application names is still being checked.
func (a application) checking() bool {
	return slices.ContainsFunc(documentsNamed(a.documents, a.values.Documents()), func(d certification.Document) bool {
		return d.Status == certification.DocumentChecking
	})
}

func (v *visit) showAnswers(a application, form *web.Form, key string) error {
	frame := v.frame("application.check.title", nil)
	frame.Back = frame.Link(v.casePath("/application"))
	frame.Problems = form.Problems()
	content := checkAnswersOf(frame, a, form, v.casePath(""))
	content.Key, content.Checking = key, v.checkingWords(content.Checking)
	return show(v, http.StatusOK, "check", frame, content)
}

// checkAnswersOf says everything on the page.
func checkAnswersOf(frame web.Frame, a application, form *web.Form, base string) CheckAnswers {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	address := func(slug string) string { return frame.Link(base + "/application/" + slug + "?from=check") }
	page := CheckAnswers{
		Lead: say("application.check.lead", nil), Groups: answersOf(frame, a, address), Revision: a.draft.Revision, Send: true,
		Question: Question{
			Action: frame.Link(base + "/application/check"), Button: say("application.check.button", nil),
			Inputs: []web.Input{form.Input(web.Input{Kind: web.InputCheckboxes, Name: "name_matches", Options: []web.Option{{
				Value: legalName(a.values), Label: say("application.check.name_matches", map[string]any{"Name": legalName(a.values)}),
			}}}, "application.check.name_label", "application.check.name_hint")},
		},
	}
	if len(a.returned) > 0 {
		page.Lead, page.Button = say("application.check.lead_again", nil), say("application.check.button_again", nil)
	}
	for _, task := range applicationTasks() {
		for _, each := range task.pages {
			for _, found := range a.findings(each) {
				link := Link{Text: findingWords(frame.Localizer, found, a.policy)}
				if a.usable(task) {
					link.Address = address(each.slug)
				}
				page.Findings, page.Send = append(page.Findings, link), false
			}
		}
		if a.filled(task) == taskDone && a.askedAgain(task) && a.usable(task) {
			page.Findings = append(page.Findings, Link{Text: say("application.check.unanswered."+task.name, nil), Address: address(firstOpen(a, task))})
		}
	}
	if a.checking() {
		page.Checking, page.Again = say("application.check.checking", nil), frame.Link(base+"/application/check")
	}
	return page
}

// answersOf are the answers in groups; address is of the page where one is changed, and
// nil where nothing is.
func answersOf(frame web.Frame, a application, address func(slug string) string) []AnswerGroup {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	var groups []AnswerGroup
	for _, task := range applicationTasks() {
		if heading := say("application.group." + task.group); len(groups) == 0 || groups[len(groups)-1].Heading != heading {
			groups = append(groups, AnswerGroup{Heading: heading})
		}
		group := &groups[len(groups)-1]
		for _, page := range task.pages {
			row := web.Row{Label: say("application.answer." + page.slug), Values: a.answerTo(frame, page)}
			for _, document := range a.files(page.kind) {
				words := document.FileName + " · " + say("documents.status."+string(document.Status))
				if document.FileName == "" {
					words = say("documents.no_name") + " · " + say("documents.status."+string(document.Status))
				}
				if address == nil && document.Status == certification.DocumentClean { // it was handed in: here it can be opened
					row.Links = append(row.Links, web.Button{Label: words, Address: frame.Link("/cases/" + document.CaseID + "/documents/" + document.ID + "/file")})
					continue
				}
				row.Values = append(row.Values, words)
			}
			if len(row.Values)+len(row.Links) == 0 {
				row.Values = []string{say("application.check.no_answer")}
			}
			if address != nil && a.usable(task) {
				row.Change, row.Words = address(page.slug), say("application.change."+page.slug)
			}
			if found := a.findings(page); len(found) > 0 && address != nil {
				row.Problem = findingWords(frame.Localizer, found[0], a.policy)
			}
			group.Rows = append(group.Rows, row)
		}
	}
	return groups
}

// answerTo is what was answered on a page, in words.
func (a application) answerTo(frame web.Frame, page applicationPage) []string {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	var words []string
	add := func(text string) {
		if text != "" {
			words = append(words, text)
		}
	}
	day := func(date certification.Date) {
		if at, is := date.Day(); is {
			add(frame.Date(at))
		}
	}
	switch page.slug {
	case "name":
		add(legalName(a.values))
		if a.values.Called != "" {
			add(say("application.check.called", map[string]any{"Name": a.values.Called}))
		}
	case "date-of-birth":
		day(a.values.DateOfBirth)
	case "photo-id-date":
		day(a.values.IDExpiresOn)
	case "education":
		if a.values.Education != "" {
			add(say("application.education.option."+a.values.Education, nil))
		}
	case "lived-experience":
		if a.values.LivedExperience != "" {
			add(say("application.experience.option."+a.values.LivedExperience, nil))
		}
	case "statements":
		for i, attested := range []bool{a.values.Attestations.WillingToShare, a.values.Attestations.DedicatedToRecovery, a.values.Attestations.TrueAndComplete} {
			if attested {
				add(say("application.statements.option."+statements()[i], nil))
			}
		}
	case "code-of-ethics":
		if a.values.Ethics.TypedName != "" {
			add(say("application.check.signed", map[string]any{"Name": a.values.Ethics.TypedName, "Version": a.values.Ethics.Version}))
		}
	}
	return words
}

// handedIn shows the answers after they were handed in.
func (v *visit) handedIn(a application) error {
	frame := v.frame("application.sent.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "check", frame, CheckAnswers{Lead: v.words.Say("application.sent.lead", nil), Groups: answersOf(frame, a, nil)})
}

func (v *visit) handInApplication() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	a, err := v.applicationOpen()
	if err != nil {
		return err
	}
	if !a.checkable() {
		v.redirect(v.casePath("/application"))
		return nil
	}
	if form.Value("revision") != fmt.Sprint(a.draft.Revision) {
		return v.changedMeanwhile(a, form)
	}
	if !form.Checked("name_matches", legalName(a.values)) { // that name: it may have changed since
		form.Refuse("name_matches", "application.check.name_missing", nil)
		return v.showAnswers(a, form, v.key())
	}
	_, err = v.send(a.message())
	refusal, refused := certification.RefusalOf(err)
	switch {
	case err == nil:
		v.redirect(v.casePath(""))
	case !refused:
		return err
	case refusal.Type == certification.RefusedNotReady:
		v.sessions.Put(v.Request.Context(), sessionNameConfirmed, v.confirmed(a))
		v.redirect(v.casePath("/application/check"))
	case refusal.Type == certification.RefusedStaleRevision || errors.Is(err, certification.KeyReused()):
		if a, err = v.applicationOpen(); err != nil {
			return err
		}
		return v.changedMeanwhile(a, form)
	case refusal.Type == certification.RefusedInvalid:
		// What is wrong has come up since the page was shown: a day has passed, or a file
		// was refused.
		if a, err = v.applicationOpen(); err != nil {
			return err
		}
		form.Refuse("findings", "application.check.refused", nil)
		return v.showAnswers(a, form, uuid.NewString())
	default:
		return err
	}
	return nil
}

// message hands an application in, for the first time or again.
func (a application) message() certification.Message {
	if len(a.returned) > 0 {
		return &certification.ResubmitApplication{DraftRevision: a.draft.Revision, DocumentIDs: a.values.Documents()}
	}
	return &certification.SubmitApplication{DraftRevision: a.draft.Revision, EthicsVersion: a.values.Ethics.Version, DocumentIDs: a.values.Documents()}
}

// changedMeanwhile shows the answers as they are now: what is handed in is what the
// person saw.
func (v *visit) changedMeanwhile(a application, form *web.Form) error {
	form.Refuse("answers", "application.check.changed", nil)
	return v.showAnswers(a, form, uuid.NewString())
}

// legalName is the name as on the ID, in one line.
func legalName(values certification.ApplicationValues) string {
	return oneLine(values.LegalFirstName + " " + values.LegalMiddleName + " " + values.LegalLastName)
}
