package workflows

import "go.temporal.io/sdk/workflow"

// Changes of what a case does, each asked for at the place where the old way and the
// new part. The first answer holds for the whole run and is in its history: a run that
// had come by the place before the change goes the old way again, all others go the new
// one. Both ways stay until no run is open that needs the old (see
// docs/runbooks/changing-workflows.md).
const (
	// changeRenewalFeeOnce: a renewal that is sent again is not asked for the fee again.
	changeRenewalFeeOnce = "renewal-fee-once"
	// changeGivenBack: a certificate that is given back goes on where it was revoked, not
	// at certified.
	changeGivenBack = "given-back-where-it-was"
	// changeLateExam: an exam after the last day of the window asks for attention when it
	// is booked, ends the case when it was failed, and can be made to count when passed.
	changeLateExam = "exam-after-the-window"
	// changeWindowAtVendor: a window that is moved is told to the vendor who has the
	// authorization.
	changeWindowAtVendor = "window-at-the-vendor"
)

// changed says whether a run goes the new way of a change.
func changed(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}
