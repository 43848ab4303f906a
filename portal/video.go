package portal

import (
	"math"
	"net/http"

	"peercert/cases"
	"peercert/certification"
	"peercert/film"
	"peercert/web"
)

func (p *portal) videoRoutes() []route {
	return []route{
		{get, "/:language/cases/:case/video", owner, (*visit).video},
		{get, "/:language/cases/:case/video/:chapter", owner, (*visit).chapter},
		{post, "/:language/cases/:case/video/:chapter", owner, (*visit).chapterWatched},
		{post, "/:language/cases/:case/video", owner, (*visit).videoWatched},
	}
}

// Video is the page of the introduction video: its chapters and how far one is.
type Video struct {
	Question
	Groups   []web.TaskGroup
	Progress string
	Complete bool // every chapter was watched: the button goes on
	Next     *web.Button
	Sample   bool
}

func (v *visit) video() error {
	progress, err := v.Cases.VideoProgress(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	frame := v.frame("video.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	for i := range progress.Chapters {
		progress.Chapters[i].Title = v.chapterTitle(progress.Chapters[i].ID)
	}
	content := videoContent(frame, progress, v.view.ID, v.view.Stage == certification.StageIntroVideo, v.Film.Sample)
	content.Key = v.key()
	return show(v, http.StatusOK, "video", frame, content)
}

// videoContent is the page for how far somebody came. here says that the case waits for
// the video: afterwards it can be watched again and nothing follows from it.
func videoContent(frame web.Frame, progress cases.VideoProgress, caseID string, here, sample bool) Video {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	address := frame.Link("/cases/" + caseID + "/video")
	content := Video{Question: Question{Action: address, Button: say("video.go_on")}, Sample: sample}
	content.Complete = progress.Complete && here
	group, done := web.TaskGroup{}, 0
	for i, chapter := range progress.Chapters {
		task := web.Task{
			Label: chapter.Title, Address: address + "/" + chapter.ID, Tone: "todo", Status: say("video.to_watch"),
			Hint: frame.Localizer.Say("video.length", map[string]any{"Count": max(1, (chapter.Seconds+30)/60)}),
		}
		switch {
		case !chapter.FinishedAt.IsZero():
			task.Tone, task.Status, done = "done", say("video.watched"), done+1
		case content.Next == nil:
			label := "video.continue"
			if i == 0 {
				label = "video.begin"
			}
			content.Next = &web.Button{Label: say(label), Address: task.Address}
		}
		group.Tasks = append(group.Tasks, task)
	}
	content.Groups = []web.TaskGroup{group}
	content.Progress = frame.Localizer.Say("video.progress", map[string]any{"Done": done, "Count": len(progress.Chapters)})
	return content
}

// Chapter is the page of one chapter.
type Chapter struct {
	Question
	File, Poster string
	Captions     []Caption
	Transcript   []string
	// TranscriptLanguage is the reader's, or the one the film is spoken in.
	TranscriptLanguage string
	Watched            bool
	// Next follows a chapter that was watched: another one, or the list.
	Next    web.Button
	Seconds int // after so many the button counts
}

// Caption is a track of words for a chapter.
type Caption struct {
	Language, Label, File string
	Default               bool
}

func (v *visit) chapter() error { return v.chapterPage(false) }

// chapterPage shows a chapter; early says that it was called watched before it can count.
func (v *visit) chapterPage(early bool) error {
	ctx := v.Request.Context()
	found, progress, err := v.findChapter()
	if err != nil {
		return err
	}
	// From now its length counts. Being asked for again does not begin it again.
	if found.OpenedAt.IsZero() && v.view.Stage == certification.StageIntroVideo {
		if progress, err = v.Cases.Watch(ctx, v.actor, cases.Watch{
			CaseID: v.view.ID, Key: "opened:" + v.view.ID + ":" + found.ID, Chapter: found.ID, Event: "opened",
		}); err != nil {
			return err
		}
	}
	frame := v.frame("video.title", nil)
	frame.Title = v.chapterTitle(found.Chapter.ID)
	frame.Back = frame.Link(v.casePath("/video"))
	content := Chapter{
		Question: Question{Key: v.key(), Action: v.Request.URL.Path, Button: v.words.Say("video.chapter_watched", nil)},
		Watched:  !found.FinishedAt.IsZero(),
	}
	for _, chapter := range progress.Chapters {
		if chapter.ID == found.ID && !chapter.CountsAt.IsZero() {
			content.Seconds = max(0, int(math.Ceil(chapter.CountsAt.Sub(v.Now()).Seconds())))
		}
	}
	content.Next = web.Button{Label: v.words.Say("video.all", nil), Address: frame.Link(v.casePath("/video"))}
	for _, chapter := range progress.Chapters {
		if chapter.FinishedAt.IsZero() {
			content.Next = web.Button{Label: v.words.Say("video.continue", nil), Address: frame.Link(v.casePath("/video/" + chapter.ID))}
			break
		}
	}
	content.fill(v.Film, v.words.Language(), found.ID)
	if early {
		frame.Problems = []web.Problem{{ID: "film", Text: tooEarly(v.words, content.Seconds)}}
	}
	return show(v, http.StatusOK, "chapter", frame, content)
}

// tooEarly says in how many seconds, or minutes if they are many, a chapter can count.
func tooEarly(words *web.Localizer, seconds int) string {
	if seconds > 90 {
		return words.Say("video.too_early_minutes", map[string]any{"Count": (seconds + 59) / 60})
	}
	return words.Say("video.too_early_seconds", map[string]any{"Count": max(1, seconds)})
}

// chapterTitle is the title of a chapter in the reader's language.
func (v *visit) chapterTitle(id string) string {
	chapter, _ := v.Film.Chapter(id)
	return chapter.Title(v.words.Language())
}

// fill adds what is to be watched, heard and read.
func (c *Chapter) fill(shown *film.Film, language, id string) {
	chapter, found := shown.Chapter(id)
	if !found {
		return
	}
	c.File, c.Poster, c.Transcript = shown.URL(chapter.File), shown.URL(chapter.Poster), chapter.Transcript(language)
	c.TranscriptLanguage = chapter.Language(language)
	for _, track := range chapter.Tracks() {
		c.Captions = append(c.Captions, Caption{
			Language: track.Language, Label: web.Words(track.Language).Name(), File: shown.URL(track.File), Default: track.Language == c.TranscriptLanguage,
		})
	}
}

func (v *visit) findChapter() (cases.WatchedChapter, cases.VideoProgress, error) {
	progress, err := v.Cases.VideoProgress(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return cases.WatchedChapter{}, progress, err
	}
	for _, chapter := range progress.Chapters {
		if chapter.ID == v.Param("chapter") {
			return chapter, progress, nil
		}
	}
	return cases.WatchedChapter{}, progress, certification.NotFound()
}

func (v *visit) chapterWatched() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	found, _, err := v.findChapter()
	if err != nil {
		return err
	}
	progress, err := v.Cases.Watch(v.Request.Context(), v.actor, cases.Watch{CaseID: v.view.ID, Key: v.key(), Chapter: found.ID, Event: "finished"})
	if _, is := refusedWith(err, certification.RefusedInvalid); is {
		return v.chapterPage(true)
	}
	if err != nil {
		return err
	}
	for _, chapter := range progress.Chapters {
		if chapter.FinishedAt.IsZero() {
			v.redirect(v.casePath("/video/" + chapter.ID))
			return nil
		}
	}
	v.redirect(v.casePath("/video"))
	return nil
}

func (v *visit) videoWatched() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	_, err := v.send(&certification.CompleteIntroVideo{})
	if refusal, is := certification.RefusalOf(err); is {
		switch refusal.Type {
		case certification.RefusedInvalid:
			v.redirect(v.casePath("/video"))
			return nil
		case certification.RefusedWrongStage:
			v.redirect(v.casePath(""))
			return nil
		}
	}
	if err != nil {
		return err
	}
	v.redirect(v.casePath("/application"))
	return nil
}
