package portal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/producttest"
)

// Who starts again after their case was closed is offered what they sent before.
func TestStartingAgainOffersWhatIsStillGood(t *testing.T) {
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Follow("Go on with your name")
	fillIn(t, b)
	b.Tick("name_matches")
	handInWhenChecked(b)
	require.Equal(t, p.CaseID, slug(b))
	b.Open(at+"/withdraw").Choose("sure", "yes").Press("Go on")
	_, err := p.Reach(t.Context(), certification.StageClosed)
	require.NoError(t, err)

	b.Open(at).Press("Start a new application")
	again := producttest.CaseID(b)
	require.NotEqual(t, p.CaseID, again)
	p.CaseID = again
	moving.Lock()
	err = running.On(t).World(t).WatchVideos(t.Context(), p.Person)
	moving.Unlock()
	require.NoError(t, err)

	b.Open("/en/cases/" + again + "/application/name")
	assert.Equal(t, "Sample", b.Value("legal_last_name"))
	b.Press(goOn).Press(goOn) // the name and the date of birth are as they were
	require.Equal(t, "photo-id", slug(b))
	require.True(t, b.Says("From your earlier application", "id.jpg"), b.Main())
	b.Press("Use id.jpg again")
	require.Equal(t, "photo-id", slug(b))
	assert.False(t, b.Says("From your earlier application"), "it is here now")
	ready(b, "id.jpg")
	b.Press(goOn)
	require.Equal(t, "photo-id-date", slug(b))
	assert.Equal(t, "2044", b.Value("id_expires_on-year"))
}
