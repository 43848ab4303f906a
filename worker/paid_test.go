package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/store"
)

// A page that was paid, and Stripe's event never comes: whoever asks for the page again,
// and an administrator who tries again, find the money.
func TestAPageThatWasPaidWithoutAWord(t *testing.T) {
	r := newRig(t)
	simulator := r.processor()
	r.serve(nil, nil)
	for name, ask := range map[string]func(caseID string){
		"pay-fee": func(caseID string) {
			r.must(caseID, &certification.PayFee{NotRefundableVersion: certification.CurrentPolicy(time.Now()).NotRefundableVersion})
		},
		"retry-step": func(caseID string) { r.must(caseID, &certification.RetryStep{}) },
	} {
		t.Run(name, func(t *testing.T) {
			caseID, applicant := r.open()
			paymentID, sessionID := r.owing(caseID, applicant)
			ask(caseID) // nobody has paid: nothing follows
			require.NoError(t, simulator.Act(sessionID, paymentsimulator.Pay))
			require.Equal(t, certification.StageApplicationFee, r.recorded(caseID).Stage)
			ask(caseID)
			r.reach(caseID, certification.StageApplicationReview)
			payment, err := r.parts.Store.ReadPayment(t.Context(), paymentID)
			require.NoError(t, err)
			require.Equal(t, certification.PaymentPaid, payment.Status)
			require.Empty(t, r.recorded(caseID).Attention)
			r.agrees(caseID)
		})
	}
}

// The person who paid can have it looked at, and nobody else.
func TestOnlyThePayerHasAPageLookedAt(t *testing.T) {
	r := newRig(t)
	simulator := r.processor()
	r.serve(nil, nil)
	caseID, applicant := r.open()
	paymentID, sessionID := r.owing(caseID, applicant)
	require.NoError(t, simulator.Act(sessionID, paymentsimulator.Pay))
	otherID, stranger := r.open()
	look := func(actor certification.Actor, caseID, paymentID string) error {
		return r.parts.Cases.LookAtPayment(t.Context(), actor, caseID, paymentID)
	}
	for _, err := range []error{
		look(stranger, caseID, paymentID), look(stranger, otherID, paymentID), look(applicant, caseID, store.NewID()), look(applicant, caseID, "payment"),
	} {
		require.ErrorIs(t, err, certification.NotFound())
	}
	require.Equal(t, certification.StageApplicationFee, r.recorded(caseID).Stage)
	for range 2 { // the page that waits asks again and again
		require.NoError(t, look(applicant, caseID, paymentID))
	}
	r.reach(caseID, certification.StageApplicationReview)
	require.NoError(t, look(applicant, caseID, paymentID), "it is known")
	_, _, tries := r.row(store.KindLookAtPage + ":" + sessionID)
	require.Equal(t, 1, tries)
	r.agrees(caseID)
}
