package payments_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/payments"
)

func TestCloseEndsThePageOfAPayment(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	session := b.open(checkout)
	other := b.open(otherPayment(checkout))

	b.simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1, FailStatus: 503})
	_, err := b.Close(t.Context(), checkout)
	require.ErrorIs(t, err, payments.ErrUnavailable)
	// The customer, and with it the page, is found although nobody wrote down its id.
	for range 2 {
		deliveries, err := b.Close(t.Context(), checkout)
		require.NoError(t, err)
		require.Empty(t, deliveries)
	}
	require.ErrorIs(t, b.simulator.Act(session.SessionID, paymentsimulator.Pay), paymentsimulator.ErrNotPossible)
	b.act(other.SessionID, paymentsimulator.Pay)
}

func TestCloseGetsPastASaved500(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	session := b.open(checkout)
	b.simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1, FailStatus: 500})
	_, err := b.Close(t.Context(), checkout)
	require.ErrorIs(t, err, payments.ErrUnavailable)
	b.clock.move(11 * time.Minute)
	_, err = b.Close(t.Context(), checkout)
	require.NoError(t, err)
	require.ErrorIs(t, b.simulator.Act(session.SessionID, paymentsimulator.Pay), paymentsimulator.ErrNotPossible)
}

func TestCloseFindsThePagePaid(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	session := b.open(checkout)
	b.act(session.SessionID, paymentsimulator.Pay)
	deliveries, err := b.Close(t.Context(), checkout)
	require.NoError(t, err)
	settled := message[*certification.PaymentSettled](t, deliveries)
	require.EqualValues(t, 10000, settled.AmountCents)
	require.Equal(t, "stripe:settled:"+checkout.PaymentID, settled.Key, "the same message as the webhook makes")
	require.Zero(t, settled.RefundedCents)

	b.act(session.SessionID, paymentsimulator.Refund)
	deliveries, err = b.Close(t.Context(), checkout)
	require.NoError(t, err)
	require.True(t, message[*certification.PaymentSettled](t, deliveries).WentBack())
}

func TestCloseLeavesABankToTheWebhook(t *testing.T) {
	b := newBench(t)
	checkout := b.checkout()
	b.act(b.open(checkout).SessionID, paymentsimulator.PayByBank)
	deliveries, err := b.Close(t.Context(), checkout)
	require.NoError(t, err)
	require.Empty(t, deliveries)
}

func TestCloseWhereNoPageWasMade(t *testing.T) {
	b := newBench(t)
	deliveries, err := b.Close(t.Context(), b.checkout())
	require.NoError(t, err)
	require.Empty(t, deliveries)
}
