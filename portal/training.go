package portal

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) trainingRoutes() []route {
	const below = "/:language/cases/:case/training"
	return []route{
		{get, below, owner, (*visit).training},
		{get, below + "/details", owner, (*visit).askTraining},
		{post, below + "/details", owner, (*visit).saveTraining},
		{get, below + "/check", owner, (*visit).checkTraining},
		{post, below + "/check", owner, (*visit).sendTraining},
		{get, "/:language/training-providers", anyone, (*visit).providers},
	}
}

// trainingDraft is what was told of a training so far.
type trainingDraft struct {
	draft  cases.Draft
	values certification.TrainingValues
	files  []certification.Document
	// returned are the reasons why a reviewer gave it back.
	returned []certification.ReasonCode
}

// about are the findings about some fields.
func (t trainingDraft) about(fields ...string) []certification.Finding {
	return slices.DeleteFunc(slices.Clone(t.draft.Findings), func(f certification.Finding) bool { return !slices.Contains(fields, f.Field) })
}

// told says whether what the certificate says was told, without anything against it.
func (t trainingDraft) told() bool { return len(t.about(trainingFields()...)) == 0 }

// file says whether there is a file that can be used, or soon.
func (t trainingDraft) file() bool {
	return len(t.files) > 0 && !slices.ContainsFunc(t.files, unusable)
}

// asks says whether a return is about some fields and was not answered since.
func (t trainingDraft) asks(fields ...string) bool {
	return slices.ContainsFunc(t.returned, func(code certification.ReasonCode) bool {
		rule, _ := certification.ReasonOf(code)
		return !answered(code, t.draft) && slices.ContainsFunc(rule.AsksFor(certification.FormTraining), func(field string) bool {
			return slices.Contains(fields, field)
		})
	})
}

// checking says whether the file is still being checked.
func (t trainingDraft) checking() bool {
	return slices.ContainsFunc(t.files, func(d certification.Document) bool { return d.Status == certification.DocumentChecking })
}

// open says whether the certificate is in the person's hands.
func (t trainingDraft) open() bool {
	return slices.Contains(t.draft.OpenParts, certification.PartTraining)
}

func (v *visit) trainingDraft() (trainingDraft, error) {
	// One that was sent early can be read until the application is decided.
	early := v.view.TrainingSubmitted && slices.Contains(certification.RuleOf(v.view.Stage).People, certification.SignalSubmitTraining)
	if !early && !slices.Contains(v.view.Available, certification.SignalSubmitTraining) {
		v.redirect(v.casePath(""))
		return trainingDraft{}, errElsewhere
	}
	var t trainingDraft
	var err error
	if t.draft, err = v.draft(certification.FormTraining, &t.values); err != nil {
		return t, err
	}
	if v.view.Stage == certification.StageTrainingReturned {
		t.returned = v.view.Returned
	}
	t.files, err = v.filesOf(certification.DocumentTrainingCertificate)
	return t, err
}

// trainingOpen is trainingDraft for pages that change it.
func (v *visit) trainingOpen() (trainingDraft, error) {
	t, err := v.trainingDraft()
	if err == nil && !t.open() {
		v.redirect(v.casePath("/training"))
		err = errElsewhere
	}
	return t, err
}

// Training is the page of the training: how to take part, and what to send afterwards.
type Training struct {
	Reading
	Tasks     []web.TaskGroup
	Providers []Provider
}

// Provider is an approved provider of the training.
type Provider struct {
	Name, Languages string
	Note            string // when they were or will be approved, if not now
}

