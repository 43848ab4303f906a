package documents

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The storage gets so long to accept a connection, and to begin its answer once it
// has the whole request. A body may take as long as the caller's context allows.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 30 * time.Second
	// attempts counts the first one. A person waits for an upload, and an activity
	// that failed is tried again anyway: so few.
	attempts   = 3
	maxBackoff = 2 * time.Second
)

func newClient(ctx context.Context, options Options) (*s3.Client, error) {
	client := awshttp.NewBuildableClient().
		WithDialerOptions(func(dialer *net.Dialer) { dialer.Timeout = connectTimeout }).
		WithTransportOptions(func(transport *http.Transport) {
			transport.TLSHandshakeTimeout = connectTimeout
			transport.ResponseHeaderTimeout = answerTimeout
			transport.MaxIdleConnsPerHost = 32
		})
	load := []func(*config.LoadOptions) error{
		config.WithRegion(options.Region),
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff
			})
		}),
	}
	if options.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(options.AccessKey, options.SecretKey, "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("documents: reading the settings of AWS: %w", err)
	}
	return s3.NewFromConfig(loaded, func(o *s3.Options) {
		if options.Endpoint != "" {
			o.BaseEndpoint = &options.Endpoint
			// Bucket names as host names need a DNS entry each, which only AWS has.
			o.UsePathStyle = true
		}
	}), nil
}
