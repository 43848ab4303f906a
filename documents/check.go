package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"peercert/certification"
)

// Check scans the very version that was uploaded, makes what reviewers will see,
// and puts both under clean keys. It gives the document back as clean, infected or
// refused. It may be repeated, also after it was cut short anywhere: what is there
// already is taken as done.
//
// The clean copy is written from the bytes that were scanned, with their hash
// compared on both ends, so it cannot be another content than the one that was
// looked at.
//
// What was uploaded may be gone, or be something else: then no other try can help, and
// the document is refused as DocumentLost, so that its owner can send it again.
//
// The error is ErrUnavailable if storage or scanner are down: the document is
// still unchecked then, and nobody can read it.
func (d *Documents) Check(ctx context.Context, document certification.Document) (certification.Document, error) {
	if document.Status != certification.DocumentChecking {
		return document, nil
	}
	if err := checkID(document.ID); err != nil {
		return document, err
	}
	file, err := d.fetch(ctx, document)
	if errors.Is(err, errLost) {
		return d.refused(document, certification.DocumentLost), nil
	}
	if err != nil {
		return document, err
	}
	defer file.Close()

	if d.scanner != nil {
		threat, err := d.scanner.Scan(ctx, file.content())
		if err != nil {
			return document, failed("scanning document "+document.ID, err)
		}
		if threat != "" {
			document.Status, document.Threat = certification.DocumentInfected, threat
			document.CheckedAt = d.now()
			return document, nil
		}
	}

	document.ViewKey = cleanKey(document.ID)
	if document.MediaType != mediaPDF {
		document.ViewKey = viewKey(document.ID)
		err := d.putView(ctx, document, file)
		if refusal := new(certification.DocumentRefusal); errors.As(err, &refusal) {
			return d.refused(document, refusal.Code), nil
		}
		if err != nil {
			return document, err
		}
	}
	document.CleanKey = cleanKey(document.ID)
	document.CleanVersion, err = d.putOnce(ctx, document.CleanKey, file, document.MediaType)
	if errors.Is(err, ErrOtherContent) {
		return d.refused(document, certification.DocumentLost), nil // its place is taken, for good
	}
	if err != nil {
		return document, err
	}
	document.Status, document.CheckedAt = certification.DocumentClean, d.now()
	return document, nil
}

// refused is a document that cannot be used.
func (d *Documents) refused(document certification.Document, code string) certification.Document {
	document.Status, document.RefusalCode, document.CheckedAt = certification.DocumentRefused, code, d.now()
	document.CleanKey, document.CleanVersion, document.ViewKey = "", "", ""
	return document
}

// errLost says that what was uploaded is not in the storage any more.
var errLost = errors.New("not what was uploaded")

// fetch brings the uploaded version onto the disk and compares it with the record. The
// error is errLost if the storage has something else, or answers that it has nothing.
func (d *Documents) fetch(ctx context.Context, document certification.Document) (*spooled, error) {
	body, _, err := d.open(ctx, document.QuarantineKey, document.QuarantineVersion)
	if isGone(err) {
		return nil, fmt.Errorf("documents: %s: %w: %w", document.QuarantineKey, errLost, err)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	file, err := d.temporaryFile()
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, digest), io.LimitReader(body, certification.MaxDocumentBytes+1))
	if err != nil {
		return nil, errors.Join(failed("reading "+document.QuarantineKey, err), file.Close())
	}
	fetched := &spooled{File: file, size: size, sum: digest.Sum(nil)}
	if size != document.Bytes || hex.EncodeToString(fetched.sum) != document.SHA256 {
		return nil, errors.Join(fmt.Errorf("documents: %s: %w", document.QuarantineKey, errLost), file.Close())
	}
	return fetched, nil
}

// putView makes the picture that reviewers see. It is written over one that is there:
// another release may compress the same picture to other bytes.
func (d *Documents) putView(ctx context.Context, document certification.Document, file *spooled) error {
	free, err := turn(ctx, d.views)
	if err != nil {
		return err
	}
	view, err := makeView(file, document.MediaType)
	free()
	if err != nil {
		return err
	}
	_, err = d.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &d.bucket, Key: &document.ViewKey, Body: bytes.NewReader(view),
		ContentLength: aws.Int64(int64(len(view))), ContentType: aws.String(mediaJPEG),
	})
	if err != nil {
		return failed("writing "+document.ViewKey, err)
	}
	return nil
}
