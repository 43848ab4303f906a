package cases_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"peercert/cases"
)

func TestMachineBehindProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:aa::/48")}
	for name, test := range map[string]struct {
		remote    string
		forwarded []string
		trusted   []netip.Prefix
		machine   string
	}{
		"without proxies the other end":                {"198.51.100.7:4444", nil, nil, "198.51.100.7"},
		"without proxies nobody is believed":           {"198.51.100.7:4444", []string{"203.0.113.9"}, nil, "198.51.100.7"},
		"a stranger is not believed":                   {"198.51.100.7:4444", []string{"203.0.113.9"}, trusted, "198.51.100.7"},
		"a proxy says who asked it":                    {"10.1.2.3:80", []string{"203.0.113.9"}, trusted, "203.0.113.9"},
		"what the asker claims stands before":          {"10.1.2.3:80", []string{"192.0.2.1, 203.0.113.9"}, trusted, "203.0.113.9"},
		"claims in a header of their own":              {"10.1.2.3:80", []string{"192.0.2.1", "203.0.113.9"}, trusted, "203.0.113.9"},
		"a claim to be a proxy":                        {"10.1.2.3:80", []string{"10.9.9.9, 203.0.113.9"}, trusted, "203.0.113.9"},
		"two proxies":                                  {"10.1.2.3:80", []string{"192.0.2.1, 203.0.113.9, 10.4.4.4"}, trusted, "203.0.113.9"},
		"proxies alone":                                {"10.1.2.3:80", []string{"10.5.5.5,10.4.4.4"}, trusted, "10.5.5.5"},
		"a proxy that says nothing":                    {"10.1.2.3:80", nil, trusted, "10.1.2.3"},
		"a proxy that says nonsense":                   {"10.1.2.3:80", []string{"203.0.113.9, unknown"}, trusted, "10.1.2.3"},
		"with a port":                                  {"10.1.2.3:80", []string{"203.0.113.9:5555"}, trusted, "203.0.113.9"},
		"IPv4 written as IPv6":                         {"[::ffff:10.1.2.3]:80", []string{"::ffff:203.0.113.9"}, trusted, "203.0.113.9"},
		"of IPv6 the network":                          {"[2001:db8:1:2:3:4:5:6]:80", nil, nil, "2001:db8:1:2::/64"},
		"another address of the same household":        {"[2001:db8:1:2:ffff::1]:80", nil, nil, "2001:db8:1:2::/64"},
		"of IPv6 behind a proxy of IPv6":               {"[2001:db8:aa::1]:80", []string{"[2001:db8:1:2:3:4:5:6]:99"}, trusted, "2001:db8:1:2::/64"},
		"of IPv6 with a zone, which says nothing here": {"[fe80::1%eth0]:80", nil, nil, "fe80::/64"},
		"no address at all":                            {"@", []string{"203.0.113.9"}, trusted, "@"},
	} {
		assert.Equal(t, test.machine, cases.Machine(test.remote, test.forwarded, test.trusted), name)
	}
}
