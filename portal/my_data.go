package portal

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) myDataRoutes() []route {
	return []route{
		{get, "/:language/my-data", signedIn, (*visit).myData},
		{get, "/:language/my-data/change", signedIn, (*visit).askChange},
		{post, "/:language/my-data/change", signedIn, (*visit).changePerson},
		{get, "/:language/my-data/email", signedIn, (*visit).askEmail},
		{post, "/:language/my-data/email", signedIn, (*visit).mailEmailCode},
		{get, "/:language/my-data/email/code", signedIn, (*visit).askEmailCode},
		{post, "/:language/my-data/email/code", signedIn, (*visit).changeEmail},
		{get, "/:language/my-data/download", signedIn, (*visit).download},
		{get, "/:language/my-data/download-all", signedIn, (*visit).downloadAll},
		{get, "/:language/my-data/close", signedIn, (*visit).askClose},
		{post, "/:language/my-data/close", signedIn, (*visit).closeAccount},
		{get, "/:language/account-closed", anyone, (*visit).accountClosed},
		{get, "/:language/cases/:case/delete-draft/:form", owner, (*visit).askDeleteDraft},
		{post, "/:language/cases/:case/delete-draft/:form", owner, (*visit).deleteDraft},
	}
}

// MyData is what we know of somebody, who looked at it, and what they can do about it.
type MyData struct {
	Rows       []web.Row
	Cases      []web.Line // the newest first
	Unsent     []web.Line // what was not sent yet, each leads to its deletion
	Reads      []web.Line
	Everywhere web.Button // sign out everywhere
}

func (v *visit) myData() error {
	ctx := v.Request.Context()
	person, err := v.Cases.Person(ctx, v.actor)
	if err != nil {
		return err
	}
	list, err := v.Cases.CasesOf(ctx, v.actor)
	if err != nil {
		return err
	}
	frame := v.frame("my_data.title", nil)
	frame.Back = frame.Link("/home")
	var reads []cases.Read
	var unsent []web.Line
	for _, view := range list {
		forms, err := v.Cases.Unsent(ctx, v.actor, view.ID)
		if err != nil {
			return err
		}
		unsent = append(unsent, unsentLines(frame, view, forms)...)
		some, err := v.Cases.Reads(ctx, v.actor, view.ID)
		if err != nil {
			return err
		}
		reads = append(reads, some...)
	}
	return show(v, http.StatusOK, "my-data", frame, myData(frame, person, caseLines(frame, list, "", v.Now()), unsent, reads))
}

func myData(frame web.Frame, person cases.Person, all, unsent []web.Line, reads []cases.Read) MyData {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	row := func(key, change string, values ...string) web.Row {
		shown := web.Row{Label: say("my_data." + key), Words: say("my_data.change_" + key)}
		if change != "" {
			shown.Change = frame.Link(change)
		}
		for _, value := range values {
			if value != "" {
				shown.Values = append(shown.Values, value)
			}
		}
		if len(shown.Values) == 0 {
			shown.Values = []string{say("my_data.not_told")}
		}
		return shown
	}
	nameChange := "/my-data/change"
	if person.NameFixed {
		nameChange = ""
	}
	content := MyData{
		Cases: all, Unsent: unsent,
		Rows: []web.Row{
			row("name", nameChange, oneLine(person.FirstName+" "+person.MiddleName+" "+person.LastName)),
			row("called", "/my-data/change", person.Called),
			row("email", "/my-data/email", person.Email),
			row("phone", "/my-data/change", person.Phone),
			row("address", "/my-data/change", person.Address.Line1, person.Address.Line2, strings.TrimSpace(person.Address.City+" "+person.Address.State+" "+person.Address.ZIP)),
			row("county_plan", "/my-data/change", person.CountyPlan),
			row("language", "/my-data/change", web.Words(person.Language).Name()),
		},
		Everywhere: web.Button{Label: say("my_data.everywhere"), Action: frame.Link("/sign-out-everywhere"), Quiet: true},
	}
	for _, read := range reads {
		content.Reads = append(content.Reads, web.Line{
			When: frame.Moment(read.At), What: say(actorKey(read.Role)), Detail: say("purpose." + string(read.Purpose)),
		})
	}
	return content
}

func (v *visit) askChange() error {
	person, err := v.Cases.Person(v.Request.Context(), v.actor)
	if err != nil {
		return err
	}
	return v.changeQuestion(person, web.NewForm(v.words, url.Values{
		"first_name": {person.FirstName}, "middle_name": {person.MiddleName}, "last_name": {person.LastName}, "called": {person.Called}, "phone": {person.Phone},
		"line1": {person.Address.Line1}, "line2": {person.Address.Line2}, "city": {person.Address.City}, "state": {person.Address.State}, "zip": {person.Address.ZIP},
		"county_plan": {person.CountyPlan}, "language": {person.Language},
	}))
}

