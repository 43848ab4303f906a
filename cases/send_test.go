package cases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/activities"
	"peercert/cases"
	"peercert/certification"
	"peercert/store"
	"peercert/workflows"
)

// temporalClient is a connection past the proxies.
func (w *world) temporalClient() client.Client {
	w.t.Helper()
	c, err := client.Dial(client.Options{HostPort: w.settings.TemporalAddress, Namespace: w.settings.TemporalNamespace})
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	return c
}

func TestTheSameKey(t *testing.T) {
	w := alive(t)
	ctx := t.Context()

	t.Run("gives the same answer, also of another process and in another run", func(t *testing.T) {
		p := w.toReview()
		claim := cases.Send{CaseID: p.caseID, Key: w.key(), Message: &certification.ClaimReview{}}
		first, err := w.Send(ctx, reviewer("r-1"), claim)
		require.NoError(t, err)
		require.Equal(t, "r-1", first.Assignee)
		log := p.log()

		claim.Message = &certification.ClaimReview{}
		again, err := w.process().Send(ctx, reviewer("r-1"), claim)
		require.NoError(t, err)
		require.Equal(t, first, again)

		p.mustAs(reviewer("r-1"), &certification.ReleaseReview{})
		p.mustAs(administrator, &certification.StartNewRun{})
		temporal := w.temporalClient()
		require.Eventually(t, func() bool {
			described, err := temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(p.caseID), "")
			require.NoError(t, err)
			info := described.GetWorkflowExecutionInfo()
			return info.GetExecution().GetRunId() != info.GetFirstRunId()
		}, patience, 100*time.Millisecond)
		claim.Message = &certification.ClaimReview{}
		again, err = w.Send(ctx, reviewer("r-1"), claim)
		require.NoError(t, err)
		require.Equal(t, first, again, "as it was, though the case has gone on")

		// The answer was lost, not the message: it is not carried out again.
		w.exec("UPDATE idempotency_keys SET answer = NULL WHERE key = $1", claim.Key)
		claim.Message = &certification.ClaimReview{}
		now, err := w.Send(ctx, reviewer("r-1"), claim)
		require.NoError(t, err)
		require.Empty(t, now.Assignee, "the case as it now is: released since")
		require.Equal(t, append(log, "release-review", "start-new-run"), p.log())
	})

	t.Run("with something else is refused", func(t *testing.T) {
		p, other := w.toReview(), w.toReview()
		key := w.key()
		send := func(actor certification.Actor, p *person, message certification.Message, notes map[certification.ReasonCode]string) error {
			_, err := w.Send(ctx, actor, cases.Send{CaseID: p.caseID, Key: key, Message: message, Notes: notes})
			return err
		}
		require.NoError(t, send(administrator, p, &certification.ExtendDeadline{Days: 3}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(administrator, p, &certification.ExtendDeadline{Days: 4}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(administrator, p, &certification.Hold{}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(administrator, other, &certification.ExtendDeadline{Days: 3}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(administrator, p, &certification.ExtendDeadline{Days: 3}, map[certification.ReasonCode]string{"OTHER": "note"}))
		require.NoError(t, send(reviewer("r-1"), p, &certification.ClaimReview{}, nil), "everybody has keys of their own")
		require.Equal(t, []string{"extend-deadline", "claim-review"}, p.log()[len(p.log())-2:])
		require.NotContains(t, other.log(), "extend-deadline")
	})

	t.Run("with something else is refused, also once the answer is forgotten", func(t *testing.T) {
		p := w.toReview()
		key := w.key()
		send := func(message certification.Message, notes map[certification.ReasonCode]string) error {
			_, err := w.Send(ctx, administrator, cases.Send{CaseID: p.caseID, Key: key, Message: message, Notes: notes})
			return err
		}
		month := 31 * 24 * time.Hour
		forget := func() {
			w.later(month)
			defer w.later(-month)
			_, err := w.store.ForgetOldRecords(ctx)
			require.NoError(t, err)
			require.Zero(t, w.count("FROM idempotency_keys WHERE key = $1", key))
		}
		require.NoError(t, send(&certification.ExtendDeadline{Days: 3}, nil))
		log := p.log()
		forget()
		refused(t, certification.RefusedIdempotencyKeyReused, send(&certification.ExtendDeadline{Days: 4}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(&certification.Hold{Reason: "records_check"}, nil))
		refused(t, certification.RefusedIdempotencyKeyReused, send(&certification.ExtendDeadline{Days: 3}, map[certification.ReasonCode]string{"OTHER": "note"}))
		require.NoError(t, send(&certification.ExtendDeadline{Days: 3}, nil), "what was asked for is still known, whatever came between")
		require.Equal(t, log, p.log())

		// A message of before it was kept what was asked.
		w.exec("DELETE FROM message_digests WHERE case_id = $1", p.caseID)
		forget()
		refused(t, certification.RefusedIdempotencyKeyReused, send(&certification.Hold{Reason: "records_check"}, nil))
		require.NoError(t, send(&certification.ExtendDeadline{Days: 3}, nil))
		require.Equal(t, log, p.log())

		// What was refused left nothing that would bind the key for good.
		key = w.key()
		w.temporal.Down()
		refused(t, certification.RefusedUnavailable, send(&certification.Hold{Reason: "records_check"}, nil))
		w.back(w.temporal)
		forget()
		require.NoError(t, send(&certification.ExtendDeadline{Days: 5}, nil))
		forget()
		require.NoError(t, send(&certification.ExtendDeadline{Days: 5}, nil))
		require.Equal(t, append(log, "extend-deadline"), p.log())
	})

	t.Run("of a refusal can be used again for the same", func(t *testing.T) {
		p := w.toReview()
		decide := func(key string) error {
			_, err := w.Send(ctx, reviewer("r-1"), cases.Send{CaseID: p.caseID, Key: key, Message: &certification.DecideApplication{Decision: certification.DecisionApprove}})
			return err
		}
		key := w.key()
		refused(t, certification.RefusedWrongStage, decide(key))
		p.mustAs(reviewer("r-1"), &certification.ClaimReview{})
		require.NoError(t, decide(key))
		require.NoError(t, decide(key))
		refused(t, certification.RefusedAlreadyDecided, decide(w.key()))
	})

	t.Run("twice at once is one event and one answer", func(t *testing.T) {
		p := w.toReview()
		key := w.key()
		views, failures := atOnce(6, func(int) (cases.View, error) {
			return w.Send(ctx, administrator, cases.Send{CaseID: p.caseID, Key: key, Message: &certification.ExtendDeadline{Days: 5}})
		})
		for i := range views {
			require.NoError(t, failures[i])
			require.Equal(t, views[0], views[i])
		}
		require.Equal(t, 1, strings.Count(strings.Join(p.log(), " "), "extend-deadline"))
	})
}

func TestTwoDecideAtOnce(t *testing.T) {
	w := alive(t)
	for range 3 {
		p := w.toReview()
		p.mustAs(reviewer("r-1"), &certification.ClaimReview{})
		_, failures := atOnce(2, func(i int) (cases.View, error) {
			if i == 0 {
				return p.as(reviewer("r-1"), &certification.DecideApplication{Decision: certification.DecisionApprove})
			}
			return p.as(reviewer("r-1"), &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}})
		})
		won := 0
		for _, err := range failures {
			if err == nil {
				won++
				continue
			}
			refused(t, certification.RefusedAlreadyDecided, err)
		}
		require.Equal(t, 1, won)
		require.Equal(t, 1, strings.Count(strings.Join(p.log(), " "), "decide-application"))

		// Somebody else's review.
		other := w.toReview()
		other.mustAs(reviewer("r-1"), &certification.ClaimReview{})
		_, err := other.as(reviewer("r-2"), &certification.DecideApplication{Decision: certification.DecisionApprove})
		refused(t, certification.RefusedWrongStage, err)
	}
}

// Who decides a review that ended otherwise hears how the case stands, and is sent to
// nobody who decided.
func TestDecidingWhatNobodyDecided(t *testing.T) {
	w := alive(t)
	p := w.toReview()
	p.mustAs(reviewer("r-1"), &certification.ClaimReview{})
	p.mustAs(reviewer("r-1"), &certification.DecideApplication{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_UNREADABLE"}})
	approve := &certification.DecideApplication{Decision: certification.DecisionApprove}
	_, err := p.as(reviewer("r-1"), approve)
	refused(t, certification.RefusedAlreadyDecided, err)
	draft, err := p.save(certification.FormApplication, map[string]any{"id_expires_on": "2044-04-12"})
	require.NoError(t, err)
	var values certification.ApplicationValues
	require.NoError(t, json.Unmarshal(draft.Values, &values))
	p.must(&certification.ResubmitApplication{DraftRevision: draft.Revision, DocumentIDs: slices.Concat(values.PhotoID, values.Diploma)})
	p.must(&certification.Withdraw{})
	_, err = p.as(reviewer("r-1"), approve)
	refused(t, certification.RefusedClosed, err)
}

// Of two who deny an appeal, which closes the case, the second hears that it is decided,
// and not that the case is closed.
func TestTwoDenyAnAppeal(t *testing.T) {
	w := alive(t)
	p := w.toReview()
	p.mustAs(reviewer("r-1"), &certification.ClaimReview{})
	p.mustAs(reviewer("r-1"), &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}})
	draft, err := p.save(certification.FormAppeal, map[string]any{"statement": "I have it."})
	require.NoError(t, err)
	p.must(&certification.Appeal{DraftRevision: draft.Revision})
	_, err = p.as(reviewer("r-1"), &certification.DecideApplication{Decision: certification.DecisionApprove})
	refused(t, certification.RefusedAlreadyDecided, err)
	p.mustAs(reviewer("r-2"), &certification.ClaimReview{})
	_, failures := atOnce(2, func(int) (cases.View, error) {
		return p.as(reviewer("r-2"), &certification.DecideAppeal{Decision: certification.DecisionDeny})
	})
	won := 0
	for _, err := range failures {
		if err == nil {
			won++
			continue
		}
		refused(t, certification.RefusedAlreadyDecided, err)
	}
	require.Equal(t, 1, won)
	_, err = p.as(reviewer("r-2"), &certification.ClaimReview{})
	refused(t, certification.RefusedClosed, err)
}

func TestWhoMayDoWhat(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p, stranger := w.made(certification.StageApplicationReview), w.made(certification.StageApplication)
	document := p.document(certification.DocumentPhotoID, certification.DocumentClean)
	_, err := p.save(certification.FormAppeal, map[string]any{"statement": "mine"})
	require.NoError(t, err)

	// Somebody else's case, and one that is not there, and what is no id at all: one
	// answer, with nothing left behind.
	keys := w.count("FROM idempotency_keys")
	for _, caseID := range []string{p.caseID, store.NewID(), "", "nonsense", strings.ToUpper(stranger.caseID), "{" + stranger.caseID + "}"} {
		for name, ask := range map[string]func(context.Context) error{
			"case": func(ctx context.Context) error { _, err := w.Case(ctx, stranger.actor, caseID); return err },
			"events": func(ctx context.Context) error {
				_, err := w.Events(ctx, stranger.actor, caseID, cases.Page{Limit: 1})
				return err
			},
			"promises": func(ctx context.Context) error { _, err := w.Promises(ctx, stranger.actor, caseID); return err },
			"letters":  func(ctx context.Context) error { _, err := w.Letters(ctx, stranger.actor, caseID); return err },
			"payments": func(ctx context.Context) error { _, err := w.Payments(ctx, stranger.actor, caseID); return err },
			"some letters": func(ctx context.Context) error {
				_, err := w.LettersPart(ctx, stranger.actor, caseID, cases.Page{Limit: 5})
				return err
			},
			"some payments": func(ctx context.Context) error {
				_, err := w.PaymentsPart(ctx, stranger.actor, caseID, cases.Page{Limit: 5})
				return err
			},
			"some documents": func(ctx context.Context) error {
				_, err := w.DocumentsPart(ctx, stranger.actor, caseID, "", cases.Page{Limit: 5})
				return err
			},
			"draft": func(ctx context.Context) error {
				_, err := w.Draft(ctx, stranger.actor, caseID, certification.FormAppeal, "")
				return err
			},
			"save": func(ctx context.Context) error {
				_, err := w.SaveDraft(ctx, stranger.actor, cases.SaveDraft{CaseID: caseID, Form: certification.FormAppeal, Revision: 1, Changes: []byte(`{}`)})
				return err
			},
			"documents": func(ctx context.Context) error { _, err := w.Documents(ctx, stranger.actor, caseID); return err },
			"document": func(ctx context.Context) error {
				_, err := w.Document(ctx, stranger.actor, caseID, document)
				return err
			},
			"content": func(ctx context.Context) error {
				_, err := w.Content(ctx, stranger.actor, caseID, document, "")
				return err
			},
			"upload": func(ctx context.Context) error {
				_, err := w.Upload(ctx, stranger.actor, cases.Upload{CaseID: caseID, Key: w.key(), Kind: certification.DocumentPhotoID, Body: strings.NewReader("x")})
				return err
			},
			"video": func(ctx context.Context) error { _, err := w.VideoProgress(ctx, stranger.actor, caseID); return err },
			"watch": func(ctx context.Context) error {
				_, err := w.Watch(ctx, stranger.actor, cases.Watch{CaseID: caseID, Key: w.key(), Chapter: "welcome", Event: "opened"})
				return err
			},
			"send": func(ctx context.Context) error {
				_, err := w.Send(ctx, stranger.actor, cases.Send{CaseID: caseID, Key: w.key(), Message: &certification.Withdraw{}})
				return err
			},
		} {
			require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, ask(ctx)), "%s of %q", name, caseID)
		}
	}
	require.Equal(t, keys, w.count("FROM idempotency_keys"))
	// A document of somebody else's, asked for in one's own case.
	for _, id := range []string{document, store.NewID(), "nonsense", strings.ToUpper(document)} {
		_, err := w.Document(ctx, stranger.actor, stranger.caseID, id)
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
	}

	// Roles, also past the API: signals of others, and what only the owner does.
	_, err = p.as(reviewer("r"), &certification.Withdraw{})
	refused(t, certification.RefusedNotAllowed, err)
	_, err = p.as(p.actor, &certification.ClaimReview{})
	refused(t, certification.RefusedNotAllowed, err)
	_, err = p.as(p.actor, &certification.PaymentSettled{})
	refused(t, certification.RefusedNotAllowed, err)
	for _, actor := range []certification.Actor{reviewer("r"), administrator, {Role: certification.RoleService, ID: "s"}} {
		_, err = w.SaveDraft(ctx, actor, cases.SaveDraft{CaseID: p.caseID, Form: certification.FormAppeal, Revision: 1, Changes: []byte(`{}`)})
		refused(t, certification.RefusedNotAllowed, err)
		_, err = w.Upload(ctx, actor, cases.Upload{CaseID: p.caseID, Key: w.key(), Body: strings.NewReader("x")})
		refused(t, certification.RefusedNotAllowed, err)
		_, err = w.Watch(ctx, actor, cases.Watch{CaseID: p.caseID, Key: w.key(), Chapter: "welcome", Event: "opened"})
		refused(t, certification.RefusedNotAllowed, err)
	}
	service := certification.Actor{Role: certification.RoleService, ID: "s"}
	_, err = w.Draft(ctx, service, p.caseID, certification.FormAppeal, cases.PurposeAudit)
	refused(t, certification.RefusedNotAllowed, err)
	_, err = w.Case(ctx, service, p.caseID)
	require.NoError(t, err)
	for _, role := range []certification.Role{certification.RoleOutside, certification.RoleClock, ""} {
		nobody := certification.Actor{Role: role, ID: p.actor.ID}
		_, err = w.Case(ctx, nobody, p.caseID)
		refused(t, certification.RefusedNotFound, err)
		_, err = w.List(ctx, nobody, cases.Filter{Page: cases.Page{Limit: 10}})
		refused(t, certification.RefusedNotAllowed, err)
	}

	// Lists: one's own, all for staff, none for an applicant without an id.
	own, err := w.List(ctx, p.actor, cases.Filter{Page: cases.Page{Limit: 10}})
	require.NoError(t, err)
	require.Len(t, own.Cases, 1)
	all, err := w.List(ctx, reviewer("r"), cases.Filter{Page: cases.Page{Limit: 1}})
	require.NoError(t, err)
	require.Len(t, all.Cases, 1)
	rest, err := w.List(ctx, reviewer("r"), cases.Filter{Page: cases.Page{Limit: 10, Cursor: all.Next}})
	require.NoError(t, err)
	require.Len(t, rest.Cases, 1)
	require.NotEqual(t, all.Cases[0].ID, rest.Cases[0].ID)
	require.Empty(t, rest.Next)
	none, err := w.List(ctx, certification.Actor{Role: certification.RoleApplicant}, cases.Filter{Page: cases.Page{Limit: 10}})
	require.NoError(t, err)
	require.Empty(t, none.Cases)
	for _, cursor := range []string{"nonsense", "?", all.Next + "x"} {
		_, err = w.List(ctx, reviewer("r"), cases.Filter{Page: cases.Page{Limit: 10, Cursor: cursor}})
		refused(t, certification.RefusedMalformed, err)
	}
	_, err = w.Events(ctx, p.actor, p.caseID, cases.Page{Limit: 10, Cursor: "nonsense"})
	refused(t, certification.RefusedMalformed, err)
}

