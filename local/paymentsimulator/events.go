package paymentsimulator

import (
	"encoding/json"
	"time"
)

// eventLife is how long List Events reaches back.
const eventLife = 30 * 24 * time.Hour

// happened records an event with the object as it is now, and plans its delivery.
func (s *Simulator) happened(kind string, about object) {
	made := &event{ID: newID("evt"), Created: s.options.Now().Unix(), Type: kind, Object: answerObject(0, about).Body}
	s.state.Events.add(made)
	s.plan(made)
}

func (s *Simulator) getEvent(c *call) (object, error) {
	found, ok := s.state.Events.get(c.path("event"))
	if !ok || !s.remembered(found) {
		return nil, absent("event", c.path("event"), "id")
	}
	return eventObject(found), nil
}

func (s *Simulator) listEvents(c *call) (object, error) {
	if _, err := c.form.expansion(); err != nil {
		return nil, err
	}
	return listed(c, &s.state.Events, "/v1/events", func(row *event) bool {
		return same(c.form.text("type"), row.Type) && s.remembered(row)
	}, eventObject)
}

func (s *Simulator) remembered(row *event) bool {
	return s.options.Now().Sub(utc(row.Created)) < eventLife
}

func eventObject(row *event) object {
	return object{
		"id": row.ID, "object": "event", "api_version": Version, "created": row.Created,
		"data": object{"object": json.RawMessage(row.Object)}, "livemode": false, "pending_webhooks": 1,
		"request": object{"id": nil, "idempotency_key": nil}, "type": row.Type,
	}
}
