package film

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// mp4Length reads how long an MP4 file lasts from its movie header (ISO/IEC 14496-12,
// the boxes moov and mvhd). Nothing else of the file is read.
func mp4Length(file io.ReadSeeker) (time.Duration, error) {
	if _, err := findBox(file, "ftyp", -1); err != nil {
		return 0, errors.New("it is not an MP4 file")
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("going back to its beginning: %w", err)
	}
	movie, err := findBox(file, "moov", -1)
	if err != nil {
		return 0, err
	}
	if _, err := findBox(file, "mvhd", movie); err != nil {
		return 0, err
	}
	var header [32]byte
	if _, err := io.ReadFull(file, header[:]); err != nil {
		return 0, fmt.Errorf("reading its header: %w", err)
	}
	// Version 0 keeps its times in 32 bits each, version 1 in 64.
	scale, units := uint64(binary.BigEndian.Uint32(header[12:])), uint64(binary.BigEndian.Uint32(header[16:]))
	if header[0] == 1 {
		scale, units = uint64(binary.BigEndian.Uint32(header[20:])), binary.BigEndian.Uint64(header[24:])
	}
	const longest = 24 * 60 * 60
	if scale == 0 || units == 0 || units/scale > longest {
		return 0, errors.New("its header does not say how long it lasts")
	}
	return time.Duration(float64(units) / float64(scale) * float64(time.Second)), nil
}

// findBox goes to the content of the next box of a kind, within so many bytes (-1 for
// the rest of the file), and gives the content's length.
func findBox(file io.ReadSeeker, kind string, within int64) (length int64, err error) {
	missing := fmt.Errorf("it has no box %q", kind)
	for within != 0 {
		var head [16]byte
		if _, err := io.ReadFull(file, head[:8]); err != nil {
			return 0, missing
		}
		size, used := int64(binary.BigEndian.Uint32(head[:])), int64(8)
		if size == 1 { // the true size follows
			if _, err := io.ReadFull(file, head[8:]); err != nil {
				return 0, missing
			}
			size, used = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		if size < used || within > 0 && size > within {
			return 0, missing // size 0 is "to the end": nothing follows it
		}
		if string(head[4:8]) == kind {
			return size - used, nil
		}
		if _, err := file.Seek(size-used, io.SeekCurrent); err != nil {
			return 0, missing
		}
		if within > 0 {
			within -= size
		}
	}
	return 0, missing
}
