package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

func TestAStepIsWrittenWhole(t *testing.T) {
	r := open(t)
	l := r.born()
	settled := l.reach("register", certification.StageIntroVideo)
	require.Equal(t, noon, settled.At)
	require.Len(t, settled.Promises, 1)
	l.atRest()

	r.later(time.Hour)
	l.reach("video", certification.StageApplication)
	require.EqualValues(t, 1, l.save(certification.FormApplication, 0))
	l.reach("submit", certification.StageApplicationFee, submit(certification.FormApplication, 1), letter(certification.LetterFeeReminder))
	l.reach("pay", certification.StageApplicationFee, ask(certification.FeeApplication))
	payment := l.Payment.ID
	l.atRest()
	r.later(time.Hour)
	l.reach("paid", certification.StageApplicationReview, settle("paid"), func(t *certification.Transition) {
		t.Payment.At = noon.Add(90 * time.Minute)
		t.Case.Assignee = "reviewer-1"
		t.Case.RaiseAttention(certification.AttentionReview, "about", time.Time{})
	})
	l.atRest()
	paid, err := l.ReadPayment(t.Context(), payment)
	require.NoError(t, err)
	require.Equal(t, "paid", paid.Status)
	require.Equal(t, noon.Add(90*time.Minute), *paid.SettledAt, "the instant at which the money came, in UTC")
	require.EqualValues(t, 100_00, paid.AmountCents)
	require.Equal(t, []string{"paid", "pay", "submit", "video", "register"}, l.events())

	// A certificate: its number is made by the records and found again.
	l.reach("passed", certification.StageCertified, func(t *certification.Transition) {
		t.Case.Certificate = &certification.Certificate{Term: 1}
		t.Issue, t.Expiry = true, &certification.Deadline{Months: 24}
		t.Case.Attention, t.Case.Assignee = nil, ""
	})
	require.Regexp(t, `^PSS-.{4}-.{4}$`, l.Certificate.Number)
	l.atRest()
	found, err := l.CaseOfCertificate(t.Context(), &l.Certificate.Number)
	require.NoError(t, err)
	require.Equal(t, "Made", found.FirstName)

	// Closed: nothing is due and nothing is open.
	l.reach("surrender", certification.StageClosed, func(t *certification.Transition) { t.Case.Outcome = certification.OutcomeSurrendered })
	require.Empty(t, l.Promises)
	l.atRest()
}

func TestARepeatedStepGivesTheFirstAnswer(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo)
	step := l.step("video", certification.StageApplication, letter(certification.LetterDraftReminder), ask(certification.FeeApplication), authorize)
	first := l.commit(step)
	l.later(time.Hour)
	again, err := l.Commit(t.Context(), step)
	require.NoError(t, err)
	requireSame(t, first, again)
	require.NotEmpty(t, again.PaymentID)
	require.Equal(t, []string{"video", "register"}, l.events())
	require.EqualValues(t, 1, one[int64](l.records, "SELECT count(*) FROM notices"))

	// Also long after, when the case has gone on.
	l.reach("more", certification.StageApplicationFee)
	again, err = l.Commit(t.Context(), step)
	require.NoError(t, err)
	requireSame(t, first, again)
	l.atRest()
}

func TestAKeyOfAnotherRevisionIsARepeat(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo)
	l.reach("video", certification.StageApplication)
	settled := l.reach("register", certification.StageClosed, letter(certification.LetterAbandoned))
	require.True(t, settled.Repeated)
	require.Equal(t, []string{"video", "register"}, l.events())
	l.atRest()

	// The records are ahead of a workflow that was reset, and it meets an old key: the
	// repeat changes nothing at all, so nothing is made void either.
	reset := *l
	l.reach("submit", certification.StageApplicationFee)
	settled, err := l.Commit(t.Context(), reset.step("register", certification.StageClosed))
	require.NoError(t, err)
	require.True(t, settled.Repeated)
	require.Equal(t, []string{"submit", "video", "register"}, l.events())
	l.atRest()
}

