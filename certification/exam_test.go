package certification

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func goodAuthorization() Authorization {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	return Authorization{
		ID: "019c2e6a-0000-7000-8000-000000000001", CandidateID: "019c2e6a-0000-7000-8000-000000000002",
		Attempt: 1, Language: "es", Place: ExamOnline, EligibleFrom: from, EligibleUntil: from.AddDate(1, 0, 0),
		FirstName: "Ana María", LastName: "Núñez-O'Neill", Email: "ana@example.org",
	}
}

func TestAuthorizationCheck(t *testing.T) {
	find := func(field string, problem AuthorizationProblem, limit int) []AuthorizationFinding {
		return []AuthorizationFinding{{field, problem, limit}}
	}
	for name, test := range map[string]struct {
		change func(*Authorization)
		want   []AuthorizationFinding
	}{
		"good":                  {func(*Authorization) {}, nil},
		"last name at limit":    {func(a *Authorization) { a.LastName = strings.Repeat("ñ", 50) }, nil},
		"last name over":        {func(a *Authorization) { a.LastName = strings.Repeat("ñ", 51) }, find("last_name", ProblemTooLong, 50)},
		"decomposed at limit":   {func(a *Authorization) { a.LastName = strings.Repeat("n\u0303", 50) }, nil},
		"first name over":       {func(a *Authorization) { a.FirstName = strings.Repeat("a", 31) }, find("first_name", ProblemTooLong, 30)},
		"email over":            {func(a *Authorization) { a.Email = strings.Repeat("a", 99) + "@b" }, find("email", ProblemTooLong, 100)},
		"no last name":          {func(a *Authorization) { a.LastName = " " }, find("last_name", ProblemMissing, 0)},
		"formula":               {func(a *Authorization) { a.FirstName = "=1+1" }, find("first_name", ProblemNotAllowed, 0)},
		"full-width formula":    {func(a *Authorization) { a.FirstName = "＝1" }, find("first_name", ProblemNotAllowed, 0)},
		"apostrophe begins":     {func(a *Authorization) { a.LastName = "'t Hooft" }, nil},
		"line break":            {func(a *Authorization) { a.LastName = "A\nB" }, find("last_name", ProblemNotAllowed, 0)},
		"direction turned":      {func(a *Authorization) { a.LastName = "A\u202eB" }, find("last_name", ProblemNotAllowed, 0)},
		"joiner":                {func(a *Authorization) { a.LastName = "علی\u200cزاده" }, nil},
		"not UTF-8":             {func(a *Authorization) { a.LastName = "N\xfa" }, find("last_name", ProblemNotAllowed, 0)},
		"plus in address":       {func(a *Authorization) { a.Email = "+ana@example.org" }, nil},
		"no address":            {func(a *Authorization) { a.Email = "ana" }, find("email", ProblemNotAnAddress, 0)},
		"id is a path":          {func(a *Authorization) { a.ID = "../../in/results/x" }, find("authorization_id", ProblemNotUUID, 0)},
		"id in another form":    {func(a *Authorization) { a.ID = "{" + a.ID + "}" }, find("authorization_id", ProblemNotUUID, 0)},
		"attempt zero":          {func(a *Authorization) { a.Attempt = 0 }, find("attempt", ProblemNotPositive, 0)},
		"language not offered":  {func(a *Authorization) { a.Language = "de" }, find("language", ProblemNotOffered, 0)},
		"place not offered":     {func(a *Authorization) { a.Place = "moon" }, find("place", ProblemNotOffered, 0)},
		"window ends too early": {func(a *Authorization) { a.EligibleUntil = a.EligibleFrom }, find("eligible_until", ProblemEndsEarly, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			authorization := goodAuthorization()
			test.change(&authorization)
			require.Equal(t, test.want, authorization.Check())
		})
	}
}

// Whatever name an application is accepted with, the vendor takes: nobody pays and trains
// first and is then refused.
func TestANameThatIsAcceptedReachesTheExam(t *testing.T) {
	today := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{
		"Ana", "مريم", "ابن\u200e رشد", "علی\u200cزاده", "'t Hooft", strings.Repeat("n\u0303", 30), strings.Repeat("n", 31),
		"\u2068Tomasz\u2069", "\u202emada", "To\tmasz", "To\nmasz", "N\xfa", "=1", " ", "A\u2028B", "A\x00",
	} {
		accepted := true
		for _, finding := range (ApplicationValues{LegalFirstName: name, LegalLastName: name}).Check(CurrentPolicy(today), today) {
			accepted = accepted && !strings.HasPrefix(finding.Field, "legal_")
		}
		authorization := goodAuthorization()
		authorization.FirstName, authorization.LastName = name, name
		require.Equal(t, accepted, authorization.Check() == nil, "%q", name)
	}
}
