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
			require.Equal(t, c9n.ThenRenewalEnds, s.promise("renewal_fee").Then)
			s.days(29)
			s.told = len(s.notices)
			s.days(2)
			unfiled := s.at(c9n.StageRenewal) // there is time yet
			require.False(t, unfiled.RenewalFiled)
			ended := s.wrote(c9n.LetterRenewalEnded)[0]
			require.Equal(t, expires, ended.DueAt)
			require.Equal(t, c9n.FeeRenewal, ended.Fee)
			s.fileRenewal()
			s.until(c9n.AddDays(expires, -1))
			s.at(c9n.StageRenewal)
			s.fileRenewal()
			require.Equal(t, c9n.ThenExpired, s.promise("renewal_fee").Then)
			s.days(25)
			require.False(t, s.at(c9n.StageRenewalFee).Certificate.Lapsed)
			s.told = len(s.notices)
			s.days(6)
			require.True(t, s.at(c9n.StageExpired).Certificate.Lapsed)
			s.wrote(c9n.LetterExpired)
			s.fileRenewal()
			require.Equal(t, c9n.ThenRenewalEnds, s.promise("renewal_fee").Then)
			s.until(c9n.AddMonths(expires, 6).AddDate(0, 0, -10))
			require.Equal(t, c9n.FeeLateRenewal, s.notices[len(s.notices)-1].facts.Fee)
			s.fileRenewal()
			require.Equal(t, c9n.ThenVacated, s.promise("renewal_fee").Then)
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
			require.Empty(t, s.notices[len(s.notices)-1].facts.Fee, "it was paid")
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
}

// A certificate that is given back goes on where it was revoked. It does not lapse, and
// nobody pays twice, because of a mistake of ours (domain §2.8, 2 and 12).
func TestACertificateIsGivenBackWhereItWas(t *testing.T) {
	// revoked is what comes first; after so many days the appeal succeeds.
	revoked := func(s *story, days int) {
		s.must(&c9n.Revoke{Reason: "ethics"})
		require.False(s.t, s.at(c9n.StageRevoked).RenewalFiled)
		s.must(&c9n.Appeal{DraftRevision: 1})
		s.days(days)
		s.told = len(s.notices)
		s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
		require.Equal(s.t, c9n.LetterAppealGranted, s.notices[s.told].letter)
	}
	t.Run("a paid renewal is under review, and the term ends meanwhile", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			s.toCertified()
			expires := s.Case().Certificate.ExpiresAt
			s.until(c9n.AddDays(expires, -20))
			s.fileRenewal()
			s.pay()
			s.days(4)
			due := s.promise("renewal_review").DueAt
			stopped := s.now()
			revoked(s, 40)
			back := s.at(c9n.StageRenewalReview)
			require.True(t, back.RenewalFiled)
			require.Nil(t, back.Revoked)
			require.Empty(t, back.AppealFrom)
			require.Equal(t, c9n.AddDays(due, c9n.DaysBetween(stopped, s.now())), s.promise("renewal_review").DueAt, "the time that was left to decide it")
			s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
			renewed := s.at(c9n.StageCertified)
			require.Equal(t, c9n.AddMonths(expires, 24), renewed.Certificate.ExpiresAt)
			require.Equal(t, expires, renewed.Certificate.TermBegan)
			s.sleep(2 * time.Minute)
			require.Equal(t, expires, s.Case().Certificate.TermBegan, "also in the run that follows")
		})
		require.Len(t, s.payments, 3, "no second fee")
	})
	t.Run("a renewal is returned", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			s.toCertified()
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -20))
			s.fileRenewal()
			s.pay()
			reasons := []c9n.ReasonCode{"ETHICS_NOT_SIGNED"}
			s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: reasons})
			revoked(s, 40)
			require.Equal(t, reasons, s.at(c9n.StageRenewalReturned).Returned)
			require.False(t, s.promise("renewal_review").Running())
			s.must(&c9n.ResubmitRenewal{DraftRevision: 1})
			require.True(t, s.at(c9n.StageRenewalReview).RenewalFiled)
			require.True(t, s.promise("renewal_review").Running())
		})
		require.Len(t, s.payments, 3)
	})
	t.Run("its fee is due", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -1))
			s.fileRenewal()
			s.must(&c9n.PayFee{NotRefundableVersion: s.Case().Policy.NotRefundableVersion})
			revoked(s, 40)
			require.Nil(t, s.at(c9n.StageRenewalFee).Payment)
			s.days(31)
			s.at(c9n.StageRenewal) // not paid, and there is time yet
			s.days(60)
			s.at(c9n.StageExpired)
		})
	})
	for name, from := range map[string]struct {
		stage, back c9n.Stage
		left, open  int // days left of the term, and until renewal opens once it is given back
	}{
		"renewal is open":              {c9n.StageRenewal, c9n.StageRenewal, 10, 0},
		"nothing is to do":             {c9n.StageCertified, c9n.StageCertified, 300, 170},
		"renewal would open meanwhile": {c9n.StageCertified, c9n.StageRenewal, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toCertified()
				expires := s.Case().Certificate.ExpiresAt
				s.until(c9n.AddDays(expires, -from.left))
				s.at(from.stage)
				revoked(s, 40)
				after := max(from.left-40, 90)
				s.sleep(2 * time.Minute) // it is a day's last second
				given := s.at(from.back)
				require.Equal(t, c9n.AddDays(expires, after-(from.left-40)), given.Certificate.ExpiresAt, "as much time to renew as everybody has")
				require.False(t, given.Certificate.Lapsed)
				require.Equal(t, given.Certificate.IssuedAt, given.TermBegan(), "its courses still count")
				s.days(from.open + 1)
				s.at(c9n.StageRenewal)
				s.fileRenewal()
				s.pay()
				s.at(c9n.StageRenewalReview)
			})
		})
	}
	t.Run("on hold", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -20))
			s.fileRenewal()
			s.pay()
			s.must(&c9n.Revoke{}, &c9n.Hold{Reason: "records_check"})
			s.days(3)
			s.must(&c9n.ReleaseHold{})
			require.False(t, s.promise("renewal_review").Running(), "its clock is stopped by the revocation")
			require.True(t, s.promise("revoked").Running())
		})
	})
}

