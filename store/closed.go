package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// ErrNotClosed is a case whose workflow still writes its steps.
var ErrNotClosed = errors.New("the case is not closed")

// CommitClosed writes a step of a case that is closed and has no workflow any more. Two at
// once are written one after the other; the same key twice is written once. The letters of
// the step are left to the relay, since no workflow sends them.
func (s *Store) CommitClosed(ctx context.Context, caseID string, step func(certification.Case) certification.Transition) error {
	err := s.InTransaction(ctx, func(q *queries.Queries) error {
		if _, err := lockCase(ctx, q, caseID); err != nil {
			return err
		}
		row, err := q.ReadCase(ctx, caseID)
		if err != nil {
			return err
		}
		var closed certification.Case
		if err := json.Unmarshal(row.Snapshot, &closed); err != nil {
			return fmt.Errorf("decoding the snapshot: %w", err)
		}
		if closed.Stage != certification.StageClosed {
			return ErrNotClosed
		}
		transition := step(closed)
		transition.Case.Revision = closed.Revision + 1
		settled, err := s.commit(ctx, q, transition)
		if err != nil {
			return err
		}
		for _, id := range settled.NoticeIDs {
			if _, err := leaveLetter(ctx, q, id, settled.At); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing to the closed case %s: %w", caseID, err)
	}
	return nil
}

// LeaveLetter leaves a letter of a closed case to the relay: no workflow sends it any more.
// What the case was sent from outside and has not recorded is left to the relay with it. It
// says false if the relay has the letter already.
func (s *Store) LeaveLetter(ctx context.Context, caseID, noticeID string) (left bool, err error) {
	err = s.InTransaction(ctx, func(q *queries.Queries) error {
		now := s.now()
		var err error
		if left, err = leaveLetter(ctx, q, noticeID, now); err != nil || !left {
			return err
		}
		return q.SendAgain(ctx, queries.SendAgainParams{CaseID: &caseID, Revision: math.MaxInt32, At: now})
	})
	if err != nil {
		return false, fmt.Errorf("leaving letter %s to the relay: %w", noticeID, err)
	}
	return left, nil
}

func leaveLetter(ctx context.Context, q *queries.Queries, noticeID string, at time.Time) (bool, error) {
	payload, err := json.Marshal(map[string]string{"notice_id": noticeID})
	if err != nil {
		return false, fmt.Errorf("encoding a letter to send: %w", err)
	}
	rows, err := q.Receive(ctx, queries.ReceiveParams{
		Source: SourceSteps, ExternalID: KindLetter + ":" + noticeID, Kind: KindLetter, Payload: payload, ReceivedAt: at,
	})
	return rows > 0, err
}
