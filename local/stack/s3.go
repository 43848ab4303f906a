package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Region and keys of the local S3 service, published here and good for nothing
// else.
const (
	s3Region    = "us-west-2"
	s3AccessKey = "sample-peercert"
	s3SecretKey = "sample-peercert-s3-secret"
)

// gateway is the S3 service over a folder.
type gateway struct {
	program, dir, log string
	port              int
	bucket            string
}

func (g gateway) launch(context.Context) (runner, error) {
	objects, versions, notes := filepath.Join(g.dir, "objects"), filepath.Join(g.dir, "versions"), filepath.Join(g.dir, "attributes")
	for _, folder := range []string{objects, versions, notes} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("making its folder: %w", err)
		}
	}
	arguments := []string{"--port", loopback(g.port), "--region", s3Region, "--quiet", "posix", "--versioning-dir", versions}
	if !keepsAttributes(objects) {
		arguments = append(arguments, "--sidecar", notes)
	}
	return startProcess(command{
		path: g.program, arguments: append(arguments, objects), dir: g.dir, log: g.log,
		// In the environment, since every user of the machine reads arguments.
		env:  append(plainEnvironment(), "ROOT_ACCESS_KEY="+s3AccessKey, "ROOT_SECRET_KEY="+s3SecretKey),
		stop: syscall.SIGTERM, orphaned: syscall.SIGKILL, patience: 10 * time.Second,
	})
}

// createBucket makes the product's bucket, with versions, where it is missing.
// It fails as long as the service does not answer.
func (g gateway) createBucket(ctx context.Context) error {
	service := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + loopback(g.port)), UsePathStyle: true, Region: s3Region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(s3AccessKey, s3SecretKey, ""),
	})
	_, err := service.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    aws.String(g.bucket),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: s3Region},
	})
	var owned *types.BucketAlreadyOwnedByYou
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &owned) && !errors.As(err, &exists) {
		return err
	}
	_, err = service.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  aws.String(g.bucket),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	return err
}
