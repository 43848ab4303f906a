package portal

import (
	"peercert/certification"
	"peercert/web"
)

// letterExample is a letter as it is kept.
func letterExample() example {
	return example{Name: "letter", Page: "letter", Title: "letter.application_received.subject", SignedIn: true, Content: func(frame web.Frame) any {
		line := letterLine(frame, exampleCase, exampleLetters(frame.Localizer)[0])
		return Letter{
			Language: frame.Language(), Direction: frame.Direction(), Detail: line.Detail,
			Sent: frame.Localizer.Say("letters.sent", map[string]any{"When": line.When}),
			Paragraphs: []string{
				frame.Localizer.Say("letter.application_received.body_1", nil),
				frame.Localizer.Say("letter.application_received.next_1", map[string]any{
					"DueBy": frame.By(certification.EndOfDay(exampleNow.AddDate(0, 0, 14))),
				}),
			},
		}
	}}
}
