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

// Draft reads a draft. That staff read it is recorded first, with the purpose.
func (c *Cases) Draft(ctx context.Context, actor certification.Actor, caseID string, form certification.Form, purpose Purpose) (Draft, error) {
	row, err := c.find(ctx, actor, caseID)
	if err != nil {
		return Draft{}, err
	}
	if err := c.recordRead(ctx, actor, caseID, purpose, "draft:"+string(form)); err != nil {
		return Draft{}, err
	}
	return c.draft(ctx, row, form)
}

func (c *Cases) draft(ctx context.Context, row store.CaseRow, form certification.Form) (Draft, error) {
	draft := Draft{Form: form, Values: json.RawMessage("{}")}
	stored, err := c.Store.ReadDraft(ctx, queries.ReadDraftParams{CaseID: row.ID, Form: string(form)})
	switch {
	case store.None(err):
		draft.OpenParts = row.OpenParts(form, false)
	case err != nil:
		return Draft{}, failed(err, "reading a draft")
	default:
		draft.Revision, draft.Values, draft.SavedAt, draft.ErasedAt = stored.Revision, stored.DraftValues, stored.SavedAt, at(stored.ErasedAt)
		draft.OpenParts = row.OpenParts(form, stored.SubmittedRevision != nil)
	}
	if promise := row.Promise(certification.StagePromise(row.Stage)); promise != nil && promise.WaitsOn == certification.PartyApplicant {
		draft.ExpiresAt = promise.DueAt
	}
	if !draft.ErasedAt.IsZero() {
		draft.Findings, draft.OpenParts = []certification.Finding{}, []certification.Part{}
		return draft, nil
	}
	if draft.Findings, err = c.findings(row, form, draft.Values); err != nil {
		return Draft{}, err
	}
	draft.OpenParts = certification.OpenForFindings(form, draft.OpenParts, draft.Findings)
	return draft, nil
}

// findings are what would be refused if a draft were handed in now.
func (c *Cases) findings(row store.CaseRow, form certification.Form, values json.RawMessage) ([]certification.Finding, error) {
	policy, now := c.policyFor(row, form), c.now()
	var found []certification.Finding
	var err error
	switch form {
	case certification.FormApplication:
		var v certification.ApplicationValues
		if err = json.Unmarshal(values, &v); err == nil {
			found = v.Check(policy, now)
		}
	case certification.FormTraining:
		var v certification.TrainingValues
		if err = json.Unmarshal(values, &v); err == nil {
			found = v.Check(policy, now)
		}
	case certification.FormRenewal:
		var v certification.RenewalValues
		if err = json.Unmarshal(values, &v); err == nil {
			found = v.Check(policy, now, termBegan(row))
		}
	case certification.FormAppeal:
		var v certification.AppealValues
		if err = json.Unmarshal(values, &v); err == nil {
			found = v.Check()
		}
	}
	if err != nil {
		return nil, errors.New("a stored draft cannot be decoded") // the cause would quote what was typed
	}
	return append([]certification.Finding{}, found...), nil
}

// policyFor is the policy that a form would be handed in under now: the one in force
// for what pins a new one to the case, an application or a renewal handed in for the
// first time, and otherwise the case's own.
func (c *Cases) policyFor(row store.CaseRow, form certification.Form) certification.Policy {
	pins := form == certification.FormApplication && row.Stage != certification.StageApplicationReturned ||
		form == certification.FormRenewal && row.Stage != certification.StageRenewalReturned
	if pins {
		return certification.CurrentPolicy(c.now())
	}
	return row.Policy
}

// termBegan is when the term began that a renewal is about.
func termBegan(row store.CaseRow) time.Time {
	if row.Certificate == nil {
		return row.CreatedAt
	}
	return certification.AddMonths(row.Certificate.ExpiresAt, -12*row.Policy.TermYears)
}

