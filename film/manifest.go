package film

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// manifest is film.json.
type manifest struct {
	Version   string   `json:"version"`
	Sample    bool     `json:"sample"`
	Languages []string `json:"languages"`
	Chapters  []struct {
		ID          string            `json:"id"`
		Seconds     int               `json:"seconds"`
		File        string            `json:"file"`
		Poster      string            `json:"poster"`
		Titles      map[string]string `json:"titles"`
		Captions    map[string]string `json:"captions"`
		Transcripts map[string]string `json:"transcripts"`
	} `json:"chapters"`
}

var (
	// A version is a part of an address, an id one of the API's, a file one name.
	goodVersion  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)
	goodID       = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	goodLanguage = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	goodFile     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
)

// kinds are the kinds of files a film has, by the endings of their names.
var kinds = map[string]map[string]string{
	"film":       {".mp4": "video/mp4"},
	"poster":     {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"},
	"captions":   {".vtt": "text/vtt; charset=utf-8"},
	"transcript": {".txt": "text/plain; charset=utf-8"},
}

// longestText bounds what is read of captions and transcripts: they are words.
const longestText = 1 << 20

// reader gathers the film and all that is wrong with it.
type reader struct {
	film  *Film
	wrong []error
}

func (r *reader) refuse(format string, arguments ...any) {
	r.wrong = append(r.wrong, fmt.Errorf("the film: "+format, arguments...))
}

// read reads film.json and all it names, and checks one against the other.
func read(files fs.FS) (*Film, error) {
	content, err := fs.ReadFile(files, "film.json")
	if err != nil {
		return nil, fmt.Errorf("the film: its folder has no film.json that can be read: %w", err)
	}
	var m manifest
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("the film: film.json is not as it must be: %w", err)
	}
	r := &reader{film: &Film{
		Version: m.Version, Sample: m.Sample, Languages: slices.Clone(m.Languages),
		files: files, media: map[string]string{},
	}}
	r.head(m)
	for _, described := range m.Chapters {
		name := "chapter " + described.ID
		chapter := Chapter{
			ID: described.ID, Seconds: described.Seconds, File: described.File, Poster: described.Poster,
			titles: described.Titles, captions: described.Captions, transcripts: map[string][]string{}, languages: r.film.Languages,
		}
		if !goodID.MatchString(chapter.ID) {
			r.refuse("the id %q of a chapter is not lower case letters, digits and hyphens", chapter.ID)
		} else if _, twice := r.film.Chapter(chapter.ID); twice {
			r.refuse("%s is there twice", name)
		}
		lasts := r.length(name, chapter)
		if r.file(name, "poster", chapter.Poster) {
			r.text(name, chapter.Poster, false)
		}
		r.languages(name, "title", described.Titles)
		r.languages(name, "captions", described.Captions)
		r.languages(name, "transcript", described.Transcripts)
		for _, language := range r.film.Languages {
			if title, has := described.Titles[language]; has && strings.TrimSpace(title) == "" {
				r.refuse("%s has an empty title in %q", name, language)
			}
			if file, has := described.Captions[language]; has && r.file(name, "captions", file) {
				if said, ok := r.text(name, file, true); ok {
					if err := checkCaptions(said, lasts); err != nil {
						r.refuse("the captions %s of %s: %w", file, name, err)
					}
				}
			}
			if file, has := described.Transcripts[language]; has && r.file(name, "transcript", file) {
				if said, ok := r.text(name, file, true); ok {
					if chapter.transcripts[language] = paragraphs(said); len(chapter.transcripts[language]) == 0 {
						r.refuse("the transcript %s of %s is empty", file, name)
					}
				}
			}
		}
		r.film.Chapters = append(r.film.Chapters, chapter)
	}
	if err := errors.Join(r.wrong...); err != nil {
		return nil, err
	}
	return r.film, nil
}

