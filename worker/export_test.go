package worker

// For tests that put something between a case and its records, or count them.
var (
	ServeWith    = serve
	ActivitiesOf = activitiesOf
	NewStanding  = newStanding
)
