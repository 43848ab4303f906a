package web_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/web"
)

// complete are the languages that must say everything.
var complete = []string{"en", "es"}

// forms are the sentences of one key by their CLDR form.
func readForms(t *testing.T, language string) map[string]map[string]string {
	t.Helper()
	entries := map[string]any{}
	names, err := filepath.Glob(filepath.Join("catalogues", language, "*.json"))
	require.NoError(t, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &entries))
	}
	read := map[string]map[string]string{}
	for key, entry := range entries {
		read[key] = map[string]string{}
		switch entry := entry.(type) {
		case string:
			read[key]["other"] = entry
		case map[string]any:
			for form, sentence := range entry {
				if form != "description" {
					read[key][form] = sentence.(string)
				}
			}
		}
	}
	return read
}

var variable = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func variables(sentence string) []string {
	var found []string
	for _, match := range variable.FindAllStringSubmatch(sentence, -1) {
		found = append(found, match[1])
	}
	sort.Strings(found)
	return slices.Compact(found)
}

func TestCataloguesHaveEqualKeysAndVariables(t *testing.T) {
	english := readForms(t, "en")
	for _, language := range web.Languages() {
		other := readForms(t, language)
		for key, forms := range other {
			require.Contains(t, english, key, "%s has a key that English lacks", language)
			for form, sentence := range forms {
				require.NotEmpty(t, strings.TrimSpace(sentence), "%s %s %s", language, key, form)
				require.Equal(t, variables(english[key]["other"]), variables(sentence), "variables of %s %s %s", language, key, form)
				require.NotContains(t, variable.ReplaceAllString(sentence, ""), "{", "%s %s has an action that is no variable", language, key)
			}
			if slices.Contains(complete, language) { // others, such as Japanese, may have one form for every count
				require.Equal(t, len(english[key]) > 1, len(forms) > 1, "only one of the languages has plural forms of %s", key)
			}
		}
		if slices.Contains(complete, language) {
			for key := range english {
				require.Contains(t, other, key, "%s lacks a key", language)
			}
		}
	}
}

func TestEveryPluralFormIsThere(t *testing.T) {
	for _, language := range web.Languages() {
		words := web.Words(language)
		for key, forms := range readForms(t, language) {
			if len(forms) == 1 {
				continue
			}
			for _, count := range []int{0, 1, 2, 3, 5, 11, 21, 100, 101, 1000, 1_000_000} {
				values := map[string]any{"Count": count}
				for _, name := range variables(forms["other"]) {
					if name != "Count" {
						values[name] = "x"
					}
				}
				_, err := words.Find(key, values)
				require.NoError(t, err, "%s for %d", key, count)
			}
		}
	}
}

func TestPluralsAreSaidRight(t *testing.T) {
	say := func(language string, count int) string {
		return web.Words(language).Say("letter.results_not_passed.body_3", map[string]any{"Count": count})
	}
	require.Equal(t, "You have 1 more try.", say("en", 1))
	require.Equal(t, "You have 2 more tries.", say("en", 2))
	require.Equal(t, "Le queda 1 intento.", say("es", 1))
	require.Equal(t, "Le quedan 2 intentos.", say("es", 2))
}

func TestWordsFindTheNearestLanguage(t *testing.T) {
	for asked, found := range map[string]string{
		"en": "en", "es": "es", "es-MX": "es", "ES": "es", "en-GB": "en", "tlh": "en", "": "en", "not a tag": "en", "vi": "en",
	} {
		require.Equal(t, found, web.Words(asked).Language(), "asked for %q", asked)
	}
	require.Equal(t, "ltr", web.Words("es").Direction())
}

