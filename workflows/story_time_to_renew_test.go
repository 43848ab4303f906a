package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// notPaid files a renewal whose fee is not paid in time.
func (s *story) notPaid() {
	s.t.Helper()
	s.must(&c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: c9n.CurrentPolicy(s.now())})
	s.at(c9n.StageRenewalFee)
	s.until(s.promise("renewal_fee").DueAt.Add(time.Minute))
}

func TestTimeThatIsGivenToRenewIsKept(t *testing.T) {
	for name, give := range map[string]func(*story){
		"extended": func(s *story) { s.must(&c9n.ExtendDeadline{Days: 60}) },
		"on hold":  func(s *story) { s.must(&c9n.Hold{Reason: "records_check"}); s.days(60); s.must(&c9n.ReleaseHold{}) },
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toRenewal()
				expires := s.Case().Certificate.ExpiresAt
				give(s)
				by := c9n.AddDays(expires, 60)
				require.Equal(t, by, s.promise("renewal").DueAt)
				require.Equal(t, expires, s.Case().Certificate.ExpiresAt, "the term is as long as it was")
				require.Equal(t, by, s.Case().RenewableUntil())
				s.until(c9n.AddDays(expires, 5))
				s.told = len(s.notices)
				s.notPaid()
				require.Equal(t, by, s.at(c9n.StageRenewal).RenewableUntil())
				require.Equal(t, by, s.promise("renewal").DueAt)
				for _, letter := range s.wrote(c9n.LetterFeeReminder, c9n.LetterFeeReminder, c9n.LetterFeeReminder, c9n.LetterRenewalEnded) {
					require.True(t, letter.TimeGiven)
				}
				s.atRest()
				s.fileRenewal()
				s.pay()
				s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionApprove})
				renewed := s.at(c9n.StageCertified)
				require.Equal(t, c9n.EndOfDay(c9n.AddMonths(expires, 24)), renewed.Certificate.ExpiresAt, "as if in the term")
				require.Zero(t, renewed.Certificate.RenewBy)
			})
		})
	}
	t.Run("and then it lapses, with all the time to renew late", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			expires := s.Case().Certificate.ExpiresAt
			s.must(&c9n.ExtendDeadline{Days: 200})
			s.until(c9n.AddDays(expires, 200).Add(time.Minute))
			late := c9n.EndOfDay(c9n.AddMonths(c9n.AddDays(expires, 200), 6))
			require.Equal(t, late, s.at(c9n.StageExpired).RenewableUntil())
			require.Equal(t, late, s.promise("expired").DueAt)
			s.must(&c9n.ExtendDeadline{Days: 10})
			s.notPaid()
			require.Equal(t, c9n.AddDays(late, 10), s.at(c9n.StageExpired).RenewableUntil())
			require.Equal(t, c9n.AddDays(late, 10), s.promise("expired").DueAt)
			s.atRest()
			s.until(c9n.AddDays(late, 10).Add(time.Minute))
			s.closed(c9n.OutcomeVacated)
		})
	})
}

func TestAHoldTakesNoTimeToRenew(t *testing.T) {
	t.Run("while the fee is due", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			expires := s.Case().Certificate.ExpiresAt
			s.must(&c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: "sample-2024-1", Policy: c9n.CurrentPolicy(s.now())})
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(80)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, c9n.AddDays(expires, 80), s.Case().RenewableUntil())
			require.Equal(t, c9n.ThenRenewalEnds, s.promise("renewal_fee").Then)
			s.until(s.promise("renewal_fee").DueAt.Add(time.Minute))
			s.at(c9n.StageRenewal)
			s.atRest()
		})
	})
	t.Run("before renewal opened", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			expires := s.Case().Certificate.ExpiresAt
			s.until(c9n.AddDays(expires, -120).Add(-time.Hour))
			s.must(&c9n.Hold{Reason: "records_check"})
			s.until(c9n.AddDays(expires, 5).Add(-time.Hour))
			s.must(&c9n.ReleaseHold{})
			s.settle()
			require.Equal(t, c9n.AddDays(expires, 95), s.at(c9n.StageRenewal).RenewableUntil(), "the 90 days that everybody has")
			s.atRest()
		})
	})
	t.Run("that was over before renewal opened", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(100)
			s.must(&c9n.ReleaseHold{})
			require.Zero(t, s.at(c9n.StageCertified).Certificate.RenewBy)
		})
	})
}

