package cases

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Authenticate gives the actor of a token.
func (c *Cases) Authenticate(ctx context.Context, token string) (certification.Actor, error) {
	row, err := c.Store.ReadToken(ctx, HashToken(token))
	if store.None(err) || err == nil && (row.RevokedAt != nil || c.now().After(row.ExpiresAt)) {
		return certification.Actor{}, certification.Refused(certification.RefusedUnauthenticated, "This token is not valid, or not any more.")
	}
	if err != nil {
		return certification.Actor{}, failed(err, "reading a token")
	}
	return certification.Actor{Role: certification.Role(row.Role), ID: row.ActorID}, nil
}

// NewToken makes a token for an actor. It is shown once: only its hash is kept.
func (c *Cases) NewToken(ctx context.Context, actor certification.Actor, label string, lifetime time.Duration) (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	token := tokenOf(secret)
	return token, c.addToken(ctx, actor, token, label, c.now().Add(lifetime))
}

func (c *Cases) addToken(ctx context.Context, actor certification.Actor, token, label string, expires time.Time) error {
	return failed(c.Store.AddToken(ctx, queries.AddTokenParams{
		ID: store.NewID(), Hash: HashToken(token), Role: string(actor.Role), ActorID: actor.ID, Label: label,
		CreatedAt: c.now(), ExpiresAt: expires,
	}), "storing a token")
}
