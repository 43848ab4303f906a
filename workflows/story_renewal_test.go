package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

func TestARenewalFiledTheLastEveningIsReviewedAfterExpiry(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toCertified()
		expires := s.Case().Certificate.ExpiresAt
		s.until(expires.Add(-time.Minute)) // 23:58:59
		s.told = len(s.notices)
		s.fileRenewal()
		s.pay()
		s.days(2)
		filed := s.at(c9n.StageRenewalReview)
		require.True(t, filed.RenewalFiled)
		require.False(t, filed.Certificate.Lapsed, "it stays active while it is reviewed")
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"CE_HOURS_BELOW_20"}})
		s.days(10)
		s.must(&c9n.ResubmitRenewal{DraftRevision: 1})
		s.must(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
		renewed := s.at(c9n.StageCertified)
		require.Equal(t, c9n.AddMonths(expires, 24), renewed.Certificate.ExpiresAt, "the term follows the last one")
		s.wrote(c9n.LetterReceipt, c9n.LetterRenewalReceived, c9n.LetterRenewalReturned, c9n.LetterReturnedReminder, c9n.LetterReviewResumed, c9n.LetterRenewed)
	})
}

func TestACertificateLapsesAndIsRenewedLate(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toCertified()
		expires := s.Case().Certificate.ExpiresAt
		require.Equal(t, pacific(2028, time.March, 9, 23, 59, 59), expires)
		s.until(expires.Add(-time.Second))
		s.at(c9n.StageRenewal)
		s.told = len(s.notices)
		s.sleep(2 * time.Second)
		require.True(t, s.at(c9n.StageExpired).Certificate.Lapsed)
		expired := s.wrote(c9n.LetterExpired)[0]
		require.Equal(t, pacific(2028, time.September, 9, 23, 59, 59), expired.DueAt)
		require.Equal(t, c9n.FeeLateRenewal, expired.Fee)
		s.days(60)
		s.fileRenewal()
		require.Equal(t, c9n.FeeLateRenewal, func() c9n.Fee { fee, _ := s.Case().FeeDue(); return fee }())
		s.pay()
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
		renewed := s.at(c9n.StageCertified)
		require.False(t, renewed.Certificate.Lapsed)
		require.Equal(t, c9n.EndOfDay(c9n.AddMonths(s.now(), 24)), renewed.Certificate.ExpiresAt, "a lapsed certificate begins anew")
	})
}

func TestACertificateIsVacated(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toCertified()
		s.until(c9n.AddMonths(s.Case().Certificate.ExpiresAt, 6).Add(time.Minute))
		s.closed(c9n.OutcomeVacated)
	})
	last := s.notices[len(s.notices)-1]
	require.Equal(t, c9n.LetterVacated, last.letter)
	require.Equal(t, 1, last.sent)
}

func TestARenewalThatIsNotCompletedLapses(t *testing.T) {
	t.Run("the fee is not paid", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			expires := s.Case().Certificate.ExpiresAt
			s.until(c9n.AddDays(expires, -80))
			s.fileRenewal()
			s.days(31)
			unfiled := s.at(c9n.StageRenewal) // there is time yet
			require.False(t, unfiled.RenewalFiled)
			s.fileRenewal()
			s.until(c9n.AddDays(expires, -1))
			s.at(c9n.StageRenewal)
			s.fileRenewal()
			s.days(25)
			require.False(t, s.at(c9n.StageRenewalFee).Certificate.Lapsed)
			s.days(6)
			require.True(t, s.at(c9n.StageExpired).Certificate.Lapsed)
		})
	})
	t.Run("what was returned does not come back", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -5))
			s.fileRenewal()
			s.pay()
			s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ETHICS_NOT_SIGNED"}})
			s.days(31)
			lapsed := s.at(c9n.StageExpired)
			require.Empty(t, lapsed.Returned)
			require.Empty(t, lapsed.Assignee)
		})
	})
}

func TestADeniedRenewalIsAppealed(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toCertified()
		expires := s.Case().Certificate.ExpiresAt
		s.until(c9n.AddDays(expires, -30))
		s.fileRenewal()
		s.pay()
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NOT_IN_GOOD_STANDING"}})
		s.at(c9n.StageDenied)
		s.must(&c9n.Appeal{DraftRevision: 1})
		s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
		renewed := s.at(c9n.StageCertified)
		require.Equal(t, c9n.AddMonths(expires, 24), renewed.Certificate.ExpiresAt)
		require.Empty(t, renewed.AppealFrom)
	})
	require.Len(t, s.payments, 3, "no second fee")
}

