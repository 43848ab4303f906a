package portal

import (
	"maps"
	"slices"
	"strings"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// nextPage is where the one button of a stage leads, below the case.
var nextPage = map[certification.Stage]string{
	certification.StageIntroVideo: "/video", certification.StageApplication: "/application", certification.StageApplicationFee: "/pay",
	certification.StageApplicationReturned: "/application", certification.StageTraining: "/training", certification.StageTrainingReturned: "/training",
	certification.StageExamFee: "/pay", certification.StageExamBooking: "/exam", certification.StageExamBooked: "/exam",
	certification.StageCertified: "/certificate", certification.StageRenewal: "/renewal", certification.StageRenewalFee: "/pay",
	certification.StageRenewalReturned: "/renewal", certification.StageExpired: "/renewal", certification.StageDenied: "/appeal", certification.StageRevoked: "/appeal",
}

// standing names the words for where a case stands: the stage, and what differs within it.
func standing(view cases.View, events []cases.Event, now time.Time) string {
	if view.OnHold {
		return standingOnHold(view, now)
	}
	renewal := view.Certificate != nil
	switch view.Stage {
	case certification.StageClosed:
		if renewal && (view.Outcome == certification.OutcomeDenied || view.Outcome == certification.OutcomeWithdrawn) {
			return "closed_" + string(view.Outcome) + "_renewal"
		}
		return "closed_" + string(view.Outcome)
	case certification.StageDenied:
		if renewal {
			return "denied_renewal"
		}
	case certification.StageCertified:
		if view.Suspended {
			return "certified_suspended"
		}
	case certification.StageExamFee:
		switch {
		case view.AttemptsUsed > 0 && missedLast(events):
			return "exam_fee_no_show"
		case view.AttemptsUsed > 0:
			return "exam_fee_retake"
		}
	case certification.StageExamBooking:
		switch {
		case view.Exam == nil || view.Exam.AuthorizationID == "":
			return "exam_booking_choose"
		case view.Exam.Refused:
			return "exam_booking_refused"
		case !view.Exam.Authorized:
			return "exam_booking_asked"
		}
	case certification.StageAppealReview:
		if view.AppealFrom == certification.StageRevoked {
			return "appeal_review_revoked"
		}
	}
	return string(view.Stage)
}

// standingOnHold: nothing is to be done, but for what has a day that a hold does not
// move, and that the person must not miss.
func standingOnHold(view cases.View, now time.Time) string {
	switch {
	case view.Stage == certification.StageExamBooked && now.Before(view.Exam.EndsAt):
		return "on_hold_exam_booked"
	case view.Stage == certification.StageCertified && !view.Suspended:
		return "on_hold_certified"
	}
	return "on_hold"
}

// missedLast says whether the last attempt at the exam is one that nobody came to, in
// events that begin with the newest.
func missedLast(events []cases.Event) bool {
	for _, event := range events {
		if event.Void || event.Ignored != "" {
			continue
		}
		switch event.Signal {
		case certification.SignalExamNoShow:
			return true
		case certification.SignalExamResult:
			return false
		}
	}
	return false
}

// reviewBehind pairs the stages in which a returned case waits with the review whose
// clock is stopped meanwhile.
var reviewBehind = map[certification.Stage]certification.Stage{
	certification.StageApplicationReturned: certification.StageApplicationReview,
	certification.StageTrainingReturned:    certification.StageTrainingReview,
	certification.StageRenewalReturned:     certification.StageRenewalReview,
}

// What is said alike wherever it is true has one key, in letters too: by where a case
// stands, the key of their step and of ours.
var (
	yoursOf = map[string]string{
		"application_review": "home.nothing.yours", "training_review": "home.nothing.yours", "renewal_review": "home.nothing.yours",
		"appeal_review": "home.nothing.yours", "appeal_review_revoked": "home.nothing.yours",
		"exam_scoring": "home.nothing.yours", "certified_suspended": "home.nothing.yours",
		"application_returned": "home.returned.yours", "renewal_returned": "home.returned.yours",
		"exam_fee_no_show": "home.exam_fee_retake.yours", "on_hold_certified": "home.on_hold.yours",
		"denied": "home.appeal.yours", "denied_renewal": "home.appeal.yours", "revoked": "home.appeal.yours",
		"closed_window_closed": "home.closed_window_closed.yours", "closed_attempts_used": "home.closed_attempts_used.yours",
	}
	oursOf = map[string]string{
		"application_review": "home.review.ours", "training_review": "home.review.ours", "renewal_review": "home.review.ours",
		"appeal_review_revoked": "home.appeal_review.ours", "revoked": "home.denied.ours", "expired": "home.renewal.ours",
		"application_returned": "home.returned.ours", "renewal_returned": "home.returned.ours",
		"renewal_fee": "home.application_fee.ours", "exam_fee_retake": "home.exam_fee.ours", "exam_fee_no_show": "home.exam_fee.ours",
	}
)

// yoursKey is the key of what the person does next.
func yoursKey(view cases.View, at string, now time.Time) string {
	if at == "renewal" && view.RenewalSettled(view.PolicyAhead(now)) {
		return "home.renewal_paid.yours"
	}
	return nextKey(yoursOf, at, "yours")
}

// nextKey is the key of the next step of somebody ("yours" or "ours"), by where a case
// stands: the one that is shared, or its own.
func nextKey(shared map[string]string, at, whose string) string {
	if key, is := shared[at]; is {
		return key
	}
	if strings.HasPrefix(at, "closed_") {
		at = "closed"
	}
	return "home." + at + "." + whose
}

// moreKeys are the keys of what follows the sentence below the heading: how much is left
// of tries at the exam, and of the time for training and exam where they lie ahead; and
// what a revocation means for an appeal about the renewal.
func moreKeys(view cases.View, at string) []string {
	if view.RevokedWhileDenied() && (at == "revoked" || at == "appeal_review_revoked") {
		return []string{"home.revoked_renewal.text"}
	}
	if view.OnHold {
		return nil
	}
	switch {
	case at == "exam_fee_retake", at == "exam_fee_no_show":
		return []string{"home.tries.text", "home.window_exam.text"}
	case view.Stage == certification.StageExamFee, view.Stage == certification.StageExamBooking:
		return []string{"home.window_exam.text"}
	case view.Stage == certification.StageTraining, view.Stage == certification.StageTrainingReturned:
		return []string{"home.window_training.text"}
	}
	return nil
}

// textKey is the key of the sentence below the heading.
func textKey(view cases.View, at string) string {
	switch {
	case at == "certified_suspended":
		return "home.suspended.text"
	case view.Suspended && (at == "renewal" || at == "renewal_review"):
		return "home." + at + ".text_suspended"
	case at == "renewal" && view.TimeGiven():
		return "home.renewal.text_given"
	case at == "renewal_review" && view.Certificate != nil && view.Certificate.Lapsed:
		return "home.renewal_review.text_lapsed"
	}
	return "home." + at + ".text"
}

// oursKey is the key of what we do next. A day that has passed is not promised again,
// and of a clock that had run out no days are left.
func oursKey(view cases.View, at string, now time.Time) string {
	if view.OnHold {
		if hold := view.Promise(certification.PromiseHold); hold == nil || hold.Overdue {
			return "home.on_hold.ours_late"
		}
		return "home.on_hold.ours"
	}
	if own := view.Promise(certification.StagePromise(view.Stage)); own != nil && own.Overdue {
		switch own.WaitsOn {
		case certification.PartyReviewer:
			return "home.review_late.ours"
		case certification.PartyVendor:
			return "home.result_late.ours"
		}
	}
	if review, returned := reviewBehind[view.Stage]; returned {
		switch behind := view.Promise(certification.StagePromise(review)); {
		case behind == nil && view.Stage == certification.StageTrainingReturned:
			// Returned beside an approval: a review of its own begins with the answer.
			return "home.training_returned.ours_new"
		case behind != nil && ranOut(*behind):
			return "home.returned_late.ours"
		}
	}
	if at == "application" && view.Credit != nil {
		return "home.application_paid.ours"
	}
	if (at == "renewal" || at == "expired") && view.RenewalSettled(view.PolicyAhead(now)) {
		return "home.renewal_paid.ours"
	}
	return nextKey(oursOf, at, "ours")
}

// ranOut says whether a clock was stopped after its time was over.
func ranOut(promise certification.Promise) bool {
	return !promise.Running() && !promise.DueAt.After(promise.StoppedAt)
}

// wordsOf are the variables that the sentences of a home use. Letters say the same
// sentences and give them the same variables from their facts (package notices).
func wordsOf(frame web.Frame, view cases.View, now time.Time) map[string]any {
	variables := frame.Rules(view.PolicyAhead(now))
	maps.Copy(variables, map[string]any{
		"Count": view.AttemptsLeft(), "DueBy": "", "HoldBy": "", "WindowUntil": "", "Amount": "", "AppointmentMoment": "", "ExpiresUntil": "", "ExpiresDay": "",
	})
	if promise := view.Promise(certification.StagePromise(view.Stage)); promise != nil {
		variables["DueBy"] = frame.By(promise.DueAt)
	}
	if promise := view.Promise(certification.PromiseHold); promise != nil {
		variables["HoldBy"] = frame.By(promise.DueAt)
	}
	if !view.WindowEndsAt.IsZero() {
		variables["WindowUntil"] = frame.Until(view.WindowEndsAt)
	}
	if fee, due := view.FeeDue(); due {
		variables["Amount"] = frame.Money(view.Policy.AmountCents(fee))
	}
	if view.Exam != nil && !view.Exam.AppointmentAt.IsZero() {
		variables["AppointmentMoment"] = frame.Moment(view.Exam.AppointmentAt)
	}
	if view.Certificate != nil {
		variables["ExpiresUntil"], variables["ExpiresDay"] = frame.Until(view.Certificate.ExpiresAt), frame.Date(view.Certificate.ExpiresAt)
	}
	return variables
}

// readable are the stages whose page is only read, so that a hold does not close it.
var readable = []certification.Stage{certification.StageExamBooked, certification.StageCertified}

// nextButton is the one thing to do, or to read; nil if there is none.
func nextButton(frame web.Frame, view cases.View, at string) *web.Button {
	page := nextPage[view.Stage]
	switch {
	case view.Stage == certification.StageClosed:
		return &web.Button{Label: frame.Localizer.Say("home.start_again", nil), Action: frame.Link("/start-again")}
	case page == "", view.OnHold && !slices.Contains(readable, view.Stage):
		return nil
	case view.OnHold:
		at = string(view.Stage)
	}
	return &web.Button{Label: frame.Localizer.Say("home."+at+".button", nil), Address: frame.Link("/cases/" + view.ID + page)}
}
