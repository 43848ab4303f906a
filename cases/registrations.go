package cases

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
	"peercert/workflows"
)

// Limits of the confirmation of an address.
const (
	codeLifetime  = 10 * time.Minute
	codeTries     = 5
	resendPause   = time.Minute
	codesAnHour   = 5
	tokenLifetime = 90 * 24 * time.Hour
)

// SourceRegistrations is where a code that is to be mailed waits in the inbox.
const SourceRegistrations = "registration"

// anonymous is who registers.
var anonymous = certification.Actor{Role: "anonymous"}

// Register stores what a person told and makes the code due. It does the same for
// an address that is known.
func (c *Cases) Register(ctx context.Context, key string, r Registration) (OpenedRegistration, error) {
	if !slices.Contains(certification.CountyPlans(), r.CountyPlan) {
		return OpenedRegistration{}, certification.Invalid(certification.Finding{Field: "county_plan", Code: "unknown", Detail: "Choose one of the county plans."})
	}
	policy := certification.CurrentPolicy(c.now())
	if !r.DateOfBirth.IsZero() {
		values := certification.ApplicationValues{DateOfBirth: certification.Date(r.DateOfBirth.Format(time.DateOnly))}
		for _, finding := range values.Check(policy, c.now()) {
			if finding.Field == "date_of_birth" {
				return OpenedRegistration{}, certification.Invalid(finding)
			}
		}
	}
	details, err := json.Marshal(r)
	if err != nil {
		return OpenedRegistration{}, fmt.Errorf("encoding a registration: %w", err)
	}
	return once(ctx, c, anonymous, key, digest("register", string(details)), func() (OpenedRegistration, error) {
		now := c.now()
		folded := fold(r.Email)
		recent, err := c.store.RegistrationsSince(ctx, queries.RegistrationsSinceParams{EmailFolded: folded, CreatedAt: now.Add(-time.Hour)})
		if err != nil {
			return OpenedRegistration{}, failed(err, "counting registrations")
		}
		if recent >= codesAnHour {
			return OpenedRegistration{}, certification.TooMany(time.Hour)
		}
		opened := OpenedRegistration{ID: store.NewID(), ExpiresAt: now.Add(codeLifetime), ResendAfter: now.Add(resendPause)}
		err = c.store.InTransaction(ctx, func(q *queries.Queries) error {
			if err := q.AddRegistration(ctx, queries.AddRegistrationParams{
				ID: opened.ID, EmailFolded: folded, Details: details, Language: r.Language, CreatedAt: now, ExpiresAt: opened.ExpiresAt,
			}); err != nil {
				return err
			}
			noticeID := store.NewID()
			if err := q.AddNotice(ctx, queries.AddNoticeParams{
				ID: noticeID, RegistrationID: &opened.ID, Letter: string(certification.LetterConfirmAddress), Facts: []byte("{}"), CreatedAt: now,
			}); err != nil {
				return err
			}
			payload, err := json.Marshal(map[string]string{"notice_id": noticeID})
			if err != nil {
				return fmt.Errorf("encoding a notice: %w", err)
			}
			_, err = q.Receive(ctx, queries.ReceiveParams{Source: SourceRegistrations, ExternalID: opened.ID, Kind: "code", Payload: payload, ReceivedAt: now})
			return err
		})
		return opened, failed(err, "storing a registration")
	})
}

func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Confirm opens a case for a confirmed address, or finds the open one. It can be
// repeated: the case and the token are the same.
func (c *Cases) Confirm(ctx context.Context, key, registrationID, code string) (Confirmation, error) {
	if uuid.Validate(registrationID) != nil {
		return Confirmation{}, certification.NotFound()
	}
	request := digest("confirm", registrationID, code)
	scope := certification.Actor{Role: anonymous.Role, ID: registrationID}
	// Only the case is kept as the answer: a token is nowhere but with its owner.
	caseID, err := once(ctx, c, scope, key, request, func() (string, error) {
		opened, err := c.confirm(ctx, registrationID, code)
		if err != nil {
			return "", err
		}
		return opened.caseID, c.open(ctx, registrationID, opened)
	})
	if err != nil {
		return Confirmation{}, err
	}
	row, err := c.store.Case(ctx, caseID)
	if err != nil {
		return Confirmation{}, failed(err, "reading a new case")
	}
	token := tokenOf(c.derive("token", registrationID))
	expires := row.CreatedAt.Add(tokenLifetime)
	registration, err := c.store.ReadRegistration(ctx, registrationID)
	if err != nil {
		return Confirmation{}, failed(err, "reading a registration")
	}
	if registration.ConfirmedAt != nil {
		expires = registration.ConfirmedAt.Add(tokenLifetime)
	}
	actor := certification.Actor{Role: certification.RoleApplicant, ID: row.ApplicantID}
	if err := c.addToken(ctx, actor, token, "confirmed address", expires); err != nil {
		return Confirmation{}, err
	}
	view, err := c.Case(ctx, actor, caseID)
	return Confirmation{Case: view, Token: token, TokenExpiresAt: expires}, err
}