func TestACertificateIsSuspendedRevokedAndGivenBack(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toCertified()
		before := s.Case().Certificate
		s.told = len(s.notices)
		s.must(&c9n.Suspend{Reason: "complaint"})
		require.True(t, s.at(c9n.StageCertified).Suspended)
		s.refused(c9n.RefusedWrongStage, &c9n.Suspend{})
		s.must(&c9n.Reinstate{})
		s.refused(c9n.RefusedWrongStage, &c9n.Reinstate{})
		s.must(&c9n.Suspend{}, &c9n.Revoke{Reason: "ethics"})
		require.False(t, s.at(c9n.StageRevoked).Suspended)
		s.must(&c9n.Appeal{DraftRevision: 1})
		s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
		require.Equal(t, before, s.at(c9n.StageCertified).Certificate, "it goes on as if nothing had been")
		s.must(&c9n.Surrender{})
		s.wrote(c9n.LetterSuspended, c9n.LetterReinstated, c9n.LetterSuspended, c9n.LetterRevoked,
			c9n.LetterAppealReceived, c9n.LetterAppealGranted, c9n.LetterSurrendered)
		s.closed(c9n.OutcomeSurrendered)
	})
	t.Run("without an appeal", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.must(&c9n.Revoke{})
			s.days(31)
			s.closed(c9n.OutcomeRevoked)
		})
	})
	t.Run("an appeal denied", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.must(&c9n.Revoke{}, &c9n.Appeal{DraftRevision: 1})
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionDeny})
			s.closed(c9n.OutcomeRevoked)
		})
	})
	t.Run("after the certificate would have expired", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -1))
			s.fileRenewal()
			s.must(&c9n.Revoke{}, &c9n.Appeal{DraftRevision: 1})
			s.days(20)
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
			s.settle()
			require.False(t, s.at(c9n.StageExpired).RenewalFiled)
		})
	})
}

func TestACertificateIssuedOnTheLeapDay(t *testing.T) {
	tell(t, pacific(2028, time.February, 22, 9, 0, 0), func(s *story) {
		s.toCertified()
		issued := s.Case().Certificate
		require.Equal(t, 29, issued.IssuedAt.In(c9n.Pacific).Day())
		require.Equal(t, pacific(2030, time.February, 28, 23, 59, 59), issued.ExpiresAt)
		s.until(pacific(2029, time.November, 30, 23, 59, 58))
		s.at(c9n.StageCertified)
		s.sleep(2 * time.Second)
		s.at(c9n.StageRenewal)
	})
}

// A review that begins before the clocks change is due at the end of the day by the
// clock on the wall, not 14 times 24 hours later.
func TestDeadlinesAcrossDaylightSaving(t *testing.T) {
	for name, day := range map[string]struct{ begin, due time.Time }{
		"spring": {pacific(2026, time.March, 1, 23, 30, 0), time.Date(2026, time.March, 16, 6, 59, 59, 0, time.UTC)},
		"autumn": {pacific(2026, time.October, 25, 23, 30, 0), time.Date(2026, time.November, 9, 7, 59, 59, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, day.begin, func(s *story) {
				s.toReview()
				require.Equal(t, day.due, s.promise("application_review").DueAt)
				s.until(day.due.Add(-time.Second))
				require.False(t, s.promise("application_review").Overdue)
				s.sleep(2 * time.Second)
				require.True(t, s.promise("application_review").Overdue)
			})
		})
	}
}

// What is handed in one second before midnight in Los Angeles counts as that day.
func TestTheDayEndsInLosAngeles(t *testing.T) {
	due := func(at time.Time) time.Time {
		var due time.Time
		tell(t, at.Add(-time.Second), func(s *story) { // answers take settle each
			s.toReview()
			due = s.promise("application_review").DueAt
		})
		return due
	}
	require.Equal(t, pacific(2026, time.June, 15, 23, 59, 59), due(pacific(2026, time.June, 1, 23, 59, 58)))
	require.Equal(t, pacific(2026, time.June, 16, 23, 59, 59), due(pacific(2026, time.June, 2, 0, 0, 1)))
}
