package portal

import (
	"slices"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// exampleNow is when all examples are looked at.
var exampleNow = time.Date(2026, 3, 3, 18, 30, 0, 0, time.UTC)

const exampleCase = "0195f3a0-0000-7000-8000-000000000001"

// exampleCaseUnder is a made-up case at a stage, under a policy.
func exampleCaseUnder(policy certification.Policy, stage certification.Stage, change func(*cases.View)) cases.View {
	view := cases.View{Case: certification.Case{
		ID: exampleCase, Number: "PC-7K3M-92QX", Stage: stage, Policy: policy, Revision: 7, CountyPlan: "Alameda",
	}, CreatedAt: exampleNow.AddDate(0, -2, 0), UpdatedAt: exampleNow}
	after := func(stages ...certification.Stage) bool { return slices.Contains(stages, stage) }
	if inStory(stage) > inStory(certification.StageApplicationReturned) && !after(certification.StageDenied, certification.StageAppealReview, certification.StageClosed) {
		view.WindowEndsAt = certification.EndOfDay(exampleNow.AddDate(0, 9, 0))
		view.ApplicationApproved = true
	}
	if after(certification.StageCertified, certification.StageRenewal, certification.StageRenewalFee, certification.StageRenewalReview, certification.StageRenewalReturned, certification.StageExpired, certification.StageRevoked) {
		view.Certificate = exampleTerm()
	}
	if after(certification.StageExamBooked, certification.StageExamScoring) {
		view.Exam = &certification.Exam{
			AuthorizationID: "a", Language: "es", Place: certification.ExamTestCenter, Authorized: true,
			AppointmentAt: exampleNow.AddDate(0, 0, 9), EndsAt: exampleNow.AddDate(0, 0, 9).Add(3 * time.Hour),
		}
	}
	if stage != certification.StageClosed {
		request := view.PromiseOf(stage, certification.Deadline{From: exampleNow, Months: 9}, certification.Deadline{From: exampleNow, Months: 12})
		view.Promises = []certification.Promise{request.Open("p", exampleNow.AddDate(0, 0, -1))}
	}
	if change != nil {
		change(&view)
	}
	for i, promise := range view.Promises {
		view.Promises[i].Then = view.ConsequenceOf(promise)
	}
	view.Available = view.AvailableSignals(certification.Actor{Role: certification.RoleApplicant})
	return view
}

// exampleCases are the cases of somebody who began again twice, the newest first.
func exampleCases(policy certification.Policy) []cases.View {
	return []cases.View{
		exampleCaseUnder(policy, certification.StageApplication, func(v *cases.View) { v.PreviousCaseID = "2" }),
		exampleCaseUnder(policy, certification.StageClosed, func(v *cases.View) {
			v.ID, v.Number, v.Outcome, v.CreatedAt = "2", "PC-2C8V-QM41", certification.OutcomeAttemptsUsed, exampleNow.AddDate(-1, -4, 0)
		}),
		exampleCaseUnder(policy, certification.StageClosed, func(v *cases.View) {
			v.ID, v.Number, v.Outcome, v.CreatedAt = "1", "PC-5D0F-T7XA", certification.OutcomeWithdrawn, exampleNow.AddDate(-3, 0, 0)
		}),
	}
}

// inStory is where a stage stands in the order of the story.
func inStory(stage certification.Stage) int {
	return slices.IndexFunc(certification.Stages, func(r certification.StageRule) bool { return r.Stage == stage })
}

func exampleTerm() *certification.Certificate {
	return &certification.Certificate{Number: "PSS-7K3M-92QX", IssuedAt: exampleNow.AddDate(-1, 0, 0), ExpiresAt: certification.EndOfDay(exampleNow.AddDate(1, 0, 0)), Term: 1}
}

// lapse ends the term some days from now, without a renewal filed.
func lapse(view *cases.View, days int) {
	view.Certificate.Lapsed, view.Certificate.ExpiresAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, days))
}

// hold puts a case on hold, as the workflow does: every other clock is stopped.
func hold(view *cases.View) {
	view.OnHold = true
	for i := range view.Promises {
		view.Promises[i].StoppedAt = exampleNow
	}
	view.Promises = append(view.Promises, view.HoldPromise().Open("h", exampleNow))
}

