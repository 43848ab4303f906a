package product

import (
	"peercert/certification"
	"peercert/local/identitysimulator"
)

// The staff of a product on one machine: with tokens for the API, and at the sign-in
// simulator.
var (
	Reviewer1     = certification.Actor{Role: certification.RoleReviewer, ID: "r-01"}
	Reviewer2     = certification.Actor{Role: certification.RoleReviewer, ID: "r-02"}
	Administrator = certification.Actor{Role: certification.RoleAdministrator, ID: "a-01"}
)

// people are those whom one can be at the sign-in simulator: the staff, and somebody
// whom the organization knows and who has no role here.
func people() []identitysimulator.Person {
	people := []identitysimulator.Person{}
	for _, actor := range []certification.Actor{Administrator, Reviewer1, Reviewer2} {
		people = append(people, identitysimulator.Person{Subject: actor.ID, Roles: []string{string(actor.Role)}})
	}
	return append(people, identitysimulator.Person{Subject: "n-01"})
}
