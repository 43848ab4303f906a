// Command film makes the sample of the introduction film: slides drawn by a
// browser, a voice made by espeak-ng, captions and transcripts from the same
// sentences, all put together by ffmpeg. "make film" runs it from the root of the
// repository; what it makes is committed, so that nobody needs it to build.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	into := flag.String("into", "film/sample", "folder that the film is written to")
	version := flag.String("version", "", "version of the film; a film that was shown keeps its version, a changed one needs another")
	flag.Parse()
	if err := run(ctx, *into, *version); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, into, version string) error {
	if version == "" {
		return errors.New("which version is this film? Say it with -version (make film VERSION=…)")
	}
	browser, err := tools()
	if err != nil {
		return err
	}
	script, err := readScript()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "film")
	if err != nil {
		return fmt.Errorf("making a folder to work in: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(into, 0o755); err != nil {
		return fmt.Errorf("making the film's folder: %w", err)
	}
	maker := maker{browser: browser, work: work, into: into}
	made := manifest{Version: version, Sample: true, Languages: script.languages()}
	for i := range script.spoken.Chapters {
		chapter, err := maker.chapter(ctx, script, i)
		if err != nil {
			return fmt.Errorf("making the chapter %s: %w", script.spoken.Chapters[i].ID, err)
		}
		fmt.Printf("%s: %d seconds\n", chapter.ID, chapter.Seconds)
		made.Chapters = append(made.Chapters, chapter)
	}
	return writeJSON(filepath.Join(into, "film.json"), made)
}

// tools finds the programs that make the film, and the browser among them.
func tools() (browser string, err error) {
	for _, name := range []string{"espeak-ng", "ffmpeg"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", fmt.Errorf("%s is not installed. On Debian: apt-get install --no-install-recommends espeak-ng ffmpeg chromium fonts-noto-core", name)
		}
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed: it draws the slides")
}

// command runs a program to its end; what it complained of is part of the error.
func command(ctx context.Context, name string, arguments ...string) error {
	output, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, strings.TrimSpace(string(output)))
	}
	return nil
}