func TestTheCaseAsItsReaderMaySeeIt(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageApplicationReview, func(c *certification.Case) {
		c.Assignee = "r-1"
		c.RaiseAttention(certification.AttentionReview, "", w.now())
	})
	own, err := w.Case(t.Context(), p.actor, p.caseID)
	require.NoError(t, err)
	require.Empty(t, own.Assignee)
	require.Empty(t, own.Attention)
	staff, err := w.Case(t.Context(), reviewer("r-1"), p.caseID)
	require.NoError(t, err)
	require.Equal(t, "r-1", staff.Assignee)
	require.Len(t, staff.Attention, 1)
	require.Contains(t, staff.Available, certification.SignalDecideApplication)
	other, err := w.Case(t.Context(), reviewer("r-2"), p.caseID)
	require.NoError(t, err)
	require.NotContains(t, other.Available, certification.SignalDecideApplication)
	promises, err := w.Promises(t.Context(), p.actor, p.caseID)
	require.NoError(t, err)
	require.Len(t, promises, 1)
	require.True(t, promises[0].EndedAt.IsZero())
}

// Who of ours did something, or is to do it, is told to ours alone.
func TestTheLogNamesNobodyOfOurs(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toReview()
	p.mustAs(reviewer("reviewer-1"), &certification.ClaimReview{})
	p.mustAs(administrator, &certification.Reassign{ReviewerID: "reviewer-2"})
	told := func(actor certification.Actor) string {
		t.Helper()
		events, err := w.Events(ctx, actor, p.caseID, cases.Page{Limit: 50})
		require.NoError(t, err)
		said, err := json.Marshal(events)
		require.NoError(t, err)
		require.Contains(t, string(said), `"reassign"`)
		require.Contains(t, string(said), p.actor.ID)
		return string(said)
	}
	for _, id := range []string{"reviewer-1", "reviewer-2", administrator.ID} {
		require.Contains(t, told(administrator), id)
		require.NotContains(t, told(p.actor), id)
	}
}

