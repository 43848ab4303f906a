package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

const (
	// mostUnanswered is how many cases are told in one go; the next goes on.
	mostUnanswered = 1000
	// unansweredEvery is how often at most a worker looks: files are collected every few
	// seconds if somebody wants that, and the look is at every case that waits to book.
	unansweredEvery = 5 * time.Minute
)

// tellUnanswered tells the cases whose authorization the exam vendor has had for days
// without a word, once for each time that it was sent. It is for after a collection that
// went well: what the vendor did say is in the inbox then.
func (a authorizations) tellUnanswered(ctx context.Context) error {
	now := a.Now()
	if !a.vendorFiles.looks(now) {
		return nil
	}
	before := certification.AddDays(now, -certification.VendorAnswerDays)
	rows, err := a.Store.UnansweredAuthorizations(ctx, queries.UnansweredAuthorizationsParams{
		Before: &before, Source: certification.SourceOwn, Most: mostUnanswered,
	})
	if err != nil {
		return fmt.Errorf("looking for authorizations without an answer: %w", err)
	}
	for _, row := range rows {
		payload, err := json.Marshal(certification.ExamUnanswered{
			Envelope:        certification.Envelope{Key: row.ExternalID, Actor: certification.Actor{Role: certification.RoleOutside, ID: "own_check"}},
			AuthorizationID: row.ID,
		})
		if err != nil {
			return fmt.Errorf("encoding that authorization %s has no answer: %w", row.ID, err)
		}
		if err := a.Cases.Receive(ctx, certification.Incoming{
			Source: certification.SourceOwn, ExternalID: row.ExternalID, Kind: string(certification.SignalExamUnanswered), Payload: payload,
		}); err != nil {
			return err
		}
	}
	return nil
}
