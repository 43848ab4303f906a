package worker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/activities"
	"peercert/certification"
	"peercert/local/paymentsimulator"
	"peercert/payments"
	"peercert/store"
)

// receive gives a message of ours to the inbox, as it comes from outside, and its key.
func (r *rig) receive(externalID string, message certification.Message) (key string) {
	r.t.Helper()
	payload, err := json.Marshal(r.address(message))
	require.NoError(r.t, err)
	require.NoError(r.t, r.parts.Cases.Receive(r.t.Context(), certification.Incoming{
		Source: certification.SourceOwn, ExternalID: externalID, Kind: string(message.Signal()), Payload: payload,
	}))
	return certification.EnvelopeOf(message).Key
}

// row is a message in the inbox.
func (r *rig) row(externalID string) (outcome string, processed *time.Time, tries int) {
	r.t.Helper()
	sql, err := pgx.Connect(r.t.Context(), r.settings.DatabaseURL)
	require.NoError(r.t, err)
	defer sql.Close(r.t.Context())
	require.NoError(r.t, sql.QueryRow(r.t.Context(), "SELECT outcome, processed_at, tries FROM inbox WHERE external_id = $1", externalID).Scan(&outcome, &processed, &tries))
	return outcome, processed, tries
}

// delivered waits until Temporal has a message of the inbox.
func (r *rig) delivered(externalID string) {
	r.t.Helper()
	r.until("message "+externalID+" to be delivered", func() error {
		if outcome, processed, _ := r.row(externalID); processed == nil || outcome != "delivered" {
			return errors.New("it is not: " + outcome)
		}
		return nil
	})
}

// What a case was told and has not recorded is lost with the history of a run that is
// terminated. The sender had its answer long ago and does not say it again: so it is
// delivered again from the inbox, and what was recorded is not.
func TestATerminatedCaseHearsAgainWhatItHadNotRecorded(t *testing.T) {
	r := newRig(t)
	stop := r.serve(nil, nil)
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	authorization := r.recorded(caseID).Exam.AuthorizationID
	accepted := r.receive("accepted", &certification.ExamAuthorized{AuthorizationID: authorization})
	r.until("the vendor's answer", func() error {
		if !r.recorded(caseID).Exam.Authorized {
			return errors.New("it is not recorded")
		}
		return nil
	})
	r.delivered("accepted")
	stop()

	// Nothing can be recorded while the result comes.
	stop = r.serve(func(records activities.Records) activities.Records { return gated{records, make(chan struct{})} }, nil)
	result := r.receive("result", &certification.ExamResult{AuthorizationID: authorization, Passed: true, ExaminedAt: time.Now(), Version: 1})
	r.delivered("result")
	require.Equal(t, certification.StageExamBooking, r.recorded(caseID).Stage)
	r.terminate(caseID)
	stop()

	r.serve(nil, nil)
	require.Equal(t, 1, r.reconcile())
	r.reach(caseID, certification.StageCertified)
	r.agrees(caseID)
	for _, key := range []string{accepted, result} {
		standing, void := r.count(caseID, key)
		require.Equal(t, []int{1, 0}, []int{standing, void}, key)
	}
	r.delivered("result")
	_, _, tries := r.row("accepted")
	require.Equal(t, 1, tries, "what was recorded is not delivered again")
}

// The last day of an authorization that the vendor knows may have been moved, and the errand
// that tells the vendor went with the run.
func TestATerminatedCaseTellsTheVendorTheLastDayAgain(t *testing.T) {
	r := newRig(t)
	stop := r.serve(nil, nil)
	caseID, applicant := r.open()
	r.toExamBooking(caseID, applicant)
	authorization := r.recorded(caseID).Exam.AuthorizationID
	require.NoError(t, r.signal(caseID, &certification.ExamAuthorized{AuthorizationID: authorization}))
	sent := func() time.Time {
		t.Helper()
		sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
		require.NoError(t, err)
		defer sql.Close(t.Context())
		var at *time.Time
		require.NoError(t, sql.QueryRow(t.Context(), "SELECT sent_at FROM authorizations WHERE id = $1", authorization).Scan(&at))
		if at == nil {
			return time.Time{}
		}
		return *at
	}
	r.until("the vendor's answer, and the errand", func() error {
		if !r.recorded(caseID).Exam.Authorized || sent().IsZero() {
			return errors.New("it is not recorded")
		}
		return nil
	})
	before := sent()
	r.terminate(caseID)
	stop()
	r.serve(nil, nil)
	require.Equal(t, 1, r.reconcile())
	r.until("the authorization to be sent again", func() error {
		if !sent().After(before) {
			return errors.New("it is not")
		}
		return nil
	})
	r.agrees(caseID)
}

