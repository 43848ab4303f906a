package certification

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ids() func() string {
	last := 0
	return func() string { last++; return fmt.Sprintf("id-%d", last) }
}

func TestSettleAndApply(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{ID: "c", Stage: StageExamScoring, Policy: CurrentPolicy(now), Exam: &Exam{EndsAt: now}, WindowEndsAt: AddDays(now, 100)}
	c.Promises = []Promise{c.PromiseOf(StageExamScoring, Deadline{}, Deadline{}).Open("old", now)}
	after := c.Clone()
	after.Stage, after.Exam, after.Certificate = StageCertified, nil, &Certificate{Term: 1}
	after.RaiseAttention(AttentionDispute, "p", time.Time{})
	expiry := Deadline{Months: 24}
	step := Transition{
		Case: after, Close: []PromiseKind{PromiseVendorResult}, Issue: true, Expiry: &expiry,
		Open:    []PromiseRequest{after.PromiseOf(StageCertified, Deadline{}, expiry), after.ResultsNoticePromise()},
		Notices: []NoticeRequest{{Letter: LetterResultsPassed, DueOf: StagePromise(StageCertified)}},
	}
	settled := step.Settle(now, ids(), func() string { return "PSS-1" })
	written := step.Apply(settled)
	require.Equal(t, Certificate{Number: "PSS-1", IssuedAt: now, ExpiresAt: pacific(2028, 3, 2, 23, 59, 59), TermBegan: now, Term: 1}, *written.Certificate)
	require.Len(t, written.Promises, 2)
	require.Equal(t, pacific(2027, 12, 3, 23, 59, 59), written.Promise("certified").DueAt, "90 days before expiry")
	require.Equal(t, now, written.Attention[0].Since)
	require.Len(t, settled.NoticeIDs, 1)
	facts := step.Notices[0].FactsOf(written, now)
	require.Equal(t, "PSS-1", facts.CertificateNumber)
	require.Equal(t, 731, facts.DaysLeft)
	require.Equal(t, written.Promise("certified").DueAt, facts.DueAt)
	require.Empty(t, after.Certificate.Number, "what the workflow holds is not changed")
	require.Equal(t, "old", c.Promises[0].ID)

	// It travels through Temporal and the records as JSON.
	encoded, err := json.Marshal(step)
	require.NoError(t, err)
	var travelled Transition
	require.NoError(t, json.Unmarshal(encoded, &travelled))
	require.Equal(t, settled, travelled.Settle(now, ids(), func() string { return "PSS-1" }))
	snapshot, err := json.Marshal(written)
	require.NoError(t, err)
	var read Case
	require.NoError(t, json.Unmarshal(snapshot, &read))
	again, err := json.Marshal(read)
	require.NoError(t, err)
	require.JSONEq(t, string(snapshot), string(again))
}

// Whatever becomes of the end of a term, it began when it began.
func TestATermBegins(t *testing.T) {
	issued, now := pacific(2024, 3, 2, 9, 0, 0), pacific(2026, 5, 4, 9, 0, 0)
	ends := pacific(2026, 3, 2, 23, 59, 59)
	after := func(certificate Certificate, expiry Deadline) *Case {
		step := Transition{Case: Case{Stage: StageCertified, Policy: CurrentPolicy(now), Certificate: &certificate}, Expiry: &expiry}
		settled := step.Settle(now, ids(), nil)
		written := step.Apply(settled)
		require.Equal(t, written.TermBegan(), written.Certificate.TermBegan, "it is kept from then on")
		return &written
	}
	held := Certificate{IssuedAt: issued, ExpiresAt: ends, TermBegan: issued, Term: 1}
	require.Equal(t, now, after(held, Deadline{Months: 24}).TermBegan(), "a late renewal")
	require.Equal(t, ends, after(held, Deadline{From: ends, Months: 24}).TermBegan(), "one in time")
	require.Equal(t, issued, after(held, Deadline{Days: 90}).TermBegan(), "a longer term")

	older := Certificate{IssuedAt: issued, ExpiresAt: ends, Term: 1}
	require.Equal(t, issued, after(older, Deadline{Days: 90}).TermBegan())
	older.Term, older.IssuedAt = 2, pacific(2022, 3, 2, 9, 0, 0)
	prolonged := after(older, Deadline{Days: 90})
	require.Equal(t, pacific(2024, 3, 2, 23, 59, 59), prolonged.TermBegan())
	require.Equal(t, pacific(2026, 8, 2, 23, 59, 59), prolonged.Certificate.ExpiresAt)

	// What a worker of before answered, replayed: nothing is made up.
	step := Transition{Case: Case{Stage: StageCertified, Policy: CurrentPolicy(now), Certificate: &held}}
	replayed := step.Apply(Settled{At: now, ExpiresAt: pacific(2028, 3, 2, 23, 59, 59)})
	require.Zero(t, replayed.Certificate.TermBegan)
	require.Zero(t, (&Case{}).TermBegan(), "no certificate")
}

