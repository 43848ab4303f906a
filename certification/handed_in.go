package certification

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Date is a calendar day, "2006-01-02" on the wire; empty if not known.
type Date string

// Day is midnight in Los Angeles of the date; false if it is empty or no date.
func (d Date) Day() (time.Time, bool) {
	day, err := time.ParseInLocation(time.DateOnly, string(d), Pacific)
	return day, err == nil
}

// ApplicationValues is the draft of an application (domain §1). All of it is personal.
type ApplicationValues struct {
	LegalFirstName  string       `json:"legal_first_name,omitempty"` // exactly as on the ID (E3)
	LegalMiddleName string       `json:"legal_middle_name,omitempty"`
	LegalLastName   string       `json:"legal_last_name,omitempty"`
	Called          string       `json:"called,omitempty"`
	DateOfBirth     Date         `json:"date_of_birth,omitempty"`
	IDExpiresOn     Date         `json:"id_expires_on,omitempty"` // its last day (E2)
	Education       string       `json:"education,omitempty"`
	LivedExperience string       `json:"lived_experience,omitempty"` // an attestation: no story is asked for (E5)
	Attestations    Attestations `json:"attestations,omitzero"`
	Ethics          Ethics       `json:"ethics,omitzero"`
	PhotoID         []string     `json:"photo_id,omitempty"` // document ids
	Diploma         []string     `json:"diploma,omitempty"`
}

// Attestations are what the applicant says of themselves (E6, E7).
type Attestations struct {
	WillingToShare      bool `json:"willing_to_share,omitempty"`
	DedicatedToRecovery bool `json:"dedicated_to_recovery,omitempty"`
	TrueAndComplete     bool `json:"true_and_complete,omitempty"`
}

// Ethics is a signature under the code of ethics (E8).
type Ethics struct {
	Version   string `json:"version,omitempty"`
	TypedName string `json:"typed_name,omitempty"`
}

// TrainingValues is what a training certificate says (E10, E11).
type TrainingValues struct {
	ProviderID  string   `json:"provider_id,omitempty"`
	CompletedOn Date     `json:"completed_on,omitempty"`
	Hours       float64  `json:"hours,omitempty"`
	DocumentIDs []string `json:"document_ids,omitempty"`
}

// UnmarshalJSON also reads what was written while a certificate had one file, document_id.
func (v *TrainingValues) UnmarshalJSON(encoded []byte) error {
	type values TrainingValues // without this method
	var read struct {
		values
		DocumentID string `json:"document_id"`
	}
	if err := json.Unmarshal(encoded, &read); err != nil {
		return err
	}
	*v = TrainingValues(read.values)
	if len(v.DocumentIDs) == 0 && read.DocumentID != "" {
		v.DocumentIDs = []string{read.DocumentID}
	}
	return nil
}

// Course is one course of continuing education.
type Course struct {
	Title        string  `json:"title"`
	Provider     string  `json:"provider"`
	CompletedOn  Date    `json:"completed_on"`
	Hours        float64 `json:"hours"`
	LawAndEthics bool    `json:"law_and_ethics,omitempty"`
}

// RenewalValues is what a renewal attests (domain §4, Renewal).
type RenewalValues struct {
	Courses  []Course `json:"courses,omitempty"`
	Attested bool     `json:"attested,omitempty"`
	Ethics   Ethics   `json:"ethics,omitzero"`
}

// AppealValues is the draft of an appeal.
type AppealValues struct {
	Statement string `json:"statement,omitempty"`
}

// TrainingProvider is an approved provider of the 80-hour training (domain §7).
type TrainingProvider struct {
	ID            string
	Name          string
	Languages     []string // BCP 47
	ApprovedFrom  Date
	ApprovedUntil Date // empty while no end is set
}

// TrainingProviders is a sample list: the programme's own is kept by its operator.
var TrainingProviders = []TrainingProvider{
	{"bay-peer-academy", "Bay Peer Academy (sample)", []string{"en", "es"}, "2022-07-01", ""},
	{"central-valley-recovery-college", "Central Valley Recovery College (sample)", []string{"en", "es"}, "2022-07-01", ""},
	{"golden-state-peer-institute", "Golden State Peer Institute (sample)", []string{"en"}, "2023-01-01", ""},
	{"north-coast-wellness-training", "North Coast Wellness Training (sample)", []string{"en"}, "2022-07-01", "2025-12-31"},
	{"sierra-peer-collective", "Sierra Peer Collective (sample)", []string{"en", "es"}, "2027-01-01", ""},
}

