package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

func TestAResultThatComesAfterTheWindowCountsByTheDayOfTheExam(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toExamFee()
		window := s.Case().WindowEndsAt
		require.Equal(t, pacific(2027, time.March, 2, 23, 59, 59), window)
		s.until(c9n.AddDays(window, -3))
		s.pay()
		s.authorize()
		s.appoint(2)
		s.days(2)
		s.sleep(3 * time.Hour)
		scoring := s.at(c9n.StageExamScoring)
		examined := scoring.Exam.AppointmentAt
		require.True(t, examined.Before(window))
		s.days(4)
		require.True(t, s.now().After(window))
		s.at(c9n.StageExamScoring)
		s.must(&c9n.ExamResult{AuthorizationID: scoring.Exam.AuthorizationID, Passed: true, ExaminedAt: examined, Version: 1})
		s.at(c9n.StageCertified)
	})
	require.NotEmpty(t, s.projected().Certificate.Number)
}

func TestAFailedExamAfterTheWindowEndsIt(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.until(c9n.AddDays(s.Case().WindowEndsAt, -2))
		s.book(1)
		s.days(4)
		s.examinedAt(s.Case().Exam.AppointmentAt, false)
		s.settle()
		s.closed(c9n.OutcomeWindowClosed)
		s.read(func() {
			last := s.notices[len(s.notices)-2:]
			require.Equal(t, c9n.LetterResultsNotPassed, last[0].letter)
			require.Equal(t, c9n.LetterWindowClosed, last[1].letter)
		})
	})
}

// lateExam leads to an exam on the third day after the window.
func (s *story) lateExam() (window time.Time, authorization string) {
	s.t.Helper()
	s.toExamFee()
	window = s.Case().WindowEndsAt
	s.until(c9n.AddDays(window, -1))
	s.book(4)
	exam := s.Case().Exam
	require.True(s.t, s.Case().NeedsAttentionFor(c9n.AttentionVendor, exam.AuthorizationID), "the vendor can still move it")
	s.days(4)
	s.sleep(3 * time.Hour)
	s.at(c9n.StageExamScoring)
	return window, exam.AuthorizationID
}

func TestAPassedExamAfterTheWindowIsForAPerson(t *testing.T) {
	tell(t, monday, func(s *story) {
		window, id := s.lateExam()
		s.must(&c9n.RetryStep{})
		s.told = len(s.notices)
		s.examinedAt(c9n.AddDays(window, 3), true)
		parked := s.at(c9n.StageExamScoring)
		require.True(t, parked.NeedsAttentionFor(c9n.AttentionVendor, id))
		s.days(10)
		s.wrote() // no word of a result that is late: it is there
		s.must(&c9n.ExtendDeadline{Days: 2})
		require.Equal(t, c9n.AddDays(window, 2), s.at(c9n.StageExamScoring).WindowEndsAt, "not far enough")
		s.wrote(c9n.LetterDeadlineExtended)
		s.must(&c9n.ExtendDeadline{Days: 1})
		certified := s.at(c9n.StageCertified)
		require.Equal(t, 1, certified.AttemptsUsed)
		require.Empty(t, certified.Attention)
		require.Nil(t, certified.Exam)
		s.wrote(c9n.LetterResultsPassed)
	})
	t.Run("the window is moved before the result comes", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window, _ := s.lateExam()
			s.must(&c9n.ExtendDeadline{Days: 7})
			s.examinedAt(c9n.AddDays(window, 3), true)
			s.at(c9n.StageCertified)
		})
	})
	t.Run("the vendor corrects it", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window, id := s.lateExam()
			s.examinedAt(c9n.AddDays(window, 3), true)
			s.must(&c9n.ExamResult{AuthorizationID: id, Passed: true, ExaminedAt: c9n.AddDays(window, -1), Version: 2})
			s.at(c9n.StageCertified)
		})
	})
}

func TestALateExamThatWasNotPassedClosesTheCase(t *testing.T) {
	tell(t, monday, func(s *story) {
		window, _ := s.lateExam()
		s.told = len(s.notices)
		s.examinedAt(c9n.AddDays(window, 3), false)
		s.wrote(c9n.LetterWindowClosed)
		s.closed(c9n.OutcomeWindowClosed)
	})
	t.Run("but not on a day that has not come", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.book(3)
			s.examinedAt(c9n.AddDays(s.Case().WindowEndsAt, 300), false)
			require.True(t, s.at(c9n.StageExamBooked).NeedsAttention(c9n.AttentionVendor))
		})
	})
}

