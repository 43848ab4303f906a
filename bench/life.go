package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
	"peercert/workflows"
)

// life is one case, lived by the messages that the product's door and its relay
// send to Temporal: updates of people, signals of machines. Behind it everything is
// real: records, letters by mail, payment pages, authorizations in the bucket.
type life struct {
	w         *world
	caseID    string
	applicant certification.Actor
	reviewer  certification.Actor
	keys      int
	messages  int // updates and signals so far
}

// everyMoment is how often a life looks whether something has come about.
const everyMoment = 3 * time.Millisecond

// until looks again and again until something holds, for at most three minutes: a letter
// that Temporal handed to nobody is missed after one.
func until(ctx context.Context, what string, holds func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	pause := time.NewTicker(everyMoment)
	defer pause.Stop()
	for {
		held, err := holds(ctx)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if held {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-pause.C:
		}
	}
}

// register stores a made-up person and begins their case: an update with its start.
func register(ctx context.Context, w *world) (*life, error) {
	l := &life{
		w: w, caseID: store.NewID(), applicant: certification.Actor{Role: certification.RoleApplicant, ID: store.NewID()},
		reviewer: certification.Actor{Role: certification.RoleReviewer, ID: "r-01"},
	}
	now := time.Now()
	email := l.applicant.ID + "@example.test"
	plan := certification.CountyPlans()[0]
	if err := w.parts.Store.AddApplicant(ctx, queries.AddApplicantParams{
		ID: l.applicant.ID, CandidateID: uuid.NewString(), Email: email, EmailFolded: email, FirstName: "Ana", LastName: "Rivera",
		Address: []byte("{}"), CountyPlan: plan, Language: "en", CreatedAt: now,
	}); err != nil {
		return nil, fmt.Errorf("storing a person: %w", err)
	}
	number, err := certification.NewCaseNumber(rand.Reader)
	if err != nil {
		return nil, err
	}
	start := workflows.Start{Case: certification.Case{
		ID: l.caseID, Number: number, ApplicantID: l.applicant.ID, CountyPlan: plan, Policy: certification.CurrentPolicy(now),
	}}
	message := &certification.Register{ApplicantID: l.applicant.ID, CaseNumber: number, CountyPlan: plan}
	operation := w.parts.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: workflows.CaseWorkflowID(l.caseID), TaskQueue: workflows.QueueCases, StaticSummary: number,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, TypedSearchAttributes: workflows.StartAttributes(&start.Case),
	}, workflows.CertificationType, start)
	handle, err := w.parts.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: operation, UpdateOptions: l.options(l.applicant, message),
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	return l, nil
}

func (l *life) envelope(actor certification.Actor) certification.Envelope {
	l.keys++
	l.messages++
	return certification.Envelope{Key: fmt.Sprintf("%s-%02d", l.caseID, l.keys), Actor: actor}
}

func (l *life) options(actor certification.Actor, message certification.Message) client.UpdateWorkflowOptions {
	*certification.EnvelopeOf(message) = l.envelope(actor)
	return client.UpdateWorkflowOptions{
		WorkflowID: workflows.CaseWorkflowID(l.caseID), UpdateID: certification.EnvelopeOf(message).Key,
		UpdateName: string(message.Signal()), Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
	}
}

// send sends the messages of a person, one after the other, each answered.
func (l *life) send(ctx context.Context, actor certification.Actor, messages ...certification.Message) error {
	for _, message := range messages {
		handle, err := l.w.parts.Temporal.UpdateWorkflow(ctx, l.options(actor, message))
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", message.Signal(), err)
		}
	}
	return nil
}

// tell sends the message of a machine and returns when its effect is in the records.
func (l *life) tell(ctx context.Context, message certification.Message, shows func(certification.Case) bool) error {
	key := l.envelope(certification.Actor{Role: certification.RoleOutside, ID: "bench"})
	*certification.EnvelopeOf(message) = key
	if err := l.w.parts.Temporal.SignalWorkflow(ctx, workflows.CaseWorkflowID(l.caseID), "", string(message.Signal()), message); err != nil {
		return fmt.Errorf("%s: %w", message.Signal(), err)
	}
	return l.see(ctx, string(message.Signal()), shows)
}

// see waits until the records of the case show something.
func (l *life) see(ctx context.Context, what string, shows func(certification.Case) bool) error {
	return until(ctx, what, func(ctx context.Context) (bool, error) {
		row, err := l.w.parts.Store.Case(ctx, l.caseID)
		return err == nil && shows(row.Case), err
	})
}

func at(stage certification.Stage) func(certification.Case) bool {
	return func(c certification.Case) bool { return c.Stage == stage }
}

// count asks the database for a number about this case.
func (l *life) count(ctx context.Context, query string) (int, error) {
	var number int
	if err := l.w.database.QueryRow(ctx, query, l.caseID).Scan(&number); err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return number, nil
}

// none waits until a query counts nothing.
func (l *life) none(ctx context.Context, what, query string) error {
	return until(ctx, what, func(ctx context.Context) (bool, error) {
		number, err := l.count(ctx, query)
		return number == 0, err
	})
}

// lettersSent waits until every letter of the case was sent.
func (l *life) lettersSent(ctx context.Context) error {
	return l.none(ctx, "its letters", "SELECT count(*) FROM notices WHERE case_id = $1 AND sent_at IS NULL AND voided_at IS NULL")
}

