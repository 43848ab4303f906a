package certification

import (
	"fmt"
	"slices"
)

// Check applies the rules about a message's own content that need no rows: which
// decision goes with which reasons, which languages and numbers there are.
func (c *Case) Check(message Message) *Refusal {
	var findings []Finding
	find := func(field, code, detail string) { findings = append(findings, Finding{field, code, detail}) }
	decide := func(review Review, decision Decision, given []ReasonCode, field string, allowed ...Decision) {
		if !slices.Contains(allowed, decision) {
			find(field, "not_a_decision", fmt.Sprintf("The decision must be one of %v.", allowed))
			return
		}
		if decision == DecisionApprove && len(given) > 0 {
			find(field, "reasons_with_approval", "An approval has no reasons.")
		}
		if decision != DecisionApprove && len(given) == 0 && review != ReviewAppeal {
			find(field, "reasons_missing", "Give at least one coded reason.")
		}
		for i, code := range given {
			rule, known := ReasonOf(code)
			at := fmt.Sprintf("%s[%d]", field, i)
			switch {
			case !known || !slices.Contains(rule.Reviews, review):
				find(at, "not_a_reason", "This is not a reason for this review.")
			case decision == DecisionReturn && !rule.CanBePutRight:
				find(at, "cannot_be_put_right", "This reason is for a denial only: the applicant cannot put it right.")
			case slices.Contains(given[:i], code):
				find(at, "given_twice", "This reason is given twice.")
			}
		}
	}
	pins := func(policy Policy) {
		if policy.Version == "" {
			find("policy", "required", "Name the policy that the case is handed in under.")
		}
	}
	because := func(code string) {
		if code != "" && !IsCause(code) {
			find("reason", "not_a_code", "Give a code: small letters, digits and _, at most 60. No names and no sentences: the log keeps it for good.")
		}
	}
	switch m := message.(type) {
	case *SubmitApplication:
		pins(m.Policy)
	case *SubmitRenewal:
		pins(m.Policy)
	case *DecideApplication:
		decide(ReviewApplication, m.Decision, m.Reasons, "reasons", DecisionApprove, DecisionReturn, DecisionDeny)
		switch together := c.TrainingSubmitted && m.Decision == DecisionApprove; {
		case together && m.Training == "":
			find("training", "answer_missing", "The training certificate came with the application. Approve or return it as well.")
		case together:
			decide(ReviewTraining, m.Training, m.TrainingReasons, "training_reasons", DecisionApprove, DecisionReturn)
		case m.Training != "" || len(m.TrainingReasons) > 0:
			find("training", "nothing_to_decide", "There is no training certificate to decide with this application.")
		}
	case *DecideTraining:
		decide(ReviewTraining, m.Decision, m.Reasons, "reasons", DecisionApprove, DecisionReturn)
	case *DecideRenewal:
		decide(ReviewRenewal, m.Decision, m.Reasons, "reasons", DecisionApprove, DecisionReturn, DecisionDeny)
	case *DecideAppeal:
		decide(ReviewAppeal, m.Decision, nil, "decision", DecisionApprove, DecisionDeny)
	case *BookExam:
		if !slices.Contains(ExamLanguages, m.Language) {
			find("language", "not_a_language", "The exam is not held in this language.")
		}
		if m.Place != "online" && m.Place != "test_center" {
			find("place", "not_a_place", "The exam is held online or at a test center.")
		}
	case *PayFee:
		if m.NotRefundableVersion != c.Policy.NotRefundableVersion {
			find("not_refundable_version", "not_current", "Accept the current text that this fee is not refunded.")
		}
	case *ExtendDeadline:
		if m.Days < 1 || m.Days > 366 {
			find("days", "out_of_range", "A deadline can be moved by 1 to 366 days.")
		}
	case *Reassign:
		if !IsActorID(m.ReviewerID) {
			find("reviewer_id", "not_an_id", "Give the id of a reviewer: letters, digits and the marks . _ | : - only. No name, no address.")
		}
	case *Hold:
		because(m.Reason)
	case *WaiveFee:
		because(m.Reason)
	case *Suspend:
		because(m.Reason)
	case *Revoke:
		because(m.Reason)
	}
	if len(findings) > 0 {
		return Invalid(findings...)
	}
	return nil
}
