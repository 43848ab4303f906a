package cases

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"peercert/certification"
)

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

// checked collects what is against a rule in what a person writes about themselves. The
// rules are those of the API's specification, which refuses the same before it comes here.
type checked []certification.Finding

func (c *checked) text(field, value string, required bool, longest int) {
	switch length := utf8.RuneCountInString(value); {
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
