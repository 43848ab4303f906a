package certification

import (
	"slices"
	"time"
)

// StageRule is one row of the stage table: the refusals of the workflow and of
// the API, the buttons of pages, the diagram in the docs and the test matrix all
// come from it.
type StageRule struct {
	Stage Stage
	// People are the signals of applicants and reviewers that the stage takes.
	People []Signal
	// Outside are the signals of machines that can move it. Others are recorded and
	// have no effect.
	Outside []Signal
	// Next are the stages that can follow.
	Next []Stage
	// Says is what the case waits for, in a sentence without names.
	Says string
}

// Stages is the table, in the order of the story.
var Stages = []StageRule{
	{StageIntroVideo, []Signal{SignalCompleteIntroVideo, SignalWithdraw}, nil,
		[]Stage{StageApplication, StageClosed}, "The applicant watches the introduction video."},
	{StageApplication, []Signal{SignalSubmitApplication, SignalSubmitTraining, SignalWithdraw}, nil,
		[]Stage{StageApplicationFee, StageApplicationReview, StageClosed}, "The applicant fills in the application and hands it in."},
	{StageApplicationFee, []Signal{SignalPayFee, SignalSubmitTraining, SignalWithdraw}, []Signal{SignalPaymentSettled, SignalPaymentFailed},
		[]Stage{StageApplicationReview, StageApplication, StageClosed}, "The applicant pays the application fee."},
	{StageApplicationReview, []Signal{SignalClaimReview, SignalReleaseReview, SignalDecideApplication, SignalSubmitTraining, SignalWithdraw}, nil,
		[]Stage{StageApplicationReturned, StageTraining, StageTrainingReview, StageTrainingReturned, StageExamFee, StageDenied, StageClosed}, "A reviewer decides the application."},
	{StageApplicationReturned, []Signal{SignalResubmitApp, SignalSubmitTraining, SignalWithdraw}, nil,
		[]Stage{StageApplicationReview, StageClosed}, "The applicant puts right what was returned. The review clock is stopped."},
	{StageTraining, []Signal{SignalSubmitTraining, SignalWithdraw}, nil,
		[]Stage{StageTrainingReview, StageClosed}, "The applicant completes the 80-hour training and sends the certificate."},
	{StageTrainingReview, []Signal{SignalClaimReview, SignalReleaseReview, SignalDecideTraining, SignalWithdraw}, nil,
		[]Stage{StageTrainingReturned, StageExamFee, StageClosed}, "A reviewer decides the training certificate."},
	{StageTrainingReturned, []Signal{SignalSubmitTraining, SignalWithdraw}, nil,
		[]Stage{StageTrainingReview, StageClosed}, "The applicant sends a new training certificate. The review clock is stopped."},
	{StageExamFee, []Signal{SignalPayFee, SignalWithdraw}, []Signal{SignalPaymentSettled, SignalPaymentFailed},
		[]Stage{StageExamBooking, StageClosed}, "The applicant pays the exam fee."},
	{StageExamBooking, []Signal{SignalBookExam, SignalWithdraw},
		[]Signal{SignalExamAuthorized, SignalExamRefused, SignalExamUnanswered, SignalExamConfirmed, SignalExamChanged, SignalExamResult, SignalExamNoShow, SignalExamIncident},
		[]Stage{StageExamBooked, StageExamFee, StageCertified, StageClosed}, "The applicant books the exam at the vendor."},
	{StageExamBooked, []Signal{SignalWithdraw},
		[]Signal{SignalExamConfirmed, SignalExamChanged, SignalExamCancelled, SignalExamResult, SignalExamNoShow, SignalExamIncident},
		[]Stage{StageExamScoring, StageExamBooking, StageExamFee, StageCertified, StageClosed}, "The exam is on its appointed day."},
	{StageExamScoring, []Signal{SignalWithdraw},
		[]Signal{SignalExamConfirmed, SignalExamChanged, SignalExamCancelled, SignalExamResult, SignalExamNoShow, SignalExamIncident},
		[]Stage{StageExamFee, StageExamBooking, StageExamBooked, StageCertified, StageClosed}, "The exam vendor sends the result."},
	{StageCertified, []Signal{SignalSurrender}, nil,
		[]Stage{StageRenewal, StageRevoked, StageClosed}, "Nothing to do until renewal opens."},
	{StageRenewal, []Signal{SignalSubmitRenewal, SignalSurrender}, nil,
		[]Stage{StageRenewalFee, StageRenewalReview, StageExpired, StageRevoked, StageClosed}, "The certified person renews."},
	{StageRenewalFee, []Signal{SignalPayFee, SignalSurrender}, []Signal{SignalPaymentSettled, SignalPaymentFailed},
		[]Stage{StageRenewalReview, StageRenewal, StageExpired, StageRevoked, StageClosed}, "The certified person pays the renewal fee."},
	{StageRenewalReview, []Signal{SignalClaimReview, SignalReleaseReview, SignalDecideRenewal, SignalSurrender}, nil,
		[]Stage{StageCertified, StageRenewalReturned, StageDenied, StageRevoked, StageClosed}, "A reviewer decides the renewal."},
	{StageRenewalReturned, []Signal{SignalResubmitRenewal, SignalSurrender}, nil,
		[]Stage{StageRenewalReview, StageRenewal, StageExpired, StageRevoked, StageClosed}, "The certified person puts right what was returned. The review clock is stopped."},
	{StageExpired, []Signal{SignalSubmitRenewal}, nil,
		[]Stage{StageRenewalFee, StageRenewalReview, StageClosed}, "The certificate has expired; late renewal is possible for a time."},
	{StageDenied, []Signal{SignalAppeal, SignalWithdraw}, nil,
		[]Stage{StageAppealReview, StageRevoked, StageClosed}, "The applicant may appeal."},
	{StageRevoked, []Signal{SignalAppeal}, nil,
		[]Stage{StageAppealReview, StageClosed}, "The person whose certificate was revoked may appeal."},
	{StageAppealReview, []Signal{SignalClaimReview, SignalReleaseReview, SignalDecideAppeal}, nil,
		[]Stage{StageTraining, StageTrainingReview, StageCertified, StageRenewal, StageRenewalFee, StageRenewalReview, StageRenewalReturned, StageDenied, StageRevoked, StageClosed}, "A reviewer decides the appeal."},
	{StageClosed, nil, nil, nil, "The case is closed."},
}

