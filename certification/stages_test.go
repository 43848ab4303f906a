package certification

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTableOfStagesIsWhole(t *testing.T) {
	named := map[Stage]bool{}
	for _, rule := range Stages {
		require.False(t, named[rule.Stage], "%s twice", rule.Stage)
		named[rule.Stage] = true
		require.NotEmpty(t, rule.Says)
	}
	require.Len(t, named, 22)
	reached := map[Stage]bool{Stages[0].Stage: true}
	for range Stages {
		for _, rule := range Stages {
			for _, next := range rule.Next {
				require.True(t, named[next], "%s leads to %s", rule.Stage, next)
				reached[next] = reached[next] || reached[rule.Stage]
			}
		}
	}
	for _, rule := range Stages {
		require.True(t, reached[rule.Stage], "%s is never reached", rule.Stage)
		require.True(t, rule.Stage == StageClosed || slices.Contains(rule.Next, StageClosed) || len(rule.Next) > 0, "%s has no way out", rule.Stage)
	}
}

func TestEverySignalHasOneSender(t *testing.T) {
	count := map[Role]int{}
	listed := map[Role][]Signal{}
	seen := map[Signal]bool{}
	for _, message := range Messages() {
		require.False(t, seen[message.Signal()])
		seen[message.Signal()] = true
		count[SenderOf(message.Signal())]++
		listed[SenderOf(message.Signal())] = append(listed[SenderOf(message.Signal())], message.Signal())
	}
	for role, signals := range listed {
		require.Equal(t, signals, signalsOf(role), "in the order of the vocabulary")
	}
	require.Equal(t, map[Role]int{RoleApplicant: 12, RoleReviewer: 6, RoleOutside: 14, RoleAdministrator: 11}, count)
	for _, rule := range Stages {
		for _, signal := range rule.People {
			require.Contains(t, []Role{RoleApplicant, RoleReviewer}, SenderOf(signal))
		}
		for _, signal := range rule.Outside {
			require.Equal(t, RoleOutside, SenderOf(signal))
		}
	}
}

func TestAvailableSignals(t *testing.T) {
	reviewer, other := Actor{RoleReviewer, "r1"}, Actor{RoleReviewer, "r2"}
	c := Case{Stage: StageApplicationReview, Policy: CurrentPolicy(time.Now())}
	require.Equal(t, []Signal{SignalClaimReview}, c.AvailableSignals(reviewer))
	require.Equal(t, []Signal{SignalSubmitTraining, SignalWithdraw}, c.AvailableSignals(Actor{Role: RoleApplicant}))
	c.TrainingSubmitted = true
	require.Equal(t, []Signal{SignalWithdraw}, c.AvailableSignals(Actor{Role: RoleApplicant}), "what is being looked at is not sent again")
	require.Nil(t, c.Accepts(SignalSubmitTraining), "which cases of before took, and take when they are replayed")
	c.TrainingSubmitted = false
	c.Assignee = "r1"
	require.Equal(t, []Signal{SignalReleaseReview, SignalDecideApplication}, c.AvailableSignals(reviewer))
	require.Empty(t, c.AvailableSignals(other))
	c.OnHold = true
	require.Empty(t, c.AvailableSignals(reviewer))
	require.Equal(t, []Signal{SignalWithdraw}, c.AvailableSignals(Actor{Role: RoleApplicant}), "who is on hold may leave")
	require.Contains(t, c.AvailableSignals(Actor{Role: RoleAdministrator}), SignalReleaseHold)
	require.NotContains(t, c.AvailableSignals(Actor{Role: RoleAdministrator}), SignalHold)
	c.Stage = StageClosed
	for _, role := range []Role{RoleApplicant, RoleReviewer, RoleAdministrator, RoleService} {
		require.Empty(t, c.AvailableSignals(Actor{Role: role}))
	}
	nobody := Case{}
	require.Empty(t, nobody.AvailableSignals(Actor{Role: RoleAdministrator}), "nothing can be done before a case is registered")
	require.Nil(t, nobody.Accepts(SignalRegister))
}

func TestBookingAgain(t *testing.T) {
	c := Case{Stage: StageExamBooking}
	require.Nil(t, c.Accepts(SignalBookExam))
	c.Exam = &Exam{AuthorizationID: "a"}
	require.ErrorIs(t, c.Accepts(SignalBookExam), Refused(RefusedWrongStage, ""))
	c.Exam.Refused = true
	require.Nil(t, c.Accepts(SignalBookExam), "another can be asked for once the vendor refused one")
}

