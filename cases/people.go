package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Person is what the records know of somebody, for themselves. All of it is personal.
type Person struct {
	ID         string // UUIDv7
	FirstName  string
	MiddleName string
	LastName   string
	Called     string // what they want to be called
	Email      string
	Phone      string
	Address    Address
	CountyPlan string // of their next case; an open one keeps its own
	Language   string // BCP 47 of letters
	// DateOfBirth is as it was told at registration; most tell it in the application.
	DateOfBirth certification.Date
	// NameFixed says that an application was handed in: see PersonChange.
	NameFixed bool
	CreatedAt time.Time
	// ClosedAt is when they asked to close their account; zero while it is open.
	ClosedAt time.Time
}

// PersonChange is what somebody may change about themselves; every field is written. The
// legal names are part of it only until an application is handed in: a reviewer compares
// them with the ID, the exam vendor checks them at the door, and they stand on the
// certificate, so that afterwards a new name needs proof (domain §5). Until then an empty
// first or last name leaves all three as they are.
type PersonChange struct {
	FirstName, MiddleName, LastName string
	Called, Phone                   string // may be empty
	Address                         Address
	CountyPlan                      string // of the next case; empty leaves it
	Language                        string // BCP 47
}

// Person is what the records know of whoever asks.
func (c *Cases) Person(ctx context.Context, actor certification.Actor) (Person, error) {
	if err := ofThemselves(actor); err != nil {
		return Person{}, err
	}
	return c.person(ctx, c.Store.Queries, actor)
}

func (c *Cases) person(ctx context.Context, q *queries.Queries, actor certification.Actor) (Person, error) {
	row, err := q.ReadApplicant(ctx, actor.ID)
	if store.None(err) {
		return Person{}, certification.NotFound()
	}
	if err != nil {
		return Person{}, failed(err, "reading a person")
	}
	person := Person{
		ID: row.ID, FirstName: row.FirstName, MiddleName: row.MiddleName, LastName: row.LastName, Called: row.Called, Email: row.Email,
		Phone: row.Phone, CountyPlan: row.CountyPlan, Language: row.Language, CreatedAt: row.CreatedAt, ClosedAt: at(row.ClosedAt),
	}
	if row.DateOfBirth != nil {
		person.DateOfBirth = certification.Date(row.DateOfBirth.Format(time.DateOnly))
	}
	if json.Unmarshal(row.Address, &person.Address) != nil {
		return Person{}, errors.New("a stored address cannot be decoded") // the cause would quote it
	}
	person.NameFixed, err = q.ApplicationHandedIn(ctx, actor.ID)
	return person, failed(err, "looking for an application that was handed in")
}

// ChangePerson writes what somebody may change about themselves and gives what is known
// then. It can be repeated.
func (c *Cases) ChangePerson(ctx context.Context, actor certification.Actor, change PersonChange) (Person, error) {
	if err := ofThemselves(actor); err != nil {
		return Person{}, err
	}
	renamed := change.FirstName != "" || change.MiddleName != "" || change.LastName != ""
	var found checked
	if renamed {
		found.names(change.FirstName, change.MiddleName, change.LastName)
	}
	found.reach(change.Called, change.Phone, change.Language, change.Address)
	if change.CountyPlan != "" {
		found.countyPlan(change.CountyPlan)
	}
	if len(found) > 0 {
		return Person{}, certification.Invalid(found...)
	}
	address, err := json.Marshal(change.Address)
	if err != nil {
		return Person{}, fmt.Errorf("encoding an address: %w", err)
	}
	var person Person
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		row, err := here(q.LockApplicant(ctx, actor.ID))
		if err != nil {
			return err
		}
		written := queries.WritePersonParams{
			ID: actor.ID, FirstName: row.FirstName, MiddleName: row.MiddleName, LastName: row.LastName, Called: change.Called,
			Phone: change.Phone, Address: address, CountyPlan: row.CountyPlan, Language: change.Language, DateOfBirth: row.DateOfBirth,
		}
		if change.CountyPlan != "" {
			written.CountyPlan = change.CountyPlan
		}
		if renamed && (change.FirstName != row.FirstName || change.MiddleName != row.MiddleName || change.LastName != row.LastName) {
			fixed, err := q.ApplicationHandedIn(ctx, actor.ID)
			if err != nil {
				return err
			}
			if fixed {
				return certification.Invalid(certification.Finding{Field: "last_name", Code: "fixed", Detail: "Your name is on an application. Ask us to change it."})
			}
			written.FirstName, written.MiddleName, written.LastName = change.FirstName, change.MiddleName, change.LastName
		}
		if err := q.WritePerson(ctx, written); err != nil {
			return err
		}
		person, err = c.person(ctx, q, actor)
		return err
	})
	if err != nil {
		return Person{}, failed(err, "changing a person")
	}
	return person, nil
}