// RuleOf is the row of a stage.
func RuleOf(stage Stage) StageRule {
	for _, rule := range Stages {
		if rule.Stage == stage {
			return rule
		}
	}
	return StageRule{}
}

var applicantSignals = []Signal{
	SignalRegister, SignalCompleteIntroVideo, SignalSubmitApplication, SignalResubmitApp, SignalPayFee, SignalSubmitTraining,
	SignalBookExam, SignalSubmitRenewal, SignalResubmitRenewal, SignalAppeal, SignalWithdraw, SignalSurrender,
}

// administratorSignals are taken at every stage, within the limits of Accepts.
var administratorSignals = []Signal{
	SignalHold, SignalReleaseHold, SignalExtendDeadline, SignalWaiveFee, SignalRetryStep, SignalReassign,
	SignalSuspend, SignalReinstate, SignalRevoke, SignalWake, SignalStartNewRun,
}

var outsideSignals = []Signal{
	SignalPaymentSettled, SignalPaymentFailed, SignalPaymentRefunded, SignalPaymentDisputed, SignalDocumentChecked,
	SignalExamAuthorized, SignalExamRefused, SignalExamConfirmed, SignalExamChanged, SignalExamCancelled,
	SignalExamResult, SignalExamNoShow, SignalExamIncident, SignalExamUnanswered,
}

var reviewerSignals = []Signal{
	SignalClaimReview, SignalReleaseReview, SignalDecideApplication, SignalDecideTraining, SignalDecideRenewal, SignalDecideAppeal,
}

