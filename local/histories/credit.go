package histories

import (
	"context"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store"
)

// credit pays for an application when the time to pay was over, leaves the run, and sends
// the application again, whose fee is settled by that. It moves the clock.
func (r *recorder) credit(ctx context.Context) error {
	l, err := r.open(ctx, "credit")
	if err != nil {
		return err
	}
	policy := certification.CurrentPolicy(time.Now())
	draft, payment := 0, ""
	save := func(ctx context.Context) (err error) {
		draft, err = l.draft(ctx, certification.FormApplication, draft, map[string]any{"legal_first_name": "Hestia", "legal_last_name": "Quillfeather"})
		return err
	}
	submit := func(ctx context.Context) error {
		return l.send(ctx, &certification.SubmitApplication{
			DraftRevision: draft, Policy: policy, EthicsVersion: policy.EthicsVersion, DocumentIDs: []string{store.NewID(), store.NewID()},
		})
	}
	if err := l.live(ctx,
		step{l.sending(&certification.CompleteIntroVideo{}), certification.StageApplication},
		step{save, certification.StageApplication},
		step{submit, certification.StageApplicationFee},
		step{l.sending(&certification.PayFee{NotRefundableVersion: policy.NotRefundableVersion}), certification.StageApplicationFee},
	); err != nil {
		return err
	}
	if err := l.seen("the payment", func(c certification.Case) bool {
		payment = c.Payment.ID
		return payment != ""
	})(ctx); err != nil {
		return err
	}
	if _, err := r.Clock.Move(ctx, certification.AddDays(r.Clock.Now(), policy.FeeDays+1)); err != nil {
		return fmt.Errorf("moving the clock: %w", err)
	}
	if err := l.reach(ctx, certification.StageApplication); err != nil {
		return err
	}
	first, err := l.run(ctx)
	if err != nil {
		return err
	}
	if err := l.live(ctx,
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.PaymentSettled{
				PaymentID: payment, Fee: certification.FeeApplication, AmountCents: policy.AmountCents(certification.FeeApplication), PaidAt: r.Clock.Now(),
			})
		}, certification.StageApplication},
		step{l.seen("the credit", func(c certification.Case) bool { return c.Credit != nil }), certification.StageApplication},
		step{l.sending(&certification.StartNewRun{}), certification.StageApplication},
	); err != nil {
		return err
	}
	if err := l.leftBehind(ctx, Kept, first); err != nil {
		return err
	}
	if err := l.live(ctx, step{save, certification.StageApplication}, step{submit, certification.StageApplicationReview}); err != nil {
		return err
	}
	l.found[Spent], err = l.quiet(ctx, l.caseID)
	return err
}
