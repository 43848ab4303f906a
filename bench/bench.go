// Package bench measures what the product costs over the platform that it stands
// on. Every result is a ratio, of two sides that take turns in one run on one
// stack: absolute times belong to a machine, ratios to the code. The baseline is
// in package baseline; what the numbers say is in docs/benchmarks.md.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Options say how to measure.
type Options struct {
	// Rounds that count; at least 7, so that a median means something.
	Rounds int
	// Profile is a folder for CPU profiles of the product's turns, which exists;
	// empty for none. Driver, API and worker share the process that is profiled.
	Profile string
	// Only names the measures to take: "decision", "crowd", "journey", "events"; none
	// is all of them.
	Only []string
	Out  io.Writer
}

// Run starts a stack of its own, measures, and prints ratios with their aims. An
// aim that is missed is printed and is no error: the machine may be busy.
func Run(ctx context.Context, options Options) error {
	if options.Rounds < 7 {
		return errors.New("a median of fewer than 7 rounds says too little")
	}
	w, err := startWorld(ctx, options.Out)
	if err != nil {
		return err
	}
	defer w.close()
	w.profile = options.Profile

	r := &report{out: options.Out, rounds: options.Rounds}
	r.preamble()
	for _, measure := range []struct {
		name string
		says string
		take func(context.Context, *world, *report) error
	}{
		{"decision", "One reviewer decides, and a bare update beside it", decisions},
		{"crowd", fmt.Sprintf("%d reviewers decide at once", deciders), crowds},
		{"journey", "Whole journeys, from registration to certified", journeys},
		{"events", "One certification with a return and a failed exam", certificationEvents},
	} {
		if len(options.Only) > 0 && !slices.Contains(options.Only, measure.name) {
			continue
		}
		fmt.Fprintf(options.Out, "%s\n", measure.says)
		if err := measure.take(ctx, w, r); err != nil {
			return fmt.Errorf("%s: %w", measure.says, err)
		}
		if again := w.unavailable.Swap(0); again > 0 {
			r.note("%d answers of the API were 503 and were repeated with the same key; the wait counts.", again)
		}
		r.print()
	}
	return nil
}