// SaveDraft changes parts of a draft.
func (c *Cases) SaveDraft(ctx context.Context, actor certification.Actor, save SaveDraft) (Draft, error) {
	row, err := c.findOwn(ctx, actor, save.CaseID)
	if err != nil {
		return Draft{}, err
	}
	if row.Stage == certification.StageClosed {
		return Draft{}, certification.CaseClosed()
	}
	before, err := c.draft(ctx, row, save.Form)
	if err != nil {
		return Draft{}, err
	}
	if before.Revision != save.Revision {
		return Draft{}, certification.StaleRevision()
	}
	var changes map[string]json.RawMessage
	if err := json.Unmarshal(save.Changes, &changes); err != nil || changes == nil {
		return Draft{}, certification.Malformed()
	}
	var locked []certification.Finding
	for field := range changes {
		part := certification.PartOfField(save.Form, field)
		if save.Form != certification.FormAppeal && !slices.Contains(before.OpenParts, part) {
			locked = append(locked, certification.Finding{Field: field, Code: "locked", Detail: "This part cannot be changed now."})
		}
	}
	if len(locked) > 0 {
		return Draft{}, certification.Invalid(locked...)
	}
	merged, err := merge(before.Values, save.Changes)
	if err != nil {
		return Draft{}, certification.Malformed()
	}
	if _, err := c.findings(row, save.Form, merged); err != nil {
		return Draft{}, certification.Malformed() // nothing is stored that cannot be read again
	}
	rows, err := c.Store.SaveDraft(ctx, queries.SaveDraftParams{
		CaseID: save.CaseID, Form: string(save.Form), DraftValues: merged, At: c.now(), SeenRevision: save.Revision,
	})
	if err != nil {
		return Draft{}, failed(err, "saving a draft")
	}
	if rows == 0 {
		return Draft{}, certification.StaleRevision()
	}
	return c.draft(ctx, row, save.Form)
}

// merge applies a JSON merge patch (RFC 7396).
func merge(document, patch json.RawMessage) (json.RawMessage, error) {
	var into any
	if err := json.Unmarshal(document, &into); err != nil {
		return nil, err
	}
	var change any
	if err := json.Unmarshal(patch, &change); err != nil {
		return nil, err
	}
	return json.Marshal(mergeValue(into, change))
}

func mergeValue(into, change any) any {
	members, is := change.(map[string]any)
	if !is {
		return change
	}
	object, is := into.(map[string]any)
	if !is {
		object = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = mergeValue(object[name], value)
		}
	}
	return object
}

// draftAt reads the values of a draft that must be at a revision.
func (c *Cases) draftAt(ctx context.Context, caseID string, form certification.Form, revision int, values any) error {
	stored, err := c.Store.ReadDraft(ctx, queries.ReadDraftParams{CaseID: caseID, Form: string(form)})
	if store.None(err) {
		return certification.Invalid(certification.Finding{Field: "draft_revision", Code: "no_draft", Detail: fmt.Sprintf("Fill in the draft of the %s first.", form)})
	}
	if err != nil {
		return failed(err, "reading a draft")
	}
	if stored.Revision != revision {
		return certification.StaleRevision()
	}
	if json.Unmarshal(stored.DraftValues, values) != nil {
		return errors.New("a stored draft cannot be decoded")
	}
	return nil
}

// recordRead keeps who of the staff reads personal data, when and why.
func (c *Cases) recordRead(ctx context.Context, actor certification.Actor, caseID string, purpose Purpose, what string) error {
	switch actor.Role {
	case certification.RoleApplicant:
		return nil
	case certification.RoleReviewer, certification.RoleAdministrator:
	default:
		return certification.Refused(certification.RefusedNotAllowed, "Personal data is not for your role.")
	}
	return failed(c.Store.AddRead(ctx, queries.AddReadParams{
		CaseID: caseID, Role: string(actor.Role), ActorID: actor.ID, Purpose: string(purpose), What: what, At: c.now(),
	}), "recording a reading")
}
