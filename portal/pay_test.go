package portal_test

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
)

// owing is somebody who handed an application in and has to pay for it.
func owing(t *testing.T, language string) producttest.Person {
	t.Helper()
	p := applicant(t, language)
	require.NoError(t, p.Apply(t.Context()))
	return p
}

const toPayment = "Go to the payment page"

// toPay accepts that the fee is not refunded and goes to the payment page; it gives the
// id of that page's session.
func toPay(t *testing.T, b *portaltest.Browser, caseID string) string {
	t.Helper()
	b.Open("/en/cases/" + caseID + "/pay").Tick("not_refunded").Press(toPayment)
	return atPayment(t, b)
}

// atPayment is the session of the payment page that a browser was led to, at once or,
// where the processor was slow, by the page that waits for it.
func atPayment(t *testing.T, b *portaltest.Browser) string {
	t.Helper()
	if strings.Contains(b.Path(), "opening=") {
		page := ""
		b.ReloadUntil("the payment page", func() bool {
			for _, link := range b.Links() {
				if to, err := url.Parse(link); err == nil && path.Dir(to.Path) == "/pay" {
					page = link
				}
			}
			return page != ""
		})
		b.Open(page)
	}
	require.Equal(t, "/pay", path.Dir(b.Response.Request.URL.Path), "not at the payment page: %s", b.Text())
	return path.Base(b.Response.Request.URL.Path)
}

// paymentsOf are the payments of a case as the records have them.
func paymentsOf(t *testing.T, caseID string) []cases.Payment {
	t.Helper()
	payments, err := running.On(t).Parts.Cases.Payments(t.Context(), administrator, caseID)
	require.NoError(t, err)
	return payments
}

// pagesOf are the payment pages that the processor has for a customer of one of them.
func pagesOf(t *testing.T, session string) []paymentsimulator.Entry {
	t.Helper()
	ledger := running.On(t).Payments.Ledger()
	at := slices.IndexFunc(ledger, func(e paymentsimulator.Entry) bool { return e.SessionID == session })
	require.GreaterOrEqual(t, at, 0)
	return slices.DeleteFunc(ledger, func(e paymentsimulator.Entry) bool { return e.CustomerID != ledger[at].CustomerID })
}

func TestFeeIsPaidAfterItsTermsAreAccepted(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := owing(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	b.Open(at).Follow("Pay the fee")
	assert.True(t, b.Says("$100.00", "I need help with the fee"), b.Main())
	b.Press(toPayment)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Contains(t, b.Wrong("not_refunded"), "Check the box if you understand that the fee is not refunded.")
	assert.Empty(t, paymentsOf(t, p.CaseID), "nothing was asked for")
	b.Follow("I need help with the fee")
	assert.Equal(t, http.StatusOK, b.Status())

	session := toPay(t, b, p.CaseID)
	events, err := place.Parts.Cases.Events(t.Context(), administrator, p.CaseID, cases.Page{Limit: 100})
	require.NoError(t, err)
	accepted := slices.IndexFunc(events.Events, func(e cases.Event) bool { return e.What() == string(certification.SignalPayFee) })
	require.GreaterOrEqual(t, accepted, 0)
	details := events.Events[accepted].Details
	assert.Equal(t, certification.FeeApplication, details.Fee)
	assert.Equal(t, []string{certification.CurrentPolicy(place.Clock.Now()).NotRefundableVersion}, details.Versions, "which text was accepted")

	back := b.Tab().Open(at + "/pay")
	assert.NotContains(t, back.Buttons(), toPayment, "what was accepted is not asked for again")
	back.Follow("Go on to the payment page")
	assert.Equal(t, session, atPayment(t, back), "the page that is open is offered again")
	assert.Len(t, pagesOf(t, session), 1)

	b.Press("Pay $100.00")
	b.ReloadUntil("the payment", func() bool { return b.Says("Thank you, your payment arrived") })
	b.Follow("See the receipt")
	require.Equal(t, at+"/payments", b.Path())
	assert.True(t, b.Says("$100.00 · application fee", "Paid"), b.Main())
	receipt := paymentsOf(t, p.CaseID)[0].ID
	b.Follow("/payments/" + receipt)
	assert.True(t, b.Says("$100.00", p.Number, receipt, "This fee is not refunded."), b.Main())
	stranger := place.Browser(t).Open(at + "/payments/" + receipt)
	assert.Contains(t, stranger.Path(), "/en/sign-in")
	b.Open(at + "/pay")
	assert.Equal(t, at, b.Path(), "nothing more is due")
	b.Open(at + "/payments/01890000-0000-7000-8000-000000000000")
	assert.Equal(t, http.StatusNotFound, b.Status())
}

// The case moves on by what the processor tells us, whoever closes what.
func TestClosedTabAfterPaying(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := owing(t, "en")
	session := toPay(t, p.Browser, p.CaseID)
	require.NoError(t, place.Payments.Act(session, paymentsimulator.Pay))
	p.Open("/en/home")
	p.ReloadUntil("the review", func() bool { return p.Says("We are reviewing your application") })
	p.Open("/en/cases/" + p.CaseID + "/payments")
	assert.True(t, p.Says("Paid"))
}

func TestDeclinedCardCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	p := owing(t, "es")
	b, at := p.Browser, "/es/cases/"+p.CaseID
	b.Open(at + "/pay").Tick("not_refunded").Press(at + "/pay")
	session := atPayment(t, b)
	b.Press("Try a card that is declined")
	assert.True(t, b.Says("The card was declined."))
	b.Press("Back, without paying")
	assert.True(t, b.Says("Todavía no ha pagado", "No se cobró nada de su tarjeta."), "in the language that they left in: %s", b.Text())
	b.Follow("Intentar otra vez")
	require.Equal(t, at+"/pay", b.Path())
	b.Follow("Seguir a la página de pago")
	assert.Equal(t, session, atPayment(t, b))
	b.Press("Pay $100.00")
	_, err := p.Reach(t.Context(), certification.StageApplicationReview)
	require.NoError(t, err)
	assert.Len(t, pagesOf(t, session), 1)
	b.ReloadUntil("the payment", func() bool { return b.Says("Gracias") })
}

