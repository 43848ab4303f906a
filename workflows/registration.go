package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register makes the workflow of cases known to a worker. Cases upgrade by
// themselves: pinning a case of years would keep old workers alive for years.
func Register(registry worker.WorkflowRegistry, all Cases) {
	registry.RegisterWorkflowWithOptions(all.Certification, workflow.RegisterOptions{
		Name: CertificationType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
}

// RegisterHousework makes the short workflows known to a worker.
func RegisterHousework(registry worker.WorkflowRegistry) {
	for name, function := range map[string]any{
		DocumentCheckType: DocumentCheck, ExamCollectionType: ExamCollection, DocumentSweepType: DocumentSweep, RecordSweepType: RecordSweep, ErasingType: Erasing,
		ReconciliationType: Reconciliation,
	} {
		registry.RegisterWorkflowWithOptions(function, workflow.RegisterOptions{
			Name: name, VersioningBehavior: workflow.VersioningBehaviorPinned,
		})
	}
}
