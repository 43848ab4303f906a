package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Case is a case as an actor may see it.
func (c *Cases) Case(ctx context.Context, actor certification.Actor, caseID string) (View, error) {
	row, err := c.find(ctx, actor, caseID)
	if err != nil {
		return View{}, err
	}
	view := c.view(actor, row)
	if err := c.withoutOwnDecisions(ctx, actor, &view); err != nil {
		return View{}, err
	}
	if row.Payment != nil && actor.Role == certification.RoleApplicant {
		payment, err := c.Store.ReadPayment(ctx, row.Payment.ID)
		if err != nil && !store.None(err) {
			return View{}, failed(err, "reading a payment")
		}
		if expires := at(payment.CheckoutExpiresAt); c.now().Before(expires) {
			view.CheckoutURL, view.CheckoutExpiresAt = payment.CheckoutUrl, expires
		}
	}
	if len(row.Returned) > 0 && actor.Role == certification.RoleApplicant {
		view.Notes, err = c.notes(ctx, row)
	}
	return view, err
}

// notes are a reviewer's words to what was returned.
func (c *Cases) notes(ctx context.Context, row store.CaseRow) (map[certification.ReasonCode]string, error) {
	rows, err := c.Store.LatestNotesOf(ctx, row.ID)
	if err != nil {
		return nil, failed(err, "reading notes")
	}
	notes := map[certification.ReasonCode]string{}
	for _, note := range rows { // oldest first: the newest stays
		if slices.Contains(row.Returned, certification.ReasonCode(note.Code)) {
			notes[certification.ReasonCode(note.Code)] = note.Note
		}
	}
	return notes, nil
}

// view is a case without what needs another row.
func (c *Cases) view(actor certification.Actor, row store.CaseRow) View {
	view := View{Case: row.Case, Available: row.AvailableSignals(actor), CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	view.Slow = slices.ContainsFunc(row.Attention, func(a certification.Attention) bool {
		return slices.Contains(slow, a.Code) || a.Code == certification.AttentionVendor && awaits(row.Case, a.ID)
	})
	view.ChecksLate = view.NeedsAttention(certification.AttentionDocument)
	view.Surplus = view.NeedsAttention(certification.AttentionSurplus)
	if actor.Role == certification.RoleApplicant {
		if row.Exam != nil && row.Exam.Authorized {
			view.BookingURL = c.BookingURL + "?authorization=" + row.Exam.AuthorizationID
		}
		view.Assignee, view.Attention = "", nil
	}
	return view
}

// slow are the codes of attention that a person waits for without knowing: ours to get on
// with. A late review or hold is told by its promise, the exam vendor by awaits.
var slow = []string{
	certification.AttentionRecords, certification.AttentionNotice, certification.AttentionCheckout,
	certification.AttentionAuthorization, certification.AttentionDocument,
}

// awaits says whether a case waits for what an attention of the exam vendor is about: an
// open promise or the attempt under way. A correction of an exam that was acted upon waits
// for somebody of ours, and the case goes on.
func awaits(c certification.Case, id string) bool {
	return c.Exam != nil && c.Exam.AuthorizationID == id ||
		slices.ContainsFunc(c.Promises, func(p certification.Promise) bool { return p.ID == id })
}

// List is a part of the cases that an actor may see.
func (c *Cases) List(ctx context.Context, actor certification.Actor, filter Filter) (List, error) {
	chosen := store.CaseFilter{
		Number: filter.Number, Stage: filter.Stage, WaitsOn: filter.WaitsOn, Assignee: filter.Assignee, Overdue: filter.Overdue,
		Attention: filter.Attention, CountyPlan: filter.CountyPlan, DueBefore: filter.DueBefore, Most: filter.Limit + 1,
	}
	switch actor.Role {
	case certification.RoleApplicant:
		if !isID(actor.ID) {
			return List{Cases: []View{}}, nil // nobody: an empty id would choose nothing away
		}
		chosen.ApplicantID = actor.ID
	case certification.RoleReviewer, certification.RoleAdministrator, certification.RoleService:
	default:
		return List{}, certification.Refused(certification.RefusedNotAllowed, "A list of cases is not for your role.")
	}
	after, err := placeOf(filter.Cursor, place{})
	if err != nil {
		return List{}, err
	}
	chosen.AfterAt, chosen.AfterID = after.at, after.id
	rows, err := c.Store.ListCases(ctx, chosen)
	if err != nil {
		return List{}, failed(err, "listing cases")
	}
	var list List
	rows, list.Next = cut(rows, filter.Limit, func(row store.CaseRow) string { return place{row.SortAt, row.ID}.String() })
	list.Cases = mapped(rows, func(row store.CaseRow) View { return c.view(actor, row) })
	views := []*View{}
	for i := range list.Cases {
		views = append(views, &list.Cases[i])
	}
	return list, c.withoutOwnDecisions(ctx, actor, views...)
}

// Events is a part of the log of a case, newest first.
func (c *Cases) Events(ctx context.Context, actor certification.Actor, caseID string, page Page) (Events, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return Events{}, err
	}
	before := int64(math.MaxInt64)
	if page.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(unpackCursor(page.Cursor), 10, 64); err != nil {
			return Events{}, badCursor()
		}
	}
	rows, err := c.Store.Events(ctx, queries.EventsParams{CaseID: caseID, Before: before, Most: int32(page.Limit + 1)})
	if err != nil {
		return Events{}, failed(err, "reading events")
	}
	events := Events{Events: []Event{}}
	rows, events.Next = cut(rows, page.Limit, func(row queries.EventsRow) string { return strconv.FormatInt(row.ID, 10) })
	for _, row := range rows {
		event := Event{Number: row.Revision, At: row.At, Void: row.VoidedAt != nil}
		if err := json.Unmarshal(row.Event, &event.Event); err != nil {
			return Events{}, fmt.Errorf("decoding an event of case %s: %w", caseID, err)
		}
		if actor.Role == certification.RoleApplicant {
			event.hideStaff()
		}
		events.Events = append(events.Events, event)
	}
	return events, nil
}

