package cases_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
	"peercert/workflows"
)

func TestRegistering(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	sent := func() int { return w.count("FROM inbox WHERE source = $1", cases.SourceRegistrations) }

	opened := w.register("one@example.test")
	require.WithinDuration(t, w.now().Add(10*time.Minute), opened.ExpiresAt, time.Minute)
	require.Equal(t, 1, sent())
	require.Zero(t, w.count("FROM applicants"), "nobody is taken in before the address is confirmed")

	t.Run("the same key gives the same answer, also of another process", func(t *testing.T) {
		key := w.key()
		first, err := w.Register(ctx, key, registrationOf("two@example.test"))
		require.NoError(t, err)
		before := sent()
		again, err := w.process().Register(ctx, key, registrationOf("two@example.test"))
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, before, sent())
		other := registrationOf("two@example.test")
		other.LastName = "Other"
		_, err = w.Register(ctx, key, other)
		refused(t, certification.RefusedIdempotencyKeyReused, err)
	})

	t.Run("a key that somebody else made up too is still one's own", func(t *testing.T) {
		key, ids := w.key(), map[string]bool{}
		for _, email := range []string{"three@example.test", "four@example.test"} {
			opened, err := w.Register(ctx, key, registrationOf(email))
			require.NoError(t, err)
			ids[opened.ID] = true
		}
		require.Len(t, ids, 2)
		require.Zero(t, w.count("FROM idempotency_keys k WHERE k::text LIKE '%example%'"), "no address is kept with a key")
	})

	t.Run("asked eight times at once it is one registration and one code", func(t *testing.T) {
		key, before := w.key(), sent()
		answers, failures := atOnce(8, func(int) (cases.OpenedRegistration, error) {
			return w.Register(ctx, key, registrationOf("at-once@example.test"))
		})
		for i := range answers {
			require.NoError(t, failures[i])
			require.Equal(t, answers[0], answers[i])
		}
		require.Equal(t, before+1, sent())
		require.Equal(t, 1, w.count("FROM registrations WHERE email_folded = 'at-once@example.test'"))
	})

	t.Run("rules", func(t *testing.T) {
		today := w.now().In(certification.Pacific)
		for name, rule := range map[string]struct {
			change func(r *cases.Registration)
			finds  string
		}{
			"blanks for a name": {func(r *cases.Registration) { r.FirstName = " \t" }, "first_name required"},
			"no street":         {func(r *cases.Registration) { r.Address.Line1 = " " }, "address.line1 required"},
			"an address too long for the exam vendor":     {func(r *cases.Registration) { r.Email = strings.Repeat("a", 90) + "@example.test" }, "email too_long"},
			"eighty letters, each with a sign of its own": {func(r *cases.Registration) { r.LastName = strings.Repeat("n\u0303", 80) }, ""},
			"an unknown plan":       {func(r *cases.Registration) { r.CountyPlan = "Atlantis" }, "county_plan unknown"},
			"seventeen":             {func(r *cases.Registration) { r.DateOfBirth = day(today.AddDate(-18, 0, 1)) }, "date_of_birth too_young"},
			"eighteen today":        {func(r *cases.Registration) { r.DateOfBirth = day(today.AddDate(-18, 0, 0)) }, ""},
			"not born yet":          {func(r *cases.Registration) { r.DateOfBirth = day(today.AddDate(0, 0, 2)) }, "date_of_birth in_the_future"},
			"right to left":         {func(r *cases.Registration) { r.FirstName, r.LastName = "نور", "الحسن\u200f" }, ""},
			"combining":             {func(r *cases.Registration) { r.FirstName = "Zoe\u0308" }, ""},
			"as long as names come": {func(r *cases.Registration) { r.LastName = strings.Repeat("ñ", 80) }, ""},
		} {
			r := registrationOf(fmt.Sprintf("rule-%d@example.test", w.numbers.Add(1)))
			rule.change(&r)
			_, err := w.Register(ctx, w.key(), r)
			if rule.finds == "" {
				require.NoError(t, err, name)
				continue
			}
			require.Equal(t, []string{rule.finds}, found(refused(t, certification.RefusedInvalid, err)), name)
		}
		r := registrationOf("zero@example.test")
		r.LastName = "Zebulon\x00"
		_, err := w.Register(ctx, w.key(), r)
		require.NotContains(t, fmt.Sprint(refused(t, certification.RefusedMalformed, err)), "Zebulon")
	})

	t.Run("five codes an hour go to one address", func(t *testing.T) {
		for _, email := range []string{"often@example.test", "Often@Example.test ", "OFTEN@example.test", "often@example.test", "often@example.test"} {
			w.register(email)
		}
		key := w.key()
		_, err := w.Register(ctx, key, registrationOf("often@example.test"))
		require.Equal(t, time.Hour, refused(t, certification.RefusedTooMany, err).RetryAfter)
		w.later(61 * time.Minute)
		_, err = w.Register(ctx, key, registrationOf("often@example.test"))
		require.NoError(t, err, "what was refused can be asked again under its key")
	})
}

