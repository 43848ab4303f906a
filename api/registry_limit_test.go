package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/cases"
	"peercert/certification"
)

// counted is a Limits that remembers what it was asked.
type counted struct{ looks int }

func (c *counted) Allow(_ context.Context, what, who string, most int, per time.Duration) error {
	if what != cases.LimitRegistry || who == "" || per != time.Hour {
		return certification.NotFound()
	}
	if c.looks++; c.looks > most {
		refusal := certification.Refused(certification.RefusedTooMany, "Too often.")
		refusal.RetryAfter = time.Minute
		return refusal
	}
	return nil
}

// Whoever asks the API looks into the same register as whoever asks the portal.
func TestLooksIntoTheRegisterAreLimited(t *testing.T) {
	limits := &counted{}
	w := newWorld(t, func(o *api.Options) { o.Limits, o.SearchesAnHour = limits, 2 })
	for i := range 4 {
		answer, err := w.client.Get(t.Context(), "/v1/certificates/PSS-0000-000A")
		require.NoError(t, err)
		if i < 2 {
			assert.Equal(t, http.StatusNotFound, answer.Status)
			continue
		}
		assert.Equal(t, "too-many", answer.Problem())
		assert.Equal(t, "60", answer.Header.Get("Retry-After"))
	}
	assert.Equal(t, 4, limits.looks, "a number that is none is a look, too")
}
