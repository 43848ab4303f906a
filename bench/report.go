package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"peercert/bench/baseline"
)

// report is what was measured.
type report struct {
	out         io.Writer
	rounds      int
	lines       []line
	unavailable int64         // answers of 503, repeated
	journey     baseline.Plan // what a journey of the product has
	events      eventCount
}

// line is one ratio.
type line struct {
	says   string
	spread spread
	unit   string
	aim    float64 // 0 where a line only explains another
	atMost bool
}

func (r *report) atMost(says, unit string, values []float64, aim float64) {
	r.lines = append(r.lines, line{says: says, unit: unit, spread: spreadOf(values), aim: aim, atMost: true})
}

func (r *report) atLeast(says, unit string, values []float64, aim float64) {
	r.lines = append(r.lines, line{says: says, unit: unit, spread: spreadOf(values), aim: aim})
}

// beside adds a line without an aim.
func (r *report) beside(says, unit string, values []float64) {
	r.lines = append(r.lines, line{says: says, unit: unit, spread: spreadOf(values)})
}

// verdict says whether an aim is met, by the median.
func (l line) verdict() string {
	if l.aim == 0 {
		return ""
	}
	sign, met := "≥", l.spread.median >= l.aim
	if l.atMost {
		sign, met = "≤", l.spread.median <= l.aim
	}
	if met {
		return fmt.Sprintf("aim %s %.4g: met", sign, l.aim)
	}
	return fmt.Sprintf("aim %s %.4g: MISSED", sign, l.aim)
}

func (r *report) print() {
	fmt.Fprintf(r.out, `
Ratios: the median of %d rounds [least … greatest], the sides taking turns on one
Temporal development server (SQLite), in one namespace. PostgreSQL writes through to
the disk (fsync on), unlike on the stacks of the demonstration and of the tests.

`, r.rounds)
	table := tabwriter.NewWriter(r.out, 0, 0, 3, ' ', 0)
	for _, l := range r.lines {
		fmt.Fprintf(table, "%s\t%.2f %s\t[%.2f … %.2f]\t%s\n", l.says, l.spread.median, l.unit, l.spread.least, l.spread.greatest, l.verdict())
	}
	_ = table.Flush()
	if r.unavailable > 0 {
		fmt.Fprintf(r.out, "\n%d answers of the API were 503 and were repeated with the same key; the wait counts.\n", r.unavailable)
	}
	if r.journey.Updates > 0 {
		fmt.Fprintf(r.out, "\nA journey has %d messages (updates and signals), and %d letters, payment pages and authorizations.\n",
			r.journey.Updates, r.journey.Errands)
	}
	if r.events.Total() > 0 {
		r.events.print(r.out)
	}
}
