// Package workflows is the durable process: one workflow a case, from registration
// to the end of its last term.
//
// Read it in this order: certification.go (the loop), the stage table in
// certification/stages.go and here the file of each stage (what a case does with what
// comes), everywhere.go (what is taken at every stage), wait.go (the one place where a
// case sleeps), record.go (the one place where it is written), sleeping.go (what a run
// of years replays), versions.go (what changed under running cases).
//
// Everything here is replayed by cases that are years old. Before changing it,
// read docs/runbooks/changing-workflows.md, and let the recorded histories in
// testdata say whether the change is safe.
package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"peercert/certification"
)

// CertificationType is the name of the workflow type.
const CertificationType = "Certification"

// CaseWorkflowID is the workflow id of a case.
func CaseWorkflowID(caseID string) string { return "case/" + caseID }

// Ended is what a finished case leaves behind in Temporal.
type Ended struct {
	Outcome  certification.Outcome `json:"outcome"`
	Revision int                   `json:"revision"`
}

// Cases are the workflows of cases, with what all of them show.
type Cases struct {
	// Console is the address of the console's page of a case, but for the id, such as
	// "https://example.org/console/cases/"; empty for no link. It is only shown and is
	// in no history, so another address harms no case that sleeps.
	Console string
}

// Certification carries one case. A run can begin at any stage, from a snapshot.
func (all Cases) Certification(ctx workflow.Context, start Start) (Ended, error) {
	// Request Cancellation sits in the same menu as harmless things. A case records
	// it and goes on: it ends through its own signals only.
	requested := ctx
	ctx, _ = workflow.NewDisconnectedContext(ctx)

	c := beginRun(ctx, start, all.Console)
	c.cancelRequested = func() bool { return errors.Is(requested.Err(), workflow.ErrCanceled) }
	for {
		message, err := c.wait(ctx)
		switch {
		case errors.Is(err, errLeave):
			return Ended{}, c.leave(ctx)
		case errors.Is(err, errClosed):
			return Ended{Outcome: c.Case.Outcome, Revision: c.Case.Revision}, nil
		}
		c.move(c.react(message))
	}
}

// react acts on one message, or on the stage's due instant (nil), and gives the
// stage that follows. It only changes the case in memory and the step under way:
// the next wait records both, and only then answers the sender.
func (c *story) react(message certification.Message) certification.Stage {
	next, taken := c.everywhere(message)
	if !taken {
		next = stages[c.Case.Stage](c, message)
	}
	return c.spend(next)
}

// stages has the function of each stage.
var stages = map[certification.Stage]func(*story, certification.Message) certification.Stage{
	"":                                     (*story).registration,
	certification.StageIntroVideo:          (*story).introVideo,
	certification.StageApplication:         (*story).application,
	certification.StageApplicationFee:      (*story).applicationFee,
	certification.StageApplicationReview:   (*story).applicationReview,
	certification.StageApplicationReturned: (*story).applicationReturned,
	certification.StageTraining:            (*story).training,
	certification.StageTrainingReview:      (*story).trainingReview,
	certification.StageTrainingReturned:    (*story).trainingReturned,
	certification.StageExamFee:             (*story).examFee,
	certification.StageExamBooking:         (*story).examBooking,
	certification.StageExamBooked:          (*story).examBooked,
	certification.StageExamScoring:         (*story).examScoring,
	certification.StageCertified:           (*story).certified,
	certification.StageRenewal:             (*story).renewal,
	certification.StageRenewalFee:          (*story).renewalFee,
	certification.StageRenewalReview:       (*story).renewalReview,
	certification.StageRenewalReturned:     (*story).renewalReturned,
	certification.StageExpired:             (*story).expired,
	certification.StageDenied:              (*story).denied,
	certification.StageRevoked:             (*story).revoked,
	certification.StageAppealReview:        (*story).appealReview,
}
