// Package cases is the one door to a case: whether somebody may, whether it was
// done already, sending the signal, reading what became of it. The API, the
// portal and the desk stand before this door; none of them reads a table.
package cases

import (
	"encoding/json"
	"io"
	"time"

	"peercert/certification"
)

// Registration is what a person tells before a case exists. All of it is personal.
type Registration struct {
	FirstName, MiddleName, LastName string
	Called                          string // what they want to be called; may be empty
	Email                           string
	Phone                           string // may be empty
	Address                         Address
	CountyPlan                      string    // one of certification.CountyPlans
	Language                        string    // BCP 47 of letters and pages: "en", "es"
	DateOfBirth                     time.Time // midnight UTC of the day; zero if not told
	// Asker is the address of the machine that asks (Machine), for limits; it is not stored.
	Asker string `json:"-"`
}

// Address is a postal address in the United States.
type Address struct{ Line1, Line2, City, State, ZIP string }

// OpenedRegistration is the same whether or not the address was known before.
type OpenedRegistration struct {
	ID        string    // UUIDv7
	ExpiresAt time.Time // the six-digit code is of no use afterwards
	// ResendAfter is when it is time to ask for another code. OpenSignIn and OpenEmailChange
	// refuse it earlier; Register does not, and the code before stays good.
	ResendAfter time.Time
}

// Confirmation is a confirmed address: a case and a token for its owner.
type Confirmation struct {
	Case           View
	Token          string // given again to the same request, and for a day to the right code; only its hash is kept
	TokenExpiresAt time.Time
}

// View is a case as somebody may see it.
type View struct {
	certification.Case
	// Available is what the reader can send now (certification.Case.AvailableSignals).
	Available []certification.Signal
	CreatedAt time.Time
	UpdatedAt time.Time
	// CheckoutURL is the payment page of Case.Payment, only for the owner; empty while
	// there is none.
	CheckoutURL       string
	CheckoutExpiresAt time.Time
	// BookingURL is the vendor's page for Case.Exam, only for the owner; empty until
	// the vendor accepted the authorization.
	BookingURL string
	// Notes are the reviewer's words to Case.Returned, for the reasons that need any. Only
	// for the owner: they are personal, and staff read them with the draft (Draft.Notes).
	Notes map[certification.ReasonCode]string
	// Slow says that something on our side does not get on, such as a letter that cannot
	// be sent. It is for everybody; why (Case.Attention) is for staff.
	Slow bool
	// ChecksLate says that it is the check of a document.
	ChecksLate bool
	// Surplus says that money arrived which was not due any more, and has not gone back yet.
	Surplus bool
}

// Filter chooses cases for a list. Zero fields choose nothing away.
type Filter struct {
	Number     string // of the case or of its certificate, as certification.ParseNumber gives it
	Stage      certification.Stage
	WaitsOn    certification.Party
	Assignee   string // a reviewer's id
	Overdue    *bool
	Attention  string // a code of certification.Attention, or "any": of open cases, and of closed ones certification.AfterTheEnd
	CountyPlan string
	DueBefore  time.Time
	Page
}

// List is a part of a list of cases, the one due first first. Next is empty at the end.
type List struct {
	Cases []View
	Next  string
}

// Send is a signal of a person for a case.
type Send struct {
	CaseID string
	Key    string // the Idempotency-Key
	// RequestID is of the HTTP request, a UUID, or empty: what a client made up does not
	// leave the log.
	RequestID string
	// Message has an empty envelope: actor and key are known from elsewhere.
	Message certification.Message
	// Notes are a reviewer's words to reasons that need any. Personal: they are kept
	// in the records and are no part of the message.
	Notes map[certification.ReasonCode]string
}

// Event is one line of the log of a case. Its owner is told no ids of staff.
type Event struct {
	certification.Event
	Number int // the revision it made, from 1
	At     time.Time
	Void   bool // written by a task that never completed; replaced by another
}

// Events is a part of the log, newest first.
type Events struct {
	Events []Event
	Next   string
}

// Promise is a promise of a case, open or not.
type Promise struct {
	certification.Promise
	EndedAt time.Time // zero while it is open
	Kept    bool      // it ended before its due instant
}

// Letter is a letter of a case.
type Letter struct {
	ID        string // UUIDv7
	Letter    certification.Letter
	CreatedAt time.Time
	SentAt    time.Time // zero until it was sent
	// Language is what it was sent in, a BCP 47 tag; of one that was not sent, what it would
	// be sent in.
	Language string
	// Subject, Text and which of its lines stand over others (Headings) are for the owner of
	// the case alone, otherwise empty.
	Subject, Text string
	Headings      []string
	// ErasedAt is when Text was erased, because it was kept for its time; zero while it is
	// there.
	ErasedAt time.Time
}

