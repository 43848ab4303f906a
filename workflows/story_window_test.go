package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// sendsTraining leads to the review of a training certificate that was sent some days
// before the window ends.
func (s *story) sendsTraining(days int) (window time.Time) {
	s.t.Helper()
	s.toTraining()
	window = s.Case().WindowEndsAt
	s.until(c9n.AddDays(window, -days))
	s.submitTraining()
	s.at(c9n.StageTrainingReview)
	s.told = len(s.notices)
	return window
}

func (s *story) returnsTraining() {
	s.t.Helper()
	s.decide(&c9n.DecideTraining{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"TRAINING_STALE"}})
	s.at(c9n.StageTrainingReturned)
}

// monthFrom is the last day that somebody has at least from now on.
func monthFrom(at time.Time) time.Time { return c9n.EndOfDay(c9n.AddDays(at, 30)) }

func TestOurReviewClosesNoCase(t *testing.T) {
	t.Run("approved after the window", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(10)
			s.days(13)
			s.told = len(s.notices)
			s.decide(&c9n.DecideTraining{Decision: c9n.DecisionApprove})
			want := monthFrom(s.now())
			require.True(t, want.After(window))
			require.Equal(t, want, s.at(c9n.StageExamFee).WindowEndsAt)
			for _, letter := range s.wrote(c9n.LetterTrainingAccepted, c9n.LetterExamFeeDue) {
				require.Equal(t, want, letter.WindowEndsAt)
			}
			require.Equal(t, want, s.promise("exam_fee").DueAt)
			s.until(want.Add(-time.Hour))
			s.at(c9n.StageExamFee)
			s.sleep(2 * time.Hour)
			s.closed(c9n.OutcomeWindowClosed)
		})
	})
	t.Run("returned after the window", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(1)
			s.days(14)
			s.returnsTraining()
			require.Equal(t, c9n.AddDays(window, 14), s.at(c9n.StageTrainingReturned).WindowEndsAt, "the day that was left is left")
			require.Equal(t, c9n.AddDays(window, 14), s.promise("training_returned").DueAt)
		})
	})
	t.Run("returned again and again", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(10)
			for range 4 {
				s.days(5)
				s.returnsTraining()
				s.days(2) // the person's own
				s.submitTraining()
			}
			require.Equal(t, c9n.AddDays(window, 4*5), s.at(c9n.StageTrainingReview).WindowEndsAt)
			s.days(5)
			s.returnsTraining()
			s.until(c9n.AddDays(window, 5*5).Add(-time.Hour))
			s.at(c9n.StageTrainingReturned)
			s.sleep(2 * time.Hour)
			s.closed(c9n.OutcomeWindowClosed)
		})
	})
	t.Run("returned after a hold and more time for the review", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(100)
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(10)
			s.must(&c9n.ReleaseHold{})
			s.must(&c9n.ExtendDeadline{Days: 20})
			require.Equal(t, c9n.AddDays(window, 30), s.Case().WindowEndsAt)
			s.days(5)
			s.returnsTraining()
			require.Equal(t, c9n.AddDays(window, 30), s.at(c9n.StageTrainingReturned).WindowEndsAt, "no day is given twice")
		})
	})
	t.Run("there is time enough", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(100)
			s.days(13)
			s.decide(&c9n.DecideTraining{Decision: c9n.DecisionApprove})
			require.Equal(t, window, s.at(c9n.StageExamFee).WindowEndsAt)
		})
	})
}

func TestATrainingReviewThatIsPutOffPutsOffTheWindow(t *testing.T) {
	t.Run("extended", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(100)
			due := s.promise("training_review").DueAt
			s.must(&c9n.ExtendDeadline{Days: 20})
			require.Equal(t, c9n.AddDays(due, 20), s.promise("training_review").DueAt)
			require.Equal(t, c9n.AddDays(window, 20), s.Case().WindowEndsAt)
			require.Equal(t, c9n.AddDays(window, 20), s.wrote(c9n.LetterDeadlineExtended)[0].WindowEndsAt)
		})
	})
	t.Run("on hold", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window := s.sendsTraining(100)
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(40)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, c9n.AddDays(window, 40), s.Case().WindowEndsAt)
			require.Equal(t, c9n.AddDays(window, 40), s.wrote(c9n.LetterOnHold, c9n.LetterHoldReleased)[1].WindowEndsAt)
			s.atRest()
		})
	})
}

