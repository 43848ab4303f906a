package certification

import (
	"errors"
	"slices"
	"time"
)

// Transition is one step of a case. It is written in one transaction: the
// snapshot, the event, the changes of promises, the notices due and the rows that
// leave the house. The workflow builds it from what it knows; Settle adds what
// needs the calendar, the clock and new ids.
type Transition struct {
	// Case is the case after the step, but for what Settle adds. Its Revision is the
	// number of this step.
	Case  Case  `json:"case"`
	Event Event `json:"event"`

	// Task is when the workflow task began in which the step is made. A task can be
	// given up while its step is on the way to the records, and another begin: the
	// records then refuse the older one (ErrSuperseded). Zero is a step whose task has
	// completed; it is never refused so.
	Task time.Time `json:"task,omitzero"`

	Open   []PromiseRequest `json:"open,omitempty"`
	Close  []PromiseKind    `json:"close,omitempty"`
	Stop   []PromiseKind    `json:"stop,omitempty"`
	Resume []PromiseKind    `json:"resume,omitempty"`
	// Extend moves the promise of the stage by calendar days, and the window where it runs.
	Extend int `json:"extend,omitempty"`

	Notices []NoticeRequest `json:"notices,omitempty"`

	// Window and Expiry ask for the end of the 12-month window and of a term. An expiry of
	// months begins a term, from where it counts; one of days prolongs that under way.
	Window *Deadline `json:"window,omitempty"`
	Expiry *Deadline `json:"expiry,omitempty"`

	// Ask opens a payment row; Payment says what became of the one that was open, Credit
	// of one that had ended before and whose money came all the same.
	Ask     bool            `json:"ask,omitempty"`
	Payment *PaymentOutcome `json:"payment,omitempty"`
	Credit  *PaymentOutcome `json:"credit,omitempty"`

	// CheckAgain are documents whose check, which does not end, is to be tried at once.
	CheckAgain []string `json:"check_again,omitempty"`

	// Corrected are authorizations of whose exam the vendor said something else than the case
	// acted upon, which nobody of ours had seen to when the case closed: the inbox keeps them.
	Corrected []string `json:"corrected,omitempty"`

	Authorize bool `json:"authorize,omitempty"` // a new authorization to test
	Issue     bool `json:"issue,omitempty"`     // a new certificate number

	// Submit takes a draft out of the applicant's hands at the revision given; a row
	// that has moved on makes the records refuse the step. Reopen gives it back.
	Submit *DraftAt `json:"submit,omitempty"`
	Reopen Form     `json:"reopen,omitempty"`
}

// ErrSuperseded is a step from a workflow task that was given up: a later task has
// written to the case. Trying again cannot help.
var ErrSuperseded = errors.New("a later workflow task has written to this case")

// Event is one line of the log of a case: append-only, ids and codes only.
type Event struct {
	Signal Signal `json:"signal,omitempty"` // empty when time did it
	Name   string `json:"name,omitempty"`   // what happened, where no signal says it
	Key    string `json:"key"`              // the message's, or one made of what happened
	Actor  Actor  `json:"actor"`
	From   Stage  `json:"from"`
	To     Stage  `json:"to"`
	// Ignored is why a message had no effect; empty if it had.
	Ignored string `json:"ignored,omitempty"`
	// RequestID is of the HTTP request that brought the message, if one did.
	RequestID string       `json:"request_id,omitempty"`
	Details   EventDetails `json:"details,omitzero"`
}

// EventDetails are the codes and ids of an event.
type EventDetails struct {
	Decision  Decision     `json:"decision,omitempty"`
	Reasons   []ReasonCode `json:"reasons,omitempty"`
	ID        string       `json:"id,omitempty"` // of the payment, document, authorization …
	Fee       Fee          `json:"fee,omitempty"`
	Promise   PromiseKind  `json:"promise,omitempty"`
	Code      string       `json:"code,omitempty"`
	Passed    *bool        `json:"passed,omitempty"`
	Days      int          `json:"days,omitempty"`
	Versions  []string     `json:"versions,omitempty"` // of texts that were accepted
	Documents []string     `json:"documents,omitempty"`
	// Training is what was decided about a training certificate that came with the
	// application, and TrainingReasons why it was returned.
	Training        Decision     `json:"training,omitempty"`
	TrainingReasons []ReasonCode `json:"training_reasons,omitempty"`
}