// SenderOf is the role that a signal belongs to.
func SenderOf(signal Signal) Role {
	switch {
	case slices.Contains(administratorSignals, signal):
		return RoleAdministrator
	case slices.Contains(reviewerSignals, signal):
		return RoleReviewer
	case slices.Contains(outsideSignals, signal):
		return RoleOutside
	}
	return RoleApplicant
}

// signalsOf lists the signals of a role, in the order of the vocabulary.
func signalsOf(role Role) []Signal {
	switch role {
	case RoleApplicant:
		return applicantSignals
	case RoleReviewer:
		return reviewerSignals
	case RoleOutside:
		return outsideSignals
	case RoleAdministrator:
		return administratorSignals
	}
	return nil
}

// Accepts says whether a case as it stands takes a signal of a person, or why not.
// Machines are never refused: what has no effect is recorded.
func (c *Case) Accepts(signal Signal) *Refusal {
	if c.Stage == StageClosed {
		return Refused(RefusedClosed, "This case is closed. Nothing can be changed in it.")
	}
	if (signal == SignalRegister) != (c.Stage == "") {
		return c.wrongStage() // nothing before it is registered, and that only once
	}
	switch signal {
	case SignalRegister:
		return nil
	case SignalRetryStep, SignalWake, SignalStartNewRun:
		return nil
	case SignalHold:
		if c.OnHold {
			return Refused(RefusedWrongStage, "This case is on hold already.")
		}
		return nil
	case SignalReleaseHold:
		if !c.OnHold {
			return Refused(RefusedWrongStage, "This case is not on hold.")
		}
		return nil
	case SignalExtendDeadline:
		if c.Stage == StageCertified || c.Stage == StageExamBooked {
			return c.wrongStage()
		}
		return nil
	case SignalWaiveFee:
		if _, due := c.FeeDue(); !due {
			return Refused(RefusedWrongStage, "No fee is due at this stage.")
		}
		return nil
	case SignalReassign:
		if !slices.Contains(RuleOf(c.Stage).People, SignalClaimReview) {
			return Refused(RefusedWrongStage, "There is no review at this stage.")
		}
		return nil
	case SignalSuspend, SignalRevoke:
		// One whose renewal was denied counts as before until that is final (domain §6).
		if c.Certificate == nil || c.AppealFrom == StageRevoked || !slices.Contains(RuleOf(c.Stage).Next, StageRevoked) {
			return Refused(RefusedWrongStage, "There is no certificate in force.")
		}
		if signal == SignalSuspend && c.Suspended {
			return Refused(RefusedWrongStage, "The certificate is suspended already.")
		}
		return nil
	case SignalReinstate:
		if !c.Suspended {
			return Refused(RefusedWrongStage, "The certificate is not suspended.")
		}
		return nil
	}
	if !slices.Contains(RuleOf(c.Stage).People, signal) {
		return c.wrongStage()
	}
	if c.OnHold && signal != SignalWithdraw && signal != SignalSurrender {
		return Refused(RefusedWrongStage, "This case is on hold. We will write when it goes on.")
	}
	switch {
	case signal == SignalClaimReview && c.Assignee != "":
		return Refused(RefusedWrongStage, "A reviewer has claimed this review already.")
	case signal == SignalReleaseReview && c.Assignee == "":
		return Refused(RefusedWrongStage, "Nobody has claimed this review.")
	case signal == SignalBookExam && c.Exam != nil && c.Exam.AuthorizationID != "" && !c.Exam.Refused:
		return Refused(RefusedWrongStage, "The exam vendor has the authorization already. Book at the vendor's page.")
	}
	return nil
}

func (c *Case) wrongStage() *Refusal {
	return Refused(RefusedWrongStage, "This cannot be done while the case is at "+string(c.Stage)+".")
}

// AcceptsFrom is Accepts with the rules about who: a reviewer decides what they
// claimed themselves.
func (c *Case) AcceptsFrom(signal Signal, actor Actor) *Refusal {
	if refusal := c.Accepts(signal); refusal != nil {
		return refusal
	}
	if SenderOf(signal) == RoleReviewer && signal != SignalClaimReview && actor.Role == RoleReviewer {
		if c.Assignee == "" {
			return Refused(RefusedWrongStage, "Claim this review first.")
		}
		if c.Assignee != actor.ID {
			return Refused(RefusedWrongStage, "Another reviewer has claimed this review.")
		}
	}
	return nil
}

