package portal

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	mail "peercert/notices"
	"peercert/web"
)

// The examples of most tests are under the policy in force.

func exampleView(stage certification.Stage, change func(*cases.View)) cases.View {
	return exampleCaseUnder(certification.CurrentPolicy(exampleNow), stage, change)
}

func exampleApplication(until string) application {
	return exampleApplicationUnder(certification.CurrentPolicy(exampleNow), until)
}

func exampleReturned(reasons ...certification.ReasonCode) application {
	return exampleReturnedUnder(certification.CurrentPolicy(exampleNow), reasons...)
}

// otherPolicy is one whose numbers are all unlike those in force, and unlike anything else
// that pages say.
func otherPolicy() certification.Policy {
	other := certification.CurrentPolicy(exampleNow)
	other.Version = "other"
	other.ApplicationFeeCents, other.ExamFeeCents, other.RetakeFeeCents = 211_13, 223_17, 227_19
	other.RenewalFeeCents, other.LateRenewalFeeCents = 229_23, 233_29
	other.DraftDays, other.FeeDays, other.ReviewDays, other.ReturnedDays = 211, 223, 227, 229
	other.WindowMonths, other.MaxExamAttempts, other.ResultsNoticeDays, other.VendorResultDays = 37, 41, 233, 31
	other.TermYears, other.RenewalOpensDays, other.LateRenewalMonths = 17, 239, 43
	other.ContinuingHours, other.LawAndEthicsHours, other.TrainingHours, other.TrainingValidYears = 241, 47, 251, 19
	other.AppealDays, other.AppealReviewDays, other.HoldReviewDays, other.MinimumAgeYears = 257, 263, 269, 23
	other.TrainingFrom = "2019-11-13"
	return other
}

// numbersOf are the numbers of a policy that people read, in digits and, where a language
// writes the small ones out, in words; each with the unit after it. A unit is the beginning
// of its words in every language.
func numbersOf(policy certification.Policy) *regexp.Regexp {
	const days, months, years, hours, tries = `(day|día|يوم|أيام)`, `(month|mes|شهر|أشهر)`, `(year|año|سنة|سنوات|عام)`, `(-| )?(hour|hora|ساعة|ساعات)`, `(tries|try|intento|محاول)`
	written := map[int]string{
		2: "two|dos", 3: "three|tres|ثلاث", 6: "six|seis|ست", 12: "twelve|doce|اثنا عشر|اثني عشر", 14: "fourteen|catorce|أربعة عشر", 18: "eighteen|dieciocho|ثمانية عشر|ثماني عشرة",
		20: "twenty|veinte|عشرون|عشرين", 30: "thirty|treinta|ثلاثون|ثلاثين", 80: "eighty|ochenta|ثمانون|ثمانين", 90: "ninety|noventa|تسعون|تسعين",
	}
	var all []string
	for unit, counts := range map[string][]int{
		days:   {policy.DraftDays, policy.FeeDays, policy.ReviewDays, policy.ReturnedDays, policy.ResultsNoticeDays, policy.RenewalOpensDays, policy.AppealDays, policy.AppealReviewDays, policy.HoldReviewDays},
		months: {policy.WindowMonths, policy.LateRenewalMonths},
		years:  {policy.TermYears, policy.TrainingValidYears, policy.MinimumAgeYears},
		hours:  {policy.ContinuingHours, policy.LawAndEthicsHours, policy.TrainingHours},
		tries:  {policy.MaxExamAttempts},
	} {
		for _, count := range counts {
			number := strconv.Itoa(count)
			if words := written[count]; words != "" {
				number += "|" + words
			}
			all = append(all, `\b(`+number+`)[ \x{00A0}-]`+unit)
		}
	}
	// The dual of Arabic says two without a number; a fee is an amount, the first day a date.
	all = append(all, `سنتين|سنتان|عامين|عامان|الاثنا عشر`, `\b`+strconv.Itoa(policy.MinimumAgeYears)+` (or older|o más)`)
	for _, fee := range []certification.Fee{certification.FeeApplication, certification.FeeExam, certification.FeeRetake, certification.FeeRenewal, certification.FeeLateRenewal} {
		all = append(all, regexp.QuoteMeta(web.Words("en").Money(policy.AmountCents(fee))))
	}
	for _, language := range web.Languages() {
		day, _ := policy.FirstTrainingDay().Day()
		_, date, found := strings.Cut(web.Words(language).Date(day), " ") // without the day of the week
		if !found {
			panic(fmt.Sprintf("a date in %s has no day of the week", language))
		}
		all = append(all, regexp.QuoteMeta(unmarked(date)))
	}
	// Go's \b knows only Latin letters.
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + strings.ReplaceAll(strings.Join(all, "|"), `\b`, ``) + `)`)
}

// saidAnyway are the sentences whose numbers look like those of the policy and are none,
// by key, and why.
var saidAnyway = map[string]string{
	"certificate.renewal_needs": "for how long to keep the proofs of courses: advice of the programme, no clock of ours",
	"letter.renewed.body_2":     "for how long to keep the proofs of courses: advice of the programme, no clock of ours",
	"renewal.course_intro":      "for how long to keep the proofs of courses: advice of the programme, no clock of ours",
}

// policyAhead are the homes of a renewal that is not handed in yet. They say the numbers
// of the policy in force, under which it will be handed in.
var policyAhead = []string{"home renewal", "home expired", "home suspended renewal", "home suspended renewal with more time", "home renewal paid before", "home expired paid before", "home renewal with more time", "home renewal paid too late"}

