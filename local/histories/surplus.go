package histories

import (
	"context"
	"errors"
	"time"

	"peercert/certification"
	"peercert/store"
)

// surplus lives through money that comes for fees which the case does not wait for: for a
// page of before beside another, after the fee was paid, and while the case closes.
func (r *recorder) surplus(ctx context.Context) error {
	l, err := r.open(ctx, "surplus")
	if err != nil {
		return err
	}
	policy := certification.CurrentPolicy(time.Now())
	draft := 0
	if err := l.live(ctx,
		step{l.sending(&certification.CompleteIntroVideo{}), certification.StageApplication},
		step{func(ctx context.Context) (err error) {
			draft, err = l.draft(ctx, certification.FormApplication, draft, map[string]any{"legal_first_name": "Hestia", "legal_last_name": "Quillfeather"})
			return err
		}, certification.StageApplication},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.SubmitApplication{
				DraftRevision: draft, Policy: policy, EthicsVersion: policy.EthicsVersion, DocumentIDs: []string{store.NewID(), store.NewID()},
			})
		}, certification.StageApplicationFee},
	); err != nil {
		return err
	}
	// told sends what does not move the case, and waits until it is written.
	told := func(messages ...certification.Message) error {
		before, err := l.now(ctx)
		if err != nil {
			return err
		}
		for _, message := range messages {
			if err := l.send(ctx, message); err != nil {
				return err
			}
		}
		return until(ctx, "the messages to be written", func() error {
			now, err := l.now(ctx)
			if err == nil && now.Revision < before.Revision+len(messages) {
				err = errors.New("they are not")
			}
			return err
		})
	}
	asked := func() (id string, err error) {
		if err := told(&certification.PayFee{NotRefundableVersion: policy.NotRefundableVersion}); err != nil {
			return "", err
		}
		return id, until(ctx, "the payment page", func() error {
			now, err := l.now(ctx)
			if err != nil {
				return err
			}
			id = now.Payment.ID
			payment, err := l.Parts.Store.ReadPayment(ctx, id)
			if err == nil && payment.CheckoutUrl == "" {
				err = errors.New("it has no address")
			}
			return err
		})
	}
	settled := func(id string) certification.Message {
		return &certification.PaymentSettled{PaymentID: id, Fee: certification.FeeApplication, AmountCents: policy.AmountCents(certification.FeeApplication), PaidAt: time.Now()}
	}
	first, err := asked()
	if err != nil {
		return err
	}
	if err := told(&certification.PaymentFailed{PaymentID: first, Reason: "expired"}); err != nil {
		return err
	}
	second, err := asked()
	if err != nil {
		return err
	}
	if err := told(settled(first)); err != nil {
		return err
	}
	if err := l.reach(ctx, certification.StageApplicationReview); err != nil { // the money of the first counts
		return err
	}
	if err := told(settled(second)); err != nil {
		return err
	}
	if err := told(&certification.PaymentRefunded{PaymentID: second, AmountCents: policy.AmountCents(certification.FeeApplication)}); err != nil {
		return err
	}
	if err := told(&certification.PaymentDisputed{PaymentID: first}); err != nil {
		return err
	}
	// A run that has just closed still listens for a moment.
	if err := told(
		&certification.Withdraw{}, settled(store.NewID()),
		&certification.PaymentRefunded{PaymentID: first, AmountCents: policy.AmountCents(certification.FeeApplication)},
	); err != nil {
		return err
	}
	if err := l.reach(ctx, certification.StageClosed); err != nil {
		return err
	}
	l.found[Surplus], err = l.quiet(ctx, l.caseID)
	return err
}
