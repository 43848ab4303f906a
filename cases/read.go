package cases

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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
	if len(row.Returned) > 0 {
		notes, err := c.Store.LatestNotesOf(ctx, caseID)
		if err != nil {
			return View{}, failed(err, "reading notes")
		}
		view.Notes = map[certification.ReasonCode]string{}
		for _, note := range notes { // oldest first: the newest stays
			if slices.Contains(row.Returned, certification.ReasonCode(note.Code)) {
				view.Notes[certification.ReasonCode(note.Code)] = note.Note
			}
		}
	}
	return view, nil
}

// view is a case without what needs another row.
func (c *Cases) view(actor certification.Actor, row store.CaseRow) View {
	view := View{Case: row.Case, Available: row.AvailableSignals(actor), CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	view.Slow = slices.ContainsFunc(slow, view.NeedsAttention)
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
// with. A late review or hold is told by its promise.
var slow = []string{
	certification.AttentionRecords, certification.AttentionNotice, certification.AttentionCheckout,
	certification.AttentionAuthorization, certification.AttentionVendor, certification.AttentionDocument,
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
	if filter.Cursor != "" {
		after, id, ok := strings.Cut(unpackCursor(filter.Cursor), " ")
		at, err := time.Parse(time.RFC3339Nano, after)
		if !ok || err != nil || !isID(id) {
			return List{}, badCursor()
		}
		chosen.AfterAt, chosen.AfterID = at, id
	}
	rows, err := c.Store.ListCases(ctx, chosen)
	if err != nil {
		return List{}, failed(err, "listing cases")
	}
	list := List{Cases: []View{}}
	for i, row := range rows {
		if i == filter.Limit {
			last := rows[i-1]
			list.Next = packCursor(last.SortAt.Format(time.RFC3339Nano) + " " + last.ID)
			break
		}
		list.Cases = append(list.Cases, c.view(actor, row))
	}
	views := []*View{}
	for i := range list.Cases {
		views = append(views, &list.Cases[i])
	}
	return list, c.withoutOwnDecisions(ctx, actor, views...)
}

func packCursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func unpackCursor(cursor string) string {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "" // which is no cursor either
	}
	return string(text)
}

func badCursor() error {
	return certification.Malformed(certification.Finding{Field: "cursor", Code: "not_a_cursor", Detail: "Use next_cursor of the part before."})
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
	for i, row := range rows {
		if i == page.Limit {
			events.Next = packCursor(strconv.FormatInt(rows[i-1].ID, 10))
			break
		}
		event := Event{Number: row.Revision, At: row.At, Void: row.VoidedAt != nil}
		if err := json.Unmarshal(row.Event, &event.Event); err != nil {
			return Events{}, fmt.Errorf("decoding an event of case %s: %w", caseID, err)
		}
		events.Events = append(events.Events, event)
	}
	return events, nil
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

// Payments are the fees that were asked for, oldest first.
func (c *Cases) Payments(ctx context.Context, actor certification.Actor, caseID string) ([]Payment, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, err := c.Store.PaymentsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading payments")
	}
	payments := []Payment{}
	for _, row := range rows {
		payment := Payment{
			ID: row.ID, Fee: certification.Fee(row.Fee), AmountCents: row.AmountCents, Currency: row.Currency,
			Status: row.Status, AskedAt: row.AskedAt, SettledAt: at(row.SettledAt),
		}
		if actor.Role == certification.RoleApplicant && row.Status == "open" && c.now().Before(at(row.CheckoutExpiresAt)) {
			payment.CheckoutURL = row.CheckoutUrl
		}
		payments = append(payments, payment)
	}
	return payments, nil
}

// at is a column that may be empty as a time that may be zero.
func at(column *time.Time) time.Time {
	if column == nil {
		return time.Time{}
	}
	return *column
}
