package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// arrives tells a case of money, and wants it noted and nothing moved by it.
func (s *story) arrives(id string) {
	s.t.Helper()
	before := *s.Case()
	require.Nil(s.t, s.send(&c9n.PaymentSettled{PaymentID: id, AmountCents: 100_00, PaidAt: s.now()}))
	s.settle()
	after := s.projected()
	require.Equal(s.t, before.Stage, after.Stage)
	require.Equal(s.t, before.Payment, after.Payment, "a fee that is being paid is asked for all the same")
	require.Equal(s.t, before.Promises, after.Promises)
	require.True(s.t, after.NeedsAttentionFor(c9n.AttentionSurplus, id))
	require.Equal(s.t, c9n.PaymentSurplus, s.payments[id].status)
	require.Empty(s.t, s.lastEvent().Ignored)
}

func TestMoneyThatIsNotDueAnyMore(t *testing.T) {
	owing := func(s *story) string {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		return s.askFee()
	}
	t.Run("the fee was waived", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := owing(s)
			s.must(&c9n.WaiveFee{Reason: "scholarship"})
			s.told = len(s.notices)
			s.arrives(id)
			told := s.wrote(c9n.LetterPaymentSurplus)
			require.EqualValues(t, 100_00, told[0].AmountCents)
			require.Equal(t, id, told[0].PaymentID)

			require.Nil(t, s.send(&c9n.PaymentRefunded{PaymentID: id, AmountCents: 40_00, LeftCents: 60_00}))
			s.settle()
			require.True(t, s.Case().NeedsAttention(c9n.AttentionSurplus), "a part is not all")
			require.Equal(t, c9n.PaymentSurplus, s.payments[id].status)
			s.must(&c9n.RetryStep{})
			require.True(t, s.Case().NeedsAttention(c9n.AttentionSurplus), "nothing of ours can mend it")
			require.Nil(t, s.send(&c9n.PaymentRefunded{PaymentID: id, AmountCents: 100_00}))
			s.settle()
			require.Empty(t, s.Case().Attention)
			require.Equal(t, c9n.PaymentRefundedWhole, s.payments[id].status)
			s.atRest()
		})
	})
	t.Run("the time to pay was over", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := owing(s)
			s.days(31)
			s.at(c9n.StageApplication)
			s.arrives(first)
			s.submitApplication()
			second := s.askFee()
			require.NotEqual(t, first, second)
			s.pay()
			require.Equal(t, c9n.PaymentPaid, s.payments[second].status, "asked again, paid again; the first comes back")
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionSurplus, first))
		})
	})
	t.Run("beside a page that is open", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := owing(s)
			require.Nil(t, s.send(&c9n.PaymentFailed{PaymentID: first, Reason: "expired"}))
			s.settle()
			second := s.askFee()
			s.arrives(first)
			require.Equal(t, second, s.Case().Payment.ID)
		})
	})
	t.Run("after the end, while the last letter waits", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			id := owing(s)
			s.set("mail", true)
			s.must(&c9n.Withdraw{})
			s.arrives(id)
			require.Nil(t, s.send(&c9n.PaymentDisputed{PaymentID: id}))
			s.settle()
			closed := s.projected()
			require.True(t, closed.NeedsAttention(c9n.AttentionDispute))
			s.set("mail", false)
			s.sleep(time.Hour)
			require.True(t, s.over)
		})
		closed := s.projected()
		require.True(t, closed.NeedsAttention(c9n.AttentionSurplus), "what the run leaves behind says it")
	})
	t.Run("it went back before we heard of it", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := owing(s)
			s.must(&c9n.WaiveFee{Reason: "scholarship"})
			require.Nil(t, s.send(&c9n.PaymentSettled{PaymentID: id, AmountCents: 100_00, RefundedCents: 100_00, PaidAt: s.now()}))
			s.settle()
			require.Empty(t, s.Case().Attention)
			require.Equal(t, c9n.PaymentRefundedWhole, s.payments[id].status)
		})
	})
	t.Run("typed by hand, nobody knows whether it is true", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := owing(s)
			s.must(&c9n.WaiveFee{Reason: "scholarship"})
			require.Nil(t, s.sendAs(&c9n.PaymentSettled{PaymentID: id}))
			s.settle()
			require.Equal(t, "no key", s.lastEvent().Ignored)
			require.Empty(t, s.Case().Attention)
		})
	})
}
