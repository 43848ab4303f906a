package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
	"peercert/workflows"
)

// answerWithin is how long a caller waits for a case to answer. After that the
// signal may still be carried out; the same key finds the answer later.
const answerWithin = 5 * time.Second

// Send gives a signal of a person to a case.
func (c *Cases) Send(ctx context.Context, actor certification.Actor, send Send) (View, error) {
	row, err := c.find(ctx, actor, send.CaseID)
	if err != nil {
		return View{}, err
	}
	signal := send.Message.Signal()
	if certification.SenderOf(signal) != actor.Role {
		return View{}, certification.Refused(certification.RefusedNotAllowed, "This signal is not for your role.")
	}
	body, err := json.Marshal(send.Message)
	if err != nil {
		return View{}, fmt.Errorf("encoding a message: %w", err)
	}
	notes, err := json.Marshal(send.Notes)
	if err != nil {
		return View{}, fmt.Errorf("encoding notes: %w", err)
	}
	request := digest(send.CaseID, string(signal), string(body), string(notes))
	key := messageKey(actor, send.Key)
	written, err := c.written(ctx, send.CaseID, key, signal, request)
	if err != nil {
		return View{}, err
	}
	return once(ctx, c, actor, send.Key, request, func() (View, error) {
		*certification.EnvelopeOf(send.Message) = certification.Envelope{Key: key, Actor: actor, RequestID: send.RequestID}
		c.pin(send.Message)
		var err error
		if written == 0 {
			err = c.carryOut(ctx, actor, row, send, request)
		} else {
			err = c.carryOutAgain(ctx, send, written)
		}
		if err != nil {
			return View{}, c.whetherDecided(ctx, send.CaseID, signal, err)
		}
		if signal == certification.SignalPayFee {
			c.awaitCheckout(ctx, send.CaseID)
		}
		return c.Case(ctx, actor, send.CaseID)
	})
}

// written is the revision that a message made, 0 if it is not in the log. One that asked
// for something else under its key is refused: the log keeps that for longer than once keeps
// the key, and is looked at first, so that the wrong request is not the one that is kept.
func (c *Cases) written(ctx context.Context, caseID, key string, signal certification.Signal, request []byte) (revision int, err error) {
	message, err := c.Store.MessageOfKey(ctx, queries.MessageOfKeyParams{CaseID: caseID, Key: key})
	switch {
	case store.None(err):
		return 0, nil
	case err != nil:
		return 0, failed(err, "looking for a message")
	case message.Signal != string(signal), message.Digest != nil && !bytes.Equal(message.Digest, request):
		return 0, certification.KeyReused()
	}
	return message.Revision, nil
}

// pin gives what is handed in for the first time the policy in force, which is the
// case's own from then on.
func (c *Cases) pin(message certification.Message) {
	switch m := message.(type) {
	case *certification.SubmitApplication:
		m.Policy = certification.CurrentPolicy(c.now())
	case *certification.SubmitRenewal:
		m.Policy = certification.CurrentPolicy(c.now())
	}
}

func (c *Cases) carryOut(ctx context.Context, actor certification.Actor, row store.CaseRow, send Send, request []byte) error {
	if refusal := row.Admits(send.Message.Signal(), actor); refusal != nil {
		return refusal
	}
	if refusal := row.Check(send.Message); refusal != nil {
		return refusal
	}
	if err := c.notTheirOwn(ctx, actor, &row.Case, send.Message); err != nil {
		return err
	}
	if err := c.checkContent(ctx, row, send); err != nil {
		return err
	}
	key := certification.EnvelopeOf(send.Message).Key
	if err := c.Store.WriteDigest(ctx, queries.WriteDigestParams{CaseID: send.CaseID, Key: key, Digest: request}); err != nil {
		return failed(err, "keeping what is asked")
	}
	for code, note := range send.Notes {
		if err := c.Store.WriteNote(ctx, queries.WriteNoteParams{
			CaseID: send.CaseID, Key: key, Code: string(code), Note: note,
		}); err != nil {
			return failed(err, "keeping a note")
		}
	}
	return c.update(ctx, send.CaseID, send.Message)
}