// Payment is a fee that was asked for.
type Payment struct {
	ID          string // UUIDv7
	Fee         certification.Fee
	AmountCents int64
	Currency    string
	Status      string // "open", "paid", "failed", "waived", "credit", "surplus" or "refunded"
	AskedAt     time.Time
	SettledAt   time.Time // zero while it is open
	CheckoutURL string    // only while it is open, and only for the owner
}

// Draft is a form that is being filled in.
type Draft struct {
	Form     certification.Form
	Revision int // 0 before the first save
	// Values is a JSON object with the members that the API's specification lists for
	// the form; what was never saved is absent.
	Values json.RawMessage
	// Findings are what would be refused if it were handed in now.
	Findings []certification.Finding
	// OpenFields are the members of Values that may be changed: all at first, those of the
	// returned items after a return, none while it is handed in. OpenParts are their parts.
	OpenFields []string
	OpenParts  []certification.Part
	// Answered are the fields that were answered since the draft was given back: saved
	// again, changed or not, or with a file that came since.
	Answered []string
	// Notes are a reviewer's words to what of it was returned, only for staff: that they read
	// a draft is recorded. The owner has them with the case.
	Notes map[certification.ReasonCode]string
	// HandedIn is true while the draft is out of the applicant's hands.
	HandedIn  bool
	SavedAt   time.Time // zero before the first save
	ExpiresAt time.Time // zero if it does not expire, or not while its time is stopped
	// ErasedAt is when Values were erased, but for a signature, because they were kept for
	// their time; zero while they are there.
	ErasedAt time.Time
}

// SaveDraft changes parts of a draft.
type SaveDraft struct {
	CaseID   string
	Form     certification.Form
	Revision int // as seen; another one is refused with stale-revision
	// Changes is a JSON merge patch (RFC 7396) of Draft.Values: null takes a value
	// away. Its shape was checked against the specification, the rules were not.
	Changes json.RawMessage
}

// Upload is a document on its way in.
type Upload struct {
	CaseID   string
	Key      string // the Idempotency-Key
	Kind     certification.DocumentKind
	FileName string    // as the browser said it; personal
	Body     io.Reader // ends with an error if the upload was interrupted
}

// Content is what a document holds. The reader must be closed.
type Content struct {
	io.ReadCloser
	MediaType string
	Bytes     int64
}

// Purpose is why somebody of ours reads personal data. It is recorded with who,
// when and what.
type Purpose string

// The purposes.
const (
	PurposeReview     Purpose = "review"
	PurposeAppeal     Purpose = "appeal"
	PurposeSupport    Purpose = "support"
	PurposeCorrection Purpose = "correction"
	PurposeAudit      Purpose = "audit"
)

// Chapter is a part of the introduction video.
type Chapter struct {
	ID      string
	Title   string
	Seconds int
}

// Video is the introduction video.
type Video struct {
	Version  string
	Chapters []Chapter
}

// WatchedChapter is how far somebody came with a chapter.
type WatchedChapter struct {
	Chapter
	OpenedAt   time.Time // zero before
	FinishedAt time.Time // zero before
	// CountsAt is when it can be finished: after its length since it was opened, and after
	// the lengths of all that was watched one after another. Zero unless it is opened and
	// not finished.
	CountsAt time.Time
}

// VideoProgress is how far the owner of a case came with the video.
type VideoProgress struct {
	Chapters []WatchedChapter
	Complete bool
}

// Watch is a step with the video: a chapter "opened" or "finished".
type Watch struct {
	CaseID  string
	Key     string
	Chapter string
	Event   string
}

// TrainingProvider is an approved provider of the 80-hour training (domain §1, E10).
type TrainingProvider struct {
	ID            string
	Name          string
	Languages     []string // BCP 47
	ApprovedFrom  time.Time
	ApprovedUntil time.Time // zero while no end is set
}

// PublicCertificate is what anybody may know about a certificate (domain §6).
type PublicCertificate struct {
	Number    string
	Name      string // as printed on the certificate; empty if the person is not listed by name
	Status    string // see the constants
	IssuedAt  time.Time
	ExpiresAt time.Time // of one that ended otherwise than with its term: when it did
}

// Public statuses of a certificate. A denial and a complaint are not public.
const (
	CertificateActive         = "active"
	CertificateRenewalPending = "renewal_pending"
	CertificateExpired        = "expired"
	CertificateVacated        = "vacated"
	CertificateSuspended      = "suspended"
	CertificateRevoked        = "revoked"
	CertificateSurrendered    = "surrendered"
)

// Part is how a part that the product needs is doing.
type Part struct {
	Name   string // "postgresql", "temporal", "s3"
	Ready  bool
	Detail string // a sentence without addresses and secrets; empty when ready
}
