package web

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"peercert/web/reading"
)

// everySentence goes through all languages. English is the entry that a translation
// is compared with.
func everySentence(t *testing.T, check func(t *testing.T, where string, c *catalogue, key, form, sentence string, english entry)) {
	t.Helper()
	library := catalogues()
	for _, c := range library.all {
		for _, key := range slices.Sorted(maps.Keys(c.entries)) {
			for form, sentence := range c.entries[key].forms {
				check(t, fmt.Sprintf("%s %s (%s)", c.tag, key, form), c, key, form, sentence, library.all[0].entries[key])
			}
		}
	}
}

func TestEveryLanguageHasTheKeysOfEnglish(t *testing.T) {
	english := slices.Sorted(maps.Keys(catalogues().all[0].entries))
	for _, c := range catalogues().all {
		var lacks, alone []string
		for _, key := range english {
			if _, known := c.entries[key]; !known {
				lacks = append(lacks, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(c.entries)) {
			if _, known := slices.BinarySearch(english, key); !known {
				alone = append(alone, key)
			}
		}
		if slices.Contains(complete, c.tag.String()) {
			assert.Empty(t, lacks, "%s lacks words", c.tag)
		}
		assert.Empty(t, alone, "%s has words that English lacks", c.tag)
	}
}

// complete are the languages that must say everything. Another that is begun may lack
// words: it is not offered until it says nearly all.
var complete = []string{"en", "es", "ar"}

func TestCompleteLanguagesAreOffered(t *testing.T) {
	require.Subset(t, Languages(), complete)
	require.Equal(t, "en", Languages()[0])
}

var keyShape = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+|\.[A-Z][A-Z0-9_]+|-[a-z0-9]+)+$`)

func TestKeysAreLowerCaseWithDots(t *testing.T) {
	for key := range catalogues().all[0].entries {
		assert.Regexp(t, keyShape, key)
	}
}

func variablesIn(sentence string) []string {
	found := variablePart.FindAllString(sentence, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestTranslationsHaveTheSameVariables(t *testing.T) {
	everySentence(t, func(t *testing.T, where string, _ *catalogue, key, form, sentence string, english entry) {
		for _, variable := range variablesIn(sentence) {
			assert.Regexp(t, `^\{\{\.[A-Z]\w*\}\}$`, variable, "%s has an action that is no variable", where)
		}
		assert.NotRegexp(t, `[{}]`, variablePart.ReplaceAllString(sentence, ""), "%s", where)
		here, there := variablesIn(sentence), variablesIn(english.forms["other"])
		if slices.Contains([]string{"zero", "one", "two"}, form) { // which may say the number in words
			count := func(variable string) bool { return variable == "{{.Count}}" }
			here, there = slices.DeleteFunc(here, count), slices.DeleteFunc(there, count)
		}
		assert.Equal(t, strings.Join(there, " "), strings.Join(here, " "), "the variables of %s", where)
	})
}

// tag is a tag that an entry may hold, with the attributes it may have. Addresses
// are variables.
var (
	tag     = regexp.MustCompile(`<[^>]*>`)
	allowed = regexp.MustCompile(`^<(a href="(\{\{\.[A-Z]\w*\}\}|mailto:\{\{\.[A-Z]\w*\}\})"( (lang|hreflang)="[a-z-]+")*|/a|strong|/strong|em|/em|br|bdi( dir="ltr")?|/bdi|abbr title="[^"<>]+"|/abbr)>$`)
	title   = regexp.MustCompile(` title="[^"]*"`) // is said in the language
)

func tagsIn(sentence string) []string {
	found := tag.FindAllString(sentence, -1)
	for i := range found {
		found[i] = title.ReplaceAllString(found[i], "")
	}
	return found
}

