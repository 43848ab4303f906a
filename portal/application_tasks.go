package portal

import (
	"slices"
	"strings"

	"peercert/cases"
	"peercert/certification"
)

// applicationTask is one task of the application: a line of the task list, with one
// page or more. It is an item of certification.Items: what a return opens or locks.
type applicationTask struct {
	name  string // of its words: application.task.<name>
	group string
	// last tasks can start once the others are done: they are about all of the answers.
	last  bool
	pages []applicationPage
}

// applicationPage is a page of a task: one question.
type applicationPage struct {
	slug string // below /application
	// members of the draft that it asks for. What the rules find in them is shown here.
	members []string
	// kind is of the documents that it asks for; empty if it asks for none.
	kind certification.DocumentKind
	asked
}

// applicationTasks is the whole application in its order: the task list, the pages'
// addresses and who may open them, what comes next, and the answers to check all come
// from this table.
func applicationTasks() []applicationTask {
	return []applicationTask{
		{name: "name", group: "you", pages: []applicationPage{
			{slug: "name", members: []string{"legal_first_name", "legal_middle_name", "legal_last_name", "called"}, asked: nameQuestion()},
		}},
		{name: "birth", group: "you", pages: []applicationPage{
			{slug: "date-of-birth", members: []string{"date_of_birth"}, asked: birthQuestion()},
		}},
		{name: "photo_id", group: "papers", pages: []applicationPage{
			{slug: "photo-id", members: []string{"photo_id"}, kind: certification.DocumentPhotoID},
			{slug: "photo-id-date", members: []string{"id_expires_on"}, asked: idDateQuestion()},
		}},
		{name: "education", group: "papers", pages: []applicationPage{
			{slug: "education", members: []string{"education"}, asked: educationQuestion()},
			{slug: "diploma", members: []string{"diploma"}, kind: certification.DocumentDiploma},
		}},
		{name: "lived_experience", group: "word", pages: []applicationPage{
			{slug: "lived-experience", members: []string{"lived_experience"}, asked: experienceQuestion()},
		}},
		{name: "statements", group: "word", last: true, pages: []applicationPage{
			{slug: "statements", members: []string{"attestations"}, asked: statementsQuestion()},
		}},
		{name: "ethics", group: "word", last: true, pages: []applicationPage{
			{slug: "code-of-ethics", members: []string{"ethics"}, asked: ethicsQuestion()},
		}},
	}
}

// Statuses of a task, and of its pages.
const (
	taskNotStarted = "not_started"
	taskInProgress = "in_progress"
	taskDone       = "done"
	taskNeedsYou   = "needs_you"
	taskNotYet     = "not_yet" // others come first
	taskLocked     = "locked"
)

// application is a draft with what is needed to say how far it is.
type application struct {
	draft     cases.Draft
	values    certification.ApplicationValues
	documents []certification.Document
	policy    certification.Policy
	// open is true while the draft is in the applicant's hands: at first, and after a
	// return.
	open     bool
	returned []certification.ReasonCode
	// shut is true while nothing can be changed though it was not handed in: the case is
	// on hold, or closed.
	shut bool
}

// belongs says whether a field is one of some members, or within one.
func belongs(field string, members []string) bool {
	return slices.ContainsFunc(members, func(member string) bool {
		return field == member || strings.HasPrefix(field, member+".") || strings.HasPrefix(field, member+"[")
	})
}

// findings are what is against the rules in the answers of a page, as they are saved.
func (a application) findings(page applicationPage) []certification.Finding {
	var found []certification.Finding
	for _, finding := range a.draft.Findings {
		if belongs(finding.Field, page.members) {
			found = append(found, finding)
		}
	}
	if page.kind != "" && slices.ContainsFunc(a.files(page.kind), unusable) {
		found = append(found, certification.Finding{Field: string(page.kind), Code: "cannot_be_used"})
	}
	return found
}

// files are the documents that the draft names as of a kind.
func (a application) files(kind certification.DocumentKind) []certification.Document {
	named := map[certification.DocumentKind][]string{
		certification.DocumentPhotoID: a.values.PhotoID, certification.DocumentDiploma: a.values.Diploma,
	}[kind]
	return documentsNamed(a.documents, named)
}

func unusable(document certification.Document) bool {
	return document.Status == certification.DocumentRefused || document.Status == certification.DocumentInfected
}

func missing(finding certification.Finding) bool {
	return finding.Code == "required" || finding.Code == "not_attested" || finding.Code == "not_current"
}

// pageStatus is how far a page is by what is saved, whether or not it may be opened.
func (a application) pageStatus(page applicationPage) string {
	found := a.findings(page)
	if len(found) == 0 {
		return taskDone
	}
	given := membersOf(a.values, page.members...)
	some := slices.ContainsFunc(page.members, func(member string) bool { return given[member] != nil })
	switch {
	case !some:
		return taskNotStarted
	case slices.ContainsFunc(found, func(f certification.Finding) bool { return !missing(f) || f.Field == "ethics.version" }):
		return taskNeedsYou
	}
	return taskInProgress
}

