package portal

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) renewalRoutes() []route {
	const below = "/:language/cases/:case/renewal"
	return []route{
		{get, below, owner, (*visit).renewal},
		{get, below + "/course", owner, (*visit).askCourse},
		{post, below + "/course", owner, (*visit).keepCourse},
		{get, below + "/course/:number", owner, (*visit).askCourse},
		{post, below + "/course/:number", owner, (*visit).keepCourse},
		{post, below + "/course/:number/remove", owner, (*visit).removeCourse},
		{post, below + "/last-term", owner, (*visit).removeLastTerm},
		{get, below + "/code-of-ethics", owner, (*visit).askEthicsAgain},
		{post, below + "/code-of-ethics", owner, (*visit).signEthicsAgain},
		{get, below + "/check", owner, (*visit).checkRenewal},
		{post, below + "/check", owner, (*visit).sendRenewal},
	}
}

// renewalDraft is a draft of a renewal with what is needed to say how far it is.
type renewalDraft struct {
	draft     cases.Draft
	values    certification.RenewalValues
	policy    certification.Policy // it is handed in under
	termBegan time.Time
	// returned are the reasons why a reviewer gave it back.
	returned []certification.ReasonCode
}

// renewing reads the draft, for pages that only a renewal in the person's hands has.
// Otherwise it leads to the home of the case.
func (v *visit) renewing() (renewalDraft, error) {
	if !renewable(v.view) {
		v.redirect(v.casePath(""))
		return renewalDraft{}, errElsewhere
	}
	r := renewalDraft{policy: renewalPolicy(v.view, v.Now()), termBegan: v.view.TermBegan()}
	if v.view.Stage == certification.StageRenewalReturned {
		r.returned = v.view.Returned
	}
	var err error
	r.draft, err = v.draft(certification.FormRenewal, &r.values)
	return r, err
}

func renewable(view cases.View) bool {
	return slices.Contains(view.Available, certification.SignalSubmitRenewal) || slices.Contains(view.Available, certification.SignalResubmitRenewal)
}

// renewalPolicy is the policy that a renewal is handed in under: the one in force, or
// the case's own for one that was returned.
func renewalPolicy(view cases.View, now time.Time) certification.Policy {
	if view.Stage == certification.StageRenewalReturned {
		return view.Policy
	}
	return certification.CurrentPolicy(now)
}

func (r renewalDraft) open(part certification.Part) bool {
	return slices.Contains(r.draft.OpenParts, part)
}

// asks says whether a return is about a field and was not answered since.
func (r renewalDraft) asks(field string) bool {
	return slices.ContainsFunc(r.returned, func(code certification.ReasonCode) bool {
		rule, _ := certification.ReasonOf(code)
		return !answered(code, r.draft) && slices.Contains(rule.AsksFor(certification.FormRenewal), field)
	})
}

// sum adds the hours up: all, and those about law and ethics.
func (r renewalDraft) sum() (all, ethics float64) {
	for _, course := range r.values.Courses {
		if course.Hours <= 0 {
			continue
		}
		all += course.Hours
		if course.LawAndEthics {
			ethics += course.Hours
		}
	}
	return all, ethics
}

// signed says whether the code of ethics in force was signed for this renewal.
func (r renewalDraft) signed() bool {
	return !slices.ContainsFunc(r.draft.Findings, func(f certification.Finding) bool { return belongs(f.Field, []string{"ethics"}) })
}

// enough says whether the courses need nothing more.
func (r renewalDraft) enough() bool {
	return !slices.ContainsFunc(r.draft.Findings, func(f certification.Finding) bool { return belongs(f.Field, []string{"courses"}) })
}

// lastTerm says whether a course was completed before this term: what was listed for
// the last renewal stays in the draft until it is taken out.
func lastTerm(course certification.Course, termBegan time.Time) bool {
	completed, dated := course.CompletedOn.Day()
	return dated && certification.EndOfDay(completed).Before(termBegan)
}

// Renewal is the page of a renewal: the hours so far, the courses, and what is left to do.
type Renewal struct {
	Reading
	Hours   Sum // all
	Ethics  Sum // those about law and ethics
	Courses []CourseLine
	Add     *web.Button // empty when no course can be changed now
	Full    bool        // there are as many courses as a renewal has room for
	// LastTerm takes out what was listed for the term before.
	LastTerm *web.Button
	Tasks    []web.TaskGroup
}

// Sum is how much of something there is, for a meter: Words say it whole.
type Sum struct{ Have, Need, Words string }

// CourseLine is one course of the list.
type CourseLine struct {
	Title, Provider string
	Detail          string // when, and how many hours
	Problems        []string
	Status, Tone    string // as of a task
	Change          string // address; empty when it cannot be changed now
}

