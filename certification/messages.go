package certification

import (
	"encoding/json"
	"time"
)

// Envelope is what every message carries beside its body. A message sent from the
// Temporal UI has neither key nor actor; see RoleTemporalOperator.
type Envelope struct {
	// Key makes a repeat of the message recognizable: the same key is the same message.
	Key   string `json:"key,omitempty"`
	Actor Actor  `json:"actor,omitzero"`
	// RequestID is of the HTTP request that brought the message, to find it in the logs.
	RequestID string `json:"request_id,omitempty"`
}

// Message is the body of a signal. All fields are ids, codes, instants and money:
// bodies are stored by Temporal, so no personal data may be in them.
type Message interface {
	Signal() Signal
	envelope() *Envelope
}

func (e *Envelope) envelope() *Envelope { return e }

// EnvelopeOf gives the envelope of a message.
func EnvelopeOf(message Message) *Envelope { return message.envelope() }

// Register opens a case for a person whose address is confirmed.
type Register struct {
	Envelope
	ApplicantID string `json:"applicant_id"`
	CaseNumber  string `json:"case_number"`
	CountyPlan  string `json:"county_plan,omitempty"` // a plan's name as in CountyPlans
	// PreviousCaseID is the person's closed case, if there is one.
	PreviousCaseID string `json:"previous_case_id,omitempty"`
}

// CompleteIntroVideo says that the introduction video was watched to the end.
type CompleteIntroVideo struct{ Envelope }

// SubmitApplication hands in the draft at the revision the applicant saw.
type SubmitApplication struct {
	Envelope
	DraftRevision int `json:"draft_revision"`
	// EthicsVersion is the version of the code of ethics that was signed.
	EthicsVersion string   `json:"ethics_version"`
	DocumentIDs   []string `json:"document_ids"`
	// Policy is the one in force at this moment: from here on the case's own.
	Policy Policy `json:"policy"`
}

// ResubmitApplication hands in the returned parts.
type ResubmitApplication struct {
	Envelope
	DraftRevision int      `json:"draft_revision"`
	DocumentIDs   []string `json:"document_ids"`
}

// PayFee asks for a payment page. In exam_fee it is also the request for a retake.
type PayFee struct {
	Envelope
	// NotRefundableVersion is the version of the text "this fee is not refunded" that
	// the applicant accepted (domain §3).
	NotRefundableVersion string `json:"not_refundable_version"`
}

// SubmitTraining hands in the training certificate with what it says.
type SubmitTraining struct {
	Envelope
	DraftRevision int      `json:"draft_revision"`
	DocumentIDs   []string `json:"document_ids"`
	ProviderID    string   `json:"provider_id"`
}

// UnmarshalJSON also reads what histories hold from before a certificate could have
// several files, document_id. It must not go: cases that are running replay them.
func (m *SubmitTraining) UnmarshalJSON(encoded []byte) error {
	type body SubmitTraining // without this method
	var read struct {
		body
		DocumentID string `json:"document_id"`
	}
	if err := json.Unmarshal(encoded, &read); err != nil {
		return err
	}
	*m = SubmitTraining(read.body)
	if len(m.DocumentIDs) == 0 && read.DocumentID != "" {
		m.DocumentIDs = []string{read.DocumentID}
	}
	return nil
}

// BookExam chooses language and place; the appointment is made at the vendor.
type BookExam struct {
	Envelope
	Language string `json:"language"` // BCP 47, one of ExamLanguages
	Place    string `json:"place"`    // "online" or "test_center"
}

// SubmitRenewal attests the continuing education of a term and re-signs the ethics.
type SubmitRenewal struct {
	Envelope
	DraftRevision int    `json:"draft_revision"`
	EthicsVersion string `json:"ethics_version"`
	// Policy is the one in force at this moment: from here on the case's own.
	Policy Policy `json:"policy"`
}

// ResubmitRenewal hands in a returned renewal again.
type ResubmitRenewal struct {
	Envelope
	DraftRevision int `json:"draft_revision"`
}

// Appeal asks to look at a denial or a revocation again. The statement is a draft.
type Appeal struct {
	Envelope
	DraftRevision int `json:"draft_revision"`
}

// Withdraw ends a case that is not certified yet.
type Withdraw struct{ Envelope }

// Surrender gives a certificate back.
type Surrender struct{ Envelope }

// ClaimReview makes the actor the reviewer of the case.
type ClaimReview struct{ Envelope }

// ReleaseReview gives a claimed review back to the queue.
type ReleaseReview struct{ Envelope }

