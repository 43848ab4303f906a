package cases

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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

// tokenLifetime is how long the token of a confirmed address is valid.
const tokenLifetime = 90 * 24 * time.Hour

// Register stores what a person told and makes the code due. It does the same for
// an address that is known.
func (c *Cases) Register(ctx context.Context, key string, r Registration) (OpenedRegistration, error) {
	if found := c.checkRegistration(r); len(found) > 0 {
		return OpenedRegistration{}, certification.Invalid(found...)
	}
	details, err := json.Marshal(r)
	if err != nil {
		return OpenedRegistration{}, fmt.Errorf("encoding a registration: %w", err)
	}
	// Strangers have keys of their own, such as register-1, and no id yet: their address is it.
	scope := certification.Actor{Role: anonymous.Role, ID: hex.EncodeToString(c.derive("registrant", fold(r.Email)))}
	return onceHere(ctx, c, scope, key, digest("register", string(details)), func(q *queries.Queries) (OpenedRegistration, error) {
		return c.mailCode(ctx, q, askedCode{purpose: toRegister, details: r, asker: r.Asker})
	})
}

// Confirm opens a case for a confirmed address, or finds the open one. It can be
// repeated: the case and the token are the same.
func (c *Cases) Confirm(ctx context.Context, key, registrationID, code string) (Confirmation, error) {
	if !isID(registrationID) {
		return Confirmation{}, certification.NotFound()
	}
	request := digest("confirm", registrationID, code)
	scope := certification.Actor{Role: anonymous.Role, ID: registrationID}
	// What is kept holds no token: that is nowhere but with its owner, and is made again.
	opened, err := c.begin(ctx, scope, key, request, func() (confirmed, error) { return c.confirm(ctx, registrationID, code) })
	if err != nil {
		return Confirmation{}, err
	}
	token, expires := tokenOf(c.derive("token", registrationID)), opened.At.Add(tokenLifetime)
	actor := certification.Actor{Role: certification.RoleApplicant, ID: opened.ApplicantID}
	if err := c.addToken(ctx, actor, token, "confirmed address", expires); err != nil {
		return Confirmation{}, err
	}
	return Confirmation{Case: *opened.Case, Token: token, TokenExpiresAt: expires}, nil
}

// begun is the kept answer to beginning a case: what that led to, and the case as it was
// then.
type begun struct {
	confirmed
	Case *View `json:"case"`
}

// begin opens the case that was chosen, unless it is open already, once under a key.
func (c *Cases) begin(ctx context.Context, actor certification.Actor, key string, request []byte, choose func() (confirmed, error)) (begun, error) {
	opened, err := once(ctx, c, actor, key, request, func() (begun, error) {
		chosen, err := choose()
		if err == nil && !chosen.Known {
			err = c.open(ctx, chosen)
		}
		if err != nil {
			return begun{}, err
		}
		view, err := c.begunCase(ctx, chosen)
		return begun{chosen, &view}, err
	})
	if err != nil || opened.Case != nil {
		return opened, err
	}
	view, err := c.begunCase(ctx, opened.confirmed) // kept by a release that did not keep the case
	return begun{opened.confirmed, &view}, err
}

func (c *Cases) begunCase(ctx context.Context, of confirmed) (View, error) {
	return c.Case(ctx, certification.Actor{Role: certification.RoleApplicant, ID: of.ApplicantID}, of.CaseID)
}

// confirmed is what a right code leads to.
type confirmed struct {
	CaseID         string    `json:"case_id"`
	ApplicantID    string    `json:"applicant_id"`
	CountyPlan     string    `json:"county_plan,omitempty"`
	PreviousCaseID string    `json:"previous_case_id,omitempty"`
	Known          bool      `json:"known,omitempty"` // the case is open already
	At             time.Time `json:"at"`
}

// confirm checks a code and stores the person. A wrong code counts, also when the
// request is repeated.
func (c *Cases) confirm(ctx context.Context, registrationID, code string) (confirmed, error) {
	var result confirmed
	var refused *certification.Refusal
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		registration, refusal, err := c.checkCode(ctx, q, registrationID, code, toRegister, forADay)
		if err != nil || refusal != nil {
			refused = refusal
			return err
		}
		details, err := detailsOf(registration)
		if err != nil {
			return err
		}
		if registration.ConfirmedAt != nil {
			result, err = again(ctx, q, registration, details)
			return err
		}
		now := c.now()
		if result, err = enroll(ctx, q, details, now); err != nil {
			return err
		}
		result.At = now.UTC().Truncate(time.Microsecond)
		return q.ConfirmRegistration(ctx, queries.ConfirmRegistrationParams{
			ID: registrationID, ConfirmedAt: &result.At, ApplicantID: &result.ApplicantID, CaseID: &result.CaseID,
		})
	})
	if err != nil {
		return confirmed{}, failed(err, "confirming an address")
	}
	if refused != nil {
		return confirmed{}, refused
	}
	return result, nil
}