func TestAHoldStopsTheWindowWhereverTheCaseIs(t *testing.T) {
	t.Run("until the exam, and after it", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			window := s.Case().WindowEndsAt
			s.book(10)
			permits := len(s.permits)
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(5)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, c9n.AddDays(window, 5), s.at(c9n.StageExamBooked).WindowEndsAt)
			require.Equal(t, c9n.AddDays(window, 5), s.permits[permits], "the vendor may have to move it")
			s.days(1)
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(20)
			s.examinedAt(s.Case().Exam.AppointmentAt, false)
			s.days(20)
			s.must(&c9n.ReleaseHold{})
			s.at(c9n.StageExamFee)
			require.Equal(t, c9n.AddDays(window, 45), s.Case().WindowEndsAt, "from its first day, not from the result")
			s.atRest()
		})
	})
}

func TestAnExamThatWasNotHeldLeavesTimeForAnother(t *testing.T) {
	for name, on := range map[string]func(*story){
		"before the case knows of the appointment": func(s *story) {},
		"on its day": func(s *story) { s.appoint(1); s.days(1) },
		"long after": func(s *story) { s.appoint(1); s.days(12); s.at(c9n.StageExamScoring) },
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toExamFee()
				s.until(c9n.AddDays(s.Case().WindowEndsAt, -3).Add(-time.Hour))
				s.pay()
				id := s.authorize()
				on(s)
				s.told = len(s.notices)
				s.must(&c9n.ExamIncident{AuthorizationID: id, Reason: "power"})
				require.Equal(t, monthFrom(s.now()), s.at(c9n.StageExamBooking).WindowEndsAt)
				require.Equal(t, monthFrom(s.now()), s.wrote(c9n.LetterExamIncident)[0].WindowEndsAt)
				s.atRest()
				s.authorize()
				require.Equal(t, monthFrom(s.now()), s.permits[len(s.permits)-1])
			})
		})
	}
}

func TestAResultThatIsLateLeavesTimeForAnotherTry(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.until(c9n.AddDays(s.Case().WindowEndsAt, -10))
		s.book(2)
		s.days(20)
		require.True(t, s.promise(c9n.PromiseVendorResult).Overdue)
		s.told = len(s.notices)
		s.examinedAt(s.Case().Exam.AppointmentAt, false)
		require.Equal(t, monthFrom(s.now()), s.at(c9n.StageExamFee).WindowEndsAt)
		require.Equal(t, monthFrom(s.now()), s.wrote(c9n.LetterResultsNotPassed)[0].WindowEndsAt)
	})
}

func TestAnExamThatWasNotHeldWhileOnHoldGivesNoDayTwice(t *testing.T) {
	for _, left := range []int{60, 3} {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.until(c9n.AddDays(s.Case().WindowEndsAt, -left).Add(-time.Hour))
			s.pay()
			id := s.authorize()
			s.appoint(1)
			want := c9n.AddDays(s.Case().WindowEndsAt, 110)
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(100)
			s.must(&c9n.ExamIncident{AuthorizationID: id, Reason: "power"})
			s.days(10)
			s.must(&c9n.ReleaseHold{})
			if left < 30 {
				want = monthFrom(s.now())
			}
			require.Equal(t, want, s.at(c9n.StageExamBooking).WindowEndsAt)
			require.Equal(t, want, s.promise("exam_booking").DueAt)
			s.until(c9n.AddDays(want, -7).Add(-time.Minute))
			s.settle()
			s.told = len(s.notices)
			s.sleep(2 * time.Minute)
			s.wrote(c9n.LetterWindowReminder)
			s.atRest()
		})
	}
}