// processor is the payment simulator in the place of Stripe. It sends no events.
func (r *rig) processor() *paymentsimulator.Simulator {
	r.t.Helper()
	simulator, err := paymentsimulator.New(paymentsimulator.Options{Now: time.Now})
	require.NoError(r.t, err)
	server := httptest.NewServer(simulator)
	r.t.Cleanup(server.Close)
	r.parts.Payments, err = payments.New(payments.Options{
		SecretKey: "sk_test_for-tests", WebhookSecret: r.settings.StripeWebhookSecret, URL: server.URL, Now: time.Now,
		ReturnURL: func(string, string) string { return r.settings.PublicURL },
	})
	require.NoError(r.t, err)
	return simulator
}

// owing leads a case to the application fee and opens its payment page.
func (r *rig) owing(caseID string, applicant certification.Actor) (paymentID, sessionID string) {
	r.t.Helper()
	r.must(caseID, &certification.CompleteIntroVideo{})
	r.must(caseID, &certification.SubmitApplication{
		DraftRevision: r.draft(caseID, applicant, certification.FormApplication), Policy: certification.CurrentPolicy(time.Now()),
	})
	r.must(caseID, &certification.PayFee{NotRefundableVersion: certification.CurrentPolicy(time.Now()).NotRefundableVersion})
	paymentID = r.recorded(caseID).Payment.ID
	r.until("the payment page", func() error {
		payment, err := r.parts.Store.ReadPayment(r.t.Context(), paymentID)
		if err == nil && payment.SessionID == "" {
			err = errors.New("it is not open")
		}
		sessionID = payment.SessionID
		return err
	})
	return paymentID, sessionID
}

// event is what Stripe says of a payment page.
func (r *rig) event(id, kind, sessionID string) {
	r.t.Helper()
	payload := fmt.Sprintf(`{"event": %q, "type": %q, "object": %q, "created_at": "2026-11-22T00:00:00Z"}`, id, kind, sessionID)
	require.NoError(r.t, r.parts.Cases.Receive(r.t.Context(), certification.Incoming{Source: payments.Source, ExternalID: id, Kind: kind, Payload: []byte(payload)}))
}

// A closed case listens until its last letter is sent, and is not started again. Money
// that its run was told of and did not record must not vanish with it.
func TestMoneyThatATerminatedClosedCaseHadNotRecorded(t *testing.T) {
	r := newRig(t)
	simulator := r.processor()
	stop := r.serve(nil, nil)
	caseID, applicant := r.open()
	paymentID, sessionID := r.owing(caseID, applicant)
	r.letters(caseID)
	simulator.SetFaults(paymentsimulator.Faults{FailPosts: 1 << 20, FailStatus: http.StatusServiceUnavailable}) // the page stays open
	r.mail.Refuse(true)
	r.must(caseID, &certification.Withdraw{})
	stop()
	require.NoError(t, simulator.Act(sessionID, paymentsimulator.Pay))
	stop = r.serve(func(records activities.Records) activities.Records { return gated{records, make(chan struct{})} }, nil)
	r.event("evt_late", "checkout.session.completed", sessionID)
	for _, row := range []string{"evt_late", store.KindClosePage + ":" + paymentID} { // who closes the page finds it too
		r.until(row+" to be delivered", func() error {
			if outcome, processed, _ := r.row(row); processed == nil || outcome != "1 signals" {
				return errors.New("it is not: " + outcome)
			}
			return nil
		})
	}
	r.terminate(caseID)
	stop()

	r.serve(nil, nil)
	require.Equal(t, 1, r.reconcile(), "its last letter")
	r.until("the money to be noted", func() error {
		if !r.recorded(caseID).NeedsAttentionFor(certification.AttentionSurplus, paymentID) {
			return errors.New("it is not")
		}
		return nil
	})
	require.Empty(t, r.runID(caseID))
}
