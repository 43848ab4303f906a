package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// unanswered leads to an authorization that the vendor has, and has not answered.
func (s *story) unanswered() (authorization string) {
	s.t.Helper()
	s.toExamFee()
	s.pay()
	s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
	s.told = len(s.notices)
	return s.at(c9n.StageExamBooking).Exam.AuthorizationID
}

// sendings counts how often an authorization went out since it was last asked.
func (s *story) sendings() (count int) {
	s.settle()
	s.read(func() { count, s.permits = len(s.permits), nil })
	return count
}

func TestAVendorWhoDoesNotAnswerIsAsked(t *testing.T) {
	tell(t, monday, func(s *story) {
		id := s.unanswered()
		require.Equal(t, 1, s.sendings())
		s.days(2)
		s.must(&c9n.ExamUnanswered{AuthorizationID: id})
		require.True(t, s.at(c9n.StageExamBooking).NeedsAttentionFor(c9n.AttentionVendor, id))
		require.Zero(t, s.sendings())

		s.must(&c9n.RetryStep{})
		require.Empty(t, s.Case().Attention)
		require.Equal(t, 1, s.sendings(), "it is sent again")
		s.days(2)
		s.must(&c9n.ExamUnanswered{AuthorizationID: id}, &c9n.ExamUnanswered{AuthorizationID: id})
		require.Len(t, s.Case().Attention, 1)

		s.days(100)
		s.wrote() // nobody is told to book, which they cannot
		s.must(&c9n.ExamAuthorized{AuthorizationID: id})
		require.Empty(t, s.Case().Attention)
		s.ignored("the exam vendor has answered", &c9n.ExamUnanswered{AuthorizationID: id})
		s.must(&c9n.RetryStep{})
		require.Zero(t, s.sendings(), "it has its answer")
	})
	t.Run("refused at last", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			id := s.unanswered()
			s.must(&c9n.ExamUnanswered{AuthorizationID: id}, &c9n.ExamRefused{AuthorizationID: id, Reason: "NAME_TOO_LONG"})
			s.ignored("the exam vendor has answered", &c9n.ExamUnanswered{AuthorizationID: id})
			s.sendings()
			s.must(&c9n.RetryStep{})
			require.Zero(t, s.sendings(), "it is not good any more")
			s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
			require.Empty(t, s.Case().Attention)
			require.Equal(t, 1, s.sendings())
			s.ignored("another authorization", &c9n.ExamUnanswered{AuthorizationID: id})
		})
	})
	t.Run("the bucket is down", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.pay()
			s.set("vendor", true)
			s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
			s.sleep(2 * time.Hour)
			require.True(t, s.Case().NeedsAttention(c9n.AttentionAuthorization))
			s.set("vendor", false)
			s.must(&c9n.RetryStep{})
			require.Equal(t, 1, s.sendings(), "once, though two things ask for it")
			require.Empty(t, s.Case().Attention)
		})
	})
}

