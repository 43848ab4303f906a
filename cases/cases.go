package cases

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"peercert/certification"
	"peercert/store"
)

// Storage keeps the content of documents.
type Storage interface {
	// Put streams a document into quarantine under its id and says what it is. An
	// interrupted or refused one leaves nothing.
	Put(ctx context.Context, id string, body io.Reader) (certification.Document, error)
	Contents
	// Remove deletes all that is kept of a document. It may be repeated.
	Remove(ctx context.Context, document certification.Document) error
	Ping(ctx context.Context) error
}

// Contents opens documents: as staff see them, and as they were uploaded.
type Contents interface {
	OpenView(ctx context.Context, document certification.Document) (io.ReadCloser, string, int64, error)
	OpenOriginal(ctx context.Context, document certification.Document) (io.ReadCloser, string, int64, error)
}

// Verifier reads a webhook that its sender signed. An error is a bad signature or a
// body that cannot be read.
type Verifier interface {
	Verify(body []byte, signature string) (certification.Incoming, error)
}

// Letters puts a notice into words.
type Letters interface {
	Words(notice certification.Notice) (Words, error)
	// Subject is the subject of a letter in a language.
	Subject(letter certification.Letter, language string) string
}

// Words are what a letter says.
type Words struct {
	Language string // BCP 47
	// Subject has nothing personal; Text is plain text.
	Subject, Text string
	Headings      []string // the lines of Text that stand over others
}

// Options are what the door to the cases stands on.
type Options struct {
	Store    *store.Store
	Temporal client.Client
	Storage  Storage
	Stripe   Verifier
	Exams    Verifier
	Letters  Letters
	// Candidates is what the exam vendor was left about people.
	Candidates Candidates
	// TokenSecret derives confirmation codes and first tokens, so that neither is stored.
	TokenSecret string
	BookingURL  string // the exam vendor's page
	// Video is the introduction video that is shown. Without chapters nobody can have
	// watched it.
	Video Video
	// Patience bounds how long the errands of new cases are tried before they ask for
	// attention; zero leaves each kind its own (workflows.Start).
	Patience time.Duration
}

// Cases is the one door to a case.
type Cases struct {
	Options
}

// New puts the door together.
func New(options Options) *Cases { return &Cases{Options: options} }

func (c *Cases) now() time.Time { return c.Store.Now() }

// derive makes a secret that can be made again from what it is about.
func (c *Cases) derive(purpose, about string) []byte { return derive(c.TokenSecret, purpose, about) }

func derive(secret, purpose, about string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s:%s", purpose, about)
	return mac.Sum(nil)
}

// ConfirmationCode is the six-digit code of a registration.
func ConfirmationCode(secret, registrationID string) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(derive(secret, "code", registrationID))%1_000_000)
}

// HashToken is what is kept of a token.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func tokenOf(secret []byte) string {
	return "pct_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret))
}

// digest is what makes two requests the same.
func digest(parts ...string) []byte {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s;", len(part), part)
	}
	return hash.Sum(nil)
}

// messageKey is the key of a message inside the case: the caller's key, for this
// caller alone.
func messageKey(actor certification.Actor, key string) string {
	return hex.EncodeToString(digest(string(actor.Role), actor.ID, key))[:32]
}

// retryAfter is what callers are told to wait when a part is down.
const retryAfter = 2 * time.Second

// failed turns an error of the records into what a caller can act on.
func failed(err error, doing string, arguments ...any) error {
	if err == nil {
		return nil
	}
	if _, is := certification.RefusalOf(err); is {
		return err
	}
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		return certification.Unavailable(err, retryAfter)
	}
	if errors.Is(err, store.ErrUnstorable) {
		return certification.Refused(certification.RefusedMalformed, "A text in the request has a character that cannot be stored, such as one of value 0.")
	}
	return fmt.Errorf(doing+": %w", append(arguments, err)...)
}

// isID says whether a text is an id in the form in which ids are written: there are
// others of the same UUID, and a workflow would not be found by them.
func isID(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text
}

// findOwn reads a case of its owner, for what nobody does in the owner's place.
func (c *Cases) findOwn(ctx context.Context, actor certification.Actor, caseID string) (store.CaseRow, error) {
	row, err := c.find(ctx, actor, caseID)
	if err == nil && actor.Role != certification.RoleApplicant {
		err = certification.Refused(certification.RefusedNotAllowed, "Only the person whose case this is can do that.")
	}
	return row, err
}

// find reads a case that an actor may see. A case that is not theirs looks exactly
// like one that does not exist.
func (c *Cases) find(ctx context.Context, actor certification.Actor, caseID string) (store.CaseRow, error) {
	if !isID(caseID) {
		return store.CaseRow{}, certification.NotFound()
	}
	row, err := c.Store.Case(ctx, caseID)
	if errors.Is(err, store.ErrNoCase) {
		return store.CaseRow{}, certification.NotFound()
	}
	if err != nil {
		return store.CaseRow{}, failed(err, "reading a case")
	}
	switch actor.Role {
	case certification.RoleApplicant:
		if row.ApplicantID != actor.ID {
			return store.CaseRow{}, certification.NotFound()
		}
	case certification.RoleReviewer, certification.RoleAdministrator, certification.RoleService:
	default:
		return store.CaseRow{}, certification.NotFound()
	}
	return row, nil
}