func TestWhatCannotBeSaidIsAnErrorAndSeen(t *testing.T) {
	words := web.Words("es")

	_, err := words.Find("no.such.key", nil)
	require.ErrorIs(t, err, web.ErrNoWords)
	require.Equal(t, "⟦no.such.key⟧", words.Say("no.such.key", nil))

	_, err = words.Find("letter.greeting", nil)
	require.Error(t, err, "a variable is missing")
	require.NotErrorIs(t, err, web.ErrNoWords)
	require.Equal(t, "⟦letter.greeting⟧", words.Say("letter.greeting", map[string]any{"Other": "x"}))

	_, err = words.Find("letter.results_not_passed.body_3", map[string]any{})
	require.ErrorContains(t, err, "Count")
	require.Equal(t, "Hola, {{.Code}} %!s(x):", words.Say("letter.greeting", map[string]any{"Name": "{{.Code}} %!s(x)"}))
}

func TestDatesAreSaidInPacificTime(t *testing.T) {
	english, spanish := web.Words("en"), web.Words("es")
	// 02:30 on March 4 in UTC is still March 3 in Los Angeles.
	moment := time.Date(2026, time.March, 4, 2, 30, 0, 0, time.UTC)
	require.Equal(t, "Tuesday, March 3, 2026", english.Date(moment))
	require.Equal(t, "martes, 3 de marzo de 2026", spanish.Date(moment))
	require.Equal(t, "Tuesday, March 3, 2026, 6:30 p.m. Pacific time", english.Moment(moment))
	require.Equal(t, "martes, 3 de marzo de 2026, 6:30 p. m., hora del Pacífico", spanish.Moment(moment))

	end := certification.EndOfDay(moment)
	require.Equal(t, "the end of Tuesday, March 3, 2026, Pacific time", english.Deadline(end))
	require.Equal(t, "by the end of Tuesday, March 3, 2026, Pacific time", english.By(end))
	require.Equal(t, "until the end of Tuesday, March 3, 2026, Pacific time", english.Until(end))
	require.Equal(t, "el final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.Deadline(end))
	require.Equal(t, "a más tardar al final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.By(end))
	require.Equal(t, "hasta el final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.Until(end))
	require.Equal(t, english.Moment(moment), english.Deadline(moment), "an instant within a day is said with its time")
	require.Equal(t, "by Tuesday, March 3, 2026, 6:30 p.m. Pacific time", english.By(moment))
	require.Equal(t, "until Tuesday, March 3, 2026, 6:30 p.m. Pacific time", english.Until(moment))
	require.Equal(t, "a más tardar el martes, 3 de marzo de 2026, 6:30 p. m., hora del Pacífico", spanish.By(moment))
	require.Equal(t, "hasta el martes, 3 de marzo de 2026, 6:30 p. m., hora del Pacífico", spanish.Until(moment))

	clock := func(hour, minute int) string {
		return english.Moment(time.Date(2028, time.February, 29, hour, minute, 0, 0, certification.Pacific))
	}
	require.Equal(t, "Tuesday, February 29, 2028, 12:05 a.m. Pacific time", clock(0, 5))
	require.Equal(t, "Tuesday, February 29, 2028, 12:00 p.m. Pacific time", clock(12, 0))
	// A summer day is an hour nearer to UTC, and still ends at its own midnight.
	summer := time.Date(2026, time.July, 2, 6, 59, 59, 0, time.UTC)
	require.Equal(t, "the end of Wednesday, July 1, 2026, Pacific time", english.Deadline(summer))
}

func TestEveryDayAndMonthHasAName(t *testing.T) {
	for _, language := range complete {
		words := web.Words(language)
		for day := range 366 {
			at := time.Date(2028, time.January, 1+day, 12, 0, 0, 0, certification.Pacific)
			require.NotContains(t, words.Date(at), "⟦")
		}
	}
}

func TestMoneyIsWrittenAsInTheUnitedStates(t *testing.T) {
	for cents, written := range map[int64]string{
		0: "$0.00", 5: "$0.05", 100_00: "$100.00", 999_99: "$999.99", 1000_00: "$1,000.00", 1234567_89: "$1,234,567.89", -80_00: "-$80.00",
	} {
		require.Equal(t, written, web.Words("en").Money(cents))
		require.Equal(t, written, web.Words("es").Money(cents))
	}
}
