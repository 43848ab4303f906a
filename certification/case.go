package certification

import (
	"maps"
	"slices"
	"time"
)

// Case is one person's certification as a value: what the records keep as its
// snapshot, and what a run of its workflow begins with. No personal data.
type Case struct {
	ID             string `json:"id"`     // UUIDv7
	Number         string `json:"number"` // "PC-7K3M-92QX"
	ApplicantID    string `json:"applicant_id"`
	PreviousCaseID string `json:"previous_case_id,omitempty"`
	CountyPlan     string `json:"county_plan,omitempty"`

	Stage    Stage   `json:"stage"`
	Outcome  Outcome `json:"outcome,omitempty"`
	Revision int     `json:"revision"` // transitions made; also the number of the newest event
	Policy   Policy  `json:"policy"`

	// Promises are the open ones, oldest first. An open case has at least one.
	Promises []Promise `json:"promises"`

	Assignee  string      `json:"assignee,omitempty"` // the reviewer who claimed it
	OnHold    bool        `json:"on_hold,omitempty"`
	Suspended bool        `json:"suspended,omitempty"`
	Attention []Attention `json:"attention,omitempty"`

	ApplicationApproved bool `json:"application_approved,omitempty"`
	TrainingSubmitted   bool `json:"training_submitted,omitempty"`
	TrainingApproved    bool `json:"training_approved,omitempty"`
	// TrainingUnreceipted is true for a certificate sent before there is a date by
	// which it will be decided: its receipt goes out once there is.
	TrainingUnreceipted bool         `json:"training_unreceipted,omitempty"`
	Returned            []ReasonCode `json:"returned,omitempty"` // what the applicant is to put right

	Payment *OpenPayment `json:"payment,omitempty"` // the fee asked for and not settled
	Credit  *Credit      `json:"credit,omitempty"`  // money that counts once its fee is due again

	WindowEndsAt time.Time `json:"window_ends_at,omitzero"`
	// TrainingSent is the end of the window as it was when the training certificate was
	// sent, and the days since then. Its zero value is one of before this was kept.
	TrainingSent Deadline `json:"training_sent,omitzero"`
	AttemptsUsed int      `json:"attempts_used,omitempty"`
	Exam         *Exam    `json:"exam,omitempty"` // the attempt under way
	// Examined are the exams that were acted upon, oldest first; without those of before
	// this was kept.
	Examined []Examined `json:"examined,omitempty"`

	Certificate *Certificate `json:"certificate,omitempty"`
	// RenewalFiled is true from an accepted renewal until it is decided.
	RenewalFiled bool `json:"renewal_filed,omitempty"`
	// RenewalPaid is true from when the fee of this term's renewal was settled until the
	// next term: it is asked for once, however often a renewal is sent.
	RenewalPaid bool `json:"renewal_paid,omitempty"`
	// AppealFrom is what an appeal is about: the application, the renewal or a revocation.
	AppealFrom Stage `json:"appeal_from,omitempty"`
	// Revoked is where a revocation found the case, for an appeal that succeeds; nil while
	// nothing is revoked.
	Revoked *Revoked `json:"revoked,omitempty"`
}

// Revoked is what a revocation interrupted.
type Revoked struct {
	// From is where an appeal that succeeds leads back to. That is StageDenied also where
	// the denial of a renewal was under appeal: one appeal at a time, and both use one form.
	From         Stage        `json:"from"`
	RenewalFiled bool         `json:"renewal_filed,omitempty"`
	Returned     []ReasonCode `json:"returned,omitempty"`
}

// OpenPayment is a fee that was asked for.
type OpenPayment struct {
	ID          string    `json:"id"` // UUIDv7
	Fee         Fee       `json:"fee"`
	AmountCents int64     `json:"amount_cents"`
	AskedAt     time.Time `json:"asked_at"`
}