func TestADraftThatHasMovedOnRefusesTheStep(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo)
	l.reach("video", certification.StageApplication)
	before := *l
	for what, revision := range map[string]int{"no draft": 1, "an older one": 1, "one ahead": 3} {
		if what != "no draft" {
			l.save(certification.FormApplication, 0)
			l.save(certification.FormApplication, 1) // now at 2
		}
		settled := l.reach("submit", certification.StageApplicationFee, submit(certification.FormApplication, revision), letter(certification.LetterFeeReminder))
		require.ErrorIs(t, settled.Refused, certification.StaleRevision(), what)
		require.Equal(t, []string{"video", "register"}, l.events())
		l.atRest()
	}
	require.Nil(t, l.handedIn(certification.FormApplication))
	require.Zero(t, one[int64](l.records, "SELECT count(*) FROM notices"))

	// Refused while the records are ahead: they stay as they are.
	l.reach("other", certification.StageApplicationFee)
	settled, err := l.Commit(t.Context(), before.step("submit", certification.StageApplicationFee, submit(certification.FormApplication, 1)))
	require.NoError(t, err)
	require.NotNil(t, settled.Refused)
	require.Equal(t, []string{"other", "video", "register"}, l.events())
	l.atRest()
}

// The void rule: an orphan was written by a task that never completed; the workflow
// goes on from where it was, with another message.
func TestTheVoidRule(t *testing.T) {
	t.Run("letters, promises and the log", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageIntroVideo)
		before := *l
		orphan := l.reach("orphan", certification.StageApplication, letter(certification.LetterDraftReminder), letter(certification.LetterAbandoned))
		sent := l.Now()
		require.NoError(t, l.MarkNoticeSent(t.Context(), queries.MarkNoticeSentParams{ID: orphan.NoticeIDs[1], SentAt: &sent}))
		l.later(time.Minute)

		*l = before
		right := l.reach("right", certification.StageClosed, letter(certification.LetterWithdrawn), func(t *certification.Transition) {
			t.Case.Outcome = certification.OutcomeWithdrawn
		})
		l.atRest()
		require.Equal(t, []string{"right", "-orphan", "register"}, l.events())
		notices, err := l.NoticesOf(t.Context(), &l.ID)
		require.NoError(t, err)
		var left []string
		for _, notice := range notices {
			left = append(left, notice.ID)
		}
		require.ElementsMatch(t, []string{orphan.NoticeIDs[1], right.NoticeIDs[0]}, left, "a letter that was sent cannot be called back")
		_, err = l.ClaimNotice(t.Context(), claim(orphan.NoticeIDs[0], l.Now()))
		require.True(t, store.None(err), "nobody sends a void letter")
		promises, err := l.PromisesOf(t.Context(), l.ID)
		require.NoError(t, err)
		require.Len(t, promises, 1, "what the orphan promised was never promised")
		require.Equal(t, l.Now(), *promises[0].EndedAt, "it ended by the step that holds")
	})

	t.Run("a promise that the orphan closed is open again", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageIntroVideo)
		before := *l
		l.reach("orphan", certification.StageApplication)
		*l = before
		l.reach("right", certification.StageIntroVideo)
		l.atRest()
	})

	t.Run("payments", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageApplicationFee)
		before := *l
		l.reach("orphan", certification.StageApplicationFee, ask(certification.FeeApplication))
		orphaned := l.Payment.ID
		*l = before
		l.reach("asked", certification.StageApplicationFee, ask(certification.FeeApplication))
		asked := l.Payment.ID
		require.Equal(t, map[string]string{orphaned: "void", asked: "open"}, l.payments())

		// The orphan settled the payment; the workflow still waits for it.
		before = *l
		l.reach("orphan 2", certification.StageApplicationReview, settle("paid"))
		require.Equal(t, "paid", l.payments()[asked])
		*l = before
		l.reach("wake", certification.StageApplicationFee)
		require.Equal(t, "open", l.payments()[asked])

		// The orphan gave one up and asked for another.
		before = *l
		l.reach("orphan 3", certification.StageApplicationFee, settle("failed"))
		l.reach("orphan 4", certification.StageApplicationFee, ask(certification.FeeApplication))
		another := l.Payment.ID
		*l = before
		l.reach("paid", certification.StageApplicationReview, settle("paid"))
		require.Equal(t, map[string]string{orphaned: "void", another: "void", asked: "paid"}, l.payments())
		l.atRest()
	})

	t.Run("money that arrived stays in the ledger", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageApplicationFee)
		before := *l
		l.reach("asked", certification.StageApplicationFee, ask(certification.FeeApplication))
		payment := l.Payment.ID
		l.reach("paid", certification.StageApplicationReview, settle("paid"))
		*l = before
		l.reach("after a reset", certification.StageApplicationFee, ask(certification.FeeApplication))
		require.Equal(t, map[string]string{payment: "paid", l.Payment.ID: "open"}, l.payments())
	})

	t.Run("late money that counted, beside a page that was open", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageApplicationFee)
		l.reach("asked", certification.StageApplicationFee, ask(certification.FeeApplication))
		late := l.Payment.ID
		l.reach("expired", certification.StageApplicationFee, settle(certification.PaymentDropped))
		l.reach("asked again", certification.StageApplicationFee, ask(certification.FeeApplication))
		open := l.Payment.ID
		before := *l
		l.reach("a document", certification.StageApplicationFee)
		l.reach("late", certification.StageApplicationReview, settle(certification.PaymentDropped), credited(late, certification.PaymentPaid))
		require.Equal(t, map[string]string{late: certification.PaymentPaid, open: certification.PaymentDropped}, l.payments())
		*l = before
		l.reach("after a reset", certification.StageApplicationFee)
		require.Equal(t, map[string]string{late: certification.PaymentPaid, open: "open"}, l.payments(), "it arrived; the page is open once more")
		l.reach("late", certification.StageApplicationReview, settle(certification.PaymentDropped), credited(late, certification.PaymentPaid))
		require.Equal(t, map[string]string{late: certification.PaymentPaid, open: certification.PaymentDropped}, l.payments())
		l.atRest()
	})

	t.Run("a credit that the orphan gave back or spent is kept", func(t *testing.T) {
		for _, orphan := range []string{certification.PaymentSurplus, certification.PaymentPaid} {
			l := open(t).born()
			l.reach("register", certification.StageApplicationFee)
			l.reach("asked", certification.StageApplicationFee, ask(certification.FeeApplication))
			late := l.Payment.ID
			l.reach("expired", certification.StageApplication, settle(certification.PaymentDropped))
			l.reach("kept", certification.StageApplication, credited(late, certification.PaymentCredit), func(t *certification.Transition) {
				t.Case.Credit = &certification.Credit{PaymentID: late, Fee: certification.FeeApplication, AmountCents: 100_00}
			})
			arrived, err := l.ReadPayment(t.Context(), late)
			require.NoError(t, err)
			require.NotNil(t, arrived.SettledAt)
			before := *l
			l.reach("orphan", certification.StageApplication, func(t *certification.Transition) {
				t.Case.Credit, t.Credit = nil, &certification.PaymentOutcome{ID: late, Status: orphan}
			})
			require.Equal(t, map[string]string{late: orphan}, l.payments())
			*l = before
			l.reach("right", certification.StageApplication)
			require.Equal(t, map[string]string{late: certification.PaymentCredit}, l.payments())
			after, err := l.ReadPayment(t.Context(), late)
			require.NoError(t, err)
			require.Equal(t, arrived.SettledAt, after.SettledAt, "when it came stays")
			l.atRest()
		}
	})

	t.Run("authorizations", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageExamBooking)
		before := *l
		unsent := l.reach("orphan", certification.StageExamBooking, authorize).AuthorizationID
		*l = before
		sent := l.reach("orphan 2", certification.StageExamBooking, authorize).AuthorizationID
		at := l.Now()
		require.NoError(t, l.MarkAuthorizationSent(t.Context(), queries.MarkAuthorizationSentParams{ID: sent, SentAt: &at}))
		*l = before
		right := l.reach("right", certification.StageExamBooking, authorize).AuthorizationID
		voided := func(id string) bool {
			row, err := l.AuthorizationToSend(t.Context(), id)
			require.NoError(t, err)
			return row.VoidedAt != nil
		}
		require.True(t, voided(unsent))
		require.False(t, voided(sent), "what left the house stays as it is")
		require.False(t, voided(right))
		l.atRest()
	})

	t.Run("the last day of an authorization", func(t *testing.T) {
		l := open(t).born()
		window := func(days int) func(*certification.Transition) {
			return func(t *certification.Transition) {
				t.Window = &certification.Deadline{From: certification.AddDays(l.Now(), days), Exact: true}
			}
		}
		l.reach("register", certification.StageExamFee, window(100))
		l.reach("authorize", certification.StageExamBooking, authorize)
		id := l.Exam.AuthorizationID
		until := func() time.Time {
			row, err := l.AuthorizationToSend(t.Context(), id)
			require.NoError(t, err)
			return row.EligibleUntil
		}
		first := l.WindowEndsAt
		require.WithinDuration(t, first, until(), time.Millisecond)
		before := *l
		l.reach("orphan", certification.StageExamBooking, window(107))
		require.WithinDuration(t, l.WindowEndsAt, until(), time.Millisecond, "it moves with the window")
		require.True(t, l.WindowEndsAt.After(first))
		*l = before
		l.reach("right", certification.StageExamBooking)
		require.WithinDuration(t, first, until(), time.Millisecond, "and back with it")
		l.reach("scoring", certification.StageExamScoring)
		l.reach("longer", certification.StageExamScoring, window(130))
		require.WithinDuration(t, l.WindowEndsAt, until(), time.Millisecond, "also while the result is due")
		l.atRest()
	})

	t.Run("drafts", func(t *testing.T) {
		l := open(t).born()
		l.reach("register", certification.StageApplication)
		l.save(certification.FormApplication, 0)
		before := *l
		l.reach("orphan", certification.StageApplicationFee, submit(certification.FormApplication, 1))
		require.Equal(t, 1, *l.handedIn(certification.FormApplication))
		require.Equal(t, []string{"{}"}, l.sent(certification.FormApplication))
		*l = before
		l.reach("extend", certification.StageApplication)
		require.Nil(t, l.handedIn(certification.FormApplication), "the applicant has it again")
		require.Empty(t, l.sent(certification.FormApplication), "what never took effect was never handed in")
		require.EqualValues(t, 1, l.save(certification.FormApplication, 1))

		l.reach("submit", certification.StageApplicationReview, submit(certification.FormApplication, 2))
		require.EqualValues(t, 0, l.save(certification.FormApplication, 2), "out of the applicant's hands")
		before = *l
		l.reach("orphan 2", certification.StageApplicationReturned, reopen(certification.FormApplication))
		require.Nil(t, l.handedIn(certification.FormApplication))
		*l = before
		l.reach("approved", certification.StageTraining)
		require.Equal(t, 2, *l.handedIn(certification.FormApplication), "and stays out of them")
		require.Equal(t, []string{"{}"}, l.sent(certification.FormApplication), "giving it back keeps nothing more")
		l.atRest()
	})
}

