package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/paymentsimulator"
	"peercert/local/product"
)

// asked is somebody at the fee of an application, with the page of the payment open.
type asked struct {
	*journey.Person
	payment, session string
}

func (s *scene) asked() asked {
	s.Helper()
	p := s.applicants(1)[0]
	require.NoError(s, p.Apply(s.Context()))
	var policy struct {
		NotRefundable string `json:"not_refundable_version"`
	}
	require.NoError(s, s.sent(s.world.Anybody().Get(s.Context(), "/v1/policy")).Into(&policy))
	answer := s.sent(s.signal(p.API, p.CaseID, "pay-fee", map[string]any{"not_refundable_version": policy.NotRefundable}))
	require.Equal(s, http.StatusOK, answer.Status, string(answer.Body))
	s.eventually(soon, "the payment page", func() error {
		if page(p, s) == "" {
			return errors.New("there is none")
		}
		return nil
	})
	payments := s.paymentsOf(p)
	require.Len(s, payments, 1)
	return asked{Person: p, payment: payments[0].ID, session: path.Base(page(p, s))}
}

type listedPayment struct {
	ID, Status  string
	AmountCents int64     `json:"amount_cents"`
	SettledAt   time.Time `json:"settled_at"`
}

func (s *scene) paymentsOf(p *journey.Person) []listedPayment {
	s.Helper()
	var listed struct{ Items []listedPayment }
	require.NoError(s, s.sent(p.API.Get(s.Context(), "/v1/cases/"+p.CaseID+"/payments")).Into(&listed))
	return listed.Items
}

// ledger waits until the person's list of payments has the payment with a status.
func (s *scene) ledger(a asked, status string) listedPayment {
	s.Helper()
	var found listedPayment
	s.eventually(soon, "the payment to be "+status, func() error {
		for _, payment := range s.paymentsOf(a.Person) {
			if payment.ID == a.payment {
				found = payment
			}
		}
		if found.Status != status {
			return fmt.Errorf("it is %q", found.Status)
		}
		return nil
	})
	return found
}

// needsAttention waits until the staff's list of cases has the case under "any" and under
// the code, or has it no more.
func (s *scene) needsAttention(a asked, code string, wanted bool) {
	s.Helper()
	for _, filter := range []string{code, "any"} {
		s.eventually(soon, "attention="+filter, func() error {
			var listed struct{ Items []struct{ ID string } }
			if err := s.sent(s.administrator.Get(s.Context(), "/v1/cases?limit=100&attention="+filter)).Into(&listed); err != nil {
				return err
			}
			is := false
			for _, item := range listed.Items {
				is = is || item.ID == a.CaseID
			}
			if is != wanted {
				return fmt.Errorf("the case is in the list: %v", is)
			}
			return nil
		})
	}
}

// pageShut waits until the payment page takes no money any more.
func (s *scene) pageShut(a asked) {
	s.Helper()
	s.eventually(soon, "the payment page to be closed", func() error {
		for _, entry := range s.Payments.Ledger() {
			if entry.SessionID == a.session && entry.Status == "open" {
				return errors.New("it is open")
			}
		}
		return nil
	})
	require.ErrorIs(s, s.Payments.Act(a.session, paymentsimulator.Pay), paymentsimulator.ErrNotPossible)
}

func (s *scene) administers(a asked, signal string, body map[string]any) {
	s.Helper()
	answer := s.sent(s.signal(s.administrator, a.CaseID, signal, body))
	require.Equal(s, http.StatusOK, answer.Status, string(answer.Body))
}