// That something on our side does not get on is told to everybody; why, to staff.
func TestSlownessIsNotHidden(t *testing.T) {
	w := still(t)
	attention := func(codes ...string) func(c *certification.Case) {
		return func(c *certification.Case) {
			for _, code := range codes {
				c.RaiseAttention(code, "about", w.now())
			}
		}
	}
	for name, test := range map[string]struct {
		codes []string
		slow  bool
	}{
		"a letter that cannot be sent": {[]string{certification.AttentionReview, certification.AttentionNotice}, true},
		"a payment page":               {[]string{certification.AttentionCheckout}, true},
		"a check of a document":        {[]string{certification.AttentionDocument}, true},
		"what staff look after":        {[]string{certification.AttentionReview, certification.AttentionDispute, certification.AttentionUnknown}, false},
		"nothing":                      {nil, false},
	} {
		p := w.made(certification.StageTraining, attention(test.codes...))
		for _, actor := range []certification.Actor{p.actor, reviewer("r")} {
			view, err := w.Case(t.Context(), actor, p.caseID)
			require.NoError(t, err)
			require.Equal(t, test.slow, view.Slow, name)
			require.Equal(t, actor.Role != certification.RoleApplicant && len(test.codes) > 0, len(view.Attention) > 0, name)
		}
		mine, err := w.CasesOf(t.Context(), p.actor)
		require.NoError(t, err)
		require.Equal(t, test.slow, mine[0].Slow, name)
	}
}

