package portal_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The clock moves on as the film runs, so it is not parallel.
func TestVideoCountsAsItsTimePasses(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	phone, caseID, email := joined(t, place, "en")
	pause(t, place)
	library := place.SignIn(place.Browser(t), "es", email)
	at := "/en/cases/" + caseID

	chapters := place.Parts.Film.Chapters
	phone.Open(at).Follow("Watch the video")
	assert.True(t, phone.Says("You have watched 0 of 5 chapters."), phone.Main())
	assert.NotContains(t, phone.Buttons(), "Go on to the application")
	answer := phone.Ask(http.MethodPost, at+"/video", nil, nil)
	assert.Equal(t, at+"/video", answer.Header.Get("Location"), "what was not watched cannot be finished")

	phone.Follow("Begin with the first chapter")
	first := at + "/video/" + chapters[0].ID
	require.Equal(t, first, phone.Path())
	assert.Contains(t, string(phone.Body), `<track kind="captions" srclang="es"`)
	phone.Press("I watched this chapter")
	assert.Equal(t, http.StatusUnprocessableEntity, phone.Status())
	require.Len(t, phone.Errors(), 1)
	assert.Regexp(t, `^This chapter can count in \d+ seconds\. Press the button again then\.$`, phone.Errors()[0])
	assert.Contains(t, phone.Buttons(), "I watched this chapter", "it can be pressed again")

	half := time.Duration(chapters[0].Seconds) * time.Second / 2
	require.NoError(t, world.Advance(t.Context(), half))
	phone.Open(first) // coming back begins nothing anew
	library.Open(strings.Replace(first, "/en/", "/es/", 1))
	require.NoError(t, world.Advance(t.Context(), half+time.Second))
	library.PressTwice(strings.Replace(first, "/en/", "/es/", 1))
	assert.Equal(t, "/es/cases/"+caseID+"/video/"+chapters[1].ID, library.Path(), "the list leads on: %s", library.Main())
	phone.Open(at + "/video")
	assert.True(t, phone.Says("You have watched 1 of 5 chapters.", "Watched"), "the same on every device: "+phone.Main())
	phone.Open(first)
	assert.True(t, phone.Says("You have watched this chapter."))

	// Two chapters opened at once count one after another, and the page says when.
	phone.Open(at + "/video/" + chapters[1].ID)
	second := at + "/video/" + chapters[2].ID
	phone.Open(second)
	require.NoError(t, world.Advance(t.Context(), time.Duration(chapters[1].Seconds+1)*time.Second))
	phone.Open(at + "/video/" + chapters[1].ID).Press("I watched this chapter")
	phone.Open(second)
	if left := chapters[1].Seconds + chapters[2].Seconds - chapters[1].Seconds - 1; left > 1 {
		phone.Press("I watched this chapter")
		require.Len(t, phone.Errors(), 1)
		said := regexp.MustCompile(`in (\d+) seconds`).FindStringSubmatch(phone.Errors()[0])
		require.Len(t, said, 2, phone.Errors()[0])
		count, err := strconv.Atoi(said[1])
		require.NoError(t, err)
		require.NoError(t, world.Advance(t.Context(), time.Duration(count)*time.Second))
		phone.Press("I watched this chapter")
		require.NotEqual(t, second, phone.Path(), "what the page said is so: %s", phone.Main())
	}

	for _, chapter := range chapters[3:] {
		phone.Open(at + "/video").Follow("Go on watching")
		require.Equal(t, at+"/video/"+chapter.ID, phone.Path())
		require.NoError(t, world.Advance(t.Context(), time.Duration(chapter.Seconds+1)*time.Second))
		phone.Press("I watched this chapter")
	}
	require.Equal(t, at+"/video", phone.Path(), "after the last one, the list")
	phone.PressTwice("Go on to the application")
	assert.Equal(t, at+"/application", phone.Path())

	phone.Open(at + "/video")
	assert.NotContains(t, phone.Buttons(), "Go on to the application")
	phone.Open(first)
	assert.Equal(t, http.StatusOK, phone.Status(), "it can be watched again")
	phone.Open(at + "/video/nothing")
	assert.Equal(t, http.StatusNotFound, phone.Status())
}
