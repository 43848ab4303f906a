package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Candidates are the records of people that were left for the exam vendor.
type Candidates interface {
	// RemoveCandidate deletes the record that went with an authorization. It may be
	// repeated.
	RemoveCandidate(ctx context.Context, authorizationID string) error
}

// Erasure says that something of a case was erased, without saying what it was.
type Erasure struct {
	CaseID string                    `json:"-"` // empty of a person who never had one
	Class  certification.RecordClass `json:"class"`
	Items  int                       `json:"items"` // rows, or documents
	At     time.Time                 `json:"at"`
}

const (
	// looksAtOnce is how many cases are listed at a time.
	looksAtOnce = 100
	// eraseFor bounds one call of EraseDue, by the real time. The next goes on.
	eraseFor = 5 * time.Minute
	// lookAgainDays is after how long a case is looked at again in any case: it may go by
	// another retention table by then.
	lookAgainDays = 30
)

// EraseDue erases what was kept for its time by certification.RetentionTable, and tells of
// each erasure that is on record. A case is looked at when it took a step, and when the
// next of its records is due; so many cases are looked at as five minutes allow. It may be
// repeated after any failure, and run twice at the same time: what a case has to lose is
// decided and hidden in one transaction under the lock of the case, the bucket comes next,
// and a row that says where something lies goes last, with the line that says so.
//
// A case that fails does not hold up the others, unless a part is down; the error names the
// first.
func (c *Cases) EraseDue(ctx context.Context, told func(Erasure)) error {
	began, now := time.Now(), c.now()
	var after queries.CasesToLookAtRow
	after.ID = "00000000-0000-0000-0000-000000000000"
	var failures []error
	for time.Since(began) < eraseFor {
		rows, err := c.Store.CasesToLookAt(ctx, queries.CasesToLookAtParams{Now: now, AfterAt: after.EraseAt, AfterID: after.ID, Most: looksAtOnce})
		if err != nil {
			return fmt.Errorf("looking for what was kept for its time: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			if err := c.eraseOf(ctx, row.ID, told); err != nil {
				err = fmt.Errorf("erasing of case %s: %w", row.ID, err)
				if down(err) || ctx.Err() != nil {
					return err
				}
				failures = append(failures, err)
			}
		}
		after = rows[len(rows)-1]
	}
	if err := c.eraseUnopened(ctx, told); err != nil {
		failures = append(failures, fmt.Errorf("erasing of people without a case: %w", err))
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d failures, the first: %w", len(failures), failures[0])
	}
	return nil
}

// down says that a part does not answer, so that the next case would fail as well.
func down(err error) bool {
	refusal, is := certification.RefusalOf(err)
	return is && refusal.Type == certification.RefusedUnavailable || errors.Is(err, store.ErrUnavailable)
}

// eraseOf erases what is due of a case, and says when to look at it next. That comes
// last: whatever fails before, the case is looked at again.
func (c *Cases) eraseOf(ctx context.Context, caseID string, told func(Erasure)) error {
	var seen *look
	var erased []Erasure
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		var err error
		if seen, err = c.lookAt(ctx, q, caseID); err != nil || seen.tooYoung {
			return err
		}
		erased, err = seen.erase(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, erasure := range erased {
		told(erasure)
	}
	if err := c.emptyBucket(ctx, caseID, told); err != nil {
		return err
	}
	if seen.contact {
		waits, err := c.eraseContact(ctx, caseID, seen.of.ApplicantID, told)
		if err != nil {
			return err
		}
		if waits {
			seen.soon(certification.AddDays(seen.now, 1))
		}
	}
	return c.Store.LookNextAt(ctx, queries.LookNextAtParams{
		ID: caseID, At: seen.next, Revision: seen.row.Revision, UpdatedAt: seen.row.UpdatedAt,
	})
}

// emptyBucket deletes the content of a case's documents that are hidden, and then their
// rows. Until then each row says what is still to be deleted; that something was erased is
// written once the bucket holds nothing of it.
func (c *Cases) emptyBucket(ctx context.Context, caseID string, told func(Erasure)) error {
	hidden, err := c.Store.HiddenDocuments(ctx, caseID)
	if err != nil {
		return err
	}
	for i := 0; i < len(hidden); {
		class, from := hidden[i].ErasingFor, i
		for ; i < len(hidden) && hidden[i].ErasingFor == class; i++ {
			if err := c.Storage.Remove(ctx, certification.Document{ID: hidden[i].ID}); err != nil {
				return fmt.Errorf("removing the content of document %s: %w", hidden[i].ID, err)
			}
		}
		erasure := Erasure{CaseID: caseID, Class: certification.RecordClass(class), At: c.now()}
		err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
			erasure.Items = 0
			for _, document := range hidden[from:i] {
				rows, err := q.DropDocument(ctx, document.ID)
				if err != nil {
					return err
				}
				erasure.Items += int(rows)
			}
			return note(ctx, q, erasure)
		})
		if err != nil {
			return err
		}
		if erasure.Items > 0 {
			told(erasure)
		}
	}
	return nil
}

// note writes down that something was erased; nothing if nothing was.
func note(ctx context.Context, q *queries.Queries, erasure Erasure) error {
	if erasure.Items == 0 {
		return nil
	}
	return q.AddErasure(ctx, queries.AddErasureParams{
		CaseID: erasure.CaseID, Class: string(erasure.Class), Items: erasure.Items, At: erasure.At,
	})
}