// Names of events that no signal brings.
const (
	EventReminder        = "reminder"
	EventEscalation      = "escalation"
	EventDue             = "due"
	EventOverdue         = "overdue"
	EventNoticeSent      = "notice-sent"
	EventAttentionRaised = "attention-raised"
	EventAttentionEnded  = "attention-ended"
	EventCancelRequested = "cancel-requested"
	EventUnknownMessage  = "unknown-message"
)

// EventNames lists them.
var EventNames = []string{
	EventReminder, EventEscalation, EventDue, EventOverdue, EventNoticeSent,
	EventAttentionRaised, EventAttentionEnded, EventCancelRequested, EventUnknownMessage,
}

// What names what happened: the signal, or the event where no signal brought it.
func (e Event) What() string {
	if e.Signal != "" {
		return string(e.Signal)
	}
	return e.Name
}

// NoticeRequest asks for a letter. Facts that the case knows after the step
// (WindowEndsAt, CertificateNumber, ExpiresAt, AttemptsLeft, Stage …) are filled in,
// and DueAt from the promise named, or else from that of the stage.
type NoticeRequest struct {
	Letter Letter      `json:"letter"`
	Facts  Facts       `json:"facts"`
	DueOf  PromiseKind `json:"due_of,omitempty"`
	// Keeps is a promise that is kept when the letter was sent.
	Keeps PromiseKind `json:"keeps,omitempty"`
}

// PaymentOutcome is what became of a payment row.
type PaymentOutcome struct {
	ID     string `json:"id"`
	Status string `json:"status"` // one of the Payment statuses but PaymentOpen
	// At is when the money arrived; zero where none did now.
	At time.Time `json:"at,omitzero"`
}

// What can become of a payment row.
const (
	PaymentOpen          = "open"
	PaymentPaid          = "paid"
	PaymentDropped       = "failed"   // it ended without money: declined, expired, or the case went on without it
	PaymentWaived        = "waived"   // settled without money
	PaymentCredit        = "credit"   // paid, after it had ended: it counts once the fee is due again
	PaymentSurplus       = "surplus"  // paid, after it had ended and the fee needs it no more: it is to be given back
	PaymentRefundedWhole = "refunded" // all of it went back
)

// Form names a draft.
type Form string

// The forms.
const (
	FormApplication Form = "application"
	FormTraining    Form = "training"
	FormRenewal     Form = "renewal"
	FormAppeal      Form = "appeal"
)

// DraftAt is a draft at a revision.
type DraftAt struct {
	Form     Form `json:"form"`
	Revision int  `json:"revision"`
}

// Settled is what a written transition answers: the parts that the workflow could
// not know. It is recorded in the history of the case.
type Settled struct {
	At       time.Time `json:"at"`
	Promises []Promise `json:"promises"`
	// NoticeIDs are in the order of Transition.Notices.
	NoticeIDs         []string  `json:"notice_ids,omitempty"`
	PaymentID         string    `json:"payment_id,omitempty"`
	AuthorizationID   string    `json:"authorization_id,omitempty"`
	CertificateNumber string    `json:"certificate_number,omitempty"`
	WindowEndsAt      time.Time `json:"window_ends_at,omitzero"`
	ExpiresAt         time.Time `json:"expires_at,omitzero"`
	TermBegan         time.Time `json:"term_began,omitzero"`    // comes with ExpiresAt
	RenewBy           time.Time `json:"renew_by,omitzero"`      // see Certificate
	RenewLateBy       time.Time `json:"renew_late_by,omitzero"` // see Certificate
	// Refused is why the records refused the step: rows had moved on. Nothing was written.
	Refused *Refusal `json:"refused,omitempty"`
	// Repeated is true when the message was recorded long ago: nothing was written.
	Repeated bool `json:"repeated,omitempty"`
}

