package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed slide.html
var slidePage string

// slideWords are what a slide shows.
type slideWords struct {
	Sample, Heading, Chapter string
	Lines                    []string
}

// picture is a drawn slide and how long it is seen.
type picture struct {
	file string
	long time.Duration
}

// draw lets the browser draw a slide. Its window is larger than the slide, because
// some versions count their own frame as part of it; encode cuts the slide out.
func (m maker) draw(ctx context.Context, into string, shown slideWords) error {
	page, err := template.New("slide").Parse(slidePage)
	if err != nil {
		return fmt.Errorf("reading slide.html: %w", err)
	}
	var filled strings.Builder
	if err := page.Execute(&filled, shown); err != nil {
		return fmt.Errorf("filling a slide: %w", err)
	}
	file := filepath.Join(m.work, "slide.html")
	if err := os.WriteFile(file, []byte(filled.String()), 0o600); err != nil {
		return fmt.Errorf("writing a slide: %w", err)
	}
	return command(ctx, m.browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(m.work, "browser"), "--window-size=1200,800", "--screenshot="+into, "file://"+file)
}

// encode puts slides and voice together: H.264 and AAC, with its index in front so
// that it plays while it loads, and without a date or the names of the programs, so
// that the same film gives the same file.
func (m maker) encode(ctx context.Context, pictures []picture, voice track, made chapter) error {
	sound, list := filepath.Join(m.work, "voice.wav"), filepath.Join(m.work, "slides.txt")
	if err := os.WriteFile(sound, voice.wav(), 0o600); err != nil {
		return fmt.Errorf("writing the voice: %w", err)
	}
	var order strings.Builder
	for _, picture := range pictures {
		fmt.Fprintf(&order, "file '%s'\nduration %.3f\n", picture.file, picture.long.Seconds())
	}
	// The last one again: ffmpeg leaves its duration out otherwise.
	fmt.Fprintf(&order, "file '%s'\n", pictures[len(pictures)-1].file)
	if err := os.WriteFile(list, []byte(order.String()), 0o600); err != nil {
		return fmt.Errorf("writing the order of the slides: %w", err)
	}
	const slide = "crop=960:540:0:0"
	if err := command(ctx, "ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", list, "-i", sound,
		"-vf", slide+",fps=10,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
		"-c:v", "libx264", "-preset", "veryslow", "-tune", "stillimage", "-crf", "24", "-g", "100",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
		"-af", "highpass=f=80,lowpass=f=7500,loudnorm=I=-20:TP=-4:LRA=7", "-c:a", "aac", "-b:a", "48k", "-ac", "1", "-ar", "44100",
		"-t", fmt.Sprint(made.Seconds), "-movflags", "+faststart", "-map_metadata", "-1",
		"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
		"-metadata:s:a:0", "language=eng", filepath.Join(m.into, made.File)); err != nil {
		return err
	}
	return command(ctx, "ffmpeg", "-y", "-loglevel", "error", "-i", pictures[0].file, "-frames:v", "1",
		"-vf", slide+",split[a][b];[a]palettegen=max_colors=24[p];[b][p]paletteuse=dither=none",
		"-fflags", "+bitexact", filepath.Join(m.into, made.Poster))
}