func (l *life) payments() map[string]string {
	l.t.Helper()
	rows, err := l.sql.Query(l.t.Context(), "SELECT id::text, status FROM payments WHERE case_id = $1", l.ID)
	require.NoError(l.t, err)
	found := map[string]string{}
	var id, status string
	for rows.Next() {
		require.NoError(l.t, rows.Scan(&id, &status))
		found[id] = status
	}
	require.NoError(l.t, rows.Err())
	return found
}

func TestRecordsAheadOfAResetWorkflow(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo)
	l.reach("video", certification.StageApplication)
	l.save(certification.FormApplication, 0)
	reset := *l
	l.reach("submit", certification.StageApplicationFee, submit(certification.FormApplication, 1))
	l.reach("pay", certification.StageApplicationFee, ask(certification.FeeApplication))
	l.reach("withdraw", certification.StageClosed, settle("failed"), letter(certification.LetterWithdrawn), func(t *certification.Transition) {
		t.Case.Outcome = certification.OutcomeWithdrawn
	})
	l.atRest()

	*l = reset
	// A key that the records have further ahead comes earlier now: it is no repeat.
	l.reach("pay", certification.StageApplicationFee)
	l.atRest()
	require.Equal(t, []string{"pay", "-withdraw", "-pay", "-submit", "video", "register"}, l.events())
	require.Nil(t, l.handedIn(certification.FormApplication))
	require.Zero(t, one[int64](l.records, "SELECT count(*) FROM notices WHERE voided_at IS NULL"))
	l.reach("submit", certification.StageApplicationFee, submit(certification.FormApplication, 1))
	l.atRest()
}

