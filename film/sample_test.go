package film_test

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"peercert/film"
)

// Load itself compares seconds, captions and files; here is what only the sample
// promises.
func TestTheSampleIsComplete(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	require.True(t, sample.Sample)
	require.Equal(t, []string{"en", "ar", "es"}, sample.Languages)
	var ids []string
	for _, chapter := range sample.Chapters {
		ids = append(ids, chapter.ID)
		require.GreaterOrEqual(t, chapter.Seconds, 30)
		require.LessOrEqual(t, chapter.Seconds, 50)
		require.Len(t, chapter.Tracks(), 3)
		for _, language := range []string{"es", "ar"} {
			require.NotEqual(t, chapter.Title("en"), chapter.Title(language))
			require.Len(t, chapter.Transcript(language), len(chapter.Transcript("en")), "a paragraph a slide in each language")
		}
		for _, paragraph := range chapter.Transcript("ar") {
			require.True(t, strings.ContainsFunc(paragraph, func(r rune) bool { return unicode.Is(unicode.Arabic, r) }))
		}
	}
	require.Equal(t, []string{"welcome", "steps", "ethics", "exam", "after"}, ids, "progress is recorded under these names")
}

func TestTheSampleIsSmall(t *testing.T) {
	var bytes int64
	require.NoError(t, filepath.WalkDir("sample", func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		if !entry.IsDir() {
			about, err := entry.Info()
			require.NoError(t, err)
			bytes += about.Size()
		}
		return nil
	}))
	require.Less(t, bytes, int64(5_000_000))
}

// With its index in front a film begins before all of it has come, which on a slow
// phone is the difference.
func TestTheSamplePlaysWhileItLoads(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	for _, chapter := range sample.Chapters {
		content, err := os.ReadFile(filepath.Join("sample", chapter.File))
		require.NoError(t, err)
		var order []string
		for at := 0; at+8 <= len(content); {
			order = append(order, string(content[at+4:at+8]))
			size := int(binary.BigEndian.Uint32(content[at:]))
			require.GreaterOrEqual(t, size, 8)
			at += size
		}
		require.Contains(t, order, "moov")
		require.Contains(t, order, "mdat")
		require.Less(t, strings.Index(strings.Join(order, " "), "moov"), strings.Index(strings.Join(order, " "), "mdat"))
	}
}

// What is heard is what can be read: captions and transcript are the same words.
func TestCaptionsAndTranscriptAgree(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	for _, chapter := range sample.Chapters {
		for _, track := range chapter.Tracks() {
			content, err := os.ReadFile(filepath.Join("sample", track.File))
			require.NoError(t, err)
			var said []string
			for _, line := range strings.Split(string(content), "\n")[1:] {
				if !strings.Contains(line, "-->") {
					said = append(said, strings.Fields(line)...)
				}
			}
			require.Equal(t, strings.Join(chapter.Transcript(track.Language), " "), strings.Join(said, " "), track.File)
		}
	}
}

// Files that nothing names would be compiled in and never served.
func TestTheSampleHasNoOtherFiles(t *testing.T) {
	sample, err := film.Load("")
	require.NoError(t, err)
	named := map[string]bool{"film.json": true}
	for _, chapter := range sample.Chapters {
		named[chapter.File], named[chapter.Poster] = true, true
		for _, track := range chapter.Tracks() {
			named[track.File] = true
			named[strings.TrimSuffix(track.File, ".vtt")+".txt"] = true
		}
	}
	entries, err := os.ReadDir("sample")
	require.NoError(t, err)
	for _, entry := range entries {
		require.True(t, named[entry.Name()], entry.Name())
	}
	require.Len(t, entries, len(named))
}