func TestPayingInTwoTabsIsPayingOnce(t *testing.T) {
	t.Parallel()
	p := owing(t, "en")
	at := "/en/cases/" + p.CaseID + "/pay"
	one := p.Browser
	two, three := one.Tab().Open(at), one.Tab().Open(at)
	session := toPay(t, one, p.CaseID)
	two.Tick("not_refunded").PressTwice(toPayment)
	assert.Equal(t, session, atPayment(t, two), "both are led to one page")
	one.Press("Pay $100.00")
	two.Press("Pay $100.00")
	_, err := p.Reach(t.Context(), certification.StageApplicationReview)
	require.NoError(t, err)
	two.ReloadUntil("the payment", func() bool { return two.Says("Thank you, your payment arrived") })
	three.Tick("not_refunded").Press(toPayment)
	assert.True(t, three.Says("Thank you, your payment arrived"), "it was paid in another window: %s", three.Text())

	pages := pagesOf(t, session)
	require.Len(t, pages, 1)
	assert.EqualValues(t, 100_00, pages[0].CapturedCents)
	assert.Zero(t, pages[0].RefundedCents)
}

// A bank can take days to say yes, and the person is here before that.
func TestMoneyThatComesLate(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := owing(t, "en")
	b := p.Browser
	session := toPay(t, b, p.CaseID)
	b.Press("Pay from a bank account, which takes days")
	assert.True(t, b.Says("We are waiting for the payment service", "You are done."), b.Text())
	assert.NotEmpty(t, b.Response.Header.Get("Refresh"), "it looks again by itself")
	waiting := b.Path()
	late := b.Tab().Open(waiting + "&look=7")
	assert.Empty(t, late.Response.Header.Get("Refresh"), "not without end")
	assert.False(t, late.Says("looks again by itself"), "what is not so is not said: %s", late.Main())
	late.Follow("Look again now")
	assert.NotEmpty(t, late.Response.Header.Get("Refresh"))
	p.Open("/en/cases/" + p.CaseID)
	assert.True(t, p.Says("Almost there: pay the application fee"), "nothing is said that is not so")
	b.Open("/en/cases/" + p.CaseID + "/pay").Follow("Go on to the payment page")
	assert.True(t, b.Says("The bank has the payment."), "whoever goes there again cannot pay again")
	require.NoError(t, place.Payments.Act(session, paymentsimulator.Settle))
	b.Open(waiting).ReloadUntil("the payment", func() bool { return b.Says("Thank you, your payment arrived") })
	assert.Empty(t, b.Response.Header.Get("Refresh"))
	assert.Len(t, pagesOf(t, session), 1)
}

