package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// espeak-ng's own form: one channel of 16-bit samples, so many a second.
const (
	samplesPerSecond = 22050
	bytesPerSample   = 2
)

// track is sound that grows.
type track struct{ samples []byte }

func (t *track) length() time.Duration {
	return time.Duration(len(t.samples)/bytesPerSample) * time.Second / samplesPerSecond
}

func (t *track) silence(long time.Duration) {
	t.samples = append(t.samples, make([]byte, int(long*samplesPerSecond/time.Second)*bytesPerSample)...)
}

// wholeSecond adds silence to the next whole second: the manifest counts in seconds,
// and a chapter must not end before it counts.
func (t *track) wholeSecond() {
	const second = samplesPerSecond * bytesPerSample
	if over := len(t.samples) % second; over > 0 {
		t.samples = append(t.samples, make([]byte, second-over)...)
	}
}

// say adds a sentence, spoken slowly.
func (t *track) say(ctx context.Context, work, sentence string) error {
	spoken := filepath.Join(work, "sentence.wav")
	if err := command(ctx, "espeak-ng", "-v", "en-us", "-s", "146", "-p", "42", "-w", spoken, sentence); err != nil {
		return err
	}
	content, err := os.ReadFile(spoken)
	if err != nil {
		return fmt.Errorf("reading what was spoken: %w", err)
	}
	samples, err := samplesOf(content)
	if err != nil {
		return err
	}
	t.samples = append(t.samples, samples...)
	return nil
}

// samplesOf takes the samples out of a WAV file, without the silence that the voice
// ends with: the pauses are ours.
func samplesOf(wav []byte) ([]byte, error) {
	at := bytes.Index(wav, []byte("data"))
	if at < 0 || at+8 > len(wav) || !bytes.HasPrefix(wav, []byte("RIFF")) {
		return nil, errors.New("what was spoken is not a WAV file")
	}
	if rate := binary.LittleEndian.Uint32(wav[24:]); rate != samplesPerSecond {
		return nil, fmt.Errorf("the voice has %d samples a second, not %d", rate, samplesPerSecond)
	}
	const quiet = 90 // of 32767
	samples := wav[at+8:]
	end := len(samples) / bytesPerSample * bytesPerSample
	for end > 0 {
		if level := int16(binary.LittleEndian.Uint16(samples[end-bytesPerSample:])); level > quiet || level < -quiet {
			break
		}
		end -= bytesPerSample
	}
	return samples[:end], nil
}

// wav is the track as a file.
func (t *track) wav() []byte {
	var file bytes.Buffer
	put := func(values ...any) {
		for _, value := range values {
			_ = binary.Write(&file, binary.LittleEndian, value) // a buffer takes everything
		}
	}
	put([]byte("RIFF"), uint32(36+len(t.samples)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(samplesPerSecond), uint32(samplesPerSecond*bytesPerSample), uint16(bytesPerSample), uint16(8*bytesPerSample),
		[]byte("data"), uint32(len(t.samples)), t.samples)
	return file.Bytes()
}
