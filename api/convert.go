package api

import (
	"encoding/json"
	"fmt"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"peercert/api/wire"
	"peercert/cases"
	"peercert/certification"
)

// optional is nil for a zero value: what is not known is absent on the wire.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func optionalText[T ~string](value T) *string { return optional(string(value)) }

func optionalTime(value time.Time) *time.Time {
	if value.IsZero() {
		return nil
	}
	value = value.UTC()
	return &value
}

func optionalList[T any](values []T) *[]T {
	if len(values) == 0 {
		return nil
	}
	return &values
}

func each[From, To any](from []From, convert func(From) To) []To {
	to := make([]To, 0, len(from))
	for _, value := range from {
		to = append(to, convert(value))
	}
	return to
}

func text[T ~string](value T) string { return string(value) }

func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}

// caseOf is a case as its reader may see it: who of ours works on it, and what
// needs our attention, is for staff; payment and booking pages are the owner's.
func caseOf(view cases.View, reader certification.Actor) wire.Case {
	c := wire.Case{
		ID: view.ID, Number: view.Number, Stage: string(view.Stage), Outcome: optionalText(view.Outcome),
		Revision: view.Revision, WaitsOn: string(view.WaitsOn()), DueAt: optionalTime(view.DueAt()), Overdue: view.Overdue(),
		OnHold: view.OnHold, Suspended: view.Suspended,
		Promises: each(view.Promises, func(p certification.Promise) wire.Promise {
			return promiseOf(cases.Promise{Promise: p}, reader)
		}),
		AvailableSignals: each(view.Available, text[certification.Signal]),
		CountyPlan:       optional(view.CountyPlan),
		Application:      wire.ApplicationSummary{Approved: view.ApplicationApproved},
		Training:         wire.TrainingSummary{Submitted: view.TrainingSubmitted, Approved: view.TrainingApproved},
		PolicyVersion:    view.Policy.Version,
		WindowEndsAt:     optionalTime(view.WindowEndsAt),
		AttemptsLeft:     view.AttemptsLeft(),
		PreviousCaseID:   optional(view.PreviousCaseID),
		CreatedAt:        view.CreatedAt.UTC(), UpdatedAt: view.UpdatedAt.UTC(),
	}
	if staff(reader) {
		c.Assignee = optional(view.Assignee)
		c.Attention = optionalList(each(view.Attention, func(a certification.Attention) wire.Attention {
			return wire.Attention{Code: a.Code, Since: a.Since.UTC(), ID: optional(a.ID)}
		}))
	}
	c.Returned = optionalList(each(view.Returned, func(code certification.ReasonCode) wire.Returned {
		rule, _ := certification.ReasonOf(code)
		returned := wire.Returned{Code: string(code), Part: optionalText(rule.Part)}
		if !staff(reader) { // an answer of before may be kept with them
			returned.Note = optional(view.Notes[code])
		}
		return returned
	}))
	if p := view.Payment; p != nil {
		c.Payment = &wire.OpenPayment{
			ID: p.ID, Fee: string(p.Fee), AmountCents: p.AmountCents, Currency: view.Policy.Currency, AskedAt: p.AskedAt.UTC(),
		}
		if !staff(reader) {
			c.Payment.CheckoutURL, c.Payment.CheckoutExpiresAt = optional(view.CheckoutURL), optionalTime(view.CheckoutExpiresAt)
		}
	}
	if credit := view.Credit; credit != nil {
		c.Credit = &wire.Credit{
			PaymentID: credit.PaymentID, Fee: string(credit.Fee), AmountCents: credit.AmountCents, Currency: view.Policy.Currency, PaidAt: credit.PaidAt.UTC(),
		}
	}
	if e := view.Exam; e != nil {
		c.Exam = &wire.Exam{
			AuthorizationID: optional(e.AuthorizationID), Language: e.Language, Place: e.Place, Authorized: e.Authorized,
			AppointmentAt: optionalTime(e.AppointmentAt), EndsAt: optionalTime(e.EndsAt),
		}
		if !staff(reader) {
			c.Exam.BookingURL = optional(view.BookingURL)
		}
	}
	if held := view.Certificate; held != nil {
		c.Certificate = &wire.Certificate{Number: held.Number, IssuedAt: held.IssuedAt.UTC(), ExpiresAt: held.ExpiresAt.UTC(), Term: held.Term}
		c.Term = optional(held.Term)
	}
	return c
}

