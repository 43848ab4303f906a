package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
)

func (w *world) openSignIn(email string) cases.OpenedRegistration {
	w.t.Helper()
	w.later(61 * time.Second) // one code a minute goes to one address
	opened, err := w.OpenSignIn(w.t.Context(), w.key(), email, "en", "")
	require.NoError(w.t, err)
	return opened
}

func (w *world) signIn(email string) cases.SignedIn {
	w.t.Helper()
	opened := w.openSignIn(email)
	who, err := w.SignIn(w.t.Context(), opened.ID, w.code(opened.ID))
	require.NoError(w.t, err)
	return who
}

// wrongCode is never the code of a registration.
func (w *world) wrongCode(registrationID string) string {
	code := []byte(w.code(registrationID))
	code[0] = '0' + (code[0]-'0'+1)%10
	return string(code)
}

func TestOpeningASignIn(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	known := w.made(certification.StageApplication)
	w.exec("UPDATE applicants SET email = 'Known@example.test', email_folded = 'known@example.test' WHERE id = $1", known.actor.ID)

	t.Run("the same for an address that is known and for one that is not", func(t *testing.T) {
		var answers []cases.OpenedRegistration
		for _, email := range []string{"known@example.test", "unknown@example.test"} {
			opened, err := w.OpenSignIn(ctx, w.key(), email, "es", "")
			require.NoError(t, err)
			require.WithinDuration(t, w.now().Add(10*time.Minute), opened.ExpiresAt, 30*time.Second)
			require.WithinDuration(t, w.now().Add(time.Minute), opened.ResendAfter, 30*time.Second)
			answers = append(answers, opened)
			require.Equal(t, 1, w.count("FROM inbox i JOIN notices n ON n.id::text = i.payload->>'notice_id' WHERE i.external_id = $1 AND n.letter = 'confirm_address'", opened.ID))
		}
		require.NotEqual(t, answers[0].ID, answers[1].ID)
	})
	t.Run("the same key is one code, also at once", func(t *testing.T) {
		key := w.key()
		answers, failures := atOnce(6, func(int) (cases.OpenedRegistration, error) {
			return w.OpenSignIn(ctx, key, "key@example.test", "en", "")
		})
		for i := range answers {
			require.NoError(t, failures[i])
			require.Equal(t, answers[0], answers[i])
		}
		require.Equal(t, 1, w.count("FROM registrations WHERE email_folded = 'key@example.test'"))
		_, err := w.OpenSignIn(ctx, key, "other@example.test", "en", "")
		refused(t, certification.RefusedIdempotencyKeyReused, err)
	})
	t.Run("one a minute and five an hour, counted together with registrations, also at once", func(t *testing.T) {
		began := w.now()
		_, failures := atOnce(6, func(int) (cases.OpenedRegistration, error) {
			return w.OpenSignIn(ctx, w.key(), "Pace@example.test", "en", "")
		})
		took := w.now().Sub(began)
		sent := 0
		for _, err := range failures {
			if err == nil {
				sent++
				continue
			}
			wait := refused(t, certification.RefusedTooMany, err).RetryAfter
			require.GreaterOrEqual(t, wait, time.Minute-took-time.Millisecond) // the records round
			require.LessOrEqual(t, wait, time.Minute)
		}
		require.Equal(t, 1, sent)
		w.register("pace@example.test")
		for range 3 {
			w.openSignIn("PACE@example.test ")
		}
		w.later(61 * time.Second)
		_, err := w.OpenSignIn(ctx, w.key(), "pace@example.test", "en", "")
		require.Equal(t, time.Hour, refused(t, certification.RefusedTooMany, err).RetryAfter)
		_, err = w.Register(ctx, w.key(), registrationOf("pace@example.test"))
		refused(t, certification.RefusedTooMany, err)
		w.later(time.Hour)
		w.openSignIn("pace@example.test")
	})
	t.Run("nobody uses up the codes of somebody else's address", func(t *testing.T) {
		const address = "wanted@example.test"
		ask := func(asker string) (cases.OpenedRegistration, error) {
			return w.OpenSignIn(ctx, w.key(), address, "en", asker)
		}
		mine, err := ask("mine")
		require.NoError(t, err)
		w.register(address)
		for range 5 {
			w.later(61 * time.Second)
			_, err := ask("theirs")
			require.NoError(t, err)
		}
		w.later(61 * time.Second)
		_, err = ask("theirs")
		refused(t, certification.RefusedTooMany, err)
		_, err = w.SignIn(ctx, mine.ID, w.code(mine.ID))
		require.NoError(t, err, "a code of one's own is good, whoever asks for others")
		_, err = ask("mine")
		require.NoError(t, err)
		_, err = w.OpenSignIn(ctx, w.key(), "another@example.test", "en", "theirs")
		require.NoError(t, err)

		// A mailbox is not flooded, however many ask.
		sent := 8
		for i := range 30 {
			if _, err := ask(fmt.Sprint("stranger ", i)); err == nil {
				sent++
			} else {
				refused(t, certification.RefusedTooMany, err)
			}
		}
		require.Equal(t, 20, sent)
		require.Zero(t, w.count("FROM registrations r WHERE r::text LIKE '%stranger%' OR r::text LIKE '%theirs%'"), "who asked is nowhere")
		w.later(time.Hour)
		_, err = ask("mine")
		require.NoError(t, err)
	})
	t.Run("what is no address", func(t *testing.T) {
		for _, email := range []string{"", "name", "Name <name@example.test>", "a@b@c", "a\nb@example.test", strings.Repeat("a", 250) + "@example.test"} {
			_, err := w.OpenSignIn(ctx, w.key(), email, "en", "")
			require.Equal(t, []string{"email not_an_address"}, found(refused(t, certification.RefusedInvalid, err)), email)
		}
	})
}

