// Package reading measures how hard English text is to read. The programme holds
// itself to eighth grade or below; tests of letters, words and pages ask here.
package reading

import (
	"regexp"
	"strings"
	"unicode"
)

// names are what nobody can say in other words. Where one stands, Grade reads "it".
var names = strings.NewReplacer(
	"Medi-Cal Peer Support Specialists", "it", "Medi-Cal Peer Support Specialist", "it",
	"Medi-Cal", "it", "CalMHSA’s", "its", "CalMHSA", "it", "JavaScript", "it",
)

// Grade is the Flesch-Kincaid grade of a text: the years at school that it takes to
// read it with ease. Addresses, numbers of cases and the like are no words, and the
// names of the programme count as easy ones. A text without words has grade 0.
func Grade(text string) float64 {
	text = names.Replace(text)
	all, syllables, words := Sentences(text), 0, 0
	for _, sentence := range all {
		for word := range strings.FieldsSeq(sentence) {
			word = strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
			if word == "" || strings.ContainsAny(word, "/@") || strings.IndexFunc(word, unicode.IsDigit) >= 0 {
				continue
			}
			words++
			syllables += syllablesOf(strings.ToLower(word))
		}
	}
	if words == 0 {
		return 0
	}
	return 0.39*float64(words)/float64(len(all)) + 11.8*float64(syllables)/float64(words) - 15.59
}

var sentenceEnd = regexp.MustCompile(`[.!?:]["’”)]*(\s|$)|\n`)

// Sentences are the sentences of a text. They end with a mark; headings and list
// items, which have none, with a line.
func Sentences(text string) []string {
	text = strings.NewReplacer("a.m.", "am", "p.m.", "pm").Replace(text)
	var found []string
	for _, sentence := range sentenceEnd.Split(text, -1) {
		if strings.IndexFunc(sentence, unicode.IsLetter) >= 0 && !strings.Contains(sentence, "://") {
			found = append(found, sentence)
		}
	}
	return found
}

// syllablesOf counts groups of vowels, less a silent e at the end.
func syllablesOf(word string) int {
	count, vowel := 0, false
	for _, r := range word {
		now := strings.ContainsRune("aeiouy", r)
		if now && !vowel {
			count++
		}
		vowel = now
	}
	if strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") || strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded") {
		count--
	}
	return max(count, 1)
}
