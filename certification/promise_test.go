package certification

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func review(now time.Time) Promise {
	c := Case{Policy: CurrentPolicy(now)}
	return c.PromiseOf(StageApplicationReview, Deadline{}, Deadline{}).Open("p1", now)
}

func rungs(p Promise) (kinds []RungKind) {
	for _, rung := range p.Rungs {
		kinds = append(kinds, rung.Kind)
	}
	return kinds
}

func TestAPromiseLeavesOutRungsThatLieInThePast(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{Policy: CurrentPolicy(now)}
	window := func(endsAt time.Time) Promise {
		return c.PromiseOf(StageExamBooking, Deadline{From: endsAt, Exact: true}, Deadline{}).Open("p1", now)
	}
	require.Equal(t, []RungKind{RungReminder, RungReminder, RungReminder, RungReminder, RungReminder, RungReminder, RungDue}, rungs(window(AddDays(now, 300))))
	require.Equal(t, []RungKind{RungReminder, RungDue}, rungs(window(AddDays(now, 10))))
	require.Equal(t, []RungKind{RungDue}, rungs(window(AddDays(now, -1))), "one that is over is due at once")
	for _, days := range []int{1, 10, 59, 61, 150, 400} {
		p := window(AddDays(now, days))
		for i, rung := range p.Rungs {
			require.True(t, rung.At.After(now))
			require.False(t, rung.At.After(p.DueAt))
			require.True(t, i == 0 || !rung.At.Before(p.Rungs[i-1].At), "in order")
		}
	}
}

func TestClimbNeverForgetsAPromise(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	p := review(now)
	require.Equal(t, []RungKind{RungEscalation, RungDue}, rungs(p))
	require.Equal(t, RungEscalation, p.Climb(p.Rungs[0].At).Kind)
	require.False(t, p.Overdue)
	due := p.Climb(p.Rungs[0].At)
	require.Equal(t, Rung{At: p.DueAt, Kind: RungDue, Letter: LetterReviewLate}, due)
	require.True(t, p.Overdue)
	for day := range 10 {
		require.Equal(t, p.DueAt.Add(time.Duration(day+1)*24*time.Hour), p.Rungs[0].At, "daily")
		require.Equal(t, RungOverdue, p.Climb(p.Rungs[0].At).Kind)
	}
}

func TestClimbAfterTimeWasLost(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{Policy: CurrentPolicy(now)}
	draft := c.PromiseOf(StageApplication, Deadline{}, Deadline{}).Open("p1", now)
	late := draft
	require.Equal(t, draft.Rungs[1], late.Climb(AddDays(now, 20)), "of two reminders that are late, the later")
	require.Equal(t, []RungKind{RungReminder, RungDue}, rungs(late))

	late = draft
	require.Equal(t, RungDue, late.Climb(AddDays(now, 999)).Kind, "the due instant is not passed over")
	require.True(t, late.Rungs[0].At.After(AddDays(now, 999)), "one more a day, and not one for every day that was lost")

	r := review(now)
	require.Equal(t, RungDue, r.Climb(r.DueAt.Add(30*24*time.Hour)).Kind)
	next := r.Rungs[0].At
	require.True(t, next.After(r.DueAt.Add(30*24*time.Hour)) && !next.After(r.DueAt.Add(31*24*time.Hour)))

	first := draft.Rungs[0]
	require.Equal(t, first, draft.Climb(first.At.Add(-time.Second)), "a timer is believed, also one a moment early")
}

func TestAClockThatStopsGoesOnWithTheDaysLeft(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	for _, test := range []struct {
		stopped, away, due int // days
	}{{0, 0, 14}, {13, 20, 34}, {3, 3, 17}, {16, 10, 24}} {
		p := review(now)
		stop := AddDays(now, test.stopped)
		for !p.Rungs[0].At.After(stop) {
			p.Climb(stop)
		}
		p.StoppedAt = stop
		require.False(t, p.Running())
		require.Equal(t, test.away, p.Resume(AddDays(stop, test.away)))
		require.True(t, p.Running())
		require.Equal(t, EndOfDay(AddDays(now, test.due)), p.DueAt, "%+v", test)
		require.NotEmpty(t, p.Rungs)
		require.Equal(t, test.stopped > 14, p.Overdue)
	}
}

func TestMove(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	p := review(now)
	p.Move(7, now)
	require.Equal(t, pacific(2026, 3, 23, 23, 59, 59), p.DueAt)
	require.Equal(t, []RungKind{RungEscalation, RungDue}, rungs(p))

	overdue := review(now)
	at := AddDays(now, 20)
	for !overdue.Rungs[0].At.After(at) {
		overdue.Climb(at)
	}
	again := overdue
	again.Move(14, at)
	require.False(t, again.Overdue)
	require.Equal(t, []Rung{{At: again.DueAt, Kind: RungDue, Letter: LetterReviewLate}}, again.Rungs, "who is late again says so again")
	still := overdue
	still.Move(1, at)
	require.True(t, still.Overdue)
	require.Equal(t, []RungKind{RungOverdue}, rungs(still))
	require.True(t, still.Rungs[0].At.After(at))
}

func TestNextIsTheEarliestOfThoseWhoseClockRuns(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	first, second, stopped := review(now), review(now), review(now)
	first.ID, second.ID, stopped.ID = "first", "second", "stopped"
	second.Since = now.Add(time.Minute)
	stopped.StoppedAt = now
	stopped.Rungs[0].At = now
	require.Nil(t, Next(nil))
	require.Nil(t, Next([]Promise{stopped}))
	require.Equal(t, "first", Next([]Promise{stopped, second, first}).ID, "of two at one instant the older")
	first.Rungs[0].At = first.Rungs[0].At.Add(time.Second)
	require.Equal(t, "second", Next([]Promise{stopped, second, first}).ID)
}