// Admits is AcceptsFrom with what is refused where a message comes in, and nowhere else:
// cases of before took it, and a replay asks AcceptsFrom.
func (c *Case) Admits(signal Signal, actor Actor) *Refusal {
	if refusal := c.AcceptsFrom(signal, actor); refusal != nil {
		return refusal
	}
	if signal == SignalSubmitTraining && c.TrainingSubmitted {
		return Refused(RefusedWrongStage, "The training certificate was handed in already. We look at it together with the application.")
	}
	return nil
}

// AvailableSignals lists what an actor can send now, in the order of the
// vocabulary. Pages show these as buttons.
func (c *Case) AvailableSignals(actor Actor) []Signal {
	signals := []Signal{}
	for _, signal := range signalsOf(actor.Role) {
		if signal != SignalRegister && c.Admits(signal, actor) == nil {
			signals = append(signals, signal)
		}
	}
	return signals
}

// TakesFromOutside says whether a machine's signal can move the case where it stands.
func (c *Case) TakesFromOutside(signal Signal) bool {
	return slices.Contains(RuleOf(c.Stage).Outside, signal)
}

// StagePromise is the kind of the promise that a stage opens.
func StagePromise(stage Stage) PromiseKind {
	if stage == StageExamScoring {
		return PromiseVendorResult
	}
	return PromiseKind(stage)
}

// PromiseOf is the promise that a case makes on reaching a stage (domain §2.3).
// window and expiry are the end of the 12 months and of the term, as rules when
// they are set in the same transition.
func (c *Case) PromiseOf(stage Stage, window, expiry Deadline) PromiseRequest {
	p := c.Policy
	request := PromiseRequest{Kind: StagePromise(stage), WaitsOn: PartyApplicant}
	switch stage {
	case StageIntroVideo, StageApplication:
		request.Due, request.Then = Deadline{Days: p.DraftDays}, ThenAbandoned
		request.After = reminders(p.DraftReminderDays, LetterDraftReminder)
	case StageApplicationFee:
		request.Due, request.Then = Deadline{Days: p.FeeDays}, ThenBackToDraft
		request.After = reminders(p.FeeReminderDays, LetterFeeReminder)
	case StageApplicationReview, StageTrainingReview, StageRenewalReview:
		request.WaitsOn, request.Then, request.DueLetter = PartyReviewer, ThenEscalated, LetterReviewLate
		request.Due = Deadline{Days: p.ReviewDays}
		request.Before = []RungRequest{{Days: p.ReviewDays - p.ReviewEscalationDays, Kind: RungEscalation}}
	case StageApplicationReturned:
		request.Due, request.Then = Deadline{Days: p.ReturnedDays}, ThenAbandoned
		request.After = reminders(p.ReturnedReminderDays, LetterReturnedReminder)
	case StageRenewalReturned:
		request.Due, request.Then = Deadline{Days: p.ReturnedDays}, ThenRenewalEnds
		request.After = reminders(p.ReturnedReminderDays, LetterReturnedReminder)
	case StageTraining, StageTrainingReturned, StageExamFee:
		request.Due, request.Then = window, ThenWindowClosed
		request.Before = reminders(p.WindowReminderDays, LetterWindowReminder)
	case StageExamBooking:
		request.Due, request.Then = window, ThenWindowClosed
		request.After = reminders(p.BookingReminderDays, LetterBookingReminder)
		request.Before = reminders(p.WindowReminderDays, LetterWindowReminder)
	case StageExamBooked:
		request.Due, request.Then = Deadline{From: c.Exam.EndsAt, Exact: true}, ThenAwaitResult
	case StageExamScoring:
		request.WaitsOn, request.Then, request.DueLetter = PartyVendor, ThenEscalated, LetterResultLate
		request.Due = Deadline{From: c.Exam.EndsAt, Days: p.VendorResultDays}
	case StageCertified:
		request.WaitsOn, request.Then = PartyNobody, ThenRenewalOpens
		request.Due = expiry
		request.Due.Days -= p.RenewalOpensDays
	case StageRenewal:
		request.Due, request.Then = expiry, ThenExpired
		request.Due.NotBefore = c.Certificate.RenewBy
		request.Before = reminders(p.RenewalReminderDays, LetterRenewalReminder)
	case StageRenewalFee:
		request.Due, request.Then = Deadline{Days: p.FeeDays}, ThenRenewalEnds
		request.After = reminders(p.FeeReminderDays, LetterFeeReminder)
	case StageExpired:
		request.Due, request.Then = c.lateRenewal(), ThenVacated
	case StageDenied, StageRevoked:
		request.Due, request.Then = Deadline{Days: p.AppealDays}, ThenCaseClosed
	case StageAppealReview:
		request.WaitsOn, request.Then, request.DueLetter = PartyReviewer, ThenEscalated, LetterReviewLate
		request.Due = Deadline{Days: p.AppealReviewDays}
		request.Before = []RungRequest{{Days: p.ReviewDays, Kind: RungEscalation}}
	}
	return request
}

