package histories

import (
	"context"
	"errors"
	"fmt"
	"time"

	"peercert/certification"
	"peercert/store"
)

// agree goes from registration to the exam fee under a policy.
func (l *life) agree(ctx context.Context, policy certification.Policy) error {
	application, training := 0, 0
	save := func(form certification.Form, revision *int, values map[string]any) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			*revision, err = l.draft(ctx, form, *revision, values)
			return err
		}
	}
	return l.live(ctx,
		step{l.sending(&certification.CompleteIntroVideo{}), certification.StageApplication},
		step{save(certification.FormApplication, &application, map[string]any{"legal_first_name": "Hestia", "legal_last_name": "Quillfeather"}), certification.StageApplication},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.SubmitApplication{DraftRevision: application, Policy: policy, EthicsVersion: policy.EthicsVersion})
		}, certification.StageApplicationFee},
		step{l.sending(&certification.WaiveFee{Reason: "scholarship"}), certification.StageApplicationReview},
		step{l.sending(&certification.ClaimReview{}), certification.StageApplicationReview},
		step{l.sending(&certification.DecideApplication{Decision: certification.DecisionApprove}), certification.StageTraining},
		step{save(certification.FormTraining, &training, map[string]any{"hours": 80}), certification.StageTraining},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.SubmitTraining{DraftRevision: training, DocumentIDs: []string{store.NewID()}, ProviderID: "bay-peer-academy"})
		}, certification.StageTrainingReview},
		step{l.sending(&certification.ClaimReview{}), certification.StageTrainingReview},
		step{l.sending(&certification.DecideTraining{Decision: certification.DecisionApprove}), certification.StageExamFee},
	)
}

// seen waits until something holds of the case.
func (l *life) seen(what string, holds func(certification.Case) bool) func(context.Context) error {
	return func(ctx context.Context) error {
		return until(ctx, what, func() error {
			now, err := l.now(ctx)
			if err == nil && !holds(now) {
				err = errors.New("it has not happened")
			}
			return err
		})
	}
}

// late sits an exam after the last day of the window: the window ends today, is moved
// at the booking, and the appointment is moved to the day after its end.
func (r *recorder) late(ctx context.Context) error {
	l, err := r.open(ctx, "late")
	if err != nil {
		return err
	}
	policy := certification.CurrentPolicy(time.Now())
	policy.WindowMonths = 0
	if err := l.agree(ctx, policy); err != nil {
		return err
	}
	var exam certification.Exam
	var window time.Time
	appointed := func(make func(at time.Time) certification.Message, days int, ends time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			now, err := l.now(ctx)
			if err != nil {
				return err
			}
			exam, window = *now.Exam, now.WindowEndsAt
			message := make(certification.AddDays(window, days))
			switch message := message.(type) {
			case *certification.ExamConfirmed:
				message.AuthorizationID, message.AppointmentID, message.EndsAt = exam.AuthorizationID, "ap-1", time.Now().Add(ends)
			case *certification.ExamChanged:
				message.AuthorizationID, message.AppointmentID, message.EndsAt = exam.AuthorizationID, "ap-1", time.Now().Add(ends)
			}
			return l.send(ctx, message)
		}
	}
	result := func(passed bool, version int) func(context.Context) error {
		return func(ctx context.Context) error {
			return l.send(ctx, &certification.ExamResult{
				AuthorizationID: exam.AuthorizationID, Passed: passed, ExaminedAt: certification.AddDays(window, 1), Version: version,
			})
		}
	}
	noted := l.seen("attention for the vendor", func(c certification.Case) bool { return c.NeedsAttention(certification.AttentionVendor) })
	forget := l.sending(&certification.RetryStep{})
	if err := l.live(ctx,
		step{l.sending(&certification.WaiveFee{Reason: "scholarship"}), certification.StageExamBooking},
		step{l.sending(&certification.BookExam{Language: "en", Place: certification.ExamOnline}), certification.StageExamBooking},
		step{l.seen("the authorization", func(c certification.Case) bool { return c.Exam.Authorized }), certification.StageExamBooking},
		step{l.sending(&certification.ExtendDeadline{Days: 7}), certification.StageExamBooking},
		step{appointed(func(at time.Time) certification.Message { return &certification.ExamConfirmed{AppointmentAt: at} }, 1, time.Hour), certification.StageExamBooked},
		step{forget, certification.StageExamBooked},
		step{appointed(func(at time.Time) certification.Message { return &certification.ExamChanged{AppointmentAt: at} }, 2, 3*time.Second), certification.StageExamBooked},
		step{forget, certification.StageExamScoring},
		step{result(false, 1), certification.StageExamScoring},
		step{noted, certification.StageExamScoring},
		step{forget, certification.StageExamScoring},
		step{result(true, 2), certification.StageExamScoring},
		step{noted, certification.StageExamScoring},
	); err != nil {
		return err
	}
	run, err := l.run(ctx)
	if err != nil {
		return err
	}
	if err := l.live(ctx, step{l.sending(&certification.ExtendDeadline{Days: 30}), certification.StageCertified}); err != nil {
		return err
	}
	return l.leftBehind(ctx, Late, run)
}