// Who is certified stays so until a denial of the renewal is final, so the public can be
// protected until then. No appeal gives back what was taken or suspended meanwhile.
func TestACertificateIsSuspendedOrRevokedWhileItsDenialCanBeAppealed(t *testing.T) {
	denied := func(s *story) time.Time {
		s.toDeniedRenewal()
		s.told = len(s.notices)
		return s.Case().Certificate.ExpiresAt
	}
	appealed := func(s *story) time.Time {
		expires := denied(s)
		s.must(&c9n.Appeal{DraftRevision: 1})
		s.told = len(s.notices)
		return expires
	}
	for name, first := range map[string]func(*story) time.Time{"denied": denied, "under appeal": appealed} {
		t.Run(name+", suspended", func(t *testing.T) {
			tell(t, monday, func(s *story) {
				expires := first(s)
				s.must(&c9n.Suspend{Reason: "complaint"})
				s.refused(c9n.RefusedWrongStage, &c9n.Suspend{})
				require.True(t, s.wrote(c9n.LetterSuspended)[0].Suspended)
				if s.Case().Stage == c9n.StageDenied {
					s.must(&c9n.Appeal{DraftRevision: 1})
				}
				s.told = len(s.notices)
				s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
				renewed := s.at(c9n.StageCertified)
				require.True(t, renewed.Suspended, "the appeal was about the renewal")
				require.Equal(t, c9n.AddMonths(expires, 24), renewed.Certificate.ExpiresAt)
				require.True(t, s.wrote(c9n.LetterAppealGranted, c9n.LetterRenewed)[1].Suspended)
				s.must(&c9n.Reinstate{})
				require.False(t, s.at(c9n.StageCertified).Suspended)
			})
		})
		t.Run(name+", reinstated", func(t *testing.T) {
			tell(t, monday, func(s *story) {
				first(s)
				stage := s.Case().Stage
				s.must(&c9n.Suspend{}, &c9n.Reinstate{})
				require.False(t, s.at(stage).Suspended)
				s.wrote(c9n.LetterSuspended, c9n.LetterReinstated)
			})
		})
		t.Run(name+", revoked for good", func(t *testing.T) {
			tell(t, monday, func(s *story) {
				first(s)
				s.must(&c9n.Suspend{}, &c9n.Revoke{Reason: "fraud"})
				revoked := s.at(c9n.StageRevoked)
				require.False(t, revoked.Suspended)
				require.Equal(t, c9n.StageRevoked, revoked.AppealFrom)
				require.Nil(t, revoked.Promise("denied"))
				require.Nil(t, revoked.Promise("appeal_review"))
				letter := s.wrote(c9n.LetterSuspended, c9n.LetterRevoked)[1]
				require.True(t, letter.RenewalDenied)
				require.Equal(t, s.promise("revoked").DueAt, letter.DueAt)
				s.refused(c9n.RefusedWrongStage, &c9n.Suspend{})
				s.refused(c9n.RefusedWrongStage, &c9n.Reinstate{})
				s.must(&c9n.Appeal{DraftRevision: 1})
				for _, again := range []c9n.Message{&c9n.Suspend{}, &c9n.Revoke{}} {
					s.refused(c9n.RefusedWrongStage, again) // it is revoked
				}
				s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionDeny})
				s.closed(c9n.OutcomeRevoked)
			})
		})
		t.Run(name+", revoked and nobody appeals", func(t *testing.T) {
			tell(t, monday, func(s *story) {
				first(s)
				s.must(&c9n.Revoke{})
				s.days(31)
				s.closed(c9n.OutcomeRevoked)
			})
		})
		t.Run(name+", revoked and given back", func(t *testing.T) {
			s := tell(t, monday, func(s *story) {
				expires := first(s)
				s.must(&c9n.Revoke{Reason: "ethics"}, &c9n.Appeal{DraftRevision: 1})
				s.days(80) // the whole time to appeal the denial, and more
				s.told = len(s.notices)
				s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
				back := s.at(c9n.StageDenied)
				require.Nil(t, back.Revoked)
				require.Equal(t, c9n.StageRenewalReview, back.AppealFrom, "what can be appealed now")
				require.Equal(t, expires, back.Certificate.ExpiresAt, "nothing kept it from being renewed but the denial")
				require.Equal(t, 1, back.Certificate.Term, "the appeal was not about the renewal")
				require.True(t, back.RenewalFiled)
				granted := s.wrote(c9n.LetterAppealGranted)[0]
				require.False(t, granted.RenewalDenied)
				require.Equal(t, c9n.EndOfDay(c9n.AddDays(s.now(), back.Policy.AppealDays)), granted.DueAt, "the whole time again")
				require.Equal(t, s.promise("denied").DueAt, granted.DueAt)
				s.must(&c9n.Appeal{DraftRevision: 1})
				s.days(20) // beyond the term
				require.True(t, s.now().After(expires))
				s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
				renewed := s.at(c9n.StageCertified)
				require.Equal(t, c9n.AddMonths(expires, 24), renewed.Certificate.ExpiresAt)
				require.Equal(t, 2, renewed.Certificate.Term)
			})
			require.Len(t, s.payments, 3, "no second fee")
		})
		t.Run(name+", given back, and not appealed again", func(t *testing.T) {
			tell(t, monday, func(s *story) {
				first(s)
				s.must(&c9n.Revoke{}, &c9n.Appeal{DraftRevision: 1})
				s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
				s.at(c9n.StageDenied)
				s.days(31)
				s.closed(c9n.OutcomeDenied)
			})
		})
	}
	t.Run("an application that was denied has no certificate", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toReview()
			s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
			s.refused(c9n.RefusedWrongStage, &c9n.Suspend{})
			s.refused(c9n.RefusedWrongStage, &c9n.Revoke{})
			s.must(&c9n.Appeal{DraftRevision: 1})
			s.refused(c9n.RefusedWrongStage, &c9n.Suspend{})
			s.refused(c9n.RefusedWrongStage, &c9n.Revoke{})
		})
	})
	t.Run("on hold", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			denied(s)
			s.must(&c9n.Hold{Reason: "records_check"}, &c9n.Revoke{})
			s.days(3)
			require.False(t, s.promise("revoked").Running())
			s.must(&c9n.ReleaseHold{})
			require.True(t, s.promise("revoked").Running())
		})
	})
	// Both were let in where the renewal was under review.
	t.Run("beside the denial", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			s.fileRenewal()
			s.pay()
			s.must(&c9n.ClaimReview{})
			sent := s.postTogether(
				&c9n.DecideRenewal{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NOT_IN_GOOD_STANDING"}}, &c9n.Suspend{Reason: "complaint"},
			)
			s.settle()
			for _, on := range sent {
				require.True(t, on.answered)
				require.Nil(t, s.refusalOf(on))
			}
			require.True(t, s.at(c9n.StageDenied).Suspended)
		})
	})
}

// The fee of a renewal is paid once a term, however often the renewal is sent.
func TestARenewalIsPaidOnce(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toCertified()
		s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -85))
		s.fileRenewal()
		s.pay()
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ETHICS_NOT_SIGNED"}})
		require.Equal(t, c9n.ThenRenewalEnds, s.promise("renewal_returned").Then)
		s.days(29)
		s.told = len(s.notices)
		s.days(2)
		s.at(c9n.StageRenewal)
		require.Empty(t, s.wrote(c9n.LetterRenewalEnded)[0].Fee, "it was paid")
		again := &c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: c9n.CurrentPolicy(s.now())}
		s.must(again)
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ETHICS_NOT_SIGNED"}})
		s.days(60)
		s.at(c9n.StageExpired)
		again = &c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: c9n.CurrentPolicy(s.now())}
		s.must(again)
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
		require.False(t, s.at(c9n.StageCertified).RenewalPaid)
		s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -85))
		s.fileRenewal()
		s.at(c9n.StageRenewalFee) // another term, another fee
	})
	require.Len(t, s.payments, 3)
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
