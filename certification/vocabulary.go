// Package certification is the programme in plain Go: stages, signals, fees,
// policy, reasons, numbers, and the rules about what people hand in. It imports
// nothing of ours and does no I/O, so every rule in it is a function from values
// to values. Sources named "domain" are sections of the programme's rules,
// summed up in docs/programme.md.
package certification

import "regexp"

// Stage is where a case stands. Exactly one at a time.
type Stage string

// The stages in the order of the story.
const (
	StageIntroVideo          Stage = "intro_video"
	StageApplication         Stage = "application"
	StageApplicationFee      Stage = "application_fee"
	StageApplicationReview   Stage = "application_review"
	StageApplicationReturned Stage = "application_returned"
	StageTraining            Stage = "training"
	StageTrainingReview      Stage = "training_review"
	StageTrainingReturned    Stage = "training_returned"
	StageExamFee             Stage = "exam_fee"
	StageExamBooking         Stage = "exam_booking"
	StageExamBooked          Stage = "exam_booked"
	StageExamScoring         Stage = "exam_scoring"
	StageCertified           Stage = "certified"
	StageRenewal             Stage = "renewal"
	StageRenewalFee          Stage = "renewal_fee"
	StageRenewalReview       Stage = "renewal_review"
	StageRenewalReturned     Stage = "renewal_returned"
	StageExpired             Stage = "expired"
	StageDenied              Stage = "denied"
	StageRevoked             Stage = "revoked"
	StageAppealReview        Stage = "appeal_review"
	StageClosed              Stage = "closed"
)

// Outcome says how a closed case ended.
type Outcome string

// The outcomes of a closed case.
const (
	OutcomeDenied       Outcome = "denied"
	OutcomeWithdrawn    Outcome = "withdrawn"
	OutcomeAbandoned    Outcome = "abandoned"
	OutcomeWindowClosed Outcome = "window_closed"
	OutcomeAttemptsUsed Outcome = "attempts_used"
	OutcomeVacated      Outcome = "vacated"
	OutcomeRevoked      Outcome = "revoked"
	OutcomeSurrendered  Outcome = "surrendered"
)

// Signal is a message that moves a case. It has this one name everywhere: in the
// address, in Temporal, in the event log, in the docs.
type Signal string

// Signals of the applicant.
const (
	SignalRegister           Signal = "register"
	SignalCompleteIntroVideo Signal = "complete-intro-video"
	SignalSubmitApplication  Signal = "submit-application"
	SignalResubmitApp        Signal = "resubmit-application"
	SignalPayFee             Signal = "pay-fee"
	SignalSubmitTraining     Signal = "submit-training"
	SignalBookExam           Signal = "book-exam"
	SignalSubmitRenewal      Signal = "submit-renewal"
	SignalResubmitRenewal    Signal = "resubmit-renewal"
	SignalAppeal             Signal = "appeal"
	SignalWithdraw           Signal = "withdraw"
	SignalSurrender          Signal = "surrender"
)

// Signals of reviewers.
const (
	SignalClaimReview       Signal = "claim-review"
	SignalReleaseReview     Signal = "release-review"
	SignalDecideApplication Signal = "decide-application"
	SignalDecideTraining    Signal = "decide-training"
	SignalDecideRenewal     Signal = "decide-renewal"
	SignalDecideAppeal      Signal = "decide-appeal"
)

// Signals of machines outside: the payment processor, the document check, the
// exam vendor.
const (
	SignalPaymentSettled  Signal = "payment-settled"
	SignalPaymentFailed   Signal = "payment-failed"
	SignalPaymentRefunded Signal = "payment-refunded"
	SignalPaymentDisputed Signal = "payment-disputed"
	SignalDocumentChecked Signal = "document-checked"
	SignalExamAuthorized  Signal = "exam-authorized"
	SignalExamRefused     Signal = "exam-refused"
	SignalExamConfirmed   Signal = "exam-confirmed"
	SignalExamChanged     Signal = "exam-changed"
	SignalExamCancelled   Signal = "exam-cancelled"
	SignalExamResult      Signal = "exam-result"
	SignalExamNoShow      Signal = "exam-no-show"
	SignalExamIncident    Signal = "exam-incident"
	SignalExamUnanswered  Signal = "exam-unanswered"
)