// The longest texts that a person may write about themselves, in characters.
const (
	longestName = 80
	longestLine = 100
)

var (
	statePattern = regexp.MustCompile(`^[A-Z]{2}$`)
	zipPattern   = regexp.MustCompile(`^[0-9]{5}(-[0-9]{4})?$`)
	phonePattern = regexp.MustCompile(`^\+?[0-9 ().-]{7,25}$`)
)

// checked collects what is against a rule in what a person writes about themselves. Lengths
// and patterns are those of the API's specification, which refuses most of it before it
// comes here.
type checked []certification.Finding

func (c *checked) text(field, value string, required bool, longest int) {
	switch length := utf8.RuneCountInString(norm.NFC.String(value)); {
	case required && strings.TrimSpace(value) == "":
		*c = append(*c, certification.Finding{Field: field, Code: "required", Detail: "This cannot be empty."})
	case length > longest:
		*c = append(*c, certification.Finding{Field: field, Code: "too_long", Detail: fmt.Sprintf("This can have %d characters.", longest)})
	}
}

func (c *checked) like(field, value string, pattern *regexp.Regexp, detail string) {
	if !pattern.MatchString(value) {
		*c = append(*c, certification.Finding{Field: field, Code: "not_valid", Detail: detail})
	}
}

func (c *checked) names(first, middle, last string) {
	c.text("first_name", first, true, longestName)
	c.text("middle_name", middle, false, longestName)
	c.text("last_name", last, true, longestName)
}

// reach checks how somebody is called and reached.
func (c *checked) reach(called, phone, tag string, address Address) {
	c.text("called", called, false, longestName)
	if phone != "" {
		c.like("phone", phone, phonePattern, "Write a phone number with digits.")
	}
	c.text("address.line1", address.Line1, true, longestLine)
	c.text("address.line2", address.Line2, false, longestLine)
	c.text("address.city", address.City, true, longestName)
	c.like("address.state", address.State, statePattern, "Write the two letters of the state.")
	c.like("address.zip", address.ZIP, zipPattern, "Write a ZIP code of five or nine digits.")
	if _, err := language.Parse(tag); err != nil {
		*c = append(*c, certification.Finding{Field: "language", Code: "unknown", Detail: "Choose one of the languages."})
	}
}

func (c *checked) countyPlan(plan string) {
	if !slices.Contains(certification.CountyPlans(), plan) {
		*c = append(*c, certification.Finding{Field: "county_plan", Code: "unknown", Detail: "Choose one of the county plans."})
	}
}

// checkRegistration says what in all that a person tells is against a rule.
func (c *Cases) checkRegistration(r Registration) []certification.Finding {
	var found checked
	found.names(r.FirstName, r.MiddleName, r.LastName)
	found.text("email", r.Email, false, certification.ExamEmailLimit)
	found.reach(r.Called, r.Phone, r.Language, r.Address)
	found.countyPlan(r.CountyPlan)
	return append(found, c.checkBirth(r.DateOfBirth)...)
}

// checkBirth applies the rules about age (domain E1) to a day that was told.
func (c *Cases) checkBirth(born time.Time) []certification.Finding {
	if born.IsZero() {
		return nil
	}
	values := certification.ApplicationValues{DateOfBirth: certification.Date(born.Format(time.DateOnly))}
	return slices.DeleteFunc(values.Check(certification.CurrentPolicy(c.now()), c.now()), func(f certification.Finding) bool {
		return f.Field != "date_of_birth"
	})
}
