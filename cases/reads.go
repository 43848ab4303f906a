package cases

import (
	"context"
	"strings"
	"time"

	"peercert/certification"
)

// Read is one time that somebody of the staff read personal data of a case. Who it was is
// kept and not told: their role is.
type Read struct {
	At      time.Time          `json:"at"`
	Role    certification.Role `json:"role"` // "reviewer" or "administrator"
	Purpose Purpose            `json:"purpose"`
	// What was read: a form or a document, of which the other is empty.
	Form       certification.Form `json:"form,omitempty"`
	DocumentID string             `json:"document_id,omitempty"`
}

// Reads are all times that somebody of the staff read personal data of a case, the newest
// first, for its owner.
func (c *Cases) Reads(ctx context.Context, actor certification.Actor, caseID string) ([]Read, error) {
	if _, err := c.findOwn(ctx, actor, caseID); err != nil {
		return nil, err
	}
	return c.readsOf(ctx, caseID)
}

func (c *Cases) readsOf(ctx context.Context, caseID string) ([]Read, error) {
	rows, err := c.Store.ReadsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading who read a case")
	}
	reads := []Read{}
	for _, row := range rows {
		read := Read{At: row.At, Role: certification.Role(row.Role), Purpose: Purpose(row.Purpose)}
		switch kind, name, _ := strings.Cut(row.What, ":"); kind {
		case "draft":
			read.Form = certification.Form(name)
		case "document":
			read.DocumentID = name
		}
		reads = append(reads, read)
	}
	return reads, nil
}
