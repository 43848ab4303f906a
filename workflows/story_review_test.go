package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

func TestAClockStoppedOnDay13GoesOnWithOneDay(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		review := s.promise("application_review")
		require.Equal(t, pacific(2026, time.March, 16, 23, 59, 59), review.DueAt)
		s.days(10)
		s.sleep(15 * time.Hour) // the end of day 10
		require.True(t, s.Case().NeedsAttention(c9n.AttentionReview), "the lead hears of it on day 10")
		s.until(pacific(2026, time.March, 15, 20, 0, 0)) // day 13
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_UNREADABLE"}})
		require.False(t, s.promise("application_review").Running())
		require.False(t, s.Case().NeedsAttention(c9n.AttentionReview), "nobody of ours is late while the applicant is asked")
		require.Equal(t, c9n.PartyApplicant, s.Case().WaitsOn())
		s.days(20)
		s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived, c9n.LetterApplicationReturned, c9n.LetterReturnedReminder, c9n.LetterReturnedReminder)
		s.must(&c9n.ResubmitApplication{DraftRevision: 1})
		resumed := s.promise("application_review")
		require.Equal(t, review.ID, resumed.ID, "it is the same promise")
		require.Equal(t, pacific(2026, time.April, 5, 23, 59, 59), resumed.DueAt, "one day is left, not 14")
		require.Equal(t, resumed.DueAt, s.wrote(c9n.LetterReviewResumed)[0].DueAt)
		s.days(1)
		s.sleep(4 * time.Hour)
		require.True(t, s.promise("application_review").Overdue)
		s.wrote(c9n.LetterReviewLate)
	})
}

func TestALateReviewIsEscalatedAndNeverDecidedByItself(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.toReview()
		s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)
		s.until(pacific(2026, time.March, 13, 0, 0, 1)) // past the end of day 10
		require.Equal(t, c9n.EventEscalation, s.lastEvent().Name)
		require.True(t, s.Case().NeedsAttention(c9n.AttentionReview))
		s.wrote() // the applicant is not bothered
		s.until(pacific(2026, time.March, 17, 0, 0, 1))
		late := s.at(c9n.StageApplicationReview)
		require.True(t, late.Overdue())
		facts := s.wrote(c9n.LetterReviewLate)[0]
		require.Equal(t, pacific(2026, time.March, 16, 23, 59, 59), facts.DueAt, "the day we missed")
		revision := late.Revision
		s.days(5)
		stillLate := s.at(c9n.StageApplicationReview)
		require.Equal(t, revision+5, stillLate.Revision, "once a day")
		require.Equal(t, c9n.EventOverdue, s.lastEvent().Name)
		s.wrote()

		s.must(&c9n.ExtendDeadline{Days: 14})
		require.False(t, s.promise("application_review").Overdue)
		s.wrote(c9n.LetterDeadlineExtended)
		s.days(14)
		s.wrote(c9n.LetterReviewLate) // honest a second time

		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionApprove})
		require.Empty(t, s.at(c9n.StageTraining).Attention, "attention ends with the review")
	})
}

func TestAnAbandonedDraft(t *testing.T) {
	s := tell(t, monday, func(s *story) {
		s.register()
		s.days(29)
		s.wrote(c9n.LetterDraftReminder, c9n.LetterDraftReminder)
		s.must(&c9n.CompleteIntroVideo{})
		s.days(181)
		s.wrote(c9n.LetterDraftReminder, c9n.LetterDraftReminder, c9n.LetterDraftReminder, c9n.LetterAbandoned)
		s.closed(c9n.OutcomeAbandoned)
		s.refused(c9n.RefusedClosed, &c9n.SubmitApplication{})
	})
	require.Equal(t, 1, s.runs)
}

func TestAnUnpaidApplicationBecomesADraftAgain(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		id := s.askFee()
		require.Equal(t, id, s.askFee(), "asking again opens the same page")
		require.Equal(t, 2, s.checkouts[id])
		s.days(31)
		require.Nil(t, s.at(c9n.StageApplication).Payment)
		require.Equal(t, "failed", s.payments[id].status)
		s.wrote(c9n.LetterFeeReminder, c9n.LetterFeeReminder, c9n.LetterFeeReminder, c9n.LetterDraftReminder)
		s.keeps(id)
		s.submitApplication()
		s.at(c9n.StageApplicationReview)
	})
}