// head checks what is said about the whole film.
func (r *reader) head(m manifest) {
	if !goodVersion.MatchString(m.Version) {
		r.refuse("its version %q is not lower case letters, digits, dots, hyphens", m.Version)
	}
	if len(m.Languages) == 0 {
		r.refuse("it has no language: list the one that is spoken first")
	}
	for i, language := range m.Languages {
		if !goodLanguage.MatchString(language) {
			r.refuse("%q is not a language tag such as en or es-MX", language)
		}
		if slices.Contains(m.Languages[:i], language) {
			r.refuse("the language %q is there twice", language)
		}
	}
	if len(m.Chapters) == 0 {
		r.refuse("it has no chapters")
	}
}

// languages checks that there is one of each language of the film, and no other.
func (r *reader) languages(chapter, what string, has map[string]string) {
	for _, language := range r.film.Languages {
		if _, ok := has[language]; !ok {
			r.refuse("%s has no %s in %q", chapter, what, language)
		}
	}
	for _, language := range slices.Sorted(maps.Keys(has)) {
		if !slices.Contains(r.film.Languages, language) {
			r.refuse("%s has a %s in %q, which is not among the film's languages", chapter, what, language)
		}
	}
}

// length checks the seconds of a chapter against its file, and gives the file's own,
// 0 if it cannot be read. Longer than the file would refuse somebody who watched to
// the end; much shorter would let a chapter count before it ended.
func (r *reader) length(name string, chapter Chapter) time.Duration {
	if chapter.Seconds <= 0 {
		r.refuse("%s has %d seconds: it must take some time", name, chapter.Seconds)
	}
	if !r.file(name, "film", chapter.File) {
		return 0
	}
	file, err := r.film.files.Open(chapter.File)
	if err != nil {
		r.refuse("%s names the file %s, which cannot be read: %w", name, chapter.File, err)
		return 0
	}
	defer file.Close()
	content, ok := file.(io.ReadSeeker)
	if !ok {
		r.refuse("%s names %s, which is not a file", name, chapter.File)
		return 0
	}
	lasts, err := mp4Length(content)
	if err != nil {
		r.refuse("the file %s of %s is not a film that can be read: %w", chapter.File, name, err)
		return 0
	}
	says := time.Duration(chapter.Seconds) * time.Second
	if says > 0 && (says > lasts || lasts-says >= time.Second) {
		r.refuse("%s has %d seconds, but its file %s lasts %.1f: write %d", name, chapter.Seconds, chapter.File, lasts.Seconds(), int(lasts.Seconds()))
	}
	return lasts
}

// file checks the name of a file and lets it be served.
func (r *reader) file(chapter, kind, name string) bool {
	if name == "" {
		r.refuse("%s has no %s", chapter, kind)
		return false
	}
	media, known := kinds[kind][strings.ToLower(path.Ext(name))]
	if !goodFile.MatchString(name) || !known {
		r.refuse("%q of %s is not a good name for its %s: a name without folders that ends in %s",
			name, chapter, kind, strings.Join(slices.Sorted(maps.Keys(kinds[kind])), " or "))
		return false
	}
	r.film.media[name] = media
	return true
}

// text reads a small file. A picture is only looked for.
func (r *reader) text(chapter, name string, words bool) (content string, ok bool) {
	file, err := r.film.files.Open(name)
	if err != nil {
		r.refuse("%s names the file %s, which cannot be read: %w", chapter, name, err)
		return "", false
	}
	defer file.Close()
	about, err := file.Stat()
	switch {
	case err != nil || !about.Mode().IsRegular() || about.Size() == 0:
		r.refuse("%s names %s, which is empty or not a file", chapter, name)
		return "", false
	case !words:
		return "", true
	case about.Size() > longestText:
		r.refuse("%s of %s is too long for words", name, chapter)
		return "", false
	}
	read, err := io.ReadAll(file)
	if err != nil {
		r.refuse("%s names the file %s, which cannot be read: %w", chapter, name, err)
		return "", false
	}
	return string(read), true
}

// paragraphs are what empty lines divide.
func paragraphs(text string) []string {
	var found []string
	for _, paragraph := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if said := strings.Join(strings.Fields(paragraph), " "); said != "" {
			found = append(found, said)
		}
	}
	return found
}
