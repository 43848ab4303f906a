package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// SignedIn is who a right code let in. ApplicantID is empty if the address is new: it is
// confirmed, and OpenAccount takes its owner in.
type SignedIn struct{ ApplicantID string }

// OpenedAccount is a person with their case.
type OpenedAccount struct {
	SignedIn
	Case View
}

// OpenSignIn mails a six-digit code to an address, in a language (BCP 47). It does and
// says the same, in the same time, whether or not the address is known. The code is good
// for ten minutes and five tries. Asker is the address of the machine that asks (Machine):
// one a minute and five an hour are mailed to one address for one asker, and twenty an
// hour in all, those of registrations counted with them; more are refused with too-many. A
// code that was mailed before stays good, whoever else asks for others.
func (c *Cases) OpenSignIn(ctx context.Context, key, email, language, asker string) (OpenedRegistration, error) {
	email = strings.TrimSpace(email)
	if !isAddress(email) {
		return OpenedRegistration{}, notAnAddress()
	}
	return onceHere(ctx, c, anonymous, key, digest("sign-in", email, language), func(q *queries.Queries) (OpenedRegistration, error) {
		return c.mailCode(ctx, q, askedCode{purpose: toSignIn, details: Registration{Email: email, Language: language}, asker: asker, paced: true})
	})
}

// isAddress says whether mail can be sent to an address as it stands, without a name. It
// goes to the exam vendor later, so it is no longer than they take.
func isAddress(email string) bool {
	address, err := mail.ParseAddress(email)
	return err == nil && address.Address == email && utf8.RuneCountInString(email) <= certification.ExamEmailLimit
}

func notAnAddress() error {
	return certification.Invalid(certification.Finding{Field: "email", Code: "not_an_address", Detail: fmt.Sprintf("Write a mail address, such as name@example.org, of %d characters or fewer.", certification.ExamEmailLimit)})
}

// SignIn checks a code. A wrong one, one that has run out and a sign-in that there is not
// are all refused with not-found; the sixth try with too-many. A right code may be
// repeated for a minute, so that a form sent twice is one sign-in.
func (c *Cases) SignIn(ctx context.Context, signInID, code string) (SignedIn, error) {
	if !isID(signInID) {
		return SignedIn{}, certification.NotFound()
	}
	var who SignedIn
	var refused *certification.Refusal
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		registration, refusal, err := c.checkCode(ctx, q, signInID, code, toSignIn, forAMoment)
		if err != nil || refusal != nil {
			refused = refusal
			return err
		}
		who.ApplicantID, err = q.ApplicantOfEmail(ctx, registration.EmailFolded)
		if err != nil && !store.None(err) {
			return err
		}
		now := c.now()
		return q.ConfirmSignIn(ctx, queries.ConfirmSignInParams{ID: signInID, ConfirmedAt: &now})
	})
	if err != nil {
		return SignedIn{}, failed(err, "signing in")
	}
	if refused != nil {
		return SignedIn{}, refused
	}
	return who, nil
}

// OpenAccount takes in the owner of an address that SignIn confirmed within the last day,
// and begins their first case. The address is that of the sign-in, whatever r says. It
// can be repeated, with the same key or another: there is one person and one open case,
// and what was told first stands.
func (c *Cases) OpenAccount(ctx context.Context, key, signInID string, r Registration) (OpenedAccount, error) {
	if !isID(signInID) {
		return OpenedAccount{}, certification.NotFound()
	}
	if found := c.checkRegistration(r); len(found) > 0 {
		return OpenedAccount{}, certification.Invalid(found...)
	}
	details, err := json.Marshal(r)
	if err != nil {
		return OpenedAccount{}, fmt.Errorf("encoding an account: %w", err)
	}
	scope := certification.Actor{Role: anonymous.Role, ID: signInID}
	opened, err := c.begin(ctx, scope, key, digest("account", signInID, string(details)), func() (confirmed, error) {
		return c.openAccount(ctx, signInID, r)
	})
	if err != nil {
		return OpenedAccount{}, err
	}
	return OpenedAccount{SignedIn: SignedIn{opened.ApplicantID}, Case: *opened.Case}, nil
}