func (v *visit) training() error {
	t, err := v.trainingDraft()
	if err != nil {
		return err
	}
	frame := v.frame("training.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "training", frame, trainingPage(frame, v.view, t, v.Now()))
}

// trainingPage says everything on the page.
func trainingPage(frame web.Frame, view cases.View, t trainingDraft, now time.Time) Training {
	page := Training{Providers: approved(frame, now)}
	page.Lead = plain(frame, "training.lead", "Hours", view.Policy.TrainingHours)
	early := view.Stage != certification.StageTraining && view.Stage != certification.StageTrainingReturned
	switch {
	case view.Stage == certification.StageTrainingReturned:
		page.Lead = plain(frame, "training.returned_lead")
		returned := returnedSection(frame, view)
		if slices.ContainsFunc(view.Returned, func(code certification.ReasonCode) bool {
			return pictured(code) == certification.DocumentTrainingCertificate
		}) {
			picture := pictureOf(frame.Localizer, certification.DocumentTrainingCertificate)
			returned.Picture = &SectionPicture{*picture, frame.Asset(picture.Asset)}
		}
		page.First = append(page.First, returned)
	case !t.open():
		page.Notices = append(page.Notices, noticeOf(frame, "success", "training.sent"))
	case early:
		page.Notices = append(page.Notices, noticeOf(frame, "info", "training.early"))
	}
	if promise := view.Promise(certification.StagePromise(view.Stage)); promise != nil && !early {
		card := promiseCard(frame, *promise, nil)
		page.Promise = &card
	}
	page.Sections = append(page.Sections, Section{
		ID: "how", Heading: plain(frame, "training.how_heading"),
		Items: howToTrain(frame, view.Policy),
	})
	if t.open() {
		page.Tasks = []web.TaskGroup{{Heading: plain(frame, "training.then"), Tasks: trainingTasks(frame, view.ID, t)}}
	}
	return page
}

func trainingTasks(frame web.Frame, caseID string, t trainingDraft) []web.Task {
	link := func(page string) string { return frame.Link("/cases/" + caseID + page) }
	task := func(name, address string, done, wrong, asked bool) web.Task {
		task := web.Task{Label: plain(frame, "training.task_"+name), Address: address, Tone: "todo", Status: plain(frame, "training.to_do")}
		switch {
		case wrong:
			task.Tone, task.Status = "attention", plain(frame, "training.needs_you")
		case done && asked:
			task.Tone, task.Status = "attention", plain(frame, "application.status.needs_you")
		case done:
			task.Tone, task.Status = "done", plain(frame, "training.done")
		}
		return task
	}
	wrong := slices.ContainsFunc(t.about(trainingFields()...), func(f certification.Finding) bool {
		return f.Code != "required" && (f.Field != "hours" || t.values.Hours > 0)
	})
	check := task("check", link("/training/check"), false, false, false)
	if !t.told() || !t.file() {
		check.Address, check.Tone, check.Status = "", "locked", plain(frame, "training.not_yet")
	}
	return []web.Task{
		task("details", link("/training/details"), t.told(), wrong, t.asks(trainingFields()...)),
		task("file", link("/documents/"+string(certification.DocumentTrainingCertificate)), t.file(), slices.ContainsFunc(t.files, unusable), t.asks("document_ids")),
		check,
	}
}

// approved are the providers, those approved now first.
func approved(frame web.Frame, now time.Time) []Provider {
	today := certification.Date(now.In(certification.Pacific).Format(time.DateOnly))
	var current, others []Provider
	for _, provider := range certification.TrainingProviders {
		one := Provider{Name: provider.Name, Languages: languagesOf(frame, provider)}
		from, _ := provider.ApprovedFrom.Day()
		until, ends := provider.ApprovedUntil.Day()
		switch {
		case provider.ApprovedFrom > today:
			one.Note = plain(frame, "training.approved_from", "Day", frame.Date(from))
			others = append(others, one)
		case ends && provider.ApprovedUntil < today:
			one.Note = plain(frame, "training.approved_until", "Day", frame.Date(until))
			others = append(others, one)
		case ends:
			one.Note = plain(frame, "training.approved_to", "Day", frame.Date(until))
			current = append(current, one)
		default:
			current = append(current, one)
		}
	}
	return append(current, others...)
}

func languagesOf(frame web.Frame, provider certification.TrainingProvider) string {
	said := ""
	for i, tag := range provider.Languages {
		name := plain(frame, "exam_language."+tag)
		switch {
		case i == 0:
			said = upperFirst(name)
		case i == len(provider.Languages)-1:
			said = plain(frame, "training.and", "Before", said, "Last", name)
		default:
			said = plain(frame, "training.comma", "Before", said, "Next", name)
		}
	}
	return said
}

func (v *visit) askTraining() error {
	t, err := v.trainingOpen()
	if err != nil {
		return err
	}
	known := url.Values{"provider_id": {t.values.ProviderID}}
	if t.values.Hours > 0 {
		known.Set("hours", hours(t.values.Hours))
	}
	web.KnownDate(known, "completed_on", string(t.values.CompletedOn))
	form := web.NewForm(v.words, known)
	return v.trainingQuestion(form)
}

func (v *visit) trainingQuestion(form *web.Form) error {
	frame := v.frame("training.details_title", nil)
	frame.Back = frame.Link(v.casePath("/training"))
	return v.question(frame, form, trainingQuestion(frame, form, v.view))
}

func trainingQuestion(frame web.Frame, form *web.Form, view cases.View) Question {
	options := []web.Option{{Value: "", Label: plain(frame, "form.choose")}}
	for _, provider := range certification.TrainingProviders {
		options = append(options, web.Option{Value: provider.ID, Label: provider.Name})
	}
	count := form.Input(web.Input{Kind: web.InputNumber, Name: "hours", Width: 6}, "training.hours", "")
	count.Hint = plain(frame, "training.hours_hint", "Hours", view.Policy.TrainingHours)
	return Question{
		Intro: []string{plain(frame, "training.details_intro")}, Button: plain(frame, "training.details_button"),
		Action: frame.Link("/cases/" + view.ID + "/training/details"),
		Inputs: []web.Input{
			form.Input(web.Input{Kind: web.InputSelect, Name: "provider_id", Options: options}, "training.provider", "training.provider_hint"),
			form.Input(web.Input{Kind: web.InputDate, Name: "completed_on"}, "training.completed_on", "training.completed_on_hint"),
			count,
		},
	}
}

// trainingFields are the fields of the page, as the rules call them.
func trainingFields() []string { return []string{"provider_id", "completed_on", "hours"} }

// saveTraining keeps what was told. It is kept also when it is against a rule: the person
// may have nothing else, and the page says what that means.
func (v *visit) saveTraining() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	if _, err := v.trainingOpen(); err != nil {
		return err
	}
	values := certification.TrainingValues{ProviderID: form.Value("provider_id")}
	if _, known := certification.ProviderOf(values.ProviderID); !known {
		values.ProviderID = ""
	}
	day, isDate := form.Date("completed_on")
	if !isDate {
		form.Refuse("completed_on", "finding.not_a_date", nil)
	}
	values.CompletedOn = certification.Date(day)
	switch count, isNumber := readHours(form.Value("hours")); {
	case isNumber && count <= 1000:
		values.Hours = count
	case form.Value("hours") != "":
		form.Refuse("hours", "finding.hours.too_few", v.words.Rules(v.view.Policy))
	}
	if form.Refused() {
		return v.trainingQuestion(form)
	}
	draft, err := saveDraft(v, certification.FormTraining, func(certification.TrainingValues) map[string]any {
		return membersOf(values, trainingFields()...)
	})
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(draft.Findings, func(f certification.Finding) bool { return !slices.Contains(trainingFields(), f.Field) })
	refuseFindings(form, v.words, found, nil, v.view.Policy)
	if form.Refused() {
		return v.trainingQuestion(form)
	}
	next := "/training"
	files, err := v.filesOf(certification.DocumentTrainingCertificate)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		next = "/documents/" + string(certification.DocumentTrainingCertificate)
	}
	v.redirect(v.casePath(next))
	return nil
}

