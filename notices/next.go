package notices

import (
	"strings"

	"peercert/certification"
)

// What happens next is said with the keys of the home of the case (package portal), so
// that a letter and the screen cannot differ: home.<where it stands>.text, .yours and
// .ours, and consequence.<what happens if not>. A letter is kept and is about a moment;
// it says only what was true when it was written. Where the same letter goes out at
// several stages, its facts tell them apart. Letters of before the stage was among the
// facts say what holds for all.

// says is for a letter that leaves every case at the same place.
func says(keys ...string) func(certification.Notice) []string {
	return func(certification.Notice) []string { return keys }
}

// nextOf gives the keys of what happens next, in order. Where a case is on hold, its
// next step waits: the letter says so, as the home does.
func (l letter) nextOf(n certification.Notice) []string {
	keys := l.next(n)
	if n.Facts.HoldDueAt.IsZero() {
		return keys
	}
	var own, homes []string
	for _, key := range keys {
		switch {
		case strings.HasPrefix(key, "letter."), key == "home.suspended.text", key == "home.revoked.text", key == "home.revoked_renewal.text":
			own = append(own, key) // a hold does not change it
		default:
			homes = append(homes, key)
		}
	}
	if homes == nil {
		return own
	}
	return append(own, onHold(n)...)
}

// moved is for a letter about a date that is another now. Where the next step is ours or
// the exam partner's, the person's own last day has moved with it. More time to renew is
// not more time certified; and where a hold has lasted beyond the day on which renewal
// opened, until when to renew is the date that counts.
func moved(key string) func(certification.Notice) []string {
	return func(n certification.Notice) []string {
		switch {
		case n.Facts.TimeGiven && n.Facts.Stage == certification.StageCertified:
			key = "letter.time_to_renew.body_1"
			fallthrough
		case n.Facts.TimeGiven && n.Facts.Stage == certification.StageRenewal:
			if !n.Facts.Suspended {
				return []string{key, "home.renewal.text_given"}
			}
		case n.Facts.WindowEndsAt.IsZero():
		case n.Facts.Stage == certification.StageTrainingReview:
			return []string{key, "home.window_training.text"}
		case n.Facts.Stage == certification.StageExamBooked, n.Facts.Stage == certification.StageExamScoring:
			return []string{key, "home.window_exam.text"}
		}
		return []string{key}
	}
}

func onHold(n certification.Notice) []string {
	keys := []string{"home.on_hold.text", "home.on_hold.yours"}
	switch {
	case n.Facts.Stage == certification.StageExamBooked && !n.Facts.AppointmentAt.IsZero():
		keys = []string{"home.on_hold_exam_booked.text", "home.on_hold_exam_booked.yours"}
	case n.Facts.Stage == certification.StageCertified && !n.Facts.Suspended:
		keys = []string{"home.on_hold_certified.text", "home.on_hold.yours"}
	}
	if !n.Facts.HoldDueAt.IsZero() {
		keys = append(keys, "home.on_hold.ours")
	}
	return keys
}

func unfinished(n certification.Notice) []string {
	if n.Facts.Stage == certification.StageIntroVideo {
		return []string{"home.intro_video.yours", "consequence.case_abandoned", "home.intro_video.ours"}
	}
	ours := "home.application.ours"
	if n.Facts.Credited {
		ours = "home.application_paid.ours"
	}
	return []string{"home.application.yours", "consequence.case_abandoned", ours}
}

// feeOpen says what to pay, and what happens if not.
func feeOpen(n certification.Notice) []string {
	switch n.Facts.Fee {
	case certification.FeeExam:
		return withWindow(n, "home.exam_fee.yours", "consequence.window_closed", "home.exam_fee.ours")
	case certification.FeeRetake:
		return withWindow(n, "home.exam_fee_retake.yours", "consequence.window_closed", "home.exam_fee.ours")
	case certification.FeeRenewal, certification.FeeLateRenewal:
		return renewalEnds(n, "home.renewal_fee.yours", "home.application_fee.ours")
	}
	return []string{"home.application_fee.yours", "consequence.back_to_draft", "home.application_fee.ours"}
}

