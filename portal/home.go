package portal

import (
	"html/template"
	"net/http"
	"slices"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) homeRoutes() []route {
	return []route{
		{get, "/:language/home", signedIn, (*visit).home},
		{get, "/:language/cases/:case", owner, (*visit).caseHome},
		{post, "/:language/start-again", signedIn, (*visit).startAgain},
		{get, "/:language/cases/:case/history", owner, (*visit).history},
		{get, "/:language/cases/:case/letters", owner, (*visit).letters},
		{get, "/:language/cases/:case/letters/:letter", owner, (*visit).letter},
	}
}

// home leads to the newest case of who is signed in.
func (v *visit) home() error {
	list, err := v.Cases.CasesOf(v.Request.Context(), v.actor)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return certification.Unavailable(nil, 5*time.Second) // the account was made, its case is being opened
	}
	v.redirect("/cases/" + list[0].ID)
	return nil
}

// startAgain opens a new case for a person whose last one is closed.
func (v *visit) startAgain() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	view, err := v.Cases.StartAgain(v.Request.Context(), v.actor, v.key())
	if err != nil {
		return err
	}
	v.redirect("/cases/" + view.ID)
	return nil
}

// CaseHome is the home of a case: where things stand, whose turn it is, and by when.
type CaseHome struct {
	Number  string
	Heading string
	Text    template.HTML
	Why     []string // what was decided is because of
	Notices []web.Notice
	// Yours and Ours say what each side does next. Button is the one thing to do.
	Yours, Ours string
	Button      *web.Button
	Promises    []web.Promise
	Milestones  []web.Milestone
	Sent        []web.Line // the newest letters
	Others      []web.Line // the person's other cases
	Other       []web.Button
}

