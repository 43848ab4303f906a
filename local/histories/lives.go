package histories

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/stack"
	"peercert/store"
	"peercert/workflows"
)

// life is a case that is led by messages to its workflow, in the real time: the clock
// that a stack is peopled by leaves traces in a history that production has not.
//
// What the door checks before it sends (watched videos, drafts, files) is not here: a
// workflow sees nothing of it.
type life struct {
	*recorder
	caseID    string
	applicant certification.Actor
	keys      int
}

var (
	reviewer      = certification.Actor{Role: certification.RoleReviewer, ID: "r-01"}
	administrator = certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}
)

// open registers somebody and confirms the address.
func (r *recorder) open(ctx context.Context, who string) (*life, error) {
	opened, err := r.Parts.Cases.Register(ctx, "histories-"+who, cases.Registration{
		FirstName: "Hestia", LastName: "Quillfeather", Email: who + "@histories.example", CountyPlan: certification.CountyPlans()[0], Language: "en",
		Address: cases.Address{Line1: "1 Main Street", City: "Oakland", State: "CA", ZIP: "94612"},
	})
	if err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	confirmed, err := r.Parts.Cases.Confirm(ctx, "histories-"+who, opened.ID, cases.ConfirmationCode(r.Settings.TokenSecret, opened.ID))
	if err != nil {
		return nil, fmt.Errorf("confirming: %w", err)
	}
	return &life{
		recorder: r, caseID: confirmed.Case.ID,
		applicant: certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID},
	}, nil
}

func (l *life) now(ctx context.Context) (certification.Case, error) {
	row, err := l.Parts.Store.Case(ctx, l.caseID)
	return row.Case, err
}

// reach waits until the case is at a stage and its letters are sent.
func (l *life) reach(ctx context.Context, stage certification.Stage) error {
	return until(ctx, "stage "+string(stage), func() error {
		now, err := l.now(ctx)
		if err == nil && now.Stage != stage {
			err = fmt.Errorf("the case is at %s", now.Stage)
		}
		if err != nil {
			return err
		}
		letters, err := l.Parts.Store.NoticesOf(ctx, &l.caseID)
		if err != nil {
			return err
		}
		for _, letter := range letters {
			if letter.SentAt == nil {
				return fmt.Errorf("%s is not sent", letter.Letter)
			}
		}
		return nil
	})
}

// send gives a message to the case, as whoever such messages are of.
func (l *life) send(ctx context.Context, message certification.Message) error {
	key := l.address(message)
	if certification.SenderOf(message.Signal()) == certification.RoleOutside {
		return l.Parts.Temporal.SignalWorkflow(ctx, workflows.CaseWorkflowID(l.caseID), "", string(message.Signal()), message)
	}
	return l.update(ctx, key, message)
}

// address puts a new key and the actor into a message, and gives the key.
func (l *life) address(message certification.Message) string {
	l.keys++
	envelope := certification.EnvelopeOf(message)
	*envelope = certification.Envelope{Key: fmt.Sprintf("recorded-%d", l.keys)}
	switch certification.SenderOf(message.Signal()) {
	case certification.RoleApplicant:
		envelope.Actor = l.applicant
	case certification.RoleReviewer:
		envelope.Actor = reviewer
	case certification.RoleAdministrator:
		envelope.Actor = administrator
	case certification.RoleOutside:
		envelope.Actor = certification.Actor{Role: certification.RoleOutside, ID: "recorded"}
	}
	return envelope.Key
}

func (l *life) update(ctx context.Context, id string, message certification.Message) error {
	handle, err := l.Parts.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.CaseWorkflowID(l.caseID), UpdateID: id, UpdateName: string(message.Signal()),
		Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", message.Signal(), err)
	}
	return nil
}

// step is one thing that happens in a life, and the stage that it leads to.
type step struct {
	do    func(context.Context) error
	stage certification.Stage
}

func (l *life) live(ctx context.Context, steps ...step) error {
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return err
		}
		if err := l.reach(ctx, step.stage); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) sending(message certification.Message) func(context.Context) error {
	return func(ctx context.Context) error { return l.send(ctx, message) }
}

// checked tells of a document that was checked.
func (l *life) checked(kind certification.DocumentKind) func(context.Context) error {
	return l.sending(&certification.DocumentChecked{DocumentID: store.NewID(), Kind: kind, Finding: string(certification.DocumentClean)})
}

