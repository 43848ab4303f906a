package console

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
	"peercert/web/serve"
)

// File is the content of the page of a case.
type File struct {
	Says      string // what the case waits for, in a sentence
	Tags      []Tag
	Done      *web.Notice
	Troubles  []Trouble
	Promises  []PromiseRow
	Actions   []ActionLink
	Running   Running
	Letters   []LetterRow
	Payments  []PaymentRow
	Documents []DocumentRow
	Facts     []Fact
	Events    []EventRow
	Earlier   string // address of earlier events; empty if these are all
}

// Tag is a word about the case as a whole. Tone is "good", "attention", "bad" or "plain".
type Tag struct{ Tone, Word string }

// Trouble is something that one of ours should see to.
type Trouble struct {
	Heading, Since    string
	Advice            template.HTML
	About             string // id of what it is about; empty for the case as a whole
	Retry, RetryWords string // link to the form of retry-step; empty where that is of no use
}

// PromiseRow is a wait: what, from whom, by when, and what happens if not.
type PromiseRow struct {
	What, WaitsOn, Since, Due, DueIn, Then string
	Next                                   string // what happens next on the way there
	Overdue, Stopped                       bool
}

// ActionLink leads to the form of a signal.
type ActionLink struct{ Title, Does, Signal, Address string }

// Running is how the workflow does.
type Running struct {
	Tone, Heading, Text string
	Started             string
	Events              int64
	Pending             []PendingRow
	Address             string // in the Temporal UI
	Sleeps              bool   // it runs, and nothing is under way
	Restart             string // address that starts it again; empty where it runs, or nobody can tell
}

// PendingRow is an activity that is not done.
type PendingRow struct {
	Name, Tried, Next, Failure string
	Attempt                    int
}

// LetterRow is a letter; Sent is empty while it waits.
type LetterRow struct{ Letter, ID, Written, Sent string }

// PaymentRow is a fee that was asked for.
type PaymentRow struct{ Fee, Amount, Status, Asked, Settled, ID string }

// DocumentRow is a document that was uploaded; its content is not here.
type DocumentRow struct{ Kind, Status, Uploaded, Size, ID string }

// Fact is one thing that the case knows.
type Fact struct{ Label, Value string }

// EventRow is one line of the log.
type EventRow struct {
	Number          int
	At, What, By    string
	Detail          string
	To              string // the stage, where it changed
	Void, NoEffect  bool
	Request, Reason string
}

const eventsOnCase = 8

