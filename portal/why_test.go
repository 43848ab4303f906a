package portal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What somebody of ours stops says why, at the home and in the letter; where their code
// has no words, that one can ask.
func TestWhyACaseIsStopped(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := applicant(t, "en")
	world := place.World(t)
	ours := world.Anybody().As(world.Administrator)
	for code, why := range map[string]string{
		"records_check": "We need to check something in our records first.",
		"flood_damage":  "If you want to know why, please ask us.",
	} {
		_, err := p.SignalAs(t.Context(), ours, "hold", map[string]any{"reason": code})
		require.NoError(t, err)
		p.Open("/en/cases/" + p.CaseID)
		assert.True(t, p.Says("Your case is on hold", why), p.Main())
		assert.False(t, p.Says("flood"), "a code is not for people")
		p.Open("/en/cases/"+p.CaseID+"/letters").ReloadUntil("the letter", func() bool { return p.Link("Your case is waiting") != "" })
		p.Follow("Your case is waiting")
		assert.True(t, p.Says(why), p.Main())
		_, err = p.SignalAs(t.Context(), ours, "release-hold", map[string]any{})
		require.NoError(t, err)
	}
}
