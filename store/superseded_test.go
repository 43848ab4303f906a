package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// during makes a step in the workflow task that began at an instant.
func during(task time.Time) func(*certification.Transition) {
	return func(t *certification.Transition) { t.Task = task }
}

// A workflow task was given up while it wrote, and its successor wrote already: what
// the older one still sends must not replace what the newer one wrote.
func TestATaskThatWasGivenUpIsRefused(t *testing.T) {
	older, newer := noon.Add(time.Second+500), noon.Add(2*time.Second+999)
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo, during(older))
	ghost := *l // the older task goes on from here

	// It wrote first: the newer task is right, and replaces it (the void rule).
	first := ghost
	first.reach("ghost-2", certification.StageApplication, during(older))
	l.reach("video", certification.StageApplication, during(newer))
	l.reach("submit", certification.StageApplicationFee, during(newer)) // more than one step in a task
	for _, late := range []certification.Transition{
		ghost.step("ghost-2", certification.StageApplication, during(older)),
		ghost.step("video", certification.StageApplication, during(older)), // the same message, a little late
		ghost.step("register", certification.StageApplication, during(older)),
	} {
		_, err := l.Commit(t.Context(), late)
		require.ErrorIs(t, err, certification.ErrSuperseded, late.Event.Key)
	}
	require.Equal(t, []string{"submit", "video", "-ghost-2", "register"}, l.events())
	l.atRest()

	// A step whose task has completed is never refused so.
	l.reach("paid", certification.StageApplicationReview)
	require.Equal(t, []string{"paid", "submit", "video", "-ghost-2", "register"}, l.events())
	_, err := l.Commit(t.Context(), ghost.step("ghost-2", certification.StageApplication, during(older)))
	require.ErrorIs(t, err, certification.ErrSuperseded)
}

// A step that finds itself written keeps the older task out as well.
func TestARepeatKeepsOlderTasksOut(t *testing.T) {
	older, newer := noon.Add(time.Second), noon.Add(2*time.Second)
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo, during(older))
	ghost := *l
	ghost.reach("video", certification.StageApplication, during(older))
	l.reach("video", certification.StageApplication, during(newer)) // the same answer
	_, err := l.Commit(t.Context(), ghost.step("ghost-3", certification.StageApplicationFee, during(older)))
	require.ErrorIs(t, err, certification.ErrSuperseded)
	require.Equal(t, []string{"video", "register"}, l.events())
	l.atRest()
}
