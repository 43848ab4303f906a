package store_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

func claim(id string, now time.Time) queries.ClaimNoticeParams {
	until := now.Add(time.Minute)
	return queries.ClaimNoticeParams{ID: id, Now: &now, Until: &until}
}

func TestALetterIsWithOneSenderAtATime(t *testing.T) {
	l := open(t).born()
	id := l.reach("register", certification.StageIntroVideo, letter(certification.LetterAbandoned)).NoticeIDs[0]

	var mutex sync.Mutex
	claimed := 0
	atOnce(t, 8, func(int) error {
		_, err := l.ClaimNotice(t.Context(), claim(id, noon))
		if err == nil {
			mutex.Lock()
			claimed++
			mutex.Unlock()
		} else if !store.None(err) {
			return err
		}
		return nil
	})
	require.Equal(t, 1, claimed)

	_, err := l.ClaimNotice(t.Context(), claim(id, noon.Add(59*time.Second)))
	require.True(t, store.None(err), "the lease runs")
	_, err = l.ClaimNotice(t.Context(), claim(id, noon.Add(61*time.Second)))
	require.NoError(t, err, "a sender that died loses it")
	require.NoError(t, l.ReleaseNotice(t.Context(), id))
	_, err = l.ClaimNotice(t.Context(), claim(id, noon.Add(62*time.Second)))
	require.NoError(t, err, "given back")

	sent := noon.Add(time.Minute)
	require.NoError(t, l.MarkNoticeSent(t.Context(), queries.MarkNoticeSentParams{ID: id, SentAt: &sent}))
	_, err = l.ClaimNotice(t.Context(), claim(id, noon.Add(time.Hour)))
	require.True(t, store.None(err), "sent once")
	unsent, err := l.UnsentNoticesOf(t.Context(), &l.ID)
	require.NoError(t, err)
	require.Empty(t, unsent)
}

func receive(r *records, id string, at time.Time) int64 {
	r.t.Helper()
	rows, err := r.Receive(r.t.Context(), queries.ReceiveParams{Source: "test", ExternalID: id, Kind: "kind", Payload: []byte(`{}`), ReceivedAt: at})
	require.NoError(r.t, err)
	return rows
}

func TestTheInbox(t *testing.T) {
	r := open(t)
	for i := range 40 {
		require.EqualValues(t, 1, receive(r, fmt.Sprintf("m-%02d", i), noon))
	}
	require.EqualValues(t, 0, receive(r, "m-00", noon), "what came before is nothing new")

	// Two takers at once: every message is with one of them, in the order they came.
	var mutex sync.Mutex
	seen := map[string]int{}
	take := func(now time.Time, most int32) []queries.TakeIncomingRow {
		rows, err := r.TakeIncoming(t.Context(), queries.TakeIncomingParams{Now: now, Again: now.Add(time.Minute), Most: most})
		require.NoError(t, err)
		for i := range rows {
			require.True(t, i == 0 || rows[i-1].ID < rows[i].ID)
		}
		return rows
	}
	atOnce(t, 4, func(int) error {
		for {
			rows := take(noon, 5)
			if len(rows) == 0 {
				return nil
			}
			mutex.Lock()
			for _, row := range rows {
				seen[row.ExternalID]++
				require.Equal(t, 1, row.Tries)
			}
			mutex.Unlock()
		}
	})
	require.Len(t, seen, 40)
	for id, times := range seen {
		require.Equal(t, 1, times, id)
	}

	// A taker does not wait for one that is still taking.
	other, err := r.sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), "SELECT FROM inbox WHERE external_id = 'm-03' FOR UPDATE")
	require.NoError(t, err)
	again := take(noon.Add(2*time.Minute), 5)
	require.Len(t, again, 5)
	require.Equal(t, "m-04", again[3].ExternalID, "the locked one is passed over")
	require.NoError(t, other.Rollback(t.Context()))

	// Finished ones never come again, postponed ones at their time.
	at := noon.Add(3 * time.Minute)
	require.NoError(t, r.FinishIncoming(t.Context(), queries.FinishIncomingParams{ID: again[0].ID, ProcessedAt: &at, Outcome: "delivered", Tries: again[0].Tries}))
	require.NoError(t, r.PostponeIncoming(t.Context(), queries.PostponeIncomingParams{ID: again[1].ID, NextTryAt: noon.Add(time.Hour), Outcome: "waiting"}))
	ids := map[int64]bool{}
	for _, row := range take(noon.Add(30*time.Minute), 100) {
		ids[row.ID] = true
	}
	require.Len(t, ids, 38)
	require.False(t, ids[again[0].ID] || ids[again[1].ID])
	require.Len(t, take(noon.Add(2*time.Hour), 100), 39)
}

