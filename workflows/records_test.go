package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"peercert/activities"
	"peercert/certification"
)

// records keeps what a case writes as PostgreSQL would: one transaction a step,
// guarded by revision and key, with the void rule. It also stands for what leaves
// the house.
type records struct {
	now func() time.Time

	mutex          sync.Mutex
	last           int
	projection     certification.Case
	events         []*entry
	notices        []*notice
	payments       map[string]*payment
	authorizations map[string]bool // sent
	permits        []time.Time     // the last day of every authorization that was sent, in order
	checkouts      map[string]int  // how often the page of a payment was opened
	drafts         map[certification.Form]int

	// down makes the parts fail: "records", "mail", "stripe", "vendor".
	down map[string]bool
	// onCommit looks at every step as it is written.
	onCommit func(certification.Transition, certification.Case)
}

type entry struct {
	certification.Event
	revision int
	at       time.Time
	settled  certification.Settled
	after    certification.Case
	voided   bool
}

type notice struct {
	id       string
	letter   certification.Letter
	facts    certification.Facts
	revision int
	sent     int
	sentAt   time.Time
	voided   bool
}

type payment struct {
	fee     certification.Fee
	term    int // of the certificate, when it was asked for
	cents   int64
	status  string
	askedAt time.Time
}

func newRecords(now func() time.Time) *records {
	return &records{
		now: now, payments: map[string]*payment{}, authorizations: map[string]bool{}, checkouts: map[string]int{},
		drafts: map[certification.Form]int{certification.FormApplication: 1, certification.FormTraining: 1, certification.FormRenewal: 1, certification.FormAppeal: 1},
		down:   map[string]bool{},
	}
}

var errDown = errors.New("down, as the test wants it")

func (r *records) newID() string {
	r.last++
	return fmt.Sprintf("id-%d", r.last)
}

// Commit is written after the rules of activities.Records, and store.Commit.
func (r *records) Commit(_ context.Context, t certification.Transition) (certification.Settled, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.down["records"] {
		return certification.Settled{}, errDown
	}
	now := r.now()
	if r.projection.Revision >= t.Case.Revision {
		for _, written := range r.events {
			if !written.voided && written.revision == t.Case.Revision && written.Key == t.Event.Key {
				return written.settled, nil
			}
		}
		r.void(t.Case.Revision)
	}
	for _, written := range r.events {
		if !written.voided && written.Key == t.Event.Key {
			return certification.Settled{At: now, Repeated: true}, nil
		}
	}
	if t.Submit != nil && r.drafts[t.Submit.Form] != t.Submit.Revision {
		return certification.Settled{At: now, Refused: certification.StaleRevision()}, nil
	}
	settled := t.Settle(now, r.newID, func() string { return "PSS-0000-" + r.newID() })
	after := t.Apply(settled)
	r.projection = after.Clone()
	r.events = append(r.events, &entry{Event: t.Event, revision: after.Revision, at: now, settled: settled, after: after})
	for i, request := range t.Notices {
		r.notices = append(r.notices, &notice{
			id: settled.NoticeIDs[i], letter: request.Letter, facts: request.FactsOf(after, now), revision: after.Revision,
		})
	}
	for _, outcome := range []*certification.PaymentOutcome{t.Payment, t.Credit} {
		if outcome != nil && r.payments[outcome.ID] != nil {
			r.payments[outcome.ID].status = outcome.Status
		}
	}
	if t.Ask {
		term := 0
		if after.Certificate != nil {
			term = after.Certificate.Term
		}
		r.payments[after.Payment.ID] = &payment{fee: after.Payment.Fee, term: term, cents: after.Payment.AmountCents, status: "open", askedAt: now}
	}
	if t.Authorize {
		r.authorizations[after.Exam.AuthorizationID] = false
	}
	if r.onCommit != nil {
		r.onCommit(t, after)
	}
	return settled, nil
}

func (r *records) void(from int) {
	for _, e := range r.events {
		e.voided = e.voided || e.revision >= from
	}
	for _, n := range r.notices {
		n.voided = n.voided || n.revision >= from && n.sent == 0
	}
}

func (r *records) SendNotice(_ context.Context, id string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.down["mail"] {
		return errDown
	}
	i := slices.IndexFunc(r.notices, func(n *notice) bool { return n.id == id })
	if i < 0 {
		return fmt.Errorf("there is no notice %s: %w", id, activities.ErrPermanent)
	}
	if n := r.notices[i]; n.sent == 0 && !n.voided {
		n.sent, n.sentAt = n.sent+1, r.now()
	}
	return nil
}

func (r *records) OpenCheckout(_ context.Context, id string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.down["stripe"] {
		return errDown
	}
	r.checkouts[id]++
	return nil
}

func (r *records) SendAuthorization(_ context.Context, id string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.down["vendor"] {
		return errDown
	}
	r.authorizations[id] = true
	r.permits = append(r.permits, r.projection.WindowEndsAt)
	return nil
}

func (r *records) CollectExamFiles(context.Context) (int, error)  { return 0, nil }
func (r *records) CheckDocument(context.Context, string) error    { return nil }
func (r *records) TellDocumentLate(context.Context, string) error { return nil }
func (r *records) SweepDocuments(context.Context) (int, error)    { return 0, nil }
func (r *records) set(part string, down bool)                     { r.mutex.Lock(); r.down[part] = down; r.mutex.Unlock() }
func (r *records) read(look func())                               { r.mutex.Lock(); defer r.mutex.Unlock(); look() }
func (r *records) all() (events []*entry) {
	r.read(func() {
		for _, e := range r.events {
			if !e.voided {
				events = append(events, e)
			}
		}
	})
	return events
}

func (r *records) isDown(part string) (down bool) {
	r.read(func() { down = r.down[part] })
	return down
}
