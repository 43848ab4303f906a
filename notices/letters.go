// Package notices writes the letters of the programme in every language and sends
// them by mail. A letter is a row of a table here and sentences in the catalogues
// of package web; certification says which letter goes out when.
//
// Subjects show on locked screens and in the logs of mail servers, so they say
// what a letter is about and never how something was decided.
package notices

import (
	"slices"

	"peercert/certification"
)

// letter is one row of the table: what a letter needs, how long it is, and which words
// say what happens next. What happened has the keys letter.<name>.subject and .body_1 and
// on. The reasons, where it needs them, stand after the body.
type letter struct {
	name certification.Letter
	body int // paragraphs
	// priced is the paragraph that says what a fee costs. It is left out where the facts
	// name no fee: it was paid.
	priced int
	// next gives the keys of what happens next: those of the home of the case (see
	// next.go), and letter.<name>.next_1 and on for what only the letter can say.
	next  func(certification.Notice) []string
	needs []fact
	// putRight is true where the reasons say what to do, not only what is wrong.
	putRight bool
	// about says that the letter is about an address and not about a case.
	about about
	// why says the cause of this signal after the body (see certification.CausesOf).
	why certification.Signal
}

// about is what a letter is about, where it is not a case: it greets nobody by name, and
// says why it came.
type about struct {
	why string // key of the sentence that says why it came; empty for a letter of a case
	// help leads to where people are helped.
	help bool
}

