package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// appointmentIn is an appointment of the exam under way, in some days.
func (s *story) appointmentIn(days int, id string) *c9n.ExamConfirmed {
	at := c9n.AddDays(s.now(), days)
	return &c9n.ExamConfirmed{AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentID: id, AppointmentAt: at, EndsAt: at.Add(2 * time.Hour)}
}

func (s *story) movedTo(days int, id string) *c9n.ExamChanged {
	return (*c9n.ExamChanged)(s.appointmentIn(days, id))
}

func (s *story) givesUp(id string) *c9n.ExamCancelled {
	return &c9n.ExamCancelled{AuthorizationID: s.Case().Exam.AuthorizationID, AppointmentID: id}
}

// While the records are down, messages of several kinds wait, and are not taken in the
// order in which they came.
func TestAnAppointmentThatReplacesAnotherIsNotLost(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.until(c9n.AddDays(s.Case().WindowEndsAt, -9))
		s.book(3)
		s.told = len(s.notices)
		s.set("records", true)
		asked := s.post(&c9n.RetryStep{Envelope: c9n.Envelope{Key: "busy", Actor: c9n.Actor{Role: c9n.RoleAdministrator, ID: "a-01"}}})
		s.sleep(10 * time.Second)
		given, made := s.givesUp("a1"), s.appointmentIn(5, "a2")
		s.address(given)
		s.address(made)
		s.post(given)
		s.post(made)
		s.set("records", false)
		for !asked.answered {
			s.sleep(time.Second)
		}
		s.sleep(5 * time.Second)
		booked := s.at(c9n.StageExamBooked)
		require.Equal(t, "a2", booked.Exam.AppointmentID)
		require.Equal(t, made.EndsAt, s.promise("exam_booked").DueAt)
		require.Equal(t, "another appointment", s.lastEvent().Ignored)
		s.wrote(c9n.LetterBookingChanged)
		s.days(6) // the window ends meanwhile
		s.days(5)
		s.examinedAt(made.AppointmentAt, true)
		s.at(c9n.StageCertified)
	})
}

func TestWordsOfAnotherAppointmentHaveNoEffect(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		s.book(7)
		s.told = len(s.notices)
		s.ignored("the same appointment", s.appointmentIn(7, "a1"))
		s.ignored("another appointment", s.movedTo(9, "a0"))
		s.ignored("another appointment", s.givesUp("a0"))
		s.wrote()
		s.must(s.appointmentIn(8, "a2"))
		require.Equal(t, s.at(c9n.StageExamBooked).Exam.EndsAt, s.promise("exam_booked").DueAt)
		s.wrote(c9n.LetterBookingChanged)
		s.days(9)
		s.at(c9n.StageExamScoring)
		s.ignored("the same appointment", s.appointmentIn(7, "a2"))
		s.ignored("another appointment", s.givesUp("a1"))
		s.ignored("another appointment", s.movedTo(9, "a1"))
		s.wrote()
	})
}

// The vendor's word that nobody was examined comes when the appointment has ended.
func TestAnAppointmentThatWasGivenUpAndHeardOfAfterItsEnd(t *testing.T) {
	scoring := func(t *testing.T, words func(*story)) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.book(7)
			s.days(8)
			s.at(c9n.StageExamScoring)
			s.told = len(s.notices)
			words(s)
		})
	}
	t.Run("given up", func(t *testing.T) {
		scoring(t, func(s *story) {
			s.days(6)
			require.True(t, s.Case().NeedsAttention(c9n.AttentionVendor))
			s.must(s.givesUp("a1"))
			free := s.at(c9n.StageExamBooking)
			require.Empty(t, free.Attention)
			require.True(t, free.Exam.Authorized, "the authorization is good for another day")
			require.Zero(t, free.AttemptsUsed)
			s.wrote(c9n.LetterResultLate, c9n.LetterBookingCancelled)
			s.must(s.appointmentIn(3, "a2"))
			s.at(c9n.StageExamBooked)
		})
	})
	t.Run("moved", func(t *testing.T) {
		scoring(t, func(s *story) {
			later := s.movedTo(5, "a1")
			s.must(later)
			s.at(c9n.StageExamBooked)
			require.Equal(t, later.EndsAt, s.promise("exam_booked").DueAt)
			s.wrote(c9n.LetterBookingChanged)
			s.days(6)
			s.at(c9n.StageExamScoring)
		})
	})
	t.Run("another one was made", func(t *testing.T) {
		scoring(t, func(s *story) {
			s.must(s.appointmentIn(5, "a2"))
			require.Equal(t, "a2", s.at(c9n.StageExamBooked).Exam.AppointmentID)
		})
	})
	t.Run("moved to a time that is over as well", func(t *testing.T) {
		scoring(t, func(s *story) {
			s.days(2)
			s.must(s.movedTo(-1, "a1"))
			over := s.at(c9n.StageExamScoring)
			require.Equal(t, c9n.Deadline{From: over.Exam.EndsAt, Days: over.Policy.VendorResultDays}.At(s.now()), s.promise(c9n.PromiseVendorResult).DueAt)
			s.wrote()
		})
	})
	t.Run("but not when its result is here", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			window, _ := s.lateExam()
			s.examinedAt(c9n.AddDays(window, 3), true)
			s.ignored("the exam was taken", s.givesUp("a1"))
			s.ignored("the exam was taken", s.movedTo(9, "a1"))
			require.False(t, s.at(c9n.StageExamScoring).Exam.PassedAt.IsZero())
		})
	})
	t.Run("who has no exam any more can withdraw", func(t *testing.T) {
		scoring(t, func(s *story) {
			s.must(&c9n.Withdraw{})
			s.closed(c9n.OutcomeWithdrawn)
		})
	})
}