// Whoever has a payment page looked at waits for no pause of a try before, and a look that
// is under way is repeated after it. Somebody who asks all the time does not hasten it.
func TestALookAtAPageIsBroughtForward(t *testing.T) {
	r := open(t)
	ask := func(at, unlessSince time.Time) {
		t.Helper()
		require.NoError(t, r.LookAtPage(t.Context(), queries.LookAtPageParams{Source: store.SourceSteps, Kind: store.KindLookAtPage, SessionID: "s-1", At: at, UnlessSince: unlessSince}))
	}
	take := func(at time.Time) []queries.TakeIncomingRow {
		t.Helper()
		rows, err := r.TakeIncoming(t.Context(), queries.TakeIncomingParams{Now: at, Again: at.Add(time.Minute), Most: 5})
		require.NoError(t, err)
		return rows
	}
	finish := func(row queries.TakeIncomingRow, at time.Time) {
		t.Helper()
		require.NoError(t, r.FinishIncoming(t.Context(), queries.FinishIncomingParams{ID: row.ID, ProcessedAt: &at, Outcome: "0 signals", Tries: row.Tries}))
	}
	ask(noon, noon)
	looking := take(noon)
	require.Len(t, looking, 1)
	require.NoError(t, r.PostponeIncoming(t.Context(), queries.PostponeIncomingParams{ID: looking[0].ID, NextTryAt: noon.Add(time.Hour), Outcome: "waiting"}))

	soon := noon.Add(5 * time.Second)
	ask(soon, soon.Add(-10*time.Second))
	require.Empty(t, take(soon), "asked a moment ago")
	ask(soon, soon)
	looking = take(soon)
	require.Len(t, looking, 1)

	later := soon.Add(5 * time.Second)
	ask(later, later) // while it is being looked at
	finish(looking[0], later)
	looking = take(later)
	require.Len(t, looking, 1)
	finish(looking[0], later)
	require.Empty(t, take(later.Add(time.Hour)))
	require.Equal(t, later, one[time.Time](r, "SELECT received_at FROM inbox").UTC(), "it waits since it was asked last")

	ask(later.Add(time.Hour), later.Add(time.Hour))
	require.Len(t, take(later.Add(time.Hour)), 1)
}

// What a case was sent and has not recorded is sent again when its workflow is started from
// its records: also what is on its way at that moment, and what was recorded by a task that
// the run to come does not know.
func TestWhatACaseHasNotRecordedIsSentAgain(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageIntroVideo)
	l.reach("recorded", certification.StageIntroVideo)
	l.reach("later", certification.StageIntroVideo)
	l.reach("orphan", certification.StageIntroVideo)
	_, err := l.sql.Exec(t.Context(), "UPDATE case_events SET voided_at = now() WHERE key = 'orphan'")
	require.NoError(t, err)
	other := store.NewID()
	to := map[string]string{"recorded": l.ID, "later": l.ID, "orphan": l.ID, "lost": l.ID, "under way": l.ID, "elsewhere": other}
	for id := range to {
		receive(l.records, id, noon)
	}
	receive(l.records, "of no case", noon)
	taken := func(now time.Time) map[string]queries.TakeIncomingRow {
		rows, err := l.TakeIncoming(t.Context(), queries.TakeIncomingParams{Now: now, Again: now.Add(time.Hour), Most: 100})
		require.NoError(t, err)
		byID := map[string]queries.TakeIncomingRow{}
		for _, row := range rows {
			byID[row.ExternalID] = row
		}
		return byID
	}
	finish := func(row queries.TakeIncomingRow) {
		require.NoError(t, l.FinishIncoming(t.Context(), queries.FinishIncomingParams{ID: row.ID, ProcessedAt: &noon, Outcome: "delivered", Tries: row.Tries}))
	}
	first := taken(noon)
	require.Len(t, first, 7)
	for id, row := range first {
		if caseID, is := to[id]; is {
			require.NoError(t, l.NoteSent(t.Context(), queries.NoteSentParams{ID: row.ID, SentTo: &caseID, SentKey: id}))
		}
		if id != "under way" {
			finish(row)
		}
	}
	again := func(revision int) {
		require.NoError(t, l.SendAgain(t.Context(), queries.SendAgainParams{CaseID: &l.ID, Revision: revision, At: noon}))
	}
	again(2) // the run to come begins before "later"
	finish(first["under way"])
	second := taken(noon.Add(time.Minute))
	require.ElementsMatch(t, []string{"later", "orphan", "lost", "under way"}, slices.Collect(maps.Keys(second)))
	for _, row := range second {
		finish(row)
	}
	require.Empty(t, taken(noon.Add(2*time.Hour)), "by itself nothing comes again")
	again(3)
	require.ElementsMatch(t, []string{"orphan", "lost", "under way"}, slices.Collect(maps.Keys(taken(noon.Add(3*time.Hour)))))
}

