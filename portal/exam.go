package portal

import (
	"net/http"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) examRoutes() []route {
	return []route{
		{get, "/:language/cases/:case/exam", owner, (*visit).exam},
		{post, "/:language/cases/:case/exam", owner, (*visit).bookExam},
		{get, "/:language/cases/:case/exam/appointment.ics", owner, (*visit).appointmentFile},
	}
}

// examStages are those in which there is something to say about an exam.
var examStages = []certification.Stage{
	certification.StageExamFee, certification.StageExamBooking, certification.StageExamBooked, certification.StageExamScoring,
}

// exam is one page for all that happens with an exam. Which it is, standing says: the
// same that the home of the case goes by.
func (v *visit) exam() error {
	if v.chooses() {
		return v.examQuestion(web.NewForm(v.words, nil))
	}
	if !slices.Contains(examStages, v.view.Stage) || v.view.Stage == certification.StageExamFee && v.view.AttemptsUsed == 0 {
		v.redirect(v.casePath(""))
		return nil
	}
	cancelled, err := v.cancelledLast()
	if err != nil {
		return err
	}
	frame := v.frame("exam."+examState(v.view)+".title", nil)
	frame.Back = frame.Link(v.casePath(""))
	content := examReading(frame, v.view, cancelled)
	if content.Waiting {
		v.lookAgain("look")
	}
	return v.reading(frame, content)
}

// chooses says whether language and place are to be chosen now.
func (v *visit) chooses() bool {
	return slices.Contains(v.view.Available, certification.SignalBookExam)
}

// examState names the words of the page: what the exam waits for.
func examState(view cases.View) string {
	switch view.Stage {
	case certification.StageExamFee:
		return "again"
	case certification.StageExamBooked:
		return "booked"
	case certification.StageExamScoring:
		return "scoring"
	}
	switch {
	case view.BookingURL != "":
		return "book"
	case view.OnHold:
		return "waits"
	}
	return "asking"
}

// examReading says everything about an exam that is on its way.
func examReading(frame web.Frame, view cases.View, cancelled bool) Reading {
	state := examState(view)
	reading := Reading{Lead: plain(frame, "exam."+state+".lead")}
	link := func(page string) string { return frame.Link("/cases/" + view.ID + page) }
	if cancelled {
		reading.Notices = append(reading.Notices, noticeOf(frame, "info", "exam.cancelled"))
		reading.Links = append(reading.Links, Link{plain(frame, "exam.cancelled_file"), link("/exam/appointment.ics")})
	}
	switch state {
	case "again":
		reading.Sections = append(reading.Sections, Section{
			ID: "again", Heading: plain(frame, "exam.again.heading"),
			Text:  paragraphs(frame, "exam.again.text", 2, "Fee", frame.Money(view.Policy.AmountCents(certification.FeeRetake))),
			Items: paragraphs(frame, "exam.again.prepare", 3),
		}, examNumbers(frame, view))
		if slices.Contains(view.Available, certification.SignalPayFee) {
			reading.Buttons = []web.Button{{Label: plain(frame, "exam.again.button"), Address: link("/pay")}}
		}
	case "asking", "waits":
		reading.Waiting = state == "asking"
		reading.Sections = append(reading.Sections, chosen(frame, view), examNumbers(frame, view))
		reading.Buttons = []web.Button{{Label: plain(frame, "exam.look_again"), Address: link("/exam"), Quiet: true}}
	case "book":
		reading.Buttons = []web.Button{{Label: plain(frame, "exam.book.button"), Address: view.BookingURL}}
		reading.Sections = append(reading.Sections, Section{
			ID: "how", Heading: plain(frame, "exam.book.heading"), Items: paragraphs(frame, "exam.book.how", 3),
		}, chosen(frame, view), examNumbers(frame, view), bring(frame, view))
	case "booked":
		reading.Sections = append(reading.Sections, appointment(frame, view), bring(frame, view), Section{
			ID: "change", Heading: plain(frame, "exam.booked.change_heading"), Text: paragraphs(frame, "exam.booked.change", 2),
			Links: []Link{{plain(frame, "exam.booked.change_link"), view.BookingURL}},
		}, Section{ID: "after", Heading: plain(frame, "exam.booked.after_heading"), Text: paragraphs(frame, "exam.booked.after", 1)}, examNumbers(frame, view))
	case "scoring":
		if promise := view.Promise(certification.PromiseVendorResult); promise != nil {
			card := promiseCard(frame, *promise, nil)
			reading.Promise = &card
		}
		reading.Sections = append(reading.Sections, Section{
			ID: "next", Heading: plain(frame, "exam.scoring.heading"),
			Text: paragraphs(frame, "exam.scoring.text", 2, "Count", view.Policy.ResultsNoticeDays),
		})
	}
	return reading
}

