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
	// Fields are what of it is asked for anew (see AsksFor); empty where that is all.
	Fields []string `json:"-"`
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

	photoID     = []string{"photo_id"}
	diploma     = []string{"diploma"}
	certificate = []string{"document_ids"}
	courses     = []string{"courses"}
)

// Reasons is the coded list (domain §2.6; those marked * there are choices of the
// programme's operator).
var Reasons = []ReasonRule{
	{"NAME_MISMATCH_ID", PartPersonalDetails, []string{"legal_first_name", "legal_middle_name", "legal_last_name"}, true, false, onlyApplication},
	{"ID_EXPIRED", PartPhotoID, photoID, true, false, onlyApplication},
	{"ID_UNREADABLE", PartPhotoID, photoID, true, false, onlyApplication},
	{"ID_NO_PHOTO", PartPhotoID, photoID, true, false, onlyApplication},
	{"ID_NOT_GOVERNMENT", PartPhotoID, photoID, true, false, onlyApplication},
	{"DOB_MISMATCH", PartPersonalDetails, []string{"date_of_birth"}, true, false, onlyApplication},
	{"DIPLOMA_MISSING_OR_UNREADABLE", PartDiploma, diploma, true, false, onlyApplication},
	{"DIPLOMA_NAME_DIFFERS", PartDiploma, []string{"diploma", FieldNameChange}, true, false, onlyApplication},
	{"FOREIGN_DIPLOMA_NEEDS_EVALUATION", PartDiploma, diploma, true, false, onlyApplication},
	{"ATTESTATION_INCOMPLETE", PartAttestations, []string{"attestations"}, true, false, onlyApplication},
	{"UNDER_18", PartPersonalDetails, nil, false, false, onlyApplication},
	{"NO_DIPLOMA", PartDiploma, nil, false, false, onlyApplication},
	{"FALSE_STATEMENT", PartAttestations, nil, false, true, []Review{ReviewApplication, ReviewTraining, ReviewRenewal}},
	{"TRAINING_PROVIDER_NOT_APPROVED", PartTraining, certificate, true, false, onlyTraining},
	{"TRAINING_HOURS_BELOW_80", PartTraining, certificate, true, false, onlyTraining},
	{"TRAINING_BEFORE_2022_07_01", PartTraining, certificate, true, false, onlyTraining},
	{"TRAINING_STALE", PartTraining, certificate, true, false, onlyTraining},
	{"TRAINING_NAME_DIFFERS", PartTraining, []string{"document_ids", FieldNameChange}, true, false, onlyTraining},
	{"TRAINING_UNREADABLE", PartTraining, certificate, true, false, onlyTraining},
	{"CE_HOURS_BELOW_20", PartContinuing, courses, true, false, onlyRenewal},
	{"CE_ETHICS_BELOW_6", PartContinuing, courses, true, false, onlyRenewal},
	{"CE_COURSE_NOT_ACCEPTED", PartContinuing, courses, true, true, onlyRenewal},
	{"ETHICS_NOT_SIGNED", PartEthics, nil, true, false, onlyRenewal},
	{"NOT_IN_GOOD_STANDING", PartEthics, nil, false, true, onlyRenewal},
	{"OTHER", PartPersonalDetails, nil, true, true, []Review{ReviewApplication, ReviewTraining, ReviewRenewal}},
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
