package console

import "peercert/certification"

// Actions are the signals that the console has a form for, and the order of the forms.
func Actions() (known map[certification.Signal]bool, ordered []certification.Signal) {
	known = map[certification.Signal]bool{}
	for _, row := range actions {
		message, _ := row.message("7")
		ordered = append(ordered, row.signal)
		known[row.signal] = row.title != "" && row.does != "" && message != nil && message.Signal() == row.signal
	}
	return known, ordered
}

// ConsolePath is what is kept of an address to go on to after signing in.
var ConsolePath = consolePath

// RoleOf reads the claim with the roles.
var RoleOf = roleOf

// Detail puts the codes and ids of an event into a line.
var Detail = detail

// NotPast says what is wrong with a deadline that would be moved to a day that has passed.
var NotPast = notPast

// Asks are the reasons why somebody should look at a case.
var Asks = asks
