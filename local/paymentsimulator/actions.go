package paymentsimulator

import (
	"errors"
	"fmt"
	"time"
)

// Action is something that a payer, or a bank, does.
type Action string

// The actions. The first three are the payer's, on the payment page; the others
// come from elsewhere, later.
const (
	Pay       Action = "pay"     // with a card that works
	Decline   Action = "decline" // with a card that is declined; the page stays open
	PayByBank Action = "bank"    // completes the page, unpaid: the bank answers later
	Settle    Action = "settle"  // the bank sends the money
	Bounce    Action = "bounce"  // the bank does not
	Refund    Action = "refund"  // all that is left goes back, from the processor's own pages
	Dispute   Action = "dispute" // the payer's bank takes the payment into dispute
	Win       Action = "win"     // the bank decides the dispute for the operator
	Lose      Action = "lose"    // the bank decides it for the payer, and keeps the money
	timeToAct        = 21 * 24 * time.Hour
)

// ErrNotPossible says that an action does not fit the state of a payment page.
var ErrNotPossible = errors.New("not possible now")

// Act does something with a payment page, or with the payment made on it.
func (s *Simulator) Act(sessionID string, action Action) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expirePages()
	found, ok := s.state.Sessions.get(sessionID)
	if !ok {
		return fmt.Errorf("payment simulator: %s page %s: %w: there is none", action, sessionID, ErrNotPossible)
	}
	if err := s.act(found, action); err != nil {
		return fmt.Errorf("payment simulator: %s page %s: %w", action, sessionID, err)
	}
	if err := s.state.save(s.options.File); err != nil {
		return err
	}
	s.nudge()
	return nil
}

func (s *Simulator) act(found *session, action Action) error {
	paying := action == Pay || action == Decline || action == PayByBank
	if paying != (found.Status == statusOpen) {
		return fmt.Errorf("%w: the page is %s", ErrNotPossible, found.Status)
	}
	if !paying {
		return s.actOnPayment(found, action)
	}
	made := s.intentOf(found)
	switch action {
	case Pay:
		s.charge(made, chargeSucceeded)
		made.Method, made.Status = "card", intentSucceeded
		found.Status, found.PaymentStatus = statusComplete, paymentPaid
		s.happened("payment_intent.succeeded", s.intentObject(made, nil))
		s.happened("checkout.session.completed", s.sessionObject(found, nil))
	case Decline:
		s.charge(made, chargeFailed)
		made.Method, made.Status = "card", intentNeedsMethod
		s.happened("payment_intent.payment_failed", s.intentObject(made, nil))
	case PayByBank:
		s.charge(made, chargePending)
		made.Method, made.Status = "us_bank_account", intentProcessing
		found.Status = statusComplete
		s.happened("checkout.session.completed", s.sessionObject(found, nil))
	}
	return nil
}

// actOnPayment does what comes after a completed page.
func (s *Simulator) actOnPayment(found *session, action Action) error {
	payment, ok := s.state.Intents.get(found.Intent)
	if !ok {
		return fmt.Errorf("%w: nothing was paid", ErrNotPossible)
	}
	paid, _ := s.state.Charges.get(payment.Charge)
	needs := intentSucceeded
	if action == Settle || action == Bounce {
		needs = intentProcessing
	}
	if payment.Status != needs {
		return fmt.Errorf("%w: the payment is %s", ErrNotPossible, payment.Status)
	}
	switch action {
	case Settle:
		paid.Status, payment.Status, found.PaymentStatus = chargeSucceeded, intentSucceeded, paymentPaid
		s.happened("payment_intent.succeeded", s.intentObject(payment, nil))
		s.happened("checkout.session.async_payment_succeeded", s.sessionObject(found, nil))
	case Bounce:
		paid.Status, payment.Status = chargeFailed, intentNeedsMethod
		s.happened("payment_intent.payment_failed", s.intentObject(payment, nil))
		s.happened("checkout.session.async_payment_failed", s.sessionObject(found, nil))
	case Refund:
		_, err := s.refund(paid, paid.Amount-paid.Refunded, "", map[string]string{})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotPossible, err)
		}
	case Dispute:
		if paid.Disputed {
			return fmt.Errorf("%w: it is disputed already", ErrNotPossible)
		}
		now := s.options.Now()
		paid.Disputed = true
		made := &dispute{
			ID: newID("dp"), Created: now.Unix(), Charge: paid.ID, Intent: payment.ID,
			Amount: paid.Amount, Currency: paid.Currency, DueBy: now.Add(timeToAct).Unix(), Status: disputeOpen,
		}
		s.state.Disputes.add(made)
		s.happened("charge.dispute.created", s.disputeObject(made, nil))
	case Win, Lose:
		open, ok := s.disputeOf(paid)
		if !ok || open.status() != disputeOpen {
			return fmt.Errorf("%w: no dispute is open", ErrNotPossible)
		}
		open.Status = map[Action]string{Win: disputeWon, Lose: disputeLost}[action]
		s.happened("charge.dispute.closed", s.disputeObject(open, nil))
	default:
		return fmt.Errorf("%w: no such action", ErrNotPossible)
	}
	return nil
}

// disputeOf finds the dispute about a charge; there is one at most.
func (s *Simulator) disputeOf(about *charge) (*dispute, bool) {
	for _, row := range s.state.Disputes.Rows {
		if row.Charge == about.ID {
			return row, true
		}
	}
	return nil, false
}

// intentOf gives the session's payment intent; Stripe makes it at the first attempt.
func (s *Simulator) intentOf(found *session) *intent {
	if made, ok := s.state.Intents.get(found.Intent); ok {
		return made
	}
	made := &intent{
		ID: newID("pi"), Created: s.options.Now().Unix(), Session: found.ID, Customer: found.Customer,
		Amount: found.total(), Currency: found.Currency, Status: intentNeedsMethod, Metadata: found.IntentMetadata,
	}
	found.Intent = made.ID
	s.state.Intents.add(made)
	return made
}

// charge adds one attempt to take the money.
func (s *Simulator) charge(made *intent, status string) {
	attempt := &charge{
		ID: newID("ch"), Created: s.options.Now().Unix(), Intent: made.ID, Customer: made.Customer,
		Amount: made.Amount, Currency: made.Currency, Status: status, Metadata: made.Metadata,
	}
	made.Charge = attempt.ID
	s.state.Charges.add(attempt)
}
