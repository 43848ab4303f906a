package portal

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// homeOf is the home of a made-up case, in a language.
func homeOf(language string, view cases.View, events []cases.Event) (web.Frame, CaseHome) {
	frame := web.Frame{Localizer: web.Words(language), Path: "/"}
	return frame, caseHome(frame, view, events, nil, exampleNow)
}

// keysOf is the home of a made-up case, saying keys for words.
func keysOf(t *testing.T, view cases.View, events []cases.Event) CaseHome {
	t.Helper()
	words, known := web.Pseudo(web.KeysShown)
	require.True(t, known)
	return caseHome(web.Frame{Localizer: words, Path: "/"}, view, events, nil, exampleNow)
}

// heldAt is a case on hold, as a hold leaves it: every other clock is stopped.
func heldAt(stage certification.Stage) cases.View {
	return exampleView(stage, hold)
}

// On hold the next due instant is the day on which we look at the hold again. That is
// no day for the person to keep.
func TestTheDayOfAHoldIsNobodysDeadline(t *testing.T) {
	for _, rule := range certification.Stages {
		if rule.Stage == certification.StageClosed {
			continue
		}
		view := heldAt(rule.Stage)
		for _, language := range web.Languages() {
			frame, home := homeOf(language, view, nil)
			day := frame.Date(view.Promise(certification.PromiseHold).DueAt)
			for _, said := range []string{home.Heading, string(home.Text), home.Yours} {
				assert.NotContains(t, said, day, "%s in %s", rule.Stage, language)
			}
			assert.Contains(t, home.Ours, day, "%s in %s: when we look at it again", rule.Stage, language)
		}
		home := keysOf(t, view, nil)
		assert.Contains(t, home.Heading, "on_hold", rule.Stage)
		assert.Contains(t, home.Yours, "on_hold", rule.Stage)
		if home.Button != nil {
			assert.Contains(t, []string{"/exam", "/certificate"}, home.Button.Address[strings.LastIndex(home.Button.Address, "/"):], "%s: only to read", rule.Stage)
		}
	}
}

// A hold cannot put off what has its day: an appointment at the exam, the end of a term.
func TestAHoldDoesNotMoveAnAppointment(t *testing.T) {
	view := heldAt(certification.StageExamBooked)
	frame, home := homeOf("en", view, nil)
	assert.Contains(t, string(home.Text), frame.Moment(view.Exam.AppointmentAt))
	assert.Contains(t, keysOf(t, view, nil).Yours, "[home.on_hold_exam_booked.yours]", "the person has to be there")
	card := cardOf(t, home, frame.Localizer.Say("promise.exam_booked", nil))
	assert.False(t, card.Stopped)
	assert.Equal(t, frame.By(view.Exam.EndsAt), card.By)

	_, over := homeOf("en", exampleView(certification.StageExamBooked, func(v *cases.View) {
		v.Exam.AppointmentAt, v.Exam.EndsAt = exampleNow.Add(-5*time.Hour), exampleNow.Add(-2*time.Hour)
		hold(v)
	}), nil)
	assert.NotContains(t, over.Yours, "ID", "nobody is sent to an exam that is over")
}

func cardOf(t *testing.T, home CaseHome, what string) web.Promise {
	t.Helper()
	at := slices.IndexFunc(home.Promises, func(p web.Promise) bool { return p.What == what })
	require.GreaterOrEqual(t, at, 0, "a card for %q", what)
	return home.Promises[at]
}