func promiseOf(p cases.Promise, reader certification.Actor) wire.Promise {
	promise := wire.Promise{
		ID: p.ID, Kind: string(p.Kind), WaitsOn: string(p.WaitsOn), Since: p.Since.UTC(), DueAt: p.DueAt.UTC(),
		StoppedAt: optionalTime(p.StoppedAt), Overdue: p.Overdue, Then: string(p.Then), EndedAt: optionalTime(p.EndedAt),
	}
	if !p.EndedAt.IsZero() {
		promise.Kept = &p.Kept
	}
	if staff(reader) && p.EndedAt.IsZero() && p.Running() && len(p.Rungs) > 0 {
		promise.NextAt = optionalTime(p.Rungs[0].At)
	}
	return promise
}

func eventOf(e cases.Event, reader certification.Actor) wire.Event {
	event := wire.Event{
		Number: e.Number, At: e.At.UTC(), Signal: optionalText(e.Signal), Name: optional(e.Name),
		From: optionalText(e.From), To: string(e.To), Ignored: optional(e.Ignored), Void: optional(e.Void),
	}
	event.Actor.Role = string(e.Actor.Role)
	if staff(reader) {
		event.Actor.ID = optional(e.Actor.ID)
	}
	d := e.Details
	details := wire.EventDetails{
		Decision: optionalText(d.Decision), Training: optionalText(d.Training),
		Reasons:         optionalList(each(d.Reasons, text[certification.ReasonCode])),
		TrainingReasons: optionalList(each(d.TrainingReasons, text[certification.ReasonCode])),
		ID:              optional(d.ID), Fee: optionalText(d.Fee), Promise: optionalText(d.Promise), Code: optional(d.Code),
		Passed: d.Passed, Days: optional(d.Days), Versions: optionalList(d.Versions), Documents: optionalList(d.Documents),
	}
	if details != (wire.EventDetails{}) {
		event.Details = &details
	}
	return event
}

func letterOf(l cases.Letter, reader certification.Actor) wire.Letter {
	letter := wire.Letter{
		ID: l.ID, Letter: string(l.Letter), Language: l.Language, CreatedAt: l.CreatedAt.UTC(), SentAt: optionalTime(l.SentAt), ErasedAt: optionalTime(l.ErasedAt),
	}
	if !staff(reader) {
		letter.Subject, letter.Text = optional(l.Subject), optional(l.Text)
	}
	return letter
}

func paymentOf(p cases.Payment, reader certification.Actor) wire.Payment {
	payment := wire.Payment{
		ID: p.ID, Fee: string(p.Fee), AmountCents: p.AmountCents, Currency: p.Currency, Status: p.Status,
		AskedAt: p.AskedAt.UTC(), SettledAt: optionalTime(p.SettledAt),
	}
	if !staff(reader) {
		payment.CheckoutURL = optional(p.CheckoutURL)
	}
	return payment
}

func documentOf(d certification.Document, reader certification.Actor) wire.Document {
	document := wire.Document{
		ID: d.ID, Kind: string(d.Kind), Status: string(d.Status), RefusalCode: optional(d.RefusalCode),
		MediaType: d.MediaType, Bytes: d.Bytes, UploadedAt: d.UploadedAt.UTC(), CheckedAt: optionalTime(d.CheckedAt),
	}
	if !staff(reader) {
		document.FileName = optional(d.FileName)
	}
	return document
}

// draftAs gives a draft the type of its form: the values that the specification
// does not know for it are left out.
func draftAs[T any](draft cases.Draft) (T, error) {
	var typed T
	values := draft.Values
	if len(values) == 0 {
		values = json.RawMessage("{}")
	}
	members := map[string]any{
		"revision": draft.Revision, "values": values, "findings": findings(draft.Findings),
		"open_parts": each(draft.OpenParts, text[certification.Part]), "open_fields": append([]string{}, draft.OpenFields...),
		"saved_at": optionalTime(draft.SavedAt), "expires_at": optionalTime(draft.ExpiresAt), "erased_at": optionalTime(draft.ErasedAt),
	}
	if len(draft.Notes) > 0 {
		members["notes"] = draft.Notes
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		return typed, fmt.Errorf("writing a draft: %w", err)
	}
	if err := json.Unmarshal(encoded, &typed); err != nil {
		// The error of the decoder may repeat a value of the draft.
		return typed, fmt.Errorf("the values of the draft of form %s are not of the described form", draft.Form)
	}
	return typed, nil
}

func progressOf(progress cases.VideoProgress) wire.VideoProgress {
	return wire.VideoProgress{
		Complete: progress.Complete,
		Chapters: each(progress.Chapters, func(c cases.WatchedChapter) wire.WatchedChapter {
			return wire.WatchedChapter{
				Chapter: c.ID, Title: c.Title, Seconds: c.Seconds,
				OpenedAt: optionalTime(c.OpenedAt), FinishedAt: optionalTime(c.FinishedAt),
			}
		}),
	}
}

// dayOf is a calendar day, which has no time zone.
func dayOf(at time.Time) openapi_types.Date { return openapi_types.Date{Time: at} }
