package certification

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANumberIsReadAsPeopleWriteIt(t *testing.T) {
	number, err := NewCaseNumber(rand.Reader)
	require.NoError(t, err)
	require.Regexp(t, `^PC-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`, number)
	certificate, err := NewCertificateNumber(rand.Reader)
	require.NoError(t, err)
	require.Regexp(t, `^PSS-`, certificate)
	careless := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(number))
	for _, written := range []string{number, strings.ToLower(number), strings.ReplaceAll(number, "-", ""), "  " + number + " ", careless} {
		read, valid := ParseNumber(written)
		require.True(t, valid, written)
		require.Equal(t, number, read)
	}
	for _, wrong := range []string{"", "PC", "PC-", number + "7", number[:len(number)-1], "PX" + number[2:], "PSS" + number, strings.Replace(number, "-", "Ü", 2)} {
		_, valid := ParseNumber(wrong)
		require.False(t, valid, wrong)
	}
	_, err = NewCaseNumber(strings.NewReader("short"))
	require.ErrorContains(t, err, "random")
}

// The check character finds every wrong digit, and of neighbours that changed
// places all but those whose values are 16 apart.
func TestTheCheckCharacter(t *testing.T) {
	swaps, missed := 0, 0
	for range 500 {
		number, err := NewCertificateNumber(rand.Reader)
		require.NoError(t, err)
		digits := []byte(strings.ReplaceAll(strings.TrimPrefix(number, "PSS-"), "-", ""))
		valid := func(digits []byte) bool { _, is := ParseNumber("PSS" + string(digits)); return is }
		require.True(t, valid(digits))
		for i := range digits {
			for _, other := range []byte(crockford) {
				if other != digits[i] {
					wrong := append([]byte(nil), digits...)
					wrong[i] = other
					require.False(t, valid(wrong), "%s with %c at %d", number, other, i)
				}
			}
			if i+1 < len(digits) && digits[i] != digits[i+1] {
				swapped := append([]byte(nil), digits...)
				swapped[i], swapped[i+1] = digits[i+1], digits[i]
				swaps++
				if valid(swapped) {
					missed++
				}
			}
		}
	}
	require.Less(t, float64(missed)/float64(swaps), 0.05, "%d of %d", missed, swaps)
}
