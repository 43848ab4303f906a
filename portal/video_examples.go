package portal

import (
	"fmt"

	"peercert/cases"
	"peercert/film"
	"peercert/web"
)

func videoExamples() []example {
	chapter := func(name string, watched bool) example {
		return example{Name: name, Page: "chapter", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			content := Chapter{
				Question: Question{Key: "key", Action: "/", Button: frame.Localizer.Say("video.chapter_watched", nil)}, Watched: watched, Seconds: 30,
				Next: web.Button{Label: frame.Localizer.Say("video.all", nil), Address: "/"},
			}
			content.fill(sampleFilm(), frame.Language(), "welcome")
			return content
		}}
	}
	return []example{
		chapter("chapter", false), chapter("chapter watched", true),
		{Name: "video", Page: "video", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			return videoContent(frame, exampleProgress(frame, 2), exampleCase, false, true)
		}},
		{Name: "video watched", Page: "video", Title: "video.title", SignedIn: true, Content: func(frame web.Frame) any {
			return videoContent(frame, exampleProgress(frame, 5), exampleCase, true, true)
		}},
	}
}

func sampleFilm() *film.Film {
	sample, err := film.Load("")
	if err != nil { // it is compiled in, and tested
		panic(fmt.Sprintf("portal: loading the sample film: %v", err))
	}
	return sample
}

func exampleProgress(frame web.Frame, watched int) cases.VideoProgress {
	progress := cases.VideoProgress{Complete: watched == 5}
	for i, of := range sampleFilm().Chapters {
		chapter := cases.WatchedChapter{Chapter: cases.Chapter{ID: of.ID, Title: of.Title(frame.Language()), Seconds: of.Seconds}}
		if i < watched {
			chapter.OpenedAt, chapter.FinishedAt = exampleNow, exampleNow
		}
		progress.Chapters = append(progress.Chapters, chapter)
	}
	return progress
}
