package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
	"peercert/web/serve"
)

// action is how the console asks for a signal of administrators.
type action struct {
	signal certification.Signal
	title  string // what the button says
	does   string // what happens, in a sentence
	// grave asks to be sure: what is done is seen by the public, or ends something.
	grave bool
	field field
	// message puts what was filled in into the signal, or says what is wrong with it.
	message func(value string) (certification.Message, string)
	// check says what is wrong with a message for this case; nil for nothing.
	check func(view cases.View, message certification.Message, now time.Time) string
}

// field is the one thing that a signal needs; without a label it needs none.
type field struct {
	label, hint string
	number      bool
	suggested   []string
	optional    bool
}

func without[M certification.Message](message func() M) func(string) (certification.Message, string) {
	return func(string) (certification.Message, string) { return message(), "" }
}

// because makes a message of a reason's code, which may be left out.
func because(message func(reason string) certification.Message) func(string) (certification.Message, string) {
	return func(value string) (certification.Message, string) {
		if value != "" && !certification.IsCause(value) {
			return nil, "Write a code: small letters, digits and _, at most 60. No names and no sentences: the log keeps it for good."
		}
		return message(value), ""
	}
}

func reason(suggested ...string) field {
	return field{label: "Reason", hint: "A code such as " + strings.Join(suggested, " or ") + ". It is kept in the log and in Temporal: no names, no sentences.", suggested: suggested, optional: true}
}

// told is the reason of a signal that the person is told, in the letter and on the pages
// of their case.
func told(signal certification.Signal) field {
	field := reason(certification.CausesOf(signal)...)
	field.hint += " The person reads a sentence for each of these; of another code, that they can ask us."
	return field
}

// actions has a row for each signal of administrators, in the order of the page: what
// mends first, then what is grave, and last what is hardly ever needed.
var actions = []action{
	{
		signal: certification.SignalRetryStep,
		title:  "Try again now", does: "Tries at once everything that this case has under way, and takes away all notes named vendor, cancel and unknown. A correction by the exam vendor is not noted a second time: look at it first.",
		message: without(func() *certification.RetryStep { return &certification.RetryStep{} }),
	},
	{
		signal: certification.SignalReleaseHold,
		title:  "Let it go on", does: "Ends the hold. Clocks that it stopped go on with the time that was left, and the applicant gets a letter.",
		message: without(func() *certification.ReleaseHold { return &certification.ReleaseHold{} }),
	},
	{
		signal: certification.SignalReassign,
		title:  "Give to another reviewer", does: "Gives this review to the reviewer whom you name. The clock goes on.",
		field: field{label: "Reviewer's id", hint: "As in the log, such as r-02."},
		message: func(value string) (certification.Message, string) {
			if !certification.IsActorID(value) {
				return nil, "Write the id of a reviewer: letters, digits and the marks . _ | : - only."
			}
			return &certification.Reassign{ReviewerID: value}, ""
		},
	},
	{
		signal: certification.SignalExtendDeadline,
		title:  "Give more time", does: "Moves the day on which the current step is due, and with it the 12-month window where that is the day. The applicant gets a letter with the new day.",
		field: field{label: "Days to add", hint: "1 to 366.", number: true},
		message: func(value string) (certification.Message, string) {
			days, err := strconv.Atoi(value)
			if err != nil || days < 1 || days > 366 {
				return nil, "Write a whole number of days from 1 to 366."
			}
			return &certification.ExtendDeadline{Days: days}, ""
		},
		check: notPast,
	},
	{
		signal: certification.SignalHold,
		title:  "Put on hold", does: "Stops the case and its clocks. The applicant gets a letter that says so, and by when we look at it again.",
		field:   told(certification.SignalHold),
		message: because(func(reason string) certification.Message { return &certification.Hold{Reason: reason} }),
	},
	{
		signal: certification.SignalWaiveFee,
		title:  "Waive the fee", does: "Settles the fee that is due without money. The case is at its next step, and the applicant gets a letter.",
		grave: true, field: reason("scholarship", "county_pays"),
		message: because(func(reason string) certification.Message { return &certification.WaiveFee{Reason: reason} }),
	},
	{
		signal: certification.SignalReinstate,
		title:  "End the suspension", does: "Ends the suspension: the certificate counts again for as long as it has not expired. The person gets a letter.", grave: true,
		message: without(func() *certification.Reinstate { return &certification.Reinstate{} }),
	},
	{
		signal: certification.SignalSuspend,
		title:  "Suspend the certificate", does: "The public sees the certificate as suspended, and the person gets a letter. It can be reinstated.",
		grave: true, field: told(certification.SignalSuspend),
		message: because(func(reason string) certification.Message { return &certification.Suspend{Reason: reason} }),
	},
	{
		signal: certification.SignalRevoke,
		title:  "Revoke the certificate", does: "Takes the certificate away. The public sees it as revoked. The person gets a letter and has 30 days to appeal. An appeal about a renewal that was denied ends with it, and can be sent again if the certificate is given back.",
		grave: true, field: told(certification.SignalRevoke),
		message: because(func(reason string) certification.Message { return &certification.Revoke{Reason: reason} }),
	},
	{
		signal: certification.SignalWake,
		title:  "Look at the clock again", does: "The case asks for the time and sets its timer anew. Changes nothing else.",
		message: without(func() *certification.Wake { return &certification.Wake{} }),
	},
	{
		signal: certification.SignalStartNewRun,
		title:  "Start a new run", does: "The workflow goes on in a new run with a short history, as soon as it is quiet. Nobody notices.",
		message: without(func() *certification.StartNewRun { return &certification.StartNewRun{} }),
	},
}