// A clock that is stopped has days left, or a part of the last, or none.
func TestAStoppedClockNeverCountsBelowZero(t *testing.T) {
	stopped := exampleNow.AddDate(0, 0, -3)
	less := regexp.MustCompile(`[-−–]\s*\d|\b0\b`)
	for name, test := range map[string]struct {
		due time.Time
		key string
	}{
		"days are left":    {certification.EndOfDay(stopped.AddDate(0, 0, 6)), "[promise.stopped "},
		"on the last day":  {certification.EndOfDay(stopped), "[promise.stopped_last_day "},
		"a day late":       {certification.EndOfDay(stopped.AddDate(0, 0, -1)), "[promise.stopped_late "},
		"many days late":   {certification.EndOfDay(stopped.AddDate(0, 0, -9)), "[promise.stopped_late "},
		"at that instant":  {stopped, "[promise.stopped_late "},
		"late on that day": {stopped.Add(-time.Minute), "[promise.stopped_late "},
	} {
		view := exampleView(certification.StageApplicationReturned, func(v *cases.View) {
			v.Promises = append(v.Promises, stoppedReview(certification.StageApplicationReview, test.due, stopped))
		})
		for _, language := range web.Languages() {
			frame, home := homeOf(language, view, nil)
			note := cardOf(t, home, frame.Localizer.Say("promise.application_review", nil)).Note
			assert.NotRegexp(t, less, strings.ReplaceAll(note, frame.Date(stopped), ""), "%s in %s", name, language)
		}
		home := keysOf(t, view, nil)
		assert.Contains(t, home.Promises[1].Note, test.key, name)
		late := strings.Contains(test.key, "late")
		assert.Equal(t, late, strings.Contains(home.Ours, "returned_late"), "%s: nothing is said of days that were left: %s", name, home.Ours)
	}
}

func stoppedReview(stage certification.Stage, due, stopped time.Time) certification.Promise {
	return certification.Promise{
		ID: "q", Kind: certification.StagePromise(stage), WaitsOn: certification.PartyReviewer, DueAt: due,
		Then: certification.ThenEscalated, StoppedAt: stopped, Overdue: !due.After(stopped),
	}
}

// What happens when a renewal is not finished in time depends on whether the term, or
// the time to renew late, goes on after that day (workflows: unfile).
func TestWhatFollowsARenewalThatIsNotFinished(t *testing.T) {
	day := func(days int) time.Time { return certification.EndOfDay(exampleNow.AddDate(0, 0, days)) }
	for name, test := range map[string]struct {
		stage   certification.Stage
		expires time.Time
		lapsed  bool
		key     string
		until   time.Time
	}{
		"not paid, the term goes on":         {certification.StageRenewalFee, day(50), false, "[consequence.renewal_ends ", day(50)},
		"not paid, the term ends first":      {certification.StageRenewalFee, day(20), false, "[consequence.expired]", time.Time{}},
		"not paid, the term has ended":       {certification.StageRenewalFee, day(-2), false, "[consequence.expired]", time.Time{}},
		"not paid, the term ends that day":   {certification.StageRenewalFee, day(30), false, "[consequence.expired]", time.Time{}},
		"not paid, late":                     {certification.StageRenewalFee, day(-30), true, "[consequence.renewal_ends ", certification.EndOfDay(certification.AddMonths(day(-30), 6))},
		"not paid, late for the last time":   {certification.StageRenewalFee, day(-170), true, "[consequence.vacated]", time.Time{}},
		"not put right, the term goes on":    {certification.StageRenewalReturned, day(60), false, "[consequence.renewal_ends ", day(60)},
		"not put right, the term ends first": {certification.StageRenewalReturned, day(3), false, "[consequence.expired]", time.Time{}},
		"not put right, late":                {certification.StageRenewalReturned, day(-30), true, "[consequence.renewal_ends ", certification.EndOfDay(certification.AddMonths(day(-30), 6))},
		"not sent":                           {certification.StageRenewal, day(50), false, "[consequence.expired]", time.Time{}},
	} {
		view := exampleView(test.stage, func(v *cases.View) {
			v.Certificate.ExpiresAt, v.Certificate.Lapsed = test.expires, test.lapsed
			if test.stage != certification.StageRenewal {
				v.Promises[0].DueAt = day(30)
			}
		})
		assert.Contains(t, keysOf(t, view, nil).Promises[0].Then, test.key, name)
		if frame, home := homeOf("en", view, nil); !test.until.IsZero() {
			assert.Contains(t, home.Promises[0].Then, frame.Until(test.until), name)
		}
	}
}

func TestWhatFollowsWhereTimeWasGivenToRenew(t *testing.T) {
	view := exampleView(certification.StageRenewal, func(v *cases.View) {
		v.Certificate.ExpiresAt = certification.EndOfDay(exampleNow.AddDate(0, 0, -9))
		v.Certificate.RenewBy = v.Promises[0].DueAt
	})
	assert.Contains(t, keysOf(t, view, nil).Promises[0].Then, "[consequence.expired_given]")
}

