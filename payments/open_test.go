package payments_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/payments"
)

func TestOpenTwiceGivesTheSamePage(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	first := b.open(checkout)
	require.True(t, strings.HasPrefix(first.SessionID, "cs_test_"))
	require.True(t, strings.HasPrefix(first.CustomerID, "cus_"))
	require.NotEmpty(t, first.URL)
	require.False(t, first.AlreadyPaid)
	require.Equal(t, checkout.AskedAt.Add(23*time.Hour), first.ExpiresAt)

	b.clock.move(5 * time.Hour)
	require.Equal(t, first, b.open(checkout))
	checkout.CustomerID = first.CustomerID // recorded meanwhile
	require.Equal(t, first, b.open(checkout))
	require.Len(t, b.simulator.Ledger(), 1)

	entry := b.simulator.Ledger()[0]
	require.Equal(t, map[string]string{"payment_id": checkout.PaymentID, "case_id": checkout.CaseID, "fee": "application"}, entry.Metadata)
	require.EqualValues(t, 10000, entry.AmountCents)
}

func TestOpenAfterTheAnswerWasLost(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	for range 2 { // the customer's answer, then the page's
		// More than one: Go sends a request with a key again by itself when a kept
		// connection breaks.
		b.simulator.SetFaults(paymentsimulator.Faults{LoseAnswers: 5})
		_, err := b.Open(t.Context(), checkout)
		require.ErrorIs(t, err, payments.ErrUnavailable)
		if checkout.CustomerID == "" {
			b.simulator.SetFaults(paymentsimulator.Faults{})
			checkout.CustomerID = b.open(otherPayment(checkout)).CustomerID
		}
	}
	b.simulator.SetFaults(paymentsimulator.Faults{})
	before := len(b.simulator.Ledger())
	session := b.open(checkout)
	require.Equal(t, checkout.CustomerID, session.CustomerID, "one customer for one applicant")
	require.Len(t, b.simulator.Ledger(), before, "the page whose answer was lost")
}

func otherPayment(checkout certification.Checkout) certification.Checkout {
	checkout.PaymentID, checkout.Fee = "019a-other", certification.FeeExam
	return checkout
}

// Twenty hours on, Stripe may be about to forget the key; thirty hours on, it has.
func TestOpenLooksFirstWhenTheKeyMayBeForgotten(t *testing.T) {
	for _, late := range []time.Duration{20 * time.Hour, 21 * time.Hour} {
		b := newBench(t)
		checkout := b.checkout()
		first := b.open(checkout) // the caller never heard of it
		b.clock.move(late)
		require.Equal(t, first, b.open(checkout))
		require.Len(t, b.simulator.Ledger(), 1)
		require.Len(t, b.postsTo("/v1/customers"), 1)
		require.Len(t, b.postsTo("/v1/checkout/sessions"), 1, "looked, and asked for nothing new")
	}
}

func TestOpenLaterFindsThatItWasPaid(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	first := b.open(checkout)
	b.act(first.SessionID, paymentsimulator.Pay)
	for _, late := range []time.Duration{time.Hour, 29 * time.Hour} { // by the key, then by looking
		b.clock.move(late)
		again := b.open(checkout)
		require.True(t, again.AlreadyPaid)
		require.Equal(t, first.SessionID, again.SessionID)
		require.Empty(t, again.URL)
	}
	require.Len(t, b.simulator.Ledger(), 1)
}

func TestOpenLaterOpensANewPageWhenTheOldOneExpired(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	first := b.open(checkout)
	b.clock.move(48 * time.Hour)
	second := b.open(checkout)
	require.NotEqual(t, first.SessionID, second.SessionID)
	require.Equal(t, first.CustomerID, second.CustomerID)
	require.True(t, second.ExpiresAt.After(b.clock.now().Add(22*time.Hour)))
	require.Equal(t, second, b.open(checkout))
	require.Len(t, b.simulator.Ledger(), 2)
}

// Stripe saves a 500 under the key and repeats it for a day.
func TestOpenGetsPastASaved500(t *testing.T) {
	for name, faults := range map[string]paymentsimulator.Faults{
		"customer": {FailPosts: 1}, "customer, again, page": {FailPosts: 3},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.simulator.SetFaults(faults)
			checkout := b.checkout()
			session, err := b.Open(t.Context(), checkout)
			for tries := 0; err != nil; tries++ {
				require.ErrorIs(t, err, payments.ErrUnavailable)
				require.Less(t, tries, 5)
				b.clock.move(11 * time.Minute) // a later step has another key
				session, err = b.Open(t.Context(), checkout)
			}
			require.Equal(t, session, b.open(checkout))
			require.Len(t, b.simulator.Ledger(), 1)
		})
	}
}

// A setting that is part of the request changed between two attempts.
func TestOpenGetsPastAKeyUsedWithOtherParameters(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	first := b.open(checkout)
	checkout.CustomerID, checkout.AmountCents = first.CustomerID, 12000
	require.Equal(t, first.SessionID, b.open(checkout).SessionID, "one open page for one payment")
}

func TestOpenClosesThePreviousPageFirst(t *testing.T) {
	b := newBench(t)
	first := b.open(b.checkout())
	next := otherPayment(b.checkout())
	next.CustomerID, next.PreviousSessionID = first.CustomerID, first.SessionID
	second := b.open(next)
	require.NotEqual(t, first.SessionID, second.SessionID)
	require.Error(t, b.simulator.Act(first.SessionID, paymentsimulator.Pay), "the old page is closed")
	require.Equal(t, second, b.open(next), "closed already, and the same page")
	require.Len(t, b.postsTo("/v1/checkout/sessions/"+first.SessionID+"/expire"), 1)

	gone := next
	gone.PaymentID, gone.PreviousSessionID = "019a-third", "cs_test_neverwas"
	require.NotEmpty(t, b.open(gone).URL, "what the processor does not know cannot be paid")
}

func TestOpenFindsThePreviousPagePaid(t *testing.T) {
	b := newBench(t)
	first := b.open(b.checkout())
	b.act(first.SessionID, paymentsimulator.Pay)
	next := otherPayment(b.checkout())
	next.CustomerID, next.PreviousSessionID = first.CustomerID, first.SessionID
	session := b.open(next)
	require.True(t, session.AlreadyPaid)
	require.Equal(t, first.SessionID, session.SessionID)
	require.Len(t, b.simulator.Ledger(), 1)
}

// The applicant pays between our looking and our closing.
func TestOpenLosesTheRaceAgainstThePayer(t *testing.T) {
	b := newBench(t)
	first := b.open(b.checkout())
	next := otherPayment(b.checkout())
	next.CustomerID, next.PreviousSessionID = first.CustomerID, first.SessionID
	b.beforeExpire = func() { b.act(first.SessionID, paymentsimulator.Pay) }
	session := b.open(next)
	require.True(t, session.AlreadyPaid)
	require.Equal(t, first.SessionID, session.SessionID)
}

func TestOpenWaitsForABank(t *testing.T) {
	b := newBench(t)
	first := b.open(b.checkout())
	b.act(first.SessionID, paymentsimulator.PayByBank)
	_, err := b.Open(t.Context(), b.checkout())
	require.ErrorIs(t, err, payments.ErrProcessing)
	next := otherPayment(b.checkout())
	next.CustomerID, next.PreviousSessionID = first.CustomerID, first.SessionID
	_, err = b.Open(t.Context(), next)
	require.ErrorIs(t, err, payments.ErrProcessing)

	b.act(first.SessionID, paymentsimulator.Bounce)
	require.False(t, b.open(next).AlreadyPaid, "the money did not come: a new page")
}
