package cases

import (
	"context"
	"slices"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// ClosedAccount is what closing an account did.
type ClosedAccount struct {
	ClosedAt time.Time `json:"closed_at"`
	// Open are the ids of cases that cannot be withdrawn where they stand, such as that
	// of somebody who is certified: they go on by themselves. Giving up a certificate is
	// public and a step of its own (surrender).
	Open []string `json:"open,omitempty"`
}

// CloseAccount withdraws every open case that can be withdrawn, deletes all that was not
// handed in of every form, with its documents (DeleteDraft), and signs the person out everywhere. What
// stays, and for how long, is certification.RetentionTable. They may sign in again and
// look at it; beginning another case opens the account again. It can be repeated with the
// same key, also after a part was down.
func (c *Cases) CloseAccount(ctx context.Context, actor certification.Actor, key string) (ClosedAccount, error) {
	if err := ofThemselves(actor); err != nil {
		return ClosedAccount{}, err
	}
	return once(ctx, c, actor, key, digest("close-account"), func() (ClosedAccount, error) {
		views, err := c.CasesOf(ctx, actor)
		if err != nil {
			return ClosedAccount{}, err
		}
		var closed ClosedAccount
		for _, view := range views {
			switch {
			case slices.Contains(view.Available, certification.SignalWithdraw):
				if _, err := c.Send(ctx, actor, Send{CaseID: view.ID, Key: key + ":" + view.ID, Message: &certification.Withdraw{}}); err != nil {
					return ClosedAccount{}, err
				}
			case view.Stage != certification.StageClosed:
				closed.Open = append(closed.Open, view.ID)
			}
		}
		for _, view := range views {
			for form := range evidenceFor {
				if err := c.dropDraft(ctx, view.ID, form, view.Stage); err != nil {
					return ClosedAccount{}, err
				}
			}
		}
		closed.ClosedAt = c.now().UTC().Truncate(time.Microsecond)
		return closed, failed(c.Store.InTransaction(ctx, func(q *queries.Queries) error {
			if err := q.CloseAccount(ctx, queries.CloseAccountParams{ID: actor.ID, At: closed.ClosedAt}); err != nil {
				return err
			}
			return c.signOut(ctx, q, actor)
		}), "closing an account")
	})
}

// dropDraft takes out of a form what was not handed in.
func (c *Cases) dropDraft(ctx context.Context, caseID string, form certification.Form, stage certification.Stage) error {
	var removed removal
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		var err error
		_, removed, err = c.emptyDraft(ctx, q, caseID, form, stage)
		return err
	})
	if err != nil {
		return failed(err, "deleting a draft")
	}
	c.removeContent(ctx, removed)
	return nil
}