// DecideApplication answers the application and, where the training certificate
// came with it, that too, separately.
type DecideApplication struct {
	Envelope
	Decision Decision     `json:"decision"`
	Reasons  []ReasonCode `json:"reasons,omitempty"`
	// Training is the answer to a training certificate sent early: approve or return.
	Training        Decision     `json:"training,omitempty"`
	TrainingReasons []ReasonCode `json:"training_reasons,omitempty"`
}

// DecideTraining answers a training certificate: approve or return.
type DecideTraining struct {
	Envelope
	Decision Decision     `json:"decision"`
	Reasons  []ReasonCode `json:"reasons,omitempty"`
}

// DecideRenewal answers a renewal: approve, return or deny.
type DecideRenewal struct {
	Envelope
	Decision Decision     `json:"decision"`
	Reasons  []ReasonCode `json:"reasons,omitempty"`
}

// DecideAppeal grants an appeal (approve) or not (deny).
type DecideAppeal struct {
	Envelope
	Decision Decision `json:"decision"`
}

// PaymentSettled says that the money of a payment arrived.
type PaymentSettled struct {
	Envelope
	PaymentID   string    `json:"payment_id"`
	Fee         Fee       `json:"fee,omitempty"` // what it was asked for; messages of old histories have none
	AmountCents int64     `json:"amount_cents"`
	PaidAt      time.Time `json:"paid_at"`
	// RefundedCents is what had gone back already when we looked.
	RefundedCents int64 `json:"refunded_cents,omitempty"`
}

// PaymentFailed says that a payment page was left unpaid or a payment declined.
type PaymentFailed struct {
	Envelope
	PaymentID string `json:"payment_id"`
	Reason    string `json:"reason"` // a code: "declined", "expired"
}

// PaymentRefunded says that money went back.
type PaymentRefunded struct {
	Envelope
	PaymentID   string `json:"payment_id"`
	AmountCents int64  `json:"amount_cents"` // all that went back so far
	// LeftCents is what of the payment has not gone back; zero when all of it has.
	LeftCents int64 `json:"left_cents,omitempty"`
}

// PaymentDisputed says that a bank took a payment into dispute, or how that ended.
type PaymentDisputed struct {
	Envelope
	PaymentID     string    `json:"payment_id"`
	EvidenceDueAt time.Time `json:"evidence_due_at,omitzero"`
	// Outcome is DisputeWon or DisputeLost once the dispute has ended.
	Outcome string `json:"outcome,omitempty"`
	// LeftCents is what of the payment we still have when the dispute was lost.
	LeftCents int64 `json:"left_cents,omitempty"`
}

// How a dispute ends.
const (
	DisputeWon  = "won"  // the money stays
	DisputeLost = "lost" // it went back
)

// DocumentChecked says how the check of a document stands.
type DocumentChecked struct {
	Envelope
	DocumentID string       `json:"document_id"`
	Kind       DocumentKind `json:"kind"`
	// Finding is "clean", "infected" or "refused" once the check has ended; otherwise
	// FindingLate or FindingGone.
	Finding string `json:"finding"`
	// CaseID finds the case of a document that is not there any more.
	CaseID string `json:"case_id,omitempty"`
}

// Findings about a check that has found nothing.
const (
	FindingLate = "late" // it has not ended in time, and is tried on
	FindingGone = "gone" // it will not end: its document was taken away
)

// ExamAuthorized says that the vendor accepted an authorization to test.
type ExamAuthorized struct {
	Envelope
	AuthorizationID string `json:"authorization_id"`
}

// ExamRefused says that the vendor refused an authorization.
type ExamRefused struct {
	Envelope
	AuthorizationID string `json:"authorization_id"`
	Reason          string `json:"reason"` // the vendor's code
}

// ExamConfirmed says that an appointment was made at the vendor.
type ExamConfirmed struct {
	Envelope
	AuthorizationID string    `json:"authorization_id"`
	AppointmentID   string    `json:"appointment_id"`
	AppointmentAt   time.Time `json:"appointment_at"`
	EndsAt          time.Time `json:"ends_at"`
	OccurredAt      time.Time `json:"occurred_at,omitzero"` // by the vendor's clock; zero if they did not say
}

// ExamChanged says that an appointment was moved.
type ExamChanged struct {
	Envelope
	AuthorizationID string    `json:"authorization_id"`
	AppointmentID   string    `json:"appointment_id"`
	AppointmentAt   time.Time `json:"appointment_at"`
	EndsAt          time.Time `json:"ends_at"`
	OccurredAt      time.Time `json:"occurred_at,omitzero"` // by the vendor's clock; zero if they did not say
}