func (v *visit) checkTraining() error {
	t, err := v.trainingSendable()
	if err != nil {
		return err
	}
	return v.trainingAnswers(t, web.NewForm(v.words, nil), v.key())
}

// trainingSendable is trainingOpen for the page that sends: with something missing it
// leads to the page that says what.
func (v *visit) trainingSendable() (trainingDraft, error) {
	t, err := v.trainingOpen()
	if err == nil && (!t.told() || !t.file()) {
		v.redirect(v.casePath("/training"))
		err = errElsewhere
	}
	return t, err
}

func (v *visit) trainingAnswers(t trainingDraft, form *web.Form, key string) error {
	frame := v.frame("training.check_title", nil)
	frame.Back = frame.Link(v.casePath("/training"))
	frame.Problems = form.Problems()
	answers := trainingAnswers(frame, v.view, t)
	answers.Question.Key = key
	return v.reading(frame, answers)
}

// trainingAnswers shows what is handed in.
func trainingAnswers(frame web.Frame, view cases.View, t trainingDraft) Reading {
	link := func(page string) string { return frame.Link("/cases/" + view.ID + page) }
	row := func(name, page string, values ...string) web.Row {
		return web.Row{Label: plain(frame, "training."+name), Values: values, Change: link(page), Words: plain(frame, "training.change_"+name)}
	}
	provider, _ := certification.ProviderOf(t.values.ProviderID)
	completed, _ := t.values.CompletedOn.Day()
	var names []string
	for _, file := range t.files {
		name := file.FileName
		if name == "" {
			name = plain(frame, "documents.no_name")
		}
		names = append(names, name)
	}
	reading := Reading{
		Lead: plain(frame, "training.check_lead", "Count", view.Policy.ReviewDays),
		Sections: []Section{{ID: "answers", Heading: plain(frame, "training.check_heading"), Rows: []web.Row{
			row("provider", "/training/details", provider.Name), row("completed_on", "/training/details", frame.Date(completed)),
			row("hours", "/training/details", hours(t.values.Hours)),
			row("file", "/documents/"+string(certification.DocumentTrainingCertificate), names...),
		}}, {ID: "name", Heading: plain(frame, "training.name_heading"), Text: []template.HTML{words(frame, "training.name_text")}}},
		Question: &Question{Action: link("/training/check"), Button: plain(frame, "training.check_button"), Seen: strconv.Itoa(t.draft.Revision)},
	}
	switch {
	case t.asks("document_ids"):
		reading.Notices = append(reading.Notices, noticeOf(frame, "warning", "training.unanswered_file"))
	case t.asks(trainingFields()...):
		reading.Notices = append(reading.Notices, noticeOf(frame, "warning", "training.unanswered"))
	}
	if t.checking() {
		key := "training.checking"
		if view.ChecksLate {
			key = "training.checking_late"
		}
		reading.Notices = append(reading.Notices, noticeOf(frame, "info", key))
		reading.Links = append(reading.Links, Link{plain(frame, "training.look_again"), link("/training/check")})
	}
	return reading
}

