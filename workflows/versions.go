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
	// authorization. For one that is moved while the result is due it is asked by message.
	changeWindowAtVendor = "window-at-the-vendor"
	// changeWakeAnswered: whoever asks a case to wake is answered once the clock was read,
	// whatever comes meanwhile; and a case that cannot leave its run tries less and less often.
	changeWakeAnswered = "wake-answered"

	// What follows is asked for by message (or rung), with its key behind the name: a run
	// of before that met one such message goes the new way with the next.

	// changeAppointments: a message about an appointment is judged by whether it is about
	// the one that the case has, and counts after its end as well.
	changeAppointments = "appointments"
	// changeAskedAgain: retry-step sends an authorization again that has no answer.
	changeAskedAgain = "authorization-again"
	// changeVendorFirst: nobody is reminded to book while the vendor has not answered.
	changeVendorFirst = "vendor-answers-first"
	// changeCorrections: whatever the vendor says differently of an exam that was acted upon
	// asks for attention, until somebody of ours takes the note away.
	changeCorrections = "vendor-corrections"
	// changeWhileDenied: a certificate can be suspended and revoked while the denial of its
	// renewal can be appealed. Validators let that in at once; the version is for a message
	// that was let in before the denial and taken after it.
	changeWhileDenied = "while-denied"
)

// changed says whether a run goes the new way of a change.
func changed(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}