// notPast says how many days are needed at least to give a day that lies ahead: a letter
// with a day in the past helps nobody.
func notPast(view cases.View, message certification.Message, now time.Time) string {
	extended, is := message.(*certification.ExtendDeadline)
	if due := view.DueAt(); is && !due.IsZero() && due.AddDate(0, 0, extended.Days).Before(now) {
		return "That day has passed already. Add at least " + plural(int(now.Sub(due)/(24*time.Hour))+1, "day") + "."
	}
	return ""
}

// actionOf is the row of a signal.
func actionOf(signal certification.Signal) (action, bool) {
	at := slices.IndexFunc(actions, func(row action) bool { return row.signal == signal })
	if at < 0 {
		return action{}, false
	}
	return actions[at], true
}

func signalPath(caseID string, signal certification.Signal) string {
	return casePath(caseID) + "/signals/" + string(signal)
}

func newKey() string { return uuid.NewString() }

// actions are what can be sent now: the same list as the API's available_signals.
func (v *visit) actions() []ActionLink {
	var all []ActionLink
	for _, row := range actions {
		if slices.Contains(v.view.Available, row.signal) {
			all = append(all, ActionLink{row.title, row.does, string(row.signal), signalPath(v.view.ID, row.signal)})
		}
	}
	return all
}

// Ask is the content of the form of a signal.
type Ask struct {
	Title, Does, Signal string
	Action, Key         string
	Refused             string // why it cannot be sent; then there is no form
	Grave               bool
	Label, Hint, Value  string
	Number, Optional    bool
	Suggested           []string
	FieldError          string
	SureError           string
	// What the decision is about.
	Says, Due string
}

func (v *visit) asked() (Ask, action, error) {
	signal := certification.Signal(v.Param("signal"))
	row, known := actionOf(signal)
	if !known {
		return Ask{}, action{}, certification.NotFound()
	}
	ask := Ask{
		Title: row.title, Does: row.does, Signal: string(signal), Action: signalPath(v.view.ID, signal), Key: newKey(), Grave: row.grave,
		Label: row.field.label, Hint: row.field.hint, Number: row.field.number, Optional: row.field.optional, Suggested: row.field.suggested,
		Says: says(v.view), Due: stamp(v.view.DueAt()),
	}
	return ask, row, nil
}

func (v *visit) askSignal() error {
	ask, _, err := v.asked()
	if err != nil {
		return err
	}
	status := http.StatusOK
	if refusal := v.view.AcceptsFrom(certification.Signal(ask.Signal), v.actor); refusal != nil {
		ask.Refused, status = refusal.Detail, http.StatusConflict
	}
	return show(v, status, "signal", v.frame(ask.Title), ask)
}

