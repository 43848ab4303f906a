package stacktest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Temporal is the address of the Temporal server and a fresh namespace there,
// known to every service of the server. Each of prepare, if any, is called with
// them, for example to register search attributes; those it registers can be
// used when Temporal returns.
//
// The namespace goes with the stack. Deleting it here was tried: it takes the
// server about a second each, a namespace that nobody uses next to nothing.
func Temporal(t testing.TB, prepare ...func(ctx context.Context, address, namespace string) error) (address, namespace string) {
	t.Helper()
	address = setting(t, "PEERCERT_TEST_TEMPORAL_ADDRESS")
	namespace = "test-" + suffix()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()

	connection, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace, Logger: silent{}})
	if err != nil {
		t.Fatalf("connecting to the test's Temporal server: %v", err)
	}
	t.Cleanup(connection.Close)
	if _, err := connection.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(7 * 24 * time.Hour),
	}); err != nil {
		t.Fatalf("registering the test's namespace: %v", err)
	}
	await(ctx, t, "the test's namespace", func() error { return isKnown(ctx, connection, namespace) })
	for _, prepare := range prepare {
		if err := prepare(ctx, address, namespace); err != nil {
			t.Fatalf("preparing the test's namespace: %v", err)
		}
	}
	if len(prepare) > 0 {
		await(ctx, t, "the search attributes of the test's namespace", func() error { return areSearchable(ctx, connection, namespace) })
	}
	return address, namespace
}

// isKnown asks each service that has a cache of namespaces of its own for
// something that leaves no trace: visibility and the frontend, history, matching.
func isKnown(ctx context.Context, connection client.Client, namespace string) error {
	service := connection.WorkflowService()
	if _, err := service.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 1}); err != nil {
		return fmt.Errorf("listing workflows: %w", err)
	}
	var missing *serviceerror.NotFound
	err := connection.SignalWorkflow(ctx, "nobody", "", "hello", nil)
	if !errors.As(err, &missing) {
		return fmt.Errorf("signaling a workflow that is not there: %w", err)
	}
	if _, err := service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: "nobody"}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	}); err != nil {
		return fmt.Errorf("describing a task queue: %w", err)
	}
	return nil
}

// areSearchable asks for each search attribute in a query: until the server's
// caches know it, a workflow that sets it is refused.
func areSearchable(ctx context.Context, connection client.Client, namespace string) error {
	attributes, err := connection.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("listing search attributes: %w", err)
	}
	for name := range attributes.GetCustomAttributes() {
		if _, err := connection.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace, Query: name + " is null",
		}); err != nil {
			return fmt.Errorf("searching by %s: %w", name, err)
		}
	}
	return nil
}

func await(ctx context.Context, t testing.TB, what string, isThere func() error) {
	t.Helper()
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for {
		err := isThere()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, err)
		case <-pause.C:
		}
	}
}

// silent keeps the client's own lines out of the test's output.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
