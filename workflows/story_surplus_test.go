package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// paid tells a case of the money of a payment, whether it waits for that or not.
func (s *story) paid(id string) {
	s.t.Helper()
	p := s.payments[id]
	require.Nil(s.t, s.send(&c9n.PaymentSettled{PaymentID: id, Fee: p.fee, AmountCents: p.cents, PaidAt: s.now()}))
	s.settle()
}

// arrives tells a case of money that it has no use for, and wants it noted and nothing
// moved by it.
func (s *story) arrives(id string) {
	s.t.Helper()
	before := *s.Case()
	s.paid(id)
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
	t.Run("the page that was opened instead is paid as well", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := owing(s)
			require.Nil(t, s.send(&c9n.PaymentFailed{PaymentID: first, Reason: "expired"}))
			s.settle()
			second := s.askFee()
			s.paid(second)
			s.at(c9n.StageApplicationReview)
			s.arrives(first)
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
	t.Run("it went back before we heard of it, and the fee is due", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := owing(s)
			s.told = len(s.notices)
			require.Nil(t, s.send(&c9n.PaymentSettled{PaymentID: id, Fee: c9n.FeeApplication, AmountCents: 100_00, RefundedCents: 100_00, PaidAt: s.now()}))
			s.settle()
			s.at(c9n.StageApplicationReview) // as if the refund had come after
			require.Equal(t, c9n.PaymentRefundedWhole, s.payments[id].status)
			require.Empty(t, s.projected().Attention)
			require.Equal(t, id, s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)[0].PaymentID)
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

// keeps wants the money of a payment to be kept, and nothing moved by it.
func (s *story) keeps(id string) {
	s.t.Helper()
	before := *s.Case()
	s.told = len(s.notices)
	s.paid(id)
	after := s.projected()
	require.Equal(s.t, before.Stage, after.Stage)
	require.Equal(s.t, before.Promises, after.Promises)
	require.Equal(s.t, &c9n.Credit{PaymentID: id, Fee: s.payments[id].fee, AmountCents: s.payments[id].cents, PaidAt: after.Credit.PaidAt}, after.Credit)
	require.Equal(s.t, c9n.PaymentCredit, s.payments[id].status)
	require.Equal(s.t, before.Attention, after.Attention, "nobody has to do anything about it")
	told := s.wrote(c9n.LetterPaymentCredit)
	require.Equal(s.t, id, told[0].PaymentID)
	s.told = len(s.notices)
}

// Nobody is asked twice for a fee: what is paid when the time for it was over counts as
// soon as the fee is due again.
func TestMoneyThatCameTooLateCounts(t *testing.T) {
	unpaid := func(s *story) string {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		id := s.askFee()
		s.days(31)
		s.at(c9n.StageApplication)
		return id
	}
	t.Run("application", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			s.submitApplication()
			s.at(c9n.StageApplicationReview)
			told := s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)
			require.Equal(t, id, told[0].PaymentID)
			require.EqualValues(t, 100_00, told[0].AmountCents)
			require.Equal(t, id, s.lastEvent().Details.ID)
			require.Equal(t, c9n.PaymentPaid, s.payments[id].status)
			require.Nil(t, s.Case().Credit)
			require.Len(t, s.payments, 1)
			s.atRest()
		})
	})
	t.Run("beside a page that is open", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := unpaid(s)
			s.submitApplication()
			second := s.askFee()
			s.paid(first)
			s.at(c9n.StageApplicationReview)
			require.Equal(t, c9n.PaymentPaid, s.payments[first].status)
			require.Equal(t, c9n.PaymentDropped, s.payments[second].status, "nobody pays there any more")
			require.Empty(t, s.Case().Attention)
			s.arrives(second) // paid in that moment: one of the two goes back
		})
	})
	t.Run("renewal, also in the time to renew late", func(t *testing.T) {
		for _, wait := range []int{31, 95} {
			tell(t, monday, func(s *story) {
				s.toRenewal()
				s.fileRenewal()
				id := s.askFee()
				s.days(31)
				s.at(c9n.StageRenewal)
				s.days(wait - 31)
				s.keeps(id)
				s.must(&c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: c9n.CurrentPolicy(s.now())})
				s.at(c9n.StageRenewalReview)
				require.True(t, s.Case().RenewalPaid)
				require.Equal(t, c9n.PaymentPaid, s.payments[id].status)
				s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
				require.Equal(t, 2, s.Case().Certificate.Term)
			})
		}
	})
	t.Run("renewal, given back after a revocation", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			s.fileRenewal()
			id := s.askFee()
			s.must(&c9n.Revoke{Reason: "ethics"})
			s.keeps(id)
			s.must(&c9n.Appeal{DraftRevision: 1})
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
			s.at(c9n.StageRenewalReview)
			require.Equal(t, c9n.PaymentPaid, s.payments[id].status)
		})
	})
	t.Run("a new price is asked for, and the old one given back", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			dearer := c9n.CurrentPolicy(s.now())
			dearer.ApplicationFeeCents += 25_00
			s.must(&c9n.SubmitApplication{DraftRevision: 1, EthicsVersion: dearer.EthicsVersion, DocumentIDs: []string{"d1", "d2"}, Policy: dearer})
			s.at(c9n.StageApplicationFee)
			s.wrote(c9n.LetterPaymentSurplus)
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionSurplus, id))
			require.Equal(t, c9n.PaymentSurplus, s.payments[id].status)
			s.pay()
			s.at(c9n.StageApplicationReview)
		})
	})
	t.Run("it went back meanwhile", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			require.Nil(t, s.send(&c9n.PaymentRefunded{PaymentID: id, AmountCents: 100_00}))
			s.settle()
			require.Nil(t, s.projected().Credit)
			s.submitApplication()
			s.at(c9n.StageApplicationFee)
			s.pay()
			s.at(c9n.StageApplicationReview)
		})
	})
	t.Run("a part of it went back meanwhile", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			require.Nil(t, s.send(&c9n.PaymentRefunded{PaymentID: id, AmountCents: 40_00, LeftCents: 60_00}))
			s.settle()
			told := s.wrote(c9n.LetterPaymentSurplus)
			require.EqualValues(t, 60_00, told[0].AmountCents, "what is still here is no price: it goes back at once")
			require.Equal(t, c9n.PaymentSurplus, s.payments[id].status)
			s.submitApplication()
			s.at(c9n.StageApplicationFee)
		})
	})
	t.Run("a part of it had gone back before it came", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			require.Nil(t, s.send(&c9n.PaymentSettled{PaymentID: id, Fee: c9n.FeeApplication, AmountCents: 100_00, RefundedCents: 40_00, PaidAt: s.now()}))
			s.settle()
			require.Nil(t, s.projected().Credit, "nothing is promised of what is no price")
			require.Equal(t, c9n.PaymentSurplus, s.payments[id].status)
			s.submitApplication()
			second := s.askFee()
			s.days(31)
			s.keeps(second)
			s.submitApplication()
			s.at(c9n.StageApplicationReview)
		})
	})
	t.Run("a bank disputes it meanwhile", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			require.Nil(t, s.send(&c9n.PaymentDisputed{PaymentID: id}))
			s.settle()
			c := s.projected()
			require.True(t, c.NeedsAttentionFor(c9n.AttentionDispute, id))
			require.True(t, c.NeedsAttentionFor(c9n.AttentionSurplus, id), "should the bank leave it with us")
			s.submitApplication()
			s.at(c9n.StageApplicationFee)
		})
	})
	t.Run("money for the renewal of the term before goes back", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			s.fileRenewal()
			first := s.askFee()
			require.Nil(t, s.send(&c9n.PaymentFailed{PaymentID: first, Reason: "expired"}))
			s.settle()
			paidAt := s.now()
			s.pay()
			s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
			s.sleep(2 * time.Minute)
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -80))
			s.at(c9n.StageRenewal)
			require.Nil(t, s.send(&c9n.PaymentSettled{PaymentID: first, Fee: c9n.FeeRenewal, AmountCents: 80_00, PaidAt: paidAt}))
			s.settle()
			require.Nil(t, s.projected().Credit)
			require.Equal(t, c9n.PaymentSurplus, s.payments[first].status)
		})
	})
	t.Run("revoked where no renewal was asked for", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.must(&c9n.Revoke{Reason: "ethics"})
			require.Nil(t, s.send(&c9n.PaymentSettled{PaymentID: "some", Fee: c9n.FeeRenewal, AmountCents: 80_00, PaidAt: s.now()}))
			s.settle()
			require.Nil(t, s.projected().Credit, "an appeal that succeeds leads back to certified")
		})
	})
	t.Run("the case ends", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := unpaid(s)
			s.keeps(id)
			s.must(&c9n.Withdraw{})
			closed := s.projected()
			require.True(t, closed.NeedsAttentionFor(c9n.AttentionSurplus, id), "nothing will be due any more")
			s.wrote(c9n.LetterWithdrawn, c9n.LetterPaymentSurplus)
			require.Equal(t, c9n.PaymentSurplus, s.payments[id].status)
		})
	})
	t.Run("a second payment for the same fee goes back", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := unpaid(s)
			s.submitApplication()
			second := s.askFee()
			s.days(31)
			s.keeps(first)
			s.arrives(second)
			s.submitApplication()
			s.at(c9n.StageApplicationReview)
			require.Equal(t, c9n.PaymentPaid, s.payments[first].status)
		})
	})
	t.Run("not for another fee", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			exam := s.askFee()
			s.must(&c9n.WaiveFee{Reason: "scholarship"})
			s.arrives(exam)
			s.authorize()
			s.appoint(10)
			s.days(11)
			s.examined(false)
			s.at(c9n.StageExamFee)
			retake := s.askFee()
			require.Nil(t, s.send(&c9n.PaymentFailed{PaymentID: retake, Reason: "expired"}))
			s.settle()
			s.at(c9n.StageExamFee)
			s.paid(retake)
			s.at(c9n.StageExamBooking)
			require.Equal(t, c9n.PaymentSurplus, s.payments[exam].status)
			require.Equal(t, c9n.PaymentPaid, s.payments[retake].status)
		})
	})
}

