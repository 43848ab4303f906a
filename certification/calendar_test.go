package certification

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func pacific(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, Pacific).UTC()
}

func TestTheDayEndsInLosAngeles(t *testing.T) {
	for name, test := range map[string]struct{ at, end time.Time }{
		"morning":                {pacific(2026, 3, 2, 9, 0, 0), pacific(2026, 3, 2, 23, 59, 59)},
		"last second":            {pacific(2026, 3, 2, 23, 59, 59), pacific(2026, 3, 2, 23, 59, 59)},
		"midnight":               {pacific(2026, 3, 3, 0, 0, 0), pacific(2026, 3, 3, 23, 59, 59)},
		"tomorrow in UTC":        {time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC), pacific(2026, 3, 2, 23, 59, 59)},
		"clocks go forward":      {pacific(2026, 3, 8, 1, 0, 0), time.Date(2026, 3, 9, 6, 59, 59, 0, time.UTC)},
		"clocks go back":         {pacific(2026, 11, 1, 0, 30, 0), time.Date(2026, 11, 2, 7, 59, 59, 0, time.UTC)},
		"leap day":               {pacific(2028, 2, 29, 12, 0, 0), pacific(2028, 2, 29, 23, 59, 59)},
		"last evening of a year": {pacific(2026, 12, 31, 22, 0, 0), pacific(2026, 12, 31, 23, 59, 59)},
	} {
		require.Equal(t, test.end, EndOfDay(test.at), name)
	}
}

func TestAddMonthsKeepsTheDayWhereItCan(t *testing.T) {
	for _, test := range []struct {
		from   time.Time
		months int
		to     time.Time
	}{
		{pacific(2026, 3, 2, 9, 0, 0), 12, pacific(2027, 3, 2, 9, 0, 0)},
		{pacific(2028, 2, 29, 9, 0, 0), 24, pacific(2030, 2, 28, 9, 0, 0)},
		{pacific(2028, 2, 29, 9, 0, 0), 48, pacific(2032, 2, 29, 9, 0, 0)},
		{pacific(2026, 2, 28, 9, 0, 0), 24, pacific(2028, 2, 28, 9, 0, 0)},
		{pacific(2026, 8, 31, 9, 0, 0), 6, pacific(2027, 2, 28, 9, 0, 0)},
		{pacific(2026, 12, 15, 9, 0, 0), 1, pacific(2027, 1, 15, 9, 0, 0)},
		{pacific(2026, 1, 31, 9, 0, 0), -2, pacific(2025, 11, 30, 9, 0, 0)},
		{pacific(2026, 1, 15, 9, 0, 0), 6, pacific(2026, 7, 15, 9, 0, 0)}, // across daylight saving the wall clock stays
	} {
		require.Equal(t, test.to, AddMonths(test.from, test.months), "%s and %d months", test.from, test.months)
	}
}

func TestDaysAreCountedOnTheWall(t *testing.T) {
	before := pacific(2026, 3, 7, 12, 0, 0) // the day before clocks go forward
	after := AddDays(before, 2)
	require.Equal(t, pacific(2026, 3, 9, 12, 0, 0), after)
	require.Equal(t, 47*time.Hour, after.Sub(before))
	require.Equal(t, 2, DaysBetween(before, after))
	require.Equal(t, -2, DaysBetween(after, before))
	require.Equal(t, 1, DaysBetween(pacific(2026, 3, 2, 23, 59, 59), pacific(2026, 3, 3, 0, 0, 0)), "a minute over midnight is a day")
	require.Equal(t, 0, DaysBetween(pacific(2026, 3, 2, 0, 0, 0), pacific(2026, 3, 2, 23, 59, 59)))
	for year := 2024; year < 2060; year++ {
		from := pacific(year, 2, 27, 3, 30, 0)
		for days := range 400 {
			require.Equal(t, days, DaysBetween(from, AddDays(from, days)))
		}
	}
}

func TestADeadline(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 30, 0)
	expiry := pacific(2028, 2, 29, 23, 59, 59)
	require.Equal(t, pacific(2026, 3, 16, 23, 59, 59), Deadline{Days: 14}.At(now))
	require.Equal(t, pacific(2027, 3, 2, 23, 59, 59), Deadline{Months: 12}.At(now))
	require.Equal(t, pacific(2030, 2, 28, 23, 59, 59), Deadline{From: expiry, Months: 24}.At(now))
	require.Equal(t, pacific(2027, 12, 1, 23, 59, 59), Deadline{From: expiry, Days: -90, Exact: true}.At(now))
	require.Equal(t, expiry, Deadline{From: expiry, Exact: true}.At(now))
}