// again files a renewal of somebody whose renewal is open until it is under review for
// the third time: the fee was not paid in time once, and what was returned was not put
// right once. Then the certificate is revoked, by mistake.
func (r *recorder) again(ctx context.Context, caseID string) error {
	l := &life{recorder: r, caseID: caseID}
	now, err := l.now(ctx)
	if err != nil {
		return err
	}
	l.applicant = certification.Actor{Role: certification.RoleApplicant, ID: now.ApplicantID}
	drafts := map[certification.Form]int{}
	save := func(form certification.Form) func(context.Context) error {
		return func(ctx context.Context) error {
			kept, err := l.Parts.Cases.Draft(ctx, l.applicant, caseID, form, "")
			if err != nil {
				return fmt.Errorf("reading the %s: %w", form, err)
			}
			values := map[string]any{"attested": true}
			if form == certification.FormAppeal {
				values = map[string]any{"statement": "-"}
			}
			drafts[form], err = l.draft(ctx, form, kept.Revision, values)
			return err
		}
	}
	file := func(change func(*certification.Policy)) func(context.Context) error {
		return func(ctx context.Context) error {
			policy := certification.CurrentPolicy(time.Now())
			change(&policy)
			return l.send(ctx, &certification.SubmitRenewal{DraftRevision: drafts[certification.FormRenewal], Policy: policy, EthicsVersion: policy.EthicsVersion})
		}
	}
	saved := step{save(certification.FormRenewal), certification.StageRenewal}
	claim := l.sending(&certification.ClaimReview{})
	if err := l.live(ctx,
		saved,
		step{file(func(p *certification.Policy) { p.FeeDays = -1 }), certification.StageRenewal}, // due before it was asked for
		saved,
		step{file(func(p *certification.Policy) { p.ReturnedDays = -1 }), certification.StageRenewalFee},
		step{l.pay, certification.StageRenewalReview},
		step{claim, certification.StageRenewalReview},
		step{l.sending(&certification.DecideRenewal{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ETHICS_NOT_SIGNED"}}), certification.StageRenewal},
		saved,
		step{file(func(*certification.Policy) {}), certification.StageRenewalReview}, // its fee was paid
		step{l.sending(&certification.Revoke{Reason: "ethics"}), certification.StageRevoked},
		step{save(certification.FormAppeal), certification.StageRevoked},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.Appeal{DraftRevision: drafts[certification.FormAppeal]})
		}, certification.StageAppealReview},
		step{claim, certification.StageAppealReview},
		step{l.sending(&certification.DecideAppeal{Decision: certification.DecisionApprove}), certification.StageRenewalReview},
	); err != nil {
		return err
	}
	l.found[Restored], err = l.quiet(ctx, caseID)
	return err
}

// leftBehind takes the history of a run once the case has left it.
func (l *life) leftBehind(ctx context.Context, name, run string) error {
	if err := until(ctx, "a new run", func() error {
		now, err := l.run(ctx)
		if err == nil && now == run {
			err = errors.New("the old one goes on")
		}
		return err
	}); err != nil {
		return err
	}
	found, err := l.historyOf(ctx, l.caseID, run)
	if err == nil {
		l.found[name] = found
	}
	return err
}