func day(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
}

func TestCodes(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	wrong := func(registrationID string) string {
		code := []byte(w.code(registrationID))
		code[0] = '0' + (code[0]-'0'+1)%10
		return string(code)
	}

	t.Run("five wrong ones, and the right one is of no use", func(t *testing.T) {
		opened := w.register("wrong@example.test")
		key := w.key()
		for range 5 {
			_, err := w.Confirm(ctx, key, opened.ID, wrong(opened.ID)) // a repeat counts as well
			require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		}
		_, err := w.Confirm(ctx, w.key(), opened.ID, w.code(opened.ID))
		require.Equal(t, 10*time.Minute, refused(t, certification.RefusedTooMany, err).RetryAfter)
		_, err = w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
	})
	t.Run("wrong ones at once are all counted", func(t *testing.T) {
		opened := w.register("guess@example.test")
		_, failures := atOnce(12, func(int) (cases.Confirmation, error) {
			return w.Confirm(ctx, w.key(), opened.ID, wrong(opened.ID))
		})
		guesses := 0
		for _, err := range failures {
			if refusal, _ := certification.RefusalOf(err); refusal.Type == certification.RefusedNotFound {
				guesses++
			}
		}
		require.Equal(t, 5, guesses)
	})
	t.Run("unknown, expired and wrong look the same", func(t *testing.T) {
		opened := w.register("late@example.test")
		w.later(10*time.Minute + time.Second)
		for _, id := range []string{opened.ID, store.NewID(), "nonsense", strings.ToUpper(opened.ID), "{" + opened.ID + "}", "urn:uuid:" + opened.ID} {
			_, err := w.Confirm(ctx, w.key(), id, w.code(id))
			require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err), id)
		}
		require.Zero(t, w.count("FROM applicants"))
	})
}

