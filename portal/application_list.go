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

// TaskList is the list of the tasks of an application: how far it is, what is next, and
// after a return what to put right.
type TaskList struct {
	Notices  []web.Notice
	Lead     string
	Progress string
	Done     int
	All      int
	Dates    []string // until when it is kept, or by when to answer
	Returned []Returned
	Continue *web.Button // nil while nothing can be done
	Groups   []web.TaskGroup
	// Delete is the address where what was not sent can be deleted; empty while there is
	// nothing to delete.
	Delete, DeleteWords string
}

func (v *visit) taskList() error {
	a, err := v.application()
	if err != nil {
		return err
	}
	switch {
	case a.open || v.view.Stage == certification.StageIntroVideo:
	case a.draft.SavedAt.IsZero() || !a.draft.ErasedAt.IsZero():
		v.redirect(v.casePath("")) // there is nothing to show
		return nil
	case a.draft.HandedIn:
		return v.handedIn(a)
	}
	title := "application.title"
	if len(a.returned) > 0 && !a.shut {
		title = "application.returned.title"
	}
	unsent, err := v.unsent(certification.FormApplication)
	if err != nil {
		return err
	}
	frame := v.frame(title, nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "application", frame, taskListOf(frame, a, listed{
		view: v.view, unsent: unsent,
		base: v.casePath(""), stage: v.view.Stage, trainingSent: v.view.TrainingSubmitted, dueAt: v.dueAt(),
		canTrain: slices.Contains(v.view.Available, certification.SignalSubmitTraining), notes: v.view.Notes,
	}))
}

// dueAt is until when the case waits for the person, whatever else it waits for.
func (v *visit) dueAt() time.Time {
	if promise := v.view.Promise(certification.StagePromise(v.view.Stage)); promise != nil {
		return promise.DueAt
	}
	return time.Time{}
}

// listed is what the task list says beside the application itself.
type listed struct {
	view                   cases.View
	base                   string // address of the case, without language
	stage                  certification.Stage
	trainingSent, canTrain bool
	dueAt                  time.Time
	unsent                 *cases.Unsent // what of it was not sent
	notes                  map[certification.ReasonCode]string
}