// come is the log of a case that went through stages, a day each.
func come(stages ...certification.Stage) []cases.Event {
	var events []cases.Event
	var from certification.Stage
	for i, to := range stages {
		event := cases.Event{Number: i + 1, At: exampleNow.AddDate(0, 0, i-90), Event: certification.Event{From: from, To: to}}
		events, from = append([]cases.Event{event}, events...), to
	}
	return events
}

// certifiedWay are the stages to a certificate.
var certifiedWay = []certification.Stage{
	certification.StageIntroVideo, certification.StageApplication, certification.StageApplicationFee, certification.StageApplicationReview,
	certification.StageTraining, certification.StageTrainingReview, certification.StageExamFee, certification.StageExamBooking,
	certification.StageExamBooked, certification.StageExamScoring, certification.StageCertified,
}

func TestMilestonesOfEveryEnd(t *testing.T) {
	approved := func(v *cases.View) { v.ApplicationApproved = true }
	trained := func(v *cases.View) { v.ApplicationApproved, v.TrainingApproved = true, true }
	certified := func(change func(*cases.View)) func(*cases.View) {
		return func(v *cases.View) {
			trained(v)
			v.Certificate = &certification.Certificate{Number: "PSS-7K3M-92QX", IssuedAt: exampleNow.AddDate(-1, 0, 0), ExpiresAt: certification.EndOfDay(exampleNow.AddDate(1, 0, 0)), Term: 1}
			if change != nil {
				change(v)
			}
		}
	}
	closed := func(outcome certification.Outcome, change func(*cases.View)) func(*cases.View) {
		return func(v *cases.View) {
			v.Outcome = outcome
			if change != nil {
				change(v)
			}
		}
	}
	lapsed := func(v *cases.View) { v.Certificate.Lapsed = true }
	about := func(stage certification.Stage) func(*cases.View) {
		return func(v *cases.View) { v.AppealFrom = stage }
	}
	upTo := func(n int, more ...certification.Stage) []cases.Event {
		return come(append(slices.Clone(certifiedWay[:n]), more...)...)
	}
	const closedStage = certification.StageClosed
	for name, test := range map[string]struct {
		stage  certification.Stage
		change func(*cases.View)
		events []cases.Event
		// want has a letter for each milestone: done, now, ahead, not reached, ended.
		want string
	}{
		"begun":                         {certification.StageIntroVideo, nil, upTo(1), "naaaaa"},
		"under review":                  {certification.StageApplicationReview, nil, upTo(4), "ddnaaa"},
		"scoring":                       {certification.StageExamScoring, trained, upTo(10), "ddddna"},
		"certified":                     {certification.StageCertified, certified(nil), upTo(11), "dddddd"},
		"suspended":                     {certification.StageCertified, certified(func(v *cases.View) { v.Suspended = true }), upTo(11), "ddddde"},
		"expired":                       {certification.StageExpired, certified(lapsed), upTo(11), "ddddde"},
		"late renewal under review":     {certification.StageRenewalReview, certified(lapsed), upTo(11), "ddddde"},
		"renewal under review":          {certification.StageRenewalReview, certified(nil), upTo(11), "dddddd"},
		"revoked":                       {certification.StageRevoked, certified(about(certification.StageRevoked)), upTo(11), "ddddde"},
		"appeal after a revocation":     {certification.StageAppealReview, certified(about(certification.StageRevoked)), upTo(11, certification.StageRevoked), "ddddde"},
		"denied":                        {certification.StageDenied, about(certification.StageApplicationReview), upTo(4, certification.StageDenied), "ddnooo"},
		"appeal after a denial":         {certification.StageAppealReview, about(certification.StageApplicationReview), upTo(4, certification.StageDenied), "ddnooo"},
		"renewal denied":                {certification.StageDenied, certified(about(certification.StageRenewalReview)), upTo(11), "dddddd"},
		"appeal after a denied renewal": {certification.StageAppealReview, certified(about(certification.StageRenewalReview)), upTo(11), "dddddd"},

		"closed, denied":             {closedStage, closed(certification.OutcomeDenied, about(certification.StageApplicationReview)), upTo(4, certification.StageDenied, closedStage), "dddooo"},
		"closed, renewal denied":     {closedStage, closed(certification.OutcomeDenied, certified(about(certification.StageRenewalReview))), upTo(11, certification.StageRenewal, certification.StageDenied, closedStage), "ddddde"},
		"withdrawn during review":    {closedStage, closed(certification.OutcomeWithdrawn, nil), upTo(4, closedStage), "ddoooo"},
		"withdrawn during training":  {closedStage, closed(certification.OutcomeWithdrawn, approved), upTo(5, closedStage), "dddooo"},
		"abandoned":                  {closedStage, closed(certification.OutcomeAbandoned, nil), upTo(2, closedStage), "dooooo"},
		"abandoned before the video": {closedStage, closed(certification.OutcomeAbandoned, nil), upTo(1, closedStage), "oooooo"},
		"window closed":              {closedStage, closed(certification.OutcomeWindowClosed, trained), upTo(7, closedStage), "ddddoo"},
		"attempts used":              {closedStage, closed(certification.OutcomeAttemptsUsed, trained), upTo(10, closedStage), "ddddoo"},
		"vacated":                    {closedStage, closed(certification.OutcomeVacated, certified(lapsed)), upTo(11, closedStage), "ddddde"},
		"revoked for good":           {closedStage, closed(certification.OutcomeRevoked, certified(about(certification.StageRevoked))), upTo(11, certification.StageRevoked, closedStage), "ddddde"},
		"surrendered":                {closedStage, closed(certification.OutcomeSurrendered, certified(nil)), upTo(11, closedStage), "ddddde"},
		// Of a long life only the newest entries of the log are at hand.
		"surrendered after years": {closedStage, closed(certification.OutcomeSurrendered, certified(nil)), nil, "ddddde"},
	} {
		home := keysOf(t, exampleView(test.stage, test.change), test.events)
		var got strings.Builder
		for _, milestone := range home.Milestones {
			switch {
			case strings.Contains(milestone.Note, "milestone.ended"):
				got.WriteString("e")
				assert.NotEqual(t, "done", milestone.State, name)
			case strings.Contains(milestone.Words, "state_not_reached"):
				got.WriteString("o")
			default:
				got.WriteByte(milestone.State[0])
			}
		}
		assert.Equal(t, test.want, got.String(), name)
	}
}

