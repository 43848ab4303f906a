package worker

// For tests that put something between a case and its records.
var (
	ServeWith    = serve
	ActivitiesOf = activitiesOf
)
