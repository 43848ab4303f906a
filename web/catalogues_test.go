package web_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/web"
)

func TestPluralsAreSaidRight(t *testing.T) {
	say := func(language string, count int) string {
		return web.Words(language).Say("home.tries.text", map[string]any{"Count": count})
	}
	require.Equal(t, "You have 1 try left.", say("en", 1))
	require.Equal(t, "You have 2 tries left.", say("en", 2))
	require.Equal(t, "Le queda 1 intento.", say("es", 1))
	require.Equal(t, "Le quedan 2 intentos.", say("es", 2))
	for count, said := range map[int]string{
		0: "لم تبقَ لديك أي محاولة.", 1: "بقيت لديك محاولة واحدة.", 2: "بقيت لديك محاولتان.", 3: "بقيت لديك 3 محاولات.",
		11: "بقيت لديك 11 محاولة.", 100: "بقيت لديك 100 محاولة.", 103: "بقيت لديك 103 محاولات.",
	} {
		require.Equal(t, said, say("ar", count))
	}
}

func TestWordsFindTheNearestLanguage(t *testing.T) {
	for asked, found := range map[string]string{
		"en": "en", "es": "es", "es-MX": "es", "ES": "es", "en-GB": "en", "ar-EG": "ar", "tlh": "en", "": "en", "not a tag": "en", "vi": "en",
	} {
		require.Equal(t, found, web.Words(asked).Language(), "asked for %q", asked)
	}
	for tag, written := range map[string]string{"en": "ltr", "es": "ltr", "ar": "rtl"} {
		words := web.Words(tag)
		require.Equal(t, written, words.Direction())
		require.False(t, words.Reviewed(), "no native speaker has reviewed %s", tag)
		require.NotEmpty(t, words.Name())
	}
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

	_, err = words.Find("home.tries.text", map[string]any{})
	require.ErrorContains(t, err, "Count")
	require.Equal(t, "Hola, {{.Code}} %!s(x):", words.Say("letter.greeting", map[string]any{"Name": "{{.Code}} %!s(x)"}))
}

func TestDatesAreSaidInPacificTime(t *testing.T) {
	english, spanish := web.Words("en"), web.Words("es")
	// 02:30 on March 4 in UTC is still March 3 in Los Angeles.
	moment := time.Date(2026, time.March, 4, 2, 30, 0, 0, time.UTC)
	require.Equal(t, "Tuesday, March 3, 2026", english.Date(moment))
	require.Equal(t, "martes, 3 de marzo de 2026", spanish.Date(moment))
	require.Equal(t, "Tuesday, March 3, 2026, 6:30\u00a0p.m. Pacific time", english.Moment(moment))
	require.Equal(t, "martes, 3 de marzo de 2026, 6:30\u00a0p.\u00a0m., hora del Pacífico", spanish.Moment(moment))

	end := certification.EndOfDay(moment)
	require.Equal(t, "the end of Tuesday, March 3, 2026, Pacific time", english.Deadline(end))
	require.Equal(t, "by the end of Tuesday, March 3, 2026, Pacific time", english.By(end))
	require.Equal(t, "until the end of Tuesday, March 3, 2026, Pacific time", english.Until(end))
	require.Equal(t, "el final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.Deadline(end))
	require.Equal(t, "a más tardar al final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.By(end))
	require.Equal(t, "hasta el final del martes, 3 de marzo de 2026, hora del Pacífico", spanish.Until(end))
	require.Equal(t, english.Moment(moment), english.Deadline(moment), "an instant within a day is said with its time")
	require.Equal(t, "by Tuesday, March 3, 2026, 6:30\u00a0p.m. Pacific time", english.By(moment))
	require.Equal(t, "until Tuesday, March 3, 2026, 6:30\u00a0p.m. Pacific time", english.Until(moment))
	require.Equal(t, "a más tardar el martes, 3 de marzo de 2026, 6:30\u00a0p.\u00a0m., hora del Pacífico", spanish.By(moment))
	require.Equal(t, "hasta el martes, 3 de marzo de 2026, 6:30\u00a0p.\u00a0m., hora del Pacífico", spanish.Until(moment))

	arabic := web.Words("ar")
	require.Equal(t, "الثلاثاء، 3\u00a0مارس 2026", arabic.Date(moment))
	require.Equal(t, "الثلاثاء، 3\u00a0مارس 2026، الساعة 6:30\u00a0مساءً بتوقيت المحيط الهادئ", arabic.Moment(moment))
	require.Equal(t, "في موعد أقصاه نهاية يوم الثلاثاء، 3\u00a0مارس 2026، بتوقيت المحيط الهادئ", arabic.By(end))
	require.Equal(t, "حتى نهاية يوم الثلاثاء، 3\u00a0مارس 2026، بتوقيت المحيط الهادئ", arabic.Until(end))

	clock := func(hour, minute int) string {
		return english.Moment(time.Date(2028, time.February, 29, hour, minute, 0, 0, certification.Pacific))
	}
	require.Equal(t, "Tuesday, February 29, 2028, 12:05\u00a0a.m. Pacific time", clock(0, 5))
	require.Equal(t, "Tuesday, February 29, 2028, 12:00\u00a0p.m. Pacific time", clock(12, 0))
	// A summer day is an hour nearer to UTC, and still ends at its own midnight.
	summer := time.Date(2026, time.July, 2, 6, 59, 59, 0, time.UTC)
	require.Equal(t, "the end of Wednesday, July 1, 2026, Pacific time", english.Deadline(summer))
}

func TestEveryDayAndMonthHasAName(t *testing.T) {
	for _, language := range web.Languages() {
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
		require.Equal(t, "\u2068"+written+"\u2069", web.Words("ar").Money(cents))
	}
}

func TestWhatIsOfAnotherDirectionStandsApart(t *testing.T) {
	english, arabic := web.Words("en"), web.Words("ar")
	require.Equal(t, "PC-7K3M-92QX", english.Apart("PC-7K3M-92QX"))
	require.Equal(t, "\u2068PC-7K3M-92QX\u2069", arabic.Apart("PC-7K3M-92QX"))
	require.Equal(t, "\u2068مريم\u2069", english.Apart("مريم"), "a name in Arabic letters, in an English sentence")
	require.Equal(t, "\u2068one\u2069\n\u2068two\u2069", arabic.Apart("one\ntwo"))
	require.Empty(t, arabic.Apart(""))
}
