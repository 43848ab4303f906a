package cases

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Unsent is a form with something in it that was not handed in.
type Unsent struct {
	Form certification.Form
	// Sent says that it was handed in before: what was changed since is not.
	Sent bool
}

// Unsent are the forms of a person's case in which there is something that was not handed
// in, words or files: what DeleteDraft would take away.
func (c *Cases) Unsent(ctx context.Context, actor certification.Actor, caseID string) ([]Unsent, error) {
	row, err := c.findOwn(ctx, actor, caseID)
	if err != nil {
		return nil, err
	}
	drafts, err := c.Store.DraftsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading what was not handed in")
	}
	filled := mapped(drafts, func(d queries.DraftsOfRow) queries.LockDraftsRow {
		return queries.LockDraftsRow{Form: d.Form, DraftValues: d.DraftValues, SubmittedRevision: d.SubmittedRevision}
	})
	all := []Unsent{}
	for _, form := range []certification.Form{certification.FormApplication, certification.FormTraining, certification.FormRenewal, certification.FormAppeal} {
		found, err := unsentOf(ctx, c.Store.Queries, caseID, form, row.Stage, filled)
		if err != nil {
			return nil, failed(err, "reading what was not handed in")
		}
		if !found.stays && (found.changed || len(found.documents) > 0) {
			all = append(all, Unsent{Form: form, Sent: found.sent})
		}
	}
	return all, nil
}

// unsent is what of a form was not handed in.
type unsent struct {
	sent bool // it was handed in before
	// values are what it says without; changed says whether that is something else than now.
	values    json.RawMessage
	changed   bool
	documents []certification.Document
	// stays says that the words stay as they are, but for the names of documents: the form
	// is out of the person's hands, or it is not known what was handed in.
	stays bool
}

// unsentOf finds what of a form of a case at a stage was not handed in: all that was typed
// since it was handed in last, and the documents that belong to it and to nothing that was
// handed in, nor to another of the drafts, which are all of the case.
func unsentOf(ctx context.Context, q *queries.Queries, caseID string, form certification.Form, stage certification.Stage, drafts []queries.LockDraftsRow) (unsent, error) {
	found := unsent{values: json.RawMessage("{}")}
	last, err := q.LastHandedIn(ctx, queries.LastHandedInParams{CaseID: caseID, Form: string(form)})
	if err != nil && !store.None(err) {
		return unsent{}, err
	}
	found.sent = err == nil
	named, err := q.HandedInDocuments(ctx, caseID)
	if err != nil {
		return unsent{}, err
	}
	var own []string
	var draft *queries.LockDraftsRow
	for i := range drafts {
		ids, err := documentsIn(drafts[i].DraftValues)
		if err != nil {
			return unsent{}, err
		}
		if drafts[i].Form != string(form) {
			named = append(named, ids...)
			continue
		}
		own, draft = ids, &drafts[i]
	}
	switch {
	case draft == nil || !found.sent:
	case draft.SubmittedRevision != nil:
		found.values, found.stays, named = draft.DraftValues, true, append(named, own...)
	case last == nil:
		found.values, found.stays = draft.DraftValues, true
	default:
		found.values = last
	}
	rows, err := q.DocumentsOf(ctx, caseID)
	if err != nil {
		return unsent{}, err
	}
	for _, row := range rows {
		belongs := slices.Contains(evidenceOf(form, stage), certification.DocumentKind(row.Kind)) || slices.Contains(own, row.ID)
		if !belongs || slices.Contains(named, row.ID) {
			continue
		}
		found.documents = append(found.documents, documentOf(row))
		if found.values, _, err = without(found.values, row.ID); err != nil {
			return unsent{}, err
		}
	}
	found.changed = draft != nil && !sameJSON(draft.DraftValues, found.values)
	return found, nil
}

// emptyDraft takes out of a form what was not handed in, in the caller's transaction, and
// says whether its words stay as they are; see unsent.
func (c *Cases) emptyDraft(ctx context.Context, q *queries.Queries, caseID string, form certification.Form, stage certification.Stage) (stays bool, removed removal, err error) {
	drafts, err := q.LockDrafts(ctx, caseID)
	if err != nil {
		return false, removal{}, err
	}
	found, err := unsentOf(ctx, q, caseID, form, stage, drafts)
	if err != nil {
		return false, removal{}, err
	}
	if found.changed {
		if err := c.rewrite(ctx, q, caseID, string(form), found.values); err != nil {
			return false, removal{}, err
		}
		if err := q.ForgetAnswers(ctx, queries.ForgetAnswersParams{CaseID: caseID, Form: string(form)}); err != nil {
			return false, removal{}, err
		}
	}
	removed.Documents = found.documents
	return found.stays, removed, c.deleteRows(ctx, q, caseID, removed)
}

// sameJSON says whether two stored objects hold the same, however they are written.
func sameJSON(a, b []byte) bool {
	var one, other any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}
