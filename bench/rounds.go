package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// turn measures one side once.
type turn func(ctx context.Context) (float64, error)

// takeTurns lets sides measure one after the other, round by round (ABAB…), so that
// what the machine does beside it strikes all of them. The first round warms up and
// does not count. It gives the values of each side, by round.
func takeTurns(ctx context.Context, rounds int, sides ...turn) ([][]float64, error) {
	values := make([][]float64, len(sides))
	for round := range rounds + 1 {
		for i, side := range sides {
			value, err := side(ctx)
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", round, err)
			}
			if round > 0 {
				values[i] = append(values[i], value)
			}
		}
	}
	return values, nil
}

// spread is the median of some values, with the least and the greatest.
type spread struct{ median, least, greatest float64 }

func spreadOf(values []float64) spread {
	return spread{percentile(values, 0.5), slices.Min(values), slices.Max(values)}
}

// ratios are the quotients of two sides, round by round.
func ratios(ours, theirs []float64) []float64 {
	quotients := make([]float64, len(ours))
	for i := range ours {
		quotients[i] = ours[i] / theirs[i]
	}
	return quotients
}

// percentile is the value that a share of all do not exceed. There must be one.
func percentile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(0, min(at, len(sorted)-1))]
}

// timed is how long something takes, in seconds.
func timed(do func() error) (float64, error) {
	began := time.Now()
	err := do()
	return time.Since(began).Seconds(), err
}