// The day of a milestone is that of the last event that counted.
func TestMilestonesAreDatedByWhatCounted(t *testing.T) {
	dateOf := func(stage certification.Stage, events []cases.Event, milestone int) string {
		_, home := homeOf("en", exampleView(stage, nil), events)
		return home.Milestones[milestone].Note
	}
	words := web.Words("en")
	day := func(days int) string { return words.Date(exampleNow.AddDate(0, 0, days-90)) }

	events := come(certifiedWay[:5]...)
	assert.Equal(t, day(4), dateOf(certification.StageTraining, events, 2))

	void := slices.Clone(events)
	void = append([]cases.Event{{At: exampleNow, Void: true, Event: void[0].Event}}, void...)
	assert.Equal(t, day(4), dateOf(certification.StageTraining, void, 2), "an entry that is void")

	ignored := slices.Clone(events)
	ignored = append([]cases.Event{{At: exampleNow, Event: ignored[0].Event}}, ignored...)
	ignored[0].Ignored = "not at this stage"
	assert.Equal(t, day(4), dateOf(certification.StageTraining, ignored, 2), "an entry without effect")

	both := come(append(slices.Clone(certifiedWay[:4]), certification.StageExamFee)...)
	assert.Equal(t, day(4), dateOf(certification.StageExamFee, both, 2), "one review decided both")
	assert.Equal(t, day(4), dateOf(certification.StageExamFee, both, 3), "one review decided both")

	granted := come(append(slices.Clone(certifiedWay[:4]), certification.StageDenied, certification.StageAppealReview, certification.StageTraining)...)
	assert.Equal(t, day(6), dateOf(certification.StageTraining, granted, 2), "approved by the appeal")

	renewed := come(append(slices.Clone(certifiedWay), certification.StageRenewalReview, certification.StageDenied, certification.StageAppealReview, certification.StageCertified)...)
	back := come(append(slices.Clone(certifiedWay), certification.StageRenewalReview, certification.StageDenied, certification.StageRevoked, certification.StageAppealReview, certification.StageDenied)...)
	givenBack := exampleView(certification.StageDenied, func(v *cases.View) { v.Certificate = exampleTerm() })
	_, home := homeOf("en", givenBack, back)
	assert.Equal(t, day(4), home.Milestones[2].Note, "a certificate that was given back is no decision about the application")
	_, home = homeOf("en", givenBack, come(certification.StageAppealReview, certification.StageDenied))
	assert.Empty(t, home.Milestones[2].Note, "nor where the log begins there")
	assert.Equal(t, day(4), dateOf(certification.StageCertified, renewed, 2), "an appeal about a renewal is no review of the application")
}