func (v *visit) sendSignal() error {
	ask, row, err := v.asked()
	if err != nil {
		return err
	}
	if key, err := uuid.Parse(v.PostForm("key")); err == nil {
		ask.Key = key.String() // sending it again is doing it once
	}
	ask.Value = strings.TrimSpace(v.PostForm("value"))
	message, wrong := row.message(ask.Value)
	if wrong == "" && row.check != nil {
		wrong = row.check(v.view, message, v.Now())
	}
	frame := v.frame(ask.Title)
	if wrong != "" {
		ask.FieldError = wrong
		frame.Problems = append(frame.Problems, web.Problem{ID: "value", Text: wrong})
	}
	if row.grave && v.PostForm("sure") == "" {
		ask.SureError = "Tick that you are sure, or go back to the case."
		frame.Problems = append(frame.Problems, web.Problem{ID: "sure", Text: ask.SureError})
	}
	if len(frame.Problems) > 0 {
		return show(v, http.StatusUnprocessableEntity, "signal", frame, ask)
	}
	_, err = v.Cases.Send(v.Request.Context(), v.actor, cases.Send{
		CaseID: v.view.ID, Key: ask.Key, RequestID: v.requestID(), Message: message,
	})
	if err != nil {
		return v.refusedSignal(ask, err)
	}
	v.sessions.Put(v.Request.Context(), sessionDone, v.view.ID+" "+ask.Signal)
	v.Redirect(http.StatusSeeOther, casePath(v.view.ID))
	return nil
}

// refusedSignal shows the form again, with what was filled in and why it was not done.
func (v *visit) refusedSignal(ask Ask, err error) error {
	refusal, is := certification.RefusalOf(err)
	if !is {
		return err
	}
	frame, status, text := v.frame(ask.Title), http.StatusConflict, refusal.Detail
	if refusal.Type != certification.RefusedUnavailable {
		ask.Key = newKey() // what was refused was not done; what is sent next is another thing
	}
	switch refusal.Type {
	case certification.RefusedUnavailable:
		status, text = http.StatusServiceUnavailable, "The case did not answer in time. It may still be carried out. Send the same again: it is done once."
		v.Header("Retry-After", fmt.Sprint(max(1, int(refusal.RetryAfter.Seconds()))))
		v.Set(serve.Failure, serve.FailureText(err))
	case certification.RefusedIdempotencyKeyReused:
		text = "What you sent before from this form may have been carried out. Look at the case, and send this if it is still right."
	case certification.RefusedInvalid, certification.RefusedMalformed:
		status = http.StatusUnprocessableEntity
		for _, finding := range refusal.Findings {
			text = finding.Detail
		}
	case certification.RefusedNotFound:
		return err
	default:
		// Somebody was quicker: what is shown is the case as it now is.
		if now, err := v.Cases.Case(v.Request.Context(), v.actor, v.view.ID); err == nil {
			v.view = now
			ask.Says, ask.Due = says(now), stamp(now.DueAt())
			if refused := now.AcceptsFrom(certification.Signal(ask.Signal), v.actor); refused != nil {
				ask.Refused = refused.Detail
				return show(v, status, "signal", frame, ask)
			}
		}
	}
	frame.Problems = []web.Problem{{Text: text}}
	return show(v, status, "signal", frame, ask)
}

// done says once what was just sent.
func (v *visit) done() *web.Notice {
	about, signal, _ := strings.Cut(v.sessions.GetString(v.Request.Context(), sessionDone), " ")
	if about == "" || about != v.view.ID {
		return nil
	}
	v.sessions.Remove(v.Request.Context(), sessionDone)
	if signal == "restart" {
		return &web.Notice{Tone: "success", Heading: "Done: started again from the records"}
	}
	row, _ := actionOf(certification.Signal(signal))
	return &web.Notice{Tone: "success", Heading: "Done: " + strings.ToLower(row.title)}
}