// Nobody's case ends while the vendor owes us an answer, or right after it.
func TestAVendorWhoDoesNotAnswerTakesNoTimeOfTheWindow(t *testing.T) {
	waiting := func(t *testing.T, words func(s *story, id string, window time.Time)) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			window := s.Case().WindowEndsAt
			s.until(c9n.AddDays(window, -5))
			s.pay()
			s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
			id := s.Case().Exam.AuthorizationID
			s.days(2)
			s.must(&c9n.ExamUnanswered{AuthorizationID: id})
			s.sendings()
			s.told = len(s.notices)
			words(s, id, window)
		})
	}
	month := func(s *story) time.Time { return c9n.Deadline{Days: s.Case().Policy.ReturnedDays}.At(s.now()) }
	t.Run("answered at last", func(t *testing.T) {
		waiting(t, func(s *story, id string, window time.Time) {
			require.Equal(t, window, s.Case().WindowEndsAt)
			s.days(2)
			s.must(&c9n.RetryStep{}, &c9n.ExamAuthorized{AuthorizationID: id})
			require.Equal(t, month(s), s.at(c9n.StageExamBooking).WindowEndsAt)
			require.NotZero(t, s.sendings(), "the vendor knows")
			s.days(29)
			s.at(c9n.StageExamBooking)
			s.days(2)
			s.closed(c9n.OutcomeWindowClosed)
		})
	})
	t.Run("refused at last", func(t *testing.T) {
		waiting(t, func(s *story, id string, _ time.Time) {
			s.must(&c9n.ExamRefused{AuthorizationID: id, Reason: "NAME_TOO_LONG"})
			require.Equal(t, month(s), s.at(c9n.StageExamBooking).WindowEndsAt)
		})
	})
	t.Run("never", func(t *testing.T) {
		waiting(t, func(s *story, id string, window time.Time) {
			s.must(&c9n.RetryStep{})
			s.until(window.Add(time.Second))
			require.Equal(t, c9n.Deadline{Days: s.Case().Policy.ReturnedDays}.At(window), s.at(c9n.StageExamBooking).WindowEndsAt)
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionVendor, id))
			require.Equal(t, 2, s.sendings(), "by retry-step, and with the new last day")
			s.days(70)
			s.at(c9n.StageExamBooking)
			s.wrote()
		})
	})
	t.Run("but who only just chose had the time before", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.until(c9n.AddDays(s.Case().WindowEndsAt, -1))
			s.pay()
			s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
			s.days(2)
			s.closed(c9n.OutcomeWindowClosed)
		})
	})
}

func TestWhoHasNotChosenIsRemindedToBook(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.pay()
		s.told = len(s.notices)
		s.days(15)
		s.wrote(c9n.LetterBookingReminder)
		s.authorize()
		s.days(31)
		s.wrote(c9n.LetterBookingReminder)
	})
}

// What the vendor says differently of an exam that was acted upon is for a person; what it
// says again is not.
func TestAVendorWhoSaysSomethingElseIsNoticed(t *testing.T) {
	result := func(id string, at time.Time, passed bool) c9n.Message {
		return &c9n.ExamResult{AuthorizationID: id, Passed: passed, ExaminedAt: at, Version: 1}
	}
	noShow := func(id string, at time.Time) c9n.Message {
		return &c9n.ExamNoShow{AuthorizationID: id, AppointmentAt: at}
	}
	incident := func(id string) c9n.Message { return &c9n.ExamIncident{AuthorizationID: id, Reason: "power_failure"} }
	for name, test := range map[string]struct {
		first func(id string, at time.Time) c9n.Message
		then  func(id string, at time.Time) c9n.Message
		stage c9n.Stage
		noted bool
	}{
		"passed, then nobody came": {func(id string, at time.Time) c9n.Message { return result(id, at, true) }, noShow, c9n.StageCertified, true},
		"passed, then spoiled":     {func(id string, at time.Time) c9n.Message { return result(id, at, true) }, func(id string, _ time.Time) c9n.Message { return incident(id) }, c9n.StageCertified, true},
		"passed, then failed":      {func(id string, at time.Time) c9n.Message { return result(id, at, true) }, func(id string, at time.Time) c9n.Message { return result(id, at, false) }, c9n.StageCertified, true},
		"failed, then spoiled":     {func(id string, at time.Time) c9n.Message { return result(id, at, false) }, func(id string, _ time.Time) c9n.Message { return incident(id) }, c9n.StageExamFee, true},
		"nobody came, then passed": {noShow, func(id string, at time.Time) c9n.Message { return result(id, at, true) }, c9n.StageExamFee, true},
		"spoiled, then passed":     {func(id string, _ time.Time) c9n.Message { return incident(id) }, func(id string, at time.Time) c9n.Message { return result(id, at, true) }, c9n.StageExamBooking, true},
		"passed on another day":    {func(id string, at time.Time) c9n.Message { return result(id, at, true) }, func(id string, at time.Time) c9n.Message { return result(id, at.Add(-48*time.Hour), true) }, c9n.StageCertified, true},
		"a correction of nobody": {noShow, func(id string, at time.Time) c9n.Message {
			return &c9n.ExamNoShow{AuthorizationID: id, AppointmentAt: at, Version: 2}
		}, c9n.StageExamFee, true},
		"passed, and again":      {func(id string, at time.Time) c9n.Message { return result(id, at, true) }, func(id string, at time.Time) c9n.Message { return result(id, at, true) }, c9n.StageCertified, false},
		"nobody came, and again": {noShow, noShow, c9n.StageExamFee, false},
		"spoiled, and again":     {func(id string, _ time.Time) c9n.Message { return incident(id) }, func(id string, _ time.Time) c9n.Message { return incident(id) }, c9n.StageExamBooking, false},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toExamFee()
				s.book(7)
				s.days(8)
				exam := *s.at(c9n.StageExamScoring).Exam
				s.must(test.first(exam.AuthorizationID, exam.AppointmentAt))
				s.sleep(2 * time.Minute) // also across runs
				s.at(test.stage)
				then := test.then(exam.AuthorizationID, exam.AppointmentAt)
				require.Nil(t, s.send(then))
				require.NotEmpty(t, s.lastEvent().Ignored)
				require.Equal(t, test.noted, s.at(test.stage).NeedsAttentionFor(c9n.AttentionVendor, exam.AuthorizationID))
				s.must(&c9n.RetryStep{})
				require.Nil(t, s.sendAs(then), "the same message once more")
				require.Empty(t, s.Case().Attention)
			})
		})
	}
}

