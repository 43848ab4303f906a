package store

import (
	"context"
	"fmt"
	"time"

	"peercert/store/queries"
)

// Sessions keeps the sessions of the portal and the console, for a session manager such as scs: it has
// the methods of scs.CtxStore. A token comes hashed already (scs.SessionManager.
// HashTokenInStore), so that whoever reads the table is signed in nowhere. A session
// that has expired is as good as gone; ForgetOldRecords deletes it. One that was ended
// stays ended: a manager writes every session that it read back when it answers, and a
// request that began before somebody signed out may end after.
type Sessions struct{ store *Store }

// NewSessions gives the sessions in the records.
func NewSessions(s *Store) *Sessions { return &Sessions{s} }

// FindCtx gives what a session holds; false if there is none, or not any more.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, err := s.store.FindSession(ctx, token)
	if None(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading a session: %w", err)
	}
	return data, true, nil
}

// CommitCtx keeps what a session holds until it expires; nothing of one that was ended.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	if err := s.store.WriteSession(ctx, queries.WriteSessionParams{Token: token, Data: data, ExpiresAt: expires}); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session; one that there is not is nothing wrong.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if err := s.store.EndSession(ctx, token); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// Find is FindCtx for a caller without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for a caller without a context.
func (s *Sessions) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete is DeleteCtx for a caller without a context.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