// What the exam vendor says later of an exam that was acted upon waits for somebody of
// ours, maybe for long. The case of the person goes on, and is not slow for it.
func TestACorrectionMakesNoCaseSlow(t *testing.T) {
	w := still(t)
	before, now := uuid.NewString(), uuid.NewString()
	for name, test := range map[string]struct {
		change func(c *certification.Case)
		slow   bool
	}{
		"of an exam that was passed": {func(c *certification.Case) { c.RaiseAttention(certification.AttentionVendor, before, w.now()) }, false},
		"of one before this": {func(c *certification.Case) {
			c.Exam = &certification.Exam{AuthorizationID: now}
			c.RaiseAttention(certification.AttentionVendor, before, w.now())
		}, false},
		"no answer about this one": {func(c *certification.Case) {
			c.Exam = &certification.Exam{AuthorizationID: now}
			c.RaiseAttention(certification.AttentionVendor, now, w.now())
		}, true},
		"a promise that was not kept": {func(c *certification.Case) {
			late := c.ResultsNoticePromise().Open(now, w.now())
			c.Promises = append(c.Promises, late)
			c.RaiseAttention(certification.AttentionVendor, late.ID, w.now())
		}, true},
	} {
		p := w.made(certification.StageExamBooking, test.change)
		view, err := w.Case(t.Context(), p.actor, p.caseID)
		require.NoError(t, err)
		require.Equal(t, test.slow, view.Slow, name)
	}
}

