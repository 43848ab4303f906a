package histories

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"
	taskqueue "go.temporal.io/api/taskqueue/v1"
)

func TestARecordedReleaseIsNotRecordedAgain(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, Free(folder))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "2020-01"), 0o755))
	require.NoError(t, Free(folder))
	require.NoError(t, os.Mkdir(filepath.Join(folder, Release), 0o755))
	require.ErrorContains(t, Free(folder), "never recorded again")
	require.ErrorContains(t, Record(t.Context(), nil, nil, folder, nil), "never recorded again")
	require.ErrorContains(t, Free(filepath.Join("..", "..", Folder)), "never recorded again", "the histories of %s are not in the repository", Release)
}

func said(word string) *history.History {
	return &history.History{Events: []*history.HistoryEvent{{
		EventId: 7, EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		Attributes: &history.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &history.WorkflowExecutionSignaledEventAttributes{
				SignalName: "hello", Identity: "1@machine",
				Input: &common.Payloads{Payloads: []*common.Payload{{Data: []byte(`{"name":"` + word + `"}`)}}},
			},
		},
	}, {
		EventId: 8, EventType: enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
		Attributes: &history.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &history.WorkflowTaskScheduledEventAttributes{
				TaskQueue: &taskqueue.TaskQueue{Name: "machine:1", Kind: enums.TASK_QUEUE_KIND_STICKY, NormalName: "cases"},
			},
		},
	}}}
}

func TestAHistoryWithSomethingPersonalIsRefused(t *testing.T) {
	names := personal{regexp.MustCompile(`(?i)(?:^|\W)(?:rivera|ana)(?:\W|$)`)}
	require.NoError(t, names.absent(said("banana")))
	err := names.absent(said("Ana Rivera"))
	require.ErrorContains(t, err, "event 7 holds something personal")
	require.NotContains(t, err.Error(), "Rivera")
}

func TestAHistoryDoesNotNameTheMachine(t *testing.T) {
	found := said("x")
	scrub(found.ProtoReflect())
	require.NotContains(t, found.String(), "machine")
	require.Equal(t, "cases", found.GetEvents()[1].GetWorkflowTaskScheduledEventAttributes().GetTaskQueue().GetNormalName())
}
