package certification

import (
	"fmt"
	"time"
)

// RecordClass is a kind of record that is kept for a time of its own.
type RecordClass string

// The classes of records (domain §5).
const (
	RecordDraft       RecordClass = "draft"       // of a form that was never handed in, with its documents
	RecordPhotoID     RecordClass = "photo_id"    // government ID
	RecordDiploma     RecordClass = "diploma"     // or what stands for it
	RecordTraining    RecordClass = "training"    // certificate of the 80 hours
	RecordEthics      RecordClass = "ethics"      // signatures under the code of ethics
	RecordNameChange  RecordClass = "name_change" // proof of another name
	RecordAppeal      RecordClass = "appeal"      // what was said in an appeal, and its evidence
	RecordForm        RecordClass = "form"        // forms that were handed in
	RecordDecision    RecordClass = "decision"    // the log of the case: decisions, reasons, dates, which letters were sent
	RecordLetter      RecordClass = "letter"      // what letters said, and what reviewers wrote for them
	RecordExam        RecordClass = "exam"        // attempts and results
	RecordCertificate RecordClass = "certificate" // number, name and status, which are public
	RecordPayment     RecordClass = "payment"     // fees, receipts, refunds
	RecordContact     RecordClass = "contact"     // mail address, phone, postal address
	RecordReading     RecordClass = "reading"     // who of the staff looked at what
	RecordVideo       RecordClass = "video"       // chapters that were watched
	RecordSession     RecordClass = "session"     // who is signed in
	RecordRepeat      RecordClass = "repeat"      // answers kept so that nothing is done twice
	RecordCode        RecordClass = "code"        // codes that were mailed
	RecordFeedback    RecordClass = "feedback"    // what people said about the pages, without their name
)

// RetentionStart is from when on a record is kept for so long.
type RetentionStart string

// The starts.
const (
	FromDecision   RetentionStart = "decision"   // the last decision about it, appeals included
	FromCaseEnd    RetentionStart = "case_end"   // the case was closed
	FromLastSave   RetentionStart = "last_save"  // a draft was saved last, or a file uploaded
	FromPayment    RetentionStart = "payment"    // the fee was settled
	FromCollection RetentionStart = "collection" // it was made
	FromLastUse    RetentionStart = "last_use"   // of a session
)

// RetentionReason is why a record is kept.
type RetentionReason string

// The reasons.
const (
	KeptForYou         RetentionReason = "for_you"         // so that a person can go on where they stopped
	KeptForDecision    RetentionReason = "for_decision"    // to decide, and to hear an appeal
	KeptForCertificate RetentionReason = "for_certificate" // to stand behind a certificate while it lasts
	KeptForPublic      RetentionReason = "for_public"      // anybody may ask who is certified (domain §6)
	KeptForAccounts    RetentionReason = "for_accounts"    // books are kept for years
	KeptForOversight   RetentionReason = "for_oversight"   // the state looks at how the programme is run (domain §7)
	KeptForSafety      RetentionReason = "for_safety"      // so that nothing is done twice, or by somebody else
	KeptForPages       RetentionReason = "for_pages"       // to make the pages better
)

// Retention says how long a class of records is kept, and why.
type Retention struct {
	Record RecordClass
	// Days, Months or Years after Start; none of them with Forever.
	Days, Months, Years int
	Start               RetentionStart
	Forever             bool
	Why                 RetentionReason
	// Chosen marks what no public source of the programme says and this project chose: an
	// operator puts their own in its place.
	Chosen bool
}

// Ends is when something has been kept for its time that is kept from start on: the same
// time of day in Los Angeles, so many days, months or years later. Zero if it is kept for
// ever, if there is no start yet, or if the rule has no length (Check): never at once.
func (r Retention) Ends(start time.Time) time.Time {
	if r.Forever || start.IsZero() || r.Check() != nil {
		return time.Time{}
	}
	return AddDays(AddMonths(start, 12*r.Years+r.Months), r.Days)
}

// Check refuses a rule that says neither how long nor for ever. A policy that is pinned to
// a case was written by an older program, and lacks what was added to policies since.
func (r Retention) Check() error {
	if !r.Forever && (r.Days < 0 || r.Months < 0 || r.Years < 0 || r.Days+r.Months+r.Years == 0) {
		return fmt.Errorf("the retention table does not say for how long %s is kept", r.Record)
	}
	return nil
}

// RetentionTable is how long records are kept under a policy (domain §5). It is the one
// source: the pages show it, and what it lets go is erased by it (Cases.EraseDue; codes,
// kept answers, sessions and feedback by Store.ForgetOldRecords). A case is erased by the
// table of the policy that it pins; the times that no policy has hold for all cases at
// once, from the moment a program with another table runs. How it is done, and what is
// left to an operator, is in docs/retention.md.
func RetentionTable(policy Policy) []Retention {
	return []Retention{
		{Record: RecordDraft, Days: policy.DraftDays, Start: FromLastSave, Why: KeptForYou},
		{Record: RecordPhotoID, Days: 180, Start: FromDecision, Why: KeptForDecision, Chosen: true},
		{Record: RecordDiploma, Start: FromCaseEnd, Months: policy.LateRenewalMonths, Why: KeptForCertificate, Chosen: true},
		{Record: RecordTraining, Start: FromCaseEnd, Months: policy.LateRenewalMonths, Why: KeptForCertificate, Chosen: true},
		{Record: RecordEthics, Forever: true, Why: KeptForCertificate},
		{Record: RecordNameChange, Forever: true, Why: KeptForPublic},
		{Record: RecordAppeal, Years: 3, Start: FromCaseEnd, Why: KeptForDecision, Chosen: true},
		{Record: RecordForm, Years: 3, Start: FromCaseEnd, Why: KeptForDecision, Chosen: true},
		{Record: RecordDecision, Forever: true, Why: KeptForOversight},
		{Record: RecordLetter, Years: 3, Start: FromCaseEnd, Why: KeptForDecision, Chosen: true},
		{Record: RecordExam, Forever: true, Why: KeptForCertificate, Chosen: true},
		{Record: RecordCertificate, Forever: true, Why: KeptForPublic},
		{Record: RecordPayment, Years: 7, Start: FromPayment, Why: KeptForAccounts},
		{Record: RecordContact, Years: 3, Start: FromCaseEnd, Why: KeptForDecision, Chosen: true},
		{Record: RecordReading, Years: 7, Start: FromCollection, Why: KeptForOversight, Chosen: true},
		{Record: RecordVideo, Years: 3, Start: FromCaseEnd, Why: KeptForDecision, Chosen: true},
		{Record: RecordSession, Days: 1, Start: FromLastUse, Why: KeptForSafety, Chosen: true},
		{Record: RecordRepeat, Days: 30, Start: FromCollection, Why: KeptForSafety, Chosen: true},
		{Record: RecordCode, Days: 30, Start: FromCollection, Why: KeptForSafety, Chosen: true},
		{Record: RecordFeedback, Years: 1, Start: FromCollection, Why: KeptForPages, Chosen: true},
	}
}

// RetentionOf is the row of a class in the table of a policy.
func RetentionOf(policy Policy, class RecordClass) Retention {
	for _, rule := range RetentionTable(policy) {
		if rule.Record == class {
			return rule
		}
	}
	return Retention{Record: class}
}
