package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// once does something under a key: the same key and request gives the answer that
// was given, the same key with another request is refused. A refusal binds the key to
// its request and keeps no answer, so that the request can be repeated once what was
// wrong is put right.
//
// Nothing is locked while do runs: it may take seconds, and a lock would hold a
// connection as long. So do must be safe to repeat, and to run twice at the same
// time: the process may also stop between doing and answering. Of two answers the
// first stands, for both. See onceHere for what is not safe to repeat.
func once[A any](ctx context.Context, c *Cases, actor certification.Actor, key string, request []byte, do func() (A, error)) (A, error) {
	var none A
	claimed, answer, answered, err := bind[A](ctx, c, actor, key, request)
	if answered || err != nil {
		return answer, err
	}
	if answer, err = do(); err != nil {
		return none, err
	}
	return keep(ctx, c, c.Store.Queries, claimed, answer)
}

// bind claims a key for a request and gives the answer that is kept under it, if there is
// one.
func bind[A any](ctx context.Context, c *Cases, actor certification.Actor, key string, request []byte) (claimed claimedKey, answer A, answered bool, err error) {
	claimed, first, err := c.claim(ctx, c.Store.Queries, actor, key, request)
	if first || err != nil {
		return claimed, answer, false, err
	}
	kept, err := c.Store.ReadKey(ctx, queries.ReadKeyParams(claimed))
	if err != nil {
		return claimed, answer, false, failed(err, "reading an idempotency key")
	}
	answer, answered, err = answerKept[A](kept.Digest, kept.Answer, request)
	return claimed, answer, answered, err
}

// onceHere is once for what happens in the records alone: it is done and answered in
// one transaction, exactly once, and whoever asks the same at the same time waits.
func onceHere[A any](ctx context.Context, c *Cases, actor certification.Actor, key string, request []byte, do func(q *queries.Queries) (A, error)) (A, error) {
	var answer A
	claimed, _, err := c.claim(ctx, c.Store.Queries, actor, key, request)
	if err != nil {
		return answer, err
	}
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		kept, err := q.LockKey(ctx, queries.LockKeyParams(claimed))
		if err != nil {
			return failed(err, "locking an idempotency key")
		}
		var answered bool
		if answer, answered, err = answerKept[A](kept.Digest, kept.Answer, request); answered || err != nil {
			return err
		}
		if answer, err = do(q); err != nil {
			return err
		}
		answer, err = keep(ctx, c, q, claimed, answer)
		return err
	})
	if err != nil {
		var none A
		return none, failed(err, "doing something once")
	}
	return answer, nil
}

// claimedKey is a key of an actor, as the queries take it.
type claimedKey struct{ Actor, Key string }

func keyOf(actor certification.Actor, key string) claimedKey {
	return claimedKey{Actor: string(actor.Role) + ":" + actor.ID, Key: key}
}

// claim binds a key to a request, and is the first to, unless it is bound already.
func (c *Cases) claim(ctx context.Context, q *queries.Queries, actor certification.Actor, key string, request []byte) (claimed claimedKey, first bool, err error) {
	claimed = keyOf(actor, key)
	rows, err := q.ClaimKey(ctx, queries.ClaimKeyParams{Actor: claimed.Actor, Key: key, Digest: request, CreatedAt: c.now()})
	return claimed, rows > 0, failed(err, "claiming an idempotency key")
}

// answerKept gives the answer that is kept under a key, if there is one.
func answerKept[A any](bound, kept, request []byte) (answer A, answered bool, err error) {
	if !bytes.Equal(bound, request) {
		return answer, false, certification.KeyReused()
	}
	if kept == nil {
		return answer, false, nil
	}
	if json.Unmarshal(kept, &answer) != nil {
		return answer, false, fmt.Errorf("a kept answer cannot be decoded as %T", answer) // the cause would quote it
	}
	return answer, true, nil
}

// keep keeps an answer under its key, and gives the one that stands.
func keep[A any](ctx context.Context, c *Cases, q *queries.Queries, claimed claimedKey, answer A) (A, error) {
	var none A
	encoded, err := json.Marshal(answer)
	if err != nil {
		return none, fmt.Errorf("encoding an answer: %w", err)
	}
	stands, err := q.AnswerKey(ctx, queries.AnswerKeyParams{Actor: claimed.Actor, Key: claimed.Key, Answer: encoded, At: c.now()})
	if store.None(err) {
		return answer, nil // forgotten meanwhile: a month has passed
	}
	if err != nil {
		return none, failed(err, "keeping an answer")
	}
	// Also the first time it is the decoded one: then a repeat cannot differ from it.
	if json.Unmarshal(stands, &none) != nil {
		return none, fmt.Errorf("a kept answer cannot be decoded as %T", answer)
	}
	return none, nil
}