func TestAPartIsDown(t *testing.T) {
	w := alive(t)
	ctx := t.Context()

	t.Run("Temporal", func(t *testing.T) {
		p := w.toReview()
		send := cases.Send{CaseID: p.caseID, Key: w.key(), Message: &certification.ClaimReview{}}
		w.temporal.Down()
		began := time.Now()
		_, err := w.Send(ctx, reviewer("r-1"), send)
		require.NotZero(t, refused(t, certification.RefusedUnavailable, err).RetryAfter)
		require.Less(t, time.Since(began), 15*time.Second, "nobody waits for as long as a call may take")
		_, err = w.Case(ctx, p.actor, p.caseID)
		require.NoError(t, err, "reading needs no Temporal")
		w.back(w.temporal)
		send.Message = &certification.ClaimReview{}
		view, err := w.Send(ctx, reviewer("r-1"), send)
		require.NoError(t, err)
		require.Equal(t, "r-1", view.Assignee)
		require.Equal(t, 1, strings.Count(strings.Join(p.log(), " "), "claim-review"))
	})

	t.Run("Temporal falls silent after the message arrived", func(t *testing.T) {
		p := w.toReview()
		w.workersRecords.Down()
		send := cases.Send{CaseID: p.caseID, Key: w.key(), Message: &certification.ClaimReview{}}
		_, err := w.Send(ctx, reviewer("r-1"), send)
		refused(t, certification.RefusedUnavailable, err)
		require.NotContains(t, p.log(), "claim-review", "the worker cannot write")
		w.workersRecords.Up()
		// Accepted is accepted: it is carried out without anybody asking again.
		require.Eventually(t, func() bool { return strings.Contains(strings.Join(p.log(), " "), "claim-review") }, patience, 100*time.Millisecond)
		send.Message = &certification.ClaimReview{}
		view, err := w.Send(ctx, reviewer("r-1"), send)
		require.NoError(t, err)
		require.Equal(t, "r-1", view.Assignee)
		require.Equal(t, 1, strings.Count(strings.Join(p.log(), " "), "claim-review"))
	})

	t.Run("PostgreSQL", func(t *testing.T) {
		p := w.toReview()
		calls := map[string]func() error{
			"case":        func() error { _, err := w.Case(ctx, p.actor, p.caseID); return err },
			"list":        func() error { _, err := w.List(ctx, p.actor, cases.Filter{Page: cases.Page{Limit: 1}}); return err },
			"events":      func() error { _, err := w.Events(ctx, p.actor, p.caseID, cases.Page{Limit: 1}); return err },
			"promises":    func() error { _, err := w.Promises(ctx, p.actor, p.caseID); return err },
			"letters":     func() error { _, err := w.Letters(ctx, p.actor, p.caseID); return err },
			"payments":    func() error { _, err := w.Payments(ctx, p.actor, p.caseID); return err },
			"draft":       func() error { _, err := w.Draft(ctx, p.actor, p.caseID, certification.FormTraining, ""); return err },
			"documents":   func() error { _, err := w.Documents(ctx, p.actor, p.caseID); return err },
			"video":       func() error { _, err := w.VideoProgress(ctx, p.actor, p.caseID); return err },
			"token":       func() error { _, err := w.Authenticate(ctx, "pct_x"); return err },
			"certificate": func() error { _, err := w.Certificate(ctx, "PSS-0000-0000"); return err },
			"register":    func() error { _, err := w.Register(ctx, w.key(), registrationOf("a@example.test")); return err },
			"confirm":     func() error { _, err := w.Confirm(ctx, w.key(), store.NewID(), "000000"); return err },
			"inbox": func() error {
				return w.Receive(ctx, certification.Incoming{Source: "test", ExternalID: w.key(), Kind: "k", Payload: []byte("{}")})
			},
			"send": func() error { _, err := p.send(&certification.Withdraw{}); return err },
		}
		w.records.Down()
		for name, call := range calls {
			refusal := refused(t, certification.RefusedUnavailable, call())
			require.NotZero(t, refusal.RetryAfter, name)
			require.NotContains(t, fmt.Sprint(refusal.Cause), w.records.Address, name)
		}
		ready := map[string]bool{}
		for _, part := range w.Ready(ctx) {
			ready[part.Name] = part.Ready
		}
		require.Equal(t, map[string]bool{"postgresql": false, "temporal": true, "s3": true}, ready)
		w.back(w.records)
		require.Equal(t, certification.StageApplicationReview, p.mustAs(reviewer("r"), &certification.ClaimReview{}).Stage, "nothing was half done")
	})

	t.Run("the case ended meanwhile", func(t *testing.T) {
		p := w.toReview()
		p.must(&certification.Withdraw{})
		_, err := p.as(reviewer("r"), &certification.ClaimReview{})
		refused(t, certification.RefusedClosed, err)
		_, err = p.SaveDraft(ctx, p.actor, cases.SaveDraft{CaseID: p.caseID, Form: certification.FormAppeal, Changes: []byte(`{}`)})
		refused(t, certification.RefusedClosed, err)
		_, err = p.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: w.key(), Kind: certification.DocumentDiploma, Body: strings.NewReader("x")})
		refused(t, certification.RefusedClosed, err)
	})

	t.Run("somebody terminated the workflow of an open case", func(t *testing.T) {
		p := w.toReview()
		require.NoError(t, w.temporalClient().TerminateWorkflow(ctx, workflows.CaseWorkflowID(p.caseID), "", "a test"))
		send := cases.Send{CaseID: p.caseID, Key: w.key(), Message: &certification.ClaimReview{}}
		_, err := w.Cases.Send(ctx, reviewer("r"), send)
		refused(t, certification.RefusedUnavailable, err)
		require.NoError(t, w.StartFromSnapshot(ctx, p.caseID))
		require.NoError(t, w.StartFromSnapshot(ctx, p.caseID), "one that runs is left alone")
		send.Message = &certification.ClaimReview{}
		view, err := w.Send(ctx, reviewer("r"), send)
		require.NoError(t, err)
		require.Equal(t, "r", view.Assignee)
	})

	t.Run("it is terminated while somebody waits", func(t *testing.T) {
		p := w.toReview()
		w.workersRecords.Down()
		defer w.workersRecords.Up()
		answered := make(chan error, 1)
		go func() {
			_, err := p.as(reviewer("r"), &certification.ClaimReview{})
			answered <- err
		}()
		temporal := w.temporalClient()
		require.Eventually(t, func() bool {
			described, err := temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(p.caseID), "")
			require.NoError(t, err)
			for _, activity := range described.GetPendingActivities() {
				if activity.GetActivityType().GetName() == activities.RecordName("claim-review") {
					return true
				}
			}
			return false
		}, patience, 50*time.Millisecond, "accepted, and on its way to the records")
		require.NoError(t, temporal.TerminateWorkflow(ctx, workflows.CaseWorkflowID(p.caseID), "", "a test"))
		refused(t, certification.RefusedUnavailable, <-answered)
	})
}