// carryOutAgain is for a message that is in the log, though its answer was lost. That
// does not say that it was carried out: its workflow task may have been given up, and
// then the workflow knows nothing of it and will write something else in its place. So
// the workflow is asked. It was found right before, so it is not checked again: the
// rows may show what it did.
func (c *Cases) carryOutAgain(ctx context.Context, send Send, written int) error {
	err := c.update(ctx, send.CaseID, send.Message)
	if _, refused := certification.RefusalOf(err); !refused || errors.Is(err, certification.Unavailable(nil, 0)) {
		return err
	}
	// A workflow remembers so many keys. What it has written up to its own revision is
	// its own, also when it does not know the message any more.
	value, queryErr := c.Temporal.QueryWorkflow(ctx, workflows.CaseWorkflowID(send.CaseID), "", workflows.QueryCase)
	if queryErr != nil {
		return certification.Unavailable(queryErr, retryAfter)
	}
	var known certification.Case
	if err := value.Get(&known); err != nil {
		return fmt.Errorf("decoding what the workflow of case %s says: %w", send.CaseID, err)
	}
	if written <= known.Revision {
		return nil
	}
	return err
}

// whetherDecided says of a decision that is refused because its review is over that
// somebody decided first, also where that closed the case.
func (c *Cases) whetherDecided(ctx context.Context, caseID string, signal certification.Signal, refused error) error {
	refusal, is := certification.RefusalOf(refused)
	if !is || !slices.Contains(certification.Decisions, signal) ||
		refusal.Type != certification.RefusedWrongStage && refusal.Type != certification.RefusedClosed {
		return refused
	}
	row, err := c.Store.Case(ctx, caseID)
	if err != nil || slices.Contains(certification.RuleOf(row.Stage).People, signal) {
		return refused // it goes on: with somebody else, or after the hold
	}
	events, err := c.Store.Events(ctx, queries.EventsParams{CaseID: caseID, Before: math.MaxInt64, Most: recently})
	if err != nil {
		return refused
	}
	inReview := func(stage certification.Stage) bool {
		return slices.Contains(certification.RuleOf(stage).People, signal)
	}
	for _, row := range events { // the newest first: how the last review ended
		var event certification.Event
		if row.VoidedAt != nil || json.Unmarshal(row.Event, &event) != nil || !inReview(event.From) {
			continue
		}
		if event.Signal == signal {
			return certification.Refused(certification.RefusedAlreadyDecided, "This review was decided already. Read the case again.")
		}
		return refused
	}
	return refused
}

// recently is how many events back a decision is looked for.
const recently = 200

// update sends a message to the workflow of a case and waits for its answer.
func (c *Cases) update(ctx context.Context, caseID string, message certification.Message) error {
	options := client.UpdateWorkflowOptions{
		WorkflowID: workflows.CaseWorkflowID(caseID), UpdateID: certification.EnvelopeOf(message).Key,
		UpdateName: string(message.Signal()), Args: []any{message}, WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	err := whenReady(ctx, func(ctx context.Context) error {
		handle, err := c.Temporal.UpdateWorkflow(ctx, options)
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		return err
	})
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		row, readErr := c.Store.Case(ctx, caseID)
		if readErr != nil {
			return failed(readErr, "reading a case")
		}
		if row.Stage == certification.StageClosed {
			return certification.CaseClosed()
		}
		// Somebody terminated the workflow of an open case. It is started again from the
		// records (by the reconciliation, if not here), and takes the message when that
		// comes again.
		if startErr := c.StartFromSnapshot(ctx, caseID); startErr != nil {
			return certification.Unavailable(startErr, retryAfter)
		}
	}
	return answerOf(err)
}

