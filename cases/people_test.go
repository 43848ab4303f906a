package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
)

// changeOf is all that somebody may change, as it is.
func changeOf(person cases.Person) cases.PersonChange {
	return cases.PersonChange{
		FirstName: person.FirstName, MiddleName: person.MiddleName, LastName: person.LastName, Called: person.Called,
		Phone: person.Phone, Address: person.Address, CountyPlan: person.CountyPlan, Language: person.Language,
	}
}

func TestChangingAPerson(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.toApplication()
	person, err := w.Person(ctx, p.actor)
	require.NoError(t, err)
	require.Equal(t, cases.Person{
		ID: p.actor.ID, FirstName: "Made", LastName: "Up", Email: person.Email, Address: registrationOf("").Address,
		CountyPlan: certification.CountyPlans()[0], Language: "en", CreatedAt: person.CreatedAt,
	}, person)

	change := changeOf(person)
	change.FirstName, change.Called, change.Phone, change.Language = "Zoë", "Zo", "+1 213 555 0182", "es"
	change.Address.Line2, change.CountyPlan = "Flat 2", certification.CountyPlans()[1]
	changed, err := w.ChangePerson(ctx, p.actor, change)
	require.NoError(t, err)
	require.Equal(t, change, changeOf(changed))
	again, err := w.ChangePerson(ctx, p.actor, change)
	require.NoError(t, err)
	require.Equal(t, changed, again)
	view, err := w.Case(ctx, p.actor, p.caseID)
	require.NoError(t, err)
	require.Equal(t, certification.CountyPlans()[0], view.CountyPlan, "an open case keeps its own")

	for finds, wrong := range map[string]func(c *cases.PersonChange){
		"last_name required":     func(c *cases.PersonChange) { c.LastName = "" },
		"called too_long":        func(c *cases.PersonChange) { c.Called = strings.Repeat("x", 81) },
		"phone not_valid":        func(c *cases.PersonChange) { c.Phone = "12" },
		"address.city required":  func(c *cases.PersonChange) { c.Address.City = "" },
		"address.zip not_valid":  func(c *cases.PersonChange) { c.Address.ZIP = "x" },
		"county_plan unknown":    func(c *cases.PersonChange) { c.CountyPlan = "Atlantis" },
		"language unknown":       func(c *cases.PersonChange) { c.Language = "no language" },
		"address.line1 too_long": func(c *cases.PersonChange) { c.Address.Line1 = strings.Repeat("x", 101) },
	} {
		wrongly := change
		wrong(&wrongly)
		_, err := w.ChangePerson(ctx, p.actor, wrongly)
		require.Equal(t, []string{finds}, found(refused(t, certification.RefusedInvalid, err)))
	}
	evil := change
	evil.Called = "Zebulon\x00"
	_, err = w.ChangePerson(ctx, p.actor, evil)
	require.NotContains(t, refused(t, certification.RefusedMalformed, err).Error(), "Zebulon")

	p.must(p.fill()) // as Made Up, whatever the account said
	fixed, err := w.Person(ctx, p.actor)
	require.NoError(t, err)
	require.True(t, fixed.NameFixed)
	renamed := change
	renamed.LastName = "Other"
	_, err = w.ChangePerson(ctx, p.actor, renamed)
	require.Equal(t, []string{"last_name fixed"}, found(refused(t, certification.RefusedInvalid, err)))
	for _, names := range [][3]string{{"", "", ""}, {"Made", "", "Up"}} {
		change.FirstName, change.MiddleName, change.LastName, change.Called = names[0], names[1], names[2], "Z"
		changed, err = w.ChangePerson(ctx, p.actor, change)
		require.NoError(t, err, "the rest may still be changed")
		require.Equal(t, "Made Up, Z", changed.FirstName+" "+changed.LastName+", "+changed.Called)
	}

	nobody := certification.Actor{Role: certification.RoleApplicant, ID: store.NewID()}
	_, err = w.Person(ctx, nobody)
	refused(t, certification.RefusedNotFound, err)
	_, err = w.ChangePerson(ctx, nobody, change)
	refused(t, certification.RefusedNotFound, err)
	for _, actor := range []certification.Actor{reviewer("r"), administrator} {
		_, err = w.Person(ctx, actor)
		refused(t, certification.RefusedNotAllowed, err)
		_, err = w.ChangePerson(ctx, actor, change)
		refused(t, certification.RefusedNotAllowed, err)
	}
}

