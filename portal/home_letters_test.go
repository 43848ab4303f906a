package portal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"peercert/cases"
	"peercert/certification"
	mail "peercert/notices"
	"peercert/web"
)

// arrival is where a letter leaves a case: its home then says what the letter says.
type arrival struct {
	stage  certification.Stage
	change func(*cases.View)
	events []cases.Event
}

// arrivals are the places where each letter leaves cases.
func arrivals() map[certification.Letter][]arrival {
	in := func(stage certification.Stage, changes ...func(*cases.View)) arrival {
		return arrival{stage: stage, change: func(v *cases.View) {
			for _, change := range changes {
				change(v)
			}
		}}
	}
	closed := func(outcome certification.Outcome, changes ...func(*cases.View)) arrival {
		return in(certification.StageClosed, append([]func(*cases.View){func(v *cases.View) { v.Outcome = outcome }}, changes...)...)
	}
	overdue := func(v *cases.View) {
		v.Promises[0].Overdue, v.Promises[0].DueAt = true, certification.EndOfDay(exampleNow.AddDate(0, 0, -1))
	}
	stopped := func(review certification.Stage, days int) func(*cases.View) {
		return func(v *cases.View) {
			v.Promises = append(v.Promises, stoppedReview(review, certification.EndOfDay(exampleNow.AddDate(0, 0, days)), exampleNow))
		}
	}
	term := func(v *cases.View) { v.Certificate = exampleTerm() }
	ends := func(days int) func(*cases.View) {
		return func(v *cases.View) { v.Certificate.ExpiresAt = certification.EndOfDay(exampleNow.AddDate(0, 0, days)) }
	}
	late := func(days int) func(*cases.View) { return func(v *cases.View) { lapse(v, days) } }
	due := func(days int) func(*cases.View) {
		return func(v *cases.View) { v.Promises[0].DueAt = certification.EndOfDay(exampleNow.AddDate(0, 0, days)) }
	}
	paid := func(v *cases.View) { v.RenewalPaid = true }
	creditRenewal := func(v *cases.View) {
		v.Credit = &certification.Credit{Fee: certification.FeeRenewal, AmountCents: v.Policy.RenewalFeeCents}
	}
	given := func(v *cases.View) {
		v.Certificate.ExpiresAt = certification.EndOfDay(exampleNow.AddDate(0, 0, -9))
		v.Certificate.RenewBy = v.Promises[0].DueAt
	}
	credit := func(v *cases.View) { v.Credit = &certification.Credit{Fee: certification.FeeApplication} }
	suspend := func(v *cases.View) { v.Suspended = true }
	again := func(v *cases.View) { v.AttemptsUsed = 1 }
	exam := func(exam certification.Exam) func(*cases.View) {
		return func(v *cases.View) { v.Exam = &exam }
	}
	fromRevoked := func(v *cases.View) { v.AppealFrom = certification.StageRevoked }
	whileDenied := func(v *cases.View) { v.Revoked = &certification.Revoked{From: certification.StageDenied} }
	retake := in(certification.StageExamFee, again)
	retake.events = examEnded(certification.SignalExamResult)
	missed := in(certification.StageExamFee, again)
	missed.events = examEnded(certification.SignalExamNoShow)
	bookings := []arrival{
		in(certification.StageExamBooking), in(certification.StageExamBooking, exam(certification.Exam{AuthorizationID: "a"})),
		in(certification.StageExamBooking, exam(certification.Exam{AuthorizationID: "a", Refused: true})),
		in(certification.StageExamBooking, exam(certification.Exam{AuthorizationID: "a", Authorized: true})),
	}
	renewalFees := []arrival{
		in(certification.StageRenewalFee, due(30)), in(certification.StageRenewalFee, due(30), ends(9)),
		in(certification.StageRenewalFee, due(30), late(-30)), in(certification.StageRenewalFee, due(30), late(-170)),
	}
	renewalsReturned := []arrival{
		in(certification.StageRenewalReturned, due(30), stopped(certification.StageRenewalReview, 6)), in(certification.StageRenewalReturned, due(30), ends(9)),
		in(certification.StageRenewalReturned, due(30), late(-30)), in(certification.StageRenewalReturned, due(30), stopped(certification.StageRenewalReview, -6)),
	}
	renewalReviews := []arrival{
		in(certification.StageRenewalReview), in(certification.StageRenewalReview, suspend), in(certification.StageRenewalReview, late(-30)),
	}
	applicationReturned := []arrival{
		in(certification.StageApplicationReturned, stopped(certification.StageApplicationReview, 6)),
		in(certification.StageApplicationReturned, stopped(certification.StageApplicationReview, -6)),
	}
	notApproved := []arrival{
		closed(certification.OutcomeDenied), closed(certification.OutcomeDenied, term), closed(certification.OutcomeRevoked, term),
	}
	onHold := []arrival{in(certification.StageCertified, suspend, hold)}
	for _, rule := range certification.Stages {
		if rule.Stage != certification.StageClosed {
			onHold = append(onHold, in(rule.Stage, hold))
		}
	}
	return map[certification.Letter][]arrival{
		certification.LetterDraftReminder:       {in(certification.StageIntroVideo), in(certification.StageApplication), in(certification.StageApplication, credit)},
		certification.LetterFeeReminder:         append([]arrival{in(certification.StageApplicationFee)}, renewalFees...),
		certification.LetterApplicationReceived: {in(certification.StageApplicationReview), in(certification.StageApplicationReview, hold)},
		certification.LetterPaymentFailed: append([]arrival{
			in(certification.StageApplicationFee), in(certification.StageExamFee), in(certification.StageExamFee, hold), retake, missed,
		}, renewalFees...),
		certification.LetterPaymentCredit: {
			in(certification.StageApplication, credit), in(certification.StageRenewal, creditRenewal), in(certification.StageExpired, late(-30), creditRenewal),
		},
		certification.LetterApplicationReturned: applicationReturned,
		certification.LetterReturnedReminder:    slices.Concat(applicationReturned, renewalsReturned),
		certification.LetterReviewResumed:       append([]arrival{in(certification.StageApplicationReview), in(certification.StageTrainingReview)}, renewalReviews...),
		certification.LetterReviewLate: {
			in(certification.StageApplicationReview, overdue), in(certification.StageTrainingReview, overdue), in(certification.StageRenewalReview, overdue),
			in(certification.StageAppealReview, overdue), in(certification.StageAppealReview, term, fromRevoked, overdue),
		},
		certification.LetterApplicationApproved: {
			in(certification.StageTraining), in(certification.StageTrainingReview), in(certification.StageTrainingReturned), in(certification.StageExamFee),
		},
		certification.LetterApplicationDenied: {in(certification.StageDenied)},
		certification.LetterTrainingReceived:  {in(certification.StageApplicationReview), in(certification.StageTrainingReview)},
		certification.LetterTrainingAccepted:  {in(certification.StageExamFee)},
		certification.LetterTrainingReturned: {
			in(certification.StageTrainingReturned), in(certification.StageTrainingReturned, stopped(certification.StageTrainingReview, 3)),
			in(certification.StageTrainingReturned, stopped(certification.StageTrainingReview, -3)),
		},
		certification.LetterWindowReminder: append([]arrival{
			in(certification.StageTraining), in(certification.StageTrainingReturned), in(certification.StageExamFee), retake, missed,
		}, bookings...),
		certification.LetterExamFeeDue:       {in(certification.StageExamFee)},
		certification.LetterHowToBook:        {in(certification.StageExamBooking), in(certification.StageExamBooking, hold)},
		certification.LetterBookingReminder:  bookings,
		certification.LetterBookingRefused:   bookings[2:3],
		certification.LetterBookingConfirmed: {in(certification.StageExamBooked), in(certification.StageExamBooked, hold)},
		certification.LetterBookingChanged:   {in(certification.StageExamBooked), in(certification.StageExamBooked, hold)},
		certification.LetterBookingCancelled: bookings[3:],
		certification.LetterResultsNotPassed: {retake},
		certification.LetterResultsPassed:    {in(certification.StageCertified), in(certification.StageCertified, hold)},
		certification.LetterExamNoShow:       {missed},
		certification.LetterExamIncident:     bookings[:1],
		certification.LetterResultLate:       {in(certification.StageExamScoring, overdue)},
		certification.LetterWindowClosed:     {closed(certification.OutcomeWindowClosed)},
		certification.LetterAttemptsUsed:     {closed(certification.OutcomeAttemptsUsed)},
		certification.LetterAbandoned:        {closed(certification.OutcomeAbandoned)},
		certification.LetterWithdrawn:        {closed(certification.OutcomeWithdrawn), closed(certification.OutcomeWithdrawn, term)},
		certification.LetterRenewalReminder:  {in(certification.StageRenewal), in(certification.StageRenewal, suspend), in(certification.StageRenewal, paid)},
		certification.LetterTimeToRenew: {
			in(certification.StageRenewal, given), in(certification.StageRenewal, given, suspend), in(certification.StageRenewal, given, paid),
		},
		certification.LetterRenewalReceived: renewalReviews,
		certification.LetterRenewalReturned: renewalsReturned,
		certification.LetterRenewalEnded: {
			in(certification.StageRenewal), in(certification.StageRenewal, paid), in(certification.StageRenewal, suspend),
			in(certification.StageExpired, late(-30)), in(certification.StageExpired, late(-30), paid),
		},
		certification.LetterRenewed:        {in(certification.StageCertified), in(certification.StageCertified, suspend)},
		certification.LetterRenewalDenied:  {in(certification.StageDenied, term)},
		certification.LetterExpired:        {in(certification.StageExpired, late(-1)), in(certification.StageExpired, late(-1), paid)},
		certification.LetterVacated:        {closed(certification.OutcomeVacated, term)},
		certification.LetterAppealReceived: {in(certification.StageAppealReview), in(certification.StageAppealReview, term), in(certification.StageAppealReview, term, fromRevoked)},
		certification.LetterAppealGranted: slices.Concat([]arrival{
			in(certification.StageCertified), in(certification.StageRenewal), in(certification.StageRenewal, paid),
			in(certification.StageDenied, term), in(certification.StageDenied, term, hold),
		}, renewalFees, renewalReviews, renewalsReturned),
		certification.LetterAppealDenied: notApproved,
		certification.LetterClosedDenied: notApproved,
		certification.LetterSuspended: {
			in(certification.StageCertified, suspend), in(certification.StageCertified, suspend, hold), in(certification.StageRenewal, suspend),
			in(certification.StageRenewalReview, suspend), in(certification.StageRenewalFee, suspend),
			in(certification.StageDenied, term, suspend), in(certification.StageAppealReview, term, suspend),
		},
		certification.LetterReinstated: {in(certification.StageCertified)},
		certification.LetterRevoked: {
			in(certification.StageRevoked), in(certification.StageRevoked, whileDenied),
		},
		certification.LetterSurrendered: {closed(certification.OutcomeSurrendered)},
		certification.LetterOnHold:      onHold,
	}
}

