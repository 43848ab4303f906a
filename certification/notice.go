package certification

import "time"

// Letter is the template of a notice (domain §2.7).
type Letter string

// The letters.
const (
	LetterConfirmAddress      Letter = "confirm_address"      // the six-digit code, before a case exists
	LetterAddressChanged      Letter = "address_changed"      // to the old address, about no case
	LetterDraftReminder       Letter = "draft_reminder"       // intro video or application not finished; DueAt: draft kept until
	LetterFeeReminder         Letter = "fee_reminder"         // Fee, AmountCents; DueAt
	LetterApplicationReceived Letter = "application_received" // DueAt: decide-by date
	LetterReceipt             Letter = "receipt"              // Fee, AmountCents, PaidAt, PaymentID
	LetterPaymentFailed       Letter = "payment_failed"       // Fee, AmountCents; DueAt
	LetterFeeWaived           Letter = "fee_waived"           // Fee
	LetterPaymentCredit       Letter = "payment_credit"       // Fee, AmountCents, PaidAt, PaymentID: it arrived too late; it counts when the fee is due again
	LetterPaymentSurplus      Letter = "payment_surplus"      // AmountCents, PaidAt, PaymentID: it arrived and was not due; we give it back
	LetterApplicationReturned Letter = "application_returned" // Reasons; DueAt: answer by
	LetterReturnedReminder    Letter = "returned_reminder"    // Reasons; DueAt
	LetterReviewResumed       Letter = "review_resumed"       // the clock runs again; DueAt: new decide-by date
	LetterReviewLate          Letter = "review_late"          // honest: we missed DueAt
	LetterApplicationApproved Letter = "application_approved" // WindowEndsAt: last day for training and exam
	LetterApplicationDenied   Letter = "application_denied"   // Reasons; DueAt: appeal by
	LetterTrainingReceived    Letter = "training_received"    // DueAt: decide-by date
	LetterTrainingAccepted    Letter = "training_accepted"    // WindowEndsAt
	LetterTrainingReturned    Letter = "training_returned"    // Reasons; WindowEndsAt
	LetterWindowReminder      Letter = "window_reminder"      // WindowEndsAt
	LetterExamFeeDue          Letter = "exam_fee_due"         // Fee, AmountCents; WindowEndsAt
	LetterHowToBook           Letter = "how_to_book"          // WindowEndsAt
	LetterBookingReminder     Letter = "booking_reminder"     // WindowEndsAt
	LetterBookingRefused      Letter = "booking_refused"      // the vendor refused the authorization; we are on it
	LetterBookingConfirmed    Letter = "booking_confirmed"    // AppointmentAt, ExamLanguage
	LetterBookingChanged      Letter = "booking_changed"      // AppointmentAt
	LetterBookingCancelled    Letter = "booking_cancelled"    // WindowEndsAt
	LetterResultsNotPassed    Letter = "results_not_passed"   // AttemptsLeft, AmountCents, WindowEndsAt
	LetterResultsPassed       Letter = "results_passed"       // CertificateNumber, ExpiresAt
	LetterExamNoShow          Letter = "exam_no_show"         // AttemptsLeft, AmountCents, WindowEndsAt
	LetterExamIncident        Letter = "exam_incident"        // free new attempt; WindowEndsAt
	LetterResultLate          Letter = "result_late"          // honest: the vendor's result is late and we are chasing it
	LetterWindowClosed        Letter = "window_closed"
	LetterAttemptsUsed        Letter = "attempts_used"
	LetterAbandoned           Letter = "abandoned"
	LetterWithdrawn           Letter = "withdrawn"
	LetterRenewalReminder     Letter = "renewal_reminder"  // DaysLeft, ExpiresAt; what it costs, until that was paid
	LetterTimeToRenew         Letter = "time_to_renew"     // the term is over, and a renewal still in time. DueAt, ExpiresAt, RenewUntil; what it costs, until that was paid
	LetterRenewalReceived     Letter = "renewal_received"  // DueAt: decide-by date; ExpiresAt
	LetterRenewalReturned     Letter = "renewal_returned"  // Reasons; DueAt
	LetterRenewalEnded        Letter = "renewal_ended"     // filed and not completed: a draft again. DueAt: last day to send it; ExpiresAt; what it costs, until that was paid
	LetterRenewed             Letter = "renewed"           // CertificateNumber, ExpiresAt
	LetterRenewalDenied       Letter = "renewal_denied"    // Reasons; DueAt: appeal by
	LetterExpired             Letter = "expired"           // DueAt: last day for late renewal; what that costs, unless it was paid
	LetterVacated             Letter = "vacated"           //
	LetterAppealReceived      Letter = "appeal_received"   // DueAt: decide-by date
	LetterAppealGranted       Letter = "appeal_granted"    // what a renewal costs, where one is open and not paid
	LetterAppealDenied        Letter = "appeal_denied"     //
	LetterClosedDenied        Letter = "closed_denied"     // the time to appeal has passed
	LetterSuspended           Letter = "suspended"         // Cause
	LetterReinstated          Letter = "reinstated"        //
	LetterRevoked             Letter = "revoked"           // Cause; DueAt: appeal by
	LetterSurrendered         Letter = "surrendered"       //
	LetterOnHold              Letter = "on_hold"           // Cause
	LetterHoldReleased        Letter = "hold_released"     // DueAt
	LetterDeadlineExtended    Letter = "deadline_extended" // DueAt
)

