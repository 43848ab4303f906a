package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
)

// What each stage takes, and where that leads; "." stays. It is written down here
// on its own, after domain §2.3, and not derived from the program's stage table.
// Everything that is not here or in takenEverywhere is refused, or, from a machine,
// recorded and ignored. After the slash is what a denial or an appeal is about, where
// that is not the application.
const taken = `
intro_video           complete-intro-video>application withdraw>closed
application           submit-application>application_fee submit-training>. withdraw>closed
application_fee       pay-fee>. submit-training>. payment-settled>application_review payment-failed>. waive-fee>application_review withdraw>closed
application_review    claim-review>. release-review>. reassign>. decide-application>training submit-training>. withdraw>closed
application_returned  resubmit-application>application_review submit-training>. withdraw>closed
training              submit-training>training_review withdraw>closed
training_review       claim-review>. release-review>. reassign>. decide-training>exam_fee withdraw>closed
training_returned     submit-training>training_review withdraw>closed
exam_fee              pay-fee>. payment-settled>exam_booking payment-failed>. waive-fee>exam_booking withdraw>closed
exam_booking          book-exam>. exam-authorized>. exam-refused>. exam-unanswered>. exam-confirmed>exam_booked exam-changed>exam_booked exam-result>certified exam-no-show>exam_fee exam-incident>. withdraw>closed
exam_booked           exam-confirmed>. exam-changed>. exam-cancelled>exam_booking exam-result>certified exam-no-show>exam_fee exam-incident>exam_booking withdraw>closed
exam_scoring          exam-confirmed>exam_booked exam-changed>exam_booked exam-cancelled>exam_booking exam-result>certified exam-no-show>exam_fee exam-incident>exam_booking withdraw>closed
certified             surrender>closed suspend>. revoke>revoked
renewal               submit-renewal>renewal_fee surrender>closed suspend>. revoke>revoked
renewal_fee           pay-fee>. payment-settled>renewal_review payment-failed>. waive-fee>renewal_review surrender>closed suspend>. revoke>revoked
renewal_review        claim-review>. release-review>. reassign>. decide-renewal>certified surrender>closed suspend>. revoke>revoked
renewal_returned      resubmit-renewal>renewal_review surrender>closed suspend>. revoke>revoked
expired               submit-renewal>renewal_fee
denied                appeal>appeal_review withdraw>closed
denied/renewal        appeal>appeal_review withdraw>closed suspend>. revoke>revoked
revoked               appeal>appeal_review
appeal_review         claim-review>. release-review>. reassign>. decide-appeal>training
appeal_review/renewal claim-review>. release-review>. reassign>. decide-appeal>certified suspend>. revoke>revoked
appeal_review/revoked claim-review>. release-review>. reassign>. decide-appeal>certified
appeal_review/both    claim-review>. release-review>. reassign>. decide-appeal>denied
closed
`

// Taken wherever a case is open. The instants of an appointment and of the opening
// of renewal cannot be extended.
const takenEverywhere = "hold>. retry-step>. wake>. start-new-run>. extend-deadline>. document-checked>."

// Money is taken wherever a case is, and after its end.
const takenAlways = "payment-settled>. payment-refunded>. payment-disputed>."

var notExtended = map[c9n.Stage]bool{c9n.StageExamBooked: true, c9n.StageCertified: true}

func expectations() map[string]map[c9n.Signal]c9n.Stage {
	table := map[string]map[c9n.Signal]c9n.Stage{}
	for line := range strings.Lines(strings.TrimSpace(taken)) {
		words := strings.Fields(line)
		place, stage := words[0], stageOf(words[0])
		table[place] = map[c9n.Signal]c9n.Stage{}
		words = append(strings.Fields(takenAlways), words[1:]...) // what a stage says itself goes before
		if stage != c9n.StageClosed {
			words = append(words, strings.Fields(takenEverywhere)...)
		}
		for _, word := range words {
			signal, next, _ := strings.Cut(word, ">")
			if next == "." {
				next = string(stage)
			}
			table[place][c9n.Signal(signal)] = c9n.Stage(next)
		}
		if notExtended[stage] {
			delete(table[place], c9n.SignalExtendDeadline)
		}
	}
	return table
}

