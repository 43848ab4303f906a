package browser

import (
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var offered = regexp.MustCompile(`<option value="([^"]+)"`)

// firstSlot is the first time that the vendor's page offers.
func firstSlot(t *testing.T, page io.Reader) time.Time {
	t.Helper()
	body, err := io.ReadAll(page)
	require.NoError(t, err)
	for _, option := range offered.FindAllStringSubmatch(string(body), -1) {
		if slot, err := time.Parse(time.RFC3339, option[1]); err == nil {
			return slot
		}
	}
	t.Fatalf("the vendor offers no time: %s", body)
	return time.Time{}
}
