package portal

import (
	"strings"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// letterExamples are a letter as it is kept, in every state.
func letterExamples() []example {
	letter := func(words *web.Localizer) cases.Letter {
		say := func(key string) string { return words.Say(key, nil) }
		letter := exampleLetters(words)[0]
		letter.Headings = []string{say("letter.next"), say("home.yours"), say("home.ours")}
		letter.Text = strings.Join([]string{
			say("letter.application_received.body_1"),
			say("letter.next") + "\n" + say("home.application_review.text"),
			say("home.yours") + "\n" + say("home.nothing.yours"),
			say("home.ours") + "\n" + words.Say("home.review.ours", map[string]any{"DueBy": words.By(certification.EndOfDay(exampleNow.AddDate(0, 0, 14)))}),
		}, "\n\n")
		return letter
	}
	one := func(name string, of func(web.Frame) cases.Letter) example {
		return example{Name: name, Page: "letter", Title: "letter.application_received.subject", SignedIn: true, Content: func(frame web.Frame) any {
			return letterContent(frame, of(frame))
		}}
	}
	return []example{
		one("letter", func(frame web.Frame) cases.Letter { return letter(frame.Localizer) }),
		one("letter not sent", func(frame web.Frame) cases.Letter {
			waits := letter(frame.Localizer)
			waits.SentAt = time.Time{}
			return waits
		}),
		one("letter in another language", func(frame web.Frame) cases.Letter {
			if frame.Language() == "en" {
				return letter(web.Words("es"))
			}
			return letter(web.Words("en"))
		}),
		one("letter erased", func(frame web.Frame) cases.Letter {
			erased := exampleLetters(frame.Localizer)[0]
			erased.ErasedAt = exampleNow
			return erased
		}),
	}
}
