package certification

import "time"

// Policy is the programme's numbers (domain §2.5): fees, days, attempts, reminder
// offsets. A version never changes once it was in force. A case carries the
// values of its version, pinned when the application is submitted, so a change
// of policy leaves cases under way alone.
type Policy struct {
	Version     string    `json:"version"`
	InForceFrom time.Time `json:"in_force_from"`
	Currency    string    `json:"currency"`

	ApplicationFeeCents int64 `json:"application_fee_cents"`  // domain §3
	ExamFeeCents        int64 `json:"exam_fee_cents"`         // domain §3
	RetakeFeeCents      int64 `json:"retake_fee_cents"`       // domain §3
	RenewalFeeCents     int64 `json:"renewal_fee_cents"`      // domain §3
	LateRenewalFeeCents int64 `json:"late_renewal_fee_cents"` // the amount is not published (domain §11)

	IntroVideoSeconds int `json:"intro_video_seconds"`

	DraftDays         int   `json:"draft_days"`
	DraftReminderDays []int `json:"draft_reminder_days"` // after the draft began
	FeeDays           int   `json:"fee_days"`
	FeeReminderDays   []int `json:"fee_reminder_days"` // after the fee was asked for

	ReviewDays           int   `json:"review_days"`             // 14 (domain §2.3)
	ReviewEscalationDays int   `json:"review_escalation_days"`  // 10: the lead hears of it
	ReturnedDays         int   `json:"returned_days"`           // 30
	ReturnedReminderDays []int `json:"returned_reminder_days"`  // 7, 14, 21
	WindowMonths         int   `json:"window_months"`           // 12 (domain §2.3)
	WindowReminderDays   []int `json:"window_reminder_days"`    // before the window ends: 60, 30, 7
	BookingReminderDays  []int `json:"booking_reminder_days"`   // after booking became possible: 14, 45, 90
	MaxExamAttempts      int   `json:"max_exam_attempts"`       // 3
	VendorResultDays     int   `json:"vendor_result_days"`      // 5
	ResultsNoticeDays    int   `json:"results_notice_days"`     // 14
	ResultsEscalationDay int   `json:"results_escalation_days"` // 10

	TermYears            int    `json:"term_years"`              // 2
	RenewalOpensDays     int    `json:"renewal_opens_days"`      // 90 before expiry: the first reminder
	RenewalReminderDays  []int  `json:"renewal_reminder_days"`   // before expiry: 60, 30, 7
	LateRenewalMonths    int    `json:"late_renewal_months"`     // after expiry: 6, then vacated
	ContinuingHours      int    `json:"continuing_hours"`        // 20
	LawAndEthicsHours    int    `json:"law_and_ethics_hours"`    // 6, of the 20
	TrainingHours        int    `json:"training_hours"`          // 80
	TrainingValidYears   int    `json:"training_valid_years"`    // 2 (domain E11)
	TrainingFrom         Date   `json:"training_from,omitempty"` // a training that ended before does not count (domain E10)
	AppealDays           int    `json:"appeal_days"`             // 30
	AppealReviewDays     int    `json:"appeal_review_days"`      // 90 (domain §6)
	HoldReviewDays       int    `json:"hold_review_days"`        // a hold is looked at again after so many days
	MinimumAgeYears      int    `json:"minimum_age_years"`       // 18
	EthicsVersion        string `json:"ethics_version"`          // of the code of ethics to sign
	NotRefundableVersion string `json:"not_refundable_version"`  // of the text accepted before paying
}

var policies = []Policy{{
	Version: "2024-09", InForceFrom: time.Date(2024, 9, 1, 7, 0, 0, 0, time.UTC), Currency: "usd",
	ApplicationFeeCents: 100_00, ExamFeeCents: 150_00, RetakeFeeCents: 150_00, RenewalFeeCents: 80_00, LateRenewalFeeCents: 80_00,
	IntroVideoSeconds: 30 * 60,
	DraftDays:         180, DraftReminderDays: []int{3, 14, 30}, FeeDays: 30, FeeReminderDays: []int{3, 7, 14},
	ReviewDays: 14, ReviewEscalationDays: 10, ReturnedDays: 30, ReturnedReminderDays: []int{7, 14, 21},
	WindowMonths: 12, WindowReminderDays: []int{60, 30, 7}, BookingReminderDays: []int{14, 45, 90}, MaxExamAttempts: 3,
	VendorResultDays: 5, ResultsNoticeDays: 14, ResultsEscalationDay: 10,
	TermYears: 2, RenewalOpensDays: 90, RenewalReminderDays: []int{60, 30, 7}, LateRenewalMonths: 6,
	ContinuingHours: 20, LawAndEthicsHours: 6, TrainingHours: 80, TrainingValidYears: 2, TrainingFrom: firstTrainingDay,
	AppealDays: 30, AppealReviewDays: 90, HoldReviewDays: 30, MinimumAgeYears: 18,
	EthicsVersion: "sample-2024-1", NotRefundableVersion: "2024-1",
}}

// CurrentPolicy is the version in force at an instant.
func CurrentPolicy(at time.Time) Policy {
	current := policies[0]
	for _, policy := range policies {
		if !policy.InForceFrom.After(at) {
			current = policy
		}
	}
	return current
}

// PolicyOf is the policy of a version, such as one that a case keeps, if it is or was in
// force at an instant.
func PolicyOf(version string, at time.Time) (Policy, bool) {
	for _, policy := range policies {
		if policy.Version == version && !policy.InForceFrom.After(at) {
			return policy, true
		}
	}
	return Policy{}, false
}

// PolicyAhead is the policy that the next step of a case falls under: a renewal that is
// not handed in yet will be handed in under the one in force, all else is under the
// case's own.
func (c Case) PolicyAhead(now time.Time) Policy {
	if c.Stage == StageRenewal || c.Stage == StageExpired {
		return CurrentPolicy(now)
	}
	return c.Policy
}

// firstTrainingDay is the earliest completion that counts under policies that were pinned
// before it was one of their numbers.
const firstTrainingDay = Date("2022-07-01")

// FirstTrainingDay is the earliest completion of a training that counts.
func (p Policy) FirstTrainingDay() Date {
	if p.TrainingFrom == "" {
		return firstTrainingDay
	}
	return p.TrainingFrom
}

// AmountCents is the price of a fee in cents.
func (p Policy) AmountCents(fee Fee) int64 {
	return map[Fee]int64{
		FeeApplication: p.ApplicationFeeCents, FeeExam: p.ExamFeeCents, FeeRetake: p.RetakeFeeCents,
		FeeRenewal: p.RenewalFeeCents, FeeLateRenewal: p.LateRenewalFeeCents,
	}[fee]
}