func TestManyCommitsOfOneRevision(t *testing.T) {
	for name, first := range map[string]bool{"the first, when there is no row to lock": true, "a later one": false} {
		t.Run(name, func(t *testing.T) {
			l := open(t).born()
			if !first {
				l.reach("register", certification.StageIntroVideo)
			}
			const many = 8
			answers := make([]certification.Settled, many)
			atOnce(t, many, func(i int) error {
				var err error
				answers[i], err = l.Commit(t.Context(), l.step("same key", certification.StageApplication, letter(certification.LetterAbandoned)))
				return err
			})
			for _, answer := range answers {
				requireSame(t, answers[0], answer)
			}
			require.EqualValues(t, 1, one[int64](l.records, "SELECT count(*) FROM notices"))

			atOnce(t, many, func(i int) error {
				_, err := l.Commit(t.Context(), l.step(fmt.Sprint("key ", i), certification.StageApplication, letter(certification.LetterAbandoned)))
				return err
			})
			revision := l.Revision + 1
			require.EqualValues(t, 1, one[int64](l.records, "SELECT count(*) FROM case_events WHERE revision = $1 AND voided_at IS NULL", revision))
			require.EqualValues(t, many, one[int64](l.records, "SELECT count(*) FROM case_events WHERE revision = $1 AND voided_at IS NOT NULL", revision))
			require.EqualValues(t, 1, one[int64](l.records, "SELECT count(*) FROM notices WHERE voided_at IS NULL"))
			require.EqualValues(t, 1, one[int64](l.records, "SELECT count(*) FROM promises WHERE ended_at IS NULL"))
		})
	}
}

