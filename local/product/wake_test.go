package product

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"peercert/worker"
)

// busy is a Temporal whose case is not ready for some time, and then gone.
type busy struct {
	client.Client
	left int
}

func (b *busy) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	if b.left--; b.left >= 0 {
		return nil, serviceerror.NewWorkflowNotReady("not yet")
	}
	return nil, serviceerror.NewNotFound("it is closed")
}

// The clock moves also while a case is not ready for a moment, and is not kept for ever.
func TestACaseThatIsNotReadyIsWokenAgain(t *testing.T) {
	temporal := &busy{left: 2}
	p := &Product{Parts: &worker.Parts{Temporal: temporal}}
	require.NoError(t, p.wake(t.Context(), "some"))
	require.Equal(t, -1, temporal.left, "it was asked until it was ready")

	ended, end := context.WithCancel(t.Context())
	end()
	var notReady *serviceerror.WorkflowNotReady
	require.ErrorAs(t, (&Product{Parts: &worker.Parts{Temporal: &busy{left: 1000}}}).wake(ended, "some"), &notReady)
}