// withoutHome are the letters that no home has the words of, and why.
var withoutHome = map[certification.Letter]string{
	certification.LetterConfirmAddress:   "it is about an address, before there is a case",
	certification.LetterAddressChanged:   "it is about an address, and goes to who may be somebody else",
	certification.LetterReceipt:          "it is about money; the letter of the same moment that says the fee is settled for the step tells what is next",
	certification.LetterPaymentSurplus:   "it is about money that comes back, at any stage; nobody has a step",
	certification.LetterFeeWaived:        "it is about money; the letter of the same moment that says the fee is settled for the step tells what is next",
	certification.LetterHoldReleased:     "it is about one date, at any stage; the stages' homes say whose step that is",
	certification.LetterDeadlineExtended: "it is about one date, at any stage; the stages' homes say whose step that is",
}

// What a letter says about what happens next stands word for word on the home of the case
// that the same transition leaves.
func TestLettersSayTheSentencesOfTheHome(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	table := arrivals()
	for _, written := range mail.List() {
		places, home := table[written.Letter]
		reason := withoutHome[written.Letter]
		require.NotEqual(t, home, reason != "", "letter %s belongs into one of the two lists", written.Letter)
		for i, place := range places {
			view := exampleView(place.stage, place.change)
			notice := written.Notice
			notice.Facts = factsAt(view, written)
			for _, language := range web.Languages() {
				t.Run(fmt.Sprintf("%s/%s %d/%s", written.Letter, place.stage, i, language), func(t *testing.T) {
					notice.Language = language
					letter, err := mail.Compose(notice, mail.Letterhead{Operator: "Board", PublicURL: "https://portal.example.test"})
					require.NoError(t, err)
					require.Equal(t, language, letter.Language)
					page, err := example{Page: "home", SignedIn: true, Heading: true, Content: func(frame web.Frame) any {
						return caseHome(frame, view, place.events, nil, exampleNow)
					}}.render(gallery.pages, web.Words(language))
					require.NoError(t, err)
					seen := wordsOn(t, page)
					next := NextIn(t, language, letter.Text, written.Letter)
					require.NotEmpty(t, next, letter.Text)
					for _, sentence := range next {
						assert.Contains(t, seen, sentence)
					}
				})
			}
		}
	}
}

