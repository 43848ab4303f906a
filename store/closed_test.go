package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/store"
)

// late is a step by a message about money.
func late(message certification.Message, key string) func(certification.Case) certification.Transition {
	return func(c certification.Case) certification.Transition {
		step := certification.Transition{Event: certification.Event{Signal: message.Signal(), Key: key, From: c.Stage, To: c.Stage}}
		c.Money(message, &step)
		step.Case = c
		return step
	}
}

func TestAClosedCaseTakesMoney(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageApplicationFee)
	l.reach("ask", certification.StageApplicationFee, ask(certification.FeeApplication))
	id := l.Payment.ID
	settled := &certification.PaymentSettled{PaymentID: id, AmountCents: 100_00, PaidAt: l.Now().Add(time.Minute)}
	require.ErrorIs(t, l.CommitClosed(t.Context(), l.ID, late(settled, "settled")), store.ErrNotClosed, "an open case has a workflow that writes")
	l.reach("withdraw", certification.StageClosed, settle(certification.PaymentDropped))

	// Two messages at once, each twice: each is written once, and neither voids the other.
	var all sync.WaitGroup
	for range 2 {
		for key, message := range map[string]certification.Message{"settled": settled, "disputed": &certification.PaymentDisputed{PaymentID: id}} {
			all.Go(func() {
				if err := l.CommitClosed(t.Context(), l.ID, late(message, key)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	require.ElementsMatch(t, []string{"register", "ask", "withdraw", "settled", "disputed"}, l.events())
	row, err := l.Store.Case(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, l.Revision+2, row.Revision)
	require.True(t, row.NeedsAttentionFor(certification.AttentionSurplus, id))
	require.True(t, row.NeedsAttentionFor(certification.AttentionDispute, id))
	require.Equal(t, map[string]string{id: certification.PaymentSurplus}, l.payments())
	paid, err := l.ReadPayment(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, settled.PaidAt, *paid.SettledAt)
	require.Equal(t, int64(1), one[int64](l.records, "SELECT count(*) FROM inbox WHERE source = 'steps' AND kind = 'send-letter'"), "nobody else sends the letter")

	require.NoError(t, l.CommitClosed(t.Context(), l.ID, late(&certification.PaymentRefunded{PaymentID: id, AmountCents: 100_00}, "refunded")))
	row, err = l.Store.Case(t.Context(), l.ID)
	require.NoError(t, err)
	require.Empty(t, row.Attention)
	require.Equal(t, map[string]string{id: certification.PaymentRefundedWhole}, l.payments())
	paid, err = l.ReadPayment(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, settled.PaidAt, *paid.SettledAt, "when it arrived stays known")
}

// The page of a payment is closed as often as a step ends it that holds.
func TestAStepAsksForThePageToBeClosed(t *testing.T) {
	waiting := func(l *life) int64 {
		return one[int64](l.records, "SELECT count(*) FROM inbox WHERE kind = 'close-page' AND processed_at IS NULL")
	}
	l := open(t).born()
	l.reach("register", certification.StageApplicationFee)
	l.reach("ask", certification.StageApplicationFee, ask(certification.FeeApplication))
	before := *l
	l.reach("paid", certification.StageApplicationReview, settle(certification.PaymentPaid))
	require.Zero(t, waiting(l), "where the money came there is nothing to close")

	*l = before
	l.reach("waived", certification.StageApplicationReview, settle(certification.PaymentWaived))
	require.Equal(t, int64(1), waiting(l))
	one[int64](l.records, "WITH done AS (UPDATE inbox SET processed_at = now() RETURNING 1) SELECT count(*) FROM done")

	// The step was an orphan: the workflow goes on otherwise, and then ends the payment again.
	*l = before
	l.reach("other", certification.StageApplicationFee)
	require.Zero(t, waiting(l))
	l.reach("withdraw", certification.StageClosed, settle(certification.PaymentDropped))
	require.Equal(t, int64(1), waiting(l))

	// A payment that is void was asked for by nobody; its page may be open.
	v := l.born()
	v.reach("register", certification.StageApplicationFee)
	kept := *v
	v.reach("orphan", certification.StageApplicationFee, ask(certification.FeeApplication))
	*v = kept
	v.reach("right", certification.StageApplicationFee)
	require.Equal(t, int64(2), waiting(v))
}