func TestPaying(t *testing.T) {
	w := alive(t)
	p := w.toApplication()
	p.must(p.fill())
	_, err := p.send(&certification.PayFee{NotRefundableVersion: "yesterday's"})
	require.Equal(t, []string{"not_refundable_version not_current"}, found(refused(t, certification.RefusedInvalid, err)))

	pay := &certification.PayFee{NotRefundableVersion: certification.CurrentPolicy(w.now()).NotRefundableVersion}
	view := p.must(pay)
	require.NotEmpty(t, view.CheckoutURL, "the person stands there")
	staff, err := w.Case(t.Context(), administrator, p.caseID)
	require.NoError(t, err)
	require.Empty(t, staff.CheckoutURL)
	payments, err := w.Payments(t.Context(), p.actor, p.caseID)
	require.NoError(t, err)
	require.Len(t, payments, 1)
	require.Equal(t, view.CheckoutURL, payments[0].CheckoutURL)

	// A page that has run out is not shown, and asking again waits for one that can be used.
	w.exec("UPDATE payments SET checkout_expires_at = $2 WHERE id = $1", view.Payment.ID, w.now().Add(-time.Second))
	stale, err := w.Case(t.Context(), p.actor, p.caseID)
	require.NoError(t, err)
	require.Empty(t, stale.CheckoutURL)
	p.eventually(func() bool { // the case may not have heard yet that the first page was opened
		again := p.must(&certification.PayFee{NotRefundableVersion: pay.NotRefundableVersion})
		require.Equal(t, view.Payment.ID, again.Payment.ID, "never asked twice")
		return again.CheckoutURL != ""
	})
}