// confirmed is what a right code leads to.
type confirmed struct {
	caseID, applicantID, countyPlan, previousCaseID string
	known                                           bool // the case is open already
}

// confirm checks a code and stores the person. A wrong code counts, also when the
// request is repeated.
func (c *Cases) confirm(ctx context.Context, registrationID, code string) (confirmed, error) {
	var result confirmed
	var refused error
	err := c.store.InTransaction(ctx, func(q *queries.Queries) error {
		registration, err := q.LockRegistration(ctx, registrationID)
		if store.None(err) {
			refused = certification.NotFound()
			return nil
		}
		if err != nil {
			return err
		}
		now := c.now()
		switch right := subtle.ConstantTimeCompare([]byte(code), []byte(ConfirmationCode(c.TokenSecret, registrationID))) == 1; {
		case registration.ConfirmedAt == nil && now.After(registration.ExpiresAt):
			refused = certification.NotFound()
			return nil
		case registration.Tries >= codeTries:
			refused = certification.TooMany(codeLifetime)
			return nil
		case !right:
			refused = certification.NotFound()
			return q.CountTry(ctx, registrationID)
		}
		var details Registration
		if err := json.Unmarshal(registration.Details, &details); err != nil {
			return fmt.Errorf("a stored registration cannot be decoded")
		}
		if registration.ConfirmedAt != nil {
			result = confirmed{caseID: *registration.CaseID, applicantID: *registration.ApplicantID, countyPlan: details.CountyPlan}
			_, err := q.ReadCase(ctx, result.caseID)
			result.known = err == nil
			return ignoreNone(err)
		}
		if result, err = c.enroll(ctx, q, registration.EmailFolded, details, now); err != nil {
			return err
		}
		return q.ConfirmRegistration(ctx, queries.ConfirmRegistrationParams{
			ID: registrationID, ConfirmedAt: &now, ApplicantID: &result.applicantID, CaseID: &result.caseID,
		})
	})
	if err != nil {
		return confirmed{}, failed(err, "confirming an address")
	}
	return result, refused
}

// enroll finds the person by their address, or takes them in, and chooses the case.
func (c *Cases) enroll(ctx context.Context, q *queries.Queries, folded string, details Registration, now time.Time) (confirmed, error) {
	applicantID, err := q.ApplicantOfEmail(ctx, folded)
	if store.None(err) {
		applicantID = store.NewID()
		address, err := json.Marshal(details.Address)
		if err != nil {
			return confirmed{}, fmt.Errorf("encoding an address: %w", err)
		}
		var born *time.Time
		if !details.DateOfBirth.IsZero() {
			born = &details.DateOfBirth
		}
		return confirmed{caseID: store.NewID(), applicantID: applicantID, countyPlan: details.CountyPlan}, q.AddApplicant(ctx, queries.AddApplicantParams{
			ID: applicantID, CandidateID: uuid.NewString(), Email: strings.TrimSpace(details.Email), EmailFolded: folded,
			FirstName: details.FirstName, MiddleName: details.MiddleName, LastName: details.LastName, Called: details.Called,
			Phone: details.Phone, Address: address, CountyPlan: details.CountyPlan, Language: details.Language,
			DateOfBirth: born, CreatedAt: now,
		})
	}
	if err != nil {
		return confirmed{}, err
	}
	result := confirmed{applicantID: applicantID, countyPlan: details.CountyPlan}
	switch open, err := q.OpenCaseOf(ctx, applicantID); {
	case err == nil:
		result.caseID, result.known = open, true
		return result, nil
	case !store.None(err):
		return confirmed{}, err
	}
	result.caseID = store.NewID()
	previous, err := q.LastCaseOf(ctx, applicantID)
	result.previousCaseID = previous
	return result, ignoreNone(err)
}

func ignoreNone(err error) error {
	if store.None(err) {
		return nil
	}
	return err
}