func TestPaymentsThatFailAreAskedForAgain(t *testing.T) {
	tell(t, monday, func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		first := s.askFee()
		s.must(&c9n.PaymentFailed{PaymentID: first, Reason: "declined"})
		s.wrote(c9n.LetterPaymentFailed)
		second := s.askFee()
		require.NotEqual(t, first, second)
		s.must(&c9n.PaymentFailed{PaymentID: second, Reason: "expired"})
		s.wrote()
		third := s.askFee()
		settled := &c9n.PaymentSettled{PaymentID: third, Fee: c9n.FeeApplication, AmountCents: 100_00, PaidAt: s.now()}
		s.must(settled)
		revision := s.at(c9n.StageApplicationReview).Revision
		require.Nil(t, s.sendAs(settled)) // the webhook comes twice, with its key
		require.Equal(t, revision, s.Case().Revision)
		s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived)
		s.arrives(first)
		s.must(&c9n.Withdraw{})
		s.closed(c9n.OutcomeWithdrawn)
	})
}

func TestATrainingCertificateSentEarly(t *testing.T) {
	for name, sent := range map[string]struct {
		decision *c9n.DecideApplication
		stage    c9n.Stage
		letters  []c9n.Letter
	}{
		"both approved": {
			&c9n.DecideApplication{Decision: c9n.DecisionApprove, Training: c9n.DecisionApprove}, c9n.StageExamFee,
			[]c9n.Letter{c9n.LetterApplicationApproved, c9n.LetterTrainingAccepted, c9n.LetterExamFeeDue},
		},
		"only the application": {
			&c9n.DecideApplication{Decision: c9n.DecisionApprove, Training: c9n.DecisionReturn, TrainingReasons: []c9n.ReasonCode{"TRAINING_HOURS_BELOW_80"}}, c9n.StageTrainingReturned,
			[]c9n.Letter{c9n.LetterApplicationApproved, c9n.LetterTrainingReturned},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, monday, func(s *story) {
				s.register()
				s.must(&c9n.CompleteIntroVideo{})
				s.submitTraining()
				s.at(c9n.StageApplication)
				s.submitApplication()
				s.pay()
				// Its receipt waits for the day by which it will be decided.
				received := s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived, c9n.LetterTrainingReceived)
				require.Equal(t, received[1].DueAt, received[2].DueAt)
				s.must(&c9n.ClaimReview{})
				s.refused(c9n.RefusedInvalid, &c9n.DecideApplication{Decision: c9n.DecisionApprove})
				s.must(sent.decision)
				s.at(sent.stage)
				require.Equal(t, c9n.EventDetails{
					Decision: sent.decision.Decision, Training: sent.decision.Training, TrainingReasons: sent.decision.TrainingReasons,
				}, s.lastEvent().Details)
				s.wrote(sent.letters...)
				if sent.stage == c9n.StageTrainingReturned {
					require.Equal(t, sent.decision.TrainingReasons, s.Case().Returned)
					s.submitTraining()
					s.at(c9n.StageTrainingReview)
					require.Empty(t, s.Case().Returned)
					s.wrote(c9n.LetterTrainingReceived)
					s.decide(&c9n.DecideTraining{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"TRAINING_UNREADABLE"}})
					s.days(2)
					s.submitTraining()
					s.wrote(c9n.LetterTrainingReturned, c9n.LetterReviewResumed)
					require.Equal(t, pacific(2026, time.March, 18, 23, 59, 59), s.promise("training_review").DueAt)
				}
			})
		})
	}
	t.Run("while the application is returned", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toReview()
			s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_EXPIRED"}})
			s.submitTraining()
			require.Equal(t, []c9n.ReasonCode{"ID_EXPIRED"}, s.at(c9n.StageApplicationReturned).Returned, "the application is still to be put right")
			s.must(&c9n.ResubmitApplication{DraftRevision: 1})
			s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived, c9n.LetterApplicationReturned, c9n.LetterReviewResumed, c9n.LetterTrainingReceived)
		})
	})
	t.Run("beside the decision", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.toReview()
			for _, on := range s.postTogether(&c9n.ClaimReview{},
				&c9n.SubmitTraining{DraftRevision: 1, DocumentIDs: []string{"d3"}, ProviderID: "p1"},
				&c9n.DecideApplication{Decision: c9n.DecisionApprove}) {
				s.settle()
				require.Nil(t, s.refusalOf(on))
			}
			s.at(c9n.StageTrainingReview) // nobody has answered the certificate yet
			s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived, c9n.LetterTrainingReceived, c9n.LetterApplicationApproved, c9n.LetterTrainingReceived)
		})
	})
}