// Exam is one attempt.
type Exam struct {
	AuthorizationID string `json:"authorization_id"` // UUIDv7
	Language        string `json:"language"`
	Place           string `json:"place"`
	Authorized      bool   `json:"authorized,omitempty"`
	// Refused is true once the vendor refused the authorization, until another is asked for.
	Refused bool `json:"refused,omitempty"`
	// Awaited is true once the vendor had said nothing for VendorAnswerDays, until it answers.
	Awaited bool `json:"awaited,omitempty"`

	AppointmentID string    `json:"appointment_id,omitempty"`
	AppointmentAt time.Time `json:"appointment_at,omitzero"`
	EndsAt        time.Time `json:"ends_at,omitzero"`
	// AppointmentSaidAt is when, by the vendor's clock, they said what counts now of the
	// appointment, and GivenUp when appointments were given up, by their ids.
	AppointmentSaidAt time.Time            `json:"appointment_said_at,omitzero"`
	GivenUp           map[string]time.Time `json:"given_up,omitempty"`

	ResultVersion int `json:"result_version,omitempty"`
	// PassedAt is when an exam was taken that was passed after the last day of the window:
	// it counts once an administrator moves that day so far.
	PassedAt time.Time `json:"passed_at,omitzero"`
}

// Certificate is what a passed exam gives. The number stays through all terms.
type Certificate struct {
	Number    string    `json:"number"` // "PSS-7K3M-92QX"
	IssuedAt  time.Time `json:"issued_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Term      int       `json:"term"` // 1 is the first two years
	// TermBegan is when the term under way began. Case.TermBegan knows it also for a
	// certificate of before this was kept.
	TermBegan time.Time `json:"term_began,omitzero"`
	// Lapsed is true once a term ended without a renewal filed.
	Lapsed bool `json:"lapsed,omitempty"`
	// RenewBy and RenewLateBy are until when a renewal can be sent, in time and late, where
	// that is longer than for everybody: somebody of ours gave the time, or a hold had taken
	// it. Zero else. They do not move the end of the term.
	RenewBy     time.Time `json:"renew_by,omitzero"`
	RenewLateBy time.Time `json:"renew_late_by,omitzero"`
}

// InTimeUntil is until when a renewal is in time: the next term follows this one.
func (c Certificate) InTimeUntil() time.Time { return later(c.ExpiresAt, c.RenewBy) }

// Attention is why somebody of ours should look at a case.
type Attention struct {
	Code  string    `json:"code"` // one of the Attention codes
	Since time.Time `json:"since"`
	// ID is what it is about, such as a notice; empty if it is the case as a whole.
	ID string `json:"id,omitempty"`
}

// Codes of Attention. What each means and how it heals is in
// docs/runbooks/stuck-case.md.
const (
	AttentionRecords       = "records"       // the records cannot be written
	AttentionNotice        = "notice"        // a letter could not be sent
	AttentionCheckout      = "checkout"      // the payment page could not be opened
	AttentionAuthorization = "authorization" // the authorization did not reach the exam vendor
	AttentionDocument      = "document"      // the check of a document does not end
	AttentionReview        = "review"        // a review is due soon, or late
	AttentionVendor        = "vendor"        // the exam vendor is late or refused
	AttentionHold          = "hold"          // nobody looked at a case on hold in time
	AttentionDispute       = "dispute"       // a payment is disputed
	AttentionSurplus       = "surplus"       // money arrived that was not due any more; it is to be given back
	AttentionCancel        = "cancel"        // somebody asked Temporal to cancel the case
	AttentionUnknown       = "unknown"       // a message that nobody handles came
)

// AfterTheEnd are the codes of attention that a closed case still asks for: what they are
// about is money, and somebody outside waits for it. Nothing can be sent to a closed case
// that would end the others.
var AfterTheEnd = []string{AttentionDispute, AttentionSurplus}

// Clone copies a case so that changing one leaves the other alone.
func (c Case) Clone() Case {
	c.Promises = slices.Clone(c.Promises)
	for i := range c.Promises {
		c.Promises[i].Rungs = slices.Clone(c.Promises[i].Rungs)
	}
	c.Attention = slices.Clone(c.Attention)
	c.Returned = slices.Clone(c.Returned)
	c.Payment = clone(c.Payment)
	c.Credit = clone(c.Credit)
	if c.Exam = clone(c.Exam); c.Exam != nil {
		c.Exam.GivenUp = maps.Clone(c.Exam.GivenUp)
	}
	c.Examined = slices.Clone(c.Examined)
	c.Certificate = clone(c.Certificate)
	if c.Revoked = clone(c.Revoked); c.Revoked != nil {
		c.Revoked.Returned = slices.Clone(c.Revoked.Returned)
	}
	return c
}

func clone[T any](value *T) *T {
	if value == nil {
		return nil
	}
	copied := *value
	return &copied
}

// Promise finds an open promise by its kind; nil if there is none.
func (c *Case) Promise(kind PromiseKind) *Promise {
	for i := range c.Promises {
		if c.Promises[i].Kind == kind {
			return &c.Promises[i]
		}
	}
	return nil
}

// AttemptsLeft is how many exams may still be taken in this window.
func (c *Case) AttemptsLeft() int { return max(0, c.Policy.MaxExamAttempts-c.AttemptsUsed) }

// FeeDue is the fee that the stage of a case waits for.
func (c *Case) FeeDue() (Fee, bool) {
	switch c.Stage {
	case StageApplicationFee:
		return FeeApplication, true
	case StageExamFee:
		if c.AttemptsUsed > 0 {
			return FeeRetake, true
		}
		return FeeExam, true
	case StageRenewalFee:
		return c.RenewalFee(), true
	}
	return "", false
}

// RevokedWhileDenied says whether a certificate was revoked while the denial of its
// renewal could be appealed, or was under appeal.
func (c *Case) RevokedWhileDenied() bool {
	return c.Revoked != nil && c.Revoked.From == StageDenied
}

// RenewalFee is the fee for the renewal of this term.
func (c *Case) RenewalFee() Fee {
	if c.Certificate != nil && c.Certificate.Lapsed {
		return FeeLateRenewal
	}
	return FeeRenewal
}

// RenewableUntil is until when a renewal of the certificate can be sent: to the end of
// the term, or of the time to renew late once it has lapsed. Zero without a certificate.
func (c *Case) RenewableUntil() time.Time {
	switch {
	case c.Certificate == nil:
		return time.Time{}
	case c.Certificate.Lapsed:
		return c.lateRenewal().At(time.Time{})
	}
	return c.Certificate.InTimeUntil()
}

// TermBegan is when the term began that the certificate is in: the end can be moved, by
// a revocation that was a mistake, and what was done in the term was done in it all the
// same. Zero without a certificate.
func (c *Case) TermBegan() time.Time {
	certificate := c.Certificate
	switch {
	case certificate == nil:
		return time.Time{}
	case !certificate.TermBegan.IsZero():
		return certificate.TermBegan
	case certificate.Term == 1:
		return certificate.IssuedAt
	}
	return AddMonths(certificate.ExpiresAt, -12*c.Policy.TermYears)
}

// TimeGiven says whether a renewal is still in time after the last day of the term.
func (c *Case) TimeGiven() bool {
	return c.Certificate != nil && !c.Certificate.Lapsed && c.Certificate.RenewBy.After(c.Certificate.ExpiresAt)
}

// lateRenewal is the end of the time to renew late.
func (c *Case) lateRenewal() Deadline {
	return Deadline{
		From: c.Certificate.InTimeUntil(), Months: c.Policy.LateRenewalMonths, NotBefore: c.Certificate.RenewLateBy,
	}
}

// WindowRuns says whether the 12 months for training and exam have begun and are still
// needed.
func (c *Case) WindowRuns() bool {
	return !c.WindowEndsAt.IsZero() && c.Certificate == nil && c.Stage != StageClosed
}

// WindowKept is the end of the window for a case that we, or the exam vendor, gave back to
// the applicant: what was left of it, and no less than everybody has to put something
// right. Nobody's case ends because of the time that we took.
func (c *Case) WindowKept() *Deadline {
	return &Deadline{Days: c.Policy.ReturnedDays, NotBefore: c.WindowEndsAt}
}

// WindowReturned is the end of the window for a case whose training certificate is given
// back to be put right: with the days that our review took, as if it had stood still
// meanwhile. The days that were the person's own are not given again.
func (c *Case) WindowReturned() *Deadline {
	window := c.TrainingSent
	if window.From.IsZero() {
		return c.WindowKept()
	}
	window.NotBefore = c.WindowEndsAt // a hold, or more time for the review, has moved it already
	return &window
}

// NeedsAttention says whether a code is raised.
func (c *Case) NeedsAttention(code string) bool {
	return slices.ContainsFunc(c.Attention, func(a Attention) bool { return a.Code == code })
}

// NeedsAttentionFor says whether a code is raised for an id.
func (c *Case) NeedsAttentionFor(code, id string) bool {
	return slices.ContainsFunc(c.Attention, func(a Attention) bool { return a.Code == code && a.ID == id })
}

// RaiseAttention adds a code for an id, once.
func (c *Case) RaiseAttention(code, id string, since time.Time) bool {
	if c.NeedsAttentionFor(code, id) {
		return false
	}
	c.Attention = append(slices.Clone(c.Attention), Attention{Code: code, Since: since, ID: id})
	return true
}

// ClearAttention takes a code for an id away; an empty id takes all of the code.
func (c *Case) ClearAttention(code, id string) bool {
	before := len(c.Attention)
	c.Attention = slices.DeleteFunc(slices.Clone(c.Attention), func(a Attention) bool {
		return a.Code == code && (id == "" || a.ID == id)
	})
	return len(c.Attention) < before
}

// EndAttention takes everything away that is about an id.
func (c *Case) EndAttention(id string) {
	c.Attention = slices.DeleteFunc(slices.Clone(c.Attention), func(a Attention) bool { return a.ID == id })
}

// WaitsOn is whom a case waits for: the party of the running promise that comes
// first, administrators while it is on hold, nobody once it is closed.
func (c *Case) WaitsOn() Party {
	if next := c.next(); next != nil {
		return next.WaitsOn
	}
	return PartyNobody
}

// DueAt is the due instant of the promise that WaitsOn speaks of.
func (c *Case) DueAt() time.Time {
	if next := c.next(); next != nil {
		return next.DueAt
	}
	return time.Time{}
}

// next prefers the promise of the stage over those beside it.
func (c *Case) next() *Promise {
	if c.OnHold {
		return c.Promise(PromiseHold)
	}
	if promise := c.Promise(StagePromise(c.Stage)); promise != nil && promise.Running() {
		return promise
	}
	return Next(c.Promises)
}

// Overdue says whether any running promise is past its due instant.
func (c *Case) Overdue() bool {
	return slices.ContainsFunc(c.Promises, func(p Promise) bool { return p.Overdue && p.Running() })
}

// Concerns says why a message from outside has no effect on a case where it
// stands; empty if it has. Late, repeated and reordered messages end here.
func (c *Case) Concerns(message Message) (ignored string) {
	switch message := message.(type) {
	case *PaymentRefunded, *PaymentDisputed:
		return "" // money is of interest at every stage, and after the end
	case *PaymentSettled:
		if c.IsLate(message) {
			return ""
		}
	}
	if c.Stage == StageClosed {
		return "the case is closed"
	}
	if !c.TakesFromOutside(message.Signal()) {
		if _, is := message.(*DocumentChecked); is {
			return "" // of interest at every stage
		}
		return "not at this stage"
	}
	if _, is := AuthorizationOf(message); is {
		if !c.isOfExam(message) {
			return "another authorization"
		}
		if _, is := message.(*ExamUnanswered); is && !c.Unanswered() {
			return "the exam vendor has answered"
		}
		return c.notThisAppointment(message)
	}
	return ""
}