func (v *visit) renewal() error {
	r, err := v.renewing()
	if err != nil {
		return err
	}
	frame := v.frame("renewal.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "renewal", frame, renewalPage(frame, v.view, r, v.key))
}

// renewalPage says everything on the page. key makes the keys of its forms.
func renewalPage(frame web.Frame, view cases.View, r renewalDraft, key func() string) Renewal {
	link := func(page string) string { return frame.Link("/cases/" + view.ID + "/renewal" + page) }
	page := Renewal{}
	page.Lead = plain(frame, "renewal.lead", "Years", r.policy.TermYears)
	switch view.Stage {
	case certification.StageExpired:
		page.Lead = plain(frame, "renewal.late_lead")
		late := "renewal.late"
		if view.RenewalSettled(r.policy) {
			late = "renewal.late_paid"
		}
		page.Notices = append(page.Notices, noticeOf(frame, "warning", late,
			"Fee", frame.Money(r.policy.AmountCents(certification.FeeLateRenewal)), "DueBy", frame.By(view.DueAt())))
	case certification.StageRenewalReturned:
		page.Lead = plain(frame, "renewal.returned_lead")
		page.First = append(page.First, returnedSection(frame, view))
	}
	if promise := view.Promise(certification.StagePromise(view.Stage)); promise != nil {
		card := promiseOf(frame, view, *promise)
		page.Promise = &card
	}
	page.Hours, page.Ethics = sums(frame, r)
	changeable := r.open(certification.PartContinuing)
	old := false
	for i, course := range r.values.Courses {
		number := strconv.Itoa(i + 1)
		line := courseLine(frame, course, number)
		for _, finding := range r.draft.Findings {
			if belongs(finding.Field, []string{"courses[" + strconv.Itoa(i) + "]"}) {
				line.Problems = append(line.Problems, findingWords(frame.Localizer, finding, r.policy))
				line.Tone, line.Status = "attention", plain(frame, "renewal.does_not_count")
			}
		}
		old = old || lastTerm(course, r.termBegan)
		if changeable {
			line.Change = link("/course/" + number)
		}
		page.Courses = append(page.Courses, line)
	}
	page.Full = len(r.values.Courses) >= mostCourses
	if changeable && !page.Full {
		page.Add = &web.Button{Label: plain(frame, "renewal.add"), Address: link("/course"), Quiet: r.enough() && !r.asks("courses")}
	}
	if changeable && old {
		page.LastTerm = &web.Button{Label: plain(frame, "renewal.remove_last_term"), Action: link("/last-term") + seen(r.draft), Key: key(), Quiet: true}
	}
	page.Tasks = []web.TaskGroup{{Heading: plain(frame, "renewal.then"), Tasks: renewalTasks(frame, r, link)}}
	return page
}

// renewalTasks are what is left beside the courses.
func renewalTasks(frame web.Frame, r renewalDraft, link func(string) string) []web.Task {
	task := func(name string, done, asked bool, address string) web.Task {
		task := web.Task{Label: plain(frame, "renewal."+name), Address: address, Tone: "todo", Status: plain(frame, "renewal.to_do")}
		switch {
		case done && asked:
			task.Tone, task.Status = "attention", plain(frame, "application.status.needs_you")
		case done:
			task.Tone, task.Status = "done", plain(frame, "renewal.done")
		}
		return task
	}
	sign := task("sign", r.signed(), r.asks("ethics"), link("/code-of-ethics"))
	if !r.open(certification.PartEthics) {
		sign.Address = ""
	}
	check := task("check_and_send", false, false, link("/check"))
	if !r.enough() || !r.signed() {
		check.Address, check.Tone, check.Status = "", "locked", plain(frame, "renewal.not_yet")
	}
	return []web.Task{sign, check}
}

// sums say how many hours there are and how many are needed.
func sums(frame web.Frame, r renewalDraft) (all, ethics Sum) {
	have, haveEthics := r.sum()
	say := func(key string, have float64, need int) Sum {
		if missing := float64(need) - have; missing > 0 {
			return Sum{hours(min(have, float64(need))), strconv.Itoa(need), plain(frame, key+"_to_go", "Have", hours(have), "Need", need, "Missing", hours(missing))}
		}
		return Sum{strconv.Itoa(need), strconv.Itoa(need), plain(frame, key+"_done", "Have", hours(have), "Need", need)}
	}
	return say("renewal.hours", have, r.policy.ContinuingHours), say("renewal.ethics_hours", haveEthics, r.policy.LawAndEthicsHours)
}

func courseLine(frame web.Frame, course certification.Course, number string) CourseLine {
	line := CourseLine{Title: course.Title, Provider: course.Provider, Tone: "todo", Status: plain(frame, "renewal.not_law_and_ethics")}
	if line.Title == "" {
		line.Title = plain(frame, "renewal.course_number", "Number", number)
	}
	if course.LawAndEthics {
		line.Status = plain(frame, "renewal.law_and_ethics")
	}
	line.Detail = plain(frame, "renewal.count_hours", "Hours", hours(course.Hours))
	if completed, dated := course.CompletedOn.Day(); dated {
		line.Detail = plain(frame, "renewal.day_and_hours", "Day", frame.Date(completed), "Hours", line.Detail)
	}
	return line
}

// returnedSection says what a reviewer sent back, with the reviewer's own words.
func returnedSection(frame web.Frame, view cases.View) Section {
	section := Section{ID: "returned", Heading: plain(frame, "renewal.returned_heading")}
	for _, code := range view.Returned {
		said := template.HTML(template.HTMLEscapeString(reasonSays(frame.Localizer, code, "wrong", view.Policy) + " " + reasonSays(frame.Localizer, code, "do", view.Policy)))
		section.Items = append(section.Items, said)
		if note := view.Notes[code]; note != "" {
			section.Items[len(section.Items)-1] += " " + words(frame, "renewal.note", "Note", frame.Bdi(note))
		}
	}
	return section
}