// Settle works out what a transition made at now needs from the calendar, and
// takes new ids and numbers from the functions given.
func (t Transition) Settle(now time.Time, newID func() string, newCertificateNumber func() string) Settled {
	settled := Settled{At: now}
	stood := t.held(now)
	if t.Window != nil {
		window := *t.Window
		if !window.NotBefore.IsZero() {
			// A floor is for the end that the window has once the hold is over.
			window.NotBefore = AddDays(window.NotBefore, stood)
			settled.WindowEndsAt = AddDays(window.At(now), -stood)
		} else {
			settled.WindowEndsAt = window.At(now)
		}
	}
	if t.Expiry != nil {
		settled.ExpiresAt, settled.TermBegan = t.Expiry.At(now), t.termBegan(now)
	}
	held := t.endsHold()
	if t.Window == nil && t.Case.WindowRuns() {
		moved := t.Extend
		if held != nil {
			moved = DaysBetween(held.Since, now)
		}
		if moved != 0 {
			settled.WindowEndsAt = AddDays(t.Case.WindowEndsAt, moved)
		}
	}
	promises := t.Case.Clone().Promises
	promises = slices.DeleteFunc(promises, func(p Promise) bool { return slices.Contains(t.Close, p.Kind) })
	for i := range promises {
		promise := &promises[i]
		// The due instant of such a promise is the end of the window, and moves with it.
		ofWindow := promise.Then == ThenWindowClosed
		if slices.Contains(t.Stop, promise.Kind) && promise.Running() {
			promise.StoppedAt = now
		}
		if slices.Contains(t.Resume, promise.Kind) && !promise.Running() {
			if ofWindow && held != nil {
				promise.StoppedAt = held.Since // the window stood still also before the case came to this stage
			}
			promise.Resume(now)
		}
		if t.Extend != 0 && promise.Kind == StagePromise(t.Case.Stage) {
			promise.Move(t.Extend, now)
		}
		if ofWindow && t.Window != nil {
			promise.Move(DaysBetween(promise.DueAt, settled.WindowEndsAt), now)
		}
	}
	settled.RenewBy, settled.RenewLateBy = t.timeToRenew(promises, now)
	opened := len(promises)
	for _, request := range t.Open {
		if request.Then == ThenWindowClosed && stood > 0 {
			// Its reminders go by the end that the window has once the hold is over.
			ends := later(t.Case.WindowEndsAt, settled.WindowEndsAt)
			request.Due = Deadline{From: AddDays(ends, stood), Exact: true}
			promise := request.Open(newID(), now)
			promise.Move(-stood, now)
			promises = append(promises, promise)
			continue
		}
		promises = append(promises, request.Open(newID(), now))
	}
	of := t.Case.Clone()
	settled.date(of.Certificate)
	for i := range promises {
		if i >= opened || !settled.RenewBy.IsZero() {
			of.remindOfTimeGiven(&promises[i], now)
		}
		if t.Case.OnHold && promises[i].Running() && promises[i].Kind != PromiseHold {
			promises[i].StoppedAt = now // a stage reached while on hold begins with its clock stopped
		}
		promises[i].Then = of.ConsequenceOf(promises[i])
	}
	settled.Promises = promises
	for range t.Notices {
		settled.NoticeIDs = append(settled.NoticeIDs, newID())
	}
	if t.Ask {
		settled.PaymentID = newID()
	}
	if t.Authorize {
		settled.AuthorizationID = newID()
	}
	if t.Issue {
		settled.CertificateNumber = newCertificateNumber()
	}
	return settled
}

// termBegan is when the term begins, or began, whose end a step asks for.
func (t Transition) termBegan(now time.Time) time.Time {
	switch {
	case t.Expiry.Months == 0:
		return t.Case.TermBegan()
	case t.Expiry.From.IsZero():
		return now
	}
	return t.Expiry.From
}

// endsHold is the promise of the hold that a step ends; nil if it ends none.
func (t Transition) endsHold() *Promise {
	if t.Case.Stage == StageClosed || !slices.Contains(t.Close, PromiseHold) {
		return nil
	}
	return t.Case.Promise(PromiseHold)
}

// held is how many days a case has been on hold, where it stays so.
func (t Transition) held(now time.Time) int {
	if hold := t.Case.Promise(PromiseHold); t.Case.OnHold && hold != nil {
		return DaysBetween(hold.Since, now)
	}
	return 0
}

