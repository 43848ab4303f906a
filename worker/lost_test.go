package worker_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"peercert/activities"
	"peercert/workflows"
)

// An activity that Temporal handed out and that reached nobody is handed out again soon,
// and not when its whole time is up: until then the exam vendor's files would lie there,
// and somebody would wait for the check of their document.
func TestAnActivityThatReachedNobodyIsTriedAgain(t *testing.T) {
	r := newRig(t)
	var lost atomic.Bool
	r.serve(nil, func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		err := invoke(ctx, method, request, reply, connection, options...)
		answer, is := reply.(*workflowservice.PollActivityTaskQueueResponse)
		if is && err == nil && answer.GetActivityType().GetName() == activities.ReconcileCases && lost.CompareAndSwap(false, true) {
			proto.Reset(answer) // as if the poll had brought nothing
		}
		return err
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience) // its whole time is ten minutes
	defer cancel()
	run, err := r.parts.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "lost", TaskQueue: workflows.QueueOutbound}, workflows.ReconciliationType)
	require.NoError(t, err)
	var started int
	require.NoError(t, run.Get(ctx, &started))
	require.True(t, lost.Load(), "it was lost once")
}