// exampleEvents are the log of a case that came so far.
func exampleEvents(stage certification.Stage) []cases.Event {
	story := []certification.Stage{
		certification.StageIntroVideo, certification.StageApplication, certification.StageApplicationFee, certification.StageApplicationReview,
		certification.StageTraining, certification.StageTrainingReview, certification.StageExamFee, certification.StageExamBooking,
		certification.StageExamBooked, certification.StageExamScoring, certification.StageCertified,
	}
	signals := []certification.Signal{
		certification.SignalRegister, certification.SignalCompleteIntroVideo, certification.SignalSubmitApplication, certification.SignalPaymentSettled,
		certification.SignalDecideApplication, certification.SignalSubmitTraining, certification.SignalDecideTraining, certification.SignalPaymentSettled,
		certification.SignalExamConfirmed, "", certification.SignalExamResult,
	}
	var events []cases.Event
	for i, to := range story {
		event := cases.Event{Number: i + 1, At: exampleNow.AddDate(0, 0, 5*i-60), Event: certification.Event{Signal: signals[i], To: to, Actor: certification.Actor{Role: certification.RoleApplicant}}}
		if i > 0 {
			event.From = story[i-1]
		}
		switch {
		case signals[i] == "":
			event.Name, event.Actor.Role = certification.EventDue, certification.RoleClock
		case signals[i] == certification.SignalDecideApplication || signals[i] == certification.SignalDecideTraining:
			event.Details.Decision, event.Actor.Role = certification.DecisionApprove, certification.RoleReviewer
		}
		events = append([]cases.Event{event}, events...)
		if to == stage {
			break
		}
	}
	return events
}

func exampleLetters(words *web.Localizer) []cases.Letter {
	return []cases.Letter{
		{ID: "1", Letter: certification.LetterApplicationReceived, Language: words.Language(), Subject: words.Say("letter.application_received.subject", nil), CreatedAt: exampleNow.AddDate(0, 0, -9), SentAt: exampleNow.AddDate(0, 0, -9)},
		{ID: "2", Letter: certification.LetterReceipt, Language: words.Language(), Subject: words.Say("letter.receipt.subject", nil), CreatedAt: exampleNow.AddDate(0, 0, -1)},
	}
}