// factsAt are the facts that the records keep of a letter which leaves a case so.
func factsAt(view cases.View, written mail.Example) certification.Facts {
	facts := certification.Facts{
		PaymentID: written.Notice.Facts.PaymentID, PaidAt: exampleNow, Reasons: written.Notice.Facts.Reasons, ExamLanguage: "es",
	}
	fee, due := view.FeeDue()
	switch {
	case slices.Contains([]certification.Letter{
		certification.LetterRenewalReminder, certification.LetterTimeToRenew, certification.LetterRenewalEnded, certification.LetterExpired, certification.LetterAppealGranted,
	}, written.Letter):
		fee = certification.FeeRenewal
		if view.Certificate.Lapsed {
			fee = certification.FeeLateRenewal
		}
		if view.RenewalSettled(view.PolicyAhead(exampleNow)) {
			fee = "" // the letter says nothing of it (workflows: renewalPrice)
		}
	case !due:
		fee = certification.FeeApplication
	}
	facts.Fee, facts.AmountCents = fee, view.Policy.AmountCents(fee)
	request := certification.NoticeRequest{Letter: written.Letter, Facts: facts}
	if slices.Contains(written.Needs, "due_at") {
		request.DueOf = certification.StagePromise(view.Stage)
	}
	return request.FactsOf(view.Case, exampleNow)
}

