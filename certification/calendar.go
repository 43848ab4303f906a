package certification

import (
	"fmt"
	"time"
	_ "time/tzdata" // the calendar must not depend on what a machine has installed
)

// Pacific is the time zone of every deadline (domain §2.4).
var Pacific = func() *time.Location {
	location, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(fmt.Sprintf("the embedded time zone data lacks America/Los_Angeles: %v", err))
	}
	return location
}()

// EndOfDay is 23:59:59 in Los Angeles on the day of an instant (domain §2.4).
func EndOfDay(at time.Time) time.Time {
	year, month, day := at.In(Pacific).Date()
	return time.Date(year, month, day, 23, 59, 59, 0, Pacific).UTC()
}

// AddDays moves an instant by calendar days in Los Angeles: the clock on the wall
// stays, also across daylight saving.
func AddDays(at time.Time, days int) time.Time {
	local := at.In(Pacific)
	year, month, day := local.Date()
	return time.Date(year, month, day+days, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), Pacific).UTC()
}

// AddMonths moves an instant by calendar months in Los Angeles. A day that the
// month does not have becomes its last: 31 August and six months is 28 February;
// two years after 29 February is 28 February.
func AddMonths(at time.Time, months int) time.Time {
	local := at.In(Pacific)
	year, month, day := local.Date()
	first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, Pacific)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, Pacific).Day()
	return time.Date(first.Year(), first.Month(), min(day, last), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), Pacific).UTC()
}

// DaysBetween counts the calendar days in Los Angeles from one instant to another.
func DaysBetween(from, to time.Time) int {
	date := func(at time.Time) time.Time {
		year, month, day := at.In(Pacific).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int(date(to).Sub(date(from)) / (24 * time.Hour))
}

// Deadline is a rule for an instant. It is turned into one where the calendar may
// be asked: never in workflow code.
type Deadline struct {
	// From is what the rest counts from; zero is the moment of the transition.
	From time.Time `json:"from,omitzero"`
	// Months and Days are calendar months and days in Los Angeles, and may be negative.
	Months int `json:"months,omitempty"`
	Days   int `json:"days,omitempty"`
	// Since is an instant of before; the calendar days from there to the transition are
	// added. Zero adds none.
	Since time.Time `json:"since,omitzero"`
	// Exact keeps the time of day; otherwise the deadline ends its day at 23:59:59.
	Exact bool `json:"exact,omitempty"`
	// NotBefore is the earliest instant that it can be; zero is none.
	NotBefore time.Time `json:"not_before,omitzero"`
}

// At is the instant of a deadline, for a transition made at now.
func (d Deadline) At(now time.Time) time.Time {
	from := d.From
	if from.IsZero() {
		from = now
	}
	days := d.Days
	if !d.Since.IsZero() {
		days += DaysBetween(d.Since, now)
	}
	at := AddDays(AddMonths(from, d.Months), days)
	if !d.Exact {
		at = EndOfDay(at)
	}
	return later(at, d.NotBefore)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
