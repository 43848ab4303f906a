package notices

import "crypto/x509"

// Trust makes a sender trust a test's certificate.
func (s *Sender) Trust(pool *x509.CertPool) { s.trusted = pool }