// again is what an earlier confirmation of the same registration led to.
func again(ctx context.Context, q *queries.Queries, registration queries.Registration, details Registration) (confirmed, error) {
	result := confirmed{
		CaseID: *registration.CaseID, ApplicantID: *registration.ApplicantID, CountyPlan: details.CountyPlan, At: *registration.ConfirmedAt,
	}
	_, err := q.ReadCase(ctx, result.CaseID)
	if err == nil {
		result.Known = true
		return result, nil
	}
	if !store.None(err) {
		return confirmed{}, err
	}
	result.PreviousCaseID, err = lastCase(ctx, q, result.ApplicantID)
	return result, err
}

// enroll finds the person by their address, or takes them in, and chooses the case. What
// they told is theirs where it begins a case; one that is open goes on with what it has.
func enroll(ctx context.Context, q *queries.Queries, details Registration, now time.Time) (confirmed, error) {
	person, err := told(details)
	if err != nil {
		return confirmed{}, err
	}
	applicantID, err := takeIn(ctx, q, details.Email, person, now)
	if err != nil {
		return confirmed{}, err
	}
	chosen, err := choose(ctx, q, applicantID, details.CountyPlan)
	if err == nil && !chosen.Known {
		person.ID = applicantID
		err = tellAnew(ctx, q, person)
	}
	return chosen, err
}

// told is what a registration tells of a person.
func told(details Registration) (queries.WritePersonParams, error) {
	address, err := json.Marshal(details.Address)
	if err != nil {
		return queries.WritePersonParams{}, fmt.Errorf("encoding an address: %w", err)
	}
	person := queries.WritePersonParams{
		FirstName: details.FirstName, MiddleName: details.MiddleName, LastName: details.LastName, Called: details.Called,
		Phone: details.Phone, Address: address, CountyPlan: details.CountyPlan, Language: details.Language,
	}
	if !details.DateOfBirth.IsZero() {
		person.DateOfBirth = &details.DateOfBirth
	}
	return person, nil
}

// tellAnew writes what a person told, who may have been known before. The legal names, and
// with them the date of birth, stay once an application was handed in (see PersonChange):
// where they differ, the next application says so, with proof.
func tellAnew(ctx context.Context, q *queries.Queries, person queries.WritePersonParams) error {
	known, err := q.LockApplicant(ctx, person.ID)
	if err != nil {
		return err
	}
	fixed, err := q.ApplicationHandedIn(ctx, person.ID)
	if err != nil {
		return err
	}
	if fixed {
		person.FirstName, person.MiddleName, person.LastName = known.FirstName, known.MiddleName, known.LastName
	}
	if fixed || person.DateOfBirth == nil {
		person.DateOfBirth = known.DateOfBirth
	}
	return q.WritePerson(ctx, person)
}

// choose chooses the case of a person who is locked: the open one, one that was chosen
// and still has to be opened, or a new one.
func choose(ctx context.Context, q *queries.Queries, applicantID, countyPlan string) (confirmed, error) {
	result := confirmed{ApplicantID: applicantID, CountyPlan: countyPlan}
	open, err := q.OpenCaseOf(ctx, applicantID)
	if err == nil {
		result.CaseID, result.Known = open, true
		return result, nil
	}
	if !store.None(err) {
		return confirmed{}, err
	}
	switch chosen, err := q.UnopenedCaseOf(ctx, &applicantID); {
	case err == nil && chosen != nil:
		result.CaseID = *chosen
	case err != nil && !store.None(err):
		return confirmed{}, err
	default:
		result.CaseID = store.NewID()
	}
	if err := q.ReopenAccount(ctx, applicantID); err != nil {
		return confirmed{}, err
	}
	result.PreviousCaseID, err = lastCase(ctx, q, applicantID)
	return result, err
}

// takeIn gives the person of an address, locked, whom it stores if they are new. Who is
// erased at this moment is found by the first look and gone by the second: then the address
// belongs to somebody new.
func takeIn(ctx context.Context, q *queries.Queries, email string, told queries.WritePersonParams, now time.Time) (string, error) {
	folded := fold(email)
	person := queries.AddApplicantParams{
		ID: store.NewID(), CandidateID: uuid.NewString(), Email: strings.TrimSpace(email), EmailFolded: folded,
		FirstName: told.FirstName, MiddleName: told.MiddleName, LastName: told.LastName, Called: told.Called, Phone: told.Phone,
		Address: told.Address, CountyPlan: told.CountyPlan, Language: told.Language, DateOfBirth: told.DateOfBirth, CreatedAt: now,
	}
	if err := q.AddApplicant(ctx, person); err != nil {
		return "", err
	}
	id, err := q.LockApplicantOfEmail(ctx, folded)
	if store.None(err) {
		if err := q.AddApplicant(ctx, person); err != nil {
			return "", err
		}
		id, err = q.LockApplicantOfEmail(ctx, folded)
	}
	return id, err
}

// lastCase is the newest case of a person; empty if there is none.
func lastCase(ctx context.Context, q *queries.Queries, applicantID string) (string, error) {
	last, err := q.LastCaseOf(ctx, applicantID)
	if store.None(err) {
		return "", nil
	}
	return last, err
}

