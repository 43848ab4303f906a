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
	Notices []web.Notice
	// Yours and Ours say what each side does next. Button is the one thing to do.
	Yours, Ours string
	Button      *web.Button
	Promises    []web.Promise
	Milestones  []web.Milestone
	Sent        []web.Line // the newest letters
	Other       []web.Button
}

func (v *visit) caseHome() error {
	ctx := v.Request.Context()
	events, err := v.Cases.Events(ctx, v.actor, v.view.ID, cases.Page{Limit: 100})
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
	return show(v, http.StatusOK, "home", frame, content)
}

// nextPage is where the one button of a stage leads, below the case.
var nextPage = map[certification.Stage]string{
	certification.StageIntroVideo: "/video", certification.StageApplication: "/application", certification.StageApplicationFee: "/pay",
	certification.StageApplicationReturned: "/application", certification.StageTraining: "/training", certification.StageTrainingReturned: "/training",
	certification.StageExamFee: "/pay", certification.StageExamBooking: "/exam", certification.StageExamBooked: "/exam",
	certification.StageCertified: "/certificate", certification.StageRenewal: "/renewal", certification.StageRenewalFee: "/pay",
	certification.StageRenewalReturned: "/renewal", certification.StageExpired: "/renewal", certification.StageDenied: "/appeal", certification.StageRevoked: "/appeal",
}

// standing names the words for where a case stands: the stage, and what differs within it.
func standing(view cases.View) string {
	switch stage := view.Stage; stage {
	case certification.StageClosed:
		return "closed_" + string(view.Outcome)
	case certification.StageExamFee:
		if view.AttemptsUsed > 0 {
			return "exam_fee_retake"
		}
	case certification.StageExamBooking:
		switch {
		case view.Exam == nil || view.Exam.AuthorizationID == "":
			return "exam_booking_choose"
		case view.Exam.Refused:
			return "exam_booking_refused"
		case !view.Exam.Authorized:
			return "exam_booking_asked"
		}
	case certification.StageAppealReview:
		if view.AppealFrom == certification.StageRevoked {
			return "appeal_review_revoked"
		}
	}
	return string(view.Stage)
}

// caseHome says everything that the home of a case says. It is a function of what the
// door gives, so that every state can be looked at.
func caseHome(frame web.Frame, view cases.View, events []cases.Event, letters []cases.Letter, now time.Time) CaseHome {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	at := standing(view)
	variables := wordsOf(frame, view)
	home := CaseHome{
		Number: view.Number, Heading: say("home."+at+".heading", variables), Yours: say("home."+at+".yours", variables), Ours: say("home."+at+".ours", variables),
	}
	home.Text = template.HTML(template.HTMLEscapeString(say("home."+at+".text", variables)))
	closed := view.Stage == certification.StageClosed
	page := nextPage[view.Stage]
	switch {
	case closed:
		home.Button = &web.Button{Label: say("home.start_again", nil), Action: frame.Link("/start-again")}
	case page != "" && !view.OnHold:
		home.Button = &web.Button{Label: say("home."+at+".button", variables), Address: frame.Link("/cases/" + view.ID + page)}
	}
	home.Notices = notices(say, view)
	for _, promise := range view.Promises {
		home.Promises = append(home.Promises, promiseCard(frame, promise))
	}
	home.Milestones = milestones(frame, view, events)
	for _, letter := range newest(letters, 3) {
		home.Sent = append(home.Sent, letterLine(frame, view.ID, letter))
	}
	home.Other = otherPages(frame, view)
	return home
}

// wordsOf are the variables that the sentences of a home use.
func wordsOf(frame web.Frame, view cases.View) map[string]any {
	variables := map[string]any{
		"AttemptsLeft": view.AttemptsLeft(), "Count": view.AttemptsLeft(), "DueBy": "", "WindowUntil": "", "Fee": "", "Appointment": "", "Until": "",
	}
	if due := view.DueAt(); !due.IsZero() {
		variables["DueBy"] = frame.By(due)
	}
	if !view.WindowEndsAt.IsZero() {
		variables["WindowUntil"] = frame.Until(view.WindowEndsAt)
	}
	if fee, due := view.FeeDue(); due {
		variables["Fee"] = frame.Money(view.Policy.AmountCents(fee))
	}
	if view.Exam != nil && !view.Exam.AppointmentAt.IsZero() {
		variables["Appointment"] = frame.Moment(view.Exam.AppointmentAt)
	}
	if view.Certificate != nil {
		variables["Until"] = frame.Until(view.Certificate.ExpiresAt)
	}
	return variables
}