func TestTagsAreFewAndTheSameInEveryLanguage(t *testing.T) {
	everySentence(t, func(t *testing.T, where string, _ *catalogue, _, _, sentence string, english entry) {
		var open []string
		for _, found := range tag.FindAllString(sentence, -1) {
			require.Regexp(t, allowed, found, "a tag of %s", where)
			name := strings.Trim(strings.Fields(found)[0], "<>")
			switch {
			case name == "br":
			case strings.HasPrefix(name, "/"):
				require.NotEmpty(t, open, "%s closes what is not open", where)
				require.Equal(t, open[len(open)-1], name[1:], "%s closes another tag than it opened", where)
				open = open[:len(open)-1]
			default:
				open = append(open, name)
			}
		}
		require.Empty(t, open, "%s leaves a tag open", where)
		require.NotRegexp(t, `[<>]`, tag.ReplaceAllString(sentence, ""), "%s", where)
		here, there := tagsIn(sentence), tagsIn(english.forms["other"])
		slices.Sort(here) // a language may have another order
		slices.Sort(there)
		require.Equal(t, there, here, "the tags of %s", where)
	})
}

// formsOf are the plural forms that a language has for whole numbers.
func formsOf(t *testing.T, tag language.Tag) []string {
	t.Helper()
	forms := map[string]string{}
	for _, form := range pluralForms {
		forms[form] = form
	}
	probe, err := newCatalogue(tag, map[string]entry{"probe": {forms: forms}})
	require.NoError(t, err)
	found := map[string]bool{}
	for count := range 202 {
		for _, number := range []int{count, count * 1000, count * 1_000_000} {
			form, err := probe.find("probe", map[string]any{"Count": number})
			require.NoError(t, err)
			found[form] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestPluralFormsAreThoseOfTheLanguage(t *testing.T) {
	assert.Equal(t, []string{"one", "other"}, formsOf(t, language.English))
	assert.Len(t, formsOf(t, language.Arabic), 6)
	for _, c := range catalogues().all {
		forms := formsOf(t, c.tag)
		for key, entry := range c.entries {
			english, known := catalogues().all[0].entries[key]
			if known && len(english.forms) > 1 {
				assert.Equal(t, forms, slices.Sorted(maps.Keys(entry.forms)), "the plural forms of %s in %s", key, c.tag)
				continue
			}
			assert.Len(t, entry.forms, 1, "%s has plural forms in %s and none in English", key, c.tag)
		}
	}
}

// A variable that a translator meets is explained: at the entry, or in the table of
// README.md where it means the same everywhere.
func TestTranslatorsAreToldWhatVariablesHold(t *testing.T) {
	readme, err := os.ReadFile("catalogues/README.md")
	require.NoError(t, err)
	explained := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `.*$").FindAllString(string(readme), -1) {
		names, _, _ := strings.Cut(row[1:], "|")
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(names, -1) {
			explained["{{."+name[1]+"}}"] = true
		}
	}
	assert.True(t, explained["{{.DueBy}}"])
	english := catalogues().all[0].entries
	for _, key := range slices.Sorted(maps.Keys(english)) {
		if english[key].description != "" {
			continue
		}
		for _, variable := range variablesIn(english[key].forms["other"]) {
			assert.True(t, explained[variable], "%s needs a description: what does %s hold?", key, variable)
		}
	}
}

func TestMarksAreTypographic(t *testing.T) {
	arabic := regexp.MustCompile(`\p{Arabic}`)
	everySentence(t, func(t *testing.T, where string, c *catalogue, _, _, sentence string, _ entry) {
		plain := fixedPart.ReplaceAllStringFunc(sentence, func(part string) string {
			if strings.HasPrefix(part, "<") {
				return ""
			}
			return "X"
		})
		assert.Equal(t, strings.TrimSpace(sentence), sentence, "%s has space around it", where)
		assert.NotRegexp(t, `  |\n|\t`, sentence, "%s", where)
		assert.NotRegexp(t, `['"]`, plain, "%s has a mark of the typewriter: write ’ “ ”", where)
		assert.NotContains(t, plain, "...", "%s: write …", where)
		assert.NotRegexp(t, `\s[.,;:!?،؛؟](\s|$)`, plain, "%s has space before a mark", where)
		assert.NotRegexp(t, `[\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]`, sentence, "%s has a mark of direction", where)
		switch c.tag.String() {
		case "es":
			assert.Equal(t, strings.Count(plain, "?"), strings.Count(plain, "¿"), "%s", where)
			assert.Equal(t, strings.Count(plain, "!"), strings.Count(plain, "¡"), "%s", where)
		case "ar":
			assert.NotRegexp(t, `[\x{0660}-\x{0669}\x{06F0}-\x{06F9}]`, sentence, "%s has digits of another kind than forms and cards here", where)
			if arabic.MatchString(sentence) {
				assert.NotRegexp(t, `[,;?]`, plain, "%s has a mark of Latin writing", where)
			}
		}
	})
}

// forPrograms are entries that programs read.
var forPrograms = map[string]bool{"language.direction": true, "language.reviewed": true}

// sameWords are words that a language shares with English.
var sameWords = map[string]bool{
	"es form.error (other)": true, "es application.answer.diploma (other)": true, "es documents.kilobytes (other)": true, "es documents.megabytes (other)": true,
	"es eligibility.experience.no (other)": true, "es privacy.cookie_heading (other)": true, "es retention.record_diploma (other)": true,
}

func TestNothingIsLeftInEnglish(t *testing.T) {
	word := regexp.MustCompile(`\pL{2,}`)
	everySentence(t, func(t *testing.T, where string, c *catalogue, key, form, sentence string, english entry) {
		if c.tag == language.English || forPrograms[key] || sameWords[where] || english.forms[form] != sentence {
			return
		}
		assert.NotRegexp(t, word, fixedPart.ReplaceAllString(sentence, ""), "%s is the English words", where)
	})
}

func TestArabicIsInArabicLetters(t *testing.T) {
	c := Words("ar").own
	assert.Equal(t, "ar", c.tag.String())
	for key, entry := range c.entries {
		if forPrograms[key] {
			continue
		}
		for _, sentence := range entry.forms {
			latin, arabic := 0, 0
			for _, r := range fixedPart.ReplaceAllString(sentence, "") {
				switch {
				case unicode.Is(unicode.Latin, r):
					latin++
				case unicode.Is(unicode.Arabic, r):
					arabic++
				}
			}
			assert.GreaterOrEqual(t, arabic, latin, "%s", key)
		}
	}
}

// A sentence of few words has no grade that means anything: "Registration history" is
// not of grade 20. Short entries are measured with the others of their area.
const fewestWords = 12

func TestEnglishIsEasyToRead(t *testing.T) {
	const grade, longest = 8.0, 22
	areas := map[string]*strings.Builder{}
	for key, entry := range catalogues().all[0].entries {
		area, _, _ := strings.Cut(key, ".")
		if areas[area] == nil {
			areas[area] = &strings.Builder{}
		}
		for _, sentence := range entry.forms {
			text := tag.ReplaceAllString(strings.ReplaceAll(sentence, "<br>", "\n"), "")
			text = variablePart.ReplaceAllString(text, "May")
			areas[area].WriteString(text + "\n")
			if len(strings.Fields(text)) < fewestWords {
				continue
			}
			assert.LessOrEqual(t, reading.Grade(text), grade, "%s: %s", key, sentence)
			for _, one := range reading.Sentences(text) {
				assert.LessOrEqual(t, len(strings.Fields(one)), longest, "%s has a long sentence: %s", key, one)
			}
		}
	}
	for area, text := range areas {
		if len(strings.Fields(text.String())) >= 60 {
			assert.LessOrEqual(t, reading.Grade(text.String()), grade, "all of %s", area)
		}
	}
}

func TestPseudoLanguagesAreForLookingOnly(t *testing.T) {
	for _, tag := range []string{LongWords, KeysShown} {
		words, known := Pseudo(tag)
		require.True(t, known)
		require.Equal(t, tag, words.Language())
		require.Equal(t, "ltr", words.Direction())
		require.NotContains(t, Languages(), tag)
		require.Equal(t, "en", Words(tag).Language(), "people cannot ask for it")
	}
	_, known := Pseudo("en")
	require.False(t, known)
}

func TestKeysShownShowsKeysAndTheirVariables(t *testing.T) {
	words, _ := Pseudo(KeysShown)
	require.Equal(t, "[letter.open_case]", words.Say("letter.open_case", nil))
	require.Equal(t, "[letter.why Board PC-1]", words.Say("letter.why", map[string]any{"Operator": "Board", "CaseNumber": "PC-1"}))
	require.Equal(t, "[home.tries.text one 1]", words.Say("home.tries.text", map[string]any{"Count": 1}))
}

func TestLongWordsAreLongerAndOtherwiseTheSame(t *testing.T) {
	words, _ := Pseudo(LongWords)
	require.Equal(t, "Ýóóúřř <a href=\"{{.To}}\">", stretch("Your <a href=\"{{.To}}\">"))
	for key, english := range catalogues().all[0].entries {
		if strings.HasPrefix(key, "language.") {
			continue
		}
		for form, sentence := range english.forms {
			long := words.own.entries[key].forms[form]
			require.Equal(t, variablePart.FindAllString(sentence, -1), variablePart.FindAllString(long, -1), key)
			require.Equal(t, tag.FindAllString(sentence, -1), tag.FindAllString(long, -1), key)
			letters := func(text string) (count int) {
				for _, r := range fixedPart.ReplaceAllString(text, "") {
					if unicode.IsLetter(r) {
						count++
					}
				}
				return count
			}
			require.InDelta(t, float64(letters(sentence))*1.4, letters(long), 1, key)
		}
	}
}

func TestACatalogueThatIsNoneIsNamed(t *testing.T) {
	self := `"language.name": "X", "language.direction": "ltr", "language.reviewed": "no"`
	for said, files := range map[string]fstest.MapFS{
		"the key a.b is there twice, first in one.json": {"en/one.json": {Data: []byte(`{` + self + `, "a.b": "x"}`)}, "en/two.json": {Data: []byte(`{"a.b": "y"}`)}},
		"the key a.c is there twice":                    {"en/one.json": {Data: []byte(`{` + self + `, "a.c": "x", "a.c": "x"}`)}},
		"one is there twice":                            {"en/one.json": {Data: []byte(`{"a.b": {"one": "x", "one": "y", "other": "z"}}`)}},
		"ones is no plural form":                        {"en/one.json": {Data: []byte(`{"a.b": {"ones": "x", "other": "y"}}`)}},
		`the form "other" is missing`:                   {"en/one.json": {Data: []byte(`{"a.b": {"one": "x"}}`)}},
		"other is no text":                              {"en/one.json": {Data: []byte(`{"a.b": {"other": 1}}`)}},
		"it is no JSON object":                          {"en/one.json": {Data: []byte(`["a"]`)}},
		"something stands after the end":                {"en/one.json": {Data: []byte(`{` + self + `} {}`)}},
		"does not say its language.direction":           {"en/one.json": {Data: []byte(`{` + strings.Replace(self, "ltr", "up", 1) + `}`)}},
		"does not say its language.reviewed":            {"en/one.json": {Data: []byte(`{` + strings.Replace(self, "no\"", "maybe\"", 1) + `}`)}},
		"the folder zh_hans is not named":               {"en/one.json": {Data: []byte(`{` + self + `}`)}, "zh_hans/one.json": {Data: []byte(`{}`)}},
		"there is no English":                           {"es/one.json": {Data: []byte(`{` + self + `}`)}},
	} {
		_, err := readLibrary(files)
		require.ErrorContains(t, err, said)
	}
}

func TestALanguageIsOfferedWhenItSaysNearlyAll(t *testing.T) {
	files := fstest.MapFS{}
	write := func(tag string, keys int) {
		var entries strings.Builder
		fmt.Fprintf(&entries, `{"language.name": %q, "language.direction": "ltr", "language.reviewed": "no"`, tag)
		for i := range keys {
			fmt.Fprintf(&entries, `, "a.k%d": "x"`, i)
		}
		files[tag+"/shared.json"] = &fstest.MapFile{Data: []byte(entries.String() + "}")}
	}
	write("en", 97)
	write("ko", 92) // 95 of 100 with the three about itself
	write("vi", 91)
	library, err := readLibrary(files)
	require.NoError(t, err)
	require.Equal(t, []string{"en", "ko"}, library.offered)
	require.Len(t, library.all, 3)
}
