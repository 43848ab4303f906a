package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/bidi"

	"peercert/certification"
)

// Date is a day in Pacific time in words: "Tuesday, March 3, 2026".
func (l *Localizer) Date(at time.Time) string {
	local := at.In(certification.Pacific)
	return l.Say("date.day", map[string]any{
		"Weekday": l.Say("date.weekday_"+strconv.Itoa(int(local.Weekday())), nil),
		"Month":   l.Say("date.month_"+strconv.Itoa(int(local.Month())), nil),
		"Day":     strconv.Itoa(local.Day()),
		"Year":    strconv.Itoa(local.Year()),
	})
}

// Moment is a day and a time: "Tuesday, March 3, 2026, 9:30 a.m. Pacific time".
func (l *Localizer) Moment(at time.Time) string { return l.Say("date.moment", l.parts(at)) }

// Deadline is a due instant standing alone. Deadlines of the programme end their
// day (domain §2.4), and 23:59:59 is nothing people read: "the end of Tuesday,
// March 3, 2026, Pacific time". Other instants are said as Moment does.
func (l *Localizer) Deadline(at time.Time) string {
	if endsDay(at) {
		return l.Say("date.end_of_day", l.parts(at))
	}
	return l.Moment(at)
}

// By is a due instant after a verb: "by the end of Tuesday, March 3, 2026, Pacific
// time". Languages differ in how they join such words, so they are whole phrases.
func (l *Localizer) By(at time.Time) string { return l.phrase("date.by", at) }

// Until is the last instant of a span: "until the end of Tuesday, March 3, 2026,
// Pacific time".
func (l *Localizer) Until(at time.Time) string { return l.phrase("date.until", at) }

// Money is an amount of US dollars in cents: "$1,250.00". People in the United
// States write it this way in every language of ours; where words run from right to
// left it is set apart.
func (l *Localizer) Money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	dollars := strconv.FormatInt(cents/100, 10)
	for i := len(dollars) - 3; i > 0; i -= 3 {
		dollars = dollars[:i] + "," + dollars[i:]
	}
	return l.Apart(fmt.Sprintf("%s$%s.%02d", sign, dollars, cents%100))
}

// Marks of Unicode's bidirectional algorithm (UAX #9), for words that stand between
// words of the other direction. They are not seen, and programs that know nothing of
// them leave them out.
const (
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// Apart sets a value that is not of the language apart from the words around it: a
// number with signs, a name, an address, what somebody wrote. In a language written
// from right to left, "PC-7K3M-92QX." would otherwise be shown in another order, and a
// name in Arabic letters could turn the words after it in the others. Text and HTML may
// both hold the result. Where nothing can go wrong it is the value itself.
func (l *Localizer) Apart(value string) string {
	if value == "" || l.Direction() != "rtl" && strings.IndexFunc(value, rightToLeft) < 0 {
		return value
	}
	// A line of its own ends every isolate.
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		lines[i] = firstStrongIsolate + line + popIsolate
	}
	return strings.Join(lines, "\n")
}

func rightToLeft(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	class := properties.Class()
	return class == bidi.R || class == bidi.AL || class == bidi.AN
}

func (l *Localizer) phrase(key string, at time.Time) string {
	if endsDay(at) {
		return l.Say(key+"_end_of_day", l.parts(at))
	}
	return l.Say(key+"_moment", l.parts(at))
}

func (l *Localizer) parts(at time.Time) map[string]any {
	local := at.In(certification.Pacific)
	half, hour := "am", local.Hour()%12
	if local.Hour() >= 12 {
		half = "pm"
	}
	if hour == 0 {
		hour = 12
	}
	clock := l.Say("date.clock_"+half, map[string]any{
		"Hour": strconv.Itoa(hour), "Minute": fmt.Sprintf("%02d", local.Minute()),
	})
	return map[string]any{"Day": l.Date(at), "Clock": clock}
}

func endsDay(at time.Time) bool {
	hour, minute, second := at.In(certification.Pacific).Clock()
	return hour == 23 && minute == 59 && second == 59
}