// ExamCancelled says that an appointment was given up in time.
type ExamCancelled struct {
	Envelope
	AuthorizationID string    `json:"authorization_id"`
	AppointmentID   string    `json:"appointment_id"`
	OccurredAt      time.Time `json:"occurred_at,omitzero"` // by the vendor's clock; zero if they did not say
}

// ExamResult says how an exam ended.
type ExamResult struct {
	Envelope
	AuthorizationID string    `json:"authorization_id"`
	Passed          bool      `json:"passed"`
	ExaminedAt      time.Time `json:"examined_at"`
	// Version counts the vendor's corrections of one result, from 1.
	Version int `json:"version"`
}

// ExamNoShow says that nobody came to an appointment: the attempt counts.
type ExamNoShow struct {
	Envelope
	AuthorizationID string    `json:"authorization_id"`
	AppointmentAt   time.Time `json:"appointment_at"`
	Version         int       `json:"version,omitempty"` // as of a result; 0 means 1
}

// ExamIncident says that the vendor spoiled an exam: the attempt does not count
// and the next one is free.
type ExamIncident struct {
	Envelope
	AuthorizationID string `json:"authorization_id"`
	Reason          string `json:"reason"`
	Version         int    `json:"version,omitempty"` // as of a result; 0 means 1
}

// ExamUnanswered says that the vendor has had an authorization for VendorAnswerDays and
// has said nothing about it: we ask them.
type ExamUnanswered struct {
	Envelope
	AuthorizationID string `json:"authorization_id"`
}

// Hold stops a case and its clocks.
type Hold struct {
	Envelope
	Reason string `json:"reason,omitempty"` // a code, not free text
}

// ReleaseHold lets a case go on with the time that was left.
type ReleaseHold struct{ Envelope }

// ExtendDeadline moves the due instant of the stage's promise, by whole days.
type ExtendDeadline struct {
	Envelope
	Days int `json:"days"`
}

// WaiveFee settles the fee that a case waits for without money.
type WaiveFee struct {
	Envelope
	Reason string `json:"reason,omitempty"`
}

// RetryStep tries again, at once, whatever needs attention.
type RetryStep struct{ Envelope }

// Reassign gives a review to another reviewer.
type Reassign struct {
	Envelope
	ReviewerID string `json:"reviewer_id"`
}

// Suspend marks a certificate as suspended.
type Suspend struct {
	Envelope
	Reason string `json:"reason,omitempty"`
}

// Reinstate ends a suspension.
type Reinstate struct{ Envelope }

// Revoke takes a certificate away.
type Revoke struct {
	Envelope
	Reason string `json:"reason,omitempty"`
}

// Wake makes a case ask for the time again and arm its timer anew.
type Wake struct{ Envelope }

// StartNewRun makes a case leave its run (continue as new) when it is quiet.
type StartNewRun struct{ Envelope }

// Signal is register.
func (*Register) Signal() Signal { return SignalRegister }

// Signal is complete-intro-video.
func (*CompleteIntroVideo) Signal() Signal { return SignalCompleteIntroVideo }

// Signal is submit-application.
func (*SubmitApplication) Signal() Signal { return SignalSubmitApplication }

// Signal is resubmit-application.
func (*ResubmitApplication) Signal() Signal { return SignalResubmitApp }

// Signal is pay-fee.
func (*PayFee) Signal() Signal { return SignalPayFee }

// Signal is submit-training.
func (*SubmitTraining) Signal() Signal { return SignalSubmitTraining }

// Signal is book-exam.
func (*BookExam) Signal() Signal { return SignalBookExam }

// Signal is submit-renewal.
func (*SubmitRenewal) Signal() Signal { return SignalSubmitRenewal }

// Signal is resubmit-renewal.
func (*ResubmitRenewal) Signal() Signal { return SignalResubmitRenewal }

// Signal is appeal.
func (*Appeal) Signal() Signal { return SignalAppeal }

// Signal is withdraw.
func (*Withdraw) Signal() Signal { return SignalWithdraw }

// Signal is surrender.
func (*Surrender) Signal() Signal { return SignalSurrender }

// Signal is claim-review.
func (*ClaimReview) Signal() Signal { return SignalClaimReview }

// Signal is release-review.
func (*ReleaseReview) Signal() Signal { return SignalReleaseReview }

// Signal is decide-application.
func (*DecideApplication) Signal() Signal { return SignalDecideApplication }

// Signal is decide-training.
func (*DecideTraining) Signal() Signal { return SignalDecideTraining }

// Signal is decide-renewal.
func (*DecideRenewal) Signal() Signal { return SignalDecideRenewal }

// Signal is decide-appeal.
func (*DecideAppeal) Signal() Signal { return SignalDecideAppeal }