func TestAnAppointmentThatIsMovedIntoTheWindowNeedsNobody(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		window := s.Case().WindowEndsAt
		s.until(c9n.AddDays(window, -5))
		s.book(9)
		require.True(t, s.at(c9n.StageExamBooked).NeedsAttention(c9n.AttentionVendor))
		move := func(days int) {
			at := c9n.AddDays(window, days)
			s.must(&c9n.ExamChanged{AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentID: "a1", AppointmentAt: at, EndsAt: at.Add(2 * time.Hour)})
		}
		move(-1)
		require.False(t, s.Case().NeedsAttention(c9n.AttentionVendor))
		move(2)
		require.True(t, s.Case().NeedsAttention(c9n.AttentionVendor))
		s.must(&c9n.ExamCancelled{AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentID: "a1"})
		require.False(t, s.at(c9n.StageExamBooking).NeedsAttention(c9n.AttentionVendor))
	})
}

// The vendor offers no appointment after the last day that it knows.
func TestAWindowThatIsMovedIsToldToTheVendor(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.pay()
		window := s.Case().WindowEndsAt
		permits := func() (sent []time.Time) {
			s.settle()
			s.read(func() { sent, s.permits = s.permits, nil })
			return sent
		}
		id := s.authorize()
		require.Equal(t, []time.Time{window}, permits())
		s.must(&c9n.ExtendDeadline{Days: 7})
		require.Equal(t, []time.Time{c9n.AddDays(window, 7)}, permits())
		s.must(&c9n.Hold{Reason: "records_check"})
		s.days(3)
		s.must(&c9n.ReleaseHold{})
		require.Equal(t, []time.Time{c9n.AddDays(window, 10)}, permits())
		s.must(&c9n.Hold{Reason: "records_check"}, &c9n.ReleaseHold{})
		require.Empty(t, permits(), "no day went by")
		s.must(&c9n.ExamRefused{AuthorizationID: id, Reason: "NAME_TOO_LONG"}, &c9n.ExtendDeadline{Days: 1})
		require.Empty(t, permits(), "it is not good any more")
		s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
		require.Equal(t, []time.Time{c9n.AddDays(window, 11)}, permits())
	})
}

func TestTheWindowCloses(t *testing.T) {
	for _, at := range []func(*story){(*story).toTraining, (*story).toExamFee, func(s *story) { s.toExamFee(); s.pay() }} {
		tell(t, monday, func(s *story) {
			at(s)
			s.told = len(s.notices)
			s.until(pacific(2027, time.March, 2, 23, 59, 58))
			require.NotEqual(t, c9n.StageClosed, s.Case().Stage)
			s.sleep(2 * time.Second)
			s.at(c9n.StageClosed)
			letters := s.notices[s.told:]
			require.Equal(t, c9n.LetterWindowClosed, letters[len(letters)-1].letter)
			s.closed(c9n.OutcomeWindowClosed)
		})
	}
}

func TestAThirdFailureUsesTheAttemptsUp(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		for range 2 {
			s.book(1)
			s.days(1)
			s.examined(false)
			s.at(c9n.StageExamFee)
		}
		s.told = len(s.notices)
		s.book(1)
		s.days(1)
		s.examined(false)
		s.wrote(c9n.LetterReceipt, c9n.LetterHowToBook, c9n.LetterBookingConfirmed, c9n.LetterAttemptsUsed)
		s.closed(c9n.OutcomeAttemptsUsed)
	})
}

func TestAnIncidentDoesNotCountAndANoShowDoes(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.book(1)
		s.told = len(s.notices)
		s.must(&c9n.ExamIncident{AuthorizationID: s.Case().Exam.AuthorizationID, Reason: "power_failure"})
		spoiled := s.at(c9n.StageExamBooking)
		require.Equal(t, 3, spoiled.AttemptsLeft())
		require.Nil(t, spoiled.Exam)
		s.authorize() // free
		s.appoint(1)
		s.must(&c9n.ExamNoShow{AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentAt: s.now()})
		require.Equal(t, 2, s.at(c9n.StageExamFee).AttemptsLeft())
		s.wrote(c9n.LetterExamIncident, c9n.LetterBookingConfirmed, c9n.LetterExamNoShow)
	})
}