// A dispute is noted until Stripe says how it ended, also after the end of the case.
func TestADisputeEnds(t *testing.T) {
	for name, of := range map[string]struct {
		ended  c9n.PaymentDisputed
		status string
	}{
		"won":            {c9n.PaymentDisputed{Outcome: c9n.DisputeWon}, c9n.PaymentPaid},
		"lost":           {c9n.PaymentDisputed{Outcome: c9n.DisputeLost}, c9n.PaymentRefundedWhole},
		"a part is lost": {c9n.PaymentDisputed{Outcome: c9n.DisputeLost, LeftCents: 60_00}, c9n.PaymentPaid},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toReview()
				id := ""
				s.read(func() {
					for of := range s.payments {
						id = of
					}
				})
				s.told = len(s.notices)
				s.must(&c9n.PaymentDisputed{PaymentID: id})
				s.must(&c9n.RetryStep{})
				require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionDispute, id), "only Stripe knows how it ends")
				ended := of.ended
				ended.PaymentID = id
				s.must(&ended)
				require.Empty(t, s.at(c9n.StageApplicationReview).Attention)
				require.Equal(t, ended.Outcome, s.lastEvent().Details.Code)
				require.Equal(t, id, s.lastEvent().Details.ID)
				require.Equal(t, of.status, s.payments[id].status)
				s.wrote()
				s.atRest()
			})
		})
	}
}