// draft saves a form as it was left last, and gives its new revision.
func (l *life) draft(ctx context.Context, form certification.Form, seen int, values map[string]any) (int, error) {
	changes, err := json.Marshal(values)
	if err != nil {
		return 0, err
	}
	draft, err := l.Parts.Cases.SaveDraft(ctx, l.applicant, cases.SaveDraft{CaseID: l.caseID, Form: form, Revision: seen, Changes: changes})
	if err != nil {
		return 0, fmt.Errorf("saving the %s: %w", form, err)
	}
	return draft.Revision, nil
}

// pay pays the fee that is due at the simulator's page.
func (l *life) pay(ctx context.Context) error {
	if err := l.send(ctx, &certification.PayFee{NotRefundableVersion: certification.CurrentPolicy(time.Now()).NotRefundableVersion}); err != nil {
		return err
	}
	address := ""
	if err := until(ctx, "the payment page", func() error {
		now, err := l.now(ctx)
		if err != nil {
			return err
		}
		payment, err := l.Parts.Store.ReadPayment(ctx, now.Payment.ID)
		if err == nil && payment.CheckoutUrl == "" {
			err = errors.New("it has no address")
		}
		address = payment.CheckoutUrl
		return err
	}); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"action": {"pay"}}.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(request)
	if err != nil {
		return fmt.Errorf("paying: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the payment page answers %d", answer.StatusCode)
	}
	return nil
}

// book asks for an authorization and makes an appointment that ends in a moment.
func (l *life) book(ctx context.Context) error {
	if err := l.send(ctx, &certification.BookExam{Language: "en", Place: certification.ExamOnline}); err != nil {
		return err
	}
	id := ""
	if err := until(ctx, "the exam vendor's answer", func() error {
		now, err := l.now(ctx)
		if err == nil && !now.Exam.Authorized {
			err = errors.New("it has not come")
		}
		if err == nil {
			id = now.Exam.AuthorizationID
		}
		return err
	}); err != nil {
		return err
	}
	return l.send(ctx, &certification.ExamConfirmed{
		AuthorizationID: id, AppointmentID: store.NewID(), AppointmentAt: time.Now(), EndsAt: time.Now().Add(2 * time.Second),
	})
}

func (l *life) examined(passed bool) func(context.Context) error {
	return func(ctx context.Context) error {
		now, err := l.now(ctx)
		if err != nil {
			return err
		}
		return l.send(ctx, &certification.ExamResult{
			AuthorizationID: now.Exam.AuthorizationID, Passed: passed, ExaminedAt: now.Exam.EndsAt, Version: 1,
		})
	}
}

func (l *life) run(ctx context.Context) (string, error) {
	described, err := l.Parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(l.caseID), "")
	return described.GetWorkflowExecutionInfo().GetExecution().GetRunId(), err
}

// slept waits until the case has left a run and sleeps in the next, and takes the
// sleeper's history under a name.
func (l *life) slept(ctx context.Context, old, name string) error {
	if err := until(ctx, "a new run", func() error {
		run, err := l.run(ctx)
		if err == nil && run == old {
			err = errors.New("the old one goes on")
		}
		return err
	}); err != nil {
		return err
	}
	found, err := l.quiet(ctx, l.caseID)
	l.found[name] = found
	return err
}

