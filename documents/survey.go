package documents

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// upright is the orientation of a picture that is stored as it is seen.
const upright = 1

// survey walks over the parts of a picture to its end without unfolding it, in
// constant memory. It gives the orientation that the camera noted, 1 to 8 as in
// EXIF, and io.ErrUnexpectedEOF for a picture whose end is missing: a phone's half
// download looks whole until somebody scrolls down. What comes after the end is
// not looked at; it does not reach the view.
func survey(r io.Reader, mediaType string) (orientation int, err error) {
	reader := bufio.NewReaderSize(r, 64<<10)
	if mediaType == mediaPNG {
		orientation, err = surveyPNG(reader)
	} else {
		orientation, err = surveyJPEG(reader)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return orientation, err
}

// Markers of JPEG (ITU-T T.81, table B.1) that have no length after them, or a
// meaning here.
const (
	jpegTEM  = 0x01
	jpegRST0 = 0xD0
	jpegRST7 = 0xD7
	jpegSOI  = 0xD8
	jpegEOI  = 0xD9
	jpegSOS  = 0xDA
	jpegAPP1 = 0xE1
)

// maxScans is how many passes over a picture are accepted. A progressive JPEG has ten;
// one with a hundred thousand short ones is small, and takes an hour to unfold.
const maxScans = 100

func surveyJPEG(r *bufio.Reader) (int, error) {
	orientation, scans := upright, 0
	for {
		marker, err := nextMarker(r)
		if err != nil {
			return 0, err
		}
		switch {
		case marker == jpegEOI:
			return orientation, nil
		case marker == jpegSOI, marker == jpegTEM, marker >= jpegRST0 && marker <= jpegRST7:
			continue
		case marker == jpegSOS:
			if scans++; scans > maxScans {
				return 0, fmt.Errorf("more than %d scans", maxScans)
			}
		}
		var length uint16
		if err := binary.Read(r, binary.BigEndian, &length); err != nil {
			return 0, err
		}
		if length < 2 {
			return 0, fmt.Errorf("a segment of length %d", length)
		}
		rest := int(length) - 2
		if marker != jpegAPP1 {
			if _, err := r.Discard(rest); err != nil {
				return 0, err
			}
			continue
		}
		segment := make([]byte, rest)
		if _, err := io.ReadFull(r, segment); err != nil {
			return 0, err
		}
		if found, ok := exifOrientation(segment); ok {
			orientation = found
		}
	}
}

// nextMarker skips to the next marker. Between segments that is at once; after the
// header of a scan it skips the scan, in which FF is followed by 00.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xFF {
			continue
		}
		for b == 0xFF { // fill bytes
			if b, err = r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

// pngSignature is how long the signature of a PNG is; maxEXIF is the longest block
// of metadata that is looked into.
const (
	pngSignature = 8
	maxEXIF      = 64 << 10
)

func surveyPNG(r *bufio.Reader) (int, error) {
	orientation := upright
	if _, err := r.Discard(pngSignature); err != nil {
		return 0, err
	}
	for {
		var chunk struct {
			Length uint32
			Kind   [4]byte
		}
		if err := binary.Read(r, binary.BigEndian, &chunk); err != nil {
			return 0, err
		}
		rest := int64(chunk.Length) + 4 // the checksum
		if string(chunk.Kind[:]) == "eXIf" && chunk.Length <= maxEXIF {
			block := make([]byte, chunk.Length)
			if _, err := io.ReadFull(r, block); err != nil {
				return 0, err
			}
			if found, ok := tiffOrientation(block); ok {
				orientation = found
			}
			rest = 4
		}
		if _, err := io.CopyN(io.Discard, r, rest); err != nil {
			return 0, err
		}
		if string(chunk.Kind[:]) == "IEND" {
			return orientation, nil
		}
	}
}
