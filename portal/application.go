package portal

import (
	"net/http"
	"slices"

	"peercert/certification"
	"peercert/web"
)

func (p *portal) applicationRoutes() []route {
	const below = "/:language/cases/:case/application"
	routes := []route{
		{get, below, owner, (*visit).taskList},
		{get, below + "/check", owner, (*visit).checkAnswers},
		{post, below + "/check", owner, (*visit).handInApplication},
	}
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			show, save := func(v *visit) error { return v.askPage(page.slug) }, func(v *visit) error { return v.savePage(page.slug) }
			if page.kind != "" { // its files go where all files go
				show, save = func(v *visit) error { return v.askFiles(page.kind) }, func(v *visit) error { return v.takeFiles(page.kind) }
			}
			routes = append(routes, route{get, below + "/" + page.slug, owner, show}, route{post, below + "/" + page.slug, owner, save})
		}
	}
	return routes
}

// application reads the draft of the application with all that says how far it is.
func (v *visit) application() (application, error) {
	a := application{policy: certification.CurrentPolicy(v.Now())}
	var err error
	if a.draft, err = v.draft(certification.FormApplication, &a.values); err != nil {
		return a, err
	}
	if a.documents, err = v.Cases.Documents(v.Request.Context(), v.actor, v.view.ID); err != nil {
		return a, err
	}
	switch v.view.Stage {
	case certification.StageApplication:
		a.open = slices.Contains(v.view.Available, certification.SignalSubmitApplication)
	case certification.StageApplicationReturned:
		a.open = slices.Contains(v.view.Available, certification.SignalResubmitApp)
		a.policy, a.returned = v.view.Policy, v.view.Returned
	}
	a.shut = v.view.OnHold || v.view.Stage == certification.StageClosed
	return a, nil
}

// applicationOpen is application for a page that only an open one has. Otherwise it
// leads to the home of the case and says errElsewhere.
func (v *visit) applicationOpen() (application, error) {
	a, err := v.application()
	if err == nil && !a.open {
		v.redirect(v.casePath(""))
		err = errElsewhere
	}
	return a, err
}

// applicationAt is applicationOpen for one of its pages. A page that cannot be opened
// leads to the task list, which says why.
func (v *visit) applicationAt(slug string) (application, applicationTask, applicationPage, error) {
	task, page := pageAt(slug)
	a, err := v.applicationOpen()
	if err == nil && !a.usable(task) {
		v.redirect(v.casePath("/application"))
		err = errElsewhere
	}
	return a, task, page, err
}

// fromCheck says whether a page was opened to change an answer that was being checked.
func (v *visit) fromCheck() bool { return v.Query("from") == "check" }

// pagePath is the address of a page of the application, without language.
func (v *visit) pagePath(slug string) string {
	path := v.casePath("/application")
	if slug != "" {
		path += "/" + slug
	}
	if v.fromCheck() {
		path += "?from=check"
	}
	return path
}

// back is where a page of the application goes back to.
func (v *visit) back() string {
	if v.fromCheck() {
		return v.casePath("/application/check")
	}
	return v.casePath("/application")
}

// goOn leads to what comes after a page: back to the answers that were being checked,
// or to the next page that is open and not done.
func (v *visit) goOn(slug string) error {
	a, err := v.application()
	if err != nil {
		return err
	}
	next := following(slug)
	switch {
	case v.fromCheck() && a.checkable():
		v.redirect(v.casePath("/application/check"))
	case next != "" && !v.fromCheck():
		v.redirect(v.casePath("/application/" + next))
	default:
		if next = a.next(slug); next == "" {
			next = "check"
		}
		v.redirect(v.casePath("/application/" + next))
	}
	return nil
}

func (v *visit) askPage(slug string) error {
	a, task, page, err := v.applicationAt(slug)
	if err != nil {
		return err
	}
	values := a.values
	if a.pageStatus(page) == taskNotStarted {
		if values, err = v.offerKnown(page, values); err != nil {
			return err
		}
	}
	if values.Ethics.Version != a.policy.EthicsVersion {
		values.Ethics = certification.Ethics{}
	}
	return v.showPage(a, task, page, web.NewForm(v.words, page.known(values)))
}

// offerKnown fills in what was told in an earlier application, or when the account was
// opened, for the person to look at: it becomes an answer once they send it.
func (v *visit) offerKnown(page applicationPage, values certification.ApplicationValues) (certification.ApplicationValues, error) {
	if !slices.Contains([]string{"name", "date-of-birth", "photo-id-date", "education"}, page.slug) {
		return values, nil
	}
	if v.view.PreviousCaseID != "" {
		earlier, err := v.Cases.EarlierValues(v.Request.Context(), v.actor, v.view.ID)
		if err != nil || earlier.LegalFirstName != "" {
			return earlier, err
		}
	}
	person, err := v.Cases.Person(v.Request.Context(), v.actor)
	if err != nil {
		return values, err
	}
	if page.slug == "name" {
		values.LegalFirstName, values.LegalMiddleName, values.LegalLastName, values.Called = person.FirstName, person.MiddleName, person.LastName, person.Called
	}
	if values.DateOfBirth == "" {
		values.DateOfBirth = person.DateOfBirth
	}
	return values, nil
}

// showPage shows a question of the application, with what is wrong in its form.
func (v *visit) showPage(a application, task applicationTask, page applicationPage, form *web.Form) error {
	frame := v.frame("application.page."+page.slug, nil)
	frame.Back = frame.Link(v.back())
	question := Question{Action: frame.Link(v.pagePath(page.slug)), Button: v.words.Say("application.save", nil), Inputs: page.inputs(form)}
	question.Intro = append(question.Intro, v.returnedWords(a, task)...)
	for _, key := range page.intro {
		question.Intro = append(question.Intro, v.words.Say(key, nil))
	}
	if page.slug != "code-of-ethics" {
		return v.question(frame, form, question)
	}
	frame.Problems = form.Problems()
	question.Key = v.key()
	return show(v, http.StatusOK, "ethics", frame, codeOfEthics(v.words, a.policy.EthicsVersion, question))
}

func (v *visit) savePage(slug string) error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	a, task, page, err := v.applicationAt(slug)
	if err != nil {
		return err
	}
	values := a.values
	page.read(form, &values, a.policy)
	if !form.Refused() { // a date that is none would be found again as one that is missing
		refuseFindings(form, v.words, of(values.Check(a.policy, v.Now()), page.members), nil, a.policy)
	}
	if form.Refused() {
		return v.showPage(a, task, page, form)
	}
	if _, err := saveDraft(v, certification.FormApplication, func(certification.ApplicationValues) map[string]any {
		return membersOf(values, page.members...)
	}); err != nil {
		return err
	}
	return v.goOn(page.slug)
}

// of are the findings about some members of a form.
func of(findings []certification.Finding, members []string) []certification.Finding {
	return slices.DeleteFunc(findings, func(found certification.Finding) bool { return !belongs(found.Field, members) })
}