func TestSigningIn(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	known := w.made(certification.StageApplication)
	w.exec("UPDATE applicants SET email_folded = 'known@example.test' WHERE id = $1", known.actor.ID)

	require.Equal(t, known.actor.ID, w.signIn(" Known@Example.test").ApplicantID)
	require.Empty(t, w.signIn("new@example.test").ApplicantID)
	require.Equal(t, 1, w.count("FROM applicants"), "nobody is taken in by a code alone")

	t.Run("a code is good once, and for a form that is sent twice", func(t *testing.T) {
		opened := w.openSignIn("known@example.test")
		answers, failures := atOnce(4, func(int) (cases.SignedIn, error) { return w.SignIn(ctx, opened.ID, w.code(opened.ID)) })
		for i := range answers {
			require.NoError(t, failures[i])
			require.Equal(t, known.actor.ID, answers[i].ApplicantID)
		}
		w.later(61 * time.Second)
		_, err := w.SignIn(ctx, opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedNotFound, err)
	})
	t.Run("five wrong ones, then the right one is of no use", func(t *testing.T) {
		w.later(time.Hour)
		opened := w.openSignIn("known@example.test")
		_, failures := atOnce(12, func(int) (cases.SignedIn, error) { return w.SignIn(ctx, opened.ID, w.wrongCode(opened.ID)) })
		guesses := 0
		for _, err := range failures {
			refusal, is := certification.RefusalOf(err)
			require.True(t, is, "%v", err)
			if refusal.Type == certification.RefusedNotFound {
				guesses++
			}
		}
		require.Equal(t, 5, guesses)
		_, err := w.SignIn(ctx, opened.ID, w.code(opened.ID))
		require.Equal(t, 10*time.Minute, refused(t, certification.RefusedTooMany, err).RetryAfter)
	})
	t.Run("unknown, expired, wrong and for another purpose look the same", func(t *testing.T) {
		registration, signIn := w.register("purpose@example.test"), w.openSignIn("purpose@example.test")
		_, err := w.SignIn(ctx, registration.ID, w.code(registration.ID))
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		_, err = w.Confirm(ctx, w.key(), signIn.ID, w.code(signIn.ID))
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		w.later(10*time.Minute + time.Second)
		for _, id := range []string{signIn.ID, store.NewID(), "nonsense", strings.ToUpper(signIn.ID)} {
			_, err := w.SignIn(ctx, id, w.code(id))
			require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err), id)
		}
	})
	t.Run("PostgreSQL is down", func(t *testing.T) {
		opened := w.openSignIn("new@example.test")
		w.records.Down()
		_, err := w.SignIn(ctx, opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedUnavailable, err)
		_, err = w.OpenSignIn(ctx, w.key(), "new@example.test", "en", "")
		refused(t, certification.RefusedUnavailable, err)
		w.records.Up()
		w.eventually(func() bool {
			_, err = w.SignIn(ctx, opened.ID, w.code(opened.ID))
			return err == nil
		})
	})
}

