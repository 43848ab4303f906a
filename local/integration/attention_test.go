package integration

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/paymentsimulator"
	"peercert/local/product"
	"peercert/local/stack"
)

// arrived counts the letters of a kind that reached a person's mailbox.
func (s *scene) arrived(p *journey.Person, letter certification.Letter) int {
	s.Helper()
	var listed struct {
		Items []struct{ ID, Letter string }
	}
	require.NoError(s, s.sent(p.API.Get(s.Context(), "/v1/cases/"+p.CaseID+"/letters")).Into(&listed))
	count := 0
	for _, item := range listed.Items {
		if item.Letter != string(letter) {
			continue
		}
		for _, message := range s.stack.Mailbox().Messages(p.Email) {
			if strings.Contains(message.MessageID, item.ID) {
				count++
			}
		}
	}
	return count
}

// With mail down everything goes on. After a while each case says that a letter
// waits, and why; one heals by retry-step, the other by itself; each letter arrives once.
func TestMailDown(t *testing.T) {
	s := onStack(t).scene(t)
	people := s.registered(2)
	s.stop(stack.Mailbox)
	for _, p := range people {
		answer := s.sent(s.signal(s.administrator, p.CaseID, "hold", map[string]any{"reason": "records_check"}))
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	}
	for _, p := range people {
		s.asksFor(p.CaseID, certification.AttentionNotice, true, soon)
		assert.Contains(t, s.card(p.CaseID), "**Attention: "+certification.AttentionNotice+"**")
		assert.Contains(t, s.card(p.CaseID), "`retry-step` sends it at once")
	}
	var listed struct {
		Items []struct{ ID string } `json:"items"`
	}
	require.NoError(t, s.sent(s.administrator.Get(t.Context(), "/v1/cases?attention="+certification.AttentionNotice)).Into(&listed))
	assert.GreaterOrEqual(t, len(listed.Items), 2, "the list of cases finds them too")
	answer := s.sent(s.signal(s.administrator, people[0].CaseID, "release-hold", nil))
	require.Equal(t, http.StatusOK, answer.Status, "a letter that waits holds up nobody")

	s.start(stack.Mailbox)
	answer = s.sent(s.signal(s.administrator, people[0].CaseID, "retry-step", nil))
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	for _, p := range people {
		s.asksFor(p.CaseID, certification.AttentionNotice, false, soon)
	}
	s.eventually(soon, "the letters", func() error {
		for p, want := range map[*journey.Person][2]int{people[0]: {1, 1}, people[1]: {1, 0}} {
			got := [2]int{s.arrived(p, certification.LetterOnHold), s.arrived(p, certification.LetterHoldReleased)}
			if got != want {
				return fmt.Errorf("%v letters arrived, not %v", got, want)
			}
		}
		return nil
	})
}

// page is where a person pays, once it is there.
func page(p *journey.Person, s *scene) string {
	s.Helper()
	now, err := p.Look(s.Context())
	require.NoError(s, err)
	if now.Payment == nil {
		return ""
	}
	return now.Payment.CheckoutURL
}

// With Stripe away, or failing, asking for the payment page is accepted all the same;
// the case says what is the matter, and the page is there once Stripe is.
func TestStripeFailing(t *testing.T) {
	s := onStack(t).scene(t)
	people := s.applicants(3)
	for _, p := range people {
		require.NoError(t, p.Apply(t.Context()))
	}
	var policy struct {
		NotRefundable string `json:"not_refundable_version"`
	}
	require.NoError(t, s.sent(s.world.Anybody().Get(t.Context(), "/v1/policy")).Into(&policy))
	fail := func(status int) func() {
		return func() { s.Payments.SetFaults(paymentsimulator.Faults{FailPosts: 1 << 20, FailStatus: status}) }
	}
	mended := func() { s.Payments.SetFaults(paymentsimulator.Faults{}) }
	for i, outage := range []struct {
		name       string
		begin, end func()
		byHand     bool // healed by retry-step
	}{
		{"away", func() { s.stop(product.PaymentSimulator) }, func() { s.start(product.PaymentSimulator) }, false},
		{"answering 503", fail(http.StatusServiceUnavailable), mended, true},
		// Stripe repeats a 500 for as long as it knows the key, so another one is taken,
		// but not more often than every ten minutes.
		{"answering 500", fail(http.StatusInternalServerError), func() {
			mended()
			require.NoError(t, s.world.Advance(t.Context(), 11*time.Minute))
		}, false},
	} {
		p := people[i]
		outage.begin()
		answer := s.sent(s.signal(p.API, p.CaseID, "pay-fee", map[string]any{"not_refundable_version": policy.NotRefundable}))
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", outage.name, answer.Body)
		require.Empty(t, page(p, s), outage.name)
		s.asksFor(p.CaseID, certification.AttentionCheckout, true, soon)
		assert.Contains(t, s.card(p.CaseID), "The payment page could not be opened", outage.name)
		outage.end()
		if outage.byHand {
			answer := s.sent(s.signal(s.administrator, p.CaseID, "retry-step", nil))
			require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		}
		s.eventually(soon, outage.name+": the payment page", func() error {
			if page(p, s) == "" {
				return errors.New("there is none")
			}
			return nil
		})
		s.asksFor(p.CaseID, certification.AttentionCheckout, false, soon)
		require.NoError(t, p.Pay(t.Context(), 100_00, certification.StageApplicationReview), "and the fee can be paid, once")
	}
}

// With S3 down the authorization cannot reach the exam vendor; the case says so, and
// the vendor has it once S3 is back.
func TestTheExamVendorsBucketDown(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.trained()
	require.NoError(t, p.Pay(t.Context(), 150_00, certification.StageExamBooking))
	s.stop(stack.S3)
	answer := s.sent(s.signal(p.API, p.CaseID, "book-exam", map[string]any{"language": "en", "place": "online"}))
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	s.asksFor(p.CaseID, certification.AttentionAuthorization, true, soon)
	assert.Contains(t, s.card(p.CaseID), "The authorization did not reach the exam vendor's bucket")
	s.start(stack.S3)
	s.asksFor(p.CaseID, certification.AttentionAuthorization, false, soon)
	s.eventually(soon, "the vendor's acknowledgement", func() error {
		now, err := p.Look(t.Context())
		if err == nil && (now.Exam == nil || now.Exam.BookingURL == "") {
			err = errors.New("no booking page yet")
		}
		return err
	})
}
