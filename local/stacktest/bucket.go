package stacktest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 says how to reach a bucket.
type S3 struct {
	Endpoint  string // http://host:port, with the bucket in the path
	Region    string
	AccessKey string
	SecretKey string
	Bucket    string
}

// Client is an S3 client for the bucket's service.
func (s S3) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true, Region: s.Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// Bucket is a fresh bucket that keeps versions, as the product's does. It goes
// with the stack.
func Bucket(t testing.TB) S3 {
	t.Helper()
	bucket := S3{
		Endpoint: setting(t, "PEERCERT_TEST_S3_ENDPOINT"), Region: setting(t, "PEERCERT_TEST_S3_REGION"),
		AccessKey: setting(t, "PEERCERT_TEST_S3_ACCESS_KEY"), SecretKey: setting(t, "PEERCERT_TEST_S3_SECRET_KEY"),
		Bucket: "test-" + suffix(),
	}
	service := bucket.Client()
	if _, err := service.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String(bucket.Bucket),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(bucket.Region)},
	}); err != nil {
		t.Fatalf("making the test's bucket: %v", err)
	}
	if _, err := service.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket:                  aws.String(bucket.Bucket),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatalf("turning on versions in the test's bucket: %v", err)
	}
	return bucket
}