// open starts the workflow of a case together with its first message. The key of that
// is the case's, so that whoever asks again, or at the same time, gets one case.
func (c *Cases) open(ctx context.Context, opened confirmed) error {
	number, err := c.caseNumber(ctx)
	if err != nil {
		return err
	}
	start := workflows.Start{Patience: c.Patience, Case: certification.Case{
		ID: opened.CaseID, Number: number, ApplicantID: opened.ApplicantID, PreviousCaseID: opened.PreviousCaseID,
		CountyPlan: opened.CountyPlan, Policy: certification.CurrentPolicy(c.now()),
	}}
	message := &certification.Register{
		Envelope:    certification.Envelope{Key: "register:" + opened.CaseID, Actor: certification.Actor{Role: certification.RoleApplicant, ID: opened.ApplicantID}},
		ApplicantID: opened.ApplicantID, CaseNumber: number, CountyPlan: opened.CountyPlan, PreviousCaseID: opened.PreviousCaseID,
	}
	return answerOf(whenReady(ctx, func(ctx context.Context) error {
		handle, err := c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: c.Temporal.NewWithStartWorkflowOperation(startOptions(&start.Case), workflows.CertificationType, start),
			UpdateOptions: client.UpdateWorkflowOptions{
				WorkflowID: workflows.CaseWorkflowID(opened.CaseID), UpdateID: message.Key, UpdateName: string(certification.SignalRegister),
				Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		return err
	}))
}

// caseNumber makes a number that no case has. With a million cases one in thirty
// thousand is taken, and a workflow that began with it could never be recorded.
func (c *Cases) caseNumber(ctx context.Context) (string, error) {
	for {
		number, err := certification.NewCaseNumber(rand.Reader)
		if err != nil {
			return "", err
		}
		taken, err := c.Store.CaseNumberTaken(ctx, number)
		if err != nil {
			return "", failed(err, "looking for a case number")
		}
		if !taken {
			return number, nil
		}
	}
}

// startOptions begin the workflow of a case; one that runs already is left alone.
func startOptions(c *certification.Case) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.CaseWorkflowID(c.ID), TaskQueue: workflows.QueueCases, StaticSummary: c.Number,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, TypedSearchAttributes: workflows.StartAttributes(c),
	}
}

// StartFromSnapshot starts the workflow of a case from its records: one that was
// terminated, or a made-up one. A case that runs is left alone, and so is one that is
// closed. What was under way when the case ended is carried: letters that were not
// sent, a payment page that was not opened, an authorization that is out. What came from
// outside and was not recorded went with the history; it is sent again from the inbox,
// also where this stops half way.
func (c *Cases) StartFromSnapshot(ctx context.Context, caseID string) error {
	row, err := c.Store.Case(ctx, caseID)
	if err != nil {
		return fmt.Errorf("reading case %s: %w", caseID, err)
	}
	if row.Stage == certification.StageClosed {
		return nil // it was closed while somebody looked
	}
	start := workflows.Start{Case: row.Case, Patience: c.Patience}
	// The clock of cases may not be Temporal's; timers are armed from what it says.
	start.Carried.Ahead = time.Until(c.now()).Round(time.Second)
	if start.Carried.Errands, err = c.underWay(ctx, row.Case); err != nil {
		return err
	}
	if err := c.Store.SendAgain(ctx, queries.SendAgainParams{CaseID: &caseID, Revision: row.Revision, At: c.now()}); err != nil {
		return fmt.Errorf("sending case %s again what it had not recorded: %w", caseID, err)
	}
	_, err = c.Temporal.ExecuteWorkflow(ctx, startOptions(&start.Case), workflows.CertificationType, start)
	if err != nil {
		return fmt.Errorf("starting case %s: %w", caseID, err)
	}
	return nil
}

// underWay are the errands of a case that may not be done. All may be done twice without
// harm.
func (c *Cases) underWay(ctx context.Context, of certification.Case) ([]workflows.Errand, error) {
	var errands []workflows.Errand
	letters, err := c.Store.NoticesOf(ctx, &of.ID)
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
		payment, err := c.Store.ReadPayment(ctx, of.Payment.ID)
		if err != nil {
			return nil, fmt.Errorf("reading payment %s: %w", of.Payment.ID, err)
		}
		if payment.CheckoutUrl == "" {
			errands = append(errands, workflows.CheckoutErrand(payment.ID))
		}
	}
	// The vendor may know it, but not the last day that it is good for now.
	if exam := of.Exam; exam != nil && exam.AuthorizationID != "" && !exam.Refused {
		errands = append(errands, workflows.AuthorizationErrand(exam.AuthorizationID))
	}
	return errands, nil
}

// formalNotices are the letters that keep the promise of a formal notice of results.
var formalNotices = []certification.Letter{
	certification.LetterResultsPassed, certification.LetterResultsNotPassed, certification.LetterExamNoShow,
}
