package portal

import (
	"peercert/cases"
	"peercert/web"
)

func videoExamples() []example {
	chapter := func(name string, watched bool) example {
		return example{Name: name, Page: "chapter", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			return Chapter{
				Question: Question{Key: "key", Action: "/", Button: frame.Localizer.Say("video.chapter_watched", nil)}, Watched: watched,
				Next: web.Button{Label: frame.Localizer.Say("video.all", nil), Address: "/"},
				File: "/film/sample/welcome.mp4", Poster: "/film/sample/welcome.jpg", Seconds: 30,
				Captions:   []Caption{{Language: frame.Language(), Label: frame.Localizer.Say("language.name", nil), File: "/film/sample/welcome.vtt", Default: true}},
				Transcript: []string{frame.Localizer.Say("video.intro", nil)}, TranscriptLanguage: frame.Language(),
			}
		}}
	}
	return []example{
		chapter("chapter", false), chapter("chapter watched", true),
		{Name: "video", Page: "video", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			return videoContent(frame, exampleProgress(2), exampleCase, false, true)
		}},
		{Name: "video watched", Page: "video", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			return videoContent(frame, exampleProgress(5), exampleCase, true, true)
		}},
	}
}

func exampleProgress(watched int) cases.VideoProgress {
	progress := cases.VideoProgress{Complete: watched == 5}
	for i, id := range []string{"welcome", "steps", "ethics", "exam", "after"} {
		chapter := cases.WatchedChapter{Chapter: cases.Chapter{ID: id, Title: id, Seconds: 40}}
		if i < watched {
			chapter.OpenedAt, chapter.FinishedAt = exampleNow, exampleNow
		}
		progress.Chapters = append(progress.Chapters, chapter)
	}
	return progress
}
