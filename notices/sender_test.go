package notices_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/stacktest"
	"peercert/notices"
)

var sentAt = time.Date(2026, time.March, 3, 17, 4, 5, 0, time.UTC)

func options(address string) notices.Options {
	return notices.Options{
		Letterhead: notices.Letterhead{Operator: "Sample Certification Board", PublicURL: "https://portal.example.test"},
		Address:    address, From: "certification@peercert.test", Now: func() time.Time { return sentAt },
	}
}

func newSender(t *testing.T, options notices.Options) *notices.Sender {
	t.Helper()
	sender, err := notices.NewSender(options)
	require.NoError(t, err)
	return sender
}

// send writes a notice and hands it to the mail server.
func send(t *testing.T, sender *notices.Sender, notice certification.Notice) error {
	t.Helper()
	return sendWith(t.Context(), t, sender, notice)
}

func sendWith(ctx context.Context, t *testing.T, sender *notices.Sender, notice certification.Notice) error {
	t.Helper()
	letter, err := sender.Compose(notice)
	require.NoError(t, err)
	return sender.Send(ctx, notice.ID, notice.Email, letter)
}

// canary is a notice whose personal fields must not come back in an error.
func canary(letter certification.Letter) certification.Notice {
	for _, example := range notices.List() {
		if example.Letter == letter {
			notice := example.Notice
			notice.Name, notice.Email = "Canaryname", "canary.address@example.test"
			return notice
		}
	}
	panic("no such letter")
}

func requireNoPersonalData(t *testing.T, err error) {
	t.Helper()
	for _, canary := range []string{"canary", "Canary", "example.test", "@"} {
		require.NotContains(t, err.Error(), canary)
	}
}

func TestEveryLetterArrives(t *testing.T) {
	mailbox := stacktest.Mail(t)
	sender := newSender(t, options(mailbox.Address))
	for i, example := range notices.List() {
		for j, language := range []string{"en", "es"} {
			notice := example.Notice
			notice.ID = fmt.Sprintf("01980000-0000-7000-8000-%06d%06d", i, j)
			notice.Language, notice.Name = language, "María Ñandú"
			if notice.CaseID == "" {
				notice.Name = ""
			}
			require.NoError(t, send(t, sender, notice))
			written, err := notices.Compose(notice, options("").Letterhead)
			require.NoError(t, err)

			letters := mailbox.Messages(notice.Email)
			require.Len(t, letters, 2*i+j+1)
			require.Equal(t, written.Subject, letters[0].Subject)
			require.Equal(t, "<"+notice.ID+"@peercert.test>", letters[0].MessageID)
			require.Equal(t, wholeLines(written.Text), wholeLines(letters[0].Text))
			require.Equal(t, wholeLines(written.HTML), wholeLines(letters[0].HTML))
		}
	}
}

func wholeLines(text string) string {
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

func TestAMailServerInTroubleIsWorthAnotherTry(t *testing.T) {
	mailbox := stacktest.Mail(t)
	sender := newSender(t, options(mailbox.Address))
	notice := canary(certification.LetterReceipt)

	mailbox.Refuse(true)
	err := send(t, sender, notice)
	require.Error(t, err)
	require.NotErrorIs(t, err, notices.ErrRefused)
	require.ErrorContains(t, err, "451")
	requireNoPersonalData(t, err)

	mailbox.Refuse(false)
	require.NoError(t, send(t, sender, notice))
	require.Len(t, mailbox.Messages(notice.Email), 1)
}

func TestTheEnvelopeOfALetter(t *testing.T) {
	server := startServer(t, nil)
	notice := canary(certification.LetterResultsNotPassed)
	notice.Name = "Quentin\r\nBcc: everybody@example.test\r\n\r\nHello"
	require.NoError(t, send(t, newSender(t, options(server.address)), notice))

	require.Equal(t, []string{"canary.address@example.test"}, server.recipients)
	require.Equal(t, "certification@peercert.test", server.from)
	message, err := mail.ReadMessage(bytes.NewReader(server.raw))
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Message-Id": "<" + notice.ID + "@peercert.test>", "Date": "Tue, 03 Mar 2026 17:04:05 +0000",
		"Auto-Submitted": "auto-generated", "Content-Language": "en", "Subject": "Your exam results are ready",
		"From": `"Sample Certification Board" <certification@peercert.test>`, "To": "<canary.address@example.test>",
	} {
		require.Equal(t, []string{value}, message.Header[name], name)
	}
	require.Contains(t, message.Header.Get("Content-Type"), "multipart/alternative")
	require.Empty(t, message.Header["Bcc"])
	require.Empty(t, message.Header["User-Agent"])
	headers, _, _ := strings.Cut(string(server.raw), "\r\n\r\n")
	require.NotContains(t, headers, "Quentin", "a name is in no header")
}