func TestChangingAnAddress(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.person()
	before, err := w.Person(ctx, p.actor)
	require.NoError(t, err)
	open := func(p *person, email string) cases.OpenedRegistration {
		t.Helper()
		w.later(61 * time.Second)
		opened, err := w.OpenEmailChange(ctx, p.actor, w.key(), email, "es")
		require.NoError(t, err)
		return opened
	}
	change := func(p *person, opened cases.OpenedRegistration) (cases.Person, error) {
		return w.ChangeEmail(ctx, p.actor, opened.ID, w.code(opened.ID))
	}
	letters := func() int { return w.count("FROM notices WHERE letter = 'address_changed'") }

	t.Run("in two steps, and the old address hears of it", func(t *testing.T) {
		token, err := w.NewToken(ctx, p.actor, "a token", time.Hour)
		require.NoError(t, err)
		began := time.Now()
		opened := open(p, " New@Example.test")
		same, err := w.Person(ctx, p.actor)
		require.NoError(t, err)
		require.Equal(t, before.Email, same.Email, "not before the code")
		_, err = w.ChangeEmail(ctx, p.actor, opened.ID, w.wrongCode(opened.ID))
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		changed, failures := atOnce(4, func(int) (cases.Person, error) { return change(p, opened) })
		for i := range changed {
			require.NoError(t, failures[i])
			require.Equal(t, "New@Example.test", changed[i].Email)
		}
		require.Equal(t, 1, letters())
		require.Equal(t, 1, w.count("FROM registrations WHERE id = $1 AND former_email = $2", opened.ID, before.Email))
		w.eventually(func() bool {
			return w.count("FROM notices WHERE letter = 'address_changed' AND sent_at IS NOT NULL") == 1
		})
		require.Equal(t, p.actor.ID, w.signIn("new@example.test").ApplicantID)
		require.Empty(t, w.signIn(before.Email).ApplicantID, "the old address is nobody's")
		from, err := w.SessionsFrom(ctx, p.actor)
		require.NoError(t, err)
		require.True(t, began.Before(from), "sessions begin anew")
		_, err = w.Authenticate(ctx, token)
		refused(t, certification.RefusedUnauthenticated, err)
	})
	t.Run("one's own address is nothing new", func(t *testing.T) {
		sent := letters()
		changed, err := change(p, open(p, "NEW@example.test"))
		require.NoError(t, err)
		require.Equal(t, "NEW@example.test", changed.Email)
		require.Equal(t, sent, letters())
	})
	t.Run("somebody else's address looks like a free one until its mail is read", func(t *testing.T) {
		w.later(time.Hour)
		other := w.person()
		theirs, err := w.Person(ctx, other.actor)
		require.NoError(t, err)
		opened, free := open(p, theirs.Email), open(p, "free@example.test")
		require.WithinDuration(t, opened.ExpiresAt, free.ExpiresAt, 2*time.Minute)
		_, err = w.ChangeEmail(ctx, p.actor, opened.ID, w.wrongCode(opened.ID))
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		_, err = change(p, opened)
		require.Equal(t, []string{"email taken"}, found(refused(t, certification.RefusedInvalid, err)))
		unchanged, err := w.Person(ctx, other.actor)
		require.NoError(t, err)
		require.Equal(t, theirs.Email, unchanged.Email)

		// Two people who share a mailbox ask for it at once: one gets it.
		first, second := open(p, "shared@example.test"), open(other, "shared@example.test")
		_, failures := atOnce(2, func(i int) (cases.Person, error) {
			return change([]*person{p, other}[i], []cases.OpenedRegistration{first, second}[i])
		})
		require.True(t, (failures[0] == nil) != (failures[1] == nil), "%v", failures)
		for _, err := range failures {
			if err != nil {
				require.Equal(t, []string{"email taken"}, found(refused(t, certification.RefusedInvalid, err)))
			}
		}
	})
	t.Run("nobody uses the code of somebody else, or uses up its tries", func(t *testing.T) {
		w.later(time.Hour)
		w.exec("DELETE FROM limits") // the hour of a person is a real one
		other := w.person()
		opened := open(p, "mine@example.test")
		for range 6 {
			_, err := w.ChangeEmail(ctx, other.actor, opened.ID, w.wrongCode(opened.ID))
			require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		}
		_, err := change(other, opened)
		require.Equal(t, certification.NotFound(), refused(t, certification.RefusedNotFound, err))
		_, err = w.SignIn(ctx, opened.ID, w.code(opened.ID))
		refused(t, certification.RefusedNotFound, err)
		_, err = change(p, opened)
		require.NoError(t, err)
		w.later(2 * time.Minute)
		_, err = change(p, opened)
		refused(t, certification.RefusedNotFound, err)
		signIn := w.openSignIn("mine@example.test")
		_, err = change(p, signIn)
		refused(t, certification.RefusedNotFound, err)
	})
	t.Run("limits", func(t *testing.T) {
		hasty := w.person()
		key := w.key()
		first, err := w.OpenEmailChange(ctx, hasty.actor, key, "limit-0@example.test", "en")
		require.NoError(t, err)
		again, err := w.OpenEmailChange(ctx, hasty.actor, key, "limit-0@example.test", "en")
		require.NoError(t, err)
		require.Equal(t, first, again)
		_, err = w.OpenEmailChange(ctx, hasty.actor, w.key(), "limit-0@example.test", "en")
		refused(t, certification.RefusedTooMany, err)
		for _, email := range []string{"limit-1@example.test", "limit-2@example.test", "limit-3@example.test", "limit-4@example.test"} {
			open(hasty, email)
		}
		_, err = w.OpenEmailChange(ctx, hasty.actor, w.key(), "limit-5@example.test", "en")
		require.Greater(t, refused(t, certification.RefusedTooMany, err).RetryAfter, time.Minute)
		_, err = w.OpenEmailChange(ctx, hasty.actor, w.key(), "no address", "en")
		refused(t, certification.RefusedInvalid, err)
		_, err = w.OpenEmailChange(ctx, reviewer("r"), w.key(), "staff@example.test", "en")
		refused(t, certification.RefusedNotAllowed, err)
	})
	require.Zero(t, w.count("FROM cases WHERE snapshot::text LIKE '%example.test%'"))
}