// ProviderOf finds a provider.
func ProviderOf(id string) (TrainingProvider, bool) {
	i := slices.IndexFunc(TrainingProviders, func(p TrainingProvider) bool { return p.ID == id })
	if i < 0 {
		return TrainingProvider{}, false
	}
	return TrainingProviders[i], true
}

// findings collects what is against a rule.
type findings []Finding

func (f *findings) add(field, code, detail string) {
	*f = append(*f, Finding{Field: field, Code: code, Detail: detail})
}

func (f *findings) required(field, value, detail string) bool {
	if strings.TrimSpace(value) == "" {
		f.add(field, "required", detail)
		return false
	}
	return true
}

func (f *findings) oneOf(field, value string, allowed ...string) {
	if value == "" {
		f.add(field, "required", "Choose one.")
	} else if !slices.Contains(allowed, value) {
		f.add(field, "not_a_choice", fmt.Sprintf("Choose one of %s.", strings.Join(allowed, ", ")))
	}
}

func (f *findings) date(field string, date Date, detail string) (time.Time, bool) {
	if !f.required(field, string(date), detail) {
		return time.Time{}, false
	}
	day, ok := date.Day()
	if !ok {
		f.add(field, "not_a_date", "Write a date such as 1990-05-17.")
	}
	return day, ok
}

// vendorTakes finds what the exam vendor would refuse later, when fees are paid.
func (f *findings) vendorTakes(field, name string, limit int) {
	if utf8.RuneCountInString(norm.NFC.String(name)) > limit {
		f.add(field, "too_long_for_the_exam", fmt.Sprintf("The exam vendor takes names of %d characters or fewer. Shorten it as your ID does.", limit))
	}
	if FormulaStart(name) {
		f.add(field, "starts_with_a_sign", "A name begins with a letter.")
	}
	if !Visible(name) {
		f.add(field, "invisible_sign", "There is an invisible sign in this name, perhaps from copying it. Type the name again.")
	}
}

func (f *findings) ethics(signed Ethics, p Policy) {
	if signed.Version != p.EthicsVersion {
		f.add("ethics.version", "not_current", "Read and sign the current code of ethics.")
	}
	f.required("ethics.typed_name", signed.TypedName, "Sign the code of ethics with your name.")
}

// Check says what in an application is against the rules on the day of now.
func (v ApplicationValues) Check(p Policy, now time.Time) []Finding {
	var found findings
	found.required("legal_first_name", v.LegalFirstName, "Write your first name as on your ID.")
	found.required("legal_last_name", v.LegalLastName, "Write your last name as on your ID.")
	found.vendorTakes("legal_first_name", v.LegalFirstName, ExamFirstNameLimit)
	found.vendorTakes("legal_last_name", v.LegalLastName, ExamLastNameLimit)
	if born, ok := found.date("date_of_birth", v.DateOfBirth, "Write your date of birth."); ok {
		switch {
		case born.After(now):
			found.add("date_of_birth", "in_the_future", "This date lies ahead.")
		case AddMonths(born, 12*p.MinimumAgeYears).After(now):
			found.add("date_of_birth", "too_young", fmt.Sprintf("You must be %d or older to be certified.", p.MinimumAgeYears))
		case born.Year() < 1900:
			found.add("date_of_birth", "too_long_ago", "Look at the year again.")
		}
	}
	if expires, ok := found.date("id_expires_on", v.IDExpiresOn, "Write the last day of your ID."); ok && EndOfDay(expires).Before(now) {
		found.add("id_expires_on", "expired", "This ID has expired. Send one that is valid.")
	}
	found.oneOf("education", v.Education, "diploma", "ged", "college_degree", "transcript", "letter")
	found.oneOf("lived_experience", v.LivedExperience, "consumer", "parent", "caregiver", "family_member")
	for field, attested := range map[string]bool{
		"attestations.willing_to_share":      v.Attestations.WillingToShare,
		"attestations.dedicated_to_recovery": v.Attestations.DedicatedToRecovery,
		"attestations.true_and_complete":     v.Attestations.TrueAndComplete,
	} {
		if !attested {
			found.add(field, "not_attested", "This has to be true for an application.")
		}
	}
	found.ethics(v.Ethics, p)
	if len(v.PhotoID) == 0 {
		found.add("photo_id", "required", "Upload your photo ID.")
	}
	if len(v.Diploma) == 0 {
		found.add("diploma", "required", "Upload your diploma or what stands for it.")
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.Field, b.Field) })
	return found
}