func (v *visit) caseFile() error {
	ctx := v.Request.Context()
	running, err := v.Cases.Running(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	letters, err := v.Cases.Letters(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	payments, err := v.Cases.Payments(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	documents, err := v.Cases.Documents(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	events, err := v.Cases.Events(ctx, v.actor, v.view.ID, cases.Page{Limit: eventsOnCase})
	if err != nil {
		return err
	}
	content := File{
		Says: says(v.view), Tags: tags(v.view), Done: v.done(), Troubles: v.troubles(running), Promises: v.promises(),
		Actions: v.actions(), Running: v.running(running), Facts: facts(v.view), Events: eventRows(events.Events),
	}
	for _, letter := range slices.Backward(letters) {
		content.Letters = append(content.Letters, LetterRow{spoken(letter.Letter), letter.ID, stamp(letter.CreatedAt), stamp(letter.SentAt)})
	}
	for _, payment := range slices.Backward(payments) {
		content.Payments = append(content.Payments, PaymentRow{
			spoken(payment.Fee), web.Words("en").Money(payment.AmountCents), payment.Status, stamp(payment.AskedAt), stamp(payment.SettledAt), payment.ID,
		})
	}
	for _, document := range slices.Backward(documents) {
		status := spoken(document.Status)
		if document.RefusalCode != "" {
			status += ": " + document.RefusalCode
		}
		content.Documents = append(content.Documents, DocumentRow{
			spoken(document.Kind), status, stamp(document.UploadedAt), fmt.Sprintf("%d KiB %s", (document.Bytes+1023)/1024, document.MediaType), document.ID,
		})
	}
	if events.Next != "" {
		content.Earlier = casePath(v.view.ID) + "/events?after=" + events.Next
	}
	return show(v, http.StatusOK, "case", v.frame(v.view.Number), content)
}

func says(view cases.View) string {
	if view.Stage == certification.StageClosed {
		return "The case is closed: " + spoken(view.Outcome) + "."
	}
	return certification.RuleOf(view.Stage).Says
}

func tags(view cases.View) []Tag {
	var all []Tag
	stage := Tag{"plain", spoken(view.Stage)}
	if view.Stage == certification.StageCertified {
		stage.Tone = "good"
	}
	all = append(all, stage)
	if view.Overdue() {
		all = append(all, Tag{"bad", "overdue"})
	}
	if view.OnHold {
		all = append(all, Tag{"attention", "on hold"})
	}
	if view.Suspended {
		all = append(all, Tag{"bad", "suspended"})
	}
	return all
}

// mended are the codes that retry-step does something about, and what the link says.
var mended = map[string]string{
	certification.AttentionNotice: "Try again now", certification.AttentionCheckout: "Try again now", certification.AttentionAuthorization: "Try again now", certification.AttentionDocument: "Try again now",
	certification.AttentionVendor: "Take the note away", certification.AttentionCancel: "Take the note away", certification.AttentionUnknown: "Take the note away",
}

// asks are the reasons why somebody of ours should look at a case. A closed one asks only
// for what somebody outside waits for: nothing can be sent to it any more.
func asks(c certification.Case) (all []certification.Attention) {
	for _, attention := range c.Attention {
		if c.Stage != certification.StageClosed || slices.Contains(certification.AfterTheEnd, attention.Code) {
			all = append(all, attention)
		}
	}
	return all
}

// troubles are what one of ours should see to.
func (v *visit) troubles(running cases.Running) []Trouble {
	var all []Trouble
	for _, attention := range asks(v.view.Case) {
		trouble := Trouble{
			Heading: attention.Code, Since: stamp(attention.Since) + ", " + until(v.Now(), attention.Since),
			Advice: marked(cases.Advice(attention.Code)), About: attention.ID,
		}
		if words := mended[attention.Code]; words != "" && slices.Contains(v.view.Available, certification.SignalRetryStep) {
			trouble.Retry, trouble.RetryWords = signalPath(v.view.ID, certification.SignalRetryStep), words
		}
		all = append(all, trouble)
	}
	if slices.Contains(running.Attention, certification.AttentionRecords) {
		all = append(all, Trouble{Heading: certification.AttentionRecords, Advice: marked(cases.Advice(certification.AttentionRecords))})
	}
	return all
}

// marked sets what stands between backquotes as code. The text is ours.
func marked(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(template.HTMLEscapeString(text), "`") {
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String())
}

func (v *visit) promises() []PromiseRow {
	var all []PromiseRow
	for _, promise := range v.view.Promises {
		row := PromiseRow{
			What: spoken(promise.Kind), WaitsOn: spoken(promise.WaitsOn), Since: stamp(promise.Since), Due: stamp(promise.DueAt),
			DueIn: until(v.Now(), promise.DueAt), Then: spoken(promise.Then), Overdue: promise.Overdue, Stopped: !promise.Running(),
		}
		if row.Stopped {
			row.Due, row.DueIn = "clock stopped "+stamp(promise.StoppedAt), apart(promise.StoppedAt, promise.DueAt)+" left"
			if promise.DueAt.Before(promise.StoppedAt) {
				row.DueIn = "nothing left"
			}
		} else if len(promise.Rungs) > 0 {
			rung := promise.Rungs[0]
			row.Next = spoken(rung.Kind) + ", " + stamp(rung.At)
		}
		all = append(all, row)
	}
	return all
}

func (v *visit) running(found cases.Running) Running {
	open := v.view.Stage != certification.StageClosed
	running := Running{
		Tone: "info", Heading: "The workflow runs", Started: stamp(found.StartedAt), Events: found.Events,
	}
	if v.TemporalUI != "" && found.State != cases.RunMissing {
		running.Address = v.TemporalUI + v.view.ID
	}
	for _, pending := range found.Pending {
		row := PendingRow{Name: pending.Name, Attempt: pending.Attempt, Tried: until(time.Now(), pending.TriedAt), Failure: pending.Failure, Next: "under way"}
		if !pending.NextAt.IsZero() {
			row.Next = until(time.Now(), pending.NextAt)
		}
		running.Pending = append(running.Pending, row)
	}
	switch {
	case found.State == cases.RunUnknown:
		running.Tone, running.Heading = "error", "Temporal does not answer"
		running.Text = "What is shown here comes from the records and was true when it was last written. Nothing is lost: what is sent now is answered once Temporal is back."
	case found.State == cases.RunOpen && found.Failing > 1:
		running.Tone, running.Heading = "error", "The workflow cannot go on"
		running.Text = fmt.Sprintf("Its task fails: this is attempt %d. It is tried for ever, so nothing is lost: a worker whose code fits its history carries it on. The Temporal UI says why; the runbook on stuck cases says what to do.", found.Failing)
	case found.State == cases.RunOpen && found.Unserved:
		running.Tone, running.Heading = "error", "No worker serves the cases"
		running.Text = "The workflow is there, and nobody carries it on. Start a worker: it goes on where it stood."
	case found.State == cases.RunOpen:
		running.Sleeps = len(found.Pending) == 0
	case !open:
		running.Heading, running.Text = "The workflow has ended", "The case is closed, so there is nothing left to run."
	case found.State == cases.RunEnded:
		running.Restart = casePath(v.view.ID) + "/restart"
		running.Tone, running.Heading = "warning", "The workflow was ended: "+strings.ToLower(found.Ended)
		running.Text = startsAgain(found)
	default:
		running.Restart = casePath(v.view.ID) + "/restart"
		running.Tone, running.Heading = "warning", "Temporal knows no workflow of this case"
		running.Text = startsAgain(found)
	}
	return running
}

// startsAgain says what becomes of an open case that does not run.
func startsAgain(found cases.Running) string {
	if found.Unserved {
		return "The case is open, and no worker serves the cases. Once one does, it is started again from the records, within ten minutes and at the stage where it stood."
	}
	return "The case is open. It is started again from the records, within ten minutes and at the stage where it stood."
}

func facts(view cases.View) []Fact {
	var all []Fact
	add := func(label, value string) {
		if value != "" {
			all = append(all, Fact{label, value})
		}
	}
	add("Case id", view.ID)
	add("Applicant id", view.ApplicantID)
	add("County plan", view.CountyPlan)
	add("Reviewer", view.Assignee)
	add("Opened", stamp(view.CreatedAt))
	add("Last written", stamp(view.UpdatedAt))
	add("Revision", fmt.Sprint(view.Revision))
	add("Policy", view.Policy.Version)
	if fee, due := view.FeeDue(); due {
		add("Fee due", spoken(fee)+", "+web.Words("en").Money(view.Policy.AmountCents(fee)))
	}
	if credit := view.Credit; credit != nil {
		add("Money kept", web.Words("en").Money(credit.AmountCents)+" for the "+spoken(credit.Fee)+" fee, until it is due again: payment "+credit.PaymentID)
	}
	add("12-month window ends", stamp(view.WindowEndsAt))
	if view.Exam != nil {
		add("Exam attempts left", fmt.Sprint(view.AttemptsLeft()))
		add("Exam authorization", view.Exam.AuthorizationID)
		add("Exam appointment", stamp(view.Exam.AppointmentAt))
	}
	if certificate := view.Certificate; certificate != nil {
		add("Certificate", certificate.Number)
		add("Term", fmt.Sprint(certificate.Term))
		add("Issued", stamp(certificate.IssuedAt))
		add("Expires", stamp(certificate.ExpiresAt))
		if !certificate.RenewBy.IsZero() || !certificate.RenewLateBy.IsZero() {
			add("Can be renewed until", stamp(view.RenewableUntil()))
		}
	}
	var returned []string
	for _, reason := range view.Returned {
		returned = append(returned, string(reason))
	}
	add("Returned for", strings.Join(returned, ", "))
	return all
}

// restart starts the workflow of the case again, as reconciliation would.
func (v *visit) restart() error {
	ctx := v.Request.Context()
	found, err := v.Cases.Running(ctx, v.actor, v.view.ID)
	if err != nil {
		return err
	}
	if found.State != cases.RunOpen && v.view.Stage != certification.StageClosed {
		if err := v.Cases.Restart(ctx, v.actor, v.view.ID); err != nil {
			return err
		}
		v.Log.InfoContext(ctx, "an administrator started a case again from its records", "case_id", v.view.ID, serve.RequestBy, v.actor.ID)
		v.sessions.Put(ctx, sessionDone, v.view.ID+" restart")
	}
	v.Redirect(http.StatusSeeOther, casePath(v.view.ID))
	return nil
}

// Events is the content of a page of the log.
type Events struct {
	Rows    []EventRow
	Earlier string
}

func (v *visit) events() error {
	found, err := v.Cases.Events(v.Request.Context(), v.actor, v.view.ID, cases.Page{Cursor: v.Query("after"), Limit: 100})
	if err != nil {
		return err
	}
	content := Events{Rows: eventRows(found.Events)}
	if found.Next != "" {
		content.Earlier = casePath(v.view.ID) + "/events?after=" + found.Next
	}
	return show(v, http.StatusOK, "events", v.frame("The log of "+v.view.Number), content)
}

func eventRows(events []cases.Event) []EventRow {
	var rows []EventRow
	for _, event := range events {
		row := EventRow{
			Number: event.Number, At: stamp(event.At), What: event.What(), By: strings.TrimSpace(string(event.Actor.Role) + " " + event.Actor.ID),
			Detail: detail(event.Event), Void: event.Void, NoEffect: event.Ignored != "", Request: event.RequestID, Reason: spoken(event.Ignored),
		}
		if event.To != event.From && event.To != "" {
			row.To = spoken(event.To)
		}
		rows = append(rows, row)
	}
	return rows
}

// detail puts the codes and ids of an event into a line.
func detail(event certification.Event) string {
	var parts []string
	add := func(values ...string) {
		for _, value := range values {
			if value != "" {
				parts = append(parts, value)
			}
		}
	}
	d := event.Details
	add(string(d.Decision))
	for _, reason := range d.Reasons {
		add(string(reason))
	}
	if d.Training != "" {
		add("training: " + string(d.Training))
	}
	for _, reason := range d.TrainingReasons {
		add(string(reason))
	}
	add(spoken(d.Fee), spoken(d.Promise), d.Code)
	if d.Passed != nil {
		add(map[bool]string{true: "passed", false: "not passed"}[*d.Passed])
	}
	if d.Days != 0 {
		add(plural(d.Days, "day"))
	}
	add(d.ID)
	return strings.Join(parts, ", ")
}