func TestOpeningAnAccount(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	confirmed := func(email string) string {
		t.Helper()
		opened := w.openSignIn(email)
		_, err := w.SignIn(ctx, opened.ID, w.code(opened.ID))
		require.NoError(t, err)
		return opened.ID
	}
	casesOf := func(applicantID string) int { return w.count("FROM cases WHERE applicant_id = $1", applicantID) }

	t.Run("everybody at once, with one key and with several, is one person with one case", func(t *testing.T) {
		signIn := confirmed("First@example.test")
		key := w.key()
		opened, failures := atOnce(6, func(i int) (cases.OpenedAccount, error) {
			mine, r := key, registrationOf("somebody-else@example.test") // the address is the one that was confirmed
			if i%2 == 1 {
				mine = fmt.Sprint(key, i)
			}
			return w.OpenAccount(ctx, mine, signIn, r)
		})
		for i := range opened {
			require.NoError(t, failures[i])
			require.Equal(t, opened[0].ApplicantID, opened[i].ApplicantID)
			require.Equal(t, opened[0].Case.ID, opened[i].Case.ID)
		}
		require.Equal(t, certification.StageIntroVideo, opened[0].Case.Stage)
		require.Equal(t, opened[0].ApplicantID, opened[0].Case.ApplicantID)
		require.Equal(t, 1, casesOf(opened[0].ApplicantID))
		require.Equal(t, 1, w.count("FROM applicants WHERE email = 'First@example.test' AND email_folded = 'first@example.test'"))
		require.Zero(t, w.count("FROM applicants WHERE email LIKE 'somebody-else%'"))
		require.Zero(t, w.count("FROM tokens"), "a session is no token")

		again, err := w.process().OpenAccount(ctx, key, signIn, registrationOf("somebody-else@example.test"))
		require.NoError(t, err)
		require.Equal(t, opened[0].Case.ID, again.Case.ID)
		require.Equal(t, opened[0].ApplicantID, w.signIn("first@example.test").ApplicantID)
		w.eventually(func() bool { // letters find the person by the case
			return w.count("FROM notices WHERE sent_at IS NOT NULL AND letter = 'confirm_address'") > 0
		})
	})
	t.Run("not without the code", func(t *testing.T) {
		opened, registration := w.openSignIn("second@example.test"), w.register("second@example.test")
		for _, id := range []string{opened.ID, registration.ID, store.NewID(), "nonsense"} {
			_, err := w.OpenAccount(ctx, w.key(), id, registrationOf("second@example.test"))
			refused(t, certification.RefusedNotFound, err)
		}
		late := confirmed("third@example.test")
		w.later(25 * time.Hour)
		_, err := w.OpenAccount(ctx, w.key(), late, registrationOf("third@example.test"))
		refused(t, certification.RefusedNotFound, err)
		require.Zero(t, w.count("FROM applicants WHERE email_folded IN ('second@example.test', 'third@example.test')"))
	})
	t.Run("rules", func(t *testing.T) {
		signIn := confirmed("rules@example.test")
		for finds, change := range map[string]func(r *cases.Registration){
			"first_name required":         func(r *cases.Registration) { r.FirstName = " " },
			"last_name too_long":          func(r *cases.Registration) { r.LastName = strings.Repeat("ñ", 81) },
			"address.line1 required":      func(r *cases.Registration) { r.Address.Line1 = "" },
			"address.zip not_valid":       func(r *cases.Registration) { r.Address.ZIP = "9365" },
			"address.state not_valid":     func(r *cases.Registration) { r.Address.State = "Cal" },
			"phone not_valid":             func(r *cases.Registration) { r.Phone = "call me" },
			"county_plan unknown":         func(r *cases.Registration) { r.CountyPlan = "" },
			"language unknown":            func(r *cases.Registration) { r.Language = "" },
			"date_of_birth too_young":     func(r *cases.Registration) { r.DateOfBirth = day(w.now().AddDate(-17, 0, 0)) },
			"date_of_birth in_the_future": func(r *cases.Registration) { r.DateOfBirth = day(w.now().AddDate(1, 0, 0)) },
		} {
			r := registrationOf("rules@example.test")
			change(&r)
			_, err := w.OpenAccount(ctx, w.key(), signIn, r)
			require.Equal(t, []string{finds}, found(refused(t, certification.RefusedInvalid, err)))
		}
	})
	t.Run("Temporal is down", func(t *testing.T) {
		signIn := confirmed("down@example.test")
		key := w.key()
		w.temporal.Down()
		_, err := w.OpenAccount(ctx, key, signIn, registrationOf(""))
		refused(t, certification.RefusedUnavailable, err)
		w.back(w.temporal)
		// They sign in meanwhile: known already, and their case waits to be opened.
		who := w.signIn("down@example.test")
		require.NotEmpty(t, who.ApplicantID)
		begun, err := w.StartAgain(ctx, certification.Actor{Role: certification.RoleApplicant, ID: who.ApplicantID}, w.key())
		require.NoError(t, err)
		opened, err := w.OpenAccount(ctx, key, signIn, registrationOf(""))
		require.NoError(t, err)
		require.Equal(t, begun.ID, opened.Case.ID)
		require.Equal(t, 1, casesOf(who.ApplicantID))
	})
	t.Run("a person who registered through the API signs in", func(t *testing.T) {
		registered := w.confirm(w.register("api@example.test"))
		require.Equal(t, registered.Case.ApplicantID, w.signIn("API@example.test").ApplicantID)
	})
}

