package seed

import "peercert/certification"

// The stories. Days are counted back from today. People share mornings where they
// can: each morning of its own costs a move of the clock.

func (l *life) approveApplication(reviewer certification.Actor) {
	l.decide(reviewer, &certification.DecideApplication{Decision: certification.DecisionApprove})
}

func (l *life) approveTraining(reviewer certification.Actor) {
	l.decide(reviewer, &certification.DecideTraining{Decision: certification.DecisionApprove})
}

// applied registers, applies and pays on one morning.
func (l *life) applied(daysAgo int) {
	l.days(daysAgo)
	l.begin()
	l.minutes(40)
	l.apply()
	l.minutes(5)
	l.pay(certification.StageApplicationReview)
}

// certifiedAt goes from registration to a certificate, issued about so many days ago.
func (l *life) certifiedAt(daysAgo int) {
	l.applied(daysAgo + 50)
	l.days(daysAgo + 43)
	l.approveApplication(reviewer1)
	l.days(daysAgo + 25)
	l.handInTraining()
	l.minutes(120)
	l.approveTraining(reviewer2)
	l.days(daysAgo + 17)
	l.pay(certification.StageExamBooking)
	l.askToTest()
	l.minutes(10)
	l.book(daysAgo + 2)
	l.days(daysAgo)
	l.examined("passed", certification.StageCertified)
}

// Certificates of these days expire: three months ago, in five weeks, in over a year.
const (
	issuedLongAgo  = 820
	issuedBefore   = 695
	issuedThisYear = 300
)

func watchesSome(l *life) {
	l.days(4)
	l.register()
	l.watch(2)
}

func leavesDraft(l *life) {
	l.days(20)
	l.begin()
	l.minutes(40)
	l.picture()
	l.details()
}

func doesNotPay(l *life) {
	l.days(5)
	l.begin()
	l.minutes(40)
	l.apply()
	l.openPage()
}

// reviewFor applied and paid some days ago; a reviewer may have claimed it since.
func reviewFor(daysAgo int, claimedBy ...certification.Actor) func(*life) {
	return func(l *life) {
		l.applied(daysAgo)
		if len(claimedBy) > 0 {
			l.days(daysAgo - 2)
			l.claim(claimedBy[0])
		}
	}
}

func trainedFirst(l *life) {
	l.days(6)
	l.begin()
	l.minutes(40)
	l.handInTraining()
	l.apply()
	l.minutes(5)
	l.pay(certification.StageApplicationReview)
	l.days(4)
	l.claim(reviewer2)
}

func returnedFor(daysAgo int) func(*life) {
	return func(l *life) {
		l.applied(daysAgo + 8)
		l.days(daysAgo)
		l.decide(reviewer1, &certification.DecideApplication{
			Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_UNREADABLE", "DIPLOMA_NAME_DIFFERS"},
		})
	}
}

func dallies(l *life) {
	l.applied(issuedThisYear + 50)
	l.days(issuedThisYear + 43)
	l.approveApplication(reviewer1)
}

// These went through the application together, some weeks ago.
const groupApplied, groupApproved = 60, 52

func (l *life) inGroup() {
	l.applied(groupApplied)
	l.days(groupApproved)
	l.approveApplication(reviewer1)
}

func putOnHold(l *life) {
	l.inGroup()
	l.days(3)
	l.send(administrator, &certification.Hold{Reason: "identity_question"})
}

func trainingReviewed(l *life) {
	l.inGroup()
	l.days(5)
	l.handInTraining()
	l.days(4)
	l.claim(reviewer2)
}

func trainingReturned(l *life) {
	l.inGroup()
	l.days(16)
	l.handInTraining()
	l.days(8)
	l.decide(reviewer2, &certification.DecideTraining{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"TRAINING_UNREADABLE"}})
}

func (l *life) trained() {
	l.inGroup()
	l.days(40)
	l.handInTraining()
	l.days(34)
	l.approveTraining(reviewer2)
}

