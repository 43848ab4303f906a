package documents

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"peercert/certification"
)

// OpenView opens what reviewers see of a clean document: a JPEG without metadata, or
// the clean PDF itself. The size is in bytes. The error is ErrNotClean for any other
// document. Who opens one records it; the caller closes it.
func (d *Documents) OpenView(ctx context.Context, document certification.Document) (body io.ReadCloser, mediaType string, size int64, err error) {
	if document.Status != certification.DocumentClean {
		return nil, "", 0, ErrNotClean
	}
	if document.ViewKey == document.CleanKey {
		return d.OpenOriginal(ctx, document)
	}
	body, size, err = d.open(ctx, document.ViewKey, "")
	return body, mediaJPEG, size, err
}

// OpenOriginal opens a clean document as it was uploaded, metadata and all. It is to
// be served as a download and never as a page. Otherwise as OpenView.
func (d *Documents) OpenOriginal(ctx context.Context, document certification.Document) (body io.ReadCloser, mediaType string, size int64, err error) {
	if document.Status != certification.DocumentClean {
		return nil, "", 0, ErrNotClean
	}
	body, size, err = d.open(ctx, document.CleanKey, document.CleanVersion)
	return body, document.MediaType, size, err
}

// open reads a version of a key, the newest if none is named. The error is
// fs.ErrNotExist if there is no such thing.
func (d *Documents) open(ctx context.Context, key, version string) (io.ReadCloser, int64, error) {
	input := &s3.GetObjectInput{Bucket: &d.bucket, Key: &key}
	if version != "" {
		input.VersionId = &version
	}
	out, err := d.s3.GetObject(ctx, input)
	if isMissing(err) {
		return nil, 0, fmt.Errorf("documents: reading %s: %w (%w)", key, fs.ErrNotExist, err)
	}
	if err != nil {
		return nil, 0, failed("reading "+key, err)
	}
	return out.Body, aws.ToInt64(out.ContentLength), nil
}