// credited says what brings the fee back for which the money is here, where that is a step
// of the person.
func credited(n certification.Notice) []string {
	switch {
	case n.Facts.DueAt.IsZero():
	case n.Facts.Stage == certification.StageApplication:
		return []string{"home.application.yours", "home.application_paid.ours"}
	case n.Facts.Stage == certification.StageRenewal:
		return []string{"home.renewal_paid.yours", "home.renewal_paid.ours"}
	case n.Facts.Stage == certification.StageExpired:
		return []string{"home.expired.yours", "home.renewal_paid.ours"}
	}
	return []string{"letter.payment_credit.next_1"}
}

// withWindow begins with until when there is time for the exam, where the facts have it.
func withWindow(n certification.Notice, keys ...string) []string {
	if n.Facts.WindowEndsAt.IsZero() {
		return keys
	}
	return append([]string{"home.window_exam.text"}, keys...)
}

// renewalEnds puts what follows a renewal that is not finished in time between their
// step and ours: it can be sent again, or the certificate ends.
func renewalEnds(n certification.Notice, yours, ours string) []string {
	facts := n.Facts
	switch {
	case facts.RenewUntil.IsZero(): // nobody can tell now
		return []string{yours, ours}
	case facts.RenewUntil.After(facts.DueAt):
		return []string{yours, "consequence." + string(certification.ThenRenewalEnds), ours}
	case lapsed(facts):
		return []string{yours, "consequence.vacated", ours}
	}
	return []string{yours, "consequence.expired", ours}
}

func returned(n certification.Notice) []string {
	if n.Facts.Stage == certification.StageRenewalReturned || n.Facts.Stage == "" && n.Facts.CertificateNumber != "" {
		return append([]string{"home.renewal_returned.text"}, renewalEnds(n, "home.returned.yours", "home.returned.ours")...)
	}
	return []string{"home.application_returned.text", "home.returned.yours", "consequence.application_returned", "home.returned.ours"}
}

// reviewed says which review goes on, and until when.
func reviewed(n certification.Notice) []string {
	text := "home.application_review.text"
	switch {
	case n.Facts.Stage == certification.StageApplicationReview:
	case n.Facts.Stage == certification.StageRenewalReview, n.Facts.Stage == "" && n.Facts.CertificateNumber != "":
		text = renewalReviewed(n.Facts)
	case n.Facts.Stage == certification.StageTrainingReview, !n.Facts.WindowEndsAt.IsZero():
		text = "home.training_review.text"
	}
	return []string{text, "home.nothing.yours", "home.review.ours"}
}

func renewalReviewed(facts certification.Facts) string {
	switch {
	case facts.Suspended:
		return "home.renewal_review.text_suspended"
	case lapsed(facts):
		return "home.renewal_review.text_lapsed"
	}
	return "home.renewal_review.text"
}

// lapsed says whether a letter is written in the time to renew late.
func lapsed(facts certification.Facts) bool {
	return facts.RenewUntil.After(facts.ExpiresAt) && !facts.TimeGiven
}

func renewalReceived(n certification.Notice) []string {
	return []string{renewalReviewed(n.Facts), "home.nothing.yours", "home.review.ours"}
}

// approved is about the training that comes now. One that was sent early has its answer
// or its review already, and where it has an answer another letter of the same moment
// tells it.
func approved(n certification.Notice) []string {
	switch n.Facts.Stage {
	case certification.StageTraining:
		return []string{"home.training.text", "home.window_training.text", "home.training.yours", "home.training.ours"}
	case certification.StageTrainingReview:
		return reviewed(n)
	case certification.StageExamFee:
		return []string{"home.window_exam.text"}
	}
	return []string{"home.window_training.text"}
}

