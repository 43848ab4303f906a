package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

var monday = pacific(2026, time.March, 2, 9, 0, 0)

// One person, from registration to a third term: an application returned, an exam
// failed, two renewals, and a run of its own for each term.
func TestFromRegistrationToAThirdTerm(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		s.wrote()
		s.pay()
		s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)

		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_EXPIRED", "DIPLOMA_NAME_DIFFERS"}})
		returned := s.at(c9n.StageApplicationReturned)
		require.Len(t, returned.Returned, 2)
		s.wrote(c9n.LetterApplicationReturned)
		s.days(3)
		s.must(&c9n.ResubmitApplication{DraftRevision: 1, DocumentIDs: []string{"d4"}})
		resumed := s.at(c9n.StageApplicationReview)
		require.Equal(t, "actor-1", resumed.Assignee, "the same reviewer goes on")
		require.Empty(t, resumed.Returned)
		require.Equal(t, pacific(2026, time.March, 19, 23, 59, 59), s.promise("application_review").DueAt, "14 days and the 3 it was stopped")
		s.wrote(c9n.LetterReviewResumed)
		s.must(&c9n.DecideApplication{Decision: c9n.DecisionApprove})
		require.Equal(t, pacific(2027, time.March, 5, 23, 59, 59), s.at(c9n.StageTraining).WindowEndsAt)
		s.wrote(c9n.LetterApplicationApproved)

		s.submitTraining()
		s.wrote(c9n.LetterTrainingReceived)
		s.decide(&c9n.DecideTraining{Decision: c9n.DecisionApprove})
		s.wrote(c9n.LetterTrainingAccepted, c9n.LetterExamFeeDue)
		s.pay()
		s.wrote(c9n.LetterReceipt, c9n.LetterHowToBook)
		s.authorize()
		s.appoint(7)
		s.wrote(c9n.LetterBookingConfirmed)
		s.days(7)
		s.sleep(3 * time.Hour)
		s.at(c9n.StageExamScoring)
		s.examined(false)
		failed := s.at(c9n.StageExamFee)
		require.Equal(t, 2, failed.AttemptsLeft())
		notice := s.wrote(c9n.LetterResultsNotPassed)[0]
		require.Equal(t, c9n.FeeRetake, notice.Fee)
		require.Equal(t, 2, notice.AttemptsLeft)
		require.Nil(t, failed.Promise(c9n.PromiseResultsNotice), "the notice was sent, so its promise is kept")

		s.book(7)
		s.wrote(c9n.LetterReceipt, c9n.LetterHowToBook, c9n.LetterBookingConfirmed)
		s.days(7)
		s.examined(true)
		first := s.at(c9n.StageCertified)
		require.Equal(t, 1, first.Certificate.Term)
		require.Equal(t, s.wrote(c9n.LetterResultsPassed)[0].CertificateNumber, first.Certificate.Number)
		issued := first.Certificate.IssuedAt
		require.Equal(t, pacific(2028, issued.In(c9n.Pacific).Month(), issued.In(c9n.Pacific).Day(), 23, 59, 59), first.Certificate.ExpiresAt)
		s.sleep(2 * time.Minute)
		require.Equal(t, 2, s.runs, "a certified case sleeps in a run of its own")

		for term := 2; term <= 3; term++ {
			before := s.at(c9n.StageCertified).Certificate
			for i, daysLeft := range []int{90, 60, 30, 7} {
				s.until(c9n.AddDays(before.ExpiresAt, -daysLeft).Add(-time.Minute))
				s.wrote()
				s.sleep(2 * time.Minute)
				reminder := s.wrote(c9n.LetterRenewalReminder)[0]
				require.Equal(t, daysLeft, reminder.DaysLeft)
				require.Equal(t, before.ExpiresAt, reminder.ExpiresAt)
				if i == 0 {
					s.at(c9n.StageRenewal)
				}
			}
			s.fileRenewal()
			s.pay()
			s.wrote(c9n.LetterReceipt, c9n.LetterRenewalReceived)
			s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
			renewed := s.at(c9n.StageCertified)
			require.Equal(t, term, renewed.Certificate.Term)
			require.Equal(t, before.Number, renewed.Certificate.Number)
			require.Equal(t, c9n.AddMonths(before.ExpiresAt, 24), renewed.Certificate.ExpiresAt)
			s.wrote(c9n.LetterRenewed)
			s.sleep(2 * time.Minute)
			require.Equal(t, term+1, s.runs)
			s.atRest()
		}
	})
	for id, p := range s.payments {
		require.Equal(t, "paid", p.status, id)
		require.Equal(t, 1, s.checkouts[id], "each page is opened once")
	}
	require.Len(t, s.payments, 5)
}
