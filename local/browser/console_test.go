package browser

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/product"
	"peercert/local/producttest"
	"peercert/workflows"
)

// An administrator finds a case that somebody tried to cancel, sees why it needs them and
// mends it, by keyboard alone; axe finds nothing on any page of the way, on a phone and at
// a desk.
func TestConsoleByKeyboardAndAxe(t *testing.T) {
	// Not beside those who move the clock: a code would be too old when its letter is sent.
	place := running.On(t)
	chromium(t)
	caseID := producttest.CaseID(place.Join(place.Browser(t), "en", producttest.NewEmail()))
	require.NoError(t, place.Parts.Temporal.CancelWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), ""))
	look := func() certification.Case {
		view, err := place.Parts.Cases.Case(t.Context(), product.Administrator, caseID)
		require.NoError(t, err)
		return view.Case
	}
	b := withKeyboard(t, place.Settings.PublicURL, desktop)
	b.Open("/console/sign-in")
	until(t, b, "the attention", func() bool { seen := look(); return seen.NeedsAttention(certification.AttentionCancel) })
	b.Follow("/console/sign-in/begin")
	b.reach("the administrator", func(at focus) bool { return at.Name == "subject" && at.Value == "a-01" })
	b.leave(func() { b.press(kb.Enter) })
	b.Fill("find", look().Number)
	b.Press("/console")
	require.Contains(t, b.Path(), "/console/cases/"+caseID)
	require.Contains(t, b.Says(), "Attention: cancel")
	b.Follow("/signals/retry-step")
	b.Press("/signals/retry-step")
	require.Contains(t, b.Says(), "Done: try again now")
	after := look()
	require.False(t, after.NeedsAttention(certification.AttentionCancel))
	b.Follow("/signals/extend-deadline")
	b.Fill("value", "soon")
	b.Press("/signals/extend-deadline")
	require.True(t, b.Wrong())
	b.Fill("value", "14")
	b.Press("/signals/extend-deadline")
	require.Contains(t, b.Says(), "Done: give more time")

	for _, problem := range b.Problems() {
		require.Contains(t, problem, wrongForm)
	}
	for _, page := range []string{
		"", "?all=yes&stage=application&overdue=yes", "?find=nothing", "/cases/" + caseID, "/cases/" + caseID + "/events",
		"/cases/" + caseID + "/signals/hold", "/cases/" + caseID + "/signals/release-hold", "/cases/nowhere",
	} {
		examine(t, b.Tab, place.Settings.PublicURL+"/console"+page, "the console at "+page, phone, desktop)
	}
	examine(t, tab(t, phone), place.Settings.PublicURL+"/console/sign-in", "the console's sign-in", phone, desktop)
}
