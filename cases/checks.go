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

// documentCheck is who speaks of the check of a document.
var documentCheck = certification.Actor{Role: certification.RoleOutside, ID: "document_check"}

// DocumentIsLate tells the case of a document, once, that its check has not ended in time.
// A check that has ended meanwhile, and a document that was taken away, are nothing to tell.
func (c *Cases) DocumentIsLate(ctx context.Context, documentID string) error {
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		document, err := q.LockUncheckedDocument(ctx, documentID)
		if store.None(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return tellCheck(ctx, q, lateID(documentID), c.now(), certification.DocumentChecked{
			DocumentID: documentID, Kind: certification.DocumentKind(document.Kind), Finding: certification.FindingLate,
		})
	})
	return failed(err, "telling a case that a check is late")
}

// tellGone ends the attention for documents that the caller's transaction has taken away:
// their checks find nothing any more. It is called after that, so that nobody says between
// the two that one is late.
func tellGone(ctx context.Context, q *queries.Queries, caseID string, documentIDs []string, now time.Time) error {
	late := make(map[string]string, len(documentIDs))
	asked := make([]string, 0, len(documentIDs))
	for _, id := range documentIDs {
		late[lateID(id)] = id
		asked = append(asked, lateID(id))
	}
	told, err := q.Received(ctx, queries.ReceivedParams{Source: certification.SourceOwn, ExternalIds: asked})
	if err != nil {
		return err
	}
	for _, said := range told {
		id := late[said]
		if err := tellCheck(ctx, q, "gone:"+id, now, certification.DocumentChecked{
			DocumentID: id, Finding: certification.FindingGone, CaseID: caseID,
		}); err != nil {
			return err
		}
	}
	return nil
}

func lateID(documentID string) string { return "late:" + documentID }

func tellCheck(ctx context.Context, q *queries.Queries, externalID string, now time.Time, message certification.DocumentChecked) error {
	message.Envelope = certification.Envelope{Key: "document-" + externalID, Actor: documentCheck}
	payload, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encoding a finding: %w", err)
	}
	_, err = q.Receive(ctx, queries.ReceiveParams{
		Source: certification.SourceOwn, ExternalID: externalID, Kind: string(certification.SignalDocumentChecked), Payload: payload, ReceivedAt: now,
	})
	return err
}