// What is moved while the result is due must be known to the vendor when it turns out that
// nobody was examined.
func TestAWindowThatIsMovedWhileTheResultIsDueIsToldToTheVendor(t *testing.T) {
	for name, move := range map[string]func(*story){
		"extended": func(s *story) { s.must(&c9n.ExtendDeadline{Days: 30}) },
		"on hold": func(s *story) {
			s.must(&c9n.Hold{Reason: "records_check"})
			s.days(30)
			s.must(&c9n.ReleaseHold{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.toExamFee()
				window := s.Case().WindowEndsAt
				s.book(7)
				s.days(8)
				s.at(c9n.StageExamScoring)
				s.sendings()
				move(s)
				require.Equal(t, c9n.AddDays(window, 30), s.at(c9n.StageExamScoring).WindowEndsAt)
				s.settle()
				s.read(func() { require.Equal(t, []time.Time{c9n.AddDays(window, 30)}, s.permits) })
				s.must(s.givesUp("a1"))
				require.Equal(t, 1, s.sendings(), "the vendor knows it")
			})
		})
	}
}

// The vendor's word that an appointment was given up may take days.
func TestWhoGaveUpAnAppointmentInTheLastDaysHasTimeForAnother(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toExamFee()
		window := s.Case().WindowEndsAt
		s.until(c9n.AddDays(window, -3))
		s.book(2)
		s.days(6)
		require.True(t, s.now().After(window))
		s.at(c9n.StageExamScoring)
		s.sendings()
		s.told = len(s.notices)
		s.must(s.givesUp("a1"))
		free := s.at(c9n.StageExamBooking)
		until := c9n.Deadline{Days: free.Policy.ReturnedDays}.At(s.now())
		require.Equal(t, until, free.WindowEndsAt)
		require.Equal(t, until, s.wrote(c9n.LetterBookingCancelled)[0].WindowEndsAt)
		require.Equal(t, 1, s.sendings(), "and the vendor knows")
		s.must(s.appointmentIn(20, "a2"))
		require.Empty(t, s.at(c9n.StageExamBooked).Attention)
	})
}

// Whatever the order in which the vendor's words arrive, the case comes to know of the
// appointment that there is.
func TestWordsOfAppointmentsInAnyOrder(t *testing.T) {
	// Words are a letter for what was said and the number of the appointment: c for
	// confirmed, m for moved, x for given up.
	for truth, left := range map[string]string{
		"c1 x1":       "",
		"c1 m1":       "m1",
		"c1 m1 m1":    "m1",
		"c1 x1 c2":    "c2",
		"c1 c2 x1":    "c2",
		"c1 c2 x1 x2": "",
		"c1 x1 c1":    "c1",
		"c1 m1 x1 c2": "c2",
		"c1 x1 c2 m2": "m2",
		"c1 x1 c2 x2": "",
	} {
		words := strings.Fields(truth)
		for _, order := range orders(len(words)) {
			name := truth + " as"
			for _, i := range order {
				name += " " + words[i]
			}
			t.Run(name, func(t *testing.T) {
				snapshotAt(t, string(c9n.StageExamBooking)).from(t).tell(func(s *story) {
					begin, id := s.now(), s.Case().Exam.AuthorizationID
					var said []c9n.Message
					for i, word := range words {
						appointment, at := "a"+word[1:], c9n.AddDays(begin, 7+i)
						when := begin.Add(time.Duration(i-10) * time.Hour)
						confirmed := &c9n.ExamConfirmed{AuthorizationID: id, AppointmentID: appointment, AppointmentAt: at, EndsAt: at.Add(2 * time.Hour), OccurredAt: when}
						switch word[0] {
						case 'c':
							said = append(said, confirmed)
						case 'm':
							said = append(said, (*c9n.ExamChanged)(confirmed))
						case 'x':
							said = append(said, &c9n.ExamCancelled{AuthorizationID: id, AppointmentID: appointment, OccurredAt: when})
						}
					}
					for _, i := range order {
						require.Nil(t, s.send(said[i]))
					}
					if left == "" {
						require.Empty(t, s.at(c9n.StageExamBooking).Exam.AppointmentID)
						return
					}
					last := len(words) - 1
					for words[last] != left {
						last--
					}
					exam := s.at(c9n.StageExamBooked).Exam
					require.Equal(t, "a"+left[1:], exam.AppointmentID)
					require.Equal(t, c9n.AddDays(begin, 7+last), exam.AppointmentAt)
					require.Equal(t, exam.EndsAt, s.promise("exam_booked").DueAt)
				})
			})
		}
	}
}

// orders are all orders of so many things.
func orders(count int) (all [][]int) {
	if count == 0 {
		return [][]int{nil}
	}
	for _, shorter := range orders(count - 1) {
		for at := range count {
			all = append(all, slices.Insert(slices.Clone(shorter), at, count-1))
		}
	}
	return all
}
