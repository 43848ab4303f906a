package certification

import "slices"

// CauseOther stands for every cause that has no words of its own: the person is told that
// they may ask.
const CauseOther = "other"

// CausesOf are the codes of why an administrator stops, suspends or revokes something that
// the person is told in words: in a letter, at the home of the case, on the page of an
// appeal. Another code is accepted too (see IsCause), but says nothing to them.
func CausesOf(signal Signal) []string {
	switch signal {
	case SignalHold:
		return []string{"records_check", "applicant_asked", "payment_dispute"}
	case SignalSuspend:
		return []string{"complaint", "investigation"}
	case SignalRevoke:
		return []string{"ethics", "fraud", "exam_rules"}
	}
	return nil
}

// ToldCause is the cause that a person is told for a code: the code, or CauseOther.
func ToldCause(signal Signal, code string) string {
	if slices.Contains(CausesOf(signal), code) {
		return code
	}
	return CauseOther
}
