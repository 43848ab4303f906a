// Package documents keeps what people upload, in an S3 bucket: an upload is taken
// into quarantine, looked at and scanned, copied to a clean key, and read from
// there only. The same bucket has the exam vendor's files; see Files.
package documents

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
)

// Scanner looks for malware.
type Scanner interface {
	// Scan reads r to its end. The threat is the scanner's name for what it found and
	// is empty if it found nothing. An error means that nothing is known.
	Scan(ctx context.Context, r io.Reader) (threat string, err error)
}

// Options are what Documents need.
type Options struct {
	Endpoint  string // of an S3 service other than AWS, with its scheme; empty means AWS
	Region    string
	Bucket    string
	AccessKey string // empty means the default chain of AWS
	SecretKey string

	// Scanner is nil where documents are not scanned.
	Scanner Scanner
	// ScanRequired makes New refuse a missing Scanner. A Scanner that is there is
	// always obeyed: a document that it could not scan stays in quarantine.
	ScanRequired bool

	// TempDir is where uploads are spooled; empty means the system's.
	TempDir string
	Now     func() time.Time
}

// Documents keeps documents in a bucket. It is safe for concurrent use.
type Documents struct {
	s3      *s3.Client
	bucket  string
	scanner Scanner
	tempDir string
	now     func() time.Time

	// Both kinds of work hold a whole file, or a whole picture, in memory: so many at
	// a time, and everybody else waits.
	pdfs  chan struct{}
	views chan struct{}
}

const (
	pdfsAtATime  = 2
	viewsAtATime = 1
)

// New prepares a client. It does not speak to the bucket: see Ping.
func New(ctx context.Context, options Options) (*Documents, error) {
	if options.Bucket == "" {
		return nil, errors.New("documents: no bucket is named")
	}
	if options.ScanRequired && options.Scanner == nil {
		return nil, errors.New("documents: scanning is required, but there is no scanner")
	}
	if options.Now == nil {
		return nil, errors.New("documents: no clock was passed in")
	}
	client, err := newClient(ctx, options)
	if err != nil {
		return nil, err
	}
	return &Documents{
		s3: client, bucket: options.Bucket, scanner: options.Scanner, tempDir: options.TempDir, now: options.Now,
		pdfs:  make(chan struct{}, pdfsAtATime),
		views: make(chan struct{}, viewsAtATime),
	}, nil
}

// Ping says whether the bucket answers, for readiness.
func (d *Documents) Ping(ctx context.Context) error {
	if _, err := d.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &d.bucket}); err != nil {
		return failed("asking for the bucket", err)
	}
	return nil
}

// Keys are made of the document's id alone, never of a name that a client sent.
const (
	quarantinePrefix = "quarantine/"
	cleanPrefix      = "clean/"
	viewPrefix       = "view/"
)

func quarantineKey(id string) string { return quarantinePrefix + id }
func cleanKey(id string) string      { return cleanPrefix + id }
func viewKey(id string) string       { return viewPrefix + id + ".jpg" }

// checkID refuses an id that is not a UUID as we write them, so that a key never
// reaches outside its prefix.
func checkID(id string) error {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.String() != id {
		return errors.New("documents: the id of a document is not a UUID")
	}
	return nil
}

// temporaryFile opens a file that has no name any more: however the process ends,
// nothing of it stays on the disk once it is closed.
func (d *Documents) temporaryFile() (*os.File, error) {
	file, err := os.CreateTemp(d.tempDir, "document-")
	if err != nil {
		return nil, failed("making a temporary file", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(failed("taking the name of a temporary file away", err), file.Close())
	}
	return file, nil
}

// turn waits for a free place, and gives the function that frees it again.
func turn(ctx context.Context, places chan struct{}) (func(), error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, failed("waiting for a turn", ctx.Err())
	}
}
