package film_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/film"
)

// folder is an operator's folder with a copy of the sample.
type folder struct {
	*testing.T
	path     string
	manifest map[string]any
}

func copied(t *testing.T) *folder {
	t.Helper()
	f := &folder{T: t, path: t.TempDir()}
	require.NoError(t, os.CopyFS(f.path, os.DirFS("sample")))
	content, err := os.ReadFile(filepath.Join(f.path, "film.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &f.manifest))
	return f
}

// chapter is the first chapter, as film.json has it.
func (f *folder) chapter() map[string]any {
	return f.manifest["chapters"].([]any)[0].(map[string]any)
}

func (f *folder) captions() map[string]any { return f.chapter()["captions"].(map[string]any) }

func (f *folder) write(name, content string) {
	f.Helper()
	require.NoError(f, os.WriteFile(filepath.Join(f.path, name), []byte(content), 0o600))
}

func (f *folder) remove(name string) {
	f.Helper()
	require.NoError(f, os.Remove(filepath.Join(f.path, name)))
}

func (f *folder) load() (*film.Film, error) {
	f.Helper()
	encoded, err := json.Marshal(f.manifest)
	require.NoError(f, err)
	f.write("film.json", string(encoded))
	return film.Load(f.path)
}

func TestAnOperatorsFolderIsTaken(t *testing.T) {
	f := copied(t)
	f.manifest["version"], f.manifest["sample"] = "2026-1", false
	f.manifest["chapters"] = f.manifest["chapters"].([]any)[:2]
	own, err := f.load()
	require.NoError(t, err)
	require.Equal(t, "2026-1", own.Version)
	require.False(t, own.Sample)
	require.Len(t, own.Chapters, 2)
	require.Equal(t, own.Chapters[0].Seconds+own.Chapters[1].Seconds, own.Seconds())
}

func TestAFolderWithMistakesIsRefused(t *testing.T) {
	const cue = "00:00:01.000 --> 00:00:02.000\nWords\n"
	for name, test := range map[string]struct {
		spoil func(*folder)
		says  string
	}{
		"no seconds":              {func(f *folder) { f.chapter()["seconds"] = 0 }, "chapter welcome has 0 seconds: it must take some time"},
		"longer than its file":    {func(f *folder) { f.chapter()["seconds"] = 360 }, "chapter welcome has 360 seconds, but its file welcome.mp4 lasts"},
		"shorter than its file":   {func(f *folder) { f.chapter()["seconds"] = 3 }, "chapter welcome has 3 seconds, but its file welcome.mp4 lasts"},
		"no film":                 {func(f *folder) { f.remove("welcome.mp4") }, "chapter welcome names the file welcome.mp4, which cannot be read"},
		"a film that is none":     {func(f *folder) { f.write("welcome.mp4", "not a film at all") }, "welcome.mp4 of chapter welcome is not a film that can be read: it is not an MP4 file"},
		"a film that was cut":     {func(f *folder) { f.write("welcome.mp4", "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00") }, `it has no box "moov"`},
		"another kind of film":    {func(f *folder) { f.chapter()["file"] = "welcome.avi" }, `"welcome.avi" of chapter welcome is not a good name for its film`},
		"no poster":               {func(f *folder) { f.remove("welcome.png") }, "chapter welcome names the file welcome.png, which cannot be read"},
		"an empty poster":         {func(f *folder) { f.write("welcome.png", "") }, "chapter welcome names welcome.png, which is empty"},
		"a poster that is unsaid": {func(f *folder) { delete(f.chapter(), "poster") }, "chapter welcome has no poster"},
		"a folder in a name":      {func(f *folder) { f.captions()["en"] = "../welcome.en.vtt" }, `"../welcome.en.vtt" of chapter welcome is not a good name for its captions`},
		"a language without captions": {func(f *folder) { delete(f.captions(), "es") },
			`chapter welcome has no captions in "es"`},
		"a language without a title": {func(f *folder) { delete(f.chapter()["titles"].(map[string]any), "ar") },
			`chapter welcome has no title in "ar"`},
		"an empty title": {func(f *folder) { f.chapter()["titles"].(map[string]any)["ar"] = " " },
			`chapter welcome has an empty title in "ar"`},
		"a language without a transcript": {func(f *folder) { delete(f.chapter()["transcripts"].(map[string]any), "es") },
			`chapter welcome has no transcript in "es"`},
		"an empty transcript":       {func(f *folder) { f.write("welcome.es.txt", "\n\n") }, "the transcript welcome.es.txt of chapter welcome is empty"},
		"captions of no language":   {func(f *folder) { f.captions()["fr"] = "welcome.en.vtt" }, `chapter welcome has a captions in "fr", which is not among`},
		"captions that are missing": {func(f *folder) { f.remove("welcome.es.vtt") }, "chapter welcome names the file welcome.es.vtt, which cannot be read"},
		"captions that are none":    {func(f *folder) { f.write("welcome.es.vtt", "1\n"+cue) }, "welcome.es.vtt of chapter welcome: they do not begin with WEBVTT"},
		"captions without a cue":    {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n") }, "they have no cue"},
		"captions without words":    {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n") }, "cue 1 has no words"},
		"captions without a time":   {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n\n"+cue+"\n1,5 --> 2\nWords\n") }, "cue 2 has no time"},
		"captions after the end":    {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n\n00:10.000 --> 05:00.000\nWords\n") }, "cue 1 ends after the chapter does"},
		"captions out of order":     {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n\n00:05.000 --> 00:06.000\nB\n\n"+cue) }, "cue 2 begins before the one ahead of it"},
		"captions back in time":     {func(f *folder) { f.write("welcome.es.vtt", "WEBVTT\n\n00:05.000 --> 00:04.000\nB\n") }, "cue 1 ends before it begins"},
		"a chapter twice":           {func(f *folder) { f.chapter()["id"] = "steps" }, "chapter steps is there twice"},
		"an id that is an address":  {func(f *folder) { f.chapter()["id"] = "a/b" }, `the id "a/b" of a chapter`},
		"no chapters":               {func(f *folder) { f.manifest["chapters"] = []any{} }, "it has no chapters"},
		"no languages":              {func(f *folder) { f.manifest["languages"] = []any{} }, "it has no language"},
		"no version":                {func(f *folder) { delete(f.manifest, "version") }, `its version "" is not`},
		"a word that means nothing": {func(f *folder) { f.chapter()["second"] = 30 }, `film.json is not as it must be: json: unknown field "second"`},
	} {
		t.Run(name, func(t *testing.T) {
			f := copied(t)
			test.spoil(f)
			_, err := f.load()
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), f.path, "an error names the file, not where it lies")
		})
	}
}

func TestEveryMistakeIsSaidAtOnce(t *testing.T) {
	f := copied(t)
	f.chapter()["seconds"] = -1
	delete(f.captions(), "es")
	f.remove("after.mp4")
	_, err := f.load()
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 3)
}

func TestAFolderThatIsNotThere(t *testing.T) {
	_, err := film.Load(filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorContains(t, err, "opening the film's folder")
	_, err = film.Load(t.TempDir())
	require.ErrorContains(t, err, "has no film.json")
}

func TestALinkDoesNotLeadOutOfTheFolder(t *testing.T) {
	f := copied(t)
	outside := filepath.Join(t.TempDir(), "outside.txt")
	require.NoError(t, os.WriteFile(outside, []byte("not of the film"), 0o600))
	f.remove("welcome.es.txt")
	require.NoError(t, os.Symlink(outside, filepath.Join(f.path, "welcome.es.txt")))
	_, err := f.load()
	require.ErrorContains(t, err, "welcome.es.txt, which cannot be read")
}

func TestTheNearestLanguageAnswers(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	welcome, ok := sample.Chapter("welcome")
	require.True(t, ok)
	for asked, answers := range map[string]string{"es": "es", "es-MX": "es", "en-x-long": "en", "ko": "en", "": "en"} {
		require.Equal(t, answers, welcome.Language(asked))
		require.Equal(t, welcome.Title(answers), welcome.Title(asked))
		require.Equal(t, welcome.Transcript(answers), welcome.Transcript(asked))
	}
	_, ok = sample.Chapter("nothing")
	require.False(t, ok)
}
