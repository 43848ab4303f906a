package notices

import (
	"fmt"

	"peercert/certification"
	"peercert/web"
)

// A fact is one thing a letter may say: whether a notice has it, and the variables
// it gives to the sentences, already in words.
type fact struct {
	name    string
	missing func(certification.Notice) bool
	say     func(*web.Localizer, certification.Notice, map[string]any) error
}

// fixed makes a fact whose words cannot be missing.
func fixed(name string, missing func(certification.Notice) bool, say func(*web.Localizer, certification.Notice, map[string]any)) fact {
	return fact{name, missing, func(l *web.Localizer, n certification.Notice, variables map[string]any) error {
		say(l, n, variables)
		return nil
	}}
}

// The facts, by the fields of certification.Facts. A due instant and the end of
// the window have several phrases, because languages join them to a sentence in
// different ways.
var (
	due = fixed("due_at",
		func(n certification.Notice) bool { return n.Facts.DueAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["Due"], variables["DueBy"] = l.Deadline(n.Facts.DueAt), l.By(n.Facts.DueAt)
			variables["DueDay"] = l.Date(n.Facts.DueAt)
		})
	window = fixed("window_ends_at",
		func(n certification.Notice) bool { return n.Facts.WindowEndsAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["WindowBy"], variables["WindowUntil"] = l.By(n.Facts.WindowEndsAt), l.Until(n.Facts.WindowEndsAt)
		})
	expires = fixed("expires_at",
		func(n certification.Notice) bool { return n.Facts.ExpiresAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["ExpiresBy"], variables["ExpiresUntil"] = l.By(n.Facts.ExpiresAt), l.Until(n.Facts.ExpiresAt)
			variables["ExpiresDay"] = l.Date(n.Facts.ExpiresAt)
		})
	appointment = fixed("appointment_at",
		func(n certification.Notice) bool { return n.Facts.AppointmentAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["AppointmentMoment"] = l.Moment(n.Facts.AppointmentAt)
		})
	paidAt = fixed("paid_at",
		func(n certification.Notice) bool { return n.Facts.PaidAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["PaidDay"] = l.Date(n.Facts.PaidAt)
		})
	amount = fixed("amount_cents",
		func(n certification.Notice) bool { return n.Facts.AmountCents == 0 },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["Amount"] = l.Money(n.Facts.AmountCents)
		})
	paymentID = fixed("payment_id",
		func(n certification.Notice) bool { return n.Facts.PaymentID == "" },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["PaymentID"] = l.Apart(n.Facts.PaymentID)
		})
	hold = fixed("hold_due_at",
		func(n certification.Notice) bool { return n.Facts.HoldDueAt.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["HoldBy"] = l.By(n.Facts.HoldDueAt)
		})
	renew = fixed("renew_until",
		func(n certification.Notice) bool { return n.Facts.RenewUntil.IsZero() },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["RenewUntil"] = l.Until(n.Facts.RenewUntil)
		})
	attempts = fixed("attempts_left",
		func(n certification.Notice) bool { return n.Facts.AttemptsLeft < 1 },
		func(_ *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["Count"] = n.Facts.AttemptsLeft
		})
	days = fixed("days_left",
		func(n certification.Notice) bool { return n.Facts.DaysLeft < 1 },
		func(_ *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["Count"] = n.Facts.DaysLeft
		})
	certificate = fixed("certificate_number",
		func(n certification.Notice) bool { return n.Facts.CertificateNumber == "" },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["CertificateNumber"] = l.Apart(n.Facts.CertificateNumber)
		})
	code = fixed("code",
		func(n certification.Notice) bool { return n.Code == "" },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) {
			variables["Code"] = l.Apart(n.Code)
		})
	fee = fact{"fee",
		func(n certification.Notice) bool { return n.Facts.Fee == "" },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) (err error) {
			variables["Fee"], err = l.Find("fee."+string(n.Facts.Fee), nil)
			return err
		}}
	examLanguage = fact{"exam_language",
		func(n certification.Notice) bool { return n.Facts.ExamLanguage == "" },
		func(l *web.Localizer, n certification.Notice, variables map[string]any) (err error) {
			variables["ExamLanguage"], err = l.Find("exam_language."+n.Facts.ExamLanguage, nil)
			return err
		}}
	reasons = fixed("reasons",
		func(n certification.Notice) bool { return len(n.Facts.Reasons) == 0 },
		// Reasons are sentences of their own, not variables: see reasonsOf.
		func(*web.Localizer, certification.Notice, map[string]any) {})
)

// perhaps are the facts that the words of the home use where a notice has them. They are
// not demanded: see next.go.
var perhaps = []fact{due, window, expires, appointment, fee, amount, attempts, hold, renew}

// rulesOf are the numbers of the policy that a letter may say. Without a policy there are
// none, so that a letter which needs one fails rather than says 0.
func rulesOf(words *web.Localizer, notice certification.Notice) map[string]any {
	if notice.Policy.Version == "" {
		return map[string]any{}
	}
	return words.Rules(notice.Policy)
}

// variablesOf are what the sentences of a letter say, in words. What it needs goes last:
// attempts and days have one variable, and a letter that needs days means those.
func (l letter) variablesOf(words *web.Localizer, notice certification.Notice) (map[string]any, error) {
	if notice.Facts.DueAt.IsZero() && l.name == certification.LetterRenewalReminder {
		notice.Facts.DueAt = notice.Facts.ExpiresAt // one of before this fact was kept
	}
	variables := rulesOf(words, notice)
	for _, fact := range perhaps {
		if fact.missing(notice) {
			continue
		}
		if err := fact.say(words, notice, variables); err != nil {
			return nil, err
		}
	}
	for _, fact := range l.needs {
		if err := fact.say(words, notice, variables); err != nil {
			return nil, err
		}
	}
	return variables, nil
}

// reason is one coded reason in words.
type reason struct {
	Wrong string // what is wrong
	Do    string // what the applicant can do; empty where nothing can be put right
	Note  string // the reviewer's words, introduced; may have several lines
}

// reasonsOf says each reason of a notice once, in the order given. A letter that
// denies says only why; one that returns also says what to do.
func reasonsOf(l *web.Localizer, n certification.Notice, putRight bool) ([]reason, error) {
	var said []reason
	seen := map[certification.ReasonCode]bool{}
	rules := rulesOf(l, n)
	for _, code := range n.Facts.Reasons {
		if seen[code] {
			continue
		}
		seen[code] = true
		rule, known := certification.ReasonOf(code)
		if !known {
			return nil, fmt.Errorf("there is no reason %s", code)
		}
		note := clean(n.Notes[code])
		if rule.NeedsNote && note == "" {
			return nil, fmt.Errorf("reason %s needs a reviewer's note", code)
		}
		var one reason
		var err error
		if one.Wrong, err = l.Find("reason."+string(code)+".wrong", rules); err != nil {
			return nil, err
		}
		if putRight && rule.CanBePutRight {
			if one.Do, err = l.Find("reason."+string(code)+".do", rules); err != nil {
				return nil, err
			}
		}
		if note != "" {
			if one.Note, err = l.Find("letter.reviewer_note", map[string]any{"Note": l.Apart(note)}); err != nil {
				return nil, err
			}
		}
		said = append(said, one)
	}
	return said, nil
}
