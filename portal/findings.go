package portal

import (
	"regexp"

	"peercert/certification"
	"peercert/web"
)

// findingKey names the words that say kindly what is wrong with an answer: those for
// its field and code, else those for the code alone. Entries of a list share theirs:
// "courses[2].hours" is "courses.hours".
func findingKey(words *web.Localizer, found certification.Finding, rules map[string]any) string {
	field := listEntry.ReplaceAllString(found.Field, "")
	for _, key := range []string{"finding." + field + "." + found.Code, "finding." + found.Code} {
		if _, err := words.Find(key, rules); err == nil {
			return key
		}
	}
	return "finding.other"
}

// listEntry is the number of an entry in a path.
var listEntry = regexp.MustCompile(`\[\d+\]`)

// findingWords are the words of findingKey, with the numbers of the policy that the answer
// was looked at under.
func findingWords(words *web.Localizer, found certification.Finding, policy certification.Policy) string {
	rules := words.Rules(policy)
	return words.Say(findingKey(words, found, rules), rules)
}

// reasonSays says what is "wrong" by a reviewer's reason, or what to "do", with the numbers
// of a policy.
func reasonSays(words *web.Localizer, code certification.ReasonCode, part string, policy certification.Policy) string {
	return words.Say("reason."+string(code)+"."+part, words.Rules(policy))
}

// refuseFindings says beside each question what the programme's rules found in its
// answer. named gives the name of the input where it is not the field's own; it may be
// nil.
func refuseFindings(form *web.Form, words *web.Localizer, findings []certification.Finding, named map[string]string, policy certification.Policy) {
	rules := words.Rules(policy)
	for _, found := range findings {
		name := found.Field
		if other := named[name]; other != "" {
			name = other
		}
		form.Refuse(name, findingKey(words, found, rules), rules)
	}
}