// examEnded is the log of an attempt that gave no certificate.
func examEnded(signal certification.Signal) []cases.Event {
	failed := false
	ended := cases.Event{At: exampleNow, Event: certification.Event{Signal: signal, From: certification.StageExamScoring, To: certification.StageExamFee}}
	if signal == certification.SignalExamResult {
		ended.Details.Passed = &failed
	}
	return append([]cases.Event{ended}, come(certifiedWay[:10]...)...)
}

// Which words are said, where the stage alone does not tell.
func TestHomeSaysWhatHappened(t *testing.T) {
	day := func(days int) time.Time { return certification.EndOfDay(exampleNow.AddDate(0, 0, days)) }
	certificate := &certification.Certificate{Number: "PSS-7K3M-92QX", IssuedAt: day(-400), ExpiresAt: day(300), Term: 1}
	retake := func(v *cases.View) { v.AttemptsUsed = 1 }
	late := func(v *cases.View) { v.Promises[0].Overdue, v.Promises[0].DueAt = true, day(-2) }
	whileDenied := func(v *cases.View) {
		v.Certificate, v.Revoked = certificate, &certification.Revoked{From: certification.StageDenied}
	}
	void := examEnded(certification.SignalExamNoShow)
	void[0].Void = true
	void = append([]cases.Event{void[0]}, examEnded(certification.SignalExamResult)...)
	for name, test := range map[string]struct {
		stage  certification.Stage
		change func(*cases.View)
		events []cases.Event
		// part of what is said, by its key
		heading, text, yours, ours string
	}{
		"not passed":       {certification.StageExamFee, retake, examEnded(certification.SignalExamResult), "home.exam_fee_retake.", "", "", ""},
		"nobody came":      {certification.StageExamFee, retake, examEnded(certification.SignalExamNoShow), "home.exam_fee_no_show.", "home.exam_fee_no_show.", "", ""},
		"a void entry":     {certification.StageExamFee, retake, void, "home.exam_fee_retake.", "", "", ""},
		"denied":           {certification.StageDenied, nil, nil, "home.denied.", "", "", ""},
		"renewal denied":   {certification.StageDenied, func(v *cases.View) { v.Certificate = certificate }, nil, "home.denied_renewal.", "", "", "home.denied_renewal."},
		"closed, denied":   {certification.StageClosed, func(v *cases.View) { v.Outcome = certification.OutcomeDenied }, nil, "", "home.closed_denied.", "", ""},
		"closed, renewal":  {certification.StageClosed, func(v *cases.View) { v.Outcome, v.Certificate = certification.OutcomeDenied, certificate }, nil, "", "home.closed_denied_renewal.", "", ""},
		"renewal given up": {certification.StageClosed, func(v *cases.View) { v.Outcome, v.Certificate = certification.OutcomeWithdrawn, certificate }, nil, "home.closed_withdrawn_renewal.", "", "", ""},
		"suspended":        {certification.StageCertified, func(v *cases.View) { v.Suspended = true }, nil, "home.certified_suspended.", "home.suspended.text", "home.nothing.yours", "home.certified_suspended."},
		"renewal open, suspended": {
			certification.StageRenewal, func(v *cases.View) { v.Suspended = true }, nil, "home.renewal.", "home.renewal.text_suspended", "", "",
		},
		"revoked": {certification.StageRevoked, nil, nil, "home.revoked.", "[home.revoked.text]", "home.appeal.yours", "home.denied.ours"},
		"revoked after the renewal was denied": {
			certification.StageRevoked, whileDenied, nil, "home.revoked.", "[home.revoked.text] [home.revoked_renewal.text]", "home.appeal.yours", "home.denied.ours",
		},
		"revoked after the renewal was denied, under appeal": {certification.StageAppealReview, func(v *cases.View) {
			whileDenied(v)
			v.AppealFrom = certification.StageRevoked
		}, nil, "home.appeal_review_revoked.", "[home.revoked_renewal.text]", "home.nothing.yours", ""},
		"renewal reviewed, suspended": {
			certification.StageRenewalReview, func(v *cases.View) { v.Suspended = true }, nil, "", "home.renewal_review.text_suspended", "", "",
		},
		"renewal reviewed, lapsed": {
			certification.StageRenewalReview, func(v *cases.View) { v.Certificate.Lapsed = true }, nil, "", "home.renewal_review.text_lapsed", "", "",
		},
		"training returned beside an approval": {certification.StageTrainingReturned, nil, nil, "", "", "", "home.training_returned.ours_new"},
		"training returned by its own review": {certification.StageTrainingReturned, func(v *cases.View) {
			v.Promises = append(v.Promises, stoppedReview(certification.StageTrainingReview, day(4), day(-1)))
		}, nil, "", "", "", "home.training_returned.ours]"},
		"training returned late": {certification.StageTrainingReturned, func(v *cases.View) {
			v.Promises = append(v.Promises, stoppedReview(certification.StageTrainingReview, day(-4), day(-1)))
		}, nil, "", "", "", "home.returned_late.ours"},
		"review late":  {certification.StageApplicationReview, late, nil, "", "", "", "home.review_late.ours"},
		"appeal late":  {certification.StageAppealReview, late, nil, "", "", "", "home.review_late.ours"},
		"result late":  {certification.StageExamScoring, late, nil, "", "", "", "home.result_late.ours"},
		"hold is late": {certification.StageTraining, func(v *cases.View) { hold(v); v.Promises[1].Overdue, v.Promises[1].DueAt = true, day(-2) }, nil, "home.on_hold.", "", "", "home.on_hold.ours_late"},
	} {
		home := keysOf(t, exampleView(test.stage, test.change), test.events)
		assert.Contains(t, home.Heading, test.heading, name)
		assert.Contains(t, string(home.Text), test.text, name)
		assert.Contains(t, home.Yours, test.yours, name)
		assert.Contains(t, home.Ours, test.ours, name)
	}
}

