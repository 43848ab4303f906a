package workflows

import (
	"fmt"
	"strings"
	"time"

	"peercert/certification"
)

// card is what an administrator reads at the top of a case in the Temporal UI:
// whom it waits for, since when, by when, what happens then, and how to unblock it
// with the exact name and JSON, and where the console has the rest. Markdown; ids and
// codes only.
//
// Instants are in UTC: the calendar of Los Angeles may not be asked in workflow code.
func card(c *certification.Case, recent []Line, trouble, console string) string {
	var b strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&b, format+"\n", arguments...) }

	line("### %s · %s\n", c.Number, stageWords(c.Stage))
	if c.Stage == certification.StageClosed {
		line("Closed: **%s**.", c.Outcome)
	} else {
		line("%s\n", certification.RuleOf(c.Stage).Says)
	}
	for _, promise := range c.Promises {
		state := "due " + instant(promise.DueAt)
		switch {
		case !promise.Running():
			state = "clock stopped since " + instant(promise.StoppedAt)
		case promise.Overdue:
			state = "**overdue** since " + instant(promise.DueAt)
		}
		line("- **Waiting on %s** for %s since %s; %s; then: %s", words(promise.WaitsOn), words(promise.Kind), instant(promise.Since), state, words(promise.Then))
	}
	if c.Credit != nil {
		line("- Payment `%s` came when the time for its fee was over. It is kept, and counts once that fee is due again.", c.Credit.PaymentID)
	}
	if c.OnHold {
		line("- **On hold**: its clocks are stopped.")
	}
	if c.Assignee != "" {
		line("- Reviewer: `%s`", c.Assignee)
	}
	for _, attention := range c.Attention {
		line("- **Attention: %s** since %s. %s", attention.Code, instant(attention.Since), Advice(attention.Code))
	}
	if trouble != "" {
		line("- **Attention: %s**. %s", trouble, Advice(trouble))
	}
	if console != "" {
		line("\n[Open %s in the console](%s%s)", c.Number, console, c.ID)
	}
	if c.Stage != certification.StageClosed {
		line("\n**To unblock** (Send an Update):\n")
		for _, signal := range c.AvailableSignals(certification.Actor{Role: certification.RoleAdministrator}) {
			line("- `%s` `%s`", signal, example[signal])
		}
	}
	if len(recent) > 0 {
		line("\n**Last events**\n")
		for i := len(recent) - 1; i >= 0; i-- {
			line("- %s %s", instant(recent[i].At), recent[i].Text)
		}
	}
	line("\nPolicy %s · revision %d · records: `case_events` of `%s`", c.Policy.Version, c.Revision, c.ID)
	return b.String()
}

// Advice says what a code of attention means and how it heals, for administrators.
func Advice(attention string) string { return advice[attention] }

var advice = map[string]string{
	certification.AttentionRecords:       "PostgreSQL does not take the last step. It is tried every few seconds and heals by itself; nobody is answered until then.",
	certification.AttentionNotice:        "A letter could not be sent for a day. It is tried on; once mail is back, `retry-step` sends it at once.",
	certification.AttentionCheckout:      "The payment page could not be opened. It is tried on and heals by itself, within ten minutes of Stripe being back; `retry-step` tries at once.",
	certification.AttentionAuthorization: "The authorization did not reach the exam vendor's bucket. It is tried on; `retry-step` sends it at once.",
	certification.AttentionDocument:      "The check of a document has not ended for ten minutes, so the applicant cannot hand it in, and their clock runs. Look at S3, at the scanner (clamd) and at the worker's log under the document's id. It is tried every minute and heals by itself; `retry-step` tries at once, also when somebody terminated the check. `extend-deadline` gives the time back.",
	certification.AttentionReview:        "A review is due soon, or late. `reassign` gives it to another reviewer.",
	certification.AttentionVendor:        "The exam vendor is late, refused, has not answered for days, or says something else than before. Ask them with the authorization id; then `retry-step` takes this note away, and sends an authorization that has no answer again. An appointment after the last day of the window: they can still move it. An exam passed after that day: `extend-deadline` by as many days as it was late makes it count; if it is not to count, they correct the result.",
	certification.AttentionHold:          "This case is on hold for longer than was promised. `release-hold` lets it go on; `extend-deadline` does not help here.",
	certification.AttentionDispute:       "A payment is disputed. Send the evidence at Stripe before its due date; this note goes once Stripe reports how the dispute ended, or that the money went back. Nothing can be sent from here.",
	certification.AttentionSurplus:       "Money arrived for a fee that was not due any more: waived meanwhile, or the case had gone on or ended. The person was told that it comes back. Refund the payment in full in Stripe, under its `payment_id`; this note goes once Stripe reports it. Nothing can be sent from here.",
	certification.AttentionCancel:        "Somebody asked Temporal to cancel this case. That has no effect: a case ends through its own signals. `retry-step` takes this note away.",
	certification.AttentionUnknown:       "A signal came that nobody handles: perhaps a misspelled name. It had no effect. `retry-step` takes this note away.",
}

// example is the JSON to send with an administrator's signal.
var example = map[certification.Signal]string{
	certification.SignalHold:           `{"reason": "records_check"}`,
	certification.SignalReleaseHold:    `{}`,
	certification.SignalExtendDeadline: `{"days": 7}`,
	certification.SignalWaiveFee:       `{"reason": "scholarship"}`,
	certification.SignalRetryStep:      `{}`,
	certification.SignalReassign:       `{"reviewer_id": "…"}`,
	certification.SignalSuspend:        `{"reason": "complaint"}`,
	certification.SignalReinstate:      `{}`,
	certification.SignalRevoke:         `{"reason": "ethics"}`,
	certification.SignalWake:           `{}`,
	certification.SignalStartNewRun:    `{}`,
}

func stageWords(stage certification.Stage) string {
	if stage == "" {
		return "registering"
	}
	return words(stage)
}

func words[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }

func instant(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
