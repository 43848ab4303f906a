package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

func TestAHoldStopsEveryClock(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		s.told = len(s.notices)
		s.days(4)
		s.must(&c9n.Hold{Reason: "records_check"})
		held := s.at(c9n.StageApplicationReview)
		require.Equal(t, c9n.PartyOperations, held.WaitsOn())
		require.False(t, s.promise("application_review").Running())
		s.refused(c9n.RefusedWrongStage, &c9n.Hold{})
		s.refused(c9n.RefusedWrongStage, &c9n.ClaimReview{})
		s.days(31)
		require.True(t, s.Case().NeedsAttention(c9n.AttentionHold), "a hold is not forgotten")
		s.must(&c9n.ReleaseHold{})
		released := s.Case()
		require.Nil(t, released.Promise(c9n.PromiseHold))
		require.Empty(t, released.Attention)
		require.Equal(t, pacific(2026, time.April, 16, 23, 59, 59), s.promise("application_review").DueAt, "14 days and 31")
		require.Equal(t, s.promise("application_review").DueAt, s.wrote(c9n.LetterOnHold, c9n.LetterHoldReleased)[1].DueAt)
	})
}

func TestWhatComesWhileACaseIsOnHold(t *testing.T) {
	t.Run("a payment moves it, with its clock stopped", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.must(&c9n.CompleteIntroVideo{})
			s.submitApplication()
			id := s.askFee()
			s.must(&c9n.Hold{}, &c9n.PaymentSettled{PaymentID: id, AmountCents: 100_00, PaidAt: s.now()})
			s.at(c9n.StageApplicationReview)
			require.False(t, s.promise("application_review").Running())
			s.days(20)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, pacific(2026, time.April, 5, 23, 59, 59), s.promise("application_review").DueAt)
		})
	})
	t.Run("a returned application stays the applicant's", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toReview()
			s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_EXPIRED"}})
			s.must(&c9n.Hold{}, &c9n.ReleaseHold{})
			require.False(t, s.promise("application_review").Running())
			require.True(t, s.promise("application_returned").Running())
		})
	})
	t.Run("the window is longer by as much", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toTraining()
			s.must(&c9n.Hold{})
			s.days(40)
			s.must(&c9n.ReleaseHold{})
			held := s.Case()
			require.Equal(t, pacific(2027, time.April, 11, 23, 59, 59), held.WindowEndsAt)
			require.Equal(t, held.WindowEndsAt, s.promise("training").DueAt)
		})
	})
	t.Run("an appointment is not put off", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.book(3)
			ends := s.Case().Exam.EndsAt
			s.must(&c9n.Hold{})
			s.days(2)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, ends, s.promise("exam_booked").DueAt)
			s.must(&c9n.Hold{})
			s.days(2)
			s.must(&c9n.ReleaseHold{})
			s.settle()
			s.at(c9n.StageExamScoring)
		})
	})
	t.Run("the opening of renewal is not put off", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toCertified()
			due := s.promise("certified").DueAt
			s.must(&c9n.Hold{})
			s.days(100)
			s.must(&c9n.ReleaseHold{})
			require.Equal(t, due, s.promise("certified").DueAt)
		})
	})
	t.Run("they may leave", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toReview()
			s.must(&c9n.Hold{}, &c9n.Withdraw{})
			s.closed(c9n.OutcomeWithdrawn)
		})
	})
}

func TestADeadlineIsExtended(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toTraining()
		s.told = len(s.notices)
		s.must(&c9n.ExtendDeadline{Days: 30})
		extended := s.Case()
		require.Equal(t, pacific(2027, time.April, 1, 23, 59, 59), extended.WindowEndsAt)
		require.Equal(t, extended.WindowEndsAt, s.promise("training").DueAt)
		require.Equal(t, extended.WindowEndsAt, s.wrote(c9n.LetterDeadlineExtended)[0].DueAt)
		s.refused(c9n.RefusedInvalid, &c9n.ExtendDeadline{Days: 0})
		s.refused(c9n.RefusedInvalid, &c9n.ExtendDeadline{Days: 367})
		s.until(extended.WindowEndsAt.Add(-time.Hour))
		s.at(c9n.StageTraining)
	})
}

func TestAFeeIsWaived(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		id := s.askFee()
		s.must(&c9n.WaiveFee{Reason: "scholarship"})
		require.Nil(t, s.at(c9n.StageApplicationReview).Payment)
		require.Equal(t, "waived", s.payments[id].status)
		s.wrote(c9n.LetterFeeWaived, c9n.LetterApplicationReceived)
		s.refused(c9n.RefusedWrongStage, &c9n.WaiveFee{})
	})
	require.Len(t, s.payments, 1)
}