// taskListOf says everything on the page. It is a function of what the door gives, so
// that every state can be looked at.
func taskListOf(frame web.Frame, a application, l listed) TaskList {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	address := func(page string) string { return frame.Link(l.base + page) }
	list := TaskList{Lead: say("application.lead", nil), Returned: returnedOf(frame, a.returned, l.notes, a, l.base)}
	if a.shut {
		list.Lead = say("application.shut.lead", nil)
		list.Notices = []web.Notice{whyShut(frame, l.view)}
	}
	list.Done, list.All = a.done()
	if list.All > 1 {
		list.Progress = say("application.progress", map[string]any{"Count": list.Done, "All": list.All})
	}
	switch {
	case a.shut: // no clock runs
	case len(a.returned) > 0:
		list.Lead = say("application.returned.lead", nil)
		list.Dates = []string{say("application.returned.by", map[string]any{"DueBy": frame.By(l.dueAt)}), say("application.returned.stopped", nil)}
	case !a.draft.ExpiresAt.IsZero():
		list.Dates = []string{say("application.kept", map[string]any{"Until": frame.Until(a.draft.ExpiresAt)})}
	}

	if l.stage == certification.StageIntroVideo && !a.shut {
		list.Lead = say("application.video_first", nil)
		list.Groups = append(list.Groups, web.TaskGroup{Heading: say("application.group.video", nil), Tasks: []web.Task{
			{Label: say("application.task.video", nil), Address: address("/video"), Status: say("application.status.needs_you", nil), Tone: "attention"},
		}})
		list.Continue = &web.Button{Label: say("application.continue_video", nil), Address: address("/video")}
	}
	for _, task := range applicationTasks() {
		if len(list.Groups) == 0 || list.Groups[len(list.Groups)-1].Heading != say("application.group."+task.group, nil) {
			list.Groups = append(list.Groups, web.TaskGroup{Heading: say("application.group."+task.group, nil)})
		}
		group := &list.Groups[len(list.Groups)-1]
		group.Tasks = append(group.Tasks, taskLine(say, address, a, task))
	}
	if l.canTrain || l.trainingSent {
		line := web.Task{Label: say("application.task.training", nil), Hint: say("application.task_hint.training", nil), Address: address("/training"), Status: say("application.status.optional", nil), Tone: "todo"}
		if l.trainingSent {
			line.Hint, line.Status, line.Tone = "", say("application.status.sent", nil), "done"
		}
		list.Groups = append(list.Groups, web.TaskGroup{Heading: say("application.group.training", nil), Tasks: []web.Task{line}})
	}
	last := web.Task{Label: say("application.task.check", nil), Status: say("application.status.not_yet", nil), Tone: "locked", Hint: say("application.task_hint.check", nil)}
	if a.shut {
		last.Status, last.Hint = say("application.status.locked", nil), ""
	}
	if a.checkable() {
		last = web.Task{Label: last.Label, Status: say("application.status.not_started", nil), Tone: "todo", Address: address("/application/check")}
	}
	list.Groups = append(list.Groups, web.TaskGroup{Heading: say("application.group.check", nil), Tasks: []web.Task{last}})

	if l.stage != certification.StageIntroVideo && !a.shut {
		if next := a.next(""); next != "" {
			list.Continue = &web.Button{Label: say("application.continue."+next, nil), Address: address("/application/" + next)}
		} else {
			list.Continue = &web.Button{Label: say("application.continue.check", nil), Address: address("/application/check")}
		}
	}
	if l.unsent != nil {
		list.Delete, list.DeleteWords = frame.Link(deletePath(l.view.ID, certification.FormApplication)), say("application.delete_draft", nil)
		if l.unsent.Sent {
			list.DeleteWords = say("application.delete_changes", nil)
		}
	}
	return list
}

// whyShut says why nothing can be changed, in the words of the home of the case.
func whyShut(frame web.Frame, view cases.View) web.Notice {
	at, variables := standing(view, nil, view.UpdatedAt), wordsOf(frame, view, view.UpdatedAt)
	return web.Notice{
		Tone: "info", Heading: frame.Localizer.Say("home."+at+".heading", variables),
		Text: template.HTML(template.HTMLEscapeString(frame.Localizer.Say(textKey(view, at), variables) + " " + frame.Localizer.Say(yoursKey(view, at, view.UpdatedAt), variables))),
	}
}

func taskLine(say func(string, map[string]any) string, address func(string) string, a application, task applicationTask) web.Task {
	status := a.status(task)
	line := web.Task{Label: say("application.task."+task.name, nil), Status: say("application.status."+status, nil), Tone: map[string]string{
		taskDone: "done", taskNeedsYou: "attention", taskLocked: "locked", taskNotYet: "locked",
	}[status]}
	if line.Tone == "" {
		line.Tone = "todo"
	}
	if a.usable(task) {
		line.Address = address("/application/" + firstOpen(a, task))
	} else if status == taskNotYet && a.open {
		line.Hint = say("application.task_hint.last", nil)
	}
	for _, page := range task.pages {
		if page.kind != "" && slices.ContainsFunc(a.files(page.kind), func(d certification.Document) bool { return d.Status == certification.DocumentChecking }) {
			line.Hint = say("application.task_hint.checking", nil)
		}
	}
	return line
}

// firstOpen is the page of a task to begin with: the first that is not done, or asked for
// anew.
func firstOpen(a application, task applicationTask) string {
	for _, page := range task.pages {
		if a.pageStatus(page) != taskDone || a.asksAgain(page) {
			return page.slug
		}
	}
	return task.pages[0].slug
}

