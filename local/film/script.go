package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed script/*.json
var scripts embed.FS

// spokenIn is the language of the voice and of the slides. The others are captions.
const spokenIn = "en"

// words is what a film says in one language. Only the spoken one has slides to show.
type words struct {
	Sample   string `json:"sample"`
	Chapters []struct {
		ID     string `json:"id"`
		Title  string `json:"title"`
		Slides []struct {
			Heading string   `json:"heading"`
			Lines   []string `json:"lines"`
			Say     []string `json:"say"`
		} `json:"slides"`
	} `json:"chapters"`
}

type script struct {
	spoken words
	// in has every language, the spoken one too.
	in map[string]words
}

// languages begins with the spoken one.
func (s script) languages() []string {
	languages := []string{spokenIn}
	for language := range s.in {
		if language != spokenIn {
			languages = append(languages, language)
		}
	}
	slices.Sort(languages[1:])
	return languages
}

// readScript reads what is said in each language, and refuses a translation that
// does not have the same sentences in the same places: captions are timed by them.
func readScript() (script, error) {
	read := script{in: map[string]words{}}
	entries, err := scripts.ReadDir("script")
	if err != nil {
		return script{}, fmt.Errorf("listing the script: %w", err)
	}
	for _, entry := range entries {
		content, err := scripts.ReadFile("script/" + entry.Name())
		if err != nil {
			return script{}, fmt.Errorf("reading the script: %w", err)
		}
		var said words
		if err := json.Unmarshal(content, &said); err != nil {
			return script{}, fmt.Errorf("reading script/%s: %w", entry.Name(), err)
		}
		read.in[strings.TrimSuffix(entry.Name(), ".json")] = said
	}
	read.spoken = read.in[spokenIn]
	for language, said := range read.in {
		if shape(said) != shape(read.spoken) {
			return script{}, fmt.Errorf("script/%s.json is not as script/%s.json is: chapters, slides and sentences must be the same\n%s\n%s",
				language, spokenIn, shape(said), shape(read.spoken))
		}
	}
	return read, nil
}

// shape names the chapters with how many sentences each of their slides has.
func shape(said words) string {
	var shape strings.Builder
	for _, chapter := range said.Chapters {
		fmt.Fprintf(&shape, "%s:", chapter.ID)
		for _, slide := range chapter.Slides {
			fmt.Fprintf(&shape, " %d", len(slide.Say))
		}
		shape.WriteString("; ")
	}
	return shape.String()
}
