package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
	"peercert/workflows"
)

// checks checks documents by their ids.
type checks struct{ *Parts }

func (c checks) CheckDocument(ctx context.Context, documentID string) error {
	row, err := c.Store.ReadDocument(ctx, documentID)
	if store.None(err) {
		return nil // erased meanwhile
	}
	if err != nil {
		return fmt.Errorf("reading document %s: %w", documentID, err)
	}
	if row.Status != string(certification.DocumentChecking) {
		return nil
	}
	checked, err := c.Documents.Check(ctx, certification.Document{
		ID: row.ID, CaseID: row.CaseID, Kind: certification.DocumentKind(row.Kind), Status: certification.DocumentStatus(row.Status),
		MediaType: row.MediaType, Bytes: row.Bytes, SHA256: row.Sha256, QuarantineKey: row.QuarantineKey, QuarantineVersion: row.QuarantineVersion,
		UploadedAt: row.UploadedAt,
	})
	if err != nil {
		return err
	}
	if checked.RefusalCode == certification.DocumentLost {
		slog.ErrorContext(ctx, "an uploaded document is gone from the store, or is not what was uploaded; its owner is asked to send it again",
			"document_id", row.ID, "case_id", row.CaseID)
	}
	now := c.Now()
	payload, err := json.Marshal(certification.DocumentChecked{
		Envelope:   certification.Envelope{Key: "document:" + row.ID, Actor: certification.Actor{Role: certification.RoleOutside, ID: "document_check"}},
		DocumentID: row.ID, Kind: checked.Kind, Finding: string(checked.Status),
	})
	if err != nil {
		return fmt.Errorf("encoding a finding: %w", err)
	}
	return c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		if err := q.WriteDocumentCheck(ctx, queries.WriteDocumentCheckParams{
			ID: row.ID, Status: string(checked.Status), RefusalCode: checked.RefusalCode, Threat: checked.Threat,
			CleanKey: checked.CleanKey, CleanVersion: checked.CleanVersion, ViewKey: checked.ViewKey, CheckedAt: &now,
		}); err != nil {
			return err
		}
		_, err := q.Receive(ctx, queries.ReceiveParams{
			Source: certification.SourceOwn, ExternalID: "checked:" + row.ID, Kind: string(certification.SignalDocumentChecked), Payload: payload, ReceivedAt: now,
		})
		return err
	})
}

func (c checks) TellDocumentLate(ctx context.Context, documentID string) error {
	return c.Cases.DocumentIsLate(ctx, documentID)
}

func (c checks) SweepDocuments(ctx context.Context) (int, error) {
	swept, err := c.Documents.Sweep(ctx, func(ctx context.Context, ids []string) (map[string]bool, error) {
		rows, err := c.Store.KnownDocuments(ctx, ids)
		known := make(map[string]bool, len(rows))
		for _, id := range rows {
			known[id] = true
		}
		return known, err
	}, time.Hour)
	return swept.Deleted, err
}

// startCheck starts the check of a document, and says false if it runs already.
func (p *Parts) startCheck(ctx context.Context, documentID string) (bool, error) {
	options := p.checkOptions(documentID)
	options.WorkflowIDConflictPolicy = enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	_, err := p.Temporal.ExecuteWorkflow(ctx, options, workflows.DocumentCheckType, documentID, p.documentPatience())
	var runs *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &runs) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("starting the check of document %s: %w", documentID, err)
	}
	return true, nil
}

func (p *Parts) checkOptions(documentID string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.DocumentCheckWorkflowID(documentID), TaskQueue: workflows.QueueOutbound, StaticSummary: "Check a document",
	}
}

// documentPatience is how long a check may take before its case asks for attention.
func (p *Parts) documentPatience() time.Duration {
	if p.Cases.Patience > 0 {
		return min(p.Cases.Patience, workflows.DocumentPatience)
	}
	return workflows.DocumentPatience
}

// checkAgain makes the check of a document try at once; one that does not run begins.
func (r relay) checkAgain(ctx context.Context, documentID string) (string, error) {
	document, err := r.Store.ReadDocument(ctx, documentID)
	if store.None(err) || err == nil && document.Status != string(certification.DocumentChecking) {
		return "the check has ended", nil
	}
	if err != nil {
		return "", err
	}
	_, err = r.Temporal.SignalWithStartWorkflow(ctx, workflows.DocumentCheckWorkflowID(documentID), workflows.SignalCheckAgain, nil,
		r.checkOptions(documentID), workflows.DocumentCheckType, documentID, r.documentPatience())
	return "tried at once", err
}

// aboutCheck tells a case how the check of a document stands. That it is late is told
// under a lock on the document: its check cannot end meanwhile, and it cannot be taken
// away, so that the case hears of either after, and no attention is left behind.
func (r relay) aboutCheck(ctx context.Context, checked *certification.DocumentChecked) (outcome string, err error) {
	switch checked.Finding {
	case certification.FindingGone:
		return r.signal(ctx, checked.CaseID, checked)
	case certification.FindingLate:
		document, err := r.Store.ReadDocument(ctx, checked.DocumentID)
		if err == nil {
			err = r.note(ctx, document.CaseID, checked) // not under the lock: that has a connection already
		}
		if err != nil && !store.None(err) {
			return "", err
		}
		outcome = "the check has ended"
		err = r.Store.InTransaction(ctx, func(q *queries.Queries) error {
			document, err := q.LockUncheckedDocument(ctx, checked.DocumentID)
			if store.None(err) {
				return nil
			}
			if err == nil {
				outcome, err = r.send(ctx, document.CaseID, checked)
			}
			return err
		})
		return outcome, err
	}
	document, err := r.Store.ReadDocument(ctx, checked.DocumentID)
	if store.None(err) {
		return "the document was taken away", nil
	}
	if err != nil {
		return "", err
	}
	return r.signal(ctx, document.CaseID, checked)
}