func TestConcerns(t *testing.T) {
	c := Case{Stage: StageExamBooked, Exam: &Exam{AuthorizationID: "mine"}}
	require.Empty(t, c.Concerns(&ExamResult{AuthorizationID: "mine"}))
	require.Equal(t, "another authorization", c.Concerns(&ExamResult{AuthorizationID: "another"}))
	require.Equal(t, "not at this stage", c.Concerns(&ExamAuthorized{AuthorizationID: "mine"}))
	for _, stage := range []Stage{StageExamBooked, StageExamScoring} {
		c := Case{Stage: stage, Exam: &Exam{AuthorizationID: "mine", AppointmentID: "a1"}}
		require.Equal(t, "the same appointment", c.Concerns(&ExamConfirmed{AuthorizationID: "mine", AppointmentID: "a1"}))
		require.Equal(t, "another authorization", c.Concerns(&ExamConfirmed{AuthorizationID: "another", AppointmentID: "a2"}))
		require.Empty(t, c.Concerns(&ExamConfirmed{AuthorizationID: "mine", AppointmentID: "a2"}))
		for id, ignored := range map[string]string{"a1": "", "a2": "another appointment"} {
			require.Equal(t, ignored, c.Concerns(&ExamChanged{AuthorizationID: "mine", AppointmentID: id}))
			require.Equal(t, ignored, c.Concerns(&ExamCancelled{AuthorizationID: "mine", AppointmentID: id}))
		}
		c.Exam.PassedAt = time.Now()
		require.Equal(t, "the exam was taken", c.Concerns(&ExamCancelled{AuthorizationID: "mine", AppointmentID: "a1"}))
	}
	require.Empty(t, c.Concerns(&PaymentSettled{}), "money is of interest wherever a case stands")
	require.Empty(t, c.Concerns(&PaymentDisputed{}), "of interest at every stage")
	c.Stage = StageClosed
	require.Empty(t, c.Concerns(&PaymentDisputed{}), "and after its end")
	require.Equal(t, "the case is closed", c.Concerns(&DocumentChecked{}))
}

func TestWhomACaseWaitsFor(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{Stage: StageExamFee, Policy: CurrentPolicy(now)}
	notice := c.ResultsNoticePromise().Open("notice", now)
	c.Promises = []Promise{notice}
	require.Equal(t, PartyUs, c.WaitsOn())
	fee := c.PromiseOf(StageExamFee, Deadline{Months: 12}, Deadline{}).Open("fee", now)
	c.Promises = append(c.Promises, fee)
	require.Equal(t, PartyApplicant, c.WaitsOn(), "the promise of the stage goes before one beside it")
	require.Equal(t, fee.DueAt, c.DueAt())
	c.OnHold, c.Promises = true, append(c.Promises, c.HoldPromise().Open("hold", now))
	require.Equal(t, PartyOperations, c.WaitsOn())
	require.False(t, c.Overdue())
	c.Promises[2].Overdue = true
	require.True(t, c.Overdue())
	require.Equal(t, PartyNobody, (&Case{Stage: StageClosed}).WaitsOn())
}

func TestFees(t *testing.T) {
	now := time.Now()
	policy := CurrentPolicy(now)
	for fee, cents := range map[Fee]int64{FeeApplication: 100_00, FeeExam: 150_00, FeeRetake: 150_00, FeeRenewal: 80_00, FeeLateRenewal: 80_00, "": 0} {
		require.Equal(t, cents, policy.AmountCents(fee), fee)
	}
	due := func(c Case) Fee { fee, _ := c.FeeDue(); return fee }
	require.Equal(t, FeeApplication, due(Case{Stage: StageApplicationFee}))
	require.Equal(t, FeeExam, due(Case{Stage: StageExamFee}))
	require.Equal(t, FeeRetake, due(Case{Stage: StageExamFee, AttemptsUsed: 1}))
	require.Equal(t, FeeRenewal, due(Case{Stage: StageRenewalFee, Certificate: &Certificate{}}))
	require.Equal(t, FeeLateRenewal, due(Case{Stage: StageRenewalFee, Certificate: &Certificate{Lapsed: true}}))
	require.Empty(t, due(Case{Stage: StageTraining}))
	require.Zero(t, (&Case{Policy: policy, AttemptsUsed: 9}).AttemptsLeft())
}

// A case keeps its policy when another comes into force, and who asks for it by its version
// learns what the case goes by.
func TestAPolicyIsFoundByItsVersion(t *testing.T) {
	before := policies
	t.Cleanup(func() { policies = before })
	next := policies[0]
	next.Version, next.NotRefundableVersion, next.InForceFrom = "next", "another text", time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)
	policies = append(slices.Clone(before), next)
	require.Equal(t, next, CurrentPolicy(next.InForceFrom))
	for _, policy := range policies {
		found, known := PolicyOf(policy.Version, next.InForceFrom)
		require.True(t, known)
		require.Equal(t, policy, found)
	}
	_, known := PolicyOf("", next.InForceFrom)
	require.False(t, known)
	_, known = PolicyOf("next", next.InForceFrom.Add(-time.Second))
	require.False(t, known, "it is not in force yet")
}

func TestThePolicyInForce(t *testing.T) {
	for i, policy := range policies {
		require.Equal(t, policy.Version, CurrentPolicy(policy.InForceFrom).Version)
		if i > 0 {
			require.True(t, policy.InForceFrom.After(policies[i-1].InForceFrom))
			require.Equal(t, policies[i-1].Version, CurrentPolicy(policy.InForceFrom.Add(-time.Second)).Version)
		}
		require.Less(t, policy.ReviewEscalationDays, policy.ReviewDays)
		require.Less(t, policy.ResultsEscalationDay, policy.ResultsNoticeDays)
		require.Less(t, policy.LawAndEthicsHours, policy.ContinuingHours)
		for _, days := range policy.RenewalReminderDays {
			require.Less(t, days, policy.RenewalOpensDays)
		}
	}
	require.Equal(t, policies[0].Version, CurrentPolicy(time.Time{}).Version, "there is always one")
}