func TestWhatCannotBeSentAsksForAttentionAndHeals(t *testing.T) {
	t.Run("a letter", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.must(&c9n.CompleteIntroVideo{})
			s.submitApplication()
			s.set("mail", true)
			s.pay() // nobody waits for mail
			s.at(c9n.StageApplicationReview)
			s.sleep(25 * time.Hour)
			require.True(t, s.Case().NeedsAttention(c9n.AttentionNotice))
			s.set("mail", false)
			s.must(&c9n.RetryStep{})
			require.False(t, s.Case().NeedsAttention(c9n.AttentionNotice))
			s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)
		})
	})
	t.Run("a payment page", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.must(&c9n.CompleteIntroVideo{})
			s.submitApplication()
			s.set("stripe", true)
			id := s.askFee()
			s.sleep(2 * time.Minute)
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionCheckout, id))
			s.set("stripe", false)
			require.Equal(t, id, s.askFee(), "asking again tries at once")
			s.settle()
			require.Empty(t, s.Case().Attention)
			require.Equal(t, 1, s.checkouts[id])
		})
	})
	t.Run("an authorization", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toExamFee()
			s.pay()
			s.set("vendor", true)
			s.must(&c9n.BookExam{Language: "en", Place: c9n.ExamOnline})
			id := s.Case().Exam.AuthorizationID
			s.sleep(2 * time.Hour)
			require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionAuthorization, id))
			s.set("vendor", false)
			s.sleep(2 * time.Minute) // by itself
			require.Empty(t, s.Case().Attention)
			require.True(t, s.authorizations[id])
		})
	})
	t.Run("nothing is done for a case that was closed meanwhile", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			s.toExamFee()
			s.set("stripe", true)
			s.set("vendor", true)
			s.askFee()
			s.sleep(2 * time.Minute)
			s.must(&c9n.WaiveFee{})
			s.must(&c9n.BookExam{Language: "en", Place: c9n.ExamOnline})
			s.sleep(2 * time.Hour)
			s.must(&c9n.Withdraw{})
			require.Empty(t, s.Case().Attention)
			s.closed(c9n.OutcomeWithdrawn)
			s.set("stripe", false)
			s.set("vendor", false)
		})
		for _, sent := range s.authorizations {
			require.False(t, sent)
		}
	})
	t.Run("the last letter of a closed case", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			s.register()
			s.set("mail", true)
			s.must(&c9n.Withdraw{})
			s.days(3)
			require.False(t, s.over, "the run waits for its last letter")
			require.True(t, s.Case().NeedsAttention(c9n.AttentionNotice))
			s.set("mail", false)
			s.sleep(time.Hour)
			require.True(t, s.over)
		})
		require.Equal(t, 1, s.notices[0].sent)
		require.Empty(t, s.projected().Attention)
	})
	t.Run("letters travel to the next run", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			s.toExamFee()
			s.book(1)
			s.days(1)
			s.set("mail", true)
			s.examined(true)
			s.sleep(3 * time.Minute)
			require.Equal(t, 2, s.runs)
			s.days(2)
			s.set("mail", false)
			s.must(&c9n.RetryStep{})
			require.Nil(t, s.Case().Promise(c9n.PromiseResultsNotice))
		})
		for _, n := range s.notices {
			require.Equal(t, 1, n.sent, n.letter)
		}
	})
}

func TestTheRecordsAreDown(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toReview()
		before := s.Case()
		s.set("records", true)
		claim := &c9n.ClaimReview{}
		s.address(claim)
		on := s.post(claim)
		s.sleep(3 * time.Minute)
		require.False(t, on.answered, "nobody is answered before it is recorded")
		require.Equal(t, before, s.Case(), "the query says what was recorded")
		s.set("records", false)
		for !on.answered {
			s.sleep(time.Second)
		}
		require.Nil(t, s.refusalOf(on))
		require.Equal(t, "actor-1", s.Case().Assignee)
		s.settle()
		s.atRest()
	})
	require.Equal(t, 1, s.runs)
}

