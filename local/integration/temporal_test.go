package integration

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"peercert/certification"
	"peercert/workflows"
)

// described is the case as Temporal's own page knows it.
func (s *scene) described(caseID string) *workflowservice.DescribeWorkflowExecutionResponse {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	description, err := s.Parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(caseID), "")
	require.NoError(s, err)
	return description
}

// accepted are the updates that the current run of a case let in, but for those that
// tell it of the clock.
func (s *scene) accepted(caseID string) []string {
	s.Helper()
	var names []string
	history := s.Parts.Temporal.GetWorkflowHistory(s.Context(), workflows.CaseWorkflowID(caseID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(s, err)
		update := event.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		if name := update.GetAcceptedRequest().GetInput().GetName(); update != nil && name != string(certification.SignalWake) {
			names = append(names, name)
		}
	}
	return names
}

// ends waits until the workflow of a case has ended.
func (s *scene) ends(caseID string) {
	s.Helper()
	s.eventually(soon, "the end of the workflow", func() error {
		if status := s.described(caseID).GetWorkflowExecutionInfo().GetStatus(); status != enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
			return fmt.Errorf("it is %s", status)
		}
		return nil
	})
}

// attention is what the search attribute CaseAttention of a case says.
func (s *scene) attention(caseID string) []string {
	s.Helper()
	var codes []string
	field, ok := s.described(caseID).GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()["CaseAttention"]
	if ok && len(field.GetData()) > 0 && string(field.GetData()) != "null" {
		require.NoError(s, converter.GetDefaultDataConverter().FromPayload(field, &codes))
	}
	return codes
}

// card is what an administrator reads at the top of a case in the Temporal UI.
func (s *scene) card(caseID string) string {
	s.Helper()
	// A query waits for the workflow task before it, and one that reached no worker is
	// missed after ten seconds.
	ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
	defer cancel()
	value, err := s.Parts.Temporal.QueryWorkflow(ctx, workflows.CaseWorkflowID(caseID), "", "__temporal_workflow_metadata")
	require.NoError(s, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(s, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// asksFor waits until a case asks for attention, or for none of that kind any more.
func (s *scene) asksFor(caseID, code string, wanted bool, within time.Duration) {
	s.Helper()
	s.eventually(within, "attention: "+code, func() error {
		if codes := s.attention(caseID); strings.Contains(" "+strings.Join(codes, " ")+" ", " "+code+" ") != wanted {
			return fmt.Errorf("CaseAttention is %v", codes)
		}
		return nil
	})
}