func TestAnAddressCannotChangeTheEnvelope(t *testing.T) {
	server := startServer(t, nil)
	sender := newSender(t, options(server.address))
	for _, address := range []string{
		"", "canary", "canary@", "a@example.test, b@example.test", "a@example.test\r\nBcc: b@example.test",
		"a@example.test>\r\nRCPT TO:<b@example.test", "Canary <a@example.test>", " a@example.test", "\"a\r\nb\"@example.test",
	} {
		notice := canary(certification.LetterReceipt)
		notice.Email = address
		err := send(t, sender, notice)
		require.ErrorIs(t, err, notices.ErrRefused, "%q", address)
		requireNoPersonalData(t, err)
	}
	require.Empty(t, server.recipients)

	notice := canary(certification.LetterReceipt)
	notice.ID = "1>\r\nBcc: b@example.test"
	require.Error(t, send(t, sender, notice))
	require.Nil(t, server.raw)
}

func TestWhatIsTheRecipientsFaultAndWhatIsNot(t *testing.T) {
	refuse := func(code int, enhanced smtp.EnhancedCode) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "<canary.address@example.test>: Canaryname says no"}
	}
	none := smtp.NoEnhancedCode
	for _, one := range []struct {
		name    string
		at      string
		answer  error
		refused bool
	}{
		{"no such mailbox", "rcpt", refuse(550, smtp.EnhancedCode{5, 1, 1}), true},
		{"bad address", "rcpt", refuse(501, smtp.EnhancedCode{5, 1, 3}), true},
		{"mailbox disabled", "rcpt", refuse(550, smtp.EnhancedCode{5, 2, 1}), true},
		{"no such mailbox, no enhanced code", "rcpt", refuse(550, none), true},
		{"unknown only after the text", "data", refuse(550, smtp.EnhancedCode{5, 1, 1}), true},
		{"relaying denied", "rcpt", refuse(554, smtp.EnhancedCode{5, 7, 1}), false},
		{"sign in first", "rcpt", refuse(530, none), false},
		{"mailbox busy", "rcpt", refuse(450, smtp.EnhancedCode{4, 2, 1}), false},
		{"greylisted", "rcpt", refuse(451, none), false},
		{"sender refused", "mail", refuse(550, smtp.EnhancedCode{5, 1, 8}), false},
		{"sender refused, no enhanced code", "mail", refuse(550, none), false},
		{"taken for spam", "data", refuse(554, smtp.EnhancedCode{5, 7, 1}), false},
		{"disk full", "data", refuse(452, smtp.EnhancedCode{4, 3, 1}), false},
	} {
		t.Run(one.name, func(t *testing.T) {
			server := startServer(t, func(step string) error {
				if step == one.at {
					return one.answer
				}
				return nil
			})
			err := send(t, newSender(t, options(server.address)), canary(certification.LetterReceipt))
			require.Error(t, err)
			require.Equal(t, one.refused, errors.Is(err, notices.ErrRefused), "%v", err)
			var answer *smtp.SMTPError
			require.ErrorAs(t, one.answer, &answer)
			require.ErrorContains(t, err, fmt.Sprint(answer.Code))
			requireNoPersonalData(t, err)
			require.Nil(t, server.raw)
		})
	}
}

func TestAMailServerThatIsNotThere(t *testing.T) {
	err := send(t, newSender(t, options("127.0.0.1:1")), canary(certification.LetterReceipt))
	require.ErrorContains(t, err, "refused")
	require.NotErrorIs(t, err, notices.ErrRefused)
	requireNoPersonalData(t, err)
}

func TestAMailServerThatSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	connected := make(chan struct{})
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		close(connected)
		_, _ = io.Copy(io.Discard, connection) // until the client gives up
		_ = connection.Close()
	}()

	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-connected
		stop()
	}()
	err = sendWith(ctx, t, newSender(t, options(listener.Addr().String())), canary(certification.LetterReceipt))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, notices.ErrRefused)
	requireNoPersonalData(t, err)
}

func TestALetterTheServerTookIsSent(t *testing.T) {
	// The server says yes to the text and goes away before goodbye.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		answerUntilTaken(connection)
	}()
	require.NoError(t, send(t, newSender(t, options(listener.Addr().String())), canary(certification.LetterReceipt)))
}