// Nobody goes through the time that was given without a word.
func TestWhoIsGivenTimeToRenewIsTold(t *testing.T) {
	reminded := func(s *story, at time.Time, letter c9n.Letter) c9n.Facts {
		s.t.Helper()
		s.until(at.Add(-time.Minute))
		require.Equal(s.t, s.told, len(s.notices), "and nothing before")
		s.sleep(2 * time.Minute)
		facts := s.wrote(letter)[0]
		s.atRest()
		return facts
	}
	t.Run("by an operator", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			s.days(1)
			s.told = len(s.notices)
			expires := s.Case().Certificate.ExpiresAt
			by := c9n.AddDays(expires, 100)
			s.must(&c9n.ExtendDeadline{Days: 100})
			require.True(t, s.wrote(c9n.LetterDeadlineExtended)[0].TimeGiven)
			for _, days := range []int{60, 30, 7} {
				reminder := reminded(s, c9n.AddDays(expires, -days), c9n.LetterRenewalReminder)
				require.Equal(t, days, reminder.DaysLeft)
				require.Equal(t, by, reminder.DueAt)
			}
			for _, at := range []time.Time{expires, c9n.AddDays(by, -60), c9n.AddDays(by, -30), c9n.AddDays(by, -7)} {
				reminder := reminded(s, at, c9n.LetterTimeToRenew)
				require.Equal(t, by, reminder.RenewUntil)
				require.Equal(t, c9n.FeeRenewal, reminder.Fee)
			}
			reminded(s, by, c9n.LetterExpired)
		})
	})
	t.Run("by a hold at renewal", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toRenewal()
			expires := s.Case().Certificate.ExpiresAt
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(40)
			s.told = len(s.notices)
			s.must(&c9n.ReleaseHold{})
			s.wrote(c9n.LetterHoldReleased)
			reminded(s, c9n.AddDays(expires, -30), c9n.LetterRenewalReminder)
			reminded(s, c9n.AddDays(expires, -7), c9n.LetterRenewalReminder)
			reminded(s, expires, c9n.LetterTimeToRenew)
			reminded(s, c9n.AddDays(expires, 10), c9n.LetterTimeToRenew)
		})
	})
	t.Run("by a hold over the end of the term", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			expires := s.Case().Certificate.ExpiresAt
			s.until(c9n.AddDays(expires, -120).Add(-time.Hour))
			s.must(&c9n.Hold{Reason: "records_check"})
			s.until(c9n.AddDays(expires, 5).Add(-time.Hour))
			s.told = len(s.notices)
			s.must(&c9n.ReleaseHold{})
			s.settle()
			by := c9n.AddDays(expires, 95)
			released := s.wrote(c9n.LetterHoldReleased)[0]
			require.True(t, released.TimeGiven)
			require.Equal(t, by, released.RenewUntil)
			s.at(c9n.StageRenewal)
			for _, days := range []int{60, 30, 7} {
				reminded(s, c9n.AddDays(by, -days), c9n.LetterTimeToRenew)
			}
		})
	})
}

// A case that was given time before certificates kept it may lapse with its next step.
func TestALapseKeepsTimeThatWasGivenBeforeItWasKept(t *testing.T) {
	before := snapshotAt(t, string(c9n.StageRenewal))
	by := c9n.AddDays(before.c.Certificate.ExpiresAt, 50)
	before.c.Promise("renewal").DueAt = by
	before.c.Promise("renewal").Rungs = []c9n.Rung{{At: by, Kind: c9n.RungDue}} // the next step
	before.from(t).tell(func(s *story) {
		s.until(by.Add(time.Minute))
		require.Equal(t, by, s.at(c9n.StageExpired).Certificate.RenewBy)
		late := c9n.EndOfDay(c9n.AddMonths(by, 6))
		require.Equal(t, late, s.promise("expired").DueAt)
		require.Equal(t, late, s.Case().RenewableUntil())
	})
}
