package examsimulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"peercert/exams"
	"peercert/exams/examstest"
	"peercert/local/stacktest"
)

// bucket is exams.Files on a real S3 service, as small as it can be.
type bucket struct {
	client *s3.Client
	name   string
}

func newBucket(t *testing.T) exams.Files {
	settings := stacktest.Bucket(t)
	return bucket{settings.Client(), settings.Bucket}
}

func (b bucket) Put(ctx context.Context, key string, body []byte, contentType string) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(body), ContentType: &contentType})
	return err
}

func (b bucket) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, missing(err)
	}
	return object.Body, nil
}

func (b bucket) List(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	// Ten a page, so that the test pages.
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, MaxKeys: aws.Int32(10)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys, nil
}

func (b bucket) Move(ctx context.Context, from, to string) error {
	source := b.name + "/" + strings.ReplaceAll(url.QueryEscape(from), "+", "%20")
	if _, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &b.name, Key: &to, CopySource: &source}); err != nil {
		return missing(err)
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &from})
	return err
}

func missing(err error) error {
	var refused smithy.APIError
	// NoSuchVersion is what a copy of nothing comes to where versions are kept.
	if errors.As(err, &refused) && slices.Contains([]string{"NoSuchKey", "NoSuchVersion", "NotFound"}, refused.ErrorCode()) {
		return errors.Join(fs.ErrNotExist, err)
	}
	return err
}

func TestARealBucketConforms(t *testing.T) { examstest.Conform(t, newBucket(t)) }
