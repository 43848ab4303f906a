package worker

import (
	"context"
	"log/slog"

	"peercert/certification"
	"peercert/store"
)

// records writes transitions and leaves a line in the log for each: which case took
// which step, and the request that asked for it, under whose id the API logged it too.
type records struct{ *store.Store }

// Commit implements activities.Records.
func (r records) Commit(ctx context.Context, transition certification.Transition) (certification.Settled, error) {
	settled, err := r.Store.Commit(ctx, transition)
	if err != nil {
		return settled, err
	}
	event := transition.Event
	attributes := []slog.Attr{
		slog.String("case_id", transition.Case.ID), slog.Int("revision", transition.Case.Revision),
		slog.String("step", event.What()), slog.String("from", string(event.From)), slog.String("to", string(event.To)),
		slog.String("actor_role", string(event.Actor.Role)),
	}
	if event.RequestID != "" {
		attributes = append(attributes, slog.String("request_id", event.RequestID))
	}
	said := "a step was recorded"
	switch {
	case settled.Refused != nil:
		said = "a step was refused by the records"
	case settled.Repeated:
		said = "a step had been recorded long ago"
	}
	slog.LogAttrs(ctx, slog.LevelInfo, said, attributes...)
	return settled, nil
}
