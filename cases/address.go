package cases

import (
	"context"
	"errors"
	"strings"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// NoticeOfMove is the kind of a message of SourceRegistrations that carries the letter to
// an address that is not a person's any more.
const NoticeOfMove = "moved"

// movesAnHour bounds how many addresses one person can have codes mailed to.
const movesAnHour = 5

// OpenEmailChange mails a code to a new address of somebody. It does and says the same
// for an address that is free, one that is theirs already, and one that is somebody
// else's. The limits are those of OpenSignIn; and one person asks five times an hour.
func (c *Cases) OpenEmailChange(ctx context.Context, actor certification.Actor, key, email, language string) (OpenedRegistration, error) {
	if err := ofThemselves(actor); err != nil {
		return OpenedRegistration{}, err
	}
	email = strings.TrimSpace(email)
	if !isAddress(email) {
		return OpenedRegistration{}, notAnAddress()
	}
	return onceHere(ctx, c, actor, key, digest("email-change", email, language), func(q *queries.Queries) (OpenedRegistration, error) {
		if err := c.allow(ctx, q, "email-change", actor.ID, movesAnHour, time.Hour); err != nil {
			return OpenedRegistration{}, err
		}
		return c.mailCode(ctx, q, askedCode{
			purpose: toMove, details: Registration{Email: email, Language: language}, applicantID: actor.ID, asker: actor.ID, paced: true,
		})
	})
}

// ChangeEmail checks the code that went to the new address and writes it down. A letter
// goes to the old one; it says what to do for somebody who did not ask for this. Every
// session and token of the person ends: whoever asked begins a new session. A wrong code
// is refused as by SignIn. That the address is somebody else's is said only here (invalid,
// "email taken"), to somebody who reads its mail.
func (c *Cases) ChangeEmail(ctx context.Context, actor certification.Actor, changeID, code string) (Person, error) {
	if err := ofThemselves(actor); err != nil {
		return Person{}, err
	}
	if !isID(changeID) {
		return Person{}, certification.NotFound()
	}
	var person Person
	var refused *certification.Refusal
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		// Whose it is comes first: nobody uses up the tries of somebody else.
		asked, err := q.ReadRegistration(ctx, changeID)
		if store.None(err) || err == nil && (asked.ApplicantID == nil || *asked.ApplicantID != actor.ID) {
			return certification.NotFound()
		}
		if err != nil {
			return err
		}
		registration, refusal, err := c.checkCode(ctx, q, changeID, code, toMove, forAMoment)
		if err != nil || refusal != nil {
			refused = refusal
			return err
		}
		if registration.ConfirmedAt == nil {
			if err := c.move(ctx, q, actor, registration); err != nil {
				return err
			}
		}
		person, err = c.person(ctx, q, actor)
		return err
	})
	var failure *store.Failure
	if errors.As(err, &failure) && failure.Constraint == "applicants_email_folded_key" {
		err = taken() // by somebody who was quicker
	}
	if err != nil {
		return Person{}, failed(err, "changing an address")
	}
	if refused != nil {
		return Person{}, refused
	}
	return person, nil
}

func taken() error {
	return certification.Invalid(certification.Finding{Field: "email", Code: "taken", Detail: "This address has an account of its own. Sign in with it, or use another address."})
}

// move writes a new address down that was confirmed.
func (c *Cases) move(ctx context.Context, q *queries.Queries, actor certification.Actor, registration queries.Registration) error {
	person, err := here(q.LockApplicant(ctx, actor.ID))
	if err != nil {
		return err
	}
	details, err := detailsOf(registration)
	if err != nil {
		return err
	}
	now := c.now()
	confirmed := queries.ConfirmMoveParams{ID: registration.ID, ConfirmedAt: &now}
	same := person.EmailFolded == registration.EmailFolded
	if !same {
		owner, err := q.ApplicantOfEmail(ctx, registration.EmailFolded)
		if err == nil && owner != actor.ID {
			return taken()
		}
		if err != nil && !store.None(err) {
			return err
		}
		confirmed.FormerEmail = person.Email
	}
	if err := q.ConfirmMove(ctx, confirmed); err != nil {
		return err
	}
	if err := q.MoveApplicant(ctx, queries.MoveApplicantParams{ID: actor.ID, Email: details.Email, EmailFolded: registration.EmailFolded}); err != nil {
		return err
	}
	if same {
		return nil // perhaps other capital letters: nobody has lost anything
	}
	if err := c.mailAbout(ctx, q, registration.ID, certification.LetterAddressChanged, NoticeOfMove, NoticeOfMove+":"+registration.ID); err != nil {
		return err
	}
	return c.signOut(ctx, q, actor)
}