// Documents are the ids that an application names.
func (v ApplicationValues) Documents() []string {
	return slices.Concat(v.PhotoID, v.Diploma)
}

// Check says what in a training certificate is against the rules on the day of now.
func (v TrainingValues) Check(p Policy, now time.Time) []Finding {
	var found findings
	completed, dated := found.date("completed_on", v.CompletedOn, "Write the day on which you completed the training.")
	if dated {
		switch {
		case completed.After(now):
			found.add("completed_on", "in_the_future", "This date lies ahead.")
		case v.CompletedOn < p.FirstTrainingDay():
			found.add("completed_on", "too_early", fmt.Sprintf("Training counts from %s.", p.FirstTrainingDay()))
		case EndOfDay(AddMonths(completed, 12*p.TrainingValidYears)).Before(now):
			found.add("completed_on", "stale", fmt.Sprintf("A training certificate is valid for %d years.", p.TrainingValidYears))
		}
	}
	if found.required("provider_id", v.ProviderID, "Choose your training provider.") {
		provider, known := ProviderOf(v.ProviderID)
		switch {
		case !known:
			found.add("provider_id", "unknown", "This provider is not on the list of approved providers.")
		case dated && (v.CompletedOn < provider.ApprovedFrom || provider.ApprovedUntil != "" && v.CompletedOn > provider.ApprovedUntil):
			found.add("provider_id", "not_approved_then", "This provider was not approved on the day you completed the training.")
		}
	}
	if v.Hours < float64(p.TrainingHours) {
		found.add("hours", "too_few", fmt.Sprintf("The training has %d hours or more.", p.TrainingHours))
	}
	if len(v.DocumentIDs) == 0 {
		found.add("document_ids", "required", "Upload your training certificate.")
	}
	return found
}

// Check says what in a renewal is against the rules, for a term that began and ends
// at the instants given.
func (v RenewalValues) Check(p Policy, now, termBegan time.Time) []Finding {
	var found findings
	hours, ethics := 0.0, 0.0
	for i, course := range v.Courses {
		at := func(field string) string { return fmt.Sprintf("courses[%d].%s", i, field) }
		found.required(at("title"), course.Title, "Write what the course was called.")
		found.required(at("provider"), course.Provider, "Write who gave the course.")
		if completed, ok := found.date(at("completed_on"), course.CompletedOn, "Write the day of completion."); ok {
			switch {
			case completed.After(now):
				found.add(at("completed_on"), "in_the_future", "This date lies ahead.")
			case EndOfDay(completed).Before(termBegan):
				found.add(at("completed_on"), "before_this_term", "This course was completed before this term began.")
			}
		}
		if course.Hours <= 0 || course.Hours > 200 {
			found.add(at("hours"), "out_of_range", "Write the hours of the course.")
			continue
		}
		hours += course.Hours
		if course.LawAndEthics {
			ethics += course.Hours
		}
	}
	if hours < float64(p.ContinuingHours) {
		found.add("courses", "too_few_hours", fmt.Sprintf("The courses add up to %d hours or more.", p.ContinuingHours))
	}
	if ethics < float64(p.LawAndEthicsHours) {
		found.add("courses", "too_few_ethics_hours", fmt.Sprintf("%d hours or more are about law and ethics.", p.LawAndEthicsHours))
	}
	if !v.Attested {
		found.add("attested", "not_attested", "Attest that you completed these courses.")
	}
	found.ethics(v.Ethics, p)
	return found
}

// Check says what in an appeal is against the rules.
func (v AppealValues) Check() []Finding {
	var found findings
	found.required("statement", v.Statement, "Write why the decision should be looked at again.")
	return found
}
