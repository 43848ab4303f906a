package cases

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// evidenceFor are the kinds of document that belong to a form; see evidenceOf.
var evidenceFor = map[certification.Form][]certification.DocumentKind{
	certification.FormApplication: {certification.DocumentPhotoID, certification.DocumentDiploma, certification.DocumentNameChange},
	certification.FormTraining:    {certification.DocumentTrainingCertificate},
	certification.FormRenewal:     {},
	certification.FormAppeal:      {certification.DocumentAppeal},
}

// evidenceOf are the kinds of document that belong to a form of a case at a stage. Proof of
// a new name goes with the application while that is being filled in, and afterwards with
// the training certificate, on which the name may be another too.
func evidenceOf(form certification.Form, stage certification.Stage) []certification.DocumentKind {
	kinds := slices.Clone(evidenceFor[form])
	if form == certification.FormTraining && stage != certification.StageApplication && stage != certification.StageApplicationReturned {
		kinds = append(kinds, certification.DocumentNameChange)
	}
	return kinds
}

// removal is what one answer to a request to take something away keeps: the documents
// whose content goes once their rows are gone.
type removal struct {
	Documents []certification.Document `json:"documents,omitempty"`
}

// DeleteDraft takes away all that was typed into a form since it was handed in last, or all
// of one that never was, and the documents that belong to it and to nothing that was handed
// in. The case stays where it is. The draft's revision goes on, so that no page that still
// shows it can bring it back. It is refused with wrong-stage for a form that is out of the
// person's hands: see the retention table.
func (c *Cases) DeleteDraft(ctx context.Context, actor certification.Actor, key, caseID string, form certification.Form) error {
	row, err := c.findOwn(ctx, actor, caseID)
	if err != nil {
		return err
	}
	if _, is := evidenceFor[form]; !is {
		return certification.NotFound()
	}
	removed, err := onceHere(ctx, c, actor, key, digest("delete-draft", caseID, string(form)), func(q *queries.Queries) (removal, error) {
		stays, removed, err := c.emptyDraft(ctx, q, caseID, form, row.Stage)
		if err == nil && stays {
			err = certification.Refused(certification.RefusedWrongStage, "This form was handed in. It is part of your case, and we have to keep it.")
		}
		return removed, err
	})
	if err != nil {
		return err
	}
	c.removeContent(ctx, removed)
	return nil
}

// RemoveDocument takes a document away that was not handed in (HandedIn), also out of the
// draft that names it, whose revision goes on. Otherwise it is refused with wrong-stage: a
// reviewer may have decided by it.
func (c *Cases) RemoveDocument(ctx context.Context, actor certification.Actor, key, caseID, documentID string) error {
	if _, err := c.findOwn(ctx, actor, caseID); err != nil {
		return err
	}
	if !isID(documentID) {
		return certification.NotFound()
	}
	removed, err := onceHere(ctx, c, actor, key, digest("remove-document", caseID, documentID), func(q *queries.Queries) (removal, error) {
		return c.takeDocument(ctx, q, caseID, documentID)
	})
	if err != nil {
		return err
	}
	c.removeContent(ctx, removed)
	return nil
}

// HandedIn are the ids of the documents of a case that cannot be taken away any more:
// those that a form named when it was handed in, and of the kinds that no form names
// (proof of a new name, evidence for an appeal) what was there then. A file that could not
// be used is not among the latter.
func (c *Cases) HandedIn(ctx context.Context, actor certification.Actor, caseID string) ([]string, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	ids, err := c.Store.HandedInDocuments(ctx, caseID)
	return ids, failed(err, "reading which documents were handed in")
}

// takeDocument takes a document away in the caller's transaction.
func (c *Cases) takeDocument(ctx context.Context, q *queries.Queries, caseID, documentID string) (removal, error) {
	drafts, err := q.LockDrafts(ctx, caseID) // before anything is looked at: a hand-in waits, or is seen
	if err != nil {
		return removal{}, err
	}
	rows, err := q.DocumentsOf(ctx, caseID)
	if err != nil {
		return removal{}, err
	}
	i := slices.IndexFunc(rows, func(d queries.Document) bool { return d.ID == documentID })
	if i < 0 {
		return removal{}, certification.NotFound()
	}
	handedIn, err := q.HandedInDocuments(ctx, caseID)
	if err != nil {
		return removal{}, err
	}
	if slices.Contains(handedIn, documentID) {
		return removal{}, certification.Refused(certification.RefusedWrongStage, "This document was handed in with a form. It is part of your case, and we have to keep it.")
	}
	for _, draft := range drafts {
		values, names, err := without(draft.DraftValues, documentID)
		if err != nil {
			return removal{}, err
		}
		if names {
			if err := c.rewrite(ctx, q, caseID, draft.Form, values); err != nil {
				return removal{}, err
			}
		}
	}
	removed := removal{Documents: []certification.Document{documentOf(rows[i])}}
	return removed, c.deleteRows(ctx, q, caseID, removed)
}

func (c *Cases) rewrite(ctx context.Context, q *queries.Queries, caseID, form string, values json.RawMessage) error {
	return q.RewriteDraft(ctx, queries.RewriteDraftParams{CaseID: caseID, Form: form, DraftValues: values, SavedAt: c.now()})
}

func (c *Cases) deleteRows(ctx context.Context, q *queries.Queries, caseID string, removed removal) error {
	ids := []string{}
	for _, document := range removed.Documents {
		ids = append(ids, document.ID)
	}
	if err := q.DeleteDocuments(ctx, queries.DeleteDocumentsParams{CaseID: caseID, Ids: ids}); err != nil {
		return err
	}
	return tellGone(ctx, q, caseID, ids, c.now())
}

// removalTime is how long a person waits for the content of a document to go.
const removalTime = 10 * time.Second

// removeContent deletes what the rows of documents pointed at. The rows are gone already,
// nobody can open it any more, and the sweep deletes what no row knows within hours: so a
// store that is down, or refuses, takes nothing back. The sweep says so if it cannot either.
func (c *Cases) removeContent(ctx context.Context, removed removal) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
	defer cancel()
	for _, document := range removed.Documents {
		_ = c.Storage.Remove(ctx, document)
	}
}

// errDraft keeps what was typed out of the error.
var errDraft = errors.New("a stored draft cannot be decoded")

// documentsIn are the strings that a draft's values name documents by: all that stand on
// their own or in a list, since an id cannot be mistaken for anything else.
func documentsIn(values []byte) ([]string, error) {
	var members map[string]any
	if json.Unmarshal(values, &members) != nil {
		return nil, errDraft
	}
	var ids []string
	for _, member := range members {
		switch member := member.(type) {
		case string:
			ids = append(ids, member)
		case []any:
			for _, element := range member {
				if id, is := element.(string); is {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids, nil
}

// without gives a draft's values without a document, and whether they named it.
func without(values []byte, documentID string) (json.RawMessage, bool, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(values, &members) != nil {
		return nil, false, errDraft
	}
	names := false
	for name, member := range members {
		var one string
		var several []string
		switch {
		case json.Unmarshal(member, &one) == nil && one == documentID:
			delete(members, name)
			names = true
		case json.Unmarshal(member, &several) == nil && slices.Contains(several, documentID):
			names = true
			if several = slices.DeleteFunc(several, func(id string) bool { return id == documentID }); len(several) == 0 {
				delete(members, name)
				continue
			}
			rest, err := json.Marshal(several)
			if err != nil {
				return nil, false, errDraft
			}
			members[name] = rest
		}
	}
	changed, err := json.Marshal(members)
	if err != nil {
		return nil, false, errDraft
	}
	return changed, names, nil
}
