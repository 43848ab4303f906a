package notices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/wneessen/go-mail"

	"peercert/certification"
)

// How long one letter may take: to connect and between two answers of the server,
// and in all.
const (
	stepTimeout = 15 * time.Second
	sendTimeout = time.Minute
)

// Options are the settings of a Sender.
type Options struct {
	Letterhead

	Address            string // host:port of the SMTP server
	Username, Password string // no sign-in when Username is empty
	// TLS requires STARTTLS. Without it, STARTTLS is used where the server offers it.
	// The password is never sent in the clear, whatever is set here.
	TLS  bool
	From string // address of the sender, without a name
	Now  func() time.Time
}

// Sender sends letters over SMTP, one connection a letter. It is safe for
// concurrent use.
type Sender struct {
	options Options
	domain  string // of From
	host    string
	port    int
	trusted *x509.CertPool // nil for those of the system; tests set their own
}

// NewSender checks the settings. It does not connect: a mail server that is down
// must not keep the programme from running.
func NewSender(options Options) (*Sender, error) {
	from, err := netmail.ParseAddress(options.From)
	if err != nil || from.Address != options.From {
		return nil, errors.New("notices: the sender's address is not a plain mail address")
	}
	host, portText, err := net.SplitHostPort(options.Address)
	if err != nil {
		return nil, fmt.Errorf("notices: address of the mail server: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 || host == "" {
		return nil, errors.New("notices: address of the mail server is not host:port")
	}
	if options.Now == nil {
		return nil, errors.New("notices: a sender needs a clock")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Sender{options: options, domain: domain, host: host, port: port}, nil
}

// Compose writes a notice on this sender's paper.
func (s *Sender) Compose(notice certification.Notice) (Composed, error) {
	return Compose(notice, s.options.Letterhead)
}

// Send hands the letter of a notice to the mail server, for a plain mail address. Nil
// means the server took it. ErrRefused means that it never will for this recipient; every
// other error is worth another try. Errors carry ids, fixed text and SMTP codes: no
// address, and nothing the server said, which may repeat one. The Message-ID comes from the
// id of the notice, so a letter that is sent again after a lost answer can be told as the
// same; whoever sends it again gives it the same words.
func (s *Sender) Send(ctx context.Context, noticeID, address string, letter Composed) error {
	if uuid.Validate(noticeID) != nil {
		return errors.New("notices: the id of a notice is not a UUID")
	}
	message, err := s.message(noticeID, address, letter)
	if err != nil {
		return fmt.Errorf("notice %s: %w", noticeID, err)
	}
	if err := s.deliver(ctx, message); err != nil {
		return fmt.Errorf("notice %s: %w", noticeID, err)
	}
	return nil
}

// message puts a letter into an envelope. The person's name is not in any header:
// mail servers write headers into their logs.
func (s *Sender) message(noticeID, address string, letter Composed) (*mail.Msg, error) {
	to, err := netmail.ParseAddress(address)
	if err != nil || to.Address != address {
		return nil, fmt.Errorf("this is no mail address: %w", ErrRefused)
	}
	message := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	if err := message.FromFormat(cleanLine(s.options.Operator), s.options.From); err != nil {
		return nil, errSender
	}
	if err := message.To(address); err != nil {
		return nil, fmt.Errorf("this is no mail address: %w", ErrRefused)
	}
	message.SetMessageIDWithValue(noticeID + "@" + s.domain)
	message.SetDateWithValue(s.options.Now())
	// RFC 3834: no machine answers this letter by itself.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader("Content-Language", letter.Language)
	message.Subject(letter.Subject)
	message.SetBodyString(mail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	return message, nil
}

func (s *Sender) deliver(ctx context.Context, message *mail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()

	policy := mail.TLSOpportunistic
	if s.options.TLS {
		policy = mail.TLSMandatory
	}
	settings := []mail.Option{
		mail.WithPort(s.port), mail.WithTimeout(stepTimeout), mail.WithTLSPolicy(policy),
		mail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: s.trusted, MinVersion: tls.VersionTLS12}),
		// The name of this machine is nobody's business.
		mail.WithHELO(s.domain),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			var dialer net.Dialer
			connection, err := dialer.DialContext(dialing, network, address)
			if err == nil {
				// The library watches the context only while it dials.
				context.AfterFunc(ctx, func() { _ = connection.Close() })
			}
			return connection, err
		}),
	}
	if s.options.Username != "" {
		settings = append(settings, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(s.options.Username), mail.WithPassword(s.options.Password))
	}
	client, err := mail.NewClient(s.host, settings...)
	if err != nil {
		return errSender
	}
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() {
		// What follows the server's yes, such as saying goodbye, may fail: a second
		// try would send the letter twice.
		return nil
	}
	return fault(ctx, err)
}