// open starts the workflow of a case together with its first message.
func (c *Cases) open(ctx context.Context, registrationID string, opened confirmed) error {
	if opened.known {
		return nil
	}
	number, err := certification.NewCaseNumber(rand.Reader)
	if err != nil {
		return err
	}
	start := workflows.Start{Patience: c.Patience, Case: certification.Case{
		ID: opened.caseID, Number: number, ApplicantID: opened.applicantID, PreviousCaseID: opened.previousCaseID,
		CountyPlan: opened.countyPlan, Policy: certification.CurrentPolicy(c.now()),
	}}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	message := &certification.Register{
		Envelope:    certification.Envelope{Key: "register:" + registrationID, Actor: certification.Actor{Role: certification.RoleApplicant, ID: opened.applicantID}},
		ApplicantID: opened.applicantID, CaseNumber: number, CountyPlan: opened.countyPlan, PreviousCaseID: opened.previousCaseID,
	}
	handle, err := c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.Temporal.NewWithStartWorkflowOperation(startOptions(&start.Case, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING), workflows.CertificationType, start),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: workflows.CaseWorkflowID(opened.caseID), UpdateID: message.Key, UpdateName: string(certification.SignalRegister),
			Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	return answerOf(err)
}

func startOptions(c *certification.Case, conflict enums.WorkflowIdConflictPolicy) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.CaseWorkflowID(c.ID), TaskQueue: workflows.QueueCases, StaticSummary: c.Number,
		WorkflowIDConflictPolicy: conflict, TypedSearchAttributes: workflows.StartAttributes(c),
	}
}

// StartFromSnapshot starts the workflow of a case from its records: one that was
// terminated, or a made-up one. A case that runs is left alone, and so is one that is
// closed. What was under way when the case ended is carried: letters that were not
// sent, a payment page that was not opened, an authorization without an answer.
func (c *Cases) StartFromSnapshot(ctx context.Context, caseID string) error {
	row, err := c.store.Case(ctx, caseID)
	if err != nil {
		return fmt.Errorf("reading case %s: %w", caseID, err)
	}
	if row.Stage == certification.StageClosed {
		return nil // it was closed while somebody looked
	}
	start := workflows.Start{Case: row.Case, Patience: c.Patience}
	// The clock of cases may not be Temporal's; timers are armed from what it says.
	start.Carried.Ahead = c.now().Sub(time.Now()).Round(time.Second)
	if start.Carried.Errands, err = c.underWay(ctx, row.Case); err != nil {
		return err
	}
	_, err = c.Temporal.ExecuteWorkflow(ctx, startOptions(&start.Case, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING), workflows.CertificationType, start)
	if err != nil {
		return fmt.Errorf("starting case %s: %w", caseID, err)
	}
	return nil
}

// underWay are the errands of a case that the records do not show as done. All may be
// done twice without harm.
func (c *Cases) underWay(ctx context.Context, of certification.Case) ([]workflows.Errand, error) {
	var errands []workflows.Errand
	letters, err := c.store.NoticesOf(ctx, &of.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the letters of case %s: %w", of.ID, err)
	}
	promised := of.Promise(certification.PromiseResultsNotice) != nil
	for _, letter := range slices.Backward(letters) { // the newest formal notice keeps the promise
		keeps := certification.PromiseKind("")
		if promised && slices.Contains(formalNotices, certification.Letter(letter.Letter)) {
			promised, keeps = false, certification.PromiseResultsNotice
		}
		if letter.SentAt == nil || keeps != "" {
			errands = append(errands, workflows.NoticeErrand(letter.ID, keeps))
		}
	}
	slices.Reverse(errands)
	if of.Payment != nil {
		payment, err := c.store.ReadPayment(ctx, of.Payment.ID)
		if err != nil {
			return nil, fmt.Errorf("reading payment %s: %w", of.Payment.ID, err)
		}
		if payment.CheckoutUrl == "" {
			errands = append(errands, workflows.CheckoutErrand(payment.ID))
		}
	}
	if exam := of.Exam; exam != nil && exam.AuthorizationID != "" && !exam.Authorized && !exam.Refused {
		errands = append(errands, workflows.AuthorizationErrand(exam.AuthorizationID))
	}
	return errands, nil
}

// formalNotices are the letters that keep the promise of a formal notice of results.
var formalNotices = []certification.Letter{
	certification.LetterResultsPassed, certification.LetterResultsNotPassed, certification.LetterExamNoShow,
}