func TestADraftTakesOneOfTwoSaves(t *testing.T) {
	l := open(t).born()
	l.reach("register", certification.StageApplication)
	for revision := range 3 {
		var mutex sync.Mutex
		saved := int64(0)
		atOnce(t, 6, func(int) error {
			rows := l.save(certification.FormApplication, revision)
			mutex.Lock()
			saved += rows
			mutex.Unlock()
			return nil
		})
		require.EqualValues(t, 1, saved)
	}
	// A save beside the step that hands the draft in: one of them wins, never both.
	for range 20 {
		before := *l
		seen := one[int](l.records, "SELECT revision FROM drafts WHERE case_id = $1", l.ID)
		var saved int64
		var settled certification.Settled
		atOnce(t, 2, func(i int) error {
			if i == 0 {
				saved = l.save(certification.FormApplication, seen)
				return nil
			}
			var err error
			settled, err = before.Commit(t.Context(), before.step(store.NewID(), certification.StageApplicationFee, submit(certification.FormApplication, seen)))
			return err
		})
		require.Equal(t, saved == 1, settled.Refused != nil)
	}
}

func TestTheFirstAnswerStands(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	claimed, err := r.ClaimKey(ctx, queries.ClaimKeyParams{Actor: "a", Key: "k", Digest: []byte("d"), CreatedAt: noon})
	require.NoError(t, err)
	require.EqualValues(t, 1, claimed)
	claimed, err = r.ClaimKey(ctx, queries.ClaimKeyParams{Actor: "a", Key: "k", Digest: []byte("other"), CreatedAt: noon})
	require.NoError(t, err)
	require.EqualValues(t, 0, claimed, "bound already")
	for i, at := range []time.Time{noon, noon.Add(time.Minute)} {
		stands, err := r.AnswerKey(ctx, queries.AnswerKeyParams{Actor: "a", Key: "k", Answer: fmt.Appendf(nil, `{"answer": %d}`, i), At: at})
		require.NoError(t, err)
		require.JSONEq(t, `{"answer": 0}`, string(stands))
	}
	kept, err := r.ReadKey(ctx, queries.ReadKeyParams{Actor: "a", Key: "k"})
	require.NoError(t, err)
	require.Equal(t, []byte("d"), kept.Digest)
	require.Equal(t, noon, one[time.Time](r, "SELECT answered_at FROM idempotency_keys").UTC())
	_, err = r.AnswerKey(ctx, queries.AnswerKeyParams{Actor: "a", Key: "nobody's", Answer: []byte("{}"), At: noon})
	require.True(t, store.None(err))
}

func TestOldRecordsAreForgotten(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	l := r.born()
	l.reach("register", certification.StageIntroVideo)
	register := func(opened *string) string {
		t.Helper()
		id, noticeID := store.NewID(), store.NewID()
		now := r.Now()
		require.NoError(t, r.AddRegistration(ctx, queries.AddRegistrationParams{ID: id, EmailFolded: "a", Details: []byte("{}"), Language: "en", CreatedAt: now, ExpiresAt: now}))
		require.NoError(t, r.AddNotice(ctx, queries.AddNoticeParams{ID: noticeID, RegistrationID: &id, Letter: "confirm_address", Facts: []byte("{}"), CreatedAt: now}))
		if opened != nil {
			require.NoError(t, r.ConfirmRegistration(ctx, queries.ConfirmRegistrationParams{ID: id, ConfirmedAt: &now, ApplicantID: &l.ApplicantID, CaseID: opened}))
		}
		return id
	}
	key := func(name string) {
		_, err := r.ClaimKey(ctx, queries.ClaimKeyParams{Actor: "a", Key: name, Digest: []byte("d"), CreatedAt: r.Now()})
		require.NoError(t, err)
	}
	for i := range 4500 {
		key(fmt.Sprint(i))
	}
	unopened := store.NewID()
	register(nil)
	register(&l.ID)
	waits := register(&unopened)

	r.later(29 * 24 * time.Hour)
	forgotten, err := r.ForgetOldRecords(ctx)
	require.NoError(t, err)
	require.Zero(t, forgotten)
	key("young")
	young := register(nil)
	r.later(2 * 24 * time.Hour)
	forgotten, err = r.ForgetOldRecords(ctx)
	require.NoError(t, err)
	require.Equal(t, 4502, forgotten)
	require.Equal(t, "young", one[string](r, "SELECT string_agg(key, ',') FROM idempotency_keys"))
	require.ElementsMatch(t, []string{waits, young}, one[[]string](r, "SELECT array_agg(id::text) FROM registrations"))
	require.EqualValues(t, 2, one[int64](r, "SELECT count(*) FROM notices"), "the codes go with them")
}
