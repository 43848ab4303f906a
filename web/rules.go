package web

import "peercert/certification"

// Rules are the numbers of a policy in words, as the variables of the sentences that
// say them: on pages, in letters and in what is found in answers. What the clocks do and
// what people read is one value.
func (l *Localizer) Rules(policy certification.Policy) map[string]any {
	rules := map[string]any{"TrainingFrom": ""}
	for name, span := range map[string]struct {
		unit  string
		count int
	}{
		"ReviewDays":         {"days", policy.ReviewDays},
		"ResultsDays":        {"days", policy.ResultsNoticeDays},
		"RenewalOpensDays":   {"days", policy.RenewalOpensDays},
		"TrainingHours":      {"hours", policy.TrainingHours},
		"ContinuingHours":    {"hours", policy.ContinuingHours},
		"EthicsHours":        {"hours", policy.LawAndEthicsHours},
		"TrainingValidYears": {"years", policy.TrainingValidYears},
		"MinimumAge":         {"years", policy.MinimumAgeYears},
	} {
		rules[name] = l.Say("span."+span.unit, map[string]any{"Count": span.count})
	}
	if day, is := policy.FirstTrainingDay().Day(); is {
		rules["TrainingFrom"] = l.Date(day)
	}
	return rules
}
