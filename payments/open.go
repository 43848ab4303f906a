package payments

import (
	"context"
	"fmt"

	"peercert/certification"
)

// Open opens the payment page of a fee. Called again with the same checkout, also
// after an answer was lost, it gives the same page.
//
// The page opened before for this fee (PreviousSessionID) is closed first; if it
// turns out to be paid, or this payment's own page does, nothing is opened and
// AlreadyPaid is set. Errors are ErrUnavailable (try again), ErrProcessing (wait
// for the webhook), ErrRefused, ErrKey or ErrInvalid (somebody must look).
func (p *Payments) Open(ctx context.Context, checkout certification.Checkout) (certification.CheckoutSession, error) {
	if err := check(checkout); err != nil {
		return certification.CheckoutSession{}, err
	}
	if checkout.PreviousSessionID != "" {
		previous, paid, err := p.closePage(ctx, checkout.PreviousSessionID)
		if err != nil {
			return certification.CheckoutSession{}, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
		}
		if paid {
			return sessionOf(previous), nil
		}
	}
	customer := checkout.CustomerID
	if customer == "" {
		var err error
		if customer, err = p.customer(ctx, checkout); err != nil {
			return certification.CheckoutSession{}, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
		}
	}
	opened, err := p.openPage(ctx, checkout, customer)
	if err != nil {
		return certification.CheckoutSession{}, fmt.Errorf("payment %s: %w", checkout.PaymentID, err)
	}
	return sessionOf(opened), nil
}

// customer gives the processor's id of the applicant, who has none yet.
func (p *Payments) customer(ctx context.Context, checkout certification.Checkout) (string, error) {
	const what = "customer"
	applicant := checkout.ApplicantID
	if p.now().Sub(checkout.AskedAt) < keyTrust {
		id, err := p.stripe.createCustomer(ctx, applicant, firstTry(what, applicant, checkout.AskedAt).key)
		if err == nil || !keySpent(err) {
			return id, err
		}
	}
	// A customer that answers to the first key can be as much older than AskedAt as
	// a key lives: another fee may have made it.
	id, err := p.stripe.findCustomer(ctx, applicant, checkout.AskedAt.Add(-keyLife-laterStep))
	if err != nil || id != "" {
		return id, err
	}
	return p.stripe.createCustomer(ctx, applicant, laterTry(what, applicant, checkout.AskedAt, p.now()).key)
}

// openPage gives the payment's open page, or its paid one.
func (p *Payments) openPage(ctx context.Context, checkout certification.Checkout, customer string) (page, error) {
	const what = "checkout"
	if p.now().Sub(checkout.AskedAt) < keyTrust {
		opened, err := p.createPage(ctx, checkout, customer, firstTry(what, checkout.PaymentID, checkout.AskedAt))
		if err != nil && !keySpent(err) {
			return page{}, err
		}
		if err == nil && opened.state() != pageExpired {
			return opened, opened.usable()
		}
	}
	found, err := p.findPage(ctx, checkout, customer)
	if err != nil {
		return page{}, err
	}
	if found.ID != "" {
		return found, found.usable()
	}
	opened, err := p.createPage(ctx, checkout, customer, laterTry(what, checkout.PaymentID, checkout.AskedAt, p.now()))
	if err != nil {
		return page{}, err
	}
	return opened, opened.usable()
}

// createPage creates a page, or gives the one that answers to the key as it is now:
// what Stripe saved under a key is the page as it was then.
func (p *Payments) createPage(ctx context.Context, checkout certification.Checkout, customer string, attempt try) (page, error) {
	name, err := productName(checkout.Fee)
	if err != nil {
		return page{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	opened, err := p.stripe.createPage(ctx, pageRequest{
		try: attempt, checkout: checkout, customer: customer, productName: name,
		paidURL: p.returnURL(checkout.PaymentID, ReturnPaid),
		backURL: p.returnURL(checkout.PaymentID, ReturnBack),
	})
	if err != nil || !opened.Replayed {
		return opened, err
	}
	return p.stripe.page(ctx, opened.ID)
}

// findPage looks through the customer's pages for one of this payment that is
// paid, being paid or open, in this order. None gives an empty page.
func (p *Payments) findPage(ctx context.Context, checkout certification.Checkout, customer string) (page, error) {
	ids, err := p.stripe.pagesOf(ctx, customer, checkout.PaymentID)
	if err != nil {
		return page{}, err
	}
	var found page
	for _, id := range ids {
		candidate, err := p.stripe.page(ctx, id)
		if err != nil {
			return page{}, err
		}
		if candidate.state() > found.state() {
			found = candidate
		}
	}
	if found.state() == pageExpired {
		return page{}, nil
	}
	return found, nil
}

// closePage makes sure that a page can no longer be paid. It says whether it was.
func (p *Payments) closePage(ctx context.Context, id string) (page, bool, error) {
	current, err := p.stripe.page(ctx, id)
	if missing(err) {
		return page{}, false, nil // what the processor does not know cannot be paid there
	}
	if err != nil {
		return page{}, false, err
	}
	if current.state() == pageOpen {
		// The key names the moment, because looking comes first: a repeat does no harm.
		key := laterTry("expire", id, current.CreatedAt, p.now()).key
		expired, err := p.stripe.expirePage(ctx, id, key)
		if err == nil {
			return expired, false, nil
		}
		// It may have been paid between looking and closing.
		again, lookErr := p.stripe.page(ctx, id)
		if lookErr != nil || again.state() == pageOpen {
			return page{}, false, err
		}
		current = again
	}
	return current, current.state() == pagePaid, current.processing()
}

func sessionOf(p page) certification.CheckoutSession {
	session := certification.CheckoutSession{
		SessionID: p.ID, CustomerID: p.CustomerID, URL: p.URL,
		ExpiresAt: p.ExpiresAt, AlreadyPaid: p.state() == pagePaid,
	}
	if session.AlreadyPaid {
		session.URL = ""
	}
	return session
}