// A day that has passed is no day to promise something by.
func TestNoStepOfOursIsPromisedForADayThatHasPassed(t *testing.T) {
	for _, rule := range certification.Stages {
		if rule.Stage == certification.StageClosed {
			continue
		}
		view := exampleView(rule.Stage, nil)
		if view.Promises[0].WaitsOn == certification.PartyApplicant {
			continue
		}
		view.Promises[0].Overdue, view.Promises[0].DueAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -2))
		for _, language := range web.Languages() {
			frame, home := homeOf(language, view, nil)
			assert.NotContains(t, home.Ours, frame.Date(view.Promises[0].DueAt), "%s in %s", rule.Stage, language)
		}
	}
}

// When the vendor says yes, no letter goes out; when it says no, one can choose again.
func TestNoLetterIsPromisedThatNothingSends(t *testing.T) {
	asked := exampleView(certification.StageExamBooking, func(v *cases.View) { v.Exam = &certification.Exam{AuthorizationID: "a"} })
	refused := exampleView(certification.StageExamBooking, func(v *cases.View) {
		v.Exam = &certification.Exam{AuthorizationID: "a", Refused: true}
	})
	words := web.Words("en")
	said := []string{
		words.Say("exam.asking.lead", nil), words.Say("exam.refused_text", nil), words.Say("letter.booking_refused.body_1", nil),
	}
	for _, view := range []cases.View{asked, refused} {
		_, home := homeOf("en", view, nil)
		said = append(said, string(home.Text), home.Yours, home.Ours)
	}
	for _, sentence := range said {
		assert.NotRegexp(t, `(?i)write to you`, sentence)
	}
	_, home := homeOf("en", refused, nil)
	assert.NotContains(t, home.Yours, "Nothing")
	require.NotNil(t, home.Button)
	assert.True(t, strings.HasSuffix(home.Button.Address, "/exam"))
	assert.Contains(t, refused.Available, certification.SignalBookExam)
}