// openAccount stores the person behind a confirmed sign-in and chooses their case.
func (c *Cases) openAccount(ctx context.Context, signInID string, r Registration) (confirmed, error) {
	var result confirmed
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		registration, err := q.LockRegistration(ctx, signInID)
		if store.None(err) || err == nil && (registration.Purpose != string(toSignIn) || registration.ConfirmedAt == nil ||
			c.now().After(forADay(registration))) {
			return certification.NotFound()
		}
		if err != nil {
			return err
		}
		known, err := detailsOf(registration)
		if err != nil {
			return err
		}
		if registration.CaseID != nil {
			result, err = again(ctx, q, registration, known)
			return err
		}
		r.Email = known.Email
		if result, err = enroll(ctx, q, r, c.now()); err != nil {
			return err
		}
		result.At = *registration.ConfirmedAt
		details, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encoding an account: %w", err)
		}
		return q.OpenRegistration(ctx, queries.OpenRegistrationParams{
			ID: signInID, Details: details, ApplicantID: &result.ApplicantID, CaseID: &result.CaseID,
		})
	})
	return result, failed(err, "opening an account")
}

// StartAgain begins a new case for a person whose cases are all closed, and links the one
// before. With an open case it gives that one, so asking twice is asking once.
func (c *Cases) StartAgain(ctx context.Context, actor certification.Actor, key string) (View, error) {
	if err := ofThemselves(actor); err != nil {
		return View{}, err
	}
	opened, err := c.begin(ctx, actor, key, digest("start-again"), func() (confirmed, error) { return c.chooseAgain(ctx, actor.ID) })
	if err != nil {
		return View{}, err
	}
	return *opened.Case, nil
}

// chooseAgain chooses the case of a person who is known, and keeps a new choice until it
// was opened, where the next who asks finds it.
func (c *Cases) chooseAgain(ctx context.Context, applicantID string) (confirmed, error) {
	var result confirmed
	err := c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		person, err := here(q.LockApplicant(ctx, applicantID))
		if err != nil {
			return err
		}
		if result, err = choose(ctx, q, applicantID, person.CountyPlan); err != nil || result.Known {
			return err
		}
		now, id := c.now(), store.NewID()
		if err := q.AddRegistration(ctx, queries.AddRegistrationParams{
			ID: id, EmailFolded: person.EmailFolded, Details: []byte("{}"), Language: person.Language, CreatedAt: now, ExpiresAt: now,
			Purpose: string(toBeginAgain),
		}); err != nil {
			return err
		}
		return q.ConfirmRegistration(ctx, queries.ConfirmRegistrationParams{
			ID: id, ConfirmedAt: &now, ApplicantID: &applicantID, CaseID: &result.CaseID,
		})
	})
	return result, failed(err, "beginning another case")
}

// CasesOf are the cases of a person, the newest first.
func (c *Cases) CasesOf(ctx context.Context, actor certification.Actor) ([]View, error) {
	if err := ofThemselves(actor); err != nil {
		return nil, err
	}
	rows, err := c.Store.CasesOf(ctx, actor.ID)
	if err != nil {
		return nil, failed(err, "reading the cases of a person")
	}
	views := []View{}
	for _, row := range rows {
		found := store.CaseRow{CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
		if err := json.Unmarshal(row.Snapshot, &found.Case); err != nil {
			return nil, fmt.Errorf("decoding the snapshot of a case: %w", err)
		}
		views = append(views, c.view(actor, found))
	}
	return views, nil
}

// ofThemselves lets through a person who asks about themselves.
func ofThemselves(actor certification.Actor) error {
	if actor.Role != certification.RoleApplicant {
		return certification.Refused(certification.RefusedNotAllowed, "Only the person themselves can do that.")
	}
	if !isID(actor.ID) {
		return certification.NotFound()
	}
	return nil
}
