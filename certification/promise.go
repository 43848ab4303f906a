package certification

import (
	"cmp"
	"slices"
	"time"
)

// PromiseKind names what a case waits for. Most stages wait for one thing and
// their promise has the stage's name.
type PromiseKind string

// Promises that are not the one of a stage.
const (
	// PromiseVendorResult: the exam vendor's result, after an appointment.
	PromiseVendorResult PromiseKind = "vendor_result"
	// PromiseResultsNotice: our formal notice, after the result reached us.
	PromiseResultsNotice PromiseKind = "results_notice"
	// PromiseHold: somebody of ours looks at a case on hold.
	PromiseHold PromiseKind = "hold"
)

// Consequence says what happens when a promise is not kept in time.
type Consequence string

// The consequences.
const (
	ThenAbandoned    Consequence = "case_abandoned"   // the draft is given up
	ThenBackToDraft  Consequence = "back_to_draft"    // the application is unsubmitted
	ThenEscalated    Consequence = "escalated"        // more of us hear of it, every day; never decided by itself
	ThenWindowClosed Consequence = "window_closed"    // the 12-month window is over
	ThenAwaitResult  Consequence = "awaiting_results" // the appointment has ended
	ThenRenewalOpens Consequence = "renewal_opens"    // 90 days before expiry
	ThenExpired      Consequence = "expired"          // the certificate is not valid any more
	ThenRenewalEnds  Consequence = "renewal_ends"     // the renewal is a draft again, and there is time to send it
	ThenVacated      Consequence = "vacated"          // no late renewal any more
	ThenCaseClosed   Consequence = "case_closed"      // the time to appeal is over
)

// RungKind is what a rung of a promise does.
type RungKind string

// The kinds of rung.
const (
	RungReminder   RungKind = "reminder"   // a letter to whom we wait for
	RungEscalation RungKind = "escalation" // it is shown to those who lead
	RungDue        RungKind = "due"        // the due instant itself
	RungOverdue    RungKind = "overdue"    // daily, after the due instant
)

// Rung is one step of the ladder before and after a due instant.
type Rung struct {
	At     time.Time `json:"at"`
	Kind   RungKind  `json:"kind"`
	Letter Letter    `json:"letter,omitempty"`
}

// Promise is one wait: what, from whom, since and by when, and what happens if
// not. The applicant's sentence, the reviewer's row, the operator's card and the
// armed timer all come from it.
type Promise struct {
	ID      string      `json:"id"`
	Kind    PromiseKind `json:"kind"`
	WaitsOn Party       `json:"waits_on"`
	Since   time.Time   `json:"since"`
	DueAt   time.Time   `json:"due_at"`
	Then    Consequence `json:"then"`
	// DueLetter goes out when the due instant passes and the promise outlives it.
	DueLetter Letter `json:"due_letter,omitempty"`
	// Overdue is true from the due instant of a promise that outlives it.
	Overdue bool `json:"overdue,omitempty"`
	// StoppedAt is when its clock was stopped; zero while it runs.
	StoppedAt time.Time `json:"stopped_at,omitzero"`
	// Rungs lie ahead, earliest first; never empty.
	Rungs []Rung `json:"rungs"`
}

// Running says whether the clock of a promise runs.
func (p Promise) Running() bool { return p.StoppedAt.IsZero() }

// PromiseRequest asks for a promise; Open makes it one.
type PromiseRequest struct {
	Kind    PromiseKind
	WaitsOn Party
	Due     Deadline
	Then    Consequence
	// DueLetter goes out when the due instant passes and the promise outlives it.
	DueLetter Letter
	// After and Before are rungs counted in days from now and back from the due instant.
	After, Before []RungRequest
}

// RungRequest asks for a rung some days after opening or before the due instant.
type RungRequest struct {
	Days   int
	Kind   RungKind
	Letter Letter
}

// Open makes the promise at an instant. Rungs that would lie in the past, or not
// before the due instant, are left out.
func (r PromiseRequest) Open(id string, now time.Time) Promise {
	promise := Promise{ID: id, Kind: r.Kind, WaitsOn: r.WaitsOn, Since: now, DueAt: r.Due.At(now), Then: r.Then, DueLetter: r.DueLetter}
	add := func(at time.Time, rung RungRequest) {
		if at.After(now) && at.Before(promise.DueAt) {
			promise.Rungs = append(promise.Rungs, Rung{At: at, Kind: rung.Kind, Letter: rung.Letter})
		}
	}
	for _, rung := range r.After {
		add(AddDays(now, rung.Days), rung)
	}
	for _, rung := range r.Before {
		add(AddDays(promise.DueAt, -rung.Days), rung)
	}
	promise.Rungs = append(promise.Rungs, Rung{At: promise.DueAt, Kind: RungDue, Letter: r.DueLetter})
	slices.SortStableFunc(promise.Rungs, func(a, b Rung) int { return a.At.Compare(b.At) })
	return promise
}

// Climb takes the earliest rung off and gives it. After the last there is always
// another, a day later, so that a promise that is not kept is never forgotten.
//
// When time was lost (nothing ran over a rung), it gives the latest rung that has
// come: of three reminders that are late, one is sent. The due instant is never
// passed over.
func (p *Promise) Climb(now time.Time) Rung {
	i := 0
	for i+1 < len(p.Rungs) && p.Rungs[i].Kind != RungDue && !p.Rungs[i+1].At.After(now) {
		i++
	}
	rung := p.Rungs[i]
	p.Rungs = slices.Clone(p.Rungs[i+1:])
	if len(p.Rungs) == 0 {
		const day = 24 * time.Hour
		late := max(0, now.Sub(rung.At)) / day
		p.Rungs = []Rung{{At: rung.At.Add((late + 1) * day), Kind: RungOverdue}}
	}
	if rung.Kind == RungDue {
		p.Overdue = true
	}
	return rung
}

// Move shifts a promise by calendar days. A due instant that comes to lie ahead
// again is a rung again.
func (p *Promise) Move(days int, now time.Time) {
	p.DueAt = AddDays(p.DueAt, days)
	rungs := make([]Rung, 0, len(p.Rungs)+1)
	for _, rung := range p.Rungs {
		if rung.Kind != RungOverdue {
			rungs = append(rungs, Rung{At: AddDays(rung.At, days), Kind: rung.Kind, Letter: rung.Letter})
		}
	}
	if p.Overdue && p.DueAt.After(now) {
		p.Overdue = false
		rungs = append(rungs, Rung{At: p.DueAt, Kind: RungDue, Letter: p.DueLetter})
	}
	if len(rungs) == 0 {
		rungs = append(rungs, Rung{At: now.Add(24 * time.Hour), Kind: RungOverdue})
	}
	p.Rungs = rungs
}

// Resume lets a stopped clock go on with the calendar days that were left, and says
// by how many days it moved.
func (p *Promise) Resume(now time.Time) (days int) {
	days = DaysBetween(p.StoppedAt, now)
	p.StoppedAt = time.Time{}
	p.Move(days, now)
	return days
}

// Next is the promise whose rung comes first among those whose clock runs; nil if
// no clock runs. Of two at one instant the one opened first wins.
func Next(promises []Promise) *Promise {
	var next *Promise
	for i := range promises {
		promise := &promises[i]
		if !promise.Running() {
			continue
		}
		if next == nil || cmp.Or(promise.Rungs[0].At.Compare(next.Rungs[0].At), promise.Since.Compare(next.Since)) < 0 {
			next = promise
		}
	}
	return next
}