// fill saves a draft, so that it can be handed in at its revision.
func (l *life) fill(ctx context.Context, form certification.Form, values any) (int, error) {
	changes, err := json.Marshal(values)
	if err != nil {
		return 0, fmt.Errorf("encoding a draft: %w", err)
	}
	seen, err := l.w.parts.Cases.Draft(ctx, l.applicant, l.caseID, form, "")
	if err != nil {
		return 0, fmt.Errorf("reading the draft of the %s: %w", form, err)
	}
	saved, err := l.w.parts.Cases.SaveDraft(ctx, l.applicant, cases.SaveDraft{CaseID: l.caseID, Form: form, Revision: seen.Revision, Changes: changes})
	if err != nil {
		return 0, fmt.Errorf("saving the draft of the %s: %w", form, err)
	}
	return saved.Revision, nil
}

// checked tells the case that documents were found clean, and gives their ids. The
// files themselves are no part of what is measured here.
func (l *life) checked(ctx context.Context, kinds ...certification.DocumentKind) ([]string, error) {
	var ids []string
	for _, kind := range kinds {
		message := &certification.DocumentChecked{DocumentID: store.NewID(), Kind: kind, Finding: string(certification.DocumentClean)}
		before, err := l.w.parts.Store.Case(ctx, l.caseID)
		if err != nil {
			return nil, err
		}
		if err := l.tell(ctx, message, func(c certification.Case) bool { return c.Revision > before.Revision }); err != nil {
			return nil, err
		}
		ids = append(ids, message.DocumentID)
	}
	return ids, nil
}

// apply watches the video and hands the application in.
func (l *life) apply(ctx context.Context, documents []string) error {
	if err := l.send(ctx, l.applicant, &certification.CompleteIntroVideo{}); err != nil {
		return err
	}
	policy := certification.CurrentPolicy(time.Now())
	revision, err := l.fill(ctx, certification.FormApplication, certification.ApplicationValues{
		LegalFirstName: "Ana", LegalLastName: "Rivera", DateOfBirth: "1988-04-12", IDExpiresOn: "2034-04-12", Education: "diploma",
		PhotoID: documents[:1], Diploma: documents[1:],
	})
	if err != nil {
		return err
	}
	return l.send(ctx, l.applicant, &certification.SubmitApplication{
		DraftRevision: revision, EthicsVersion: policy.EthicsVersion, DocumentIDs: documents, Policy: policy,
	})
}

// pay asks for the payment page, waits for it, and lets the money arrive.
func (l *life) pay(ctx context.Context, next certification.Stage) error {
	policy := certification.CurrentPolicy(time.Now())
	if err := l.send(ctx, l.applicant, &certification.PayFee{NotRefundableVersion: policy.NotRefundableVersion}); err != nil {
		return err
	}
	if err := l.none(ctx, "the payment page", "SELECT count(*) FROM payments WHERE case_id = $1 AND status = 'open' AND checkout_url = ''"); err != nil {
		return err
	}
	row, err := l.w.parts.Store.Case(ctx, l.caseID)
	if err != nil {
		return err
	}
	return l.tell(ctx, &certification.PaymentSettled{PaymentID: row.Payment.ID, AmountCents: row.Payment.AmountCents, PaidAt: time.Now()}, at(next))
}

// train hands the training certificate in; a reviewer accepts it.
func (l *life) train(ctx context.Context, documents []string) error {
	provider := certification.TrainingProviders[0].ID
	revision, err := l.fill(ctx, certification.FormTraining, certification.TrainingValues{
		ProviderID: provider, CompletedOn: certification.Date(time.Now().AddDate(0, 0, -2).Format(time.DateOnly)), Hours: 80, DocumentIDs: documents[:1],
	})
	if err != nil {
		return err
	}
	if err := l.send(ctx, l.applicant, &certification.SubmitTraining{DraftRevision: revision, DocumentIDs: documents[:1], ProviderID: provider}); err != nil {
		return err
	}
	return l.send(ctx, l.reviewer, &certification.ClaimReview{}, &certification.DecideTraining{Decision: certification.DecisionApprove})
}

// book chooses an exam, lets the vendor accept it, and makes an appointment that
// lasts so long from now on.
func (l *life) book(ctx context.Context, lasts time.Duration) (authorization string, err error) {
	if err := l.send(ctx, l.applicant, &certification.BookExam{Language: "en", Place: "online"}); err != nil {
		return "", err
	}
	if err := l.none(ctx, "the authorization", "SELECT count(*) FROM authorizations WHERE case_id = $1 AND sent_at IS NULL"); err != nil {
		return "", err
	}
	row, err := l.w.parts.Store.Case(ctx, l.caseID)
	if err != nil {
		return "", err
	}
	authorization = row.Exam.AuthorizationID
	if err := l.tell(ctx, &certification.ExamAuthorized{AuthorizationID: authorization}, func(c certification.Case) bool {
		return c.Exam != nil && c.Exam.Authorized
	}); err != nil {
		return "", err
	}
	now := time.Now()
	return authorization, l.tell(ctx, &certification.ExamConfirmed{
		AuthorizationID: authorization, AppointmentID: store.NewID(), AppointmentAt: now, EndsAt: now.Add(lasts),
	}, at(certification.StageExamBooked))
}

// examined lets the vendor's result come.
func (l *life) examined(ctx context.Context, authorization string, passed bool) error {
	next := certification.StageExamFee
	if passed {
		next = certification.StageCertified
	}
	return l.tell(ctx, &certification.ExamResult{AuthorizationID: authorization, Passed: passed, ExaminedAt: time.Now(), Version: 1}, at(next))
}

// madeUp are ids of documents that nobody checked.
func madeUp(documents int) []string {
	ids := make([]string, documents)
	for i := range ids {
		ids[i] = store.NewID()
	}
	return ids
}
