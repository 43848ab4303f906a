// Package film is the introduction film that every applicant watches: its chapters,
// captions and transcripts, from the sample that is compiled in or from a folder of
// the operator's, and the handler that serves them.
package film

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

//go:embed sample
var sample embed.FS

// Film is the introduction film. It is safe for concurrent use and never changes.
type Film struct {
	// Version is part of every address, so that a film may be kept for long.
	Version string
	// Sample is true for a film that only shows how a film works; pages say so.
	Sample bool
	// Languages are those there are titles, captions and transcripts in, as BCP 47
	// tags. The first is the one that is spoken.
	Languages []string
	// Chapters are in the order in which they are watched.
	Chapters []Chapter

	files fs.FS
	// media has the media type of every file that may be served.
	media map[string]string
}

// Chapter is a part of the film.
type Chapter struct {
	// ID names the chapter in the API and in the records.
	ID string
	// Seconds is how long it takes, in whole seconds, and never longer than its file.
	Seconds int
	// File and Poster are names for Film.URL: the film and a picture for before it.
	File, Poster string

	titles      map[string]string
	captions    map[string]string
	transcripts map[string][]string
	languages   []string
}

// Load reads a film and checks it: the sample that is compiled in when folder is
// empty, an operator's own film otherwise. The error says every mistake of the
// folder in a sentence, one a line; docs/film.md has what belongs into it.
func Load(folder string) (*Film, error) {
	if folder == "" {
		files, err := fs.Sub(sample, "sample")
		if err != nil {
			return nil, fmt.Errorf("opening the sample film: %w", err)
		}
		return read(files)
	}
	// A root keeps links inside the folder from leading out of it.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the film's folder: %w", err)
	}
	read, err := read(root.FS())
	if err != nil {
		_ = root.Close() // the film is what is wrong
		return nil, err
	}
	return read, nil
}

// Seconds is how long all chapters take together.
func (f *Film) Seconds() int {
	seconds := 0
	for _, chapter := range f.Chapters {
		seconds += chapter.Seconds
	}
	return seconds
}

// Chapter finds a chapter by its id.
func (f *Film) Chapter(id string) (found Chapter, ok bool) {
	for _, chapter := range f.Chapters {
		if chapter.ID == id {
			return chapter, true
		}
	}
	return Chapter{}, false
}

// Title is the chapter's title in a language, or in the nearest that there is.
func (c Chapter) Title(language string) string { return c.titles[c.nearest(language)] }

// Transcript is all that is said, in paragraphs, in the same choice of language as
// Title.
func (c Chapter) Transcript(language string) []string { return c.transcripts[c.nearest(language)] }

// Language is the one that Title and Transcript answer in when they are asked for
// this one: pages need it for the lang attribute.
func (c Chapter) Language(asked string) string { return c.nearest(asked) }

// Track is one language's captions of a chapter.
type Track struct {
	Language string // BCP 47
	File     string // a name for Film.URL
}

// Tracks are the captions, one a language, the spoken language first.
func (c Chapter) Tracks() []Track {
	var tracks []Track
	for _, language := range c.languages {
		tracks = append(tracks, Track{language, c.captions[language]})
	}
	return tracks
}

// nearest is the language itself, the one it is a kind of ("es" for "es-MX"), or the
// spoken one.
func (c Chapter) nearest(language string) string {
	for language != "" {
		if _, known := c.titles[language]; known {
			return language
		}
		language = language[:max(strings.LastIndex(language, "-"), 0)]
	}
	return c.languages[0]
}