// A payment that ends otherwise has its page closed at the processor, also when that was
// away meanwhile. A person who withdraws cannot pay by an old tab.
func TestThePageOfAFeeThatIsNotDueIsClosed(t *testing.T) {
	s := onStack(t).scene(t)
	waived, left := s.asked(), s.asked()
	s.administers(waived, "waive-fee", map[string]any{"reason": "scholarship"})
	s.pageShut(waived)
	assert.Equal(t, "waived", s.ledger(waived, "waived").Status)

	s.stop(product.PaymentSimulator)
	answer := s.sent(s.signal(left.API, left.CaseID, "withdraw", nil))
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	s.eventually(soon, "a try while the processor is away", func() error {
		if s.count(`SELECT count(*) FROM inbox WHERE payload->>'payment_id' = $1 AND tries > 0 AND processed_at IS NULL`, left.payment) == 0 {
			return errors.New("nobody tried")
		}
		return nil
	})
	s.start(product.PaymentSimulator)
	s.pageShut(left)
	s.eventually(soon, "the inbox to be done with both", func() error {
		if waiting := s.count(`SELECT count(*) FROM inbox WHERE payload->>'payment_id' IN ($1, $2) AND processed_at IS NULL`, waived.payment, left.payment); waiting > 0 {
			return fmt.Errorf("%d messages wait", waiting)
		}
		return nil
	})
	assert.Zero(t, s.count(`SELECT count(*) FROM cases WHERE id IN ($1, $2) AND attention @> '{surplus}'`, waived.CaseID, left.CaseID), "nobody paid")
}

// Money that arrives in the moment in which its fee is settled otherwise is in the ledger,
// asks for attention, is told to the person, and goes back: in a case that goes on, and
// in one that is closed and has no workflow any more.
func TestMoneyThatArrivesTooLate(t *testing.T) {
	s := onStack(t).scene(t)
	waived, left := s.asked(), s.asked()
	// The processor does not close the pages for a while, and takes money there.
	s.Payments.SetFaults(paymentsimulator.Faults{FailPosts: 1 << 20, FailStatus: http.StatusServiceUnavailable})
	s.Cleanup(func() { s.Payments.SetFaults(paymentsimulator.Faults{}) })
	s.administers(waived, "waive-fee", map[string]any{"reason": "scholarship"})
	answer := s.sent(s.signal(left.API, left.CaseID, "withdraw", nil))
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	s.eventually(soon, "the workflow of the closed case to end", func() error {
		described, err := s.Parts.Temporal.DescribeWorkflowExecution(context.Background(), "case/"+left.CaseID, "")
		if err == nil && described.GetWorkflowExecutionInfo().GetCloseTime() == nil {
			err = errors.New("it runs")
		}
		return err
	})
	for _, a := range []asked{waived, left} {
		require.NoError(t, s.Payments.Act(a.session, paymentsimulator.Pay))
	}
	s.Payments.SetFaults(paymentsimulator.Faults{})

	for _, a := range []asked{waived, left} {
		paid := s.ledger(a, "surplus")
		assert.EqualValues(t, 100_00, paid.AmountCents)
		assert.WithinDuration(t, s.Clock.Now(), paid.SettledAt, 2*time.Minute)
		s.needsAttention(a, certification.AttentionSurplus, true)
		assert.Equal(t, 1, s.events(a.CaseID, "payment-settled"))
		s.eventually(soon, "the letter", func() error {
			if arrived := s.arrived(a.Person, certification.LetterPaymentSurplus); arrived != 1 {
				return fmt.Errorf("%d arrived", arrived)
			}
			return nil
		})
	}
	s.asksFor(waived.CaseID, certification.AttentionSurplus, true, soon)
	assert.Contains(t, s.card(waived.CaseID), "Refund the payment in full in Stripe")

	for _, a := range []asked{waived, left} {
		require.NoError(t, s.Payments.Act(a.session, paymentsimulator.Refund))
		back := s.ledger(a, "refunded")
		assert.WithinDuration(t, s.Clock.Now(), back.SettledAt, 2*time.Minute)
		s.needsAttention(a, certification.AttentionSurplus, false)
		assert.Equal(t, 1, s.events(a.CaseID, "payment-refunded"))
		assert.Equal(t, 1, s.arrived(a.Person, certification.LetterPaymentSurplus))
	}
}
