package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"peercert/film"
)

// The film that is committed was made from the script that is committed.
func TestTheSampleIsWhatTheScriptSays(t *testing.T) {
	script, err := readScript()
	require.NoError(t, err)
	sample, err := film.Load("")
	require.NoError(t, err)
	require.Equal(t, script.languages(), sample.Languages)
	for language, said := range script.in {
		require.Len(t, sample.Chapters, len(said.Chapters))
		for i, chapter := range said.Chapters {
			require.Equal(t, chapter.Title, sample.Chapters[i].Title(language))
			var paragraphs []string
			for _, slide := range chapter.Slides {
				paragraphs = append(paragraphs, strings.Join(slide.Say, " "))
			}
			require.Equal(t, paragraphs, sample.Chapters[i].Transcript(language), "make film VERSION=… was not run after script/%s.json changed", language)
		}
	}
	require.NotEmpty(t, script.spoken.Sample, "every slide says that it is a sample")
}

func TestCaptionsFitTheScreen(t *testing.T) {
	script, err := readScript()
	require.NoError(t, err)
	for _, said := range script.in {
		for _, chapter := range said.Chapters {
			for _, slide := range chapter.Slides {
				for _, sentence := range slide.Say {
					lines := strings.Split(broken(sentence), "\n")
					require.LessOrEqual(t, len(lines), 3, sentence)
					require.Equal(t, sentence, strings.Join(lines, " "))
					for _, line := range lines {
						require.LessOrEqual(t, utf8.RuneCountInString(line), longestLine+4, line)
					}
				}
			}
		}
	}
}

func TestChaptersEndOnAWholeSecond(t *testing.T) {
	var voice track
	voice.silence(1300 * time.Millisecond)
	voice.wholeSecond()
	require.Equal(t, 2*time.Second, voice.length())
	voice.wholeSecond()
	require.Equal(t, 2*time.Second, voice.length())
	samples, err := samplesOf(voice.wav())
	require.NoError(t, err)
	require.Empty(t, samples, "silence at the end is cut")
}