// Returned is one reason why an application came back: what is wrong, what to do about
// it, where, and what good looks like.
type Returned struct {
	ID      string
	Wrong   string
	Do      string
	Note    string // the reviewer's own words
	Address string // empty if nothing can be done now, or if it points at no page
	Label   string
	Done    string // says that it was answered
	Example *Picture
}

// Picture is a drawn example of a good file.
type Picture struct {
	Asset, Alt string
	Points     []string // what makes it good
}

// pictured is the kind of file that a reason asks for anew; empty if it is about
// something else.
func pictured(code certification.ReasonCode) certification.DocumentKind {
	return map[certification.ReasonCode]certification.DocumentKind{
		"ID_EXPIRED": certification.DocumentPhotoID, "ID_UNREADABLE": certification.DocumentPhotoID, "ID_NO_PHOTO": certification.DocumentPhotoID,
		"ID_NOT_GOVERNMENT": certification.DocumentPhotoID, "DIPLOMA_MISSING_OR_UNREADABLE": certification.DocumentDiploma,
		"TRAINING_UNREADABLE": certification.DocumentTrainingCertificate,
	}[code]
}

// pictureOf shows what a good file of a kind looks like.
func pictureOf(words *web.Localizer, kind certification.DocumentKind) *Picture {
	asset := "good-paper.svg"
	if kind == certification.DocumentPhotoID {
		asset = "good-id.svg"
	}
	picture := &Picture{Asset: asset, Alt: words.Say("documents.example."+string(kind)+".alt", nil)}
	for _, point := range []string{"corners", "sharp", "valid"} {
		picture.Points = append(picture.Points, words.Say("documents.example."+string(kind)+"."+point, nil))
	}
	return picture
}

// returnedOf are the reasons, in the order of the tasks that they point at.
func returnedOf(frame web.Frame, reasons []certification.ReasonCode, notes map[certification.ReasonCode]string, a application, base string) []Returned {
	var cards []Returned
	for _, code := range reasons {
		card := Returned{
			ID: "reason-" + web.ElementID(string(code)), Note: notes[code],
			Wrong: reasonSays(frame.Localizer, code, "wrong", a.policy), Do: reasonSays(frame.Localizer, code, "do", a.policy),
		}
		if tasks, pages := pagesOf(code); len(tasks) > 0 {
			card.Address, card.Label = frame.Link(base+"/application/"+pages[0].slug), frame.Localizer.Say("application.returned.open."+tasks[0].name, nil)
			if a.answers(code) && !slices.ContainsFunc(tasks, func(task applicationTask) bool { return a.filled(task) != taskDone }) {
				card.Done = frame.Localizer.Say("application.returned.answered", nil)
			}
			if kind := pictured(code); kind != "" {
				card.Example = pictureOf(frame.Localizer, kind)
			}
		}
		if code == "DIPLOMA_NAME_DIFFERS" { // the diploma is right: what is missing explains it
			card.Address, card.Label = frame.Link(base+"/documents/"+string(certification.DocumentNameChange)), frame.Localizer.Say("application.returned.open.name_change", nil)
		}
		if a.shut {
			card.Address = ""
		}
		cards = append(cards, card)
	}
	return cards
}

// returnedWords are the words of the reasons that point at a task, for its own pages.
func (v *visit) returnedWords(a application, task applicationTask) []string {
	return v.reasonWords(slices.DeleteFunc(slices.Clone(a.returned), func(code certification.ReasonCode) bool {
		return !slices.ContainsFunc(task.pages, func(page applicationPage) bool { return askedFor(code, page) })
	}))
}

// reasonWords say what is wrong and what to do, with the reviewer's own words.
func (v *visit) reasonWords(reasons []certification.ReasonCode) []string {
	var said []string
	for _, code := range reasons {
		said = append(said, reasonSays(v.words, code, "wrong", v.view.Policy)+" "+reasonSays(v.words, code, "do", v.view.Policy))
		if note := v.view.Notes[code]; note != "" {
			said = append(said, v.words.Say("application.returned.note", map[string]any{"Note": note}))
		}
	}
	return said
}
