package certification

import (
	"fmt"
	"io"
	"strings"
)

// crockford is Crockford's base 32: no I, L, O or U, so that a number can be read
// out over the telephone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	caseNumberPrefix        = "PC"
	certificateNumberPrefix = "PSS"
)

// NewCaseNumber makes a case number such as "PC-7K3M-92QX" from random bytes. It is
// private: it never tells the certificate number.
func NewCaseNumber(random io.Reader) (string, error) { return newNumber(caseNumberPrefix, random) }

// NewCertificateNumber makes a certificate number such as "PSS-7K3M-92QX". It is
// public and has no meaning (domain §6).
func NewCertificateNumber(random io.Reader) (string, error) {
	return newNumber(certificateNumberPrefix, random)
}

func newNumber(prefix string, random io.Reader) (string, error) {
	bytes := make([]byte, 7)
	if _, err := io.ReadFull(random, bytes); err != nil {
		return "", fmt.Errorf("reading random bytes for a number: %w", err)
	}
	digits := make([]byte, 0, 8)
	for _, b := range bytes {
		digits = append(digits, crockford[b%32])
	}
	digits = append(digits, checkCharacter(string(digits)))
	return fmt.Sprintf("%s-%s-%s", prefix, digits[:4], digits[4:]), nil
}

// checkCharacter weighs every digit by its place, so that a wrong digit is always
// found, and two neighbors that changed places nearly always.
func checkCharacter(digits string) byte {
	sum := 0
	for i, digit := range []byte(digits) {
		// Odd weights have an inverse modulo 32, so no single wrong digit hides. They
		// begin at 5 so that also the last one, 17, and that of the check character
		// itself, -1, differ by an odd multiple of two: neighbors hide only when their
		// values are 16 apart.
		sum += (2*i + 5) * strings.IndexByte(crockford, digit)
	}
	return crockford[sum%32]
}

// ParseNumber reads a case or certificate number as people write it: small
// letters, O for 0, I and L for 1, with or without hyphens. It says false for one
// whose check character is wrong.
func ParseNumber(text string) (string, bool) {
	text = strings.ToUpper(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '-' || r == ' ' }), ""))
	for _, prefix := range []string{certificateNumberPrefix, caseNumberPrefix} {
		digits, found := strings.CutPrefix(text, prefix)
		if !found {
			continue
		}
		digits = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(digits)
		if len(digits) != 8 || strings.Trim(digits, crockford) != "" || checkCharacter(digits[:7]) != digits[7] {
			return "", false
		}
		return fmt.Sprintf("%s-%s-%s", prefix, digits[:4], digits[4:]), true
	}
	return "", false
}
