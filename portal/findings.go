package portal

import (
	"regexp"

	"peercert/certification"
	"peercert/web"
)

// findingKey names the words that say kindly what is wrong with an answer: those for
// its field and code, else those for the code alone. Entries of a list share theirs:
// "courses[2].hours" is "courses.hours".
func findingKey(words *web.Localizer, found certification.Finding) string {
	field := listEntry.ReplaceAllString(found.Field, "")
	for _, key := range []string{"finding." + field + "." + found.Code, "finding." + found.Code} {
		if _, err := words.Find(key, nil); err == nil {
			return key
		}
	}
	return "finding.other"
}

// listEntry is the number of an entry in a path.
var listEntry = regexp.MustCompile(`\[\d+\]`)

// findingWords are the words of findingKey.
func findingWords(words *web.Localizer, found certification.Finding) string {
	return words.Say(findingKey(words, found), nil)
}

// refuseFindings says beside each question what the programme's rules found in its
// answer. named gives the name of the input where it is not the field's own; it may be
// nil.
func refuseFindings(form *web.Form, words *web.Localizer, findings []certification.Finding, named map[string]string) {
	for _, found := range findings {
		name := found.Field
		if other := named[name]; other != "" {
			name = other
		}
		form.Refuse(name, findingKey(words, found), nil)
	}
}
