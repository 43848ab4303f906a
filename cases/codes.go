package cases

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Limits of the confirmation of an address.
const (
	codeLifetime = 10 * time.Minute
	codeTries    = 5
	resendPause  = time.Minute
	codesAnHour  = 5
	// codesToAddress is how many codes an hour go to one address, whoever asks: well above
	// codesAnHour, so that one stranger cannot use up all that its owner may ask for, and
	// low enough that nobody's mailbox is flooded.
	codesToAddress = 20
	// repeatWithin is how long after its code has run out a confirmation may still be
	// repeated: Temporal may be down when it comes first.
	repeatWithin = 24 * time.Hour
	// repeatSignIn is how long a code signs in again after it did: a form that is sent
	// twice in a row is one sign-in, and afterwards a code that was seen is of no use.
	repeatSignIn = time.Minute
)

// SourceRegistrations is where a code that is to be mailed waits in the inbox.
const SourceRegistrations = "registration"

// CodeKind is the kind of a message of SourceRegistrations that carries a code. Its
// external id is the id of the registration.
const CodeKind = "code"

// purpose is what a confirmed address is for. One code is good for one purpose.
type purpose string

const (
	toRegister   purpose = "registration"
	toSignIn     purpose = "sign_in"
	toMove       purpose = "new_address" // to a new address
	toBeginAgain purpose = "another_case"
)

// anonymous is who asks for a code without saying who they are.
var anonymous = certification.Actor{Role: "anonymous"}

func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// askedCode is an address that is to be confirmed.
type askedCode struct {
	purpose     purpose
	details     Registration // at least the address and the language
	applicantID string       // of somebody known who asks; empty for anybody
	// asker is who asks: the address of a machine, or a person. Each has a count of their
	// own for each address; those of whom nothing is known share one.
	asker string
	// paced refuses a second code within a minute of the first. One who registers is not
	// paced: without the answer they have no id to confirm, and what they told may be wrong.
	paced bool
}

// mailCode stores what is to be confirmed and makes its code due, in the caller's
// transaction. It never looks whether the address is known: the answer, and the time it
// takes, cannot tell.
func (c *Cases) mailCode(ctx context.Context, q *queries.Queries, asked askedCode) (OpenedRegistration, error) {
	details, err := json.Marshal(asked.details)
	if err != nil {
		return OpenedRegistration{}, fmt.Errorf("encoding a registration: %w", err)
	}
	now, folded := c.now(), fold(asked.details.Email)
	if err := q.LockAddress(ctx, folded); err != nil {
		return OpenedRegistration{}, failed(err, "locking an address")
	}
	asker := c.derive("asker", asked.asker+" "+folded) // with the address, so that it tells nothing about others
	recent, err := q.CodesSince(ctx, queries.CodesSinceParams{EmailFolded: folded, Since: now.Add(-time.Hour), Asker: asker})
	if err != nil {
		return OpenedRegistration{}, failed(err, "counting registrations")
	}
	if recent.Own >= codesAnHour || recent.Codes >= codesToAddress {
		return OpenedRegistration{}, certification.TooMany(time.Hour)
	}
	if wait := recent.NewestOwn.Add(resendPause).Sub(now); asked.paced && wait > 0 {
		return OpenedRegistration{}, certification.TooMany(min(wait, resendPause)) // the records round
	}
	opened := OpenedRegistration{ID: store.NewID(), ExpiresAt: now.Add(codeLifetime), ResendAfter: now.Add(resendPause)}
	row := queries.AddRegistrationParams{
		ID: opened.ID, EmailFolded: folded, Details: details, Language: asked.details.Language, CreatedAt: now,
		ExpiresAt: opened.ExpiresAt, Purpose: string(asked.purpose), Asker: asker,
	}
	if asked.applicantID != "" {
		row.ApplicantID = &asked.applicantID
	}
	if err := q.AddRegistration(ctx, row); err != nil {
		return OpenedRegistration{}, failed(err, "storing a registration")
	}
	err = c.mailAbout(ctx, q, opened.ID, certification.LetterConfirmAddress, CodeKind, opened.ID)
	return opened, err
}

// mailAbout makes a letter due that belongs to a registration and to no case.
func (c *Cases) mailAbout(ctx context.Context, q *queries.Queries, registrationID string, letter certification.Letter, kind, externalID string) error {
	noticeID, now := store.NewID(), c.now()
	if err := q.AddNotice(ctx, queries.AddNoticeParams{
		ID: noticeID, RegistrationID: &registrationID, Letter: string(letter), Facts: []byte("{}"), CreatedAt: now,
	}); err != nil {
		return failed(err, "storing the letter of a registration")
	}
	payload, err := json.Marshal(map[string]string{"notice_id": noticeID})
	if err != nil {
		return fmt.Errorf("encoding a notice: %w", err)
	}
	_, err = q.Receive(ctx, queries.ReceiveParams{Source: SourceRegistrations, ExternalID: externalID, Kind: kind, Payload: payload, ReceivedAt: now})
	return failed(err, "making a letter of a registration due")
}

// checkCode locks a registration and checks its code. until says how long a code that
// was right may be repeated. A wrong code counts, also when the request is repeated: the
// count has to be kept, so what refuses comes beside the error, which would undo it.
func (c *Cases) checkCode(ctx context.Context, q *queries.Queries, registrationID, code string, want purpose, until func(queries.Registration) time.Time) (queries.Registration, *certification.Refusal, error) {
	registration, err := q.LockRegistration(ctx, registrationID)
	if store.None(err) || err == nil && registration.Purpose != string(want) {
		return queries.Registration{}, certification.NotFound(), nil
	}
	if err != nil {
		return queries.Registration{}, nil, err
	}
	expires := registration.ExpiresAt
	if registration.ConfirmedAt != nil {
		expires = until(registration)
	}
	right := subtle.ConstantTimeCompare([]byte(code), []byte(ConfirmationCode(c.TokenSecret, registrationID))) == 1
	switch {
	case c.now().After(expires):
		return registration, certification.NotFound(), nil
	case registration.Tries >= codeTries:
		return registration, certification.TooMany(codeLifetime), nil
	case !right:
		return registration, certification.NotFound(), q.CountTry(ctx, registrationID)
	}
	return registration, nil, nil
}

// forADay lets a confirmation be repeated for a day after its code has run out.
func forADay(registration queries.Registration) time.Time {
	return registration.ExpiresAt.Add(repeatWithin)
}

// forAMoment lets a code be repeated for a moment after it was right.
func forAMoment(registration queries.Registration) time.Time {
	return registration.ConfirmedAt.Add(repeatSignIn)
}

// detailsOf is what was told with a registration.
func detailsOf(registration queries.Registration) (Registration, error) {
	var details Registration
	if json.Unmarshal(registration.Details, &details) != nil {
		return Registration{}, errors.New("a stored registration cannot be decoded") // the cause would quote it
	}
	return details, nil
}