// filled is how far a task is by what is saved.
func (a application) filled(task applicationTask) string {
	statuses := map[string]int{}
	for _, page := range task.pages {
		statuses[a.pageStatus(page)]++
	}
	switch {
	case statuses[taskNeedsYou] > 0:
		return taskNeedsYou
	case statuses[taskDone] == len(task.pages):
		return taskDone
	case statuses[taskNotStarted] == len(task.pages):
		return taskNotStarted
	}
	return taskInProgress
}

// locked says whether a task is none of what a return opened, or nothing is.
func (a application) locked(task applicationTask) bool {
	return a.shut || !slices.ContainsFunc(task.pages, func(page applicationPage) bool {
		return slices.ContainsFunc(page.members, func(member string) bool { return slices.Contains(a.draft.OpenFields, member) })
	})
}

// status is what the task list says of a task.
func (a application) status(task applicationTask) string {
	if a.locked(task) {
		return taskLocked
	}
	if !a.open {
		return taskNotYet
	}
	status := a.filled(task)
	if status == taskDone && a.askedAgain(task) {
		return taskNeedsYou
	}
	if status != taskDone && task.last && len(a.returned) == 0 && !a.firstDone() {
		return taskNotYet
	}
	return status
}

// firstDone says whether everything is done that the last tasks are about.
func (a application) firstDone() bool {
	return !slices.ContainsFunc(applicationTasks(), func(task applicationTask) bool {
		return !task.last && a.filled(task) != taskDone
	})
}

// askedFor says whether a reason asks for something that a page has.
func askedFor(code certification.ReasonCode, page applicationPage) bool {
	rule, _ := certification.ReasonOf(code)
	return slices.ContainsFunc(rule.AsksFor(certification.FormApplication), func(field string) bool {
		return slices.Contains(page.members, field) ||
			field == certification.FieldNameChange && page.kind == certification.DocumentDiploma // it goes with it
	})
}

// answers says whether a reason was answered since the return.
func (a application) answers(code certification.ReasonCode) bool {
	return answered(code, a.draft)
}

func answered(code certification.ReasonCode, draft cases.Draft) bool {
	rule, _ := certification.ReasonOf(code)
	return slices.ContainsFunc(rule.AsksFor(draft.Form), func(field string) bool { return slices.Contains(draft.Answered, field) })
}

// asksAgain says whether a return is about a page and was not answered since.
func (a application) asksAgain(page applicationPage) bool {
	return slices.ContainsFunc(a.returned, func(code certification.ReasonCode) bool { return askedFor(code, page) && !a.answers(code) })
}

// askedAgain is asksAgain for one of the pages of a task.
func (a application) askedAgain(task applicationTask) bool {
	return slices.ContainsFunc(task.pages, a.asksAgain)
}

// pagesOf are the pages that a reason asks for, each with its task: one, where it is clear
// which, or all of its part.
func pagesOf(code certification.ReasonCode) (tasks []applicationTask, pages []applicationPage) {
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			if askedFor(code, page) {
				tasks, pages = append(tasks, task), append(pages, page)
			}
		}
	}
	return tasks, pages
}

// usable says whether the pages of a task may be opened: by the rule that the task
// list's words come from.
func (a application) usable(task applicationTask) bool {
	status := a.status(task)
	return status != taskLocked && status != taskNotYet
}

// checkable says whether the answers can be looked at and handed in: nothing is left
// open. What has to be put right is said there.
func (a application) checkable() bool {
	return a.open && !slices.ContainsFunc(applicationTasks(), func(task applicationTask) bool {
		filled := a.filled(task)
		return a.status(task) != taskLocked && filled != taskDone && filled != taskNeedsYou
	})
}

// done counts the tasks that are done, of those that can be changed.
func (a application) done() (done, all int) {
	for _, task := range applicationTasks() {
		switch a.status(task) {
		case taskLocked:
			continue
		case taskDone:
			done++
		}
		all++
	}
	return done, all
}

// next is the first page after another, or of all if none is given, that is open and not
// done; empty if there is none.
func (a application) next(after string) string {
	past, first := after == "", ""
	for _, task := range applicationTasks() {
		if status := a.status(task); status == taskDone || !a.usable(task) {
			past = past || holds(task, after)
			continue
		}
		for _, page := range task.pages {
			if page.slug == after {
				past = true
				continue
			}
			status := a.pageStatus(page)
			if status == taskDone && !a.asksAgain(page) {
				continue
			}
			if past {
				return page.slug
			}
			// Who has just gone past a page without sending anything new is not led round to it.
			if first == "" && !(status == taskDone && holds(task, after)) {
				first = page.slug
			}
		}
	}
	return first
}

func holds(task applicationTask, slug string) bool {
	return slices.ContainsFunc(task.pages, func(page applicationPage) bool { return page.slug == slug })
}

// following is the page of the same task that comes after one; empty at its end.
func following(slug string) string {
	for _, task := range applicationTasks() {
		for i, page := range task.pages {
			if page.slug == slug && i+1 < len(task.pages) {
				return task.pages[i+1].slug
			}
		}
	}
	return ""
}

// pageAt finds a page and its task.
func pageAt(slug string) (applicationTask, applicationPage) {
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			if page.slug == slug {
				return task, page
			}
		}
	}
	return applicationTask{}, applicationPage{}
}
