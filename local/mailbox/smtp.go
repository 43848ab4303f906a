package mailbox

import (
	"fmt"
	"io"

	"github.com/emersion/go-smtp"
)

// backend lets anybody in: the listener is on loopback and nothing is relayed.
type backend struct{ mailbox *Mailbox }

func (b backend) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{mailbox: b.mailbox}, nil
}

type session struct {
	mailbox *Mailbox
	from    string
	to      []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.mailbox.isRefusing() {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The local mailbox was told to refuse mail"}
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("mailbox: receiving a letter: %w", err)
	}
	if s.mailbox.isRefusing() {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The local mailbox was told to refuse mail"}
	}
	if err := s.mailbox.accept(s.from, s.to, raw); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The local mailbox could not keep the letter"}
	}
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }
