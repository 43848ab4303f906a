package api

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
)

// signal is the one handler of all signals: the body is the signal's message, the
// answer is the case as it then is. What tells signals apart is in the
// specification, in package certification and in the core, not here.
func (s *server) signal(c *gin.Context) {
	r := requestOf(c)
	message := newMessage(r.operation.signal)
	if message == nil {
		s.refuse(c, certification.NotFound())
		return
	}
	var beside struct {
		Notes map[certification.ReasonCode]string `json:"notes"`
	}
	for _, into := range []any{message, &beside} {
		if err := json.Unmarshal(r.body, into); err != nil {
			s.unreadable(c, err)
			return
		}
	}
	// Key and actor are the header's and the token's, whatever a body says.
	*certification.EnvelopeOf(message) = certification.Envelope{}
	send := cases.Send{CaseID: c.Param("case_id"), Key: c.GetHeader("Idempotency-Key"), Message: message, Notes: beside.Notes}
	if uuid.Validate(r.id) == nil {
		send.RequestID = r.id
	}
	view, err := s.cases.Send(c.Request.Context(), r.actor, send)
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, caseOf(view, r.actor))
}

// newMessage gives an empty message of a signal; nil if there is none.
func newMessage(signal certification.Signal) certification.Message {
	for _, message := range certification.Messages() {
		if message.Signal() == signal {
			return message
		}
	}
	return nil
}