// The clock of cases is moved; nothing knows until somebody says wake.
func TestWakeArmsTheTimerAnew(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.register()
		revision := s.Case().Revision
		s.told = len(s.notices)
		due := s.promise("intro_video").Rungs[0].At
		s.offset.Store(int64(due.Sub(s.now())) - int64(time.Minute))
		require.Nil(t, s.send(&c9n.Wake{}))
		s.atRest()
		require.Equal(t, revision, s.Case().Revision, "wake changes nothing")
		s.wrote()
		s.sleep(2 * time.Minute)
		s.wrote(c9n.LetterDraftReminder)

		s.offset.Add(int64(200 * 24 * time.Hour)) // past everything: late reminders are not sent
		require.Nil(t, s.send(&c9n.Wake{}))
		s.settle()
		s.wrote(c9n.LetterAbandoned)
		s.closed(c9n.OutcomeAbandoned)
	})
	t.Run("a message finds out by itself", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.offset.Store(int64(100 * 24 * time.Hour))
			s.must(&c9n.CompleteIntroVideo{})
			require.Equal(t, c9n.EndOfDay(c9n.AddDays(s.now(), 180)), s.promise("application").DueAt)
		})
	})
}

func TestANewRunIsStarted(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.toReview()
		before := s.Case()
		first := &c9n.StartNewRun{}
		s.must(first)
		s.sleep(2 * time.Second)
		require.Equal(t, 2, s.runs)
		after := s.Case()
		require.Equal(t, before.Revision+1, after.Revision)
		require.Equal(t, before.Promises, after.Promises, "the promises are the same, and their timer is armed anew")
		s.atRest()
		require.Nil(t, s.sendAs(first), "the same message in the next run gets its answer")
		require.Equal(t, after.Revision, s.Case().Revision)

		// While messages keep coming the leaving waits: it has a task of its own.
		s.must(&c9n.StartNewRun{})
		for range 20 {
			s.sleep(500 * time.Millisecond)
			s.send(&c9n.DocumentChecked{DocumentID: "d1", Kind: c9n.DocumentPhotoID, Finding: "clean"})
			require.Equal(t, 2, s.runs)
		}
		s.sleep(2 * time.Second)
		require.Equal(t, 3, s.runs)
		require.Equal(t, after.Revision+21, s.Case().Revision)
	})
	require.Equal(t, 2, s.start.Carried.Run)
}

func TestCancellationHasNoEffect(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		s.env.CancelWorkflow()
		s.settle()
		require.True(t, s.at(c9n.StageApplicationReview).NeedsAttention(c9n.AttentionCancel))
		require.Equal(t, c9n.EventCancelRequested, s.lastEvent().Name)
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionApprove})
		s.must(&c9n.RetryStep{})
		require.Empty(t, s.at(c9n.StageTraining).Attention)
	})
	t.Run("while the last letter is on its way", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.set("mail", true)
			s.must(&c9n.Withdraw{})
			s.env.CancelWorkflow()
			s.days(1)
			s.set("mail", false)
			s.sleep(time.Hour)
			s.closed(c9n.OutcomeWithdrawn)
		})
	})
}

func TestASignalThatNobodyHandles(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		s.env.SignalWorkflow("exam-resultt", map[string]any{"anything": true})
		s.settle()
		require.True(t, s.Case().NeedsAttention(c9n.AttentionUnknown))
		require.Equal(t, c9n.EventUnknownMessage, s.lastEvent().Name)
		revision := s.Case().Revision
		s.env.SignalWorkflow("exam-resultt", 7)
		s.env.SignalWorkflow("another", nil)
		s.settle()
		s.atRest()
		require.Equal(t, revision+2, s.Case().Revision)
		s.must(&c9n.RetryStep{})
		require.Empty(t, s.Case().Attention)
	})
}

// The Temporal UI sends neither key nor actor.
func TestMessagesWithoutAKey(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		require.Nil(t, s.sendAs(&c9n.Hold{Reason: "records_check"}), "administrators may send theirs")
		require.Equal(t, c9n.RoleTemporalOperator, s.lastEvent().Actor.Role)
		require.NotEmpty(t, s.lastEvent().Key)
		require.Nil(t, s.sendAs(&c9n.ReleaseHold{}))
		revision := s.Case().Revision
		require.Equal(t, c9n.RefusedNotAllowed, s.sendAs(&c9n.ClaimReview{}).Type)
		require.Equal(t, c9n.RefusedNotAllowed, s.sendAs(&c9n.Withdraw{}).Type)
		require.Equal(t, revision, s.Case().Revision)
		for range 2 { // nobody knows whether it is true
			require.Nil(t, s.sendAs(&c9n.PaymentSettled{PaymentID: "p", AmountCents: 1, PaidAt: s.now()}))
		}
		require.Equal(t, revision+2, s.Case().Revision)
		require.Equal(t, "no key", s.lastEvent().Ignored)
		s.atRest()
	})
}

