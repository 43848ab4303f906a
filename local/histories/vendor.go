package histories

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/workflows"
)

// vendor lives through what the exam vendor says late, in another order, twice or not at
// all.
func (r *recorder) vendor(ctx context.Context) error {
	l, err := r.open(ctx, "vendor")
	if err != nil {
		return err
	}
	if err := l.agree(ctx, certification.CurrentPolicy(time.Now())); err != nil {
		return err
	}
	id := ""
	authorized := func(ctx context.Context) error {
		if err := l.send(ctx, &certification.BookExam{Language: "en", Place: certification.ExamOnline}); err != nil {
			return err
		}
		return l.seen("the authorization", func(c certification.Case) bool {
			id = c.Exam.AuthorizationID
			return c.Exam.Authorized
		})(ctx)
	}
	// told sends what perhaps does not move the case, and waits until it is written.
	told := func(message func() certification.Message) func(context.Context) error {
		return func(ctx context.Context) error {
			before, err := l.now(ctx)
			if err == nil {
				err = l.send(ctx, message())
			}
			if err != nil {
				return err
			}
			return l.seen("the message to be written", func(c certification.Case) bool { return c.Revision > before.Revision })(ctx)
		}
	}
	confirmed := func(appointment string, ends time.Duration) func(context.Context) error {
		return told(func() certification.Message {
			return &certification.ExamConfirmed{AuthorizationID: id, AppointmentID: appointment, AppointmentAt: time.Now(), EndsAt: time.Now().Add(ends)}
		})
	}
	changed := func(appointment string, ends time.Duration) func(context.Context) error {
		return told(func() certification.Message {
			return &certification.ExamChanged{AuthorizationID: id, AppointmentID: appointment, AppointmentAt: time.Now(), EndsAt: time.Now().Add(ends)}
		})
	}
	cancelled := func(appointment string) func(context.Context) error {
		return told(func() certification.Message {
			return &certification.ExamCancelled{AuthorizationID: id, AppointmentID: appointment}
		})
	}
	if err := l.live(ctx,
		step{l.sending(&certification.WaiveFee{Reason: "scholarship"}), certification.StageExamBooking},
		step{authorized, certification.StageExamBooking},
		step{confirmed("ap-1", time.Hour), certification.StageExamBooked},
		step{confirmed("ap-2", time.Hour), certification.StageExamBooked},
		step{changed("ap-3", time.Hour), certification.StageExamBooked},
		step{cancelled("ap-1"), certification.StageExamBooked},
		step{cancelled("ap-2"), certification.StageExamBooking},
		step{confirmed("ap-4", 2*time.Second), certification.StageExamScoring},
		step{changed("ap-4", time.Hour), certification.StageExamBooked},
		step{confirmed("ap-5", 2*time.Second), certification.StageExamScoring},
		step{cancelled("ap-4"), certification.StageExamScoring},
		step{told(func() certification.Message {
			return &certification.ExamResult{AuthorizationID: id, ExaminedAt: time.Now(), Version: 1}
		}), certification.StageExamFee},
		// Something else than before.
		step{told(func() certification.Message {
			return &certification.ExamResult{AuthorizationID: id, Passed: true, ExaminedAt: time.Now(), Version: 1}
		}), certification.StageExamFee},
		step{told(func() certification.Message {
			return &certification.ExamIncident{AuthorizationID: id, Reason: "power_failure"}
		}), certification.StageExamFee},
		step{l.sending(&certification.WaiveFee{Reason: "scholarship"}), certification.StageExamBooking},
	); err != nil {
		return err
	}

	// The vendor's answers lie in the bucket and nobody fetches them.
	collection := r.Parts.Temporal.ScheduleClient().GetHandle(ctx, "exam-collection")
	if err := collection.Pause(ctx, client.SchedulePauseOptions{Note: "a vendor that does not answer"}); err != nil {
		return fmt.Errorf("stopping the collection: %w", err)
	}
	if err := l.live(ctx,
		step{l.sending(&certification.BookExam{Language: "en", Place: certification.ExamOnline}), certification.StageExamBooking},
		step{func(ctx context.Context) error {
			now, err := l.now(ctx)
			if err != nil {
				return err
			}
			id = now.Exam.AuthorizationID
			return until(ctx, "the authorization to be sent", func() error {
				described, err := l.Parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(l.caseID), "")
				if err == nil && (len(described.GetPendingActivities()) > 0 || described.GetPendingWorkflowTask() != nil) {
					err = errors.New("it is not, or the case does not know")
				}
				return err
			})
		}, certification.StageExamBooking},
		step{l.sending(&certification.RetryStep{}), certification.StageExamBooking},
		step{told(func() certification.Message { return &certification.ExamUnanswered{AuthorizationID: id} }), certification.StageExamBooking},
	); err != nil {
		return err
	}
	l.found[Vendor], err = l.quiet(ctx, l.caseID)
	return err
}