// saysIt says whether a line is one of the sentences whose keys begin so, and are numbered.
func saysIt(words *web.Localizer, key, line string) bool {
	for i := 1; ; i++ {
		own, err := words.Find(key+strconv.Itoa(i), nil)
		if err != nil || own == line {
			return err == nil
		}
	}
}

// NextIn are the lines of a letter about what happens next, but for what only the letter
// says, and its headings.
func NextIn(t *testing.T, language, text string, name certification.Letter) []string {
	t.Helper()
	words := web.Words(language)
	headings := []string{words.Say("letter.next", nil), words.Say("home.yours", nil), words.Say("home.ours", nil)}
	text, _, linked := strings.Cut(text, words.Say("letter.open_case", nil)+":\n")
	require.True(t, linked)
	var next []string
	begun := false
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		if begun = begun || slices.Contains(headings, lines[0]); !begun {
			continue
		}
		assert.Contains(t, headings, lines[0])
		for _, line := range lines[1:] {
			if !saysIt(words, "letter."+string(name)+".next_", line) {
				next = append(next, unmarked(line))
			}
		}
	}
	return next
}

// wordsOn is the text of a page, with one space between words.
func wordsOn(t *testing.T, page []byte) string {
	t.Helper()
	document, err := html.Parse(strings.NewReader(string(page)))
	require.NoError(t, err)
	var text strings.Builder
	for node := range document.Descendants() {
		if node.Type == html.TextNode {
			text.WriteString(node.Data + " ")
		}
	}
	return unmarked(text.String())
}

// unmarked leaves out marks that are not seen, and spaces that do not count.
func unmarked(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text)), " ")
}
