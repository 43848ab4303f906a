package cases_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/store"
)

func TestSigningOutEverywhere(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p, other := w.made(certification.StageApplication), w.made(certification.StageApplication)
	token, err := w.NewToken(ctx, p.actor, "a session", time.Hour)
	require.NoError(t, err)
	staff, err := w.NewToken(ctx, certification.Actor{Role: certification.RoleReviewer, ID: p.actor.ID}, "the same id, another role", time.Hour)
	require.NoError(t, err)
	kept, err := w.NewToken(ctx, other.actor, "somebody else", time.Hour)
	require.NoError(t, err)

	from, err := w.SessionsFrom(ctx, p.actor)
	require.NoError(t, err)
	began := time.Now()
	require.True(t, from.Before(began), "a new session is valid")

	w.later(365 * 24 * time.Hour) // the clock of cases has no say in it
	w.later(-365 * 24 * time.Hour)
	require.NoError(t, w.SignOutEverywhere(ctx, p.actor))
	from, err = w.process().SessionsFrom(ctx, p.actor)
	require.NoError(t, err)
	require.True(t, began.Before(from), "one that began before is over")
	require.False(t, time.Now().Before(from), "one that begins now is not")

	_, err = w.Authenticate(ctx, token)
	refused(t, certification.RefusedUnauthenticated, err)
	for _, valid := range []string{staff, kept} {
		_, err = w.Authenticate(ctx, valid)
		require.NoError(t, err)
	}
	from, err = w.SessionsFrom(ctx, other.actor)
	require.NoError(t, err)
	require.True(t, from.Before(began))

	nobody := certification.Actor{Role: certification.RoleApplicant, ID: store.NewID()}
	_, err = w.SessionsFrom(ctx, nobody)
	refused(t, certification.RefusedNotFound, err)
	refused(t, certification.RefusedNotFound, w.SignOutEverywhere(ctx, nobody))
	refused(t, certification.RefusedNotAllowed, w.SignOutEverywhere(ctx, reviewer("r")))
}

func TestLimits(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	second := w.process()

	_, failures := atOnce(12, func(i int) (struct{}, error) {
		door := w.Cases
		if i%2 == 1 {
			door = second
		}
		return struct{}{}, door.Allow(ctx, "search", "203.0.113.7", 5, time.Hour)
	})
	allowed := 0
	for _, err := range failures {
		if err == nil {
			allowed++
			continue
		}
		wait := refused(t, certification.RefusedTooMany, err).RetryAfter
		require.Greater(t, wait, 59*time.Minute)
		require.LessOrEqual(t, wait, time.Hour)
	}
	require.Equal(t, 5, allowed, "two processes count together")

	require.NoError(t, w.Allow(ctx, "search", "203.0.113.8", 5, time.Hour), "somebody else")
	require.NoError(t, w.Allow(ctx, "sign-in", "203.0.113.7", 5, time.Hour), "something else")
	for range 3 {
		require.NoError(t, w.Allow(ctx, "search", "203.0.113.7", 0, time.Hour), "no limit")
	}
	require.Zero(t, w.count("FROM limits WHERE position('203.0.113'::bytea in who) > 0"), "nobody is named")

	// The window is over; how often was asked in vain did not make it longer.
	w.exec("UPDATE limits SET ends_at = now() - interval '1 second' WHERE used > 5")
	for range 5 {
		require.NoError(t, w.Allow(ctx, "search", "203.0.113.7", 5, time.Hour))
	}
	refused(t, certification.RefusedTooMany, w.Allow(ctx, "search", "203.0.113.7", 5, time.Hour))

	w.exec("UPDATE limits SET ends_at = now() - interval '1 second'")
	_, err := w.store.ForgetOldRecords(ctx)
	require.NoError(t, err)
	require.Zero(t, w.count("FROM limits"))

	w.records.Down()
	refused(t, certification.RefusedUnavailable, w.Allow(ctx, "search", "203.0.113.7", 5, time.Hour))
}
