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
// was given, the same key with another request is refused. A refusal leaves the key
// open, so that the request can be repeated once what was wrong is put right.
//
// do must itself be safe to repeat: the process may stop between doing and
// answering, and the same request then comes again.
func once[A any](ctx context.Context, c *Cases, actor certification.Actor, key string, request []byte, do func() (A, error)) (A, error) {
	var none, answer A
	scope := string(actor.Role) + ":" + actor.ID
	if _, err := c.store.ClaimKey(ctx, queries.ClaimKeyParams{Actor: scope, Key: key, Digest: request, CreatedAt: c.now()}); err != nil {
		return none, failed(err, "claiming an idempotency key")
	}
	claimed, err := c.store.ReadKey(ctx, queries.ReadKeyParams{Actor: scope, Key: key})
	if err != nil && !store.None(err) {
		return none, failed(err, "reading an idempotency key")
	}
	if !bytes.Equal(claimed.Digest, request) {
		return none, certification.KeyReused()
	}
	if claimed.Answer != nil {
		if err := json.Unmarshal(claimed.Answer, &answer); err != nil {
			return none, fmt.Errorf("decoding a kept answer: %w", err)
		}
		return answer, nil
	}
	if answer, err = do(); err != nil {
		return none, err
	}
	kept, err := json.Marshal(answer)
	if err != nil {
		return none, fmt.Errorf("encoding an answer: %w", err)
	}
	now := c.now()
	if err := c.store.AnswerKey(ctx, queries.AnswerKeyParams{Actor: scope, Key: key, Answer: kept, AnsweredAt: &now}); err != nil {
		return none, failed(err, "keeping an answer")
	}
	return answer, nil
}
