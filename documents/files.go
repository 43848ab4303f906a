package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Files are the files under one prefix of the bucket, where an exchange with somebody
// outside takes place. It reaches nothing beside that prefix: no document, above all. Its
// errors name no file.
type Files struct {
	documents *Documents
	prefix    string
}

// Files gives the files whose keys begin with prefix, such as "exam-vendor/".
func (d *Documents) Files(prefix string) *Files { return &Files{documents: d, prefix: prefix} }

func (f *Files) check(key string) error {
	if f.prefix == "" || !strings.HasPrefix(key, f.prefix) {
		return fmt.Errorf("documents: the key of a file is not under %q", f.prefix)
	}
	return nil
}

// nameless is an error about a file without its key: whoever left the file named it, and
// may have named it after somebody. The storage repeats the key in its answers and in the
// address that was asked for, so little of what it said is repeated here.
type nameless struct {
	doing string
	cause error
}

func (n *nameless) Error() string {
	var sending *url.Error
	var answer smithy.APIError
	said := "the storage did not do it"
	switch code := status(n.cause); {
	case errors.As(n.cause, &sending):
		said = sending.Err.Error()
	case errors.As(n.cause, &answer):
		said = fmt.Sprintf("the storage answered %d, %s", code, answer.ErrorCode())
	case code != 0:
		said = fmt.Sprintf("the storage answered %d", code)
	case errors.Is(n.cause, context.Canceled):
		said = context.Canceled.Error()
	case errors.Is(n.cause, context.DeadlineExceeded):
		said = context.DeadlineExceeded.Error()
	}
	return "documents: " + n.doing + ": " + said
}

func (n *nameless) Unwrap() error { return n.cause }

// about takes the key out of an error; in its place are digits of its sum, which tell
// one file from another.
func (f *Files) about(key, doing string, cause error) error {
	if cause == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(key))
	return &nameless{fmt.Sprintf("%s the file %x under %s", doing, sum[:8], f.prefix), cause}
}

// Put writes a file, over one that has the same key.
func (f *Files) Put(ctx context.Context, key string, body []byte, contentType string) error {
	_, err := f.put(ctx, key, body, contentType, nil)
	return err
}

// PutNew writes a file unless there is one with the same key; it says whether it did.
func (f *Files) PutNew(ctx context.Context, key string, body []byte, contentType string) (bool, error) {
	return f.put(ctx, key, body, contentType, aws.String("*"))
}

func (f *Files) put(ctx context.Context, key string, body []byte, contentType string, ifNoneMatch *string) (bool, error) {
	if err := f.check(key); err != nil {
		return false, err
	}
	_, err := f.documents.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &f.documents.bucket, Key: &key, Body: bytes.NewReader(body),
		ContentType: &contentType, IfNoneMatch: ifNoneMatch,
	})
	if isTaken(err) {
		return false, nil
	}
	if err != nil {
		return false, f.about(key, "writing", failed("writing", err))
	}
	return true, nil
}

// Get opens a file; the caller closes it. The error is fs.ErrNotExist if there is none.
func (f *Files) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := f.check(key); err != nil {
		return nil, err
	}
	body, _, err := f.documents.open(ctx, key, "")
	return body, f.about(key, "reading", err)
}

// List names every file whose key begins with prefix, in the order of the keys.
func (f *Files) List(ctx context.Context, prefix string) ([]string, error) {
	if err := f.check(prefix); err != nil {
		return nil, err
	}
	var keys []string
	pages := s3.NewListObjectsV2Paginator(f.documents.s3, &s3.ListObjectsV2Input{Bucket: &f.documents.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, &nameless{"listing " + prefix, failed("listing", err)}
		}
		for _, found := range page.Contents {
			// A file manager marks a folder by an empty object with such a key.
			if key := aws.ToString(found.Key); !strings.HasSuffix(key, "/") {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}

// Remove deletes every version of a file. It may be repeated.
func (f *Files) Remove(ctx context.Context, key string) error {
	if err := f.check(key); err != nil {
		return err
	}
	return f.about(key, "deleting", f.documents.deleteKey(ctx, key))
}

// Move gives a file another key, over one that has it. The error is fs.ErrNotExist
// if there is none. A move that was cut short leaves the file under its old key, and
// may have left it under the new one as well.
func (f *Files) Move(ctx context.Context, from, to string) error {
	for _, key := range []string{from, to} {
		if err := f.check(key); err != nil {
			return err
		}
	}
	if from == to {
		return nil
	}
	// The version is named because a file that is gone, of which older versions are
	// there, is no file; not every S3 says so when it is asked to copy.
	there, err := f.documents.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &f.documents.bucket, Key: &from})
	if isMissing(err) {
		return f.about(from, "moving", fmt.Errorf("%w (%w)", fs.ErrNotExist, err))
	}
	if err != nil {
		return f.about(from, "asking for", failed("asking", err))
	}
	// A plus would be read as a space.
	source := strings.ReplaceAll((&url.URL{Path: f.documents.bucket + "/" + from}).EscapedPath(), "+", "%2B")
	if version := aws.ToString(there.VersionId); version != "" {
		source += "?versionId=" + url.QueryEscape(version)
	}
	_, err = f.documents.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &f.documents.bucket, Key: &to, CopySource: &source})
	if isMissing(err) {
		return f.about(from, "moving", fmt.Errorf("%w (%w)", fs.ErrNotExist, err))
	}
	if err != nil {
		return f.about(from, "copying", failed("copying", err))
	}
	if _, err := f.documents.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &f.documents.bucket, Key: &from}); err != nil {
		return f.about(from, "deleting", failed("deleting", err))
	}
	return nil
}