func TestConfirming(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	casesOf := func(confirmed cases.Confirmation) int {
		return w.count("FROM cases WHERE applicant_id = $1", confirmed.Case.ApplicantID)
	}

	t.Run("a case and a token, and the same again", func(t *testing.T) {
		opened := w.register("first@example.test")
		key := w.key()
		first, err := w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		require.Equal(t, certification.StageIntroVideo, first.Case.Stage)
		require.Equal(t, []certification.Signal{certification.SignalCompleteIntroVideo, certification.SignalWithdraw}, first.Case.Available)
		require.WithinDuration(t, w.now().Add(90*24*time.Hour), first.TokenExpiresAt, time.Minute)
		actor, err := w.Authenticate(ctx, first.Token)
		require.NoError(t, err)
		require.Equal(t, certification.Actor{Role: certification.RoleApplicant, ID: first.Case.ApplicantID}, actor)
		require.Zero(t, w.count("FROM idempotency_keys WHERE answer::text LIKE '%pct_%'"), "a token is nowhere but with its owner")
		require.Zero(t, w.count("FROM tokens WHERE position($1 IN tokens::text) > 0", first.Token))

		again, err := w.process().Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		require.Equal(t, first, again)
		// The right code under another key, for a while; later it is only good to its key.
		other, err := w.Confirm(ctx, w.key(), opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		require.Equal(t, first, other)
		w.later(25 * time.Hour)
		_, err = w.Confirm(ctx, w.key(), opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedNotFound, err)
		again, err = w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		require.Equal(t, first.Token, again.Token)
		require.Equal(t, 1, casesOf(first))

		// A known address: the same case, with a token of its own.
		later := w.confirm(w.register(" First@Example.TEST"))
		require.Equal(t, first.Case.ID, later.Case.ID)
		require.NotEqual(t, first.Token, later.Token)
		require.Empty(t, later.Case.PreviousCaseID)

		// Once that case is closed, a new one that names it.
		p := &person{world: w, actor: actor, caseID: first.Case.ID}
		p.must(&certification.Withdraw{})
		next := w.confirm(w.register("first@example.test"))
		require.NotEqual(t, first.Case.ID, next.Case.ID)
		require.Equal(t, first.Case.ID, next.Case.PreviousCaseID)
		require.Equal(t, first.Case.ApplicantID, next.Case.ApplicantID)
		require.Equal(t, next.Case.ID, w.confirm(w.register("first@example.test")).Case.ID)

		w.exec("UPDATE tokens SET revoked_at = now() WHERE actor_id = $1", actor.ID)
		_, err = w.Authenticate(ctx, first.Token)
		refused(t, certification.RefusedUnauthenticated, err)
		w.later(-25 * time.Hour)
	})

	t.Run("everybody at once finds one case", func(t *testing.T) {
		for _, round := range []string{"somebody new", "somebody whose case is closed"} {
			w.later(61 * time.Minute) // five codes an hour go to one address
			var opened []cases.OpenedRegistration
			var keys []string
			for range 5 {
				opened, keys = append(opened, w.register("Crowd@example.test")), append(keys, w.key())
			}
			confirmed, failures := atOnce(10, func(i int) (cases.Confirmation, error) {
				mine := opened[i%5]
				return w.Confirm(ctx, keys[i%5], mine.ID, w.code(mine.ID))
			})
			for i := range confirmed {
				require.NoError(t, failures[i], round)
				require.Equal(t, confirmed[0].Case.ID, confirmed[i].Case.ID, round)
			}
			first := confirmed[0].Case
			require.Equal(t, 1, w.count("FROM cases WHERE applicant_id = $1 AND stage <> 'closed'", first.ApplicantID), round)
			require.Equal(t, 1, w.count("FROM applicants WHERE email_folded = 'crowd@example.test'"), round)
			p := &person{world: w, actor: certification.Actor{Role: certification.RoleApplicant, ID: first.ApplicantID}, caseID: first.ID}
			p.must(&certification.Withdraw{})
		}
	})

	t.Run("Temporal is down", func(t *testing.T) {
		opened := w.register("down@example.test")
		key := w.key()
		w.temporal.Down()
		_, err := w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NotZero(t, refused(t, certification.RefusedUnavailable, err).RetryAfter)
		// They begin again meanwhile, with another registration.
		second := w.register("down@example.test")
		w.later(15 * time.Minute) // longer than a code lives
		w.back(w.temporal)
		first, err := w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		w.later(-15 * time.Minute)
		require.Equal(t, first.Case.ID, w.confirm(second).Case.ID)
		require.Equal(t, 1, casesOf(first))
	})

	t.Run("a case that was chosen and never opened is opened by the next registration", func(t *testing.T) {
		opened := w.register("given-up@example.test")
		w.temporal.Down()
		_, err := w.Confirm(ctx, w.key(), opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedUnavailable, err)
		w.back(w.temporal)
		second := w.confirm(w.register("given-up@example.test"))
		again, err := w.Confirm(ctx, w.key(), opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		require.Equal(t, second.Case.ID, again.Case.ID)
		require.Equal(t, 1, casesOf(second))
	})

	t.Run("PostgreSQL is down", func(t *testing.T) {
		opened := w.register("records@example.test")
		key := w.key()
		w.records.Down()
		_, err := w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedUnavailable, err)
		w.back(w.records)
		_, err = w.Confirm(ctx, key, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
	})

	// What Temporal was told of all these people holds nothing personal.
	var snapshots []byte
	require.NoError(t, w.sql.QueryRow(ctx, "SELECT jsonb_agg(snapshot)::text FROM cases").Scan(&snapshots))
	require.True(t, json.Valid(snapshots))
	require.NotContains(t, string(snapshots), "example.test")
}

// Who comes again tells all anew, and what they told last is what letters, the exam vendor
// and the pages go by.
func TestWhatIsToldOnRegisteringAgain(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	// told registers the owner of a case anew, with all but the address of their mail changed.
	told := func(p *person, language string) (cases.Registration, cases.Confirmation) {
		t.Helper()
		known, err := w.Person(ctx, p.actor)
		require.NoError(t, err)
		r := cases.Registration{
			FirstName: "María", MiddleName: "del", LastName: "Mar", Called: "Mari", Email: known.Email, Phone: "+1 213 555 0182",
			CountyPlan: certification.CountyPlans()[1], Language: language, DateOfBirth: day(time.Date(1990, 5, 17, 0, 0, 0, 0, time.UTC)),
			Address: cases.Address{Line1: "2 Oak St", Line2: "Flat 3", City: "Oakland", State: "CA", ZIP: "94612"},
		}
		opened, err := w.Register(ctx, w.key(), r)
		require.NoError(t, err)
		return r, w.confirm(opened)
	}
	// is what is known, as somebody would tell it.
	is := func(p *person) cases.Registration {
		t.Helper()
		known, err := w.Person(ctx, p.actor)
		require.NoError(t, err)
		r := cases.Registration{
			FirstName: known.FirstName, MiddleName: known.MiddleName, LastName: known.LastName, Called: known.Called, Email: known.Email,
			Phone: known.Phone, CountyPlan: known.CountyPlan, Language: known.Language, Address: known.Address,
		}
		if born, is := known.DateOfBirth.Day(); is {
			r.DateOfBirth = day(born)
		}
		return r
	}

	t.Run("it is written where it begins a case", func(t *testing.T) {
		p := w.person()
		p.must(&certification.Withdraw{})
		r, begun := told(p, "es")
		require.Equal(t, p.caseID, begun.Case.PreviousCaseID)
		require.Equal(t, r.CountyPlan, begun.Case.CountyPlan)
		require.Equal(t, r, is(p))
	})
	t.Run("an open case goes on with what was told first", func(t *testing.T) {
		p := w.person()
		before := is(p)
		_, found := told(p, "es")
		require.Equal(t, p.caseID, found.Case.ID)
		require.Equal(t, before, is(p))
	})
	t.Run("the names on an application stay", func(t *testing.T) {
		p := w.toApplication()
		p.must(p.fill())
		p.must(&certification.Withdraw{})
		before := is(p)
		r, begun := told(p, "es")
		require.Equal(t, p.caseID, begun.Case.PreviousCaseID)
		r.FirstName, r.MiddleName, r.LastName, r.DateOfBirth = before.FirstName, before.MiddleName, before.LastName, before.DateOfBirth
		require.Equal(t, r, is(p))
	})
}

func TestAMonthLaterItIsForgotten(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	key := w.key()
	first, err := w.Register(ctx, key, registrationOf("long-ago@example.test"))
	require.NoError(t, err)
	kept := w.confirm(w.register("stays@example.test"))
	w.later(31 * 24 * time.Hour)
	run, err := w.temporalClient().ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "sweep", TaskQueue: workflows.QueueOutbound}, workflows.RecordSweepType)
	require.NoError(t, err)
	var rows int
	require.NoError(t, run.Get(ctx, &rows))
	require.Equal(t, 5, rows, "two registrations and three keys")
	require.Zero(t, w.count("FROM idempotency_keys")+w.count("FROM registrations"))

	again, err := w.Register(ctx, key, registrationOf("long-ago@example.test"))
	require.NoError(t, err)
	require.NotEqual(t, first.ID, again.ID)
	require.Equal(t, kept.Case.ID, w.confirm(w.register("stays@example.test")).Case.ID, "a case is no such record")
}