func TestStartingAgain(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.person()

	open, err := w.StartAgain(ctx, p.actor, w.key())
	require.NoError(t, err)
	require.Equal(t, p.caseID, open.ID, "an open case is gone on with")

	p.must(&certification.Withdraw{})
	key := w.key()
	w.temporal.Down()
	_, err = w.StartAgain(ctx, p.actor, key)
	refused(t, certification.RefusedUnavailable, err)
	w.back(w.temporal)
	begun, failures := atOnce(6, func(i int) (cases.View, error) {
		if i%2 == 0 {
			return w.StartAgain(ctx, p.actor, key)
		}
		return w.StartAgain(ctx, p.actor, fmt.Sprint(key, i))
	})
	for i := range begun {
		require.NoError(t, failures[i])
		require.Equal(t, begun[0].ID, begun[i].ID)
	}
	require.NotEqual(t, p.caseID, begun[0].ID)
	require.Equal(t, p.caseID, begun[0].PreviousCaseID)
	require.Equal(t, certification.StageIntroVideo, begun[0].Stage)

	all, err := w.CasesOf(ctx, p.actor)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []string{begun[0].ID, p.caseID}, []string{all[0].ID, all[1].ID}, "newest first")
	require.Equal(t, []certification.Signal{certification.SignalCompleteIntroVideo, certification.SignalWithdraw}, all[0].Available)

	other := w.person()
	all, err = w.CasesOf(ctx, other.actor)
	require.NoError(t, err)
	require.Len(t, all, 1)
	nobody := certification.Actor{Role: certification.RoleApplicant, ID: store.NewID()}
	_, err = w.StartAgain(ctx, nobody, w.key())
	refused(t, certification.RefusedNotFound, err)
	for _, actor := range []certification.Actor{reviewer("r"), administrator, {Role: certification.RoleService, ID: p.actor.ID}} {
		_, err = w.StartAgain(ctx, actor, w.key())
		refused(t, certification.RefusedNotAllowed, err)
		_, err = w.CasesOf(ctx, actor)
		refused(t, certification.RefusedNotAllowed, err)
	}
}