// examNumbers are the tries that are left and the last day.
func examNumbers(frame web.Frame, view cases.View) Section {
	section := Section{ID: "numbers", Heading: plain(frame, "exam.numbers_heading"), Rows: []web.Row{
		{Label: plain(frame, "exam.tries"), Values: []string{plain(frame, "exam.tries_left", "Count", view.AttemptsLeft(), "Most", view.Policy.MaxExamAttempts)}},
	}}
	if !view.WindowEndsAt.IsZero() {
		section.Rows = append(section.Rows, web.Row{Label: plain(frame, "exam.last_day"), Values: []string{frame.Date(view.WindowEndsAt)}})
	}
	return section
}

// chosen is what was chosen for this exam.
func chosen(frame web.Frame, view cases.View) Section {
	if view.Exam == nil {
		return Section{}
	}
	return Section{ID: "chosen", Heading: plain(frame, "exam.chosen"), Rows: []web.Row{
		{Label: plain(frame, "exam.language"), Values: []string{plain(frame, "exam_language."+view.Exam.Language)}},
		{Label: plain(frame, "exam.place"), Values: []string{plain(frame, "exam.place_"+view.Exam.Place)}},
	}}
}

// appointment is where and when, with the file for a calendar.
func appointment(frame web.Frame, view cases.View) Section {
	section := Section{ID: "appointment", Heading: plain(frame, "exam.booked.heading"), Rows: []web.Row{
		{Label: plain(frame, "exam.booked.when"), Values: []string{frame.Moment(view.Exam.AppointmentAt)}},
		{Label: plain(frame, "exam.booked.until"), Values: []string{frame.Moment(view.Exam.EndsAt)}},
	}}
	section.Rows = append(section.Rows, chosen(frame, view).Rows...)
	section.Text = paragraphs(frame, "exam.booked.calendar", 1)
	section.Links = []Link{{plain(frame, "exam.booked.calendar_link"), frame.Link("/cases/" + view.ID + "/exam/appointment.ics")}}
	return section
}

// bring is what to have at hand on the day.
func bring(frame web.Frame, view cases.View) Section {
	section := Section{ID: "bring", Heading: plain(frame, "exam.bring_heading"), Items: paragraphs(frame, "exam.bring", 3, "Help", frame.Link("/help"))}
	if view.Exam != nil {
		section.Items = append(section.Items, paragraphs(frame, "exam.bring_"+view.Exam.Place, 2)...)
	}
	return section
}

// cancelledLast says whether the last that happened to an appointment is that it was
// given up.
func (v *visit) cancelledLast() (bool, error) {
	if v.view.Stage != certification.StageExamBooking {
		return false, nil
	}
	events, err := v.Cases.Events(v.Request.Context(), v.actor, v.view.ID, cases.Page{Limit: 50})
	if err != nil {
		return false, err
	}
	return appointmentCancelled(events.Events), nil
}

// appointmentCancelled finds the last that happened to an appointment, in events that
// begin with the newest.
func appointmentCancelled(events []cases.Event) bool {
	for _, event := range events {
		if event.Void || event.Ignored != "" {
			continue
		}
		switch event.Signal {
		case certification.SignalExamCancelled:
			return true
		case certification.SignalExamConfirmed, certification.SignalExamResult, certification.SignalExamNoShow, certification.SignalExamIncident:
			return false
		}
	}
	return false
}