// whole lives from registration to a certificate, with one return and one failed exam.
// The run that it leaves, and the sleeper that follows, are taken.
func (r *recorder) whole(ctx context.Context) error {
	l, err := r.open(ctx, "whole")
	if err != nil {
		return err
	}
	run, err := l.run(ctx)
	if err != nil {
		return err
	}
	draft := 0
	application := func(ctx context.Context) (err error) {
		draft, err = l.draft(ctx, certification.FormApplication, draft, map[string]any{"legal_first_name": "Hestia", "legal_last_name": "Quillfeather"})
		return err
	}
	claim := l.sending(&certification.ClaimReview{})
	if err := l.live(ctx,
		step{l.sending(&certification.CompleteIntroVideo{}), certification.StageApplication},
		step{l.checked(certification.DocumentPhotoID), certification.StageApplication},
		step{l.checked(certification.DocumentDiploma), certification.StageApplication},
		step{application, certification.StageApplication},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.SubmitApplication{
				DraftRevision: draft, Policy: certification.CurrentPolicy(time.Now()), EthicsVersion: certification.CurrentPolicy(time.Now()).EthicsVersion,
				DocumentIDs: []string{store.NewID(), store.NewID()},
			})
		}, certification.StageApplicationFee},
		step{l.pay, certification.StageApplicationReview},
		step{claim, certification.StageApplicationReview},
		step{l.sending(&certification.DecideApplication{
			Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_UNREADABLE", "DIPLOMA_MISSING_OR_UNREADABLE"},
		}), certification.StageApplicationReturned},
		step{l.checked(certification.DocumentPhotoID), certification.StageApplicationReturned},
		step{l.checked(certification.DocumentDiploma), certification.StageApplicationReturned},
		step{func(ctx context.Context) error {
			return l.send(ctx, &certification.ResubmitApplication{DraftRevision: draft, DocumentIDs: []string{store.NewID(), store.NewID()}})
		}, certification.StageApplicationReview},
		step{l.sending(&certification.DecideApplication{Decision: certification.DecisionApprove}), certification.StageTraining},
		step{l.checked(certification.DocumentTrainingCertificate), certification.StageTraining},
		step{func(ctx context.Context) error {
			training, err := l.draft(ctx, certification.FormTraining, 0, map[string]any{"hours": 80})
			if err != nil {
				return err
			}
			return l.send(ctx, &certification.SubmitTraining{DraftRevision: training, DocumentIDs: []string{store.NewID()}, ProviderID: "bay-peer-academy"})
		}, certification.StageTrainingReview},
		step{claim, certification.StageTrainingReview},
		step{l.sending(&certification.DecideTraining{Decision: certification.DecisionApprove}), certification.StageExamFee},
		step{l.pay, certification.StageExamBooking},
		step{l.book, certification.StageExamScoring},
		step{l.examined(false), certification.StageExamFee},
		step{l.pay, certification.StageExamBooking},
		step{l.book, certification.StageExamScoring},
		step{l.examined(true), certification.StageCertified},
	); err != nil {
		return err
	}
	// This sleeper goes before one that the peopling clock has woken.
	if err := l.slept(ctx, run, string(certification.StageCertified)); err != nil {
		return err
	}
	l.found[Whole], err = l.historyOf(ctx, l.caseID, run)
	return err
}

// renewed lets somebody whose renewal is under review begin the second term.
func (r *recorder) renewed(ctx context.Context, caseID string) error {
	l := &life{recorder: r, caseID: caseID}
	run, err := l.run(ctx)
	if err != nil {
		return err
	}
	if err := l.send(ctx, &certification.Reassign{ReviewerID: reviewer.ID}); err != nil {
		return err
	}
	if err := l.send(ctx, &certification.DecideRenewal{Decision: certification.DecisionApprove}); err != nil {
		return err
	}
	if err := l.reach(ctx, certification.StageCertified); err != nil {
		return err
	}
	return l.slept(ctx, run, SecondTerm)
}

// operated lives through what operators and outages do.
func (r *recorder) operated(ctx context.Context) error {
	l, err := r.open(ctx, "operated")
	if err != nil {
		return err
	}
	attention := func(code string) error {
		return until(ctx, "attention "+code, func() error {
			now, err := l.now(ctx)
			if err == nil && !now.NeedsAttention(code) {
				err = errors.New("there is none")
			}
			return err
		})
	}
	// From the Temporal UI, where a message has no key and no actor.
	if err := l.update(ctx, "from-the-ui", &certification.Hold{Reason: "records_check"}); err != nil {
		return err
	}
	if err := l.Parts.Temporal.SignalWorkflow(ctx, workflows.CaseWorkflowID(l.caseID), "", "withdrow", nil); err != nil {
		return err
	}
	if err := attention(certification.AttentionUnknown); err != nil {
		return err
	}
	if err := l.Parts.Temporal.CancelWorkflow(ctx, workflows.CaseWorkflowID(l.caseID), ""); err != nil {
		return err
	}
	if err := attention(certification.AttentionCancel); err != nil {
		return err
	}
	if err := l.live(ctx,
		step{l.sending(&certification.RetryStep{}), certification.StageIntroVideo},
		step{l.sending(&certification.Wake{}), certification.StageIntroVideo},
	); err != nil {
		return err
	}

	// The records go away while a step is on its way to them.
	if err := r.stack.StopPart(stack.PostgreSQL); err != nil {
		return err
	}
	released := make(chan error, 1)
	go func() { released <- l.send(ctx, &certification.ReleaseHold{}) }()
	waits := until(ctx, "the step to be tried later", func() error {
		described, err := l.Parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(l.caseID), "")
		if err == nil && len(described.GetPendingActivities()) == 0 {
			err = errors.New("it is not")
		}
		return err
	})
	if err := errors.Join(waits, r.stack.StartPart(ctx, stack.PostgreSQL), <-released); err != nil {
		return err
	}
	if err := l.live(ctx, step{l.sending(&certification.ExtendDeadline{Days: 7}), certification.StageIntroVideo}); err != nil {
		return err
	}
	l.found[Operated], err = l.quiet(ctx, l.caseID)
	return err
}