func TestAnAppealAgainstADenial(t *testing.T) {
	denied := func(s *story) {
		s.toReview()
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
		s.at(c9n.StageDenied)
		s.wrote(c9n.LetterReceipt, c9n.LetterApplicationReceived, c9n.LetterApplicationDenied)
	}
	t.Run("granted", func(t *testing.T) {
		s := tell(t, monday, func(s *story) {
			denied(s)
			s.days(29)
			s.must(&c9n.Appeal{DraftRevision: 1})
			s.at(c9n.StageAppealReview)
			require.Equal(t, pacific(2026, time.June, 29, 23, 59, 59), s.promise("appeal_review").DueAt, "90 days")
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
			s.at(c9n.StageTraining)
			s.wrote(c9n.LetterAppealReceived, c9n.LetterAppealGranted, c9n.LetterApplicationApproved)
		})
		require.Len(t, s.payments, 1, "no second fee")
	})
	t.Run("granted with a training certificate that nobody looked at", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			s.register()
			s.must(&c9n.CompleteIntroVideo{})
			s.submitTraining()
			s.submitApplication()
			s.pay()
			s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
			s.must(&c9n.Appeal{DraftRevision: 1})
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionApprove})
			s.at(c9n.StageTrainingReview)
		})
	})
	t.Run("not granted", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			denied(s)
			s.must(&c9n.Appeal{DraftRevision: 1})
			s.decide(&c9n.DecideAppeal{Decision: c9n.DecisionDeny})
			s.wrote(c9n.LetterAppealReceived, c9n.LetterAppealDenied)
			s.closed(c9n.OutcomeDenied)
		})
	})
	t.Run("not made", func(t *testing.T) {
		tell(t, monday, func(s *story) {
			denied(s)
			s.days(31)
			s.wrote(c9n.LetterClosedDenied)
			s.closed(c9n.OutcomeDenied)
		})
	})
}

func TestOnlyTheReviewerWhoClaimedDecides(t *testing.T) {
	other := c9n.Envelope{Actor: c9n.Actor{Role: c9n.RoleReviewer, ID: "actor-2"}}
	approve := func(e c9n.Envelope) *c9n.DecideApplication {
		return &c9n.DecideApplication{Envelope: e, Decision: c9n.DecisionApprove}
	}
	tell(t, monday, func(s *story) {
		s.toReview()
		s.refused(c9n.RefusedWrongStage, approve(c9n.Envelope{})) // not claimed
		s.must(&c9n.ClaimReview{})
		s.refused(c9n.RefusedWrongStage, &c9n.ClaimReview{Envelope: other})
		s.refused(c9n.RefusedWrongStage, approve(other))
		s.must(&c9n.ReleaseReview{}, &c9n.ClaimReview{Envelope: other})
		s.must(&c9n.Reassign{ReviewerID: "actor-1"})
		s.must(&c9n.Reassign{ReviewerID: "actor-2"})
		// Two decide at once: one wins.
		sent := s.postTogether(&c9n.Reassign{ReviewerID: "actor-1"}, approve(c9n.Envelope{}), approve(c9n.Envelope{}))
		s.settle()
		require.Nil(t, s.refusalOf(sent[1]))
		require.Equal(t, c9n.RefusedWrongStage, s.refusalOf(sent[2]).Type)
		s.at(c9n.StageTraining)
	})
}
