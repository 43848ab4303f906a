package portal

import (
	"slices"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// why says why somebody of ours stopped, refused or took away something, in the words of
// the codes that they gave. events begin with the newest.
func why(words *web.Localizer, view cases.View, events []cases.Event) []string {
	var all []string
	cause := func(signal certification.Signal) {
		all = append(all, words.Say(causeKey(signal, causeOf(events, signal)), nil))
	}
	revoked := view.Stage == certification.StageRevoked || view.Stage == certification.StageClosed && view.Outcome == certification.OutcomeRevoked ||
		view.Stage == certification.StageAppealReview && view.AppealFrom == certification.StageRevoked
	switch {
	case view.OnHold:
		cause(certification.SignalHold)
	case view.Stage == certification.StageDenied, view.Stage == certification.StageClosed && view.Outcome == certification.OutcomeDenied:
		for _, code := range denialReasons(events) {
			if sentence := reasonSays(words, code, "wrong", view.Policy); !slices.Contains(all, sentence) {
				all = append(all, sentence)
			}
		}
	}
	if view.Suspended {
		cause(certification.SignalSuspend)
	}
	if revoked {
		cause(certification.SignalRevoke)
	}
	return all
}

// causeOf is the code that was given with the last signal of its kind; empty if none was,
// or if it is too long ago to be among the events.
func causeOf(events []cases.Event, signal certification.Signal) string {
	for _, event := range events {
		if event.Signal == signal && !event.Void && event.Ignored == "" {
			return event.Details.Code
		}
	}
	return ""
}

// causeKey names the words for a cause.
func causeKey(signal certification.Signal, code string) string {
	return "cause." + string(signal) + "." + certification.ToldCause(signal, code)
}
