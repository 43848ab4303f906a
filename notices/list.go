package notices

import (
	"time"

	"peercert/certification"
)

// Example is a letter with all it needs, for a gallery of letters and for tests.
type Example struct {
	Letter certification.Letter
	// Needs are the facts the letter cannot do without, by their JSON names in
	// certification.Facts; "code" is certification.Notice.Code.
	Needs []string
	// Notice is in English; set Language for another.
	Notice certification.Notice
}

// List gives every letter, in the order of the story, with an example of it. The
// person in the examples is made up.
func List() []Example {
	var list []Example
	for _, row := range letters {
		example := Example{Letter: row.name, Notice: exampleOf(row)}
		for _, fact := range row.needs {
			example.Needs = append(example.Needs, fact.name)
		}
		list = append(list, example)
	}
	return list
}

// exampleOf fills in more facts than any letter needs: a letter takes its own.
func exampleOf(row letter) certification.Notice {
	day := func(year int, month time.Month, day int) time.Time {
		return certification.EndOfDay(time.Date(year, month, day, 12, 0, 0, 0, certification.Pacific))
	}
	policy := certification.CurrentPolicy(day(2026, time.March, 3))
	notice := certification.Notice{
		Policy:     policy,
		ID:         "01980000-0000-7000-8000-000000000001",
		CaseID:     "01980000-0000-7000-8000-0000000000ca",
		CaseNumber: "PC-7K3M-92QX",
		Letter:     row.name,
		Language:   "en",
		Name:       "Sam",
		Email:      "sam@example.test",
		Facts: certification.Facts{
			Stage: stageOf(row.name),
			DueAt: day(2026, time.March, 3), WindowEndsAt: day(2026, time.December, 10), ExpiresAt: day(2028, time.July, 21), RenewUntil: day(2028, time.July, 21),
			Fee: feeOf(row.name), AmountCents: policy.AmountCents(feeOf(row.name)),
			PaymentID: "01980000-0000-7000-8000-0000000000fe", PaidAt: time.Date(2026, time.February, 17, 10, 5, 0, 0, certification.Pacific),
			Reasons:      exampleReasons(row.name),
			AttemptsLeft: 2, DaysLeft: 90,
			AppointmentAt: time.Date(2026, time.April, 14, 9, 30, 0, 0, certification.Pacific), ExamLanguage: "es",
			CertificateNumber: "PSS-7K3M-92QX", Cause: causeOf(row.why),
		},
		Notes: map[certification.ReasonCode]string{
			"ID_UNREADABLE":          "The corner with the date is in the shade.",
			"CE_COURSE_NOT_ACCEPTED": "The course of May 2 has no number of hours on it.",
			"FALSE_STATEMENT":        "The school told us that it did not issue this diploma.",
		},
	}
	switch row.name {
	case certification.LetterOnHold:
		notice.Facts.HoldDueAt = day(2026, time.March, 3)
	case certification.LetterRenewalReminder:
		notice.Facts.DueAt = notice.Facts.ExpiresAt
	case certification.LetterTimeToRenew:
		notice.Facts.DueAt, notice.Facts.RenewUntil = day(2028, time.September, 19), day(2028, time.September, 19)
		notice.Facts.TimeGiven, notice.Facts.DaysLeft = true, 0
	}
	if row.about.why != "" {
		notice.CaseID, notice.CaseNumber, notice.Name = "", "", ""
	}
	if row.name == certification.LetterConfirmAddress {
		notice.Code = "402718"
	}
	return notice
}

// stageOf is where an example leaves the case, for letters that go out at several stages.
func stageOf(letter certification.Letter) certification.Stage {
	switch letter {
	case certification.LetterDraftReminder:
		return certification.StageApplication
	case certification.LetterReturnedReminder:
		return certification.StageApplicationReturned
	case certification.LetterReviewResumed:
		return certification.StageApplicationReview
	case certification.LetterApplicationApproved, certification.LetterWindowReminder, certification.LetterOnHold:
		return certification.StageTraining
	case certification.LetterTrainingReceived:
		return certification.StageTrainingReview
	case certification.LetterRenewalReturned:
		return certification.StageRenewalReturned
	case certification.LetterRenewalEnded, certification.LetterTimeToRenew:
		return certification.StageRenewal
	case certification.LetterAppealGranted, certification.LetterSuspended, certification.LetterReinstated:
		return certification.StageCertified
	}
	return ""
}

// causeOf is the cause that an example of a letter gives, where it gives one.
func causeOf(signal certification.Signal) string {
	if causes := certification.CausesOf(signal); causes != nil {
		return causes[0]
	}
	return ""
}

func feeOf(letter certification.Letter) certification.Fee {
	switch letter {
	case certification.LetterExamFeeDue:
		return certification.FeeExam
	case certification.LetterResultsNotPassed, certification.LetterExamNoShow:
		return certification.FeeRetake
	case certification.LetterRenewalReminder, certification.LetterTimeToRenew, certification.LetterRenewalEnded:
		return certification.FeeRenewal
	case certification.LetterExpired:
		return certification.FeeLateRenewal
	}
	return certification.FeeApplication
}

func exampleReasons(letter certification.Letter) []certification.ReasonCode {
	switch letter {
	case certification.LetterTrainingReturned:
		return []certification.ReasonCode{"TRAINING_HOURS_BELOW_80"}
	case certification.LetterRenewalReturned:
		return []certification.ReasonCode{"CE_ETHICS_BELOW_6", "CE_COURSE_NOT_ACCEPTED"}
	case certification.LetterApplicationDenied, certification.LetterRenewalDenied:
		return []certification.ReasonCode{"FALSE_STATEMENT"}
	}
	return []certification.ReasonCode{"ID_UNREADABLE", "DIPLOMA_NAME_DIFFERS"}
}