// atOnce runs a function several times at the same time; none may fail.
func atOnce(t *testing.T, times int, do func(i int) error) {
	t.Helper()
	var group sync.WaitGroup
	failures := make([]error, times)
	start := make(chan struct{})
	for i := range times {
		group.Go(func() {
			<-start
			failures[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	require.NoError(t, errors.Join(failures...))
}

func TestWhatAPromiseCameTo(t *testing.T) {
	r := open(t)
	ended := func(l *life, kind certification.PromiseKind) bool {
		t.Helper()
		return one[bool](r, "SELECT kept FROM promises WHERE case_id = $1 AND kind = $2 AND ended_at IS NOT NULL", l.ID, string(kind))
	}
	review := certification.StagePromise(certification.StageApplicationReview)

	l := r.born()
	l.reach("register", certification.StageApplicationReview)
	r.later(13 * 24 * time.Hour)
	l.reach("decided", certification.StageTraining)
	require.True(t, ended(l, review), "in time")

	l = r.born()
	l.reach("register", certification.StageApplicationReview)
	r.later(15 * 24 * time.Hour)
	l.reach("decided", certification.StageTraining)
	require.False(t, ended(l, review), "a day late")

	// A clock that stands still: the review was due long ago, had it run.
	l = r.born()
	l.reach("register", certification.StageApplicationReview)
	l.reach("returned", certification.StageApplicationReturned, func(t *certification.Transition) {
		t.Close, t.Stop = nil, []certification.PromiseKind{review}
	})
	l.atRest()
	r.later(20 * 24 * time.Hour)
	l.reach("withdraw", certification.StageClosed)
	require.True(t, ended(l, review), "stopped in time")

	// Stopped, resumed with what was left, and then late.
	l = r.born()
	l.reach("register", certification.StageApplicationReview)
	r.later(10 * 24 * time.Hour)
	l.reach("hold", certification.StageApplicationReview, func(t *certification.Transition) { t.Stop = []certification.PromiseKind{review} })
	r.later(30 * 24 * time.Hour)
	l.reach("release", certification.StageApplicationReview, func(t *certification.Transition) { t.Resume = []certification.PromiseKind{review} })
	l.atRest()
	require.Equal(t, 4, certification.DaysBetween(r.Now(), l.DueAt()))
	r.later(5 * 24 * time.Hour)
	l.reach("decided", certification.StageTraining)
	require.False(t, ended(l, review))

	// The due instant itself is what ends it, and the clock here is a little behind the
	// one of the timer.
	l = r.born()
	l.reach("register", certification.StageApplication)
	r.at(l.DueAt().Add(-time.Second))
	l.reach("due", certification.StageClosed, func(t *certification.Transition) {
		t.Event.Signal, t.Event.Name = "", certification.EventDue
		t.Event.Details.Promise = certification.StagePromise(certification.StageApplication)
	})
	require.False(t, ended(l, certification.StagePromise(certification.StageApplication)))

	// The day on which renewal opens is nobody's to keep.
	l = r.born()
	l.reach("register", certification.StageCertified, func(t *certification.Transition) {
		t.Case.Certificate = &certification.Certificate{Term: 1}
		t.Issue, t.Expiry = true, &certification.Deadline{Months: 24}
	})
	r.at(l.DueAt().Add(time.Second))
	l.reach("due", certification.StageRenewal)
	require.True(t, ended(l, certification.StagePromise(certification.StageCertified)))
	l.atRest()
}

func TestAStepThatFailsLeavesNothing(t *testing.T) {
	r := open(t)
	l, other := r.born(), r.born()
	l.reach("register", certification.StageIntroVideo)
	other.Number = l.Number // the same number by chance
	_, err := other.Commit(t.Context(), other.step("register", certification.StageIntroVideo, letter(certification.LetterAbandoned)))
	require.EqualError(t, err, "writing revision 1 of case "+other.ID+": the database refused: 23505 on cases_number_key")
	require.NotErrorIs(t, err, store.ErrUnavailable)
	require.Empty(t, other.events())
	require.Zero(t, one[int64](r, "SELECT count(*) FROM notices"))
	_, err = r.Store.Case(t.Context(), other.ID)
	require.ErrorIs(t, err, store.ErrNoCase)
	taken, err := r.CaseNumberTaken(t.Context(), l.Number)
	require.NoError(t, err)
	require.True(t, taken)

	// Never two open payments in one case, whatever a workflow says.
	l.reach("ask", certification.StageApplicationFee, ask(certification.FeeApplication))
	_, err = l.Commit(t.Context(), l.step("ask twice", certification.StageApplicationFee, ask(certification.FeeApplication)))
	require.ErrorContains(t, err, "payments_one_open")
	l.atRest()
}