// A person who is suspended and has more time to renew reads what was the last day of the
// term: it is no day until which that runs once it has passed.
func TestATermThatHasEndedDoesNotRun(t *testing.T) {
	view := exampleView(certification.StageRenewal, func(v *cases.View) {
		v.Suspended, v.Certificate.ExpiresAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -9))
		v.Certificate.RenewBy = v.Promises[0].DueAt
	})
	for _, language := range web.Languages() {
		frame, home := homeOf(language, view, nil)
		assert.Contains(t, string(home.Text), frame.Date(view.Certificate.ExpiresAt), language)
		assert.NotContains(t, string(home.Text), frame.Until(view.Certificate.ExpiresAt), language)
	}
	_, home := homeOf("en", view, nil)
	assert.Contains(t, string(home.Text), "The last day of its term is")
}

// A renewal that was denied leaves the certificate as it was, and a suspension is said
// beside the denial, with both reasons.
func TestSuspendedWhileTheRenewalIsDenied(t *testing.T) {
	events := []cases.Event{because(certification.SignalSuspend, "complaint"), denied(certification.SignalDecideRenewal, "NOT_IN_GOOD_STANDING")}
	for stage, heading := range map[certification.Stage]string{
		certification.StageDenied: "home.denied_renewal.", certification.StageAppealReview: "home.appeal_review.",
	} {
		home := keysOf(t, exampleView(stage, func(v *cases.View) {
			v.Certificate, v.AppealFrom, v.Suspended = exampleTerm(), certification.StageRenewalReview, true
		}), events)
		assert.Contains(t, home.Heading, heading)
		require.Len(t, home.Notices, 1, stage)
		assert.Contains(t, home.Notices[0].Heading, "home.suspended.heading")
		assert.Contains(t, home.Why, "[cause.suspend.complaint]", stage)
		if stage == certification.StageDenied {
			assert.Contains(t, home.Why, "[reason.NOT_IN_GOOD_STANDING.wrong]")
		}
	}
}

// What is slow is said once.
func TestOneThingIsSlowOnce(t *testing.T) {
	overdue := func(v *cases.View) { v.Slow, v.Promises[0].Overdue = true, true }
	for name, test := range map[string]struct {
		stage  certification.Stage
		change func(*cases.View)
		want   []string
	}{
		"nothing":            {certification.StageApplicationReview, nil, nil},
		"a letter":           {certification.StageApplicationReview, func(v *cases.View) { v.Slow = true }, []string{"slow"}},
		"a review":           {certification.StageApplicationReview, func(v *cases.View) { v.Promises[0].Overdue = true }, []string{"late"}},
		"a review, a letter": {certification.StageApplicationReview, overdue, []string{"slow", "late"}},
		"the result":         {certification.StageExamScoring, overdue, []string{"late_vendor"}},
		"the booking": {certification.StageExamBooking, func(v *cases.View) {
			v.Slow, v.Exam = true, &certification.Exam{AuthorizationID: "a", Refused: true}
		}, nil},
		"a review that is stopped": {certification.StageApplicationReview, func(v *cases.View) { overdue(v); hold(v); v.Slow = false }, nil},
	} {
		var said []string
		for _, notice := range keysOf(t, exampleView(test.stage, test.change), nil).Notices {
			said = append(said, strings.TrimSuffix(strings.TrimPrefix(notice.Heading, "[home."), ".heading]"))
		}
		assert.Equal(t, test.want, said, name)
	}
}