// sendTraining hands the certificate in.
func (v *visit) sendTraining() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	t, err := v.trainingSendable()
	if err != nil {
		return err
	}
	if form.Value("seen") != strconv.Itoa(t.draft.Revision) {
		return v.trainingChanged(t, form)
	}
	_, err = v.send(&certification.SubmitTraining{DraftRevision: t.draft.Revision, DocumentIDs: t.values.DocumentIDs, ProviderID: t.values.ProviderID})
	switch _, checking := refusedWith(err, certification.RefusedNotReady); {
	case checking:
		v.redirect(v.casePath("/training/check")) // a file is being checked: nothing is lost
		return nil
	case errors.Is(err, certification.StaleRevision()), errors.Is(err, certification.KeyReused()):
		if t, err = v.trainingSendable(); err != nil {
			return err
		}
		return v.trainingChanged(t, form)
	case outdated(err):
		v.redirect(v.casePath("/training")) // a day has passed, or a file was refused: the page says what is missing
		return nil
	case err != nil:
		return err
	}
	v.redirect(v.casePath(""))
	return nil
}

// trainingChanged shows what would be handed in as it is now: what is handed in is what
// the person saw.
func (v *visit) trainingChanged(t trainingDraft, form *web.Form) error {
	form.Refuse("answers", "form.changed_elsewhere", nil)
	return v.trainingAnswers(t, form, uuid.NewString())
}

func (v *visit) providers() error {
	frame := v.frame("training.providers_title", nil)
	frame.Back = frame.Link("")
	return show(v, http.StatusOK, "providers", frame, providersPage(frame, certification.CurrentPolicy(v.Now()), v.Now()))
}

// providersPage is the list of providers for everybody.
func providersPage(frame web.Frame, policy certification.Policy, now time.Time) Training {
	page := Training{Providers: approved(frame, now)}
	page.Lead = plain(frame, "training.providers_lead", "Hours", policy.TrainingHours)
	page.Sections = []Section{{
		ID: "how", Heading: plain(frame, "training.how_heading"),
		Items: howToTrain(frame, policy),
	}}
	return page
}

// howToTrain says how to get a certificate of a training that counts.
func howToTrain(frame web.Frame, policy certification.Policy) []template.HTML {
	return paragraphs(frame, "training.how", 4, "Hours", policy.TrainingHours, "Years", policy.TrainingValidYears,
		"TrainingFrom", frame.Rules(policy)["TrainingFrom"])
}