// homeExamples are the home of a case at every stage, and in every state that differs.
func homeExamples(policy certification.Policy) []example {
	var all []example
	addWith := func(name string, view cases.View, events []cases.Event) {
		all = append(all, example{Name: "home " + name, Page: "home", SignedIn: true, Heading: true, Content: func(frame web.Frame) any {
			return caseHome(frame, view, events, exampleLetters(frame.Localizer), exampleNow)
		}})
	}
	add := func(name string, stage certification.Stage, change func(*cases.View)) {
		addWith(name, exampleCaseUnder(policy, stage, change), exampleEvents(stage))
	}
	for _, rule := range certification.Stages {
		if rule.Stage != certification.StageClosed {
			add(string(rule.Stage), rule.Stage, nil)
			add("on hold "+string(rule.Stage), rule.Stage, hold)
		}
	}
	for _, closed := range []struct {
		name    string
		outcome certification.Outcome
		from    certification.Stage // where the case came before it was closed
	}{
		{"denied", certification.OutcomeDenied, certification.StageApplicationReview},
		{"denied renewal", certification.OutcomeDenied, certification.StageCertified},
		{"withdrawn", certification.OutcomeWithdrawn, certification.StageTraining},
		{"withdrawn renewal", certification.OutcomeWithdrawn, certification.StageCertified},
		{"abandoned", certification.OutcomeAbandoned, certification.StageApplication},
		{"window_closed", certification.OutcomeWindowClosed, certification.StageExamFee},
		{"attempts_used", certification.OutcomeAttemptsUsed, certification.StageExamScoring},
		{"vacated", certification.OutcomeVacated, certification.StageCertified},
		{"revoked", certification.OutcomeRevoked, certification.StageCertified},
		{"surrendered", certification.OutcomeSurrendered, certification.StageCertified},
	} {
		view := exampleCaseUnder(policy, certification.StageClosed, func(v *cases.View) {
			v.Outcome = closed.outcome
			v.ApplicationApproved = inStory(closed.from) >= inStory(certification.StageTraining)
			v.TrainingApproved = inStory(closed.from) >= inStory(certification.StageExamFee)
			if closed.from == certification.StageCertified {
				v.Certificate = exampleTerm()
			}
		})
		addWith("closed "+closed.name, view, append([]cases.Event{
			{At: exampleNow, Event: certification.Event{Signal: certification.SignalDecideApplication, Details: certification.EventDetails{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA", "UNDER_18"}}}},
			{At: exampleNow, Event: certification.Event{Signal: certification.SignalRevoke, Details: certification.EventDetails{Code: "ethics"}}},
		}, exampleEvents(closed.from)...))
	}
	end := func(v *cases.View) { v.Certificate = exampleTerm() }
	add("denied renewal", certification.StageDenied, end)
	add("appeal about a renewal", certification.StageAppealReview, end)
	add("exam fee for another try", certification.StageExamFee, func(v *cases.View) { v.AttemptsUsed = 1 })
	missed := cases.Event{At: exampleNow, Event: certification.Event{Signal: certification.SignalExamNoShow, From: certification.StageExamBooked, To: certification.StageExamFee}}
	addWith("exam fee after a day that was missed", exampleCaseUnder(policy, certification.StageExamFee, func(v *cases.View) { v.AttemptsUsed = 1 }),
		append([]cases.Event{missed}, exampleEvents(certification.StageExamBooked)...))
	add("exam fee for the last try", certification.StageExamFee, func(v *cases.View) { v.AttemptsUsed = 2 })
	add("exam chosen", certification.StageExamBooking, func(v *cases.View) { v.Exam = &certification.Exam{AuthorizationID: "a"} })
	add("exam refused", certification.StageExamBooking, func(v *cases.View) { v.Exam = &certification.Exam{AuthorizationID: "a", Refused: true} })
	add("exam authorized", certification.StageExamBooking, func(v *cases.View) { v.Exam = &certification.Exam{AuthorizationID: "a", Authorized: true} })
	stopped := func(stage certification.Stage, left int) func(*cases.View) {
		return func(v *cases.View) {
			stoppedAt := exampleNow.AddDate(0, 0, -2)
			v.Promises = append(v.Promises, certification.Promise{
				ID: "q", Kind: certification.StagePromise(stage), WaitsOn: certification.PartyReviewer, DueAt: certification.EndOfDay(stoppedAt.AddDate(0, 0, left)),
				Then: certification.ThenEscalated, StoppedAt: stoppedAt, Overdue: left < 0,
			})
		}
	}
	add("clock stopped", certification.StageApplicationReturned, stopped(certification.StageApplicationReview, 6))
	add("clock stopped on the last day", certification.StageApplicationReturned, stopped(certification.StageApplicationReview, 0))
	add("clock stopped when late", certification.StageApplicationReturned, stopped(certification.StageApplicationReview, -3))
	add("training returned by its own review", certification.StageTrainingReturned, stopped(certification.StageTrainingReview, 3))
	add("review late", certification.StageApplicationReview, func(v *cases.View) {
		v.Promises[0].Overdue, v.Promises[0].DueAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -2))
	})
	add("slow on our side", certification.StageApplicationReview, func(v *cases.View) {
		v.Slow = true
	})
	for _, stage := range []certification.Stage{certification.StageApplication, certification.StageRenewal} {
		add(string(stage)+" paid too late", stage, func(v *cases.View) {
			v.Credit = &certification.Credit{Fee: certification.FeeApplication, AmountCents: v.Policy.ApplicationFeeCents}
			if v.Certificate != nil {
				v.Credit = &certification.Credit{Fee: certification.FeeRenewal, AmountCents: v.Policy.RenewalFeeCents}
			}
		})
	}
	add("paid what was not due", certification.StageApplicationReview, func(v *cases.View) {
		v.Surplus = true
	})
	late := func(v *cases.View) {
		v.Promises[0].Overdue, v.Promises[0].DueAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -2))
	}
	add("appeal late", certification.StageAppealReview, late)
	add("result late", certification.StageExamScoring, late)
	add("hold late", certification.StageTraining, func(v *cases.View) {
		hold(v)
		v.Promises[1].Overdue, v.Promises[1].DueAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -2))
	})
	for _, stage := range []certification.Stage{certification.StageCertified, certification.StageRenewal, certification.StageRenewalReview} {
		add("suspended "+string(stage), stage, func(v *cases.View) { v.Suspended = true })
	}
	add("suspended and on hold", certification.StageCertified, func(v *cases.View) {
		v.Suspended = true
		hold(v)
	})
	add("appeal after revocation", certification.StageAppealReview, func(v *cases.View) {
		end(v)
		v.AppealFrom = certification.StageRevoked
	})
	denied := func(v *cases.View) { v.Certificate, v.AppealFrom = exampleTerm(), certification.StageRenewalReview }
	for _, stage := range []certification.Stage{certification.StageDenied, certification.StageAppealReview} {
		add("suspended "+string(stage), stage, func(v *cases.View) {
			denied(v)
			v.Suspended = true
		})
	}
	add("revoked after the renewal was denied", certification.StageRevoked, func(v *cases.View) {
		v.Revoked = &certification.Revoked{From: certification.StageDenied}
	})
	for _, stage := range []certification.Stage{certification.StageRenewalFee, certification.StageRenewalReturned} {
		add(string(stage)+" at the end of the term", stage, func(v *cases.View) { v.Certificate.ExpiresAt = certification.EndOfDay(exampleNow.AddDate(0, 0, 9)) })
		add(string(stage)+" late", stage, func(v *cases.View) { lapse(v, -30) })
	}
	for _, stage := range []certification.Stage{certification.StageRenewal, certification.StageExpired} {
		add(string(stage)+" paid before", stage, func(v *cases.View) {
			v.RenewalPaid = true
			if v.Stage == certification.StageExpired {
				lapse(v, -30)
			}
		})
	}
	given := func(v *cases.View) {
		v.Certificate.ExpiresAt = certification.EndOfDay(exampleNow.AddDate(0, 0, -9))
		v.Certificate.RenewBy = v.Promises[0].DueAt
	}
	add("renewal with more time", certification.StageRenewal, given)
	add("suspended renewal with more time", certification.StageRenewal, func(v *cases.View) {
		given(v)
		v.Suspended = true
	})
	add("renewal fee late for the last time", certification.StageRenewalFee, func(v *cases.View) { lapse(v, -170) })
	add("renewal review late in the term", certification.StageRenewalReview, func(v *cases.View) { lapse(v, -30) })

	all = append(all, example{Name: "home with earlier cases", Page: "home", SignedIn: true, Heading: true, Content: func(frame web.Frame) any {
		list := exampleCases(policy)
		content := caseHome(frame, list[0], exampleEvents(list[0].Stage), nil, exampleNow)
		content.Others = caseLines(frame, list, list[0].ID, exampleNow)
		return content
	}})

	lines := func(name, title string, content func(web.Frame) any) {
		all = append(all, example{Name: name, Page: "lines", Title: title, SignedIn: true, Content: content})
	}
	lines("letters", "letters.title", func(frame web.Frame) any {
		list := Lines{Intro: frame.Localizer.Say("letters.intro", nil)}
		for _, letter := range exampleLetters(frame.Localizer) {
			list.Lines = append(list.Lines, letterLine(frame, exampleCase, letter))
		}
		return list
	})
	lines("letters none", "letters.title", func(frame web.Frame) any {
		return Lines{Intro: frame.Localizer.Say("letters.intro", nil), Empty: frame.Localizer.Say("letters.empty", nil)}
	})
	lines("history", "history.title", func(frame web.Frame) any {
		list := Lines{Intro: frame.Localizer.Say("history.intro", nil), Older: frame.Link("/cases/" + exampleCase + "/history?before=x")}
		for _, event := range exampleEvents(certification.StageCertified) {
			list.Lines = append(list.Lines, historyLine(frame, event))
		}
		return list
	})
	return append(all, letterExamples()...)
}