// letters are all letters, in the order of the story.
var letters = []letter{
	{name: certification.LetterConfirmAddress, body: 2, needs: []fact{code}, about: about{why: "letter.why_no_case"}, next: says(
		"letter.confirm_address.next_1", "letter.confirm_address.next_2",
	)},
	{name: certification.LetterAddressChanged, body: 2, about: about{why: "letter.why_former", help: true}, next: says(
		"letter.address_changed.next_1", "letter.address_changed.next_2", "letter.address_changed.next_3",
	)},
	{name: certification.LetterDraftReminder, body: 2, next: unfinished, needs: []fact{due}},
	{name: certification.LetterFeeReminder, body: 2, next: feeOpen, needs: []fact{fee, amount, due}},
	{name: certification.LetterApplicationReceived, body: 1, needs: []fact{due}, next: says(
		"home.application_review.text", "home.nothing.yours", "home.review.ours",
	)},
	{name: certification.LetterReceipt, body: 3, next: says("letter.receipt.next_1"), needs: []fact{fee, amount, paidAt, paymentID}},
	{name: certification.LetterPaymentFailed, body: 2, next: feeOpen, needs: []fact{fee, amount, due}},
	{name: certification.LetterFeeWaived, body: 1, next: says("letter.fee_waived.next_1"), needs: []fact{fee}},
	{name: certification.LetterPaymentCredit, body: 2, needs: []fact{fee, amount, paidAt, paymentID}, next: credited},
	{name: certification.LetterPaymentSurplus, body: 2, needs: []fact{amount, paidAt, paymentID}, next: says(
		"letter.payment_surplus.next_1", "letter.payment_surplus.next_2",
	)},
	{name: certification.LetterApplicationReturned, body: 2, needs: []fact{reasons, due}, putRight: true, next: says(
		"home.application_returned.text", "home.returned.yours", "consequence.application_returned", "home.returned.ours",
	)},
	{name: certification.LetterReturnedReminder, body: 2, next: returned, needs: []fact{reasons, due}, putRight: true},
	{name: certification.LetterReviewResumed, body: 1, next: reviewed, needs: []fact{due}},
	{name: certification.LetterReviewLate, body: 2, next: says("home.nothing.yours", "home.review_late.ours"), needs: []fact{due}},
	{name: certification.LetterApplicationApproved, body: 1, next: approved, needs: []fact{window}},
	{name: certification.LetterApplicationDenied, body: 2, needs: []fact{reasons, due}, next: says(
		"letter.application_denied.next_1", "home.appeal.yours", "home.denied.ours",
	)},
	{name: certification.LetterTrainingReceived, body: 1, next: reviewed, needs: []fact{due}},
	{name: certification.LetterTrainingAccepted, body: 1, next: says("letter.training_accepted.next_1", "home.window_exam.text"), needs: []fact{window}},
	{name: certification.LetterTrainingReturned, body: 2, needs: []fact{reasons, window}, putRight: true, next: says(
		"home.window_training.text", "home.training_returned.yours", "consequence.window_closed",
	)},
	{name: certification.LetterWindowReminder, body: 2, next: windowNears, needs: []fact{window}},
	{name: certification.LetterExamFeeDue, body: 1, next: feeOpen, needs: []fact{fee, amount, window}},
	{name: certification.LetterHowToBook, body: 2, needs: []fact{window}, next: says(
		"home.exam_booking_choose.text", "home.window_exam.text", "home.exam_booking_choose.yours", "consequence.window_closed", "home.exam_booking_choose.ours",
	)},
	{name: certification.LetterBookingReminder, body: 1, next: says("home.window_exam.text", "consequence.window_closed"), needs: []fact{window}},
	{name: certification.LetterBookingRefused, body: 1, next: says(
		"home.exam_booking_refused.text", "home.exam_booking_refused.yours", "home.exam_booking_refused.ours",
	)},
	{name: certification.LetterBookingConfirmed, body: 2, needs: []fact{appointment, examLanguage}, next: says(
		"home.exam_booked.text", "home.exam_booked.yours", "home.exam_booked.ours",
	)},
	{name: certification.LetterBookingChanged, body: 1, needs: []fact{appointment}, next: says(
		"home.exam_booked.text", "home.exam_booked.yours", "home.exam_booked.ours",
	)},
	{name: certification.LetterBookingCancelled, body: 1, needs: []fact{window}, next: says(
		"home.window_exam.text", "home.exam_booking.yours", "consequence.window_closed", "home.exam_booking.ours",
	)},
	{name: certification.LetterResultsNotPassed, body: 2, needs: []fact{attempts, amount, window}, next: says(
		"home.exam_fee_retake.text", "home.tries.text", "home.window_exam.text", "home.exam_fee_retake.yours", "consequence.window_closed", "home.exam_fee.ours",
	)},
	{name: certification.LetterResultsPassed, body: 2, next: certified, needs: []fact{certificate, expires}},
	{name: certification.LetterExamNoShow, body: 2, needs: []fact{attempts, amount, window}, next: says(
		"home.exam_fee_no_show.text", "home.tries.text", "home.window_exam.text", "home.exam_fee_retake.yours", "consequence.window_closed", "home.exam_fee.ours",
	)},
	{name: certification.LetterExamIncident, body: 2, needs: []fact{window}, next: says(
		"home.exam_booking_choose.text", "home.window_exam.text", "home.exam_booking_choose.yours", "consequence.window_closed", "home.exam_booking_choose.ours",
	)},
	{name: certification.LetterResultLate, body: 2, next: says("home.nothing.yours", "home.result_late.ours")},
	{name: certification.LetterWindowClosed, body: 1, next: says("home.closed_window_closed.yours")},
	{name: certification.LetterAttemptsUsed, body: 2, next: says("home.closed_attempts_used.yours")},
	{name: certification.LetterAbandoned, body: 1, next: says("home.closed.yours")},
	{name: certification.LetterWithdrawn, body: 2, next: says("home.closed.yours")},
	{name: certification.LetterRenewalReminder, body: 3, priced: 3, next: renewalOpen, needs: []fact{days, expires}},
	{name: certification.LetterTimeToRenew, body: 2, priced: 2, next: renewalOpen, needs: []fact{due, expires, renew}},
	{name: certification.LetterRenewalReceived, body: 2, next: renewalReceived, needs: []fact{due, expires}},
	{name: certification.LetterRenewalReturned, body: 2, next: returned, needs: []fact{reasons, due}, putRight: true},
	{name: certification.LetterRenewalEnded, body: 1, next: renewalEnded, needs: []fact{due, expires}},
	{name: certification.LetterRenewed, body: 2, next: certified, needs: []fact{certificate, expires}},
	{name: certification.LetterRenewalDenied, body: 2, needs: []fact{reasons, due}, next: says(
		"letter.renewal_denied.next_1", "home.appeal.yours", "home.denied_renewal.ours",
	)},
	{name: certification.LetterExpired, body: 2, priced: 2, next: renewalLate, needs: []fact{due}},
	{name: certification.LetterVacated, body: 1, next: says("home.closed.yours")},
	{name: certification.LetterAppealReceived, body: 1, needs: []fact{due}, next: says(
		"home.appeal_review.text", "home.nothing.yours", "home.appeal_review.ours",
	)},
	{name: certification.LetterAppealGranted, body: 1, next: appealGranted},
	{name: certification.LetterAppealDenied, body: 1, next: says("letter.appeal_denied.next_1", "home.closed.yours")},
	{name: certification.LetterClosedDenied, body: 1, next: says("letter.closed_denied.next_1", "home.closed.yours")},
	{name: certification.LetterSuspended, body: 1, why: certification.SignalSuspend, next: suspended},
	{name: certification.LetterReinstated, body: 1, next: reinstated},
	{name: certification.LetterRevoked, body: 1, why: certification.SignalRevoke, next: revoked, needs: []fact{due}},
	{name: certification.LetterSurrendered, body: 1, next: says("home.closed.yours")},
	{name: certification.LetterOnHold, body: 1, why: certification.SignalHold, next: onHold},
	{name: certification.LetterHoldReleased, body: 1, next: moved("letter.hold_released.next_1"), needs: []fact{due}},
	{name: certification.LetterDeadlineExtended, body: 1, next: moved("letter.deadline_extended.next_1"), needs: []fact{due}},
}

func letterOf(name certification.Letter) (letter, bool) {
	i := slices.IndexFunc(letters, func(l letter) bool { return l.name == name })
	if i < 0 {
		return letter{}, false
	}
	return letters[i], true
}

func (l letter) needsReasons() bool {
	return slices.ContainsFunc(l.needs, func(f fact) bool { return f.name == reasons.name })
}
