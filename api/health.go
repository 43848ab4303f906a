package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// live says that the process answers at all. It asks nobody, so that a part that
// is down does not make an orchestrator kill what would heal.
func (s *server) live(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"live": true})
}

// ready says whether the parts are there that requests need.
func (s *server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 3*time.Second)
	defer cancel()
	type part struct {
		Name   string `json:"name"`
		Ready  bool   `json:"ready"`
		Detail string `json:"detail,omitempty"`
	}
	answer := struct {
		Ready bool   `json:"ready"`
		Parts []part `json:"parts"`
	}{Ready: true, Parts: []part{}}
	for _, p := range s.health.Ready(ctx) {
		answer.Ready = answer.Ready && p.Ready
		answer.Parts = append(answer.Parts, part{p.Name, p.Ready, p.Detail})
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
		c.Header("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(status, answer)
}