// hideStaff takes away who of ours did something, or was given a review: their role is told.
func (e *Event) hideStaff() {
	if e.Actor.Role != certification.RoleApplicant {
		e.Actor.ID = ""
	}
	if e.Signal == certification.SignalReassign {
		e.Details.ID = ""
	}
}

// Promises are all promises of a case, oldest first.
func (c *Cases) Promises(ctx context.Context, actor certification.Actor, caseID string) ([]Promise, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, err := c.Store.PromisesOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading promises")
	}
	promises := []Promise{}
	for _, row := range rows {
		promises = append(promises, Promise{
			Promise: certification.Promise{
				ID: row.ID, Kind: certification.PromiseKind(row.Kind), WaitsOn: certification.Party(row.WaitsOn),
				Since: row.Since, DueAt: row.DueAt, Then: certification.Consequence(row.Consequence), Overdue: row.Overdue,
				StoppedAt: at(row.StoppedAt), Rungs: []certification.Rung{{At: row.NextAt}},
			},
			EndedAt: at(row.EndedAt), Kept: row.Kept != nil && *row.Kept,
		})
	}
	return promises, nil
}

// Letters are the letters of a case, oldest first; with their words for its owner.
func (c *Cases) Letters(ctx context.Context, actor certification.Actor, caseID string) ([]Letter, error) {
	row, err := c.find(ctx, actor, caseID)
	if err != nil {
		return nil, err
	}
	rows, err := c.Store.NoticesOf(ctx, &caseID)
	if err != nil {
		return nil, failed(err, "reading letters")
	}
	return c.lettersOf(ctx, actor, row, rows)
}

// LettersPart is a part of the letters of a case, newest first; with their words for its
// owner.
func (c *Cases) LettersPart(ctx context.Context, actor certification.Actor, caseID string, page Page) (PartOf[Letter], error) {
	var part PartOf[Letter]
	row, err := c.find(ctx, actor, caseID)
	if err != nil {
		return part, err
	}
	rows, next, err := newest(page, func(before place, most int32) ([]queries.Notice, error) {
		return c.Store.NoticesBefore(ctx, queries.NoticesBeforeParams{CaseID: &caseID, BeforeAt: before.at, BeforeID: before.id, Most: most})
	}, func(row queries.Notice) place { return place{row.CreatedAt, row.ID} })
	if err != nil {
		return part, err
	}
	letters, err := c.lettersOf(ctx, actor, row, rows)
	return PartOf[Letter]{letters, next}, err
}

// Payments are the fees that were asked for, oldest first.
func (c *Cases) Payments(ctx context.Context, actor certification.Actor, caseID string) ([]Payment, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, err := c.Store.PaymentsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading payments")
	}
	return mapped(rows, func(row queries.Payment) Payment { return c.paymentOf(actor, row) }), nil
}

// PaymentsPart is a part of the fees that were asked for, newest first.
func (c *Cases) PaymentsPart(ctx context.Context, actor certification.Actor, caseID string, page Page) (PartOf[Payment], error) {
	var part PartOf[Payment]
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return part, err
	}
	rows, next, err := newest(page, func(before place, most int32) ([]queries.Payment, error) {
		return c.Store.PaymentsBefore(ctx, queries.PaymentsBeforeParams{CaseID: caseID, BeforeAt: before.at, BeforeID: before.id, Most: most})
	}, func(row queries.Payment) place { return place{row.AskedAt, row.ID} })
	if err != nil {
		return part, err
	}
	return PartOf[Payment]{mapped(rows, func(row queries.Payment) Payment { return c.paymentOf(actor, row) }), next}, nil
}

// paymentOf is a row as a payment; with its page for the owner, while it can be used.
func (c *Cases) paymentOf(actor certification.Actor, row queries.Payment) Payment {
	payment := Payment{
		ID: row.ID, Fee: certification.Fee(row.Fee), AmountCents: row.AmountCents, Currency: row.Currency,
		Status: row.Status, AskedAt: row.AskedAt, SettledAt: at(row.SettledAt),
	}
	if actor.Role == certification.RoleApplicant && row.Status == "open" && c.now().Before(at(row.CheckoutExpiresAt)) {
		payment.CheckoutURL = row.CheckoutUrl
	}
	return payment
}

// at is a column that may be empty as a time that may be zero.
func at(column *time.Time) time.Time {
	if column == nil {
		return time.Time{}
	}
	return *column
}
