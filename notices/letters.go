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

// letter is one row of the table: what a letter needs and how long it is. Its
// sentences have the keys letter.<name>.subject, .body_1 and on, .next_1 and on.
// The reasons, where it needs them, stand after the body.
type letter struct {
	name       certification.Letter
	body, next int // paragraphs
	needs      []fact
	// putRight is true where the reasons say what to do, not only what is wrong.
	putRight bool
	// about says that the letter is about an address and not about a case.
	about about
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
	{name: certification.LetterConfirmAddress, body: 2, next: 2, needs: []fact{code}, about: about{why: "letter.why_no_case"}},
	{name: certification.LetterAddressChanged, body: 2, next: 3, about: about{why: "letter.why_former", help: true}},
	{name: certification.LetterDraftReminder, body: 2, next: 1, needs: []fact{due}},
	{name: certification.LetterFeeReminder, body: 2, next: 1, needs: []fact{fee, amount, due}},
	{name: certification.LetterApplicationReceived, body: 1, next: 2, needs: []fact{due}},
	{name: certification.LetterReceipt, body: 3, next: 1, needs: []fact{fee, amount, paidAt, paymentID}},
	{name: certification.LetterPaymentFailed, body: 2, next: 1, needs: []fact{fee, amount, due}},
	{name: certification.LetterFeeWaived, body: 1, next: 1, needs: []fact{fee}},
	{name: certification.LetterApplicationReturned, body: 2, next: 2, needs: []fact{reasons, due}, putRight: true},
	{name: certification.LetterReturnedReminder, body: 2, next: 1, needs: []fact{reasons, due}, putRight: true},
	{name: certification.LetterReviewResumed, body: 1, next: 1, needs: []fact{due}},
	{name: certification.LetterReviewLate, body: 2, next: 2, needs: []fact{due}},
	{name: certification.LetterApplicationApproved, body: 1, next: 2, needs: []fact{window}},
	{name: certification.LetterApplicationDenied, body: 2, next: 2, needs: []fact{reasons, due}},
	{name: certification.LetterTrainingReceived, body: 1, next: 1, needs: []fact{due}},
	{name: certification.LetterTrainingAccepted, body: 1, next: 1, needs: []fact{window}},
	{name: certification.LetterTrainingReturned, body: 2, next: 1, needs: []fact{reasons, window}, putRight: true},
	{name: certification.LetterWindowReminder, body: 2, next: 1, needs: []fact{window}},
	{name: certification.LetterExamFeeDue, body: 1, next: 1, needs: []fact{fee, amount, window}},
	{name: certification.LetterHowToBook, body: 2, next: 1, needs: []fact{window}},
	{name: certification.LetterBookingReminder, body: 1, next: 1, needs: []fact{window}},
	{name: certification.LetterBookingRefused, body: 1, next: 1},
	{name: certification.LetterBookingConfirmed, body: 2, next: 1, needs: []fact{appointment, examLanguage}},
	{name: certification.LetterBookingChanged, body: 1, next: 1, needs: []fact{appointment}},
	{name: certification.LetterBookingCancelled, body: 1, next: 1, needs: []fact{window}},
	{name: certification.LetterResultsNotPassed, body: 3, next: 2, needs: []fact{attempts, fee, amount, window}},
	{name: certification.LetterResultsPassed, body: 2, next: 1, needs: []fact{certificate, expires}},
	{name: certification.LetterExamNoShow, body: 3, next: 1, needs: []fact{attempts, fee, amount, window}},
	{name: certification.LetterExamIncident, body: 2, next: 1, needs: []fact{window}},
	{name: certification.LetterResultLate, body: 2, next: 1},
	{name: certification.LetterWindowClosed, body: 1, next: 1},
	{name: certification.LetterAttemptsUsed, body: 2, next: 1},
	{name: certification.LetterAbandoned, body: 1, next: 1},
	{name: certification.LetterWithdrawn, body: 2, next: 1},
	{name: certification.LetterRenewalReminder, body: 3, next: 1, needs: []fact{days, expires, fee, amount}},
	{name: certification.LetterRenewalReceived, body: 2, next: 1, needs: []fact{due, expires}},
	{name: certification.LetterRenewalReturned, body: 2, next: 2, needs: []fact{reasons, due}, putRight: true},
	{name: certification.LetterRenewed, body: 2, next: 1, needs: []fact{certificate, expires}},
	{name: certification.LetterRenewalDenied, body: 2, next: 2, needs: []fact{reasons, due}},
	{name: certification.LetterExpired, body: 2, next: 1, needs: []fact{due, fee, amount}},
	{name: certification.LetterVacated, body: 1, next: 1},
	{name: certification.LetterAppealReceived, body: 1, next: 1, needs: []fact{due}},
	{name: certification.LetterAppealGranted, body: 1, next: 1},
	{name: certification.LetterAppealDenied, body: 1, next: 1},
	{name: certification.LetterClosedDenied, body: 1, next: 1},
	{name: certification.LetterSuspended, body: 2, next: 1},
	{name: certification.LetterReinstated, body: 1, next: 1},
	{name: certification.LetterRevoked, body: 1, next: 2, needs: []fact{due}},
	{name: certification.LetterSurrendered, body: 1, next: 1},
	{name: certification.LetterOnHold, body: 1, next: 1},
	{name: certification.LetterHoldReleased, body: 1, next: 1, needs: []fact{due}},
	{name: certification.LetterDeadlineExtended, body: 1, next: 1, needs: []fact{due}},
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
