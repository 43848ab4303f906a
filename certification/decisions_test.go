package certification

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	c := Case{Policy: CurrentPolicy(time.Now())}
	together := c
	together.TrainingSubmitted = true
	for name, test := range map[string]struct {
		c       Case
		message Message
		field   string // of the only finding; empty if there is none
		code    string
	}{
		"approve":                      {c, &DecideApplication{Decision: DecisionApprove}, "", ""},
		"approve with a reason":        {c, &DecideApplication{Decision: DecisionApprove, Reasons: []ReasonCode{"ID_EXPIRED"}}, "reasons", "reasons_with_approval"},
		"no decision":                  {c, &DecideApplication{}, "reasons", "not_a_decision"},
		"return":                       {c, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"ID_EXPIRED", "OTHER"}}, "", ""},
		"return without a reason":      {c, &DecideApplication{Decision: DecisionReturn}, "reasons", "reasons_missing"},
		"return what cannot be mended": {c, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"UNDER_18"}}, "reasons[0]", "cannot_be_put_right"},
		"a reason twice":               {c, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"OTHER", "OTHER"}}, "reasons[1]", "given_twice"},
		"no such reason":               {c, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"BAD_HAIR"}}, "reasons[0]", "not_a_reason"},
		"of another review":            {c, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"TRAINING_STALE"}}, "reasons[0]", "not_a_reason"},
		"deny":                         {c, &DecideApplication{Decision: DecisionDeny, Reasons: []ReasonCode{"NO_DIPLOMA"}}, "", ""},
		"deny without a reason":        {c, &DecideApplication{Decision: DecisionDeny}, "reasons", "reasons_missing"},
		"both":                         {together, &DecideApplication{Decision: DecisionApprove, Training: DecisionApprove}, "", ""},
		"one of both":                  {together, &DecideApplication{Decision: DecisionApprove}, "training", "answer_missing"},
		"training returned":            {together, &DecideApplication{Decision: DecisionApprove, Training: DecisionReturn, TrainingReasons: []ReasonCode{"TRAINING_STALE"}}, "", ""},
		"training denied":              {together, &DecideApplication{Decision: DecisionApprove, Training: DecisionDeny, TrainingReasons: []ReasonCode{"TRAINING_STALE"}}, "training_reasons", "not_a_decision"},
		"returned, and training decided": {together, &DecideApplication{Decision: DecisionReturn, Reasons: []ReasonCode{"OTHER"}, Training: DecisionApprove},
			"training", "nothing_to_decide"},
		"no training to decide":     {c, &DecideApplication{Decision: DecisionApprove, Training: DecisionApprove}, "training", "nothing_to_decide"},
		"training cannot be denied": {c, &DecideTraining{Decision: DecisionDeny, Reasons: []ReasonCode{"TRAINING_STALE"}}, "reasons", "not_a_decision"},
		"renewal denied":            {c, &DecideRenewal{Decision: DecisionDeny, Reasons: []ReasonCode{"NOT_IN_GOOD_STANDING"}}, "", ""},
		"appeal denied":             {c, &DecideAppeal{Decision: DecisionDeny}, "", ""},
		"appeal returned":           {c, &DecideAppeal{Decision: DecisionReturn}, "decision", "not_a_decision"},
		"book":                      {c, &BookExam{Language: "fa", Place: ExamOnline}, "", ""},
		"a language not offered":    {c, &BookExam{Language: "de", Place: ExamOnline}, "language", "not_a_language"},
		"a place not offered":       {c, &BookExam{Language: "en", Place: "moon"}, "place", "not_a_place"},
		"pay":                       {c, &PayFee{NotRefundableVersion: c.Policy.NotRefundableVersion}, "", ""},
		"an old text":               {c, &PayFee{NotRefundableVersion: "2019"}, "not_refundable_version", "not_current"},
		"extend":                    {c, &ExtendDeadline{Days: 366}, "", ""},
		"extend by nothing":         {c, &ExtendDeadline{}, "days", "out_of_range"},
		"extend backwards":          {c, &ExtendDeadline{Days: -1}, "days", "out_of_range"},
		"to nobody":                 {c, &Reassign{}, "reviewer_id", "not_an_id"},
		"to somebody":               {c, &Reassign{ReviewerID: "r-02"}, "", ""},
		"to a name":                 {c, &Reassign{ReviewerID: "Robin Sample"}, "reviewer_id", "not_an_id"},
		"to an address":             {c, &Reassign{ReviewerID: "r@example.org"}, "reviewer_id", "not_an_id"},
		"hold":                      {c, &Hold{}, "", ""},
		"hold for a code":           {c, &Hold{Reason: "records_check"}, "", ""},
		"hold with a sentence":      {c, &Hold{Reason: "Robin Sample, forged ID"}, "reason", "not_a_code"},
		"waive with a sentence":     {c, &WaiveFee{Reason: "no money"}, "reason", "not_a_code"},
		"suspend with a sentence":   {c, &Suspend{Reason: "a complaint"}, "reason", "not_a_code"},
		"revoke with a sentence":    {c, &Revoke{Reason: "Fraud"}, "reason", "not_a_code"},
		"hand in under no policy":   {c, &SubmitApplication{}, "policy", "required"},
		"renew under no policy":     {c, &SubmitRenewal{}, "policy", "required"},
		"nothing to check":          {c, &Withdraw{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			refusal := test.c.Check(test.message)
			if test.field == "" {
				require.Nil(t, refusal)
				return
			}
			require.NotNil(t, refusal)
			require.Equal(t, RefusedInvalid, refusal.Type)
			require.Len(t, refusal.Findings, 1)
			require.Equal(t, test.field, refusal.Findings[0].Field)
			require.Equal(t, test.code, refusal.Findings[0].Code)
		})
	}
}

func TestReasonsAreWhole(t *testing.T) {
	for _, rule := range Reasons {
		found, known := ReasonOf(rule.Code)
		require.True(t, known)
		require.Equal(t, rule, found)
		require.NotEmpty(t, rule.Reviews)
	}
	_, known := ReasonOf("")
	require.False(t, known)
}
