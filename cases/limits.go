package cases

import (
	"context"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// LimitRegistry is what looks into the public register are counted as (see Allow).
const LimitRegistry = "registry"

// Allow counts a use of something, such as "sign-in", by somebody: the address of a
// machine or an id. The use after the most that a window takes is refused with too-many
// and how long the window is still open; a window begins with its first use. All
// processes count together, by PostgreSQL's own clock. Who it was is stored as a keyed
// hash, until the window is over. most of 0 or less allows everything.
func (c *Cases) Allow(ctx context.Context, what, who string, most int, per time.Duration) error {
	return c.allow(ctx, c.Store.Queries, what, who, most, per)
}

func (c *Cases) allow(ctx context.Context, q *queries.Queries, what, who string, most int, per time.Duration) error {
	if most <= 0 {
		return nil
	}
	used, err := q.CountUse(ctx, queries.CountUseParams{Who: c.derive("limit:"+what, who), Seconds: per.Seconds()})
	if err != nil {
		return failed(err, "counting how often %s was asked for", what)
	}
	if used.Used > most {
		// Of two at once the second began a moment before the window that it found.
		left := min(per, time.Duration(used.SecondsLeft*float64(time.Second)))
		return certification.TooMany(max(time.Second, left))
	}
	return nil
}