// TestEveryStageTakesItsSignals starts a run from a snapshot of every stage for
// every signal, and looks at what comes of it.
func TestEveryStageTakesItsSignals(t *testing.T) {
	table := expectations()
	require.Len(t, table, 22+4)
	require.Len(t, c9n.Messages(), 43)
	for place, takes := range table {
		stage := stageOf(place)
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			for _, empty := range c9n.Messages() {
				signal := empty.Signal()
				before := snapshotAt(t, place)
				if c9n.SenderOf(signal) == c9n.RoleReviewer && signal != c9n.SignalClaimReview {
					before.c.Assignee = "actor-1"
				} else if signal == c9n.SignalClaimReview {
					before.c.Assignee = ""
				}
				if signal == c9n.SignalBookExam {
					before.c.Exam = nil
				}
				if signal == c9n.SignalExamUnanswered && before.c.Exam != nil {
					before.c.Exam.Authorized = false
				}
				before.from(t).tell(func(s *story) {
					s.settle()
					refusal := s.send(fitting(signal, before.c, s.now()))
					s.settle()
					after := s.Case()
					next, isTaken := takes[signal]
					switch {
					case isTaken:
						require.Nil(t, refusal, "%s at %s", signal, place)
						require.Equal(t, next, after.Stage, "%s at %s", signal, place)
						if signal == c9n.SignalWake {
							require.Equal(t, before.c.Revision, after.Revision)
							return
						}
						events := s.all()
						require.NotEmpty(t, events, "%s at %s", signal, place)
						require.Equal(t, signal, events[0].Signal)
						require.Equal(t, next, events[0].To)
						require.Empty(t, events[0].Ignored, "%s at %s", signal, place)
						for _, more := range events[1:] {
							require.Equal(t, c9n.EventNoticeSent, more.Name, "%s at %s", signal, place)
						}
					case c9n.SenderOf(signal) == c9n.RoleOutside:
						require.Equal(t, before.c.Revision+1, after.Revision, "%s at %s", signal, place)
						require.NotEmpty(t, s.lastEvent().Ignored, "%s at %s", signal, place)
						require.Equal(t, stage, after.Stage)
						require.Equal(t, before.c.Promises, after.Promises)
					default:
						kind := c9n.RefusedWrongStage
						if stage == c9n.StageClosed {
							kind = c9n.RefusedClosed
						}
						require.NotNil(t, refusal, "%s at %s was taken", signal, place)
						require.Equal(t, kind, refusal.Type, "%s at %s: %s", signal, place, refusal.Detail)
						require.Equal(t, before.c.Revision, after.Revision)
					}
					s.atRest()
				})
			}
		})
	}
}

// A training certificate that was handed in early is with us: it is not handed in once
// more, with another receipt, while the application is filled in, paid or reviewed.
func TestATrainingIsHandedInOnce(t *testing.T) {
	for place, takes := range expectations() {
		if takes[c9n.SignalSubmitTraining] != stageOf(place) {
			continue // it leads on: there it can be handed in while it is the applicant's
		}
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			before := snapshotAt(t, place)
			before.from(t).tell(func(s *story) {
				s.settle()
				first := fitting(c9n.SignalSubmitTraining, before.c, s.now())
				s.must(first)
				s.settle()
				sent := s.Case()
				require.True(t, sent.TrainingSubmitted)
				s.refused(c9n.RefusedWrongStage, fitting(c9n.SignalSubmitTraining, before.c, s.now()))
				require.Nil(t, s.sendAs(first), "its own key has its own answer")
				require.Equal(t, sent.Revision, s.Case().Revision)
				s.atRest()
			})
		})
	}
}

