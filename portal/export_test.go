package portal

// Address is a route as the tests of the whole portal see it.
type Address struct {
	Method, Path string
	// Own is set where one has to be signed in, Case where the address names a case that
	// must be one's own.
	Own, Case bool
}

// Addresses are all there are.
func Addresses() []Address {
	var all []Address
	for _, r := range (&portal{}).routes() {
		all = append(all, Address{Method: r.method, Path: r.path, Own: r.visitor != anyone, Case: r.visitor == owner})
	}
	return all
}