// strays are the numbers of the policy in force that a text says though it is under
// another.
func strays(text string, words *web.Localizer, unlike *regexp.Regexp) []string {
	text = unmarked(text)
	for key := range saidAnyway {
		said := words.Say(key, map[string]any{"Hours": "…", "Ethics": "…", "CertificateNumber": "…"})
		for _, part := range strings.Split(said, "…") {
			if sentence := unmarked(part); strings.Contains(sentence, " ") && unlike.MatchString(sentence) {
				text = strings.ReplaceAll(text, sentence, "")
			}
		}
	}
	return unlike.FindAllString(text, -1)
}

// What people read takes its numbers from the policy of their case, or from the one in
// force before there is a case: the clocks do, too.
func TestPagesTakeTheirNumbersFromThePolicy(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	inForce := numbersOf(certification.CurrentPolicy(exampleNow))
	require.Regexp(t, inForce, "Within 14 days.")
	require.Regexp(t, inForce, "خلال 14 يومًا")
	require.NotRegexp(t, inForce, "2014 days")
	others := examples(otherPolicy())
	for _, language := range web.Languages() {
		words := web.Words(language)
		for _, one := range others {
			page, err := one.render(gallery.pages, words)
			require.NoError(t, err, one.Name)
			text := wordsOn(t, page)
			for _, row := range retentionRows(web.Frame{Localizer: words}, otherPolicy()) {
				// A table of its own, written from the one that the erasing goes by.
				text = strings.ReplaceAll(text, unmarked(row.Values[0]), "")
			}
			said := strays(text, words, inForce)
			if slices.Contains(policyAhead, one.Name) {
				continue
			}
			assert.Empty(t, said, "%q in %s has numbers of its own", one.Name, language)
		}
	}
}

// The home of a renewal that lies ahead says the days of the policy in force, whatever
// policy the case was begun under.
func TestARenewalThatLiesAheadIsUnderThePolicyInForce(t *testing.T) {
	view := exampleCaseUnder(otherPolicy(), certification.StageRenewal, nil)
	words := web.Words("en")
	_, home := homeOf("en", view, nil)
	assert.Equal(t, words.Say("home.renewal.ours", words.Rules(certification.CurrentPolicy(exampleNow))), home.Ours)
	handedIn := exampleCaseUnder(otherPolicy(), certification.StageTraining, nil)
	_, home = homeOf("en", handedIn, nil)
	assert.Equal(t, words.Say("home.training.ours", words.Rules(otherPolicy())), home.Ours)
	assert.Contains(t, home.Ours, "227 days")
}

func TestLettersTakeTheirNumbersFromThePolicy(t *testing.T) {
	inForce := numbersOf(certification.CurrentPolicy(exampleNow))
	compose := func(notice certification.Notice) mail.Composed {
		written, err := mail.Compose(notice, mail.Letterhead{Operator: "Board", PublicURL: "https://portal.example.test"})
		require.NoError(t, err)
		require.Equal(t, notice.Language, written.Language)
		return written
	}
	check := func(notice certification.Notice, where string) {
		for _, language := range web.Languages() {
			notice.Language = language
			written := compose(notice)
			assert.Empty(t, strays(written.Subject+"\n"+written.Text, web.Words(language), inForce), "%s in %s has numbers of its own", where, language)
		}
	}
	for _, example := range mail.List() {
		notice := example.Notice
		notice.Policy, notice.Facts.DaysLeft, notice.Facts.AttemptsLeft = otherPolicy(), 239, 40
		if notice.Facts.AmountCents != 0 {
			notice.Facts.AmountCents = otherPolicy().AmountCents(notice.Facts.Fee)
		}
		check(notice, string(example.Letter))
		for i, place := range arrivals()[example.Letter] {
			view := exampleCaseUnder(otherPolicy(), place.stage, place.change)
			notice.Facts = factsAt(view, example)
			notice.Facts.DaysLeft = 239
			check(notice, fmt.Sprintf("%s at %s %d", example.Letter, place.stage, i))
		}
	}
	// Every reason that there is.
	for _, rule := range certification.Reasons {
		at := slices.IndexFunc(mail.List(), func(example mail.Example) bool { return example.Letter == certification.LetterApplicationReturned })
		notice := mail.List()[at].Notice
		notice.Policy, notice.Facts.Reasons = otherPolicy(), []certification.ReasonCode{rule.Code}
		notice.Notes = map[certification.ReasonCode]string{rule.Code: "Note."}
		check(notice, string(rule.Code))
	}
}

// Every finding that has words, under another policy.
func TestFindingsTakeTheirNumbersFromThePolicy(t *testing.T) {
	inForce := numbersOf(certification.CurrentPolicy(exampleNow))
	young := certification.ApplicationValues{DateOfBirth: "2015-01-01"}.Check(otherPolicy(), exampleNow)
	early := certification.TrainingValues{CompletedOn: "2018-01-01", Hours: 100}.Check(otherPolicy(), exampleNow)
	found := slices.Concat(young, early, []certification.Finding{{Field: "completed_on", Code: "stale"}})
	for _, language := range web.Languages() {
		words := web.Words(language)
		for _, finding := range found {
			said := findingWords(words, finding, otherPolicy())
			assert.NotContains(t, said, "⟦")
			assert.Empty(t, strays(said, words, inForce), said)
		}
		said := findingWords(words, certification.Finding{Field: "hours", Code: "too_few"}, otherPolicy())
		assert.Contains(t, said, "251")
	}
	codes := func(found []certification.Finding) (all []string) {
		for _, one := range found {
			all = append(all, one.Field+" "+one.Code)
		}
		return all
	}
	assert.Contains(t, codes(young), "date_of_birth too_young")
	assert.Subset(t, codes(early), []string{"completed_on too_early", "hours too_few"})
}
