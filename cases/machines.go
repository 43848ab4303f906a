package cases

import (
	"net/netip"
	"slices"
	"strings"
)

// shared is how much of an IPv6 address is counted as one machine: a household is given
// a network of this size, and could count as a new machine with every request.
const shared = 64

// Machine is the address of the machine that a request comes from, for limits. Remote is
// the other end of the connection, as http.Request.RemoteAddr has it. Where that is one of
// our own proxies, the header X-Forwarded-For says who asked it: forwarded has all its
// values, in their order. Each proxy adds whom it heard from at the end, and all before
// that is what somebody claims; so the last address is taken that is no trusted proxy. Of
// an IPv6 address the network is given. Whatever cannot be read is left alone, and counts
// as whoever passed it on.
func Machine(remote string, forwarded []string, trusted []netip.Prefix) string {
	address, known := addressOf(remote)
	if !known {
		return remote
	}
	claims := strings.Split(strings.Join(forwarded, ","), ",")
	for _, claim := range slices.Backward(claims) {
		if !slices.ContainsFunc(trusted, func(network netip.Prefix) bool { return network.Contains(address) }) {
			break
		}
		before, known := addressOf(strings.TrimSpace(claim))
		if !known {
			break
		}
		address = before
	}
	if address.Is6() {
		if network, err := address.Prefix(shared); err == nil {
			return network.String()
		}
	}
	return address.String()
}

// addressOf reads an address with or without a port. One of IPv4 in the clothes of IPv6
// is one of IPv4.
func addressOf(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		var with netip.AddrPort
		if with, err = netip.ParseAddrPort(text); err == nil {
			address = with.Addr()
		}
	}
	return address.Unmap().WithZone(""), err == nil
}
