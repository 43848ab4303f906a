package cases

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Stripe takes a webhook of Stripe into the inbox.
func (c *Cases) Stripe(ctx context.Context, body []byte, signature string) error {
	return c.receive(ctx, c.Options.Stripe, body, signature)
}

// ExamVendor takes a webhook of the exam vendor into the inbox.
func (c *Cases) ExamVendor(ctx context.Context, body []byte, signature string) error {
	return c.receive(ctx, c.Options.Exams, body, signature)
}

func (c *Cases) receive(ctx context.Context, verifier Verifier, body []byte, signature string) error {
	incoming, err := verifier.Verify(body, signature)
	if err != nil {
		return &certification.Refusal{Type: certification.RefusedBadSignature, Detail: "The signature or the body of this webhook is not right.", Cause: err}
	}
	return c.Receive(ctx, incoming)
}

// Receive stores a message from outside. One that was stored before is nothing new.
func (c *Cases) Receive(ctx context.Context, incoming certification.Incoming) error {
	_, err := c.Store.Receive(ctx, queries.ReceiveParams{
		Source: incoming.Source, ExternalID: incoming.ExternalID, Kind: incoming.Kind, Payload: incoming.Payload, ReceivedAt: c.now(),
	})
	return failed(err, "storing a message from outside")
}

// looksApart is how long a payment page is left alone that was looked at.
const looksApart = 10 * time.Second

// LookAtPayment has it looked whether the page of a payment was paid, for somebody who comes
// back from there before the payment processor has told us, or though it never does. One
// that is not open any more is known.
func (c *Cases) LookAtPayment(ctx context.Context, actor certification.Actor, caseID, paymentID string) error {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return err
	}
	if !isID(paymentID) {
		return certification.NotFound()
	}
	payment, err := c.Store.ReadPayment(ctx, paymentID)
	if store.None(err) || err == nil && payment.CaseID != caseID {
		return certification.NotFound()
	}
	if err == nil && payment.Status == certification.PaymentOpen && payment.SessionID != "" {
		now := c.now()
		err = c.Store.LookAtPage(ctx, queries.LookAtPageParams{
			Source: store.SourceSteps, Kind: store.KindLookAtPage, SessionID: payment.SessionID, At: now, UnlessSince: now.Add(-looksApart),
		})
	}
	return failed(err, "looking at a payment page")
}

// Ready says how the parts are doing that the product needs.
func (c *Cases) Ready(ctx context.Context) []Part {
	part := func(name, detail string, check func(context.Context) error) Part {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if err := check(ctx); err != nil {
			return Part{Name: name, Detail: detail}
		}
		return Part{Name: name, Ready: true}
	}
	return []Part{
		part("postgresql", "The records do not answer.", c.Store.Ping),
		part("temporal", "Temporal does not answer.", func(ctx context.Context) error {
			if c.Temporal == nil {
				return errors.New("no connection")
			}
			_, err := c.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}),
		part("s3", "The document store does not answer.", c.Storage.Ping),
	}
}
