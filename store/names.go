package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"peercert/certification"
	"peercert/store/queries"
)

// writeNames makes the names on an application those of its owner, before the step is
// written that hands it in or approves it: a reviewer compares them with the ID, and
// letters, the register and the certificate have to say the same.
//
// The void rule takes no name back: it is what the person wrote of themselves, and
// without a hand-in that stands they may write another.
func writeNames(ctx context.Context, q *queries.Queries, t certification.Transition) error {
	approved := t.Window != nil // the window of a certification opens with the approval alone
	submitted := t.Submit != nil && t.Submit.Form == certification.FormApplication
	if !approved && !submitted {
		return nil
	}
	if err := q.NamePerson(ctx, queries.NamePersonParams{CaseID: t.Case.ID, ApplicantID: t.Case.ApplicantID, Approved: approved}); err != nil {
		return err
	}
	if !submitted {
		return nil
	}
	// An application that was returned for something else says how they wanted to be
	// called back then; what they said since stands.
	asked, err := asksForNames(ctx, q, t.Case.ID)
	if err != nil || !asked {
		return err
	}
	return q.CallPerson(ctx, queries.CallPersonParams{CaseID: t.Case.ID, ApplicantID: t.Case.ApplicantID})
}

// asksForNames says whether the names could be changed in the application of a case as
// it stands.
func asksForNames(ctx context.Context, q *queries.Queries, caseID string) (bool, error) {
	row, err := q.ReadCase(ctx, caseID)
	if None(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var before certification.Case
	if err := json.Unmarshal(row.Snapshot, &before); err != nil {
		return false, fmt.Errorf("decoding the snapshot before a step: %w", err)
	}
	return slices.Contains(certification.FieldsOf(before.OpenItems(certification.FormApplication, false)), "called"), nil
}
