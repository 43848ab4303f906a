package console

import (
	"fmt"
	"time"

	"peercert/certification"
)

// stamp is an instant as tables show it, in California's time and with its zone, since an hour comes twice each November; empty for none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(certification.Pacific).Format("Mon Jan 2, 2006, 3:04 PM MST")
}

// apart says how far two instants are apart, in the largest unit that fits.
func apart(from, to time.Time) string {
	passed := to.Sub(from).Abs()
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if count := int(passed / unit.of); count > 0 {
			return plural(count, unit.name)
		}
	}
	return plural(int(passed/time.Second), "second")
}

func plural(count int, name string) string {
	if count == 1 {
		return "1 " + name
	}
	return fmt.Sprintf("%d %ss", count, name)
}

// until says how far an instant lies ahead or back.
func until(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if at.Before(now) {
		return apart(at, now) + " ago"
	}
	return "in " + apart(now, at)
}