// look is one look at a case, which is locked for as long.
type look struct {
	q   *queries.Queries
	now time.Time
	row queries.LockCaseToEraseRow
	of  certification.Case
	// table has the rules of the case's policy for what belongs to cases. The others go by
	// themselves (store.Forgotten).
	table    []certification.Retention
	tooYoung bool // nothing of the case can be due yet, and no more of it was read

	turns
	notBefore time.Time // nothing of the case goes earlier; zero unless it ended in doubt
	handedIn  []string
	documents []queries.Document
	drafts    []queries.FilledDraftsRow

	next    time.Time // when to look again
	contact bool      // the person may have been kept for their time
}

// lookAt reads what erasing goes by.
func (c *Cases) lookAt(ctx context.Context, q *queries.Queries, caseID string) (*look, error) {
	now := c.now().UTC().Truncate(time.Microsecond)
	l := &look{q: q, now: now, next: certification.AddDays(now, lookAgainDays)}
	var err error
	if l.row, err = q.LockCaseToErase(ctx, caseID); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(l.row.Snapshot, &l.of); err != nil {
		return nil, fmt.Errorf("decoding the snapshot: %w", err)
	}
	for _, rule := range certification.RetentionTable(l.of.Policy) {
		if err := rule.Check(); err != nil {
			return nil, err
		}
		if !slices.Contains(store.Forgotten(), rule.Record) {
			l.table = append(l.table, rule)
		}
	}
	if l.tooYoung = l.isTooYoung(); l.tooYoung {
		return l, nil
	}
	if l.turns, err = turnsOf(ctx, q, &l.of, l.row.UpdatedAt); err != nil {
		return nil, err
	}
	if l.inDoubt {
		l.notBefore = longestFromEnd(l.table, l.closedAt)
	}
	if l.handedIn, err = q.HandedInDocuments(ctx, caseID); err != nil {
		return nil, err
	}
	if l.documents, err = q.DocumentsOf(ctx, caseID); err != nil {
		return nil, err
	}
	l.drafts, err = q.FilledDrafts(ctx, caseID)
	return l, err
}

// turns are what of the story of a case its times begin with.
type turns struct {
	closedAt, decidedAt time.Time // of the case, and of its application for good; zero where it was not
	// inDoubt says that it was closed while it was on hold or suspended, or a payment
	// disputed. A person may withdraw from a hold, and what it was about is still open.
	inDoubt bool
}

func turnsOf(ctx context.Context, q *queries.Queries, of *certification.Case, updatedAt time.Time) (turns, error) {
	at, err := q.TurnsOfCase(ctx, of.ID)
	if err != nil || of.Stage != certification.StageClosed {
		return turns{decidedAt: at.DecidedAt}, err
	}
	if at.ClosedAt.IsZero() {
		at.ClosedAt = updatedAt // a case without a log of its own was made up as closed
	}
	return turns{closedAt: at.ClosedAt, decidedAt: at.DecidedAt, inDoubt: at.Held || of.NeedsAttention(certification.AttentionDispute)}, nil
}

// longestFromEnd is when the last goes of what is kept from the end of a case on.
func longestFromEnd(table []certification.Retention, closedAt time.Time) (last time.Time) {
	for _, rule := range table {
		if ends := rule.Ends(closedAt); rule.Start == certification.FromCaseEnd && ends.After(last) {
			last = ends
		}
	}
	return last
}

// isTooYoung says that a case began so short a time ago that nothing of it can be due:
// every time begins with the case or later.
func (l *look) isTooYoung() bool {
	var first time.Time
	for _, rule := range l.table {
		if ends := rule.Ends(l.row.CreatedAt); !ends.IsZero() && (first.IsZero() || ends.Before(first)) {
			first = ends
		}
	}
	if !l.now.Before(first) {
		return false
	}
	l.soon(first)
	return true
}

// soon brings the next look forward.
func (l *look) soon(at time.Time) {
	if at.Before(l.next) {
		l.next = at
	}
}

// past says whether something has been kept for its time; if not, the next look is then.
func (l *look) past(rule certification.Retention, start time.Time) bool {
	ends := rule.Ends(start)
	if ends.IsZero() {
		return false
	}
	if ends.Before(l.notBefore) {
		ends = l.notBefore
	}
	if l.now.Before(ends) {
		l.soon(ends)
		return false
	}
	return true
}

// errNoEraser is a class of records that the table lets go and that nobody erases.
var errNoEraser = errors.New("the retention table lets a class of records go that nothing here erases")

// erase erases what is due of the case in the records, and hides the documents that are.
func (l *look) erase(ctx context.Context) ([]Erasure, error) {
	erasers := l.erasers()
	var erased []Erasure
	for _, rule := range l.table {
		if rule.Forever {
			continue
		}
		erase, is := erasers[rule.Record]
		if !is {
			return nil, fmt.Errorf("class %s: %w", rule.Record, errNoEraser)
		}
		items, err := erase(ctx, rule)
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", rule.Record, err)
		}
		erasure := Erasure{CaseID: l.of.ID, Class: rule.Record, Items: items, At: l.now}
		if err := note(ctx, l.q, erasure); err != nil {
			return nil, err
		}
		if items > 0 {
			erased = append(erased, erasure)
		}
	}
	return erased, nil
}