func TestAHoldStopsWhatIsOpened(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{Stage: StageTraining, OnHold: true, Policy: CurrentPolicy(now)}
	step := Transition{Case: c, Open: []PromiseRequest{c.HoldPromise(), c.PromiseOf(StageTraining, Deadline{Months: 12}, Deadline{})}}
	settled := step.Settle(now, ids(), nil)
	held := step.Apply(settled)
	require.True(t, held.Promise(PromiseHold).Running())
	require.Equal(t, now, held.Promise("training").StoppedAt)

	later := AddDays(now, 10)
	held.OnHold, held.WindowEndsAt = false, held.Promise("training").DueAt
	release := Transition{Case: held, Close: []PromiseKind{PromiseHold}, Resume: []PromiseKind{"training"}}
	released := release.Apply(release.Settle(later, ids(), nil))
	require.Len(t, released.Promises, 1)
	require.Equal(t, pacific(2027, 3, 12, 23, 59, 59), released.WindowEndsAt)
	require.Equal(t, released.WindowEndsAt, released.Promise("training").DueAt)
}

func TestACloneIsAnotherCase(t *testing.T) {
	now := pacific(2026, 3, 2, 9, 0, 0)
	c := Case{Policy: CurrentPolicy(now), Exam: &Exam{Language: "es"}, Payment: &OpenPayment{ID: "p"}, Certificate: &Certificate{Number: "n"},
		Returned: []ReasonCode{"OTHER"}, Attention: []Attention{{Code: AttentionReview, ID: "x"}}}
	c.Promises = []Promise{review(now)}
	before, err := json.Marshal(c)
	require.NoError(t, err)
	other := c.Clone()
	other.Exam.Language, other.Payment.ID, other.Certificate.Number, other.Returned[0] = "vi", "q", "m", "ID_EXPIRED"
	other.Promises[0].Rungs[0].Kind, other.Promises[0].ID = RungOverdue, "other"
	other.EndAttention("x")
	other.RaiseAttention(AttentionVendor, "", now)
	after, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}

func TestAttention(t *testing.T) {
	now := time.Now()
	var c Case
	require.True(t, c.RaiseAttention(AttentionNotice, "n1", now))
	require.False(t, c.RaiseAttention(AttentionNotice, "n1", now), "once")
	require.True(t, c.RaiseAttention(AttentionNotice, "n2", now))
	require.True(t, c.RaiseAttention(AttentionVendor, "", now))
	require.True(t, c.ClearAttention(AttentionNotice, "n1"))
	require.False(t, c.ClearAttention(AttentionNotice, "n1"))
	require.True(t, c.NeedsAttention(AttentionNotice))
	require.False(t, c.NeedsAttentionFor(AttentionNotice, "n1"))
	c.EndAttention("n2")
	require.False(t, c.NeedsAttention(AttentionNotice))
	require.True(t, c.ClearAttention(AttentionVendor, ""))
	require.Empty(t, c.Attention)
}

// Time that was given before certificates kept it is found in the promise, with the step
// that ends that.
func TestTimeThatWasGivenBeforeItWasKept(t *testing.T) {
	now := time.Date(2028, 3, 4, 12, 0, 0, 0, time.UTC)
	expires := EndOfDay(now.AddDate(0, 0, -1))
	by := AddDays(expires, 20)
	step := Transition{
		Case: Case{
			Stage: StageRenewalFee, Policy: CurrentPolicy(now), Certificate: &Certificate{ExpiresAt: expires, Term: 1},
			Promises: []Promise{{Kind: StagePromise(StageRenewal), DueAt: by, Then: ThenExpired, Rungs: []Rung{{At: by, Kind: RungDue}}}},
		},
		Close: []PromiseKind{StagePromise(StageRenewal)},
	}
	after := step.Apply(step.Settle(now, func() string { return "id" }, nil))
	require.Equal(t, by, after.Certificate.RenewBy)
	require.Equal(t, expires, after.Certificate.ExpiresAt)
	require.Equal(t, by, after.RenewableUntil())

	after.Certificate.Lapsed = true
	late := EndOfDay(AddMonths(by, after.Policy.LateRenewalMonths))
	require.Equal(t, late, after.RenewableUntil())
}
