package cases

import (
	"context"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// SignOutEverywhere ends every session of a person that has begun, and revokes their
// tokens. Whoever serves a session asks SessionsFrom.
func (c *Cases) SignOutEverywhere(ctx context.Context, actor certification.Actor) error {
	if err := ofThemselves(actor); err != nil {
		return err
	}
	return failed(c.Store.InTransaction(ctx, func(q *queries.Queries) error { return c.signOut(ctx, q, actor) }), "signing out everywhere")
}

func (c *Cases) signOut(ctx context.Context, q *queries.Queries, actor certification.Actor) error {
	// Sessions go by the real time: the clock of cases may have been moved.
	rows, err := q.EndSessions(ctx, queries.EndSessionsParams{ID: actor.ID, SessionsFrom: time.Now()})
	if err != nil {
		return err
	}
	if rows == 0 {
		return certification.NotFound()
	}
	now := c.now()
	_, err = q.RevokeTokens(ctx, queries.RevokeTokensParams{Role: string(actor.Role), ActorID: actor.ID, RevokedAt: &now})
	return err
}

// SessionsFrom is when the oldest session of a person may have begun, by the real time:
// one that began earlier is over. Zero if they never signed out everywhere; not-found if
// there is no such person. One read by the primary key: cheap enough for every request.
func (c *Cases) SessionsFrom(ctx context.Context, actor certification.Actor) (time.Time, error) {
	if err := ofThemselves(actor); err != nil {
		return time.Time{}, err
	}
	from, err := c.Store.SessionsFrom(ctx, actor.ID)
	if store.None(err) {
		return time.Time{}, certification.NotFound()
	}
	return from, failed(err, "reading since when sessions are valid")
}
