package cases

import (
	"context"
	"slices"

	"peercert/certification"
)

// Another person decides an appeal than decided what it is about. The workflow holds
// reviewers by what a case knows, and not who they were years ago: so it is seen to here,
// from the log.

// notTheirOwn refuses to let somebody claim or decide, or be given, the appeal against a
// decision of their own, in whatever role they made it.
func (c *Cases) notTheirOwn(ctx context.Context, actor certification.Actor, of *certification.Case, message certification.Message) error {
	if of.Stage != certification.StageAppealReview {
		return nil
	}
	decides, own := actor.ID, "You made the decision that this appeal is about. Another person has to decide the appeal."
	switch m := message.(type) {
	case *certification.ClaimReview, *certification.DecideAppeal:
	case *certification.Reassign:
		decides, own = m.ReviewerID, "This reviewer made the decision that the appeal is about. Give it to another person."
	default:
		return nil
	}
	decided, err := c.decidedBy(ctx, of.ID)
	if err == nil && decided[of.ID] == decides {
		err = certification.Refused(certification.RefusedNotAllowed, own)
	}
	return err
}

// decidedBy gives for each case the id of who made the denial or the revocation that
// stands; none for a case without one.
func (c *Cases) decidedBy(ctx context.Context, caseIDs ...string) (map[string]string, error) {
	rows, err := c.Store.WhoDecided(ctx, caseIDs)
	if err != nil {
		return nil, failed(err, "looking for who decided")
	}
	decided := map[string]string{}
	for _, row := range rows {
		decided[row.CaseID] = row.ActorID
	}
	return decided, nil
}

// withoutOwnDecisions takes from what a reviewer can send now what notTheirOwn would
// refuse.
func (c *Cases) withoutOwnDecisions(ctx context.Context, actor certification.Actor, views ...*View) error {
	if actor.Role != certification.RoleReviewer {
		return nil
	}
	views = slices.DeleteFunc(views, func(view *View) bool { return view.Stage != certification.StageAppealReview })
	if len(views) == 0 {
		return nil
	}
	ids := []string{}
	for _, view := range views {
		ids = append(ids, view.ID)
	}
	decided, err := c.decidedBy(ctx, ids...)
	if err != nil {
		return err
	}
	for _, view := range views {
		if decided[view.ID] == actor.ID {
			view.Available = slices.DeleteFunc(view.Available, func(signal certification.Signal) bool {
				return signal == certification.SignalClaimReview || signal == certification.SignalDecideAppeal
			})
		}
	}
	return nil
}