// whenReady asks Temporal within the time that a caller waits. A case that is not
// ready for a moment (a run that just began, a task under way) is asked again with
// the same key before anybody sees it.
func whenReady(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for {
		err := do(ctx)
		var notReady *serviceerror.WorkflowNotReady
		if !errors.As(err, &notReady) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// answerOf turns what Temporal says into what a caller can act on. Whatever is not an
// answer of the case leaves open whether the message arrived: the same key finds out.
func answerOf(err error) error {
	if err == nil {
		return nil
	}
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		refusal := new(certification.Refusal)
		if application.HasDetails() && application.Details(refusal) == nil && refusal.Type != "" {
			return refusal
		}
	}
	var broken *serviceerror.InvalidArgument
	if errors.As(err, &broken) {
		return fmt.Errorf("the message does not fit the case: %w", err)
	}
	return certification.Unavailable(err, retryAfter)
}

// awaitCheckout waits a moment for a payment page that can be used: the person stands
// there. If it takes longer, the page's address is read with the case later.
func (c *Cases) awaitCheckout(ctx context.Context, caseID string) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for {
		row, err := c.Store.Case(ctx, caseID)
		if err != nil || row.Payment == nil {
			return
		}
		payment, err := c.Store.ReadPayment(ctx, row.Payment.ID)
		if err != nil || payment.CheckoutUrl != "" && c.now().Before(at(payment.CheckoutExpiresAt)) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// checkContent applies the rules about content to the stored rows: a workflow sees
// no personal data and reads no table. The transition checks the draft's revision
// again.
func (c *Cases) checkContent(ctx context.Context, row store.CaseRow, send Send) error {
	now := c.now()
	switch m := send.Message.(type) {
	case *certification.SubmitApplication:
		return c.checkApplication(ctx, row, m.DraftRevision, m.DocumentIDs, m.Policy, m.EthicsVersion)
	case *certification.ResubmitApplication:
		return c.checkApplication(ctx, row, m.DraftRevision, m.DocumentIDs, row.Policy, row.Policy.EthicsVersion)
	case *certification.SubmitTraining:
		var values certification.TrainingValues
		if err := c.draftAt(ctx, row.ID, certification.FormTraining, m.DraftRevision, &values); err != nil {
			return err
		}
		found := values.Check(row.Policy, now)
		if values.ProviderID != m.ProviderID {
			found = append(found, certification.Finding{Field: "provider_id", Code: "not_the_draft's", Detail: "The draft names another provider."})
		}
		kinds := map[string]certification.DocumentKind{}
		for _, id := range values.DocumentIDs {
			kinds[id] = certification.DocumentTrainingCertificate
		}
		if found = append(found, sameDocuments(kinds, m.DocumentIDs)...); len(found) > 0 {
			return certification.Invalid(found...)
		}
		return c.checkDocuments(ctx, row.ID, kinds)
	case *certification.SubmitRenewal:
		return c.checkRenewal(ctx, row, m.DraftRevision, m.Policy, m.EthicsVersion)
	case *certification.ResubmitRenewal:
		return c.checkRenewal(ctx, row, m.DraftRevision, row.Policy, row.Policy.EthicsVersion)
	case *certification.Appeal:
		var values certification.AppealValues
		if err := c.draftAt(ctx, row.ID, certification.FormAppeal, m.DraftRevision, &values); err != nil {
			return err
		}
		if found := values.Check(); len(found) > 0 {
			return certification.Invalid(found...)
		}
	case *certification.CompleteIntroVideo:
		progress, err := c.progress(ctx, row.ID)
		if err != nil {
			return err
		}
		if !progress.Complete {
			return certification.Invalid(certification.Finding{Field: "video", Code: "not_watched", Detail: "Watch every chapter of the video to its end first."})
		}
	case *certification.DecideApplication:
		return c.checkNotes(send, m.Reasons, m.TrainingReasons)
	case *certification.DecideTraining:
		return c.checkNotes(send, m.Reasons)
	case *certification.DecideRenewal:
		return c.checkNotes(send, m.Reasons)
	}
	return nil
}

func (c *Cases) checkApplication(ctx context.Context, row store.CaseRow, revision int, documents []string, policy certification.Policy, ethics string) error {
	var values certification.ApplicationValues
	if err := c.draftAt(ctx, row.ID, certification.FormApplication, revision, &values); err != nil {
		return err
	}
	found := values.Check(policy, c.now())
	if ethics != policy.EthicsVersion {
		found = append(found, certification.Finding{Field: "ethics_version", Code: "not_current", Detail: "Sign the current code of ethics."})
	}
	kinds := map[string]certification.DocumentKind{}
	for _, id := range values.PhotoID {
		kinds[id] = certification.DocumentPhotoID
	}
	for _, id := range values.Diploma {
		kinds[id] = certification.DocumentDiploma
	}
	if found = append(found, sameDocuments(kinds, documents)...); len(found) > 0 {
		return certification.Invalid(found...)
	}
	return c.checkDocuments(ctx, row.ID, kinds)
}

// sameDocuments wants a message to name just the documents that its draft names.
func sameDocuments(named map[string]certification.DocumentKind, documents []string) []certification.Finding {
	var found []certification.Finding
	for i, id := range documents {
		if _, is := named[id]; !is {
			found = append(found, certification.Finding{Field: fmt.Sprintf("document_ids[%d]", i), Code: "not_the_draft's", Detail: "The draft does not name this document."})
		}
	}
	for id := range named {
		if !slices.Contains(documents, id) {
			return append(found, certification.Finding{Field: "document_ids", Code: "incomplete", Detail: "Name every document of the draft."})
		}
	}
	return found
}

func (c *Cases) checkRenewal(ctx context.Context, row store.CaseRow, revision int, policy certification.Policy, ethics string) error {
	var values certification.RenewalValues
	if err := c.draftAt(ctx, row.ID, certification.FormRenewal, revision, &values); err != nil {
		return err
	}
	found := values.Check(policy, c.now(), row.TermBegan())
	if ethics != policy.EthicsVersion {
		found = append(found, certification.Finding{Field: "ethics_version", Code: "not_current", Detail: "Sign the current code of ethics."})
	}
	if len(found) > 0 {
		return certification.Invalid(found...)
	}
	return nil
}

// checkDocuments wants every document to be of this case, of its kind, and clean.
func (c *Cases) checkDocuments(ctx context.Context, caseID string, kinds map[string]certification.DocumentKind) error {
	rows, err := c.Store.DocumentsOf(ctx, caseID)
	if err != nil {
		return failed(err, "reading documents")
	}
	var found []certification.Finding
	checking := false
	for id, kind := range kinds {
		i := slices.IndexFunc(rows, func(d queries.Document) bool { return d.ID == id })
		switch {
		case i < 0 || rows[i].Kind != string(kind):
			found = append(found, certification.Finding{Field: string(kind), Code: "no_such_document", Detail: "Upload this document to your case first."})
		case rows[i].Status == string(certification.DocumentChecking):
			checking = true
		case rows[i].Status != string(certification.DocumentClean):
			found = append(found, certification.Finding{Field: string(kind), Code: "cannot_be_used", Detail: "This document cannot be used. Upload it again."})
		}
	}
	switch {
	case len(found) > 0:
		return certification.Invalid(found...)
	case checking:
		return certification.NotReady(retryAfter)
	}
	return nil
}

// checkNotes wants a reviewer's words for every reason that needs them, and for no
// reason that is not given.
func (c *Cases) checkNotes(send Send, given ...[]certification.ReasonCode) error {
	reasons := slices.Concat(given...)
	var found []certification.Finding
	for _, code := range reasons {
		if rule, _ := certification.ReasonOf(code); rule.NeedsNote && send.Notes[code] == "" {
			found = append(found, certification.Finding{Field: "notes." + string(code), Code: "required", Detail: "Write to the applicant what this means."})
		}
	}
	for code := range send.Notes {
		if !slices.Contains(reasons, code) {
			found = append(found, certification.Finding{Field: "notes." + string(code), Code: "no_such_reason", Detail: "This reason is not given."})
		}
	}
	if len(found) > 0 {
		return certification.Invalid(found...)
	}
	return nil
}
