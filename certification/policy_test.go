package certification

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A policy that was pinned before the first training day was one of its numbers goes by
// the day that was the rule then.
func TestTrainingCountsFromTheDayOfThePolicy(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	policy := CurrentPolicy(now)
	policy.TrainingValidYears = 10
	codes := func(policy Policy, completed Date) []string {
		var found []string
		for _, finding := range (TrainingValues{CompletedOn: completed}).Check(policy, now) {
			if finding.Field == "completed_on" {
				found = append(found, finding.Code+": "+finding.Detail)
			}
		}
		return found
	}
	early := []string{"too_early: Training counts from 2022-07-01."}
	require.Equal(t, early, codes(policy, "2022-06-30"))
	require.Empty(t, codes(policy, "2022-07-01"))
	policy.TrainingFrom = ""
	require.Equal(t, early, codes(policy, "2022-06-30"))
	require.Empty(t, codes(policy, "2022-07-01"))
	policy.TrainingFrom = "2019-11-13"
	require.Empty(t, codes(policy, "2022-06-30"))
	require.Equal(t, []string{"too_early: Training counts from 2019-11-13."}, codes(policy, "2019-11-12"))
}

func TestARenewalAheadFallsUnderThePolicyInForce(t *testing.T) {
	now := time.Date(2026, 3, 3, 18, 0, 0, 0, time.UTC)
	for _, rule := range Stages {
		pinned := Policy{Version: "pinned"}
		want := pinned
		if rule.Stage == StageRenewal || rule.Stage == StageExpired {
			want = CurrentPolicy(now)
		}
		require.Equal(t, want, Case{Stage: rule.Stage, Policy: pinned}.PolicyAhead(now), rule.Stage)
	}
}
