package stacktest_test

import (
	"context"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"peercert/local/stacktest"
)

func TestDatabasesAreApart(t *testing.T) {
	ctx := t.Context()
	create := func(ctx context.Context, url string) error {
		connection, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer connection.Close(ctx)
		_, err = connection.Exec(ctx, "create table only_here (id int)")
		return err
	}
	one, other := stacktest.Database(t, create), stacktest.Database(t, create)
	require.NotEqual(t, one, other)

	connection, err := pgx.Connect(ctx, one)
	require.NoError(t, err)
	defer connection.Close(ctx)
	var encoding, collation string
	require.NoError(t, connection.QueryRow(ctx, "select pg_encoding_to_char(encoding), datcollate from pg_database where datname = current_database()").Scan(&encoding, &collation))
	require.Equal(t, "UTF8", encoding)
	require.True(t, strings.HasPrefix(collation, "C"))
}

func TestADatabaseIsDroppedWithThoseStillConnected(t *testing.T) {
	ctx := t.Context()
	var url string
	var left *pgx.Conn
	t.Run("inner", func(t *testing.T) {
		url = stacktest.Database(t)
		var err error
		left, err = pgx.Connect(ctx, url)
		require.NoError(t, err)
	})
	if url == "" {
		t.Skip("skipped inside")
	}
	require.Error(t, left.Ping(ctx))
	_, err := pgx.Connect(ctx, url)
	require.ErrorContains(t, err, "does not exist")
}

// quick sets a search attribute and sleeps a moment.
func quick(ctx workflow.Context) (time.Duration, error) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword("CaseNumber").ValueSet("PC-1")); err != nil {
		return 0, err
	}
	began := workflow.Now(ctx)
	err := workflow.Sleep(ctx, 50*time.Millisecond)
	return workflow.Now(ctx).Sub(began), err
}

func TestANamespaceIsReadyToUse(t *testing.T) {
	register := func(ctx context.Context, address, namespace string) error {
		connection, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace})
		if err != nil {
			return err
		}
		defer connection.Close()
		_, err = connection.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: map[string]enums.IndexedValueType{"CaseNumber": enums.INDEXED_VALUE_TYPE_KEYWORD},
		})
		return err
	}
	began := time.Now()
	address, namespace := stacktest.Temporal(t, register)
	t.Logf("namespace after %s", time.Since(began))

	connection, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer connection.Close()
	w := worker.New(connection, "quick", worker.Options{})
	w.RegisterWorkflow(quick)
	require.NoError(t, w.Start())
	defer w.Stop()
	// Without the server's setting none takes less than a second. With it one may all the
	// same, on a busy machine, but not all.
	least := time.Hour
	for try := 0; try < 20 && least > 800*time.Millisecond; try++ {
		run, err := connection.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "quick", TaskQueue: "quick"}, quick)
		require.NoError(t, err)
		var slept time.Duration
		require.NoError(t, run.Get(t.Context(), &slept))
		t.Logf("a timer of 50 ms took %s", slept)
		least = min(least, slept)
	}
	require.Less(t, least, 800*time.Millisecond, "the server's setting for short timers did not take")
}

func TestABucketKeepsVersionsAndConditions(t *testing.T) {
	bucket := stacktest.Bucket(t)
	service := bucket.Client()
	put := func(body string, condition *string) (*s3.PutObjectOutput, error) {
		return service.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String(bucket.Bucket), Key: aws.String("a/b"), Body: strings.NewReader(body), IfNoneMatch: condition,
			Metadata: map[string]string{"kept": "yes"},
		})
	}
	first, err := put("one", nil)
	require.NoError(t, err)
	second, err := put("two", nil)
	require.NoError(t, err)
	require.NotEqual(t, aws.ToString(first.VersionId), aws.ToString(second.VersionId))
	_, err = put("three", aws.String("*"))
	require.ErrorContains(t, err, "412")

	old, err := service.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket.Bucket), Key: aws.String("a/b"), VersionId: first.VersionId})
	require.NoError(t, err)
	defer old.Body.Close()
	require.EqualValues(t, 3, aws.ToInt64(old.ContentLength))
	require.Equal(t, map[string]string{"kept": "yes"}, old.Metadata)
}

func TestMailArrives(t *testing.T) {
	letters := stacktest.Mail(t)
	require.NoError(t, smtp.SendMail(letters.Address, nil, "a@example.test", []string{"b@example.test"}, []byte("Subject: hello\r\n\r\nbody\r\n")))
	require.Len(t, letters.Messages("b@example.test"), 1)
}

func TestStripeMockAnswersOneVersionOnly(t *testing.T) {
	address := stacktest.StripeMock(t)
	ask := func(version string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/v1/charges", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer sk_test_sample")
		request.Header.Set("Stripe-Version", version)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, http.StatusOK, ask("2023-10-16"))
	require.Equal(t, http.StatusBadRequest, ask("2022-11-15"))
}