// answerUntilTaken speaks just enough SMTP to take one letter.
func answerUntilTaken(connection net.Conn) {
	say := func(line string) { _, _ = io.WriteString(connection, line+"\r\n") }
	say("220 test")
	var buffer bytes.Buffer
	chunk := make([]byte, 4096)
	inText := false
	for {
		n, err := connection.Read(chunk)
		if err != nil {
			return
		}
		buffer.Write(chunk[:n])
		if inText {
			if bytes.HasSuffix(buffer.Bytes(), []byte("\r\n.\r\n")) {
				say("250 taken")
				return
			}
			continue
		}
		command := strings.ToUpper(buffer.String())
		if !strings.HasSuffix(command, "\r\n") {
			continue
		}
		buffer.Reset()
		if strings.HasPrefix(command, "DATA") {
			inText = true
			say("354 go on")
			continue
		}
		say("250 ok")
	}
}

func TestTLSIsRequiredWhereItIsSet(t *testing.T) {
	plain := startServer(t, nil)
	required := options(plain.address)
	required.TLS = true
	err := send(t, newSender(t, required), canary(certification.LetterReceipt))
	require.ErrorContains(t, err, "TLS")
	require.Nil(t, plain.raw, "nothing is sent in the clear")

	untrusted := startServer(t, nil, func(server *smtp.Server) { server.TLSConfig, _ = selfSigned(t) })
	required.Address = untrusted.address
	err = send(t, newSender(t, required), canary(certification.LetterReceipt))
	require.ErrorContains(t, err, "TLS")
	requireNoPersonalData(t, err)
	require.Nil(t, untrusted.raw)
}

func TestSigningIn(t *testing.T) {
	config, trusted := selfSigned(t)
	server := startServer(t, nil, func(server *smtp.Server) { server.TLSConfig = config })
	signed := options(server.address)
	signed.Username, signed.Password, signed.TLS = "sender", "right", true
	sender := newSender(t, signed)
	sender.Trust(trusted)
	require.NoError(t, send(t, sender, canary(certification.LetterReceipt)))
	require.Equal(t, "sender", server.signedIn)
	require.NotNil(t, server.raw)

	signed.Password = "wrong"
	sender = newSender(t, signed)
	sender.Trust(trusted)
	err := send(t, sender, canary(certification.LetterReceipt))
	require.ErrorContains(t, err, "sign-in")
	require.ErrorContains(t, err, "SMTP 535")
	require.NotErrorIs(t, err, notices.ErrRefused)
	require.NotContains(t, err.Error(), "wrong")

	clear := startServer(t, nil, func(server *smtp.Server) { server.AllowInsecureAuth = true })
	unsafe := options(clear.address)
	unsafe.Username, unsafe.Password = "sender", "right"
	require.ErrorContains(t, send(t, newSender(t, unsafe), canary(certification.LetterReceipt)), "sign-in")
	require.Empty(t, clear.signedIn, "no password in the clear")

	none := startServer(t, nil, func(server *smtp.Server) { server.AllowInsecureAuth = false })
	unsafe.Address = none.address
	require.ErrorContains(t, send(t, newSender(t, unsafe), canary(certification.LetterReceipt)), "sign-in")
}

func TestSettingsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*notices.Options){
		"no sender":      func(o *notices.Options) { o.From = "" },
		"a named sender": func(o *notices.Options) { o.From = "Board <board@example.test>" },
		"no port":        func(o *notices.Options) { o.Address = "127.0.0.1" },
		"a bad port":     func(o *notices.Options) { o.Address = "127.0.0.1:99999" },
		"no host":        func(o *notices.Options) { o.Address = ":25" },
		"no clock":       func(o *notices.Options) { o.Now = nil },
	} {
		wrong := options("127.0.0.1:25")
		change(&wrong)
		_, err := notices.NewSender(wrong)
		require.Error(t, err, name)
	}
}

// server is an SMTP server that answers as a test wants and keeps the last letter.
type server struct {
	address string
	answer  func(step string) error

	mu         sync.Mutex
	from       string
	recipients []string
	raw        []byte
	signedIn   string
}

func startServer(t *testing.T, answer func(step string) error, settings ...func(*smtp.Server)) *server {
	t.Helper()
	if answer == nil {
		answer = func(string) error { return nil }
	}
	s := &server{answer: answer}
	served := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }))
	served.ErrorLog = quiet{}
	for _, set := range settings {
		set(served)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- served.Serve(listener) }()
	t.Cleanup(func() {
		_ = served.Close()
		_ = listener.Close() // a server that was closed before it served knows no listener
		<-ended
	})
	return s
}

type session struct{ *server }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if password != "right" {
			return smtp.ErrAuthFailed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.signedIn = username
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = from
	return s.answer("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recipients = append(s.recipients, to)
	return s.answer("rcpt")
}

func (s *session) Data(text io.Reader) error {
	raw, err := io.ReadAll(text)
	if err != nil {
		return err
	}
	if err := s.answer("data"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = raw
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func selfSigned(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(certificate)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	trusted.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}, trusted
}