func (v *visit) changeQuestion(person cases.Person, form *web.Form) error {
	frame := v.frame("my_data.change_title", nil)
	frame.Back = frame.Link("/my-data")
	key := v.key()
	return v.question(frame, form, Question{Key: key, For: shownTo(key, v.actor.ID), Inputs: changeInputs(form, person.NameFixed), Button: v.words.Say("my_data.save", nil)})
}

// changeInputs are what somebody may change: not the legal name once an application was
// handed in, which a reviewer compared with the ID.
func changeInputs(form *web.Form, nameFixed bool) []web.Input {
	var inputs []web.Input
	for _, input := range accountInputs(form) {
		if nameFixed && (input.Name == "first_name" || input.Name == "middle_name" || input.Name == "last_name") {
			continue
		}
		inputs = append(inputs, input)
	}
	var languages []web.Option
	for _, tag := range web.Languages() {
		languages = append(languages, web.Option{Value: tag, Label: web.Words(tag).Name()})
	}
	return append(inputs, form.Input(web.Input{Kind: web.InputSelect, Name: "language", Options: languages}, "my_data.language", "my_data.language_hint"))
}

func (v *visit) changePerson() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	person, err := v.Cases.Person(v.Request.Context(), v.actor)
	if err != nil {
		return err
	}
	checkAccount(form, !person.NameFixed)
	if form.Refused() {
		return v.changeQuestion(person, form)
	}
	change := cases.PersonChange{
		Called: form.Value("called"), Phone: form.Value("phone"), Address: addressOf(form), CountyPlan: form.Value("county_plan"), Language: form.Value("language"),
	}
	if !person.NameFixed {
		change.FirstName, change.MiddleName, change.LastName = form.Value("first_name"), form.Value("middle_name"), form.Value("last_name")
	}
	_, err = v.Cases.ChangePerson(v.Request.Context(), v.actor, change)
	if refuseAccount(form, err) {
		return v.changeQuestion(person, form)
	}
	if err != nil {
		return err
	}
	v.redirect("/my-data")
	return nil
}

func (v *visit) askEmail() error { return v.emailQuestion(web.NewForm(v.words, nil)) }

func (v *visit) emailQuestion(form *web.Form) error {
	frame := v.frame("my_data.email_title", nil)
	frame.Back = frame.Link("/my-data")
	return v.question(frame, form, Question{
		Intro: []string{v.words.Say("my_data.email_intro", nil)}, Button: v.words.Say("sign_in.button", nil), Inputs: addressInputs(form),
	})
}

func (v *visit) mailEmailCode() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	address := typedAddress(form)
	if form.Refused() {
		return v.emailQuestion(form)
	}
	ctx := v.Request.Context()
	opened, err := v.Cases.OpenEmailChange(ctx, v.actor, v.codeKey(address), address, v.words.Language())
	if refusal, is := certification.RefusalOf(err); is {
		switch {
		case refusal.Type == certification.RefusedTooMany && v.underWay(sessionMove, address):
			form.Refuse("code", tooSoon(refusal.RetryAfter), nil)
			return v.emailCodeQuestion(form)
		case refusal.Type == certification.RefusedTooMany:
			form.Refuse("email", tooSoon(refusal.RetryAfter), nil)
			return v.emailQuestion(form)
		case refusal.Type == certification.RefusedInvalid:
			form.Refuse("email", "sign_in.email_wrong", nil)
			return v.emailQuestion(form)
		}
	}
	if err != nil {
		return err
	}
	v.sessions.Put(ctx, sessionMove, opened.ID)
	v.sessions.Put(ctx, sessionAddress, address)
	v.redirect("/my-data/email/code")
	return nil
}

func (v *visit) askEmailCode() error {
	if v.sessions.GetString(v.Request.Context(), sessionMove) == "" {
		v.redirect("/my-data/email")
		return nil
	}
	return v.emailCodeQuestion(web.NewForm(v.words, nil))
}

func (v *visit) emailCodeQuestion(form *web.Form) error {
	frame := v.frame("sign_in.code_title", nil)
	frame.Back = frame.Link("/my-data/email")
	return v.question(frame, form, Question{
		Action: frame.Link("/my-data/email/code"),
		Intro:  []string{v.words.Say("my_data.email_code_intro", nil)}, Button: v.words.Say("my_data.save", nil), Inputs: codeInputs(form),
	})
}

func (v *visit) changeEmail() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	ctx := v.Request.Context()
	id := v.sessions.GetString(ctx, sessionMove)
	if id == "" {
		v.redirect("/my-data/email")
		return nil
	}
	code, whole := digits(form.Value("code"))
	if !whole {
		form.Refuse("code", "sign_in.code_wrong", nil)
		return v.emailCodeQuestion(form)
	}
	_, err = v.Cases.ChangeEmail(ctx, v.actor, id, code)
	if refusal, is := certification.RefusalOf(err); is {
		switch refusal.Type {
		case certification.RefusedNotFound:
			form.Refuse("code", "sign_in.code_wrong", nil)
			return v.emailCodeQuestion(form)
		case certification.RefusedTooMany:
			form.Refuse("code", "my_data.code_spent", nil)
			return v.emailCodeQuestion(form)
		case certification.RefusedInvalid:
			form.Refuse("code", "my_data.email_taken", nil)
			return v.emailCodeQuestion(form)
		}
	}
	if err != nil {
		return err
	}
	// All sessions have ended, this one too: whoever gave the code goes on in a new one.
	if err := v.begin(v.actor.ID); err != nil {
		return err
	}
	v.redirect("/my-data")
	return nil
}

