package documents

import (
	"bytes"
	"encoding/binary"
)

// exifOrientation reads the orientation out of an APP1 segment of a JPEG.
func exifOrientation(segment []byte) (int, bool) {
	block, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok {
		return 0, false
	}
	return tiffOrientation(block)
}

// tiffOrientation reads tag 0x0112 of the first directory of a TIFF block, which is
// how EXIF is written. It is false for a block without it or with nonsense in it.
func tiffOrientation(block []byte) (int, bool) {
	const (
		header, entrySize = 8, 12
		orientationTag    = 0x0112
		short             = 3
	)
	if len(block) < header {
		return 0, false
	}
	var order binary.ByteOrder
	switch string(block[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(block[4:]))
	if at+2 > uint64(len(block)) {
		return 0, false
	}
	entries := block[at+2:]
	for count := order.Uint16(block[at:]); count > 0 && len(entries) >= entrySize; count-- {
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == short {
			value := int(order.Uint16(entries[8:]))
			return value, value >= 1 && value <= 8
		}
		entries = entries[entrySize:]
	}
	return 0, false
}
