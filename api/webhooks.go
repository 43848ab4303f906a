package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

// receive hands the raw bytes of a webhook on: a signature is about bytes. The
// sender is answered once they are stored, and tries again after anything else.
func (s *server) receive(store func(ctx context.Context, body []byte, signature string) error, header string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := store(c.Request.Context(), requestOf(c).body, c.GetHeader(header)); err != nil {
			s.refuse(c, err)
			return
		}
		c.Status(http.StatusNoContent)
	}
}
