package certification

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// Where an exam can be taken (domain §4): at home under remote watch, or in one of
// the vendor's rooms in California.
const (
	ExamOnline     = "online"
	ExamTestCenter = "test_center"
)

// ExamPlaces lists the places of the exam.
var ExamPlaces = []string{ExamOnline, ExamTestCenter}

// Authorization lets one person take one exam at the vendor. A retake is another
// authorization with another id.
type Authorization struct {
	ID     string // UUIDv7; the vendor quotes it in everything it sends back
	CaseID string // not told to the vendor
	// CandidateID is the same UUID in every authorization of one applicant, so that
	// the vendor keeps one record of a person.
	CandidateID string
	Attempt     int    // from 1
	Language    string // BCP 47, one of ExamLanguages
	Place       string // one of ExamPlaces
	// EligibleFrom and EligibleUntil are the first and the last instant at which an
	// exam may begin.
	EligibleFrom, EligibleUntil time.Time
	// FirstName, LastName and Email are personal: they are in the records and in the
	// vendor's candidate file, and nowhere else. The names are those of the identity
	// document, which the vendor compares at the door (domain §1, E3).
	FirstName, LastName, Email string
}

// VendorAnswerDays is how long the vendor may say nothing about an authorization before
// somebody of ours asks them. Most answer within minutes.
const VendorAnswerDays = 2

// Unanswered says whether the case waits for the vendor to take an authorization: nothing
// can be booked before.
func (c *Case) Unanswered() bool {
	return c.Stage == StageExamBooking && c.Exam != nil && c.Exam.AuthorizationID != "" && !c.Exam.Authorized && !c.Exam.Refused
}

// The longest values the vendor takes, in characters (Unicode code points in NFC).
// Values that were too long have been the usual cause of authorizations that a
// vendor rejected (domain §4), so they are checked before anything is sent.
const (
	ExamFirstNameLimit = 30
	ExamLastNameLimit  = 50
	ExamEmailLimit     = 100
)

// AuthorizationProblem says in one code what is wrong with a field.
type AuthorizationProblem string

// The problems of a field of an authorization.
const (
	ProblemMissing      AuthorizationProblem = "missing"
	ProblemTooLong      AuthorizationProblem = "too_long"
	ProblemNotUUID      AuthorizationProblem = "not_a_uuid"
	ProblemNotOffered   AuthorizationProblem = "not_offered"
	ProblemNotPositive  AuthorizationProblem = "not_positive"
	ProblemNotAllowed   AuthorizationProblem = "not_allowed_characters"
	ProblemNotAnAddress AuthorizationProblem = "not_an_address"
	ProblemEndsEarly    AuthorizationProblem = "ends_before_it_begins"
)

// AuthorizationFinding is one thing the vendor would reject. It never holds the
// value, so it may be logged and shown.
type AuthorizationFinding struct {
	Field   string // the vendor's column, such as last_name
	Problem AuthorizationProblem
	Limit   int // most characters, where the problem is too_long
}

// Check lists what the vendor would reject, nil if nothing.
func (a Authorization) Check() []AuthorizationFinding {
	var found []AuthorizationFinding
	find := func(field string, problem AuthorizationProblem, limit int) {
		found = append(found, AuthorizationFinding{Field: field, Problem: problem, Limit: limit})
	}
	for _, id := range []struct{ field, value string }{{"authorization_id", a.ID}, {"candidate_id", a.CandidateID}} {
		// Exactly the 36 characters: uuid.Parse takes other spellings, and the id is
		// part of a file name.
		if _, err := uuid.Parse(id.value); err != nil || len(id.value) != 36 {
			find(id.field, ProblemNotUUID, 0)
		}
	}
	if a.Attempt < 1 {
		find("attempt", ProblemNotPositive, 0)
	}
	if !slices.Contains(ExamLanguages, a.Language) {
		find("language", ProblemNotOffered, 0)
	}
	if !slices.Contains(ExamPlaces, a.Place) {
		find("place", ProblemNotOffered, 0)
	}
	if a.EligibleFrom.IsZero() {
		find("eligible_from", ProblemMissing, 0)
	}
	if a.EligibleUntil.IsZero() {
		find("eligible_until", ProblemMissing, 0)
	} else if !a.EligibleUntil.After(a.EligibleFrom) {
		find("eligible_until", ProblemEndsEarly, 0)
	}
	for _, text := range []struct {
		field, value string
		limit        int
		name         bool
	}{
		{"first_name", a.FirstName, ExamFirstNameLimit, true},
		{"last_name", a.LastName, ExamLastNameLimit, true},
		{"email", a.Email, ExamEmailLimit, false},
	} {
		switch {
		case strings.TrimSpace(text.value) == "":
			find(text.field, ProblemMissing, 0)
		case !Visible(text.value):
			find(text.field, ProblemNotAllowed, 0)
		case text.name && FormulaStart(text.value):
			// No identity document has such a name, and a name cannot be changed on
			// its way to the vendor: it is compared letter by letter at the door.
			find(text.field, ProblemNotAllowed, 0)
		case !text.name && !strings.Contains(text.value, "@"):
			find(text.field, ProblemNotAnAddress, 0)
		}
		if utf8.RuneCountInString(norm.NFC.String(text.value)) > text.limit {
			find(text.field, ProblemTooLong, text.limit)
		}
	}
	return found
}

// FormulaStart tells whether a spreadsheet would run a cell with this text as a
// formula. The full-width forms count: some spreadsheets take them for the others.
func FormulaStart(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("=+-@\t\r\n＝＋－＠", first)
}

// Visible tells whether a text is one line of characters that can be seen, as the exam
// vendor takes them.
func Visible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, invisible)
}

// WithoutInvisible is for strings.Map: it leaves out what Visible refuses, but for white
// space. Such signs come along when a name is copied, and nobody can see them.
func WithoutInvisible(r rune) rune {
	if invisible(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// invisible tells whether a character breaks a line or turns the direction of the
// text around it. Joiners stay: Persian names need them.
func invisible(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