func TestTheVendorsMessagesInAnotherOrder(t *testing.T) {
	appointment := func(s *story, id string) *c9n.ExamConfirmed {
		return &c9n.ExamConfirmed{AuthorizationID: id, AppointmentID: "a1", AppointmentAt: c9n.AddDays(s.now(), 7), EndsAt: c9n.AddDays(s.now(), 7).Add(2 * time.Hour)}
	}
	paid := func(s *story) string {
		s.toExamFee()
		s.pay()
		s.must(&c9n.BookExam{Language: "en", Place: c9n.ExamTestCenter})
		require.Equal(t, true, s.authorizations[s.Case().Exam.AuthorizationID], "the authorization went out")
		return s.Case().Exam.AuthorizationID
	}
	t.Run("confirmed before authorized", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := paid(s)
			s.must(appointment(s, id))
			require.True(t, s.at(c9n.StageExamBooked).Exam.Authorized)
			s.ignored("not at this stage", &c9n.ExamAuthorized{AuthorizationID: id})
			s.ignored("the same appointment", appointment(s, id))
		})
	})
	t.Run("result before confirmed", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := paid(s)
			s.examined(true)
			s.at(c9n.StageCertified)
			s.ignored("not at this stage", appointment(s, id))
		})
	})
	t.Run("of another authorization", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			first := paid(s)
			s.must(&c9n.ExamRefused{AuthorizationID: first, Reason: "NAME_TOO_LONG"})
			refused := s.at(c9n.StageExamBooking)
			require.True(t, refused.NeedsAttentionFor(c9n.AttentionVendor, first))
			s.must(&c9n.BookExam{Language: "en", Place: c9n.ExamOnline})
			second := s.Case()
			require.Empty(t, second.Attention)
			require.NotEqual(t, first, second.Exam.AuthorizationID)
			s.refused(c9n.RefusedWrongStage, &c9n.BookExam{Language: "en", Place: c9n.ExamOnline})
			s.ignored("another authorization", appointment(s, first))
			s.ignored("another authorization", &c9n.ExamResult{AuthorizationID: first, Passed: true, ExaminedAt: s.now(), Version: 1})
		})
	})
	t.Run("moved, given up, made again", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := paid(s)
			s.must(appointment(s, id))
			later := c9n.AddDays(s.now(), 20)
			s.must(&c9n.ExamChanged{AuthorizationID: id, AppointmentID: "a1", AppointmentAt: later, EndsAt: later.Add(time.Hour)})
			require.Equal(t, later.Add(time.Hour), s.promise("exam_booked").DueAt)
			s.must(&c9n.ExamCancelled{AuthorizationID: id, AppointmentID: "a1"})
			s.at(c9n.StageExamBooking)
			s.days(30)
			s.at(c9n.StageExamBooking)
			s.must(appointment(s, id))
			s.at(c9n.StageExamBooked)
		})
	})
	t.Run("corrected after the certificate", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			s.ignored("not at this stage", &c9n.ExamResult{AuthorizationID: "some", Passed: false, ExaminedAt: s.now(), Version: 2})
			require.True(t, s.Case().NeedsAttention(c9n.AttentionVendor), "a machine takes no certificate away")
			s.must(&c9n.RetryStep{})
			require.Empty(t, s.Case().Attention)
		})
	})
}

func TestTheVendorIsLate(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.book(1)
		s.told = len(s.notices)
		s.days(2)
		waiting := s.at(c9n.StageExamScoring)
		require.Equal(t, c9n.PartyVendor, waiting.WaitsOn())
		s.days(6)
		require.True(t, s.at(c9n.StageExamScoring).NeedsAttention(c9n.AttentionVendor))
		s.wrote(c9n.LetterResultLate)
		s.examinedAt(waiting.Exam.AppointmentAt, true)
		require.Empty(t, s.at(c9n.StageCertified).Attention)
	})
}

func TestTheFormalNoticeIsPromisedUntilItWasSent(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.book(1)
		s.days(1)
		s.set("mail", true)
		s.examined(false)
		require.Equal(t, pacific(2026, time.March, 17, 23, 59, 59), s.promise(c9n.PromiseResultsNotice).DueAt)
		s.days(2)
		require.True(t, s.Case().NeedsAttention(c9n.AttentionNotice))
		s.days(13)
		require.True(t, s.promise(c9n.PromiseResultsNotice).Overdue)
		s.set("mail", false)
		s.must(&c9n.RetryStep{})
		healed := s.Case()
		require.Nil(t, healed.Promise(c9n.PromiseResultsNotice))
		require.Empty(t, healed.Attention)
		s.read(func() {
			for _, n := range s.notices {
				require.Equal(t, 1, n.sent, n.letter)
			}
		})
	})
}