// Whoever comes back has paid, whether the processor tells us or not. The faults are those of
// the simulator that all share, so it is not parallel.
func TestWebhookThatNeverComes(t *testing.T) {
	place := running.On(t)
	p := owing(t, "en")
	b := p.Browser
	session := toPay(t, b, p.CaseID)
	place.Payments.SetFaults(paymentsimulator.Faults{DropWebhooks: 1 << 20})
	defer place.Payments.SetFaults(paymentsimulator.Faults{})
	b.Press("Pay $100.00")
	b.ReloadUntil("the payment", func() bool { return b.Says("Thank you, your payment arrived") })
	p.Open("/en/home")
	p.ReloadUntil("the review", func() bool { return p.Says("We are reviewing your application") })
	assert.Len(t, pagesOf(t, session), 1)
}

// A bank can take days to say no. Then a new page is opened, also from a page that was
// left open since.
func TestBankThatSaysNo(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	p := owing(t, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID
	old := b.Tab().Open(at + "/pay").Tick("not_refunded")
	session := toPay(t, b, p.CaseID)
	b.Press("Pay from a bank account, which takes days")
	assert.True(t, b.Says("We are waiting for the payment service"), b.Text())
	came := b.Path()
	require.NoError(t, place.Payments.Act(session, paymentsimulator.Bounce))
	b.ReloadUntil("the bank", func() bool { return b.Says("The payment did not go through") })
	b.Follow("Try again")
	require.Equal(t, at+"/pay", b.Path())
	b.Tick("not_refunded").Press(toPayment)
	again := atPayment(t, b)
	assert.NotEqual(t, session, again)
	old.Press(toPayment)
	assert.Equal(t, again, atPayment(t, old), "one page is open, not two")
	b.Press("Pay $100.00")
	b.ReloadUntil("the payment", func() bool { return b.Says("Thank you, your payment arrived") })
	b.Open(came)
	assert.True(t, b.Says("The payment did not go through"), "what became of the first stays true")
	b.Open(at + "/payments")
	assert.True(t, b.Says("Paid", "The payment did not go through"), b.Main())
}

// The address that the payment page leads back to says nothing to others.
func TestBackFromPayingIsForThePayer(t *testing.T) {
	place := running.On(t)
	p := owing(t, "en")
	toPay(t, p.Browser, p.CaseID)
	payment := paymentsOf(t, p.CaseID)[0].ID
	stranger, _, _ := joined(t, place, "en")
	stranger.Open("/payments/" + payment + "/success")
	assert.Equal(t, http.StatusNotFound, stranger.Status())
	nobody := place.Browser(t).Open("/payments/" + payment + "/success")
	assert.Equal(t, "/en/sign-in?next="+url.QueryEscape("/payments/"+payment+"/success"), nobody.Path())
}

// Between the page and the press somebody of ours can put the case on hold, or waive the
// fee. The home says why there is nothing to pay.
func TestPayingWhatCannotBePaidAnyMore(t *testing.T) {
	t.Parallel()
	p := owing(t, "en")
	world := running.On(t).World(t)
	ours := world.Anybody().As(world.Administrator)
	b, at := p.Browser, "/en/cases/"+p.CaseID
	old := b.Tab().Open(at + "/pay").Tick("not_refunded")
	_, err := p.SignalAs(t.Context(), ours, "hold", map[string]any{"reason": "check"})
	require.NoError(t, err)
	old.Press(toPayment)
	assert.Equal(t, at, old.Path())
	assert.Equal(t, http.StatusOK, old.Status())
	assert.True(t, old.Says("on hold"), old.Main())
	b.Open(at + "/pay")
	assert.Equal(t, at, b.Path(), "no page asks for what would be refused")

	_, err = p.SignalAs(t.Context(), ours, "release-hold", map[string]any{})
	require.NoError(t, err)
	old = b.Tab().Open(at + "/pay").Tick("not_refunded")
	_, err = p.SignalAs(t.Context(), ours, "waive-fee", map[string]any{"reason": "sponsor"})
	require.NoError(t, err)
	old.Press(toPayment)
	assert.Equal(t, at, old.Path(), old.Text())
	assert.Equal(t, http.StatusOK, old.Status())
	assert.Empty(t, paymentsOf(t, p.CaseID))
}
