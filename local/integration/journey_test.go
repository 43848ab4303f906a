package integration

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/local/journey"
)

// The story that "make demo" tells: two years, in English and Spanish, with a failed
// exam, a return and a renewal, every letter once. It has a stack to itself, whose clock
// it moves for nobody else.
func TestTheStory(t *testing.T) {
	t.Parallel()
	s := alone(t).scene(t)
	told, err := s.world.Story(t.Context())
	require.NoError(t, err)
	require.Len(t, told.Cases, 3)
	for _, caseID := range told.Cases[:2] {
		assert.Equal(t, 2, s.events(caseID, "exam-result"), "one failed, one passed")
		assert.Equal(t, 4, s.count(`SELECT count(*) FROM payments WHERE case_id = $1 AND status = 'paid'`, caseID), "application, exam, retake, renewal")
		assert.Equal(t, 4, s.count(`SELECT count(*) FROM notices WHERE case_id = $1 AND letter = 'renewal_reminder'`, caseID))
		assert.Zero(t, s.count(`SELECT count(*) FROM notices WHERE case_id = $1 AND sent_at IS NULL`, caseID))
		s.eventually(soon, "the run that it began in to be left", func() error {
			if accepted := s.accepted(caseID); slices.Contains(accepted, "submit-application") {
				return fmt.Errorf("it still has %d updates", len(accepted))
			}
			return nil
		})
	}
}

// The vendor's results come by webhook as well as by file, with the same outcome.
func TestResultsByWebhook(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.trained()
	require.NoError(t, s.world.Exam(t.Context(), journey.Sitting{Cents: 150_00, Webhook: true}, p), "a first sitting, failed")
	require.NoError(t, s.world.Exam(t.Context(), journey.Sitting{Cents: 150_00, Pass: true, Webhook: true}, p))
	assert.Equal(t, 2, s.events(p.CaseID, "exam-result"))
	after, err := p.Look(t.Context())
	require.NoError(t, err)
	require.NotNil(t, after.Certificate)
	assert.Equal(t, 1, after.Certificate.Term)
	assert.Empty(t, s.Exam.Undelivered(), "the product took every webhook")
}

func (s *scene) count(query string, arguments ...any) int {
	s.Helper()
	var count int
	require.NoError(s, s.records.QueryRow(s.Context(), query, arguments...).Scan(&count))
	return count
}
