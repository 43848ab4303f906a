package portal

import (
	"peercert/certification"
	"peercert/web"
)

// letterExample is a letter as it is kept.
func letterExample() example {
	return example{Name: "letter", Page: "letter", Title: "letter.application_received.subject", SignedIn: true, Content: func(frame web.Frame) any {
		say := frame.Localizer.Say
		line := letterLine(frame, exampleCase, exampleLetters(frame.Localizer)[0])
		return Letter{
			Language: frame.Language(), Direction: frame.Direction(), Detail: line.Detail,
			Sent: frame.Localizer.Say("letters.sent", map[string]any{"When": line.When}),
			Paragraphs: []Paragraph{
				{Lines: []string{say("letter.application_received.body_1", nil)}},
				{Heading: say("letter.next", nil), Lines: []string{say("home.application_review.text", nil)}},
				{Heading: say("home.yours", nil), Lines: []string{say("home.nothing.yours", nil)}},
				{Heading: say("home.ours", nil), Lines: []string{say("home.review.ours", map[string]any{"DueBy": frame.By(certification.EndOfDay(exampleNow.AddDate(0, 0, 14)))})}},
			},
		}
	}}
}