// Signals of administrators.
const (
	SignalHold           Signal = "hold"
	SignalReleaseHold    Signal = "release-hold"
	SignalExtendDeadline Signal = "extend-deadline"
	SignalWaiveFee       Signal = "waive-fee"
	SignalRetryStep      Signal = "retry-step"
	SignalReassign       Signal = "reassign"
	SignalSuspend        Signal = "suspend"
	SignalReinstate      Signal = "reinstate"
	SignalRevoke         Signal = "revoke"
	SignalWake           Signal = "wake"
	SignalStartNewRun    Signal = "start-new-run"
)

// Decisions are the signals that end a review.
var Decisions = []Signal{SignalDecideApplication, SignalDecideTraining, SignalDecideRenewal, SignalDecideAppeal}

// Role is what somebody may do. Roles of actors in the event log as well.
type Role string

// The roles.
const (
	RoleApplicant     Role = "applicant"
	RoleReviewer      Role = "reviewer"
	RoleAdministrator Role = "administrator"
	RoleService       Role = "service"
	// RoleOutside is a machine outside: Stripe, the exam vendor, the document check.
	RoleOutside Role = "outside"
	// RoleClock is time itself: a rung or a due instant came.
	RoleClock Role = "clock"
	// RoleTemporalOperator is an administrator who sent a signal from the Temporal
	// UI, where a message carries no actor.
	RoleTemporalOperator Role = "temporal-operator"
)

// Actor is who did something. ID is an opaque id: never a name.
type Actor struct {
	Role Role   `json:"role"`
	ID   string `json:"id,omitempty"`
}

var (
	actorID = regexp.MustCompile(`^[A-Za-z0-9._|:-]{1,100}$`)
	cause   = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)
)

// IsActorID says whether an id can be an actor's: letters, digits and the marks . _ | : -
// only, at most 100. E-mail addresses and written names are none, because ids are in the
// log of a case for good, and in Temporal.
func IsActorID(id string) bool { return actorID.MatchString(id) }

// IsCause says whether a word can be why an administrator does something: a code of small
// letters, digits and _, at most 60. It is kept where ids are, so it is no sentence.
func IsCause(code string) bool { return cause.MatchString(code) }

// Party is whom a case waits for.
type Party string

// The parties.
const (
	PartyApplicant  Party = "applicant"
	PartyReviewer   Party = "reviewer"
	PartyVendor     Party = "exam_vendor"
	PartyProcessor  Party = "payment_processor"
	PartyOperations Party = "administrator"
	PartyUs         Party = "us"
	PartyNobody     Party = "nobody"
)

// Fee is what a payment is for.
type Fee string

// The fees. Amounts are in the policy.
const (
	FeeApplication Fee = "application"
	FeeExam        Fee = "exam"
	FeeRetake      Fee = "exam_retake"
	FeeRenewal     Fee = "renewal"
	FeeLateRenewal Fee = "late_renewal"
)

// DocumentKind is what a document is evidence of.
type DocumentKind string

// The kinds of document (domain §5).
const (
	DocumentPhotoID             DocumentKind = "photo_id"
	DocumentDiploma             DocumentKind = "diploma"
	DocumentTrainingCertificate DocumentKind = "training_certificate"
	DocumentNameChange          DocumentKind = "name_change"
	DocumentAppeal              DocumentKind = "appeal_evidence"
)

// DocumentKinds lists every kind.
var DocumentKinds = []DocumentKind{DocumentPhotoID, DocumentDiploma, DocumentTrainingCertificate, DocumentNameChange, DocumentAppeal}

// Decision is a reviewer's answer.
type Decision string

// The decisions.
const (
	DecisionApprove Decision = "approve"
	DecisionReturn  Decision = "return"
	DecisionDeny    Decision = "deny"
)
