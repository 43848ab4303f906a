package cases_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
)

// appeals hands in an appeal.
func (p *person) appeals() {
	p.t.Helper()
	draft, err := p.save(certification.FormAppeal, map[string]any{"statement": "Please look again."})
	require.NoError(p.t, err)
	p.must(&certification.Appeal{DraftRevision: draft.Revision})
}

func TestAnotherPersonDecidesAnAppeal(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toReview()
	decider, other := reviewer("decider"), reviewer("other")
	p.mustAs(decider, &certification.ClaimReview{})
	p.mustAs(decider, &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}})
	p.appeals()

	_, err := p.as(decider, &certification.ClaimReview{})
	require.Contains(t, refused(t, certification.RefusedNotAllowed, err).Detail, "Another person")
	_, err = p.as(administrator, &certification.Reassign{ReviewerID: decider.ID})
	refused(t, certification.RefusedNotAllowed, err)
	can := func(actor certification.Actor) []certification.Signal {
		t.Helper()
		view, err := w.Case(ctx, actor, p.caseID)
		require.NoError(t, err)
		list, err := w.List(ctx, actor, cases.Filter{Stage: certification.StageAppealReview, Page: cases.Page{Limit: 10}})
		require.NoError(t, err)
		require.Len(t, list.Cases, 1)
		require.Equal(t, view.Available, list.Cases[0].Available)
		return view.Available
	}
	require.Empty(t, can(decider))
	require.Contains(t, can(other), certification.SignalClaimReview)

	// Whoever got hold of it all the same, by a list of before, cannot decide it.
	p.mustAs(other, &certification.ClaimReview{})
	w.exec("UPDATE cases SET snapshot = jsonb_set(snapshot, '{assignee}', '\"decider\"') WHERE id = $1", p.caseID)
	require.NotContains(t, can(decider), certification.SignalDecideAppeal)
	_, err = p.as(decider, &certification.DecideAppeal{Decision: certification.DecisionApprove})
	refused(t, certification.RefusedNotAllowed, err)
	w.exec("UPDATE cases SET snapshot = jsonb_set(snapshot, '{assignee}', '\"other\"') WHERE id = $1", p.caseID)
	view := p.mustAs(other, &certification.DecideAppeal{Decision: certification.DecisionApprove})
	require.Equal(t, certification.StageTraining, view.Stage)
}

// Who revoked as an administrator may have another token, as a reviewer.
func TestWhoRevokedDoesNotDecideTheAppeal(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageAppealReview, func(c *certification.Case) { c.AppealFrom = certification.StageRevoked })
	w.exec(`INSERT INTO case_events (case_id, revision, key, event, settled, at) VALUES
		($1, 90, 'deny', '{"actor": {"role": "reviewer", "id": "long-ago"}, "from": "renewal_review", "to": "denied"}', '{}', now()),
		($1, 91, 'revoke', '{"actor": {"role": "administrator", "id": "both"}, "from": "certified", "to": "revoked"}', '{}', now()),
		($1, 92, 'remind', '{"actor": {"role": "system", "id": "x"}, "from": "revoked", "to": "revoked"}', '{}', now())`, p.caseID)
	_, err := p.as(reviewer("both"), &certification.ClaimReview{})
	refused(t, certification.RefusedNotAllowed, err)
	_, err = p.as(reviewer("long-ago"), &certification.ClaimReview{})
	refused(t, certification.RefusedUnavailable, err) // it may; there is no Temporal in this world
}

// A certificate that was given back leads to the denial of before: who denied it does not
// decide the appeal about that, whoever revoked and gave back meanwhile.
func TestWhoDeniedDoesNotDecideTheAppealAfterARevocation(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageAppealReview, func(c *certification.Case) { c.AppealFrom = certification.StageRenewalReview })
	w.exec(`INSERT INTO case_events (case_id, revision, key, event, settled, at) VALUES
		($1, 90, 'deny', '{"signal": "decide-renewal", "actor": {"role": "reviewer", "id": "denier"}, "from": "renewal_review", "to": "denied", "details": {"decision": "deny", "reasons": ["NOT_IN_GOOD_STANDING"]}}', '{}', now()),
		($1, 91, 'revoke', '{"signal": "revoke", "actor": {"role": "administrator", "id": "revoker"}, "from": "denied", "to": "revoked"}', '{}', now()),
		($1, 92, 'appeal', '{"signal": "appeal", "actor": {"role": "applicant", "id": "x"}, "from": "revoked", "to": "appeal_review"}', '{}', now()),
		($1, 93, 'grant', '{"signal": "decide-appeal", "actor": {"role": "reviewer", "id": "granter"}, "from": "appeal_review", "to": "denied", "details": {"decision": "approve"}}', '{}', now()),
		($1, 94, 'again', '{"signal": "appeal", "actor": {"role": "applicant", "id": "x"}, "from": "denied", "to": "appeal_review"}', '{}', now())`, p.caseID)
	_, err := p.as(reviewer("denier"), &certification.ClaimReview{})
	refused(t, certification.RefusedNotAllowed, err)
	for _, other := range []string{"revoker", "granter"} {
		_, err = p.as(reviewer(other), &certification.ClaimReview{})
		refused(t, certification.RefusedUnavailable, err) // it may; there is no Temporal in this world
	}
	reasons, err := w.store.ReasonsOfDenial(t.Context(), p.caseID)
	require.NoError(t, err)
	require.Equal(t, []string{"NOT_IN_GOOD_STANDING"}, reasons)
}
