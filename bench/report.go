package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// report is what was measured.
type report struct {
	out    io.Writer
	rounds int
	lines  []line
	notes  []string
}

// note adds a sentence below the lines.
func (r *report) note(format string, arguments ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, arguments...))
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

// preamble says what the numbers are.
func (r *report) preamble() {
	fmt.Fprintf(r.out, `
Ratios: the median of %d rounds [least … greatest], the sides taking turns on one
Temporal development server (SQLite), in one namespace. PostgreSQL writes through to
the disk (fsync on), unlike on the stacks of the demonstration and of the tests.

`, r.rounds)
}

// print prints what was measured since it last did.
func (r *report) print() {
	table := tabwriter.NewWriter(r.out, 0, 0, 3, ' ', 0)
	for _, l := range r.lines {
		fmt.Fprintf(table, "  %s\t%.2f %s\t[%.2f … %.2f]\t%s\n", l.says, l.spread.median, l.unit, l.spread.least, l.spread.greatest, l.verdict())
	}
	_ = table.Flush()
	for _, note := range r.notes {
		fmt.Fprintf(r.out, "  %s\n", note)
	}
	r.lines, r.notes = nil, nil
	fmt.Fprintln(r.out)
}