// What the vendor corrected is for a person, whatever the vendor says of the next exam.
func TestACorrectionStaysUntilAPersonTakesItAway(t *testing.T) {
	// corrected leads to a free new attempt, whose last exam was spoiled and then passed.
	corrected := func(s *story) (spoiled string) {
		s.toExamFee()
		s.book(7)
		s.days(8)
		exam := *s.at(c9n.StageExamScoring).Exam
		s.must(&c9n.ExamIncident{AuthorizationID: exam.AuthorizationID, Reason: "power_failure"})
		s.ignored("another authorization", s.passedBefore(exam))
		return exam.AuthorizationID
	}
	tell(t, monday, func(s *story) {
		spoiled := corrected(s)
		noted := func() {
			t.Helper()
			c := s.Case()
			require.Len(t, c.Attention, 1)
			require.True(t, c.NeedsAttentionFor(c9n.AttentionVendor, spoiled))
		}
		noted()
		s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
		next := s.Case().Exam.AuthorizationID
		s.days(2)
		s.must(&c9n.ExamUnanswered{AuthorizationID: next})
		require.Len(t, s.Case().Attention, 2)
		s.must(&c9n.ExamAuthorized{AuthorizationID: next})
		noted()
		s.appoint(3)
		noted()
		s.must(&c9n.RetryStep{})
		require.Empty(t, s.Case().Attention)
	})
	t.Run("confirmed before the vendor took it", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			spoiled := corrected(s)
			s.must(&c9n.BookExam{Language: "es", Place: c9n.ExamOnline})
			s.appoint(3)
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionVendor, spoiled))
		})
	})
	t.Run("the case closes first", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			spoiled := corrected(s)
			var kept []string
			s.read(func() {
				s.onCommit = func(step c9n.Transition, _ c9n.Case) { kept = append(kept, step.Corrected...) }
			})
			s.must(&c9n.Withdraw{})
			require.Empty(t, s.at(c9n.StageClosed).Attention, "nobody could take it away any more")
			s.read(func() { require.Equal(t, []string{spoiled}, kept, "the inbox keeps it") })
		})
	})
}

// passedBefore is a result of an exam that is over.
func (s *story) passedBefore(exam c9n.Exam) c9n.Message {
	return &c9n.ExamResult{AuthorizationID: exam.AuthorizationID, Passed: true, ExaminedAt: exam.AppointmentAt, Version: 1}
}
