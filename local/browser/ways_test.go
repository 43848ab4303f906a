package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/gallery"
	"peercert/local/journey"
	"peercert/local/producttest"
)

// step is one that was gone through the API, before a walk begins.
type step func(context.Context, *journey.World, *journey.Person) error

func watched(ctx context.Context, world *journey.World, p *journey.Person) error {
	return world.WatchVideos(ctx, p)
}

func applied(ctx context.Context, _ *journey.World, p *journey.Person) error { return p.Apply(ctx) }

func paid(ctx context.Context, _ *journey.World, p *journey.Person) error {
	return p.Pay(ctx, 100_00, certification.StageApplicationReview)
}

func denied(ctx context.Context, _ *journey.World, p *journey.Person) error {
	_, err := p.Review(ctx, "decide-application", map[string]any{"decision": "deny", "reasons": []string{"NO_DIPLOMA"}})
	return err
}

// joins goes some steps through the API, and then signs in. They are at the home of
// their case.
func (l *life) joins(steps ...step) {
	l.Helper()
	p := l.world.NewPerson("Robin", "Sample", l.language)
	require.NoError(l, p.Register(l.Context()))
	for _, step := range steps {
		require.NoError(l, step(l.Context(), l.world, p))
	}
	l.email, l.others = p.Email, p
	l.at = l.home("/cases/" + p.CaseID)
	l.signsInAgain()
}

// signsInAgain signs in later than a minute after the last code was mailed: there is
// one code a minute. Who has an account is led home.
func (l *life) signsInAgain() {
	l.Helper()
	require.NoError(l, l.world.Advance(l.Context(), 2*time.Minute))
	l.Open(l.home("/sign-in"))
	l.confirms()
	require.Equal(l, l.at, l.Path())
}

// appeals against a denial, in writing and with a file, and is right.
func (l *life) appeals() {
	l.Helper()
	const said = "My diploma was in the second file. Please look again."
	l.Follow("/appeal")
	l.Follow("/appeal/statement")
	l.Press("/appeal/statement")
	require.True(l, l.Wrong(), "an appeal says why")
	l.Fill("statement", said)
	l.Press("/appeal/statement")
	require.Equal(l, l.at+"/appeal", l.Path())
	l.Follow("/documents/appeal_evidence")
	l.Attach("file", "proof.pdf", journey.Paper("High school diploma, both pages"))
	l.Press("/documents/appeal_evidence")
	l.Open(l.at + "/appeal")
	require.Contains(l, l.Says(), said)
	require.Contains(l, l.Says(), "proof.pdf")
	l.handsIn(l.at + "/appeal")
	l.reaches(certification.StageAppealReview)
	other := l.world.Anybody().As(l.world.Reviewer2) // who did not decide before
	_, err := l.others.SignalAs(l.Context(), other, "claim-review", nil)
	require.NoError(l, err)
	_, err = l.others.SignalAs(l.Context(), other, "decide-appeal", map[string]any{"decision": "approve"})
	require.NoError(l, err)
	l.reaches(certification.StageTraining)
}

// leaves by withdrawing or surrendering: is asked once more, stays, and goes.
func (l *life) leaves(way string) {
	l.Helper()
	l.Follow("/" + way)
	l.Press("/" + way)
	require.True(l, l.Wrong(), "nobody leaves without an answer")
	l.Choose("sure", "no")
	l.Press("/" + way)
	require.Equal(l, l.at, l.Path())
	l.Follow("/" + way)
	l.Choose("sure", "yes")
	l.Press("/" + way)
	require.Equal(l, l.at, l.Path())
	l.reaches(certification.StageClosed)
	require.False(l, l.Leads("/"+way), "what was left cannot be left again")
}

// startsAgain opens a new case from a closed one.
func (l *life) startsAgain() {
	l.Helper()
	l.Press("/start-again")
	require.Contains(l, l.Path(), l.home("/cases/"))
	require.NotEqual(l, l.at, l.Path())
	l.at = l.Path()
	l.others.CaseID = strings.TrimPrefix(l.at, l.home("/cases/"))
}