func (v *visit) download() error {
	everything, err := v.Cases.Export(v.Request.Context(), v.actor)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(everything, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding everything about a person: %w", err)
	}
	v.Header("Content-Disposition", `attachment; filename="my-data.json"`)
	v.Data(http.StatusOK, "application/json; charset=utf-8", body)
	return nil
}

// downloadAll is download with the files that were sent, in a ZIP. It takes as long as the
// other side reads.
func (v *visit) downloadAll() error {
	ctx := v.Request.Context()
	everything, err := v.Cases.Export(ctx, v.actor)
	if err != nil {
		return err
	}
	v.Header("Content-Disposition", `attachment; filename="my-data.zip"`)
	v.Header("Content-Type", "application/zip")
	v.Status(http.StatusOK)
	if err := v.Cases.WriteExport(ctx, v.actor, everything, receiving{v.Writer, http.NewResponseController(v.Writer)}); err != nil {
		panic(http.ErrAbortHandler) // what was sent looks like half an archive, and not like a whole one
	}
	return nil
}

// receiving lets a large answer take long, as long as the other side takes it.
type receiving struct {
	io.Writer
	control *http.ResponseController
}

func (r receiving) Write(data []byte) (int, error) {
	_ = r.control.SetWriteDeadline(time.Now().Add(stall))
	return r.Writer.Write(data)
}

// Sure is a page that asks whether somebody is sure: what is lost, what stays, a button.
type Sure struct {
	Question
	Paragraphs []string
	Rows       []web.Row // what is kept, for how long, and why
	Keep       web.Button
}

func (v *visit) askClose() error {
	frame := v.frame("my_data.close_title", nil)
	frame.Back = frame.Link("/my-data")
	return show(v, http.StatusOK, "sure", frame, closeContent(frame, v.key(), certification.CurrentPolicy(v.Now())))
}

func closeContent(frame web.Frame, key string, policy certification.Policy) Sure {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	content := Sure{
		Question:   Question{Key: key, Action: frame.Link("/my-data/close"), Button: say("my_data.close_button")},
		Paragraphs: []string{say("my_data.close_now"), say("my_data.close_case"), say("my_data.close_kept")},
		Keep:       web.Button{Label: say("my_data.keep"), Address: frame.Link("/my-data"), Quiet: true},
	}
	content.Rows = retentionRows(frame, policy)
	return content
}

// retentionRows say how long each class of records is kept, and why.
func retentionRows(frame web.Frame, policy certification.Policy) []web.Row {
	var rows []web.Row
	for _, kept := range certification.RetentionTable(policy) {
		rows = append(rows, web.Row{
			Label:  frame.Localizer.Say("retention.record_"+string(kept.Record), nil),
			Values: []string{retention(frame, kept), frame.Localizer.Say("retention.why_"+string(kept.Why), nil)},
		})
	}
	return rows
}

// retention says how long a class of records is kept.
func retention(frame web.Frame, kept certification.Retention) string {
	if kept.Forever {
		return frame.Localizer.Say("retention.forever", nil)
	}
	start := frame.Localizer.Say("retention.start_"+string(kept.Start), nil)
	unit, count := "days", kept.Days
	switch {
	case kept.Years > 0:
		unit, count = "years", kept.Years
	case kept.Months > 0:
		unit, count = "months", kept.Months
	}
	return frame.Localizer.Say("retention."+unit, map[string]any{"Count": count, "Start": start})
}

func (v *visit) closeAccount() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	if _, err := v.Cases.CloseAccount(v.Request.Context(), v.actor, v.key()); err != nil {
		return err
	}
	if err := v.sessions.Destroy(v.Request.Context()); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	v.redirect("/account-closed")
	return nil
}

// accountClosed says that an account was closed, to whoever asks.
func (v *visit) accountClosed() error {
	return show(v, http.StatusOK, "sure", v.frame("my_data.closed_title", nil), Sure{
		Paragraphs: []string{closedText(v.words, v.Now())}, Keep: web.Button{Label: v.words.Say("refused.to_start", nil), Address: "/" + v.words.Language() + "/"},
	})
}

// closedText says that an account was closed, and until when its address opens it again:
// for as long as it is kept.
func closedText(words *web.Localizer, now time.Time) string {
	kept := certification.RetentionOf(certification.CurrentPolicy(now), certification.RecordContact)
	return words.Say("my_data.closed_text", map[string]any{"Count": kept.Years})
}
