package web

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Pseudo-languages are English made strange, to look at pages with: no person is
// offered them, and Words finds neither.
const (
	// LongWords is English with letters that have marks, and 40 % longer: what is cut
	// off, overflows or was never put into a catalogue is seen.
	LongWords = "en-x-long"
	// KeysShown says the key of an entry, and its variables, in place of its words.
	KeysShown = "en-x-keys"
)

// Pseudo gives the localizer for a pseudo-language; false if there is no such one.
func Pseudo(tag string) (*Localizer, bool) {
	own, known := pseudoCatalogues()[tag]
	if !known {
		return nil, false
	}
	return &Localizer{own: own, english: catalogues().all[0]}, true
}

// pseudoCatalogues are made of English when first asked for. As with the real ones, a
// mistake here is the programmer's.
var pseudoCatalogues = sync.OnceValue(func() map[string]*catalogue {
	made := map[string]*catalogue{}
	for tag, rewrite := range map[string]func(key, form, sentence string) string{
		LongWords: func(_, _, sentence string) string { return stretch(sentence) },
		KeysShown: showKey,
	} {
		entries := map[string]entry{}
		for key, english := range catalogues().all[0].entries {
			strange := entry{forms: map[string]string{}}
			for form, sentence := range english.forms {
				if !strings.HasPrefix(key, "language.") { // those are read by programs
					sentence = rewrite(key, form, sentence)
				}
				strange.forms[form] = sentence
			}
			entries[key] = strange
		}
		entries["language.name"] = entry{forms: map[string]string{"other": "English (" + strings.TrimPrefix(tag, "en-x-") + ")"}}
		one, err := newCatalogue(language.MustParse(tag), entries)
		if err != nil {
			panic(fmt.Sprintf("web: making the pseudo-language %s: %v", tag, err))
		}
		made[tag] = one
	}
	return made
})

// fixedPart is what a translator leaves as it is: variables, tags and characters
// written as HTML entities.
var (
	fixedPart    = regexp.MustCompile(`\{\{[^}]*\}\}|<[^>]*>|&\w+;`)
	variablePart = regexp.MustCompile(`\{\{[^}]*\}\}`)
)

// stretch makes a sentence 40 % longer: two letters of five stand twice.
func stretch(sentence string) string {
	var out strings.Builder
	marked, letters := []rune(withMarks), 0
	strange := func(part string) {
		for _, r := range part {
			at := strings.IndexRune(withoutMarks, r)
			if at < 0 {
				out.WriteRune(r)
				continue
			}
			out.WriteRune(marked[at])
			if letters%5 == 1 || letters%5 == 3 {
				out.WriteRune(marked[at])
			}
			letters++
		}
	}
	from := 0
	for _, at := range fixedPart.FindAllStringIndex(sentence, -1) {
		strange(sentence[from:at[0]])
		out.WriteString(sentence[at[0]:at[1]])
		from = at[1]
	}
	strange(sentence[from:])
	return out.String()
}

// Each letter has one in the same place of withMarks that looks like it and is not of
// English.
const (
	withoutMarks = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	withMarks    = "áƀçđéƒğĥíĵķłɱñóþɋřšťúṽŵẋýžÁƁÇĐÉƑĞĤÍĴĶŁṀÑÓÞɊŘŠŤÚṼŴẊÝŽ"
)

// showKey names the variables too, so that one sees which entries fill them.
func showKey(key, form, sentence string) string {
	said := []string{key}
	if form != "other" {
		said = append(said, form)
	}
	return "[" + strings.Join(append(said, variablePart.FindAllString(sentence, -1)...), " ") + "]"
}