// Facts are what a letter says beyond the person's name and address. No personal
// data: they pass through Temporal. Which of them a letter uses stands beside its
// name above; the others are zero.
type Facts struct {
	DueAt             time.Time    `json:"due_at,omitzero"`
	Fee               Fee          `json:"fee,omitempty"`
	AmountCents       int64        `json:"amount_cents,omitempty"`
	PaymentID         string       `json:"payment_id,omitempty"`
	PaidAt            time.Time    `json:"paid_at,omitzero"`
	Reasons           []ReasonCode `json:"reasons,omitempty"`
	Cause             string       `json:"cause,omitempty"` // why an administrator did it: a code, see CausesOf
	WindowEndsAt      time.Time    `json:"window_ends_at,omitzero"`
	AttemptsLeft      int          `json:"attempts_left,omitempty"`
	AppointmentAt     time.Time    `json:"appointment_at,omitzero"`
	ExamLanguage      string       `json:"exam_language,omitempty"`
	CertificateNumber string       `json:"certificate_number,omitempty"`
	ExpiresAt         time.Time    `json:"expires_at,omitzero"`
	DaysLeft          int          `json:"days_left,omitempty"`

	// Where the letter leaves the case, so that it can say what the home of the case
	// says there. Letters of before these facts were kept have none of them.
	Stage Stage `json:"stage,omitempty"`
	// Credited is true where the money for the next fee is here already.
	Credited  bool `json:"credited,omitempty"`
	Suspended bool `json:"suspended,omitempty"`
	// RenewalDenied is true where a certificate was revoked after its renewal had been
	// denied, and an appeal that succeeds leads back to that.
	RenewalDenied bool `json:"renewal_denied,omitempty"`
	// HoldDueAt is when a case on hold is looked at again; zero for one that is not.
	HoldDueAt time.Time `json:"hold_due_at,omitzero"`
	// RenewUntil is until when a renewal can be sent, late ones included.
	RenewUntil time.Time `json:"renew_until,omitzero"`
	// TimeGiven is true where that is after the term and still in time: see Certificate.
	TimeGiven bool `json:"time_given,omitempty"`
}

// Notice is one letter to one person, as the sender needs it: the facts of the
// case and the personal fields from the records.
type Notice struct {
	ID         string // UUIDv7; also the mail's Message-ID, so a mail system can drop a repeat
	CaseID     string // empty where a letter is about an address and no case
	CaseNumber string // "PC-7K3M-92QX"
	Letter     Letter
	Language   string // BCP 47: "en", "es"
	Name       string // what the person wants to be called
	Email      string
	Code       string // only for LetterConfirmAddress: six digits
	Notes      map[ReasonCode]string
	Facts      Facts
	// Policy holds the numbers that the sentences of a case's letter say.
	Policy Policy
}