// Signal is payment-settled.
func (*PaymentSettled) Signal() Signal { return SignalPaymentSettled }

// Signal is payment-failed.
func (*PaymentFailed) Signal() Signal { return SignalPaymentFailed }

// Signal is payment-refunded.
func (*PaymentRefunded) Signal() Signal { return SignalPaymentRefunded }

// Signal is payment-disputed.
func (*PaymentDisputed) Signal() Signal { return SignalPaymentDisputed }

// Signal is document-checked.
func (*DocumentChecked) Signal() Signal { return SignalDocumentChecked }

// Signal is exam-authorized.
func (*ExamAuthorized) Signal() Signal { return SignalExamAuthorized }

// Signal is exam-refused.
func (*ExamRefused) Signal() Signal { return SignalExamRefused }

// Signal is exam-confirmed.
func (*ExamConfirmed) Signal() Signal { return SignalExamConfirmed }

// Signal is exam-changed.
func (*ExamChanged) Signal() Signal { return SignalExamChanged }

// Signal is exam-cancelled.
func (*ExamCancelled) Signal() Signal { return SignalExamCancelled }

// Signal is exam-result.
func (*ExamResult) Signal() Signal { return SignalExamResult }

// Signal is exam-no-show.
func (*ExamNoShow) Signal() Signal { return SignalExamNoShow }

// Signal is exam-incident.
func (*ExamIncident) Signal() Signal { return SignalExamIncident }

// Signal is exam-unanswered.
func (*ExamUnanswered) Signal() Signal { return SignalExamUnanswered }

// Signal is hold.
func (*Hold) Signal() Signal { return SignalHold }

// Signal is release-hold.
func (*ReleaseHold) Signal() Signal { return SignalReleaseHold }

// Signal is extend-deadline.
func (*ExtendDeadline) Signal() Signal { return SignalExtendDeadline }

// Signal is waive-fee.
func (*WaiveFee) Signal() Signal { return SignalWaiveFee }

// Signal is retry-step.
func (*RetryStep) Signal() Signal { return SignalRetryStep }

// Signal is reassign.
func (*Reassign) Signal() Signal { return SignalReassign }

// Signal is suspend.
func (*Suspend) Signal() Signal { return SignalSuspend }

// Signal is reinstate.
func (*Reinstate) Signal() Signal { return SignalReinstate }

// Signal is revoke.
func (*Revoke) Signal() Signal { return SignalRevoke }

// Signal is wake.
func (*Wake) Signal() Signal { return SignalWake }

// Signal is start-new-run.
func (*StartNewRun) Signal() Signal { return SignalStartNewRun }

// Messages gives an empty message of every signal.
func Messages() []Message {
	return []Message{
		new(Register),
		new(CompleteIntroVideo),
		new(SubmitApplication),
		new(ResubmitApplication),
		new(PayFee),
		new(SubmitTraining),
		new(BookExam),
		new(SubmitRenewal),
		new(ResubmitRenewal),
		new(Appeal),
		new(Withdraw),
		new(Surrender),
		new(ClaimReview),
		new(ReleaseReview),
		new(DecideApplication),
		new(DecideTraining),
		new(DecideRenewal),
		new(DecideAppeal),
		new(PaymentSettled),
		new(PaymentFailed),
		new(PaymentRefunded),
		new(PaymentDisputed),
		new(DocumentChecked),
		new(ExamAuthorized),
		new(ExamRefused),
		new(ExamConfirmed),
		new(ExamChanged),
		new(ExamCancelled),
		new(ExamResult),
		new(ExamNoShow),
		new(ExamIncident),
		new(ExamUnanswered),
		new(Hold),
		new(ReleaseHold),
		new(ExtendDeadline),
		new(WaiveFee),
		new(RetryStep),
		new(Reassign),
		new(Suspend),
		new(Reinstate),
		new(Revoke),
		new(Wake),
		new(StartNewRun),
	}
}

// AuthorizationOf is the id of the authorization that a message of the exam vendor is
// about; false for other messages.
func AuthorizationOf(message Message) (id string, is bool) {
	about, is := message.(interface{ Authorization() string })
	if !is {
		return "", false
	}
	return about.Authorization(), true
}

// Authorization is the id of the authorization that the message is about.
func (m *ExamAuthorized) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamRefused) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamConfirmed) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamChanged) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamCancelled) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamResult) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamNoShow) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamIncident) Authorization() string { return m.AuthorizationID }

// Authorization is the id of the authorization that the message is about.
func (m *ExamUnanswered) Authorization() string { return m.AuthorizationID }