// remindOfTimeGiven sets the reminders of the promise of a renewal that can be sent in time
// after the term: those of the term stay on their days, and more go out when that has
// ended, and before the time given ends.
func (c *Case) remindOfTimeGiven(p *Promise, now time.Time) {
	if p.Kind != StagePromise(StageRenewal) || !c.TimeGiven() || !p.DueAt.After(now) {
		return
	}
	given := DaysBetween(c.Certificate.ExpiresAt, p.DueAt)
	before := []RungRequest{{Days: given, Kind: RungReminder, Letter: LetterTimeToRenew}}
	for _, days := range c.Policy.RenewalReminderDays {
		before = append(before, RungRequest{Days: given + days, Kind: RungReminder, Letter: LetterRenewalReminder})
		if days < given {
			before = append(before, RungRequest{Days: days, Kind: RungReminder, Letter: LetterTimeToRenew})
		}
	}
	p.Rungs = PromiseRequest{Due: Deadline{From: p.DueAt, Exact: true}, Before: before}.Open(p.ID, now).Rungs
}

// ConsequenceOf is what follows a promise of the case that is not kept, where that depends
// on its due instant: a renewal that is not completed can be sent again while there is
// time to renew; after that the certificate ends with it. It asks the calendar: never in
// workflow code.
func (c *Case) ConsequenceOf(p Promise) Consequence {
	switch p.Kind {
	case StagePromise(StageRenewalFee), StagePromise(StageRenewalReturned):
	default:
		return p.Then
	}
	switch {
	case c.RenewableUntil().After(p.DueAt):
		return ThenRenewalEnds
	case c.Certificate.Lapsed:
		return ThenVacated
	}
	return ThenExpired
}

// ResultsNoticePromise is ours to send the formal notice within 14 days of the
// result reaching us (domain §2.3).
func (c *Case) ResultsNoticePromise() PromiseRequest {
	p := c.Policy
	return PromiseRequest{
		Kind: PromiseResultsNotice, WaitsOn: PartyUs, Then: ThenEscalated, Due: Deadline{Days: p.ResultsNoticeDays},
		Before: []RungRequest{{Days: p.ResultsNoticeDays - p.ResultsEscalationDay, Kind: RungEscalation}},
	}
}

// HoldPromise is that somebody of ours looks at a case on hold.
func (c *Case) HoldPromise() PromiseRequest {
	return PromiseRequest{Kind: PromiseHold, WaitsOn: PartyOperations, Then: ThenEscalated, Due: Deadline{Days: c.Policy.HoldReviewDays}}
}

func reminders(days []int, letter Letter) []RungRequest {
	requests := make([]RungRequest, 0, len(days))
	for _, day := range days {
		requests = append(requests, RungRequest{Days: day, Kind: RungReminder, Letter: letter})
	}
	return requests
}