func TestTheSameMessageTwice(t *testing.T) {
	tell(t, monday, func(s *story) {
		register := &c9n.Register{}
		s.must(register)
		require.Nil(t, s.sendAs(register))
		require.Equal(t, 1, s.Case().Revision)
		video := &c9n.CompleteIntroVideo{}
		s.must(video)
		require.Nil(t, s.sendAs(video), "also when the stage does not take it any more")
		require.Equal(t, 2, s.Case().Revision)
		// Long ago, and forgotten by the case: the records know.
		extended := &c9n.ExtendDeadline{Days: 7}
		s.must(extended)
		for range 110 {
			s.must(&c9n.DocumentChecked{DocumentID: "d1"})
		}
		before := s.Case()
		require.Nil(t, s.sendAs(extended))
		require.Equal(t, before, s.Case())
		s.atRest()
	})
}

func TestADraftThatMovedOn(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		stale := &c9n.SubmitApplication{DraftRevision: 7, EthicsVersion: "sample-2024-1", Policy: s.Case().Policy}
		s.refused(c9n.RefusedStaleRevision, stale)
		s.drafts[c9n.FormApplication] = 7
		require.Nil(t, s.sendAs(stale), "a refusal leaves the key open")
		s.at(c9n.StageApplicationFee)
	})
}

func TestARunThatNobodyRegistersEnds(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.sleep(30 * time.Second)
		require.False(t, s.over)
		require.Nil(t, s.send(&c9n.PaymentRefunded{PaymentID: "p"}))
		s.sleep(40 * time.Second)
		require.True(t, s.over)
	})
	require.Empty(t, s.events)
	require.Empty(t, s.result.Outcome)
}

// A document whose check does not end asks for attention until the check has ended, or the
// document or the case is gone. retry-step asks for another try of each of them.
func TestADocumentThatIsNotChecked(t *testing.T) {
	tell(t, monday, func(s *story) {
		var again []string
		s.records.onCommit = func(step c9n.Transition, _ c9n.Case) { again = step.CheckAgain }
		about := func(id, finding string) {
			s.must(&c9n.DocumentChecked{DocumentID: id, Kind: c9n.DocumentPhotoID, Finding: finding})
		}
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		about("d1", c9n.FindingLate)
		about("d2", c9n.FindingLate)
		about("d3", "clean")
		require.True(t, s.at(c9n.StageApplication).NeedsAttentionFor(c9n.AttentionDocument, "d1"))
		require.True(t, s.Case().NeedsAttentionFor(c9n.AttentionDocument, "d2"))
		require.False(t, s.Case().NeedsAttentionFor(c9n.AttentionDocument, "d3"))
		require.Empty(t, again)
		s.must(&c9n.RetryStep{})
		require.Equal(t, []string{"d1", "d2"}, again)
		require.True(t, s.Case().NeedsAttention(c9n.AttentionDocument), "until it has ended")
		s.atRest()
		about("d1", "refused")
		require.False(t, s.Case().NeedsAttentionFor(c9n.AttentionDocument, "d1"))
		about("d2", c9n.FindingGone)
		require.Empty(t, s.Case().Attention)
		s.must(&c9n.RetryStep{})
		require.Empty(t, again)

		about("d4", c9n.FindingLate)
		s.must(&c9n.Withdraw{})
		s.closed(c9n.OutcomeWithdrawn)
		require.Empty(t, s.projected().Attention)
	})
}

// Who wakes a case is answered once the clock was read, also when that does not work at
// first and something else comes meanwhile. Otherwise the run could never be left.
func TestWhoWakesACaseIsAnswered(t *testing.T) {
	for name, beside := range map[string]c9n.Message{
		"an update":    &c9n.ExtendDeadline{Days: 7},
		"another wake": &c9n.Wake{},
		"a signal":     &c9n.DocumentChecked{DocumentID: "d1", Finding: string(c9n.DocumentClean)},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.register()
				s.stuck.Store(1)
				s.offset.Add(int64(2 * time.Hour))
				sent := s.postTogether(&c9n.Wake{}, beside)
				s.sleep(10 * time.Second)
				for _, on := range sent {
					require.True(t, on.answered || on.signal, on.name)
				}
				require.Negative(t, s.stuck.Load(), "it was read again")
				s.must(&c9n.StartNewRun{})
				s.sleep(2 * time.Minute)
				require.Equal(t, 2, s.runs)
				s.atRest()
			})
		})
	}
}