// notices say what is unusual: a hold, a stopped clock, and, honestly, what is slow on
// our side.
func notices(say func(string, map[string]any) string, view cases.View) []web.Notice {
	var all []web.Notice
	add := func(tone, key string) {
		all = append(all, web.Notice{Tone: tone, Heading: say("home."+key+".heading", nil), Text: template.HTML(template.HTMLEscapeString(say("home."+key+".text", nil)))})
	}
	if view.OnHold {
		add("warning", "on_hold")
	}
	if view.Suspended {
		add("error", "suspended")
	}
	slow := []string{
		certification.AttentionRecords, certification.AttentionNotice, certification.AttentionCheckout,
		certification.AttentionAuthorization, certification.AttentionVendor, certification.AttentionUnknown,
	}
	if slices.ContainsFunc(slow, view.NeedsAttention) {
		add("info", "slow")
	}
	for _, promise := range view.Promises {
		if promise.Overdue && promise.Running() && promise.WaitsOn != certification.PartyApplicant {
			add("warning", "late")
			break
		}
	}
	return all
}

// promiseCard is one wait, as the timer that stands behind it has it.
func promiseCard(frame web.Frame, promise certification.Promise) web.Promise {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	card := web.Promise{
		What: say("promise." + string(promise.Kind)), Whose: say("party." + string(promise.WaitsOn)),
		Then: say("consequence." + string(promise.Then)), Overdue: promise.Overdue, Stopped: !promise.Running(),
	}
	switch {
	case card.Stopped:
		card.Note = frame.Localizer.Say("promise.stopped", map[string]any{"Since": frame.Date(promise.StoppedAt), "Count": certification.DaysBetween(promise.StoppedAt, promise.DueAt)})
	case card.Overdue:
		card.By, card.Note = frame.By(promise.DueAt), say("promise.overdue")
	default:
		card.By = frame.By(promise.DueAt)
	}
	return card
}

// way are the milestones, each with the stages that are part of it.
var way = []struct {
	name   string
	stages []certification.Stage
}{
	{"video", []certification.Stage{certification.StageIntroVideo}},
	{"application", []certification.Stage{certification.StageApplication, certification.StageApplicationFee}},
	{"review", []certification.Stage{certification.StageApplicationReview, certification.StageApplicationReturned, certification.StageDenied}},
	{"training", []certification.Stage{certification.StageTraining, certification.StageTrainingReview, certification.StageTrainingReturned}},
	{"exam", []certification.Stage{certification.StageExamFee, certification.StageExamBooking, certification.StageExamBooked, certification.StageExamScoring}},
	{"certified", []certification.Stage{
		certification.StageCertified, certification.StageRenewal, certification.StageRenewalFee, certification.StageRenewalReview,
		certification.StageRenewalReturned, certification.StageExpired, certification.StageRevoked,
	}},
}

// milestones show the whole way. When each was reached comes from the log.
func milestones(frame web.Frame, view cases.View, events []cases.Event) []web.Milestone {
	current := slices.IndexFunc(way, func(part struct {
		name   string
		stages []certification.Stage
	}) bool {
		return slices.Contains(part.stages, view.Stage)
	})
	left := map[string]time.Time{}
	for _, event := range slices.Backward(events) { // the oldest first: the last time counts
		for i, part := range way {
			if slices.Contains(part.stages, event.From) && !slices.Contains(part.stages, event.To) && i < len(way)-1 {
				left[part.name] = event.At
			}
		}
	}
	var all []web.Milestone
	for i, part := range way {
		milestone := web.Milestone{Label: frame.Localizer.Say("milestone."+part.name, nil)}
		switch at, done := left[part.name]; {
		case i == current && part.name != "certified":
			milestone.State = "now"
		case i == current, current < 0 && done, i < current:
			milestone.State = "done"
			if part.name == "certified" && view.Certificate != nil {
				at = view.Certificate.IssuedAt
			}
			if !at.IsZero() {
				milestone.Note = frame.Date(at)
			}
		default:
			milestone.State = "ahead"
		}
		milestone.Words = frame.Localizer.Say("milestone.state_"+milestone.State, nil)
		all = append(all, milestone)
	}
	return all
}

// otherPages are the pages of a case beside the one thing to do.
func otherPages(frame web.Frame, view cases.View) []web.Button {
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
	add("home.link_letters", "/letters")
	add("home.link_history", "/history")
	add("home.link_payments", "/payments")
	if can(certification.SignalWithdraw) {
		add("home.link_withdraw", "/withdraw")
	}
	if can(certification.SignalSurrender) {
		add("home.link_surrender", "/surrender")
	}
	all = append(all, web.Button{Label: frame.Localizer.Say("home.link_my_data", nil), Address: frame.Link("/my-data"), Quiet: true})
	return all
}
