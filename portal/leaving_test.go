package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
)

func TestWithdrawingAsksAgain(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at).Follow("Withdraw your application")
	assert.True(t, b.Says("Fees that you paid are not refunded."), b.Main())
	b.Press("Go on")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Equal(t, []string{"Choose yes or no."}, b.Errors())
	b.Choose("sure", "no").Press("Go on")
	require.Equal(t, at, b.Path())
	seen, err := p.Look(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "application", seen.Stage, "no means no")

	b.Open(at+"/withdraw").Choose("sure", "yes").PressTwice("Go on")
	require.Equal(t, at, b.Path())
	seen, err = p.Reach(t.Context(), certification.StageClosed)
	require.NoError(t, err)
	assert.Equal(t, "closed", seen.Stage)
	for _, page := range []string{"/withdraw", "/surrender", "/appeal", "/training", "/exam", "/renewal", "/certificate"} {
		b.Open(at + page)
		assert.Equal(t, at, b.Path(), "%s of a closed case leads to its home", page)
	}
}

// deniedApplicant is somebody whose application was denied: no diploma.
func deniedApplicant(t *testing.T, place *producttest.Place, language string) producttest.Person {
	t.Helper()
	world := place.World(t)
	p := place.Registered(t, world, language)
	ctx := t.Context()
	require.NoError(t, world.WatchVideos(ctx, p.Person))
	require.NoError(t, p.Apply(ctx))
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	_, err := p.Review(ctx, "decide-application", map[string]any{"decision": "deny", "reasons": []string{"NO_DIPLOMA"}})
	require.NoError(t, err)
	return p
}

func TestAppealOfADenial(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	ctx, p := t.Context(), deniedApplicant(t, place, "en")

	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at + "/withdraw")
	assert.True(t, b.Says("You can still appeal"), b.Main())
	b.Open(at + "/appeal")
	assert.True(t, b.Says("You do not have a high school diploma, or a paper that counts as one.", "Nothing yet", "within 90 days"), b.Main())
	assert.NotContains(t, b.Buttons(), "Send your appeal")
	b.Follow("Write your appeal").Press("Save")
	assert.Equal(t, []string{"Write why we should look at the decision again."}, b.Errors())
	b.Fill("statement", "My answer was right.\nPlease look again.").Press("Save")
	require.Equal(t, at+"/appeal", b.Path())
	assert.True(t, b.Says("My answer was right.", "Please look again."), b.Main())
	b.Follow("Add or change files").Attach("file", "proof.pdf", journey.Paper("Proof")).Press("Save and go on")
	b.Open(at + "/appeal")
	assert.True(t, b.Says("proof.pdf"), b.Main())
	b.Tab().Open(at+"/appeal/statement").Fill("statement", "Written in another window.").Press("Save")
	b.Press("Send your appeal")
	require.Len(t, b.Errors(), 1, b.Main())
	assert.True(t, b.Says("Something was changed in another window.", "Written in another window."), "what is handed in is what was seen: %s", b.Main())
	b.PressTwice("Send your appeal")
	require.Equal(t, at, b.Path())
	seen, err := p.Look(ctx)
	require.NoError(t, err)
	assert.Equal(t, "appeal_review", seen.Stage)
	b.Open(at + "/appeal/statement")
	assert.Equal(t, at, b.Path(), "what was sent cannot be changed")
}

// Whoever begins again keeps what was before: its letters, its history, its receipts.
func TestEarlierCasesStayInReach(t *testing.T) {
	t.Parallel()
	p := owing(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	require.NoError(t, p.Pay(t.Context(), 100_00, certification.StageApplicationReview))
	_, err := p.Signal(t.Context(), "withdraw", map[string]any{})
	require.NoError(t, err)
	_, err = p.Reach(t.Context(), certification.StageClosed)
	require.NoError(t, err)
	b.Open(at)
	assert.NotContains(t, b.Main(), "Your other cases", "there is none")
	b.Press("Start a new application")
	fresh := b.Path()
	require.NotEqual(t, at, fresh)
	assert.True(t, b.Says("Your other cases", p.Number, "You withdrew your application"), b.Main())
	b.Follow(p.Number)
	assert.Equal(t, at, b.Path())
	assert.Contains(t, b.Links(), fresh, "and back to the new one")
	b.Follow("Payments and receipts")
	assert.True(t, b.Says("$100.00", "Paid"), b.Main())
	for _, language := range []string{"en", "es", "ar"} {
		b.Open("/" + language + "/my-data")
		assert.Contains(t, b.Links(), "/"+language+"/cases/"+p.CaseID)
		assert.Contains(t, b.Links(), strings.Replace(fresh, "/en/", "/"+language+"/", 1))
	}
}
