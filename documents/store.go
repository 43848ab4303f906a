package documents

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"peercert/certification"
)

// Stored is where an upload went and what it is.
type Stored struct {
	Key       string
	Version   string // empty in a bucket without versions
	MediaType string // found in the content
	Bytes     int64
	SHA256    string // lower-case hex
}

// Store takes an upload into quarantine under the id of its document, a UUID. It
// needs the same memory for every size of picture; a PDF is held in memory while
// it is looked at, two at a time.
//
// The error is a *certification.DocumentRefusal if the file cannot be taken,
// ErrUnavailable if the storage is down, ErrOtherContent if the id has another
// content, or else the error of body. After any of them the upload may be sent
// again under the same id, and the same content gives the same answer.
func (d *Documents) Store(ctx context.Context, id string, body io.Reader) (Stored, error) {
	if err := checkID(id); err != nil {
		return Stored{}, err
	}
	spooled, err := d.spool(body)
	if err != nil {
		return Stored{}, err
	}
	defer spooled.Close()
	if spooled.size == 0 {
		return Stored{}, certification.RefuseDocument(certification.DocumentEmpty)
	}
	if spooled.size > certification.MaxDocumentBytes {
		return Stored{}, certification.RefuseDocument(certification.DocumentTooLarge)
	}
	mediaType, err := d.inspect(ctx, spooled)
	if err != nil {
		return Stored{}, err
	}
	key := quarantineKey(id)
	version, err := d.putOnce(ctx, key, spooled, mediaType)
	if err != nil {
		return Stored{}, err
	}
	return Stored{
		Key: key, Version: version, MediaType: mediaType,
		Bytes: spooled.size, SHA256: hex.EncodeToString(spooled.sum),
	}, nil
}

// spooled is a file on the disk that vanishes when it is closed.
type spooled struct {
	*os.File
	size int64
	sum  []byte // SHA-256
}

// content reads the file from its beginning, beside anybody else who reads it.
func (s *spooled) content() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// spool copies a body to the disk, at most one byte more than a document may have.
func (d *Documents) spool(body io.Reader) (*spooled, error) {
	file, err := d.temporaryFile()
	if err != nil {
		return nil, err
	}
	source := &watched{reader: body}
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, digest), io.LimitReader(source, certification.MaxDocumentBytes+1))
	switch {
	case source.err != nil:
		err = fmt.Errorf("documents: reading the upload: %w", source.err)
	case err != nil:
		err = failed("writing the upload to the disk", err)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &spooled{File: file, size: size, sum: digest.Sum(nil)}, nil
}

// watched tells an error of the sender from one of our disk.
type watched struct {
	reader io.Reader
	err    error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// putOnce writes a key that nobody wrote before. If somebody did and the content
// is the same, that was an earlier attempt whose answer got lost: success, with
// that attempt's version.
func (d *Documents) putOnce(ctx context.Context, key string, file *spooled, mediaType string) (string, error) {
	sum := base64.StdEncoding.EncodeToString(file.sum)
	out, err := d.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &d.bucket, Key: &key, Body: file.content(), ContentLength: &file.size, ContentType: &mediaType,
		IfNoneMatch: aws.String("*"), ChecksumSHA256: &sum,
	})
	if err == nil {
		return aws.ToString(out.VersionId), nil
	}
	if !isTaken(err) {
		return "", failed("writing "+key, err)
	}
	there, err := d.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return "", failed("asking for "+key, err)
	}
	if aws.ToString(there.ChecksumSHA256) != sum {
		return "", fmt.Errorf("documents: writing %s: %w", key, ErrOtherContent)
	}
	return aws.ToString(there.VersionId), nil
}
