// Package exams is the link to the exam vendor: files out and back through a
// bucket prefix, and the vendor's signed webhook. The layout of both is in
// docs/exam-vendor.md.
//
// Names and e-mail addresses are in the candidate file and nowhere else: no error
// of this package and nothing that it hands on holds them.
package exams

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// Where the files are. Each prefix ends with a slash.
const (
	Prefix                 = "exam-vendor/" // of all of them
	CandidatesPrefix       = Prefix + "out/candidates/"
	AuthorizationsPrefix   = Prefix + "out/authorizations/"
	AcknowledgementsPrefix = Prefix + "in/acknowledgements/"
	ResultsPrefix          = Prefix + "in/results/"
	DonePrefix             = Prefix + "done/"
	RejectedPrefix         = Prefix + "rejected/"
)

// Source is the Incoming.Source of everything the vendor sends, and the id of the
// actor of the messages that follow from it.
const Source = "exam_vendor"

// Files is the place where we and the vendor leave files for each other. Keys are
// whole: they begin with one of the prefixes above.
type Files interface {
	// Put writes a file, over one that has the same key.
	Put(ctx context.Context, key string, body []byte, contentType string) error
	// Get opens a file. The error is fs.ErrNotExist if there is none.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// List names every file whose key begins with the prefix.
	List(ctx context.Context, prefix string) ([]string, error)
	// Move gives a file another key, over one that has it. The error is
	// fs.ErrNotExist if there is none. A move that was cut short leaves the file
	// under its old key, and may have left it under the new one as well.
	Move(ctx context.Context, from, to string) error
}

// Options are what a Vendor needs.
type Options struct {
	Files Files
	// WebhookSecrets are the keys of the webhook's signature, separated by commas: a
	// signature by any of them is good, so that a key can be changed without a gap.
	WebhookSecrets string
	Now            func() time.Time
}

// Vendor is our end of the link. It holds no state and may be used by many
// goroutines and processes at once.
type Vendor struct {
	files   Files
	secrets [][]byte
	now     func() time.Time
}

// New checks the options. A link without a secret is refused, because anybody could
// sign with an empty one.
func New(options Options) (*Vendor, error) {
	vendor := &Vendor{files: options.Files, now: options.Now}
	for secret := range strings.SplitSeq(options.WebhookSecrets, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			vendor.secrets = append(vendor.secrets, []byte(secret))
		}
	}
	switch {
	case vendor.files == nil:
		return nil, errors.New("exam vendor: no place for files")
	case vendor.now == nil:
		return nil, errors.New("exam vendor: no clock")
	case len(vendor.secrets) == 0:
		return nil, errors.New("exam vendor: no webhook secret")
	}
	return vendor, nil
}