func (v *visit) caseHome() error {
	ctx := v.Request.Context()
	events, err := v.Cases.Events(ctx, v.actor, v.view.ID, cases.Page{Limit: mostHomeEvents})
	if err != nil {
		return err
	}
	letters, err := v.Cases.Letters(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	frame := v.frame("home.title", nil)
	content := caseHome(frame, v.view, events.Events, letters, v.Now())
	frame.Title = content.Heading
	if v.view.PreviousCaseID != "" || v.view.Stage == certification.StageClosed { // otherwise there is no other
		list, err := v.Cases.CasesOf(ctx, v.actor)
		if err != nil {
			return err
		}
		content.Others = caseLines(frame, list, v.view.ID, v.Now())
	}
	return show(v, http.StatusOK, "home", frame, content)
}

// caseHome says everything that the home of a case says. It is a function of what the
// door gives, so that every state can be looked at.
func caseHome(frame web.Frame, view cases.View, events []cases.Event, letters []cases.Letter, now time.Time) CaseHome {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	at := standing(view, events, now)
	variables := wordsOf(frame, view, now)
	home := CaseHome{
		Number: view.Number, Heading: say("home."+at+".heading", variables), Yours: say(yoursKey(view, at, now), variables),
		Ours: say(oursKey(view, at, now), variables), Button: nextButton(frame, view, at),
	}
	home.Text = template.HTML(template.HTMLEscapeString(say(textKey(view, at), variables)))
	for _, key := range moreKeys(view, at) {
		home.Text += template.HTML(template.HTMLEscapeString(" " + say(key, variables)))
	}
	home.Why = why(frame.Localizer, view, events)
	home.Notices = notices(say, view)
	for _, promise := range view.Promises {
		home.Promises = append(home.Promises, promiseOf(frame, view, promise))
	}
	home.Milestones = milestones(frame, view, events)
	for _, letter := range newest(letters, 3) {
		home.Sent = append(home.Sent, letterLine(frame, view.ID, letter))
	}
	home.Other = otherPages(frame, view, applicationSent(view, events))
	return home
}

// caseLines are the cases of a person, but for the one that is looked at: what was in an
// earlier one, its letters and receipts, stays within reach.
func caseLines(frame web.Frame, list []cases.View, looked string, now time.Time) []web.Line {
	var lines []web.Line
	for _, view := range list {
		if view.ID == looked {
			continue
		}
		lines = append(lines, web.Line{
			When:    frame.Localizer.Say("home.begun", map[string]any{"Day": frame.Date(view.CreatedAt)}),
			What:    frame.Localizer.Say("home.case_number", map[string]any{"Number": frame.Localizer.Apart(view.Number)}),
			Detail:  frame.Localizer.Say("home."+standing(view, nil, now)+".heading", wordsOf(frame, view, now)),
			Address: frame.Link("/cases/" + view.ID),
		})
	}
	return lines
}

// notices say what is unusual beside what the page is about: a suspension, and,
// honestly, what is slow on our side.
func notices(say func(string, map[string]any) string, view cases.View) []web.Notice {
	var all []web.Notice
	add := func(tone, key string) {
		all = append(all, web.Notice{Tone: tone, Heading: say("home."+key+".heading", nil), Text: template.HTML(template.HTMLEscapeString(say("home."+key+".text", nil)))})
	}
	if view.Suspended && (view.OnHold || view.Stage != certification.StageCertified) {
		add("error", "suspended")
	}
	if view.Credit != nil {
		add("info", "credit")
	}
	if view.Surplus {
		add("info", "surplus")
	}
	late := lateness(view)
	// What the exam partner keeps us waiting for is said on its own.
	if view.Slow && late != "late_vendor" && (view.Exam == nil || !view.Exam.Refused) {
		add("info", "slow")
	}
	if late != "" {
		add("warning", late)
	}
	return all
}

// lateness names the words for a promise that others than the person did not keep in
// time; empty if there is none.
func lateness(view cases.View) string {
	for _, promise := range view.Promises {
		switch {
		case !promise.Overdue || !promise.Running() || promise.WaitsOn == certification.PartyApplicant:
		case promise.WaitsOn == certification.PartyVendor:
			return "late_vendor"
		default:
			return "late"
		}
	}
	return ""
}

// promiseCard is one wait, as the timer that stands behind it has it.
// variables are what its consequence says of the case.
func promiseCard(frame web.Frame, promise certification.Promise, variables map[string]any) web.Promise {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	card := web.Promise{
		What: say("promise." + string(promise.Kind)), Whose: say("party." + string(promise.WaitsOn)),
		Then: frame.Localizer.Say("consequence."+string(promise.Then), variables), Overdue: promise.Overdue, Stopped: !promise.Running(),
	}
	switch {
	case card.Stopped:
		card.Note = stoppedWords(frame, promise)
	case card.Overdue:
		card.By, card.Note = frame.By(promise.DueAt), say("promise.overdue")
	default:
		card.By = frame.By(promise.DueAt)
	}
	return card
}

// stoppedWords say since when a clock is stopped, and how much was left.
func stoppedWords(frame web.Frame, promise certification.Promise) string {
	days := certification.DaysBetween(promise.StoppedAt, promise.DueAt)
	variables := map[string]any{"Since": frame.Date(promise.StoppedAt), "Count": days}
	switch {
	case ranOut(promise):
		return frame.Localizer.Say("promise.stopped_late", variables)
	case days == 0:
		return frame.Localizer.Say("promise.stopped_last_day", variables)
	}
	return frame.Localizer.Say("promise.stopped", variables)
}

// promiseOf is promiseCard with what only the case can tell: that a day stands though
// the case is on hold, until when a renewal can be sent, what follows an application that
// was returned for who has paid already, and what follows where time was given to renew.
func promiseOf(frame web.Frame, view cases.View, promise certification.Promise) web.Promise {
	var variables map[string]any
	if promise.Then == certification.ThenRenewalEnds {
		variables = map[string]any{"RenewUntil": frame.Until(view.RenewableUntil())}
	}
	card := promiseCard(frame, promise, variables)
	if card.Stopped && slices.ContainsFunc(readable, func(s certification.Stage) bool { return certification.StagePromise(s) == promise.Kind }) {
		card.Stopped, card.By, card.Note = false, frame.By(promise.DueAt), frame.Localizer.Say("promise.stands", nil)
	}
	switch {
	case promise.Kind == certification.StagePromise(certification.StageApplicationReturned):
		card.Then = frame.Localizer.Say("consequence.application_returned", nil)
	case promise.Kind == certification.StagePromise(certification.StageRenewal) && view.TimeGiven():
		card.Then = frame.Localizer.Say("consequence.expired_given", nil)
	}
	return card
}

// mostHomeEvents is how many lines of the log the home reads.
const mostHomeEvents = 100

// applicationSent says whether the application of a case is out of the person's hands, by
// its newest events: then its page shows what was sent.
func applicationSent(view cases.View, events []cases.Event) bool {
	switch view.Stage {
	case certification.StageIntroVideo, certification.StageApplication, certification.StageApplicationReturned:
		return false
	case certification.StageClosed:
		if len(view.Returned) > 0 && !view.ApplicationApproved {
			return false // closed while it was given back
		}
		return len(events) >= mostHomeEvents || slices.ContainsFunc(events, func(event cases.Event) bool {
			return !event.Void && event.Ignored == "" && event.Signal == certification.SignalSubmitApplication
		})
	}
	return true
}

// otherPages are the pages of a case beside the one thing to do.
func otherPages(frame web.Frame, view cases.View, sent bool) []web.Button {
	var all []web.Button
	add := func(key, page string) {
		all = append(all, web.Button{Label: frame.Localizer.Say(key, nil), Address: frame.Link("/cases/" + view.ID + page), Quiet: true})
	}
	can := func(signal certification.Signal) bool { return slices.Contains(view.Available, signal) }
	if view.Certificate != nil && view.Stage != certification.StageCertified {
		add("home.link_certificate", "/certificate")
	}
	if can(certification.SignalSubmitTraining) && nextPage[view.Stage] != "/training" {
		add("home.link_training", "/training")
	}
	if sent {
		add("home.link_sent", "/application")
	}
	add("home.link_letters", "/letters")
	add("home.link_history", "/history")
	add("home.link_payments", "/payments")
	switch {
	case can(certification.SignalWithdraw) && view.Certificate != nil:
		add("home.link_withdraw_renewal", "/withdraw") // after a denied renewal
	case can(certification.SignalWithdraw):
		add("home.link_withdraw", "/withdraw")
	}
	if can(certification.SignalSurrender) {
		add("home.link_surrender", "/surrender")
	}
	all = append(all, web.Button{Label: frame.Localizer.Say("home.link_my_data", nil), Address: frame.Link("/my-data"), Quiet: true})
	return all
}
