package portal

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"peercert/cases"
	"peercert/certification"
)

// because is an event of somebody of ours, with the code that they gave.
func because(signal certification.Signal, code string) cases.Event {
	return cases.Event{At: exampleNow, Event: certification.Event{Signal: signal, Details: certification.EventDetails{Code: code}}}
}

// denied is a decision against, for some reasons.
func denied(signal certification.Signal, reasons ...certification.ReasonCode) cases.Event {
	return cases.Event{At: exampleNow, Event: certification.Event{Signal: signal, Details: certification.EventDetails{Decision: certification.DecisionDeny, Reasons: reasons}}}
}

func TestHomeSaysWhy(t *testing.T) {
	revoked := because(certification.SignalRevoke, "ethics")
	void := because(certification.SignalRevoke, "fraud")
	void.Void = true
	no := denied(certification.SignalDecideApplication, "NO_DIPLOMA", "UNDER_18", "NO_DIPLOMA")
	closed := func(outcome certification.Outcome) func(*cases.View) {
		return func(v *cases.View) { v.Outcome = outcome }
	}
	suspend := func(v *cases.View) { v.Suspended = true }
	for name, test := range map[string]struct {
		stage  certification.Stage
		change func(*cases.View)
		events []cases.Event // the newest first
		want   []string
	}{
		"under review":        {certification.StageApplicationReview, nil, []cases.Event{because(certification.SignalHold, "records_check")}, nil},
		"on hold":             {certification.StageTraining, hold, []cases.Event{because(certification.SignalHold, "records_check"), because(certification.SignalHold, "applicant_asked")}, []string{"[cause.hold.records_check]"}},
		"on hold, own code":   {certification.StageTraining, hold, []cases.Event{because(certification.SignalHold, "flood")}, []string{"[cause.hold.other]"}},
		"on hold, no code":    {certification.StageTraining, hold, nil, []string{"[cause.hold.other]"}},
		"suspended":           {certification.StageCertified, suspend, []cases.Event{because(certification.SignalSuspend, "complaint")}, []string{"[cause.suspend.complaint]"}},
		"suspended, renewing": {certification.StageRenewal, suspend, []cases.Event{because(certification.SignalSuspend, "investigation")}, []string{"[cause.suspend.investigation]"}},
		"suspended and on hold": {certification.StageCertified, func(v *cases.View) { suspend(v); hold(v) }, []cases.Event{
			because(certification.SignalHold, "applicant_asked"), because(certification.SignalSuspend, "complaint"),
		}, []string{"[cause.hold.applicant_asked]", "[cause.suspend.complaint]"}},
		"revoked":                   {certification.StageRevoked, nil, []cases.Event{void, revoked}, []string{"[cause.revoke.ethics]"}},
		"appeal after a revocation": {certification.StageAppealReview, func(v *cases.View) { v.AppealFrom = certification.StageRevoked }, []cases.Event{revoked}, []string{"[cause.revoke.ethics]"}},
		"revoked for good":          {certification.StageClosed, closed(certification.OutcomeRevoked), []cases.Event{revoked}, []string{"[cause.revoke.ethics]"}},
		"denied":                    {certification.StageDenied, nil, []cases.Event{no}, []string{"[reason.NO_DIPLOMA.wrong]", "[reason.UNDER_18.wrong [span.years 18]]"}},
		"closed, denied":            {certification.StageClosed, closed(certification.OutcomeDenied), []cases.Event{no}, []string{"[reason.NO_DIPLOMA.wrong]", "[reason.UNDER_18.wrong [span.years 18]]"}},
		"closed after an appeal": {certification.StageClosed, closed(certification.OutcomeDenied), []cases.Event{denied(certification.SignalDecideAppeal), no},
			[]string{"[reason.NO_DIPLOMA.wrong]", "[reason.UNDER_18.wrong [span.years 18]]"}},
		"withdrawn": {certification.StageClosed, closed(certification.OutcomeWithdrawn), []cases.Event{no}, nil},
	} {
		assert.Equal(t, test.want, keysOf(t, exampleView(test.stage, test.change), test.events).Why, name)
	}
}
