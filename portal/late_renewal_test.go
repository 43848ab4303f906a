package portal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
)

// certified is somebody with a certificate, at the home of their case. The clock moves
// until they have it.
func certified(t *testing.T, world *journey.World) producttest.Person {
	t.Helper()
	p := approved(t, world, "en")
	require.NoError(t, p.Train(t.Context()))
	require.NoError(t, world.Exam(t.Context(), journey.Sitting{Cents: 150_00, Pass: true, Webhook: true}, p.Person))
	return p
}

// Who lets a certificate expire renews late: it is not valid until the renewal was
// approved, and the new term begins on that day. The clock moves, so it is not parallel.
func TestLateRenewal(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	moving.Lock()
	defer moving.Unlock()
	ctx := t.Context()
	p := certified(t, world)
	b, at := p.Browser, "/en/cases/"+p.CaseID
	before, err := p.Look(ctx)
	require.NoError(t, err)
	number := before.Certificate.Number
	p.API = world.Anybody().As(world.Administrator) // their own token is not valid for years
	stranger := place.Browser(t)
	public := func(says string) {
		t.Helper()
		stranger.Open("/en/verify/" + number)
		assert.True(t, stranger.Says(says), "%q: %s", says, stranger.Main())
	}

	require.NoError(t, world.MoveTo(ctx, certification.AddDays(before.Certificate.ExpiresAt, -90).Add(time.Minute)))
	_, err = p.Reach(ctx, certification.StageRenewal)
	require.NoError(t, err)
	public("Valid")
	require.NoError(t, world.MoveTo(ctx, before.Certificate.ExpiresAt.Add(time.Minute)))
	_, err = p.Reach(ctx, certification.StageExpired)
	require.NoError(t, err)
	public("Expired")
	b.Open(at + "/certificate")
	assert.True(t, b.Says("Please do not use it at work for now."), b.Main())

	// Three of the six months in which renewing late is possible pass.
	require.NoError(t, world.MoveTo(ctx, certification.AddMonths(before.Certificate.ExpiresAt, 3)))
	b.Open(at)
	assert.Equal(t, "Your certificate has expired", b.Heading())
	last := certification.EndOfDay(certification.AddMonths(before.Certificate.ExpiresAt, 6)).In(certification.Pacific).Format("January 2, 2006")
	assert.True(t, b.Says(last), "the last day to renew, %s: %s", last, b.Main())
	b.Follow("Renew late")
	require.Equal(t, at+"/renewal", b.Path())
	assert.True(t, b.Says("You renew late", "The fee is $80.00.", last, "the new term begins on that day", "0 of 20 hours: 20 to go"), b.Main())

	const save = "Save this course"
	course := func(title, hours string, completed time.Time) {
		t.Helper()
		b.Open(at+"/renewal/course").Fill("title", title).Fill("provider", "Bay Peer Academy").Fill("hours", hours).
			FillDate("completed_on", completed.In(certification.Pacific).Format(time.DateOnly))
	}
	began := certification.AddMonths(before.Certificate.ExpiresAt, -24)
	course("Boundaries", "6", certification.AddDays(began, -2))
	b.Tick("law_and_ethics").Press(save)
	assert.Len(t, b.Errors(), 1, "from before the term that ended: %s", b.Main())
	course("Boundaries", "6", certification.AddMonths(began, 6))
	b.Tick("law_and_ethics").Press(save)
	require.Equal(t, at+"/renewal", b.Path(), b.Main())
	course("Crisis", "14", certification.AddMonths(before.Certificate.ExpiresAt, 2)) // after it expired
	b.Press(save)
	require.Equal(t, at+"/renewal", b.Path(), b.Main())
	assert.True(t, b.Says("20 of 20 hours: enough", "6 of 6 hours about law and ethics: enough"), b.Main())
	b.Follow("Code of ethics").Tick("ethics.read").Fill("ethics.typed_name", "Robin Sample").Press("Sign")
	b.Follow("Check and send")
	assert.True(t, b.Says("Boundaries", "Crisis", "$80.00"), b.Main())
	b.Tick("attested").Press("Send your renewal")
	require.Equal(t, at+"/pay", b.Path())
	public("Expired")

	b.Press(toPayment)
	assert.NotEmpty(t, b.Errors(), "that the fee is not refunded has to be accepted")
	toPay(t, b, p.CaseID)
	b.Press("Pay $80.00")
	b.ReloadUntil("the payment", func() bool { return b.Says("Thank you, your payment arrived") })
	_, err = p.Reach(ctx, certification.StageRenewalReview)
	require.NoError(t, err)
	b.Open(at)
	assert.Equal(t, "We are reviewing your renewal", b.Heading())
	assert.True(t, b.Says("You may not work under it until we have approved your renewal."), b.Main())
	public("Expired")
	b.Open(at + "/certificate")
	assert.True(t, b.Says("Please do not use it at work for now."), "a renewal sent late does not keep it valid: %s", b.Main())

	_, err = p.Review(ctx, "decide-renewal", map[string]any{"decision": "approve"})
	require.NoError(t, err)
	after, err := p.Look(ctx)
	require.NoError(t, err)
	assert.Equal(t, "certified", after.Stage)
	assert.Equal(t, 2, after.Certificate.Term)
	assert.Equal(t, number, after.Certificate.Number, "the number stays")
	want := certification.EndOfDay(certification.AddMonths(place.Clock.Now(), 24))
	assert.True(t, after.Certificate.ExpiresAt.Equal(want), "the term begins today and ends %s, not %s", want, after.Certificate.ExpiresAt)
	public("Valid")
	b.Open(at)
	assert.Equal(t, "You are certified", b.Heading())
	b.Follow("/certificate")
	assert.True(t, b.Says("Robin Sample", number, want.In(certification.Pacific).Format("January 2, 2006")), b.Main())
	assert.False(t, b.Says("Please do not use it"), b.Main())
	b.Open(at + "/renewal")
	assert.Equal(t, at, b.Path(), "renewal is not open again yet")
}