// fitting is a message that a case would take, if its stage did.
func fitting(signal c9n.Signal, c c9n.Case, now time.Time) c9n.Message {
	paymentID, authorizationID := "none", "none"
	if c.Payment != nil {
		paymentID = c.Payment.ID
	}
	if c.Exam != nil {
		authorizationID = c.Exam.AuthorizationID
	}
	soon := c9n.AddDays(now, 3)
	switch signal {
	case c9n.SignalSubmitApplication:
		return &c9n.SubmitApplication{DraftRevision: 1, EthicsVersion: c.Policy.EthicsVersion, Policy: c.Policy}
	case c9n.SignalResubmitApp:
		return &c9n.ResubmitApplication{DraftRevision: 1}
	case c9n.SignalPayFee:
		return &c9n.PayFee{NotRefundableVersion: c.Policy.NotRefundableVersion}
	case c9n.SignalSubmitTraining:
		return &c9n.SubmitTraining{DraftRevision: 1, DocumentIDs: []string{"d3"}, ProviderID: "p1"}
	case c9n.SignalBookExam:
		return &c9n.BookExam{Language: "vi", Place: c9n.ExamTestCenter}
	case c9n.SignalSubmitRenewal:
		return &c9n.SubmitRenewal{DraftRevision: 1, EthicsVersion: c.Policy.EthicsVersion, Policy: c.Policy}
	case c9n.SignalResubmitRenewal:
		return &c9n.ResubmitRenewal{DraftRevision: 1}
	case c9n.SignalAppeal:
		return &c9n.Appeal{DraftRevision: 1}
	case c9n.SignalDecideApplication:
		return &c9n.DecideApplication{Decision: c9n.DecisionApprove}
	case c9n.SignalDecideTraining:
		return &c9n.DecideTraining{Decision: c9n.DecisionApprove}
	case c9n.SignalDecideRenewal:
		return &c9n.DecideRenewal{Decision: c9n.DecisionApprove}
	case c9n.SignalDecideAppeal:
		return &c9n.DecideAppeal{Decision: c9n.DecisionApprove}
	case c9n.SignalPaymentSettled:
		return &c9n.PaymentSettled{PaymentID: paymentID, AmountCents: 100_00, PaidAt: now}
	case c9n.SignalPaymentFailed:
		return &c9n.PaymentFailed{PaymentID: paymentID, Reason: "declined"}
	case c9n.SignalPaymentRefunded:
		return &c9n.PaymentRefunded{PaymentID: "some", AmountCents: 100_00}
	case c9n.SignalPaymentDisputed:
		return &c9n.PaymentDisputed{PaymentID: "some", EvidenceDueAt: soon}
	case c9n.SignalDocumentChecked:
		return &c9n.DocumentChecked{DocumentID: "d1", Kind: c9n.DocumentPhotoID, Finding: "clean"}
	case c9n.SignalExamAuthorized:
		return &c9n.ExamAuthorized{AuthorizationID: authorizationID}
	case c9n.SignalExamRefused:
		return &c9n.ExamRefused{AuthorizationID: authorizationID, Reason: "NAME_TOO_LONG"}
	case c9n.SignalExamConfirmed:
		return &c9n.ExamConfirmed{AuthorizationID: authorizationID, AppointmentID: "a2", AppointmentAt: soon, EndsAt: soon.Add(2 * time.Hour)}
	case c9n.SignalExamChanged:
		return &c9n.ExamChanged{AuthorizationID: authorizationID, AppointmentID: "a1", AppointmentAt: soon, EndsAt: soon.Add(2 * time.Hour), OccurredAt: now}
	case c9n.SignalExamCancelled:
		return &c9n.ExamCancelled{AuthorizationID: authorizationID, AppointmentID: "a1"}
	case c9n.SignalExamResult:
		return &c9n.ExamResult{AuthorizationID: authorizationID, Passed: true, ExaminedAt: now, Version: 1}
	case c9n.SignalExamNoShow:
		return &c9n.ExamNoShow{AuthorizationID: authorizationID, AppointmentAt: now}
	case c9n.SignalExamIncident:
		return &c9n.ExamIncident{AuthorizationID: authorizationID, Reason: "power_failure"}
	case c9n.SignalExamUnanswered:
		return &c9n.ExamUnanswered{AuthorizationID: authorizationID}
	case c9n.SignalExtendDeadline:
		return &c9n.ExtendDeadline{Days: 7}
	case c9n.SignalReassign:
		return &c9n.Reassign{ReviewerID: "actor-2"}
	}
	for _, empty := range c9n.Messages() {
		if empty.Signal() == signal {
			return empty // its body is empty, or may be
		}
	}
	panic("no message " + signal)
}

// A run can begin at any stage, and keeps the promises of the snapshot.
func TestARunBeginsAtAnyStage(t *testing.T) {
	for place := range ways {
		before := snapshotAt(t, place)
		before.from(t).tell(func(s *story) {
			s.settle()
			require.Equal(t, text(t, before.c), text(t, s.Case()))
			s.atRest()
		})
	}
}
