package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

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
	draft, err := c.draft(ctx, row, form)
	if err == nil && actor.Role != certification.RoleApplicant && row.ReturnedFor(form) {
		draft.Notes, err = c.notes(ctx, row)
	}
	return draft, err
}

func (c *Cases) draft(ctx context.Context, row store.CaseRow, form certification.Form) (Draft, error) {
	draft := Draft{Form: form, Values: json.RawMessage("{}"), Findings: []certification.Finding{}, OpenParts: []certification.Part{}}
	stored, err := c.Store.ReadDraft(ctx, queries.ReadDraftParams{CaseID: row.ID, Form: string(form)})
	switch {
	case store.None(err):
	case err != nil:
		return Draft{}, failed(err, "reading a draft")
	default:
		draft.Revision, draft.Values, draft.SavedAt, draft.ErasedAt = stored.Revision, stored.DraftValues, stored.SavedAt, at(stored.ErasedAt)
		draft.HandedIn = stored.SubmittedRevision != nil
	}
	if promise := row.Promise(certification.StagePromise(row.Stage)); promise != nil && promise.WaitsOn == certification.PartyApplicant && promise.Running() {
		draft.ExpiresAt = promise.DueAt
	}
	if !draft.ErasedAt.IsZero() {
		return draft, nil
	}
	if form == certification.FormTraining {
		if draft.Values, err = filesAsList(draft.Values); err != nil {
			return Draft{}, err
		}
	}
	if draft.Findings, err = c.findings(row, form, draft.Values); err != nil {
		return Draft{}, err
	}
	open := certification.OpenForFindings(form, row.OpenItems(form, draft.HandedIn), draft.Findings)
	draft.OpenFields, draft.OpenParts = certification.FieldsOf(open), certification.PartsIn(open)
	draft.Answered, err = c.answered(ctx, row, form, draft.Values)
	return draft, err
}

// filesAsList gives the values of a training in which a certificate had one file as they
// are written now.
func filesAsList(values json.RawMessage) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(values, &members) != nil {
		return nil, errDraft
	}
	one, old := members["document_id"]
	if !old {
		return values, nil
	}
	delete(members, "document_id")
	if _, written := members["document_ids"]; !written {
		members["document_ids"] = slices.Concat(json.RawMessage("["), one, json.RawMessage("]"))
	}
	return json.Marshal(members)
}

// answered are the fields of a draft that were answered since it was given back; none of
// one that was not. A file answers when it came since: what is only sent in once more is
// what could not be used.
func (c *Cases) answered(ctx context.Context, row store.CaseRow, form certification.Form, values json.RawMessage) ([]string, error) {
	if !row.ReturnedFor(form) {
		return nil, nil
	}
	back, err := c.Store.GivenBack(ctx, queries.GivenBackParams{CaseID: row.ID, Form: string(form)})
	if store.None(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err, "reading when a draft was given back")
	}
	fields, err := c.Store.AnswersTo(ctx, back.Turn)
	if err != nil {
		return nil, failed(err, "reading what was answered")
	}
	files, err := c.Store.UploadedSince(ctx, queries.UploadedSinceParams{CaseID: row.ID, Event: back.Event})
	if err != nil {
		return nil, failed(err, "reading which files came since")
	}
	members := map[string]json.RawMessage{}
	if json.Unmarshal(values, &members) != nil {
		return nil, errDraft
	}
	for _, file := range files {
		if file.Kind == string(certification.DocumentNameChange) {
			fields = append(fields, certification.FieldNameChange)
		}
		for field, value := range members {
			var ids []string
			if fileField(field) && json.Unmarshal(value, &ids) == nil && slices.Contains(ids, file.ID) {
				fields = append(fields, field)
			}
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields), nil
}

// fileField says whether a field of a form names files.
func fileField(field string) bool {
	return slices.Contains([]string{"photo_id", "diploma", "document_ids"}, field)
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
			found = v.Check(policy, now, row.TermBegan())
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
		if save.Form != certification.FormAppeal && !slices.Contains(before.OpenFields, field) {
			locked = append(locked, certification.Finding{Field: field, Code: "locked", Detail: "This cannot be changed now."})
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
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		rows, err := q.SaveDraft(ctx, queries.SaveDraftParams{
			CaseID: save.CaseID, Form: string(save.Form), DraftValues: merged, At: c.now(), SeenRevision: save.Revision,
		})
		if err != nil {
			return err
		}
		if rows == 0 {
			return certification.StaleRevision()
		}
		return keepAnswers(ctx, q, row, save.Form, slices.Sorted(maps.Keys(changes)))
	})
	if err != nil {
		return Draft{}, failed(err, "saving a draft")
	}
	return c.draft(ctx, row, save.Form)
}

// keepAnswers keeps which fields of a draft that was given back were saved since. Files
// answer for themselves.
func keepAnswers(ctx context.Context, q *queries.Queries, row store.CaseRow, form certification.Form, fields []string) error {
	fields = slices.DeleteFunc(fields, fileField)
	if !row.ReturnedFor(form) || len(fields) == 0 {
		return nil
	}
	back, err := q.GivenBack(ctx, queries.GivenBackParams{CaseID: row.ID, Form: string(form)})
	if store.None(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return q.AddAnswers(ctx, queries.AddAnswersParams{Turn: back.Turn, Fields: fields})
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
