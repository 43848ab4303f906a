package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"peercert/api"
	"peercert/api/apitest"
	"peercert/worker"
)

func (s *scene) fetch(address string) (int, string) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, address, nil)
	require.NoError(s, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	return response.StatusCode, string(body)
}

// API and worker say whether they live, whether their parts answer, and count: what
// they serve, what Temporal's SDK sees, and how the programme stands.
func TestWhatOperatorsSee(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	answer := s.sent(s.signal(s.administrator, p.CaseID, "hold", map[string]any{"reason": "records_check"}))
	require.Equal(t, http.StatusOK, answer.Status)

	operations := "http://" + s.Settings.Operations
	for _, address := range []string{s.Settings.PublicURL, operations} {
		for _, path := range []string{"/livez", "/readyz"} {
			status, body := s.fetch(address + path)
			assert.Equal(t, http.StatusOK, status, "%s%s: %s", address, path, body)
		}
	}
	wanted := map[string][]string{
		s.Settings.PublicURL: {
			`peercert_http_requests_total{method="POST",route="/v1/cases/:case_id/signals/hold",status="200"}`,
			`peercert_http_request_seconds_bucket{`, `go_goroutines`, `temporal_request`,
		},
		operations: {
			`peercert_cases_open{stage="intro_video"}`, "peercert_inbox_waiting", "peercert_inbox_parked 0", "peercert_exam_files_rejected_total 0", "peercert_exam_files_ignored 0", "peercert_notices_unsent", "peercert_documents_checking", "peercert_documents_checking_oldest_seconds", "peercert_cases_overdue", "peercert_records_answer 1", "peercert_erasing_late_seconds",
			"go_goroutines", "temporal_workflow_task_execution_latency", "temporal_local_activity_execution_latency", "temporal_num_pollers",
		},
	}
	for address, names := range wanted {
		s.eventually(soon, "metrics", func() error {
			status, body := s.fetch(address + "/metrics")
			if status != http.StatusOK {
				return fmt.Errorf("%d: %s", status, body)
			}
			for _, name := range names {
				if !strings.Contains(body, name) {
					return fmt.Errorf("%s has no %s", address, name)
				}
			}
			if strings.Contains(body, p.CaseID) || strings.Contains(body, p.Email) {
				return fmt.Errorf("%s counts by case", address)
			}
			return nil
		})
	}
}

// A request's id is in the log of the API, with the case, in the worker's log of the
// step that it caused, and in the event in the records. An id that the client chose
// stays in the API's log unless it is a UUID.
func TestARequestIsFoundFromTheLogToTheEvent(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	for _, test := range []struct {
		id    string
		known bool
	}{{uuid.NewString(), true}, {"robin.sample.1988", false}} {
		answer := s.sent(s.administrator.Signal(t.Context(), p.CaseID, "extend-deadline", map[string]any{"days": 1}, apitest.WithHeader("X-Request-Id", test.id)))
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		require.Equal(t, test.id, answer.Header.Get("X-Request-Id"))
		s.eventually(soon, "the line of the API", func() error {
			if lines := s.log.with(`"msg":"request"`, test.id, p.CaseID); len(lines) != 1 {
				return fmt.Errorf("%d lines", len(lines))
			}
			return nil
		})
		want := 0
		if test.known {
			want = 1
		}
		assert.Len(t, s.log.with("a step was recorded", "extend-deadline", test.id, p.CaseID), want)
		assert.Equal(t, want, s.count(`SELECT count(*) FROM case_events WHERE case_id = $1 AND event->>'request_id' = $2`, p.CaseID, test.id))
	}
	for _, line := range s.log.with(p.CaseID) {
		require.True(t, json.Valid([]byte(line)), "a line of the log is one value of JSON: %s", line)
		require.NotContains(t, line, p.Email)
	}
}

// A case that is not ready for a moment is asked again with the same key, before
// anybody sees it.
func TestAPassingNotReadyIsNotSeen(t *testing.T) {
	t.Parallel()
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	var refused atomic.Int32
	options := worker.TemporalOptions(s.Settings, nil)
	options.Logger = nil
	options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, call ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/UpdateWorkflowExecution") && refused.Add(1) <= 3 {
				return serviceerror.ToStatus(serviceerror.NewWorkflowNotReady("not yet")).Err()
			}
			return invoke(ctx, method, request, reply, connection, call...)
		}))
	temporal, err := client.NewLazyClient(options)
	require.NoError(t, err)
	defer temporal.Close()
	door := *s.Parts.Cases
	door.Temporal = temporal
	handler, err := api.New(t.Context(), api.From(&door))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	other, err := apitest.New(t, "http://"+listener.Addr().String())
	require.NoError(t, err)
	answer := s.sent(s.signal(other.As(s.rig.administrator), p.CaseID, "extend-deadline", map[string]any{"days": 1}))
	assert.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	assert.Greater(t, refused.Load(), int32(3), "it was not ready three times")
	assert.Equal(t, 1, s.events(p.CaseID, "extend-deadline"))
}
