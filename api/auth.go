package api

import (
	"context"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"peercert/certification"
)

// longestToken bounds what is looked up.
const longestToken = 512

// admit lets a request of the specification in: who sends it, whether that role
// may, whether it is in the described form. In this order, so that nobody learns
// anything about an address that is not theirs to call.
func (s *server) admit(c *gin.Context) {
	o := s.operations[c.Request.Method+" "+c.FullPath()]
	if o == nil {
		c.Next()
		return
	}
	r := requestOf(c)
	r.operation = o
	if o.public {
		if !o.webhook && !s.limit.allow(s.machine(c.Request)) {
			s.refuse(c, certification.TooMany(s.limit.wait()))
			return
		}
	} else {
		actor, err := s.authenticate(c)
		if err != nil {
			s.refuse(c, err)
			return
		}
		r.actor = actor
		if !slices.Contains(o.roles, actor.Role) {
			s.refuse(c, certification.Refused(certification.RefusedNotAllowed, "This is not for the role "+string(actor.Role)+"."))
			return
		}
	}
	if !o.streams {
		ctx, cancel := context.WithTimeout(c.Request.Context(), jsonTime)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
	}
	if err := s.checkRequest(c, o); err != nil {
		s.refuse(c, err)
		return
	}
	c.Next()
}

// authenticate finds the actor of the bearer token. Whatever is wrong with a
// token, the answer is the same.
func (s *server) authenticate(c *gin.Context) (certification.Actor, error) {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > longestToken {
		return certification.Actor{}, unauthenticated()
	}
	actor, err := s.tokens.Authenticate(c.Request.Context(), token)
	if refusal, ok := certification.RefusalOf(err); ok && refusal.Type == certification.RefusedUnauthenticated {
		return certification.Actor{}, unauthenticated()
	}
	return actor, err
}

func unauthenticated() error {
	return certification.Refused(certification.RefusedUnauthenticated, "Send Authorization: Bearer with a token that is valid.")
}

// staff says whether an actor is one of ours, who must say why they read.
func staff(actor certification.Actor) bool { return actor.Role != certification.RoleApplicant }
