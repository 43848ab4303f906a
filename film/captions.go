package film

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// timing is the line of a WebVTT cue that says when: hours may be missing, and
// settings may follow.
var timing = regexp.MustCompile(`^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]+-->[ \t]+(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:[ \t].*)?$`)

// checkCaptions reads WebVTT and says what is wrong with it: a cue without a time or
// words, one that begins before the last began, or one that ends after the film,
// which lasts so long (0 if that is not known).
func checkCaptions(text string, lasts time.Duration) error {
	if !utf8.ValidString(text) {
		return errors.New("they are not UTF-8")
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	header, rest, _ := strings.Cut(text, "\n")
	if header != "WEBVTT" && !strings.HasPrefix(header, "WEBVTT ") && !strings.HasPrefix(header, "WEBVTT\t") {
		return errors.New("they do not begin with WEBVTT")
	}
	cues := 0
	var last time.Duration
	for _, block := range strings.Split(rest, "\n\n") {
		block = strings.Trim(block, "\n")
		if block == "" || strings.HasPrefix(block, "NOTE") || strings.HasPrefix(block, "STYLE") || strings.HasPrefix(block, "REGION") {
			continue
		}
		lines := strings.Split(block, "\n")
		if !strings.Contains(lines[0], "-->") && len(lines) > 1 {
			lines = lines[1:] // the first was the cue's name
		}
		cues++
		found := timing.FindStringSubmatch(lines[0])
		if found == nil {
			return fmt.Errorf("cue %d has no time such as 00:01.000 --> 00:04.500", cues)
		}
		begins, ends := instant(found[1:5]), instant(found[5:9])
		switch {
		case ends <= begins:
			return fmt.Errorf("cue %d ends before it begins", cues)
		case begins < last:
			return fmt.Errorf("cue %d begins before the one ahead of it", cues)
		case lasts > 0 && ends > lasts:
			return fmt.Errorf("cue %d ends after the chapter does", cues)
		case strings.TrimSpace(strings.Join(lines[1:], "")) == "":
			return fmt.Errorf("cue %d has no words", cues)
		}
		last = begins
	}
	if cues == 0 {
		return errors.New("they have no cue")
	}
	return nil
}

// instant puts hours, minutes, seconds and milliseconds together; no hours are none.
func instant(parts []string) time.Duration {
	units := []time.Duration{time.Hour, time.Minute, time.Second, time.Millisecond}
	var at time.Duration
	for i, part := range parts {
		number, _ := strconv.Atoi(part) // digits, as the pattern says, or nothing
		at += time.Duration(number) * units[i]
	}
	return at
}