// reads looks into what is kept in a case.
func (l *life) reads() {
	l.Helper()
	for _, page := range []string{"/history", "/letters", "/payments"} {
		l.Open(l.at)
		l.Follow(page)
		require.Equal(l, l.at+page, l.Path())
	}
	l.Open(l.at + "/letters")
	l.Follow(l.firstLink(l.at + "/letters/"))
	l.Open(l.at + "/payments")
	l.Follow(l.firstLink(l.at + "/payments/"))
}

// firstLink is the address of the first link that begins so.
func (l *life) firstLink(begin string) string {
	l.Helper()
	k := l.visitor.(*keyboard)
	found, err := Ask[string](k.Tab, fmt.Sprintf("([...document.links].map(link => link.getAttribute('href')).find(to => to.startsWith(%q)) || '')", begin))
	require.NoError(l, err)
	require.NotEmpty(l, found, "%s has no link to %s…", l.Path(), begin)
	return found
}

// moves house and mailbox: says where they live now, and takes another e-mail address.
func (l *life) moves() {
	l.Helper()
	l.Open(l.at)
	l.Follow("/my-data")
	l.Follow("/my-data/change")
	l.Fill("line1", "")
	l.Press("/my-data/change")
	require.True(l, l.Wrong(), "an address has a street")
	l.Fill("line1", "2 Second Street")
	l.Fill("city", "Fresno")
	l.Fill("zip", "93721")
	l.Choose("county_plan", "Fresno")
	l.Press("/my-data/change")
	require.Equal(l, l.home("/my-data"), l.Path())
	require.Contains(l, l.Says(), "2 Second Street")

	l.Follow("/my-data/email")
	next := producttest.NewEmail()
	before := l.place.Letters(next)
	l.Fill("email", next)
	l.Press("/my-data/email")
	l.Fill("code", "12")
	l.Press("/my-data/email/code")
	require.True(l, l.Wrong(), "a code has six digits")
	l.Fill("code", l.place.Code(l, next, before))
	l.Press("/my-data/email/code")
	require.Equal(l, l.home("/my-data"), l.Path())
	require.Contains(l, l.Says(), next)
	l.email = next
}

// signsOutEverywhere ends every session, and signs in again.
func (l *life) signsOutEverywhere() {
	l.Helper()
	l.Open(l.home("/my-data"))
	l.Press("/sign-out-everywhere")
	l.Open(l.at)
	require.True(l, strings.HasPrefix(l.Path(), l.home("/sign-in")), "signed out, one is asked to sign in, not at %s", l.Path())
	l.signsInAgain()
	l.Press("/sign-out")
	l.signsInAgain()
}

// says what they think of a page.
func (l *life) givesFeedback() {
	l.Helper()
	l.Follow("/feedback")
	l.Press("/feedback")
	require.True(l, l.Wrong(), "feedback says something")
	l.Fill("words", "The text about the film is clear.")
	l.Press("/feedback")
	require.Equal(l, l.home("/feedback/thanks"), l.Path())
}

// looksUp finds their own certificate in the registry, by name.
func (l *life) looksUp() {
	l.Helper()
	seen, err := l.others.Look(l.Context())
	require.NoError(l, err)
	l.Open(l.home("/registry"))
	l.Press("/registry")
	require.True(l, l.Wrong(), "a search looks for something")
	l.Fill("sought", "Robin Sample")
	l.Press("/registry")
	require.Equal(l, l.home("/registry"), l.Path())
	l.Follow("/verify/" + seen.Certificate.Number)
	require.Contains(l, l.Says(), seen.Certificate.Number)
	l.Open(l.at)
}

// drops a file that was sent, and then the draft of the application.
func (l *life) drops() {
	l.Helper()
	l.Open(l.at + "/application/photo-id")
	l.Attach("file", "id.jpg", l.picture(60))
	l.Press(l.at + "/application/photo-id")
	l.Open(l.at + "/application/photo-id")
	l.Follow("/delete")
	l.Press("/delete")
	require.NotContains(l, l.Says(), "id.jpg")
	l.Open(l.at + "/application/date-of-birth") // or there would be nothing to delete
	l.answers("date-of-birth", func() { l.date("date_of_birth", "1988", "4", "12") })
	l.Open(l.at + "/application")
	l.Follow("/delete-draft/application")
	l.Press("/delete-draft/application")
	require.Equal(l, l.at+"/application", l.Path())
}