// timeToRenew is until when a renewal can be sent, in time and late, where somebody of
// ours gave more time for that than everybody has, or took it by a hold; zero where
// nothing changes. promises are those that the step leaves open.
func (t Transition) timeToRenew(promises []Promise, now time.Time) (inTime, late time.Time) {
	certificate := t.Case.Certificate
	if certificate == nil {
		return inTime, late
	}
	open := Case{Promises: promises}
	longer := func(stage Stage, than time.Time) time.Time {
		promise := open.Promise(StagePromise(stage))
		if promise == nil {
			promise = t.Case.Promise(StagePromise(stage)) // it ends with this step
		}
		if promise == nil || !promise.DueAt.After(than) {
			return time.Time{}
		}
		return promise.DueAt
	}
	// What a hold takes of the time to renew while no promise of the case counts that.
	lost := 0
	switch t.Case.Stage {
	case StageCertified, StageRenewalFee, StageRenewalReview, StageRenewalReturned:
		if held := t.endsHold(); held != nil {
			opened := AddDays(certificate.ExpiresAt, -t.Case.Policy.RenewalOpensDays)
			lost = max(0, DaysBetween(later(held.Since, opened), now))
		}
	}
	until := t.Case.RenewableUntil()
	if certificate.Lapsed {
		if late = longer(StageExpired, until); lost > 0 {
			late = AddDays(until, lost)
		}
		return inTime, late
	}
	if inTime = longer(StageRenewal, until); lost > 0 {
		inTime = AddDays(until, lost)
	}
	return inTime, late
}

// date gives a certificate its dates; nil is no certificate.
func (s Settled) date(certificate *Certificate) {
	if certificate == nil {
		return
	}
	if !s.ExpiresAt.IsZero() {
		// An answer of before the beginning was kept has none: that of another term must not stay.
		certificate.ExpiresAt, certificate.TermBegan = s.ExpiresAt, s.TermBegan
	}
	if !s.RenewBy.IsZero() {
		certificate.RenewBy = s.RenewBy
	}
	if !s.RenewLateBy.IsZero() {
		certificate.RenewLateBy = s.RenewLateBy
	}
}

// Apply gives the case after the transition. The workflow and the records both
// use it, so they cannot differ.
func (t Transition) Apply(settled Settled) Case {
	after := t.Case.Clone()
	after.Promises = settled.Promises
	if !settled.WindowEndsAt.IsZero() {
		after.WindowEndsAt = settled.WindowEndsAt
	}
	if t.Ask && after.Payment != nil {
		after.Payment.ID, after.Payment.AskedAt = settled.PaymentID, settled.At
	}
	if t.Authorize && after.Exam != nil {
		after.Exam.AuthorizationID = settled.AuthorizationID
	}
	if after.Certificate != nil {
		if t.Issue {
			after.Certificate.Number, after.Certificate.IssuedAt = settled.CertificateNumber, settled.At
		}
	}
	settled.date(after.Certificate)
	for i := range after.Attention {
		if after.Attention[i].Since.IsZero() {
			after.Attention[i].Since = settled.At
		}
	}
	return after
}

// FactsOf completes the facts of a letter from the case after the transition.
func (r NoticeRequest) FactsOf(after Case, now time.Time) Facts {
	facts := r.Facts
	facts.Credited = after.Credit != nil
	facts.Stage, facts.Suspended, facts.RenewUntil = after.Stage, after.Suspended, after.RenewableUntil()
	facts.RenewalDenied = after.RevokedWhileDenied()
	if hold := after.Promise(PromiseHold); after.OnHold && hold != nil {
		facts.HoldDueAt = hold.DueAt
	}
	if after.Exam != nil && facts.AppointmentAt.IsZero() {
		facts.AppointmentAt = after.Exam.AppointmentAt
	}
	due := r.DueOf
	if due == "" {
		due = StagePromise(after.Stage)
	}
	if promise := after.Promise(due); promise != nil && facts.DueAt.IsZero() {
		facts.DueAt = promise.DueAt
	}
	if facts.WindowEndsAt.IsZero() {
		facts.WindowEndsAt = after.WindowEndsAt
	}
	if after.Certificate != nil {
		facts.CertificateNumber, facts.ExpiresAt = after.Certificate.Number, after.Certificate.ExpiresAt
		facts.TimeGiven = after.TimeGiven()
		facts.DaysLeft = max(0, DaysBetween(now, after.Certificate.ExpiresAt))
	}
	facts.AttemptsLeft = after.AttemptsLeft()
	return facts
}