func examFeeDue(l *life) {
	l.inGroup()
	l.days(16)
	l.handInTraining()
	l.days(8)
	l.approveTraining(reviewer2)
}

func failedOnce(l *life) {
	l.trained()
	l.days(29)
	l.pay(certification.StageExamBooking)
	l.askToTest()
	l.minutes(10)
	l.book(10)
	l.days(8)
	l.examined("failed", certification.StageExamFee)
}

func doesNotBook(l *life) {
	l.trained()
	l.days(16)
	l.pay(certification.StageExamBooking)
	l.askToTest()
}

func refusedByVendor(l *life) {
	l.trained()
	l.days(9)
	l.pay(certification.StageExamBooking)
	l.minutes(5) // nobody else asks the vendor now
	l.do("making the vendor refuse", func() error { l.vendor.RefuseNext("name_not_on_file"); return nil })
	l.askToTest()
}

func booked(l *life) {
	l.trained()
	l.days(16)
	l.pay(certification.StageExamBooking)
	l.askToTest()
	l.minutes(10)
	l.book(-3)
}

func awaitsResult(l *life) {
	l.trained()
	l.days(16)
	l.pay(certification.StageExamBooking)
	l.askToTest()
	l.minutes(10)
	l.book(1)
}

func certifiedFor(l *life) { l.certifiedAt(issuedThisYear) }

func secondTerm(l *life) {
	l.certifiedAt(issuedLongAgo)
	l.days(130)
	l.renew()
	l.pay(certification.StageRenewalReview)
	l.days(120)
	l.decide(reviewer1, &certification.DecideRenewal{Decision: certification.DecisionApprove})
}

func suspended(l *life) {
	l.certifiedAt(issuedThisYear)
	l.days(8)
	l.send(administrator, &certification.Suspend{Reason: "complaint"})
}

func renewalOpen(l *life) { l.certifiedAt(issuedBefore) }

func renewalUnpaid(l *life) {
	l.certifiedAt(issuedBefore)
	l.days(2)
	l.renew()
}

func renewalReviewed(l *life) {
	l.certifiedAt(issuedBefore)
	l.days(11)
	l.renew()
	l.pay(certification.StageRenewalReview)
}

func renewsLate(l *life) {
	l.certifiedAt(issuedLongAgo)
	l.days(6)
	l.renew()
	l.pay(certification.StageRenewalReview)
	l.days(4)
	l.claim(reviewer1)
}

func renewalReturned(l *life) {
	l.certifiedAt(issuedBefore)
	l.days(16)
	l.renew()
	l.pay(certification.StageRenewalReview)
	l.days(8)
	l.decide(reviewer2, &certification.DecideRenewal{Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"CE_ETHICS_BELOW_6"}})
}

func letsExpire(l *life) { l.certifiedAt(issuedLongAgo) }

func denied(l *life) {
	l.applied(17)
	l.days(10)
	l.decide(reviewer2, &certification.DecideApplication{Decision: certification.DecisionDeny, Reasons: []certification.ReasonCode{"NO_DIPLOMA"}})
}

func revoked(l *life) {
	l.certifiedAt(issuedThisYear)
	l.days(12)
	l.send(administrator, &certification.Revoke{Reason: "code_of_ethics"})
}

func appealed(l *life) {
	l.certifiedAt(issuedThisYear)
	l.days(52)
	l.send(administrator, &certification.Revoke{Reason: "code_of_ethics"})
	l.days(40)
	l.appeal()
	l.days(29)
	l.claim(reviewer2)
}

func withdraws(l *life) {
	l.applied(60)
	l.days(52)
	l.send(l.me, &certification.Withdraw{})
}

func surrenders(l *life) {
	l.certifiedAt(issuedThisYear)
	l.days(60)
	l.send(l.me, &certification.Surrender{})
}
