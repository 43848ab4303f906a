package portal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A form that is sent after its sender was signed out is given back to them, and to
// nobody else, once they have signed in again.
func TestAFormThatCameLateIsGivenBack(t *testing.T) {
	p := applicant(t, "en")
	place := running.On(t)
	b, name := p.Browser, "/en/cases/"+p.CaseID+"/application/name"
	stranger := applicant(t, "en")

	late := func() {
		t.Helper()
		b.Open(name).Fill("legal_first_name", "Guadalupe").Fill("legal_last_name", "O’Neill-García")
		b.Tab().Open("/en/home").Press("Sign out")
		b.Press(goOn)
		require.Equal(t, "/en/sign-in", b.Path())
		moving.Lock()
		defer moving.Unlock()
		require.NoError(t, place.World(t).Advance(t.Context(), 61*time.Second)) // one code a minute
	}

	late()
	place.SignIn(b, "en", p.Email)
	require.True(t, b.Says("What you sent is still here"), b.Main())
	b.Press("Send it now").Open(name)
	assert.Equal(t, "O’Neill-García", b.Value("legal_last_name"))

	late()
	place.SignIn(b, "en", stranger.Email)
	assert.False(t, b.Says("What you sent"), b.Main())
	b.Open("/en/held")
	assert.False(t, b.Says("What you sent"), "it was for its owner")
}
