package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// longestLine is how many characters a line of a caption should have at most.
const longestLine = 42

// captions writes WebVTT: a cue a sentence. A caption stays until shortly before the
// next one, so that slower readers have the pause as well.
func captions(cues []cue, sentences []string) string {
	const linger = 400 * time.Millisecond
	var text strings.Builder
	text.WriteString("WEBVTT\n")
	for i, sentence := range sentences {
		fmt.Fprintf(&text, "\n%s --> %s\n%s\n", stamp(cues[i].from), stamp(cues[i].to+linger), broken(sentence))
	}
	return text.String()
}

func stamp(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", int(at.Hours()), int(at.Minutes())%60, int(at.Seconds())%60, at.Milliseconds()%1000)
}

// broken breaks a sentence into as few lines as fit, of about the same length.
func broken(sentence string) string {
	length := utf8.RuneCountInString(sentence)
	lines := (length + longestLine - 1) / longestLine
	var text strings.Builder
	line, left := 0, lines
	for _, word := range strings.Fields(sentence) {
		size := utf8.RuneCountInString(word)
		switch {
		case text.Len() == 0:
		case left > 1 && line+size/2 >= length/left:
			text.WriteString("\n")
			length -= line + 1
			line, left = 0, left-1
		default:
			text.WriteString(" ")
			line++
		}
		text.WriteString(word)
		line += size
	}
	return text.String()
}
