package exams

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
)

// Limits of a file the vendor leaves. Memory stays at one line whatever comes.
const (
	// MaxLineBytes is the longest line that is read; a longer one is unreadable.
	MaxLineBytes = 4 << 10
	// MaxFileBytes is how much of a file is read; what follows is unreadable.
	MaxFileBytes = 16 << 20
)

// lines reads a CSV file a line at a time. A record is one line: no field of the
// layout has a line break in it, so a stray quote spoils one line and not the file.
type lines struct {
	buffer *bufio.Reader
	number int   // of the line read last, from 1
	left   int64 // bytes of MaxFileBytes not read yet
}

func newLines(file io.Reader) *lines {
	return &lines{buffer: bufio.NewReaderSize(file, MaxLineBytes), left: MaxFileBytes}
}

// next gives the fields of the next line that is not empty, or what is wrong with
// it. The error is io.EOF at the end; any other is a failure to read.
func (l *lines) next() ([]string, *fault, error) {
	for {
		line, err := l.buffer.ReadSlice('\n')
		l.left -= int64(len(line))
		if len(line) == 0 && err != nil {
			return nil, nil, err
		}
		l.number++
		if l.left < 0 {
			return nil, &fault{"", "file_too_long"}, nil
		}
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) && l.left >= 0 {
			line, err = l.buffer.ReadSlice('\n')
			l.left -= int64(len(line))
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, nil, err
		}
		if long {
			return nil, &fault{"", "line_too_long"}, nil
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		reader := csv.NewReader(bytes.NewReader(line))
		reader.FieldsPerRecord = -1
		fields, err := reader.Read()
		if err != nil {
			// The reader's own words are about positions, but the layout's are simpler.
			return nil, &fault{"", "not_csv"}, nil
		}
		return fields, nil, nil
	}
}

// spent tells whether as much of the file was read as ever is.
func (l *lines) spent() bool { return l.left < 0 }
