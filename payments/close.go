package payments

import (
	"context"
	"errors"
	"fmt"

	"peercert/certification"
)

// Close makes sure that nobody can pay a payment any more: every page of it is closed. It
// finds those too that were opened and whose address was lost. Where the money came
// before, or is there already, it says which messages follow, as Look does; where a bank
// has not answered yet, the webhook will. Called again it does no harm.
func (p *Payments) Close(ctx context.Context, checkout certification.Checkout) ([]Delivery, error) {
	if err := check(checkout); err != nil {
		return nil, err
	}
	customer := checkout.CustomerID
	if customer == "" {
		var err error
		if customer, err = p.stripe.findCustomer(ctx, checkout.ApplicantID, checkout.AskedAt.Add(-keyLife-laterStep)); err != nil {
			return nil, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
		}
	}
	if customer == "" {
		return nil, nil // no page without a customer
	}
	ids, err := p.stripe.pagesOf(ctx, customer, checkout.PaymentID)
	if err != nil {
		return nil, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
	}
	var deliveries []Delivery
	for _, id := range ids {
		found, paid, err := p.closePage(ctx, id)
		if err != nil && !errors.Is(err, ErrProcessing) {
			return nil, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
		}
		if paid {
			deliveries = append(deliveries, settled(found)...)
		}
	}
	return deliveries, nil
}
