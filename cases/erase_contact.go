package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// eraseContact erases how a person is reached, and the name of who was never certified,
// once none of their cases needs it. They are signed out: without an address nobody can
// sign in as them. waits says that something is still on its way to them, so that it has
// to be tried again soon.
//
// What was left for the exam vendor goes first: the authorizations that name it stay, so it
// can be found again whatever happens in between.
func (c *Cases) eraseContact(ctx context.Context, caseID, applicantID string, told func(Erasure)) (waits bool, err error) {
	person, err := c.Store.ReadApplicant(ctx, applicantID)
	if err != nil || person.ErasedAt != nil {
		return false, err
	}
	over, waits, err := c.contactOver(ctx, c.Store.Queries, applicantID)
	if err != nil || !over || waits {
		return waits, err
	}
	authorizations, err := c.Store.AuthorizationIDs(ctx, applicantID)
	if err != nil {
		return false, err
	}
	for _, id := range authorizations {
		if err := c.Candidates.RemoveCandidate(ctx, id); err != nil {
			return false, fmt.Errorf("removing the candidate record of authorization %s: %w", id, err)
		}
	}
	erasure := Erasure{CaseID: caseID, Class: certification.RecordContact, At: c.now()}
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		erasure.Items = 0
		person, err := q.LockApplicant(ctx, applicantID) // who begins another case waits, or was before
		if err != nil || person.ErasedAt != nil {
			return err
		}
		if over, waits, err = c.contactOver(ctx, q, applicantID); err != nil || !over || waits {
			return err
		}
		if err := forgetPerson(ctx, q, applicantID, erasure.At); err != nil {
			return err
		}
		erasure.Items = 1
		return note(ctx, q, erasure)
	})
	if err == nil && erasure.Items > 0 {
		told(erasure)
	}
	return waits, err
}

// forgetPerson erases how a person who is locked is reached, with the words of letters that
// could never be sent, and signs them out.
func forgetPerson(ctx context.Context, q *queries.Queries, applicantID string, at time.Time) error {
	// Sessions go by the real time.
	if err := q.EraseContact(ctx, queries.EraseContactParams{ID: applicantID, At: at, RealTime: time.Now()}); err != nil {
		return err
	}
	if _, err := q.EraseUnsentLetters(ctx, queries.EraseUnsentLettersParams{ApplicantID: applicantID, At: at}); err != nil {
		return err
	}
	if err := q.ForgetTokens(ctx, queries.ForgetTokensParams{Role: string(certification.RoleApplicant), ActorID: applicantID}); err != nil {
		return err
	}
	return q.ForgetCustomer(ctx, applicantID)
}

// waitDays is for how long an address is kept beyond its time because something is still
// on its way to it: a letter that nobody can deliver, or a case that Temporal never opened,
// is no reason to keep it for ever.
const waitDays = 90

// contactOver says whether every case of a person is closed for so long that nobody needs
// to reach them; and if so, whether something is still on its way. With an open or younger
// case it is that case's turn to find it.
func (c *Cases) contactOver(ctx context.Context, q *queries.Queries, applicantID string) (over, waits bool, err error) {
	rows, err := q.CasesOfPerson(ctx, applicantID)
	if err != nil {
		return false, false, err
	}
	var last time.Time
	for _, row := range rows {
		var of certification.Case
		if err := json.Unmarshal(row.Snapshot, &of); err != nil {
			return false, false, fmt.Errorf("decoding the snapshot of case %s: %w", row.ID, err)
		}
		at, err := turnsOf(ctx, q, &of, row.UpdatedAt)
		if err != nil {
			return false, false, err
		}
		rule := certification.RetentionOf(of.Policy, certification.RecordContact)
		if err := rule.Check(); err != nil {
			return false, false, fmt.Errorf("case %s: %w", row.ID, err)
		}
		ends := rule.Ends(at.closedAt)
		if ends.IsZero() || c.now().Before(ends) {
			return false, false, nil
		}
		if ends.After(last) {
			last = ends
		}
	}
	if !c.now().Before(certification.AddDays(last, waitDays)) {
		return true, false, nil
	}
	waits, err = q.StillNeeded(ctx, applicantID)
	return true, waits, err
}

// eraseUnopened erases how people are reached whose address was confirmed and whose case
// was never opened, after the time that an address is kept and waitDays more. There is no
// case that could say so; their registrations go with the next sweep.
func (c *Cases) eraseUnopened(ctx context.Context, told func(Erasure)) error {
	now := c.now()
	rule := certification.RetentionOf(certification.CurrentPolicy(now), certification.RecordContact)
	if err := rule.Check(); err != nil || rule.Forever {
		return err
	}
	before := certification.AddMonths(certification.AddDays(now, -rule.Days-waitDays), -12*rule.Years-rule.Months)
	people, err := c.Store.PeopleWithoutCase(ctx, queries.PeopleWithoutCaseParams{Before: before, Most: looksAtOnce})
	if err != nil {
		return err
	}
	for _, id := range people {
		erasure := Erasure{Class: certification.RecordContact, At: now}
		err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
			erasure.Items = 0
			person, err := q.LockApplicant(ctx, id) // who begins a case waits, or was before
			if err != nil || person.ErasedAt != nil {
				return err
			}
			if has, err := q.HasCase(ctx, id); err != nil || has {
				return err
			}
			erasure.Items = 1
			return forgetPerson(ctx, q, id, now)
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

// here gives a person who is locked unless how to reach them was erased: then a request
// that was still running finds nobody.
func here(person queries.Applicant, err error) (queries.Applicant, error) {
	if store.None(err) || err == nil && person.ErasedAt != nil {
		return queries.Applicant{}, certification.NotFound()
	}
	return person, err
}