func (v *visit) examQuestion(form *web.Form) error {
	cancelled, err := v.cancelledLast()
	if err != nil {
		return err
	}
	frame := v.frame("exam.choose.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	frame.Problems = form.Problems()
	return v.reading(frame, examChoice(frame, form, v.view, cancelled))
}

// examChoice asks for language and place, and says what each means.
func examChoice(frame web.Frame, form *web.Form, view cases.View, cancelled bool) Reading {
	reading := Reading{Lead: plain(frame, "exam.choose.lead")}
	if view.Exam != nil && view.Exam.Refused {
		reading.Notices = append(reading.Notices, noticeOf(frame, "warning", "exam.refused"))
	}
	if cancelled {
		reading.Notices = append(reading.Notices, noticeOf(frame, "info", "exam.cancelled"))
	}
	var places []web.Option
	for _, place := range certification.ExamPlaces {
		places = append(places, web.Option{Value: place, Label: plain(frame, "exam.place_"+place), Hint: plain(frame, "exam.place_"+place+"_hint")})
	}
	reading.Sections = []Section{
		{ID: "exam", Heading: plain(frame, "exam.choose.heading"), Items: paragraphs(frame, "exam.choose.about", 3)},
		examNumbers(frame, view),
		{ID: "changes", Heading: plain(frame, "exam.choose.changes_heading"), Text: paragraphs(frame, "exam.choose.changes", 1, "Help", frame.Link("/help"))},
	}
	reading.Question = &Question{
		Action: frame.Link("/cases/" + view.ID + "/exam"), Button: plain(frame, "exam.choose.button"),
		Inputs: []web.Input{
			form.Input(web.Input{Kind: web.InputRadios, Name: "language", Options: examLanguages(frame)}, "exam.language", "exam.language_hint"),
			form.Input(web.Input{Kind: web.InputRadios, Name: "place", Options: places}, "exam.place", "exam.place_hint"),
		},
	}
	return reading
}

// examLanguages are the languages of the exam, each in the reader's words and in its own.
func examLanguages(frame web.Frame) []web.Option {
	var options []web.Option
	for _, tag := range certification.ExamLanguages {
		option := web.Option{Value: tag, Label: upperFirst(plain(frame, "exam_language."+tag))}
		if own := upperFirst(display.Self.Name(language.Make(tag))); own != option.Label {
			option.Hint, option.HintLanguage = own, tag
		}
		options = append(options, option)
	}
	return options
}

func upperFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func (v *visit) bookExam() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	if !v.chooses() {
		v.redirect(v.casePath("/exam")) // chosen in another window
		return nil
	}
	if !slices.Contains(certification.ExamLanguages, form.Value("language")) {
		form.Refuse("language", "exam.language_missing", nil)
	}
	if !slices.Contains(certification.ExamPlaces, form.Value("place")) {
		form.Refuse("place", "exam.place_missing", nil)
	}
	if form.Refused() {
		return v.examQuestion(form)
	}
	_, err = v.send(&certification.BookExam{Language: form.Value("language"), Place: form.Value("place")})
	if _, late := refusedWith(err, certification.RefusedWrongStage); err != nil && !late {
		return err
	}
	v.redirect(v.casePath("/exam"))
	return nil
}

// appointmentFile is the appointment for a calendar. Fetched again after a change, it
// moves the same entry, or takes it away.
func (v *visit) appointmentFile() error {
	cancelled, err := v.cancelledLast()
	if err != nil {
		return err
	}
	booked := v.view.Exam != nil && !v.view.Exam.AppointmentAt.IsZero()
	if !booked && !cancelled {
		return certification.NotFound()
	}
	frame := v.frame("exam.calendar.title", nil)
	v.Header("Content-Disposition", `attachment; filename="exam.ics"`)
	v.Data(http.StatusOK, "text/calendar; charset=utf-8", []byte(calendarFile(frame, v.view, v.Site, v.Now())))
	return nil
}