// closes the account.
func (l *life) closes() {
	l.Helper()
	l.Open(l.home("/my-data"))
	l.Follow("/my-data/close")
	l.Press("/my-data/close")
	require.Equal(l, l.home("/account-closed"), l.Path())
	l.Open(l.at)
	require.True(l, strings.HasPrefix(l.Path(), l.home("/sign-in")))
}

// isAsked to stay when the session is about to end: the question has the focus and keeps
// it, Enter answers it, and the focus is back where it was.
func (l *life) isAsked() {
	l.Helper()
	k := l.visitor.(*keyboard)
	l.Open(l.home("/my-data/change"))
	l.Fill("line1", "3 Third Street")
	// The page looks at a clock that has gone on for a moment.
	late := func() {
		_, err := Ask[bool](k.Tab, `(() => {
			const idle = Number(document.getElementById("timeout").dataset.idle) * 1000, now = Date.now;
			const passed = idle - Math.min(120000, idle / 2) / 2;
			Date.now = () => now() + passed;
			document.dispatchEvent(new Event("visibilitychange"));
			Date.now = now;
			return true;
		})()`)
		require.NoError(l, err)
	}
	for _, answer := range []string{kb.Enter, kb.Escape} {
		late()
		open, err := Ask[bool](k.Tab, "document.getElementById('timeout').open")
		require.NoError(l, err)
		require.True(l, open, "somebody who does nothing for long is asked")
		for range 3 {
			at := k.settled()
			require.True(l, at.None || at.Seen && at.Inside, "the focus is not at the question: %s", at.HTML)
			within, err := Ask[bool](k.Tab, "document.activeElement === document.body || document.getElementById('timeout').contains(document.activeElement)")
			require.NoError(l, err)
			require.True(l, within, "behind the question: %s", at.HTML)
			k.press(kb.Tab)
		}
		k.reach("the answer", func(at focus) bool { return at.Tag == "BUTTON" })
		k.press(answer)
		until := time.Now().Add(patience)
		for open && time.Now().Before(until) {
			open, err = Ask[bool](k.Tab, "document.getElementById('timeout').open")
			require.NoError(l, err)
		}
		require.False(l, open, "the answer came, and the question went")
		at := k.settled()
		assert.Equal(l, "line1", at.Name, "afterwards the focus is where it was")
		assert.Equal(l, "3 Third Street", at.Value, "nothing that was typed is lost")
	}
}

// What people do beside the straight way, by keyboard alone.

func (l *life) appealsAndLeaves() {
	l.appeals()
	l.reads()
	l.Open(l.at)
	l.leaves("withdraw")
	l.startsAgain()
}

func (l *life) looksAfterTheirData() {
	l.drops()
	l.moves()
	l.isAsked()
	l.givesFeedback()
	l.signsOutEverywhere()
	l.closes()
}

// Shift and Tab lead back the way that Tab came.
func TestTabGoesBack(t *testing.T) {
	t.Parallel()
	pages, base := shown(t)
	k := withKeyboard(t, base, phone)
	for _, state := range mainPages(t, pages) {
		k.Open(gallery.Address("ar", state))
		_, err := Ask[bool](k.Tab, "document.querySelector('.skip').focus(), true")
		require.NoError(t, err)
		var there, back []string
		for at := k.settled(); !at.None; at = k.settled() {
			require.Less(t, len(there), 200)
			there = append(there, at.HTML)
			k.press(kb.Tab)
		}
		for k.press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)); len(back) < len(there); k.press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)) {
			at := k.settled()
			require.True(t, at.Seen && at.Inside, "the focus is out of sight at %s: %s", state, at.HTML)
			back = append([]string{at.HTML}, back...)
		}
		assert.Equal(t, there, back, state)
	}
}
