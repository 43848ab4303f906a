package documents

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"

	"github.com/gabriel-vasile/mimetype"

	"peercert/certification"
)

// The media types that are accepted (domain §5).
const (
	mediaJPEG = "image/jpeg"
	mediaPNG  = "image/png"
	mediaPDF  = "application/pdf"
)

// appleTypes are what an iPhone makes of a photo unless it is told otherwise.
var appleTypes = []string{"image/heic", "image/heic-sequence", "image/heif", "image/heif-sequence"}

// inspect says what a file is by its content, or why it cannot be taken. What a
// file is called, and what its sender says it is, counts for nothing.
func (d *Documents) inspect(ctx context.Context, file *spooled) (string, error) {
	mediaType, err := sniff(file)
	if err != nil {
		return "", err
	}
	if mediaType == mediaPDF {
		return mediaType, d.inspectPDF(ctx, file)
	}
	return mediaType, inspectImage(file, mediaType)
}

func sniff(file *spooled) (string, error) {
	found, err := mimetype.DetectReader(file.content())
	if err != nil {
		return "", failed("reading the upload from the disk", err)
	}
	for _, heic := range appleTypes {
		if found.Is(heic) {
			return "", certification.RefuseDocument(certification.DocumentHEIC)
		}
	}
	// An animated PNG is a PNG too: the parents of a type are what it can be read as.
	for kind := found; kind != nil; kind = kind.Parent() {
		for _, accepted := range []string{mediaJPEG, mediaPNG, mediaPDF} {
			if kind.Is(accepted) {
				return accepted, nil
			}
		}
	}
	return "", certification.RefuseDocument(certification.DocumentTypeNotAccepted)
}

// inspectImage reads the header and looks for the end, without unfolding the
// picture.
func inspectImage(file *spooled, mediaType string) error {
	var header image.Config
	var err error
	if mediaType == mediaPNG {
		header, err = png.DecodeConfig(file.content())
	} else {
		header, err = jpeg.DecodeConfig(file.content())
	}
	if err != nil {
		return unreadable("reading the header of a picture", err)
	}
	if int64(header.Width)*int64(header.Height) > certification.MaxImagePixels {
		return certification.RefuseDocument(certification.DocumentTooManyPixels)
	}
	if _, err := survey(file.content(), mediaType); err != nil {
		return unreadable("reading the parts of a picture", err)
	}
	return nil
}

// unreadable sorts what a decoder said: the file ends too early, it is damaged, or
// our disk failed.
func unreadable(doing string, err error) error {
	var ours *fs.PathError
	switch {
	case errors.As(err, &ours):
		return failed(doing, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return certification.RefuseDocument(certification.DocumentCutOff)
	default:
		return fmt.Errorf("documents: %s: %w (%v)", doing, certification.RefuseDocument(certification.DocumentUnreadable), err)
	}
}
