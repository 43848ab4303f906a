package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Pauses that make the voice calm.
const (
	beforeFirst     = 900 * time.Millisecond
	betweenSentence = 550 * time.Millisecond
	betweenSlides   = 1200 * time.Millisecond
	afterLast       = 1200 * time.Millisecond
)

// manifest is what film.json says; package film reads it.
type manifest struct {
	Version   string    `json:"version"`
	Sample    bool      `json:"sample"`
	Languages []string  `json:"languages"`
	Chapters  []chapter `json:"chapters"`
}

type chapter struct {
	ID          string            `json:"id"`
	Seconds     int               `json:"seconds"`
	File        string            `json:"file"`
	Poster      string            `json:"poster"`
	Titles      map[string]string `json:"titles"`
	Captions    map[string]string `json:"captions"`
	Transcripts map[string]string `json:"transcripts"`
}

// maker makes chapters: it works in one folder and leaves the film in another.
type maker struct{ browser, work, into string }

// cue is when a sentence is heard.
type cue struct{ from, to time.Duration }

// chapter makes the files of one chapter.
func (m maker) chapter(ctx context.Context, s script, number int) (chapter, error) {
	spoken := s.spoken.Chapters[number]
	made := chapter{
		ID: spoken.ID, File: spoken.ID + ".mp4", Poster: spoken.ID + ".png",
		Titles: map[string]string{}, Captions: map[string]string{}, Transcripts: map[string]string{},
	}
	var voice track
	var cues []cue
	var pictures []picture
	voice.silence(beforeFirst)
	for i, slide := range spoken.Slides {
		begins := voice.length()
		if i == 0 {
			begins = 0
		}
		for j, sentence := range slide.Say {
			from := voice.length()
			if err := voice.say(ctx, m.work, sentence); err != nil {
				return chapter{}, err
			}
			cues = append(cues, cue{from, voice.length()})
			if j < len(slide.Say)-1 {
				voice.silence(betweenSentence)
			}
		}
		if i < len(spoken.Slides)-1 {
			voice.silence(betweenSlides)
		} else {
			voice.silence(afterLast)
			voice.wholeSecond()
		}
		drawn := filepath.Join(m.work, fmt.Sprintf("%s-%d.png", spoken.ID, i))
		if err := m.draw(ctx, drawn, slideWords{s.spoken.Sample, slide.Heading, spoken.Title, slide.Lines}); err != nil {
			return chapter{}, err
		}
		pictures = append(pictures, picture{drawn, voice.length() - begins})
	}
	made.Seconds = int(voice.length() / time.Second)
	if err := m.encode(ctx, pictures, voice, made); err != nil {
		return chapter{}, err
	}
	for language, said := range s.in {
		translated := said.Chapters[number]
		made.Titles[language] = translated.Title
		made.Captions[language] = spoken.ID + "." + language + ".vtt"
		made.Transcripts[language] = spoken.ID + "." + language + ".txt"
		var sentences, paragraphs []string
		for _, slide := range translated.Slides {
			sentences = append(sentences, slide.Say...)
			paragraphs = append(paragraphs, strings.Join(slide.Say, " "))
		}
		if err := m.write(made.Captions[language], captions(cues, sentences)); err != nil {
			return chapter{}, err
		}
		if err := m.write(made.Transcripts[language], strings.Join(paragraphs, "\n\n")+"\n"); err != nil {
			return chapter{}, err
		}
	}
	return made, nil
}

func (m maker) write(name, content string) error {
	if err := os.WriteFile(filepath.Join(m.into, name), []byte(content), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	var encoded strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, []byte(encoded.String()), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}
