package web

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// aNumber is a number in digits, or in the words by which a language says one with a unit
// of time or hours of courses.
var aNumber = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)[0-9]|\b(two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|eighteen|twenty|thirty|eighty|ninety)[ -](hour|day|week|month|year|tries)`),
	"es": regexp.MustCompile(`(?i)[0-9]|(^|\PL)(dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|catorce|dieciocho|veinte|treinta|ochenta|noventa) (hora|día|semana|mes|año|intento)`),
	"ar": regexp.MustCompile(`[0-9]|سنتين|سنتان|عامين|عامان|شهرين|شهران|يومين|ساعتين|(ثلاث|أربع|خمس|ست|سبع|ثماني|تسع|عشر)ة? (أيام|أشهر|سنوات|ساعات|محاولات)|اثنا عشر|اثني عشر`),
}

// numbersTyped are the words that have a number typed in, and why it is no variable: none
// of them is a number of the policy, which clocks and checks go by.
var numbersTyped = map[string]string{
	"accessibility.lead":                             "the version of a standard",
	"account.zip_wrong":                              "an example",
	"application.birth.hint":                         "an example",
	"application.id_date.hint":                       "an example",
	"certificate.renewal_needs":                      "advice of the programme about the proofs of courses, with no clock of ours",
	"documents.choose_hint":                          "the size that the door takes",
	"documents.too_much":                             "the size that the door takes",
	"documents.help.size.step_1":                     "what phones do",
	"documents.help.size.step_2":                     "what scanners do",
	"documents.refused.document-too-large":           "the size that the door takes",
	"documents.refused.document-too-many":            "how many files the door takes",
	"documents.refused.document-too-many-pixels":     "the size that the door takes",
	"documents.refused.document-no-more":             "how many files the door takes",
	"exam.bring_test_center_1":                       "a rule of the exam partner",
	"exam.choose.about_1":                            "how the exam partner's exam is",
	"exam.choose.about_2":                            "how the exam partner's exam is",
	"finding.courses.hours.out_of_range":             "an example",
	"finding.legal_first_name.too_long_for_the_exam": "a rule of the exam partner",
	"finding.legal_last_name.too_long_for_the_exam":  "a rule of the exam partner",
	"finding.not_a_date":                             "an example",
	"help.hard_1":                                    "a telephone number",
	"help.question_3_answer":                         "the size that the door takes",
	"letter.renewed.body_2":                          "advice of the programme about the proofs of courses, with no clock of ours",
	"registry.sought_hint":                           "an example",
	"renewal.course_day_hint":                        "an example",
	"renewal.course_hours_hint":                      "an example",
	"renewal.course_intro":                           "advice of the programme about the proofs of courses, with no clock of ours",
	"training.completed_on_hint":                     "an example",
	"verify.unknown_1":                               "an example",
}

// A number that is typed into a sentence stays as it is when the policy changes, while the
// clocks change: it has to be a variable (see Rules), or to be named here.
func TestNumbersAreVariables(t *testing.T) {
	typed := map[string]bool{}
	everySentence(t, func(t *testing.T, where string, c *catalogue, key, form, sentence string, _ entry) {
		if slices.Contains([]string{"zero", "one", "two"}, form) { // which may say the number in words
			return
		}
		if said := aNumber[c.tag.String()]; said == nil || !said.MatchString(fixedPart.ReplaceAllString(sentence, " ")) {
			return
		}
		typed[key] = true
		assert.NotEmpty(t, numbersTyped[key], "%s has a number typed in: %s", where, sentence)
	})
	for key := range numbersTyped {
		assert.True(t, typed[key], "%s has no number typed in", key)
	}
}
