package workflows

import (
	"time"

	"peercert/certification"
)

// Start is what a run begins with: the snapshot of a case, and what one run hands
// to the next. Fields are only ever added: a sleeper's input is years old.
type Start struct {
	Case    certification.Case `json:"case"`
	Carried Carried            `json:"carried,omitzero"`
	// Patience bounds how long the errands of the case are tried before it asks for
	// attention; zero leaves each kind its own. It is an input and no constant, so that
	// a run is replayed with what it began with.
	Patience time.Duration `json:"patience,omitempty"`
}

// Carried is what a run hands on beside the case.
type Carried struct {
	// Run counts the runs before this one.
	Run int `json:"run,omitempty"`
	// Seen are the keys of the newest messages, oldest first.
	Seen []string `json:"seen,omitempty"`
	// Errands are those not done when the run was left.
	Errands []Errand `json:"errands,omitempty"`
	// Recent are the newest events, for the card.
	Recent []Line `json:"recent,omitempty"`
	// Ahead is how far the clock of cases is ahead of Temporal's.
	Ahead time.Duration `json:"ahead,omitempty"`
}

// Line is one event on the card.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

const (
	keptKeys  = 100 // the records' unique index remembers all
	keptLines = 5
)

// story is one run of a case under way.
type story struct {
	Start

	step    *certification.Transition // under way, not recorded yet
	before  certification.Case        // the case before that step
	inbound *inbound                  // who sent the message that the step acts on
	wakers  []*inbound                // who asked for the time to be read
	again   []Errand                  // errands of the step that are repeated

	queue   []*inbound // updates that wait for the story
	signals []signal
	timer   *timer
	errands []*errand
	writing bool // a step is on its way to the records: c.before is what holds
	wake    bool // ask for the time again
	retry   bool // try unfinished errands again at once
	leaving bool // leave the run as soon as it is quiet
	held    int  // how often it was quiet and could not be left

	console         string // see Cases
	temporalNow     func() time.Time
	changed         func(change string) bool // see versions.go
	published       attributes
	cancelRequested func() bool
	cancelNoted     bool
}

var noTime time.Time

// now is the time by the clock that cases live by. The clock is asked in
// activities; in between, Temporal's own time carries on from there.
func (c *story) now() time.Time { return c.temporalNow().Add(c.Carried.Ahead) }

// begin opens the step that acts on an event.
func (c *story) begin(event certification.Event) {
	c.before = c.Case.Clone()
	event.From = c.Case.Stage
	c.step = &certification.Transition{Event: event}
}

// reviewOf pairs the stages in which a case waits for something else with the review
// whose clock is stopped meanwhile: what was returned, and a revocation that may have
// been a mistake.
var reviewOf = map[certification.Stage]certification.PromiseKind{
	certification.StageApplicationReturned: certification.StagePromise(certification.StageApplicationReview),
	certification.StageTrainingReturned:    certification.StagePromise(certification.StageTrainingReview),
	certification.StageRenewalReturned:     certification.StagePromise(certification.StageRenewalReview),
	certification.StageRevoked:             certification.StagePromise(certification.StageRenewalReview),
	certification.StageAppealReview:        certification.StagePromise(certification.StageRenewalReview),
}

// move ends the step: the case is at the next stage, whose promise is opened, or
// goes on where its clock was stopped; promises of the stage before are closed.
func (c *story) move(next certification.Stage) {
	step := c.step
	if step == nil {
		return // a message that changes nothing, such as wake
	}
	step.Event.To = next
	if c.Case.Stage != next {
		for _, promise := range c.Case.Promises {
			if !belongs(promise.Kind, next) {
				c.closePromise(promise.Kind)
			}
		}
		c.Case.Stage = next
		switch kind := certification.StagePromise(next); {
		case next == certification.StageClosed:
			c.Case.ClearAttention(certification.AttentionDocument, "") // nobody waits for it any more
			step.Corrected = c.corrected()
			c.Case.ClearAttention(certification.AttentionVendor, "") // nobody can send retry-step any more
		case c.Case.Promise(kind) != nil:
			step.Resume = append(step.Resume, kind)
		default:
			c.renew(next)
		}
	}
}

// belongs says whether a promise stays open at a stage.
func belongs(kind certification.PromiseKind, stage certification.Stage) bool {
	if stage == certification.StageClosed {
		return false
	}
	return kind == certification.StagePromise(stage) || kind == reviewOf[stage] ||
		kind == certification.PromiseResultsNotice || kind == certification.PromiseHold
}

// renew opens the promise of a stage, in place of one that is open.
func (c *story) renew(stage certification.Stage) {
	window := certification.Deadline{From: c.Case.WindowEndsAt, Exact: true}
	if c.step.Window != nil {
		window = *c.step.Window
	}
	var expiry certification.Deadline
	switch certificate := c.Case.Certificate; {
	case c.step.Expiry != nil:
		expiry = *c.step.Expiry
	case certificate != nil:
		expiry = certification.Deadline{From: certificate.ExpiresAt, Exact: true}
	}
	kind := certification.StagePromise(stage)
	c.closePromise(kind)
	c.step.Open = append(c.step.Open, c.Case.PromiseOf(stage, window, expiry))
}

// closePromise closes an open promise, if there is one of the kind, and ends the
// attention that it had raised.
func (c *story) closePromise(kind certification.PromiseKind) {
	if promise := c.Case.Promise(kind); promise != nil {
		c.Case.EndAttention(promise.ID)
		c.step.Close = append(c.step.Close, kind)
	}
}

// stopClock stops the clock of the stage's promise; it stays open.
func (c *story) stopClock() {
	kind := certification.StagePromise(c.Case.Stage)
	if promise := c.Case.Promise(kind); promise != nil {
		c.Case.EndAttention(promise.ID)
	}
	c.step.Stop = append(c.step.Stop, kind)
}

// submit takes a draft out of the applicant's hands.
func (c *story) submit(form certification.Form, revision int) {
	c.step.Submit = &certification.DraftAt{Form: form, Revision: revision}
}

func (c *story) appointment(id string, at, endsAt time.Time) {
	exam := c.Case.Exam
	exam.AppointmentID, exam.AppointmentAt, exam.EndsAt = id, at, endsAt
	c.step.Event.Details.ID = id
}
