package certification

// ReasonCode names why something was returned or denied (domain §2.6). Letters,
// the list of what to replace, and statistics are all composed from it.
type ReasonCode string

// Part is a part of an application that a reason points at, and that reopens
// when it is returned.
type Part string

// The parts.
const (
	PartPersonalDetails Part = "personal_details"
	PartPhotoID         Part = "photo_id"
	PartDiploma         Part = "diploma"
	PartAttestations    Part = "attestations"
	PartTraining        Part = "training"
	PartContinuing      Part = "continuing_education"
	PartEthics          Part = "ethics"
)

// ReasonRule says what a reason means for a case.
type ReasonRule struct {
	Code ReasonCode `json:"code"`
	// Part is what the applicant puts right.
	Part Part `json:"part"`
	// CanBePutRight is false for a reason that only a denial may give.
	CanBePutRight bool `json:"can_be_put_right"`
	// NeedsNote is true where the code alone does not tell the applicant what to do.
	NeedsNote bool `json:"needs_note"`
	// Reviews are the decisions that may give it: application, training, renewal.
	Reviews []Review `json:"reviews"`
}

// Review is one of the things that reviewers decide.
type Review string

// The reviews.
const (
	ReviewApplication Review = "application"
	ReviewTraining    Review = "training"
	ReviewRenewal     Review = "renewal"
	ReviewAppeal      Review = "appeal"
)

var (
	onlyApplication = []Review{ReviewApplication}
	onlyTraining    = []Review{ReviewTraining}
	onlyRenewal     = []Review{ReviewRenewal}
)

// Reasons is the coded list (domain §2.6; those marked * there are choices of the
// programme's operator).
var Reasons = []ReasonRule{
	{"NAME_MISMATCH_ID", PartPersonalDetails, true, false, onlyApplication},
	{"ID_EXPIRED", PartPhotoID, true, false, onlyApplication},
	{"ID_UNREADABLE", PartPhotoID, true, false, onlyApplication},
	{"ID_NO_PHOTO", PartPhotoID, true, false, onlyApplication},
	{"ID_NOT_GOVERNMENT", PartPhotoID, true, false, onlyApplication},
	{"DOB_MISMATCH", PartPersonalDetails, true, false, onlyApplication},
	{"DIPLOMA_MISSING_OR_UNREADABLE", PartDiploma, true, false, onlyApplication},
	{"DIPLOMA_NAME_DIFFERS", PartDiploma, true, false, onlyApplication},
	{"FOREIGN_DIPLOMA_NEEDS_EVALUATION", PartDiploma, true, false, onlyApplication},
	{"ATTESTATION_INCOMPLETE", PartAttestations, true, false, onlyApplication},
	{"UNDER_18", PartPersonalDetails, false, false, onlyApplication},
	{"NO_DIPLOMA", PartDiploma, false, false, onlyApplication},
	{"FALSE_STATEMENT", PartAttestations, false, true, []Review{ReviewApplication, ReviewTraining, ReviewRenewal}},
	{"TRAINING_PROVIDER_NOT_APPROVED", PartTraining, true, false, onlyTraining},
	{"TRAINING_HOURS_BELOW_80", PartTraining, true, false, onlyTraining},
	{"TRAINING_BEFORE_2022_07_01", PartTraining, true, false, onlyTraining},
	{"TRAINING_STALE", PartTraining, true, false, onlyTraining},
	{"TRAINING_NAME_DIFFERS", PartTraining, true, false, onlyTraining},
	{"TRAINING_UNREADABLE", PartTraining, true, false, onlyTraining},
	{"CE_HOURS_BELOW_20", PartContinuing, true, false, onlyRenewal},
	{"CE_ETHICS_BELOW_6", PartContinuing, true, false, onlyRenewal},
	{"CE_COURSE_NOT_ACCEPTED", PartContinuing, true, true, onlyRenewal},
	{"ETHICS_NOT_SIGNED", PartEthics, true, false, onlyRenewal},
	{"NOT_IN_GOOD_STANDING", PartEthics, false, true, onlyRenewal},
	{"OTHER", PartPersonalDetails, true, true, []Review{ReviewApplication, ReviewTraining, ReviewRenewal}},
}

// ReasonOf finds a rule by its code.
func ReasonOf(code ReasonCode) (ReasonRule, bool) {
	for _, rule := range Reasons {
		if rule.Code == code {
			return rule, true
		}
	}
	return ReasonRule{}, false
}