func windowNears(n certification.Notice) []string {
	switch n.Facts.Stage {
	case certification.StageTraining:
		return []string{"home.window_training.text", "home.training.yours", "consequence.window_closed"}
	case certification.StageTrainingReturned:
		return []string{"home.window_training.text", "home.training_returned.yours", "consequence.window_closed"}
	case certification.StageExamFee:
		return feeOpen(n)
	case certification.StageExamBooking:
		return []string{"home.window_exam.text", "consequence.window_closed"}
	}
	return []string{"home.window_training.text", "consequence.window_closed"}
}

func certified(n certification.Notice) []string {
	if n.Facts.Suspended {
		return []string{"home.suspended.text", "home.nothing.yours", "home.certified_suspended.ours"}
	}
	return []string{"home.certified.text", "home.certified.yours", "home.certified.ours"}
}

func renewalOpen(n certification.Notice) []string {
	text, then := "home.renewal.text", "consequence.expired"
	if n.Facts.TimeGiven {
		text, then = "home.renewal.text_given", "consequence.expired_given"
	}
	if n.Facts.Suspended {
		text = "home.renewal.text_suspended"
	}
	if paid(n) {
		return []string{text, "home.renewal_paid.yours", then, "home.renewal_paid.ours"}
	}
	return []string{text, "home.renewal.yours", then, "home.renewal.ours"}
}

// paid says of a letter about a renewal that its fee was paid before.
func paid(n certification.Notice) bool { return n.Facts.Fee == "" }

func renewalLate(n certification.Notice) []string {
	if paid(n) {
		return []string{"home.expired.text", "home.expired.yours", "home.renewal_paid.ours"}
	}
	return []string{"home.expired.text", "home.expired.yours", "home.renewal.ours"}
}

// renewalEnded leads back to where a renewal can be sent: in the term, or late.
func renewalEnded(n certification.Notice) []string {
	next := renewalOpen
	if n.Facts.Stage == certification.StageExpired {
		next = renewalLate
	}
	if paid(n) {
		return append([]string{"letter.renewal_ended.next_1"}, next(n)...)
	}
	return next(n)
}

// suspended: while a certificate is suspended its renewal goes on, with its own steps.
func suspended(n certification.Notice) []string {
	if n.Facts.Stage == certification.StageCertified || n.Facts.Stage == "" {
		return []string{"home.suspended.text", "home.nothing.yours", "home.certified_suspended.ours"}
	}
	return []string{"home.suspended.text"}
}

func reinstated(n certification.Notice) []string {
	if n.Facts.Stage == certification.StageCertified {
		return append([]string{"letter.reinstated.next_1"}, certified(n)...)
	}
	return []string{"letter.reinstated.next_1"}
}

// revoked: the appeal about a denied renewal waits for the one about the certificate.
func revoked(n certification.Notice) []string {
	keys := []string{"home.revoked.text"}
	if n.Facts.RenewalDenied {
		keys = append(keys, "home.revoked_renewal.text")
	}
	return append(keys, "home.appeal.yours", "home.denied.ours")
}

// appealGranted: a certificate that was revoked is valid again, and its renewal is where
// it was, also where that was denied; of all else that an appeal can win, another letter of the same moment tells.
func appealGranted(n certification.Notice) []string {
	keys := []string{"letter.appeal_granted.next_1"}
	switch n.Facts.Stage {
	case certification.StageCertified:
		keys = append(keys, certified(n)...)
	case certification.StageRenewal:
		keys = append(keys, renewalOpen(n)...)
	case certification.StageRenewalFee:
		keys = append(keys, feeOpen(n)...)
	case certification.StageRenewalReview:
		keys = append(keys, reviewed(n)...)
	case certification.StageRenewalReturned:
		keys = append(keys, returned(n)...)
	case certification.StageDenied:
		keys = append(keys, "letter.appeal_granted.next_2", "home.appeal.yours", "home.denied_renewal.ours")
	}
	return keys
}
