// Package seed peoples a new stack: about thirty made-up people, at least one at
// every stage. Nobody is written into a table. Each lives a life: the clock of the
// machine begins some years back, they register, send real files, pay and are decided
// upon through the product's own door and the simulators, the clock passes every
// reminder on the way, and when it has come to the real time each of them stands where
// their story ends. See docs/decisions/seed-by-living.md.
package seed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"peercert/local/product"
	"peercert/local/stack"
)

// began is how many days before today the clock begins: a little before the first
// registration of all.
const began = issuedLongAgo + 51

// Marker is the file that stands in a stack's folder while lives are being lived. A
// start that finds it begins anew (stack.Options.Unfinished): half a life is of no use.
const Marker = "seeding"

// Live lives all lives on a product on which nothing has happened yet. A line of
// progress goes to out for each half year. It takes half a minute to two, by how busy
// the machine is.
//
// A product that has people already is left as it is. After an error, also that of an
// ended context, Marker stays.
func Live(ctx context.Context, running *stack.Stack, p *product.Product, out io.Writer) error {
	records, err := pgxpool.New(ctx, p.Settings.DatabaseURL)
	if err != nil {
		return errors.New("connecting to the records: the address cannot be read")
	}
	defer records.Close()
	var used bool
	if err := records.QueryRow(ctx, `SELECT EXISTS (SELECT FROM registrations) OR EXISTS (SELECT FROM applicants)`).Scan(&used); err != nil {
		return fmt.Errorf("looking whether anybody is here: %w", err)
	}
	if used {
		return nil
	}

	start := time.Now()
	made := people()
	fmt.Fprintf(out, "Making up %d people, at least one at every stage: they live their lives now, from %s on (half a minute to two, only this once) …\n",
		len(made), start.AddDate(0, 0, -began).Format("January 2006"))
	marker := filepath.Join(running.Dir(), Marker)
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		return fmt.Errorf("noting that people are being made up: %w", err)
	}
	if err := p.Clock.Begin(start.AddDate(0, 0, -began)); err != nil {
		return err
	}
	w := &world{
		timeline: newTimeline(p.Clock, p.Parts.Cases, records), today: start, mailbox: running.Mailbox(), vendor: p.Exam,
		collect: func(ctx context.Context) error {
			schedule := p.Parts.Temporal.ScheduleClient().GetHandle(ctx, "exam-collection")
			if err := schedule.Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
				return fmt.Errorf("looking for the exam vendor's files: %w", err)
			}
			return nil
		},
	}
	lived := make([]*life, 0, len(made))
	lives := make([]func(context.Context) error, 0, len(made))
	for _, person := range made {
		life := &life{world: w, person: person}
		lived = append(lived, life)
		lives = append(lives, func(ctx context.Context) error {
			life.ctx = ctx
			person.story(life)
			return life.err
		})
	}
	said := start.AddDate(0, 0, -began)
	if err := w.run(ctx, lives, func(instant time.Time) {
		if instant.After(said.AddDate(0, 6, 0)) {
			said = instant
			fmt.Fprintf(out, "  … it is %s\n", instant.Format("January 2006"))
		}
	}); err != nil {
		return fmt.Errorf("making up people: %w", err)
	}

	// The rungs between the last step of a life and now, then the real time itself.
	if err := w.advance(ctx, time.Now().Add(-time.Minute)); err != nil {
		return fmt.Errorf("making up people: %w", err)
	}
	if err := p.Clock.Catch(ctx); err != nil {
		return fmt.Errorf("setting the clock to the real time: %w", err)
	}
	if err := w.settle(ctx); err != nil {
		return fmt.Errorf("making up people: %w", err)
	}
	for _, life := range lived {
		view, err := p.Parts.Cases.Case(ctx, administrator, life.caseID)
		if err != nil {
			return fmt.Errorf("looking where %s stands: %w", life.person.id, err)
		}
		if view.Stage != life.ends {
			return fmt.Errorf("making up people: %s stands at %s, and the story leads to %s", life.person.id, view.Stage, life.ends)
		}
	}
	if err := keep(ctx, running, p, lived); err != nil {
		return err
	}
	if err := os.Remove(marker); err != nil {
		return fmt.Errorf("noting that people were made up: %w", err)
	}
	fmt.Fprintf(out, "  They are here, after %.0f s.\n", time.Since(start).Seconds())
	return nil
}
