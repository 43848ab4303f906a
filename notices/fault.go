package notices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"syscall"

	"github.com/wneessen/go-mail"
)

// ErrRefused is returned when mail to this recipient is refused for good. Trying
// again is of no use until the address is another.
var ErrRefused = errors.New("the mail server refuses this recipient for good")

var (
	errSender      = errors.New("the settings of the sender are not usable")
	errUnreachable = errors.New("the mail server cannot be reached")
	errConnection  = errors.New("the connection to the mail server is closed or refused")
	errName        = errors.New("the name of the mail server is not known")
	errTimeout     = errors.New("the mail server does not answer in time")
	errTLS         = errors.New("the mail server's certificate is not trusted, or it does not speak TLS")
	errSignIn      = errors.New("the mail server refuses our sign-in, or offers no safe one")
	errAnswer      = errors.New("the mail server refuses for now")
)

// fault turns what the mail library says into words of ours. Its own words hold
// the recipient's address and must go no further.
func fault(ctx context.Context, err error) error {
	if err == nil {
		// Neither delivered nor an error: say so rather than lose a letter.
		return errUnreachable
	}
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%w: %w", errTimeout, cause)
		}
		return fmt.Errorf("sending was stopped: %w", cause)
	}

	var sending *mail.SendError
	var answer *textproto.Error
	switch {
	case errors.As(err, &sending) && sending.ErrorCode() != 0:
		kind := errAnswer
		if isRecipients(sending.Reason, sending.ErrorCode(), sending.EnhancedStatusCode()) {
			kind = ErrRefused
		}
		return answered(kind, sending.ErrorCode(), sending.EnhancedStatusCode())
	case errors.As(err, &answer):
		// Before any letter was offered: a greeting, STARTTLS or sign-in.
		if answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538 {
			return answered(errSignIn, answer.Code, "")
		}
		return answered(errAnswer, answer.Code, "")
	}
	return unanswered(err)
}

// isRecipients says whether a 5xx answer is about the recipient and not about us.
// RFC 3463: 5.1 is the address, 5.2 the mailbox. Where the server gives no such
// code, an answer to RCPT TO counts, save those about our sign-in and our grammar;
// 5.7, policy, is mostly "relaying denied": a setting of ours, not the person's.
func isRecipients(step mail.SendErrReason, code int, enhanced string) bool {
	if code < 500 || code > 599 {
		return false
	}
	if enhanced != "" {
		return strings.HasPrefix(enhanced, "5.1.") && enhanced != "5.1.7" && enhanced != "5.1.8" ||
			strings.HasPrefix(enhanced, "5.2.")
	}
	if step != mail.ErrSMTPRcptTo {
		return false
	}
	switch code {
	case 500, 502, 503, 504, 530, 534, 535, 538:
		return false
	}
	return true
}

func answered(kind error, code int, enhanced string) error {
	if enhanced != "" {
		return fmt.Errorf("%w (SMTP %d %s)", kind, code, enhanced)
	}
	return fmt.Errorf("%w (SMTP %d)", kind, code)
}

// unanswered names what kept us from an answer.
func unanswered(err error) error {
	var unknown *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var wrongHost x509.HostnameError
	var notTLS tls.RecordHeaderError
	var slow net.Error
	switch {
	case errors.As(err, &unknown):
		return errName
	// Two of the library's errors can only be told by their words.
	case errors.As(err, &untrusted), errors.As(err, &wrongHost), errors.As(err, &notTLS),
		strings.Contains(err.Error(), "does not support STARTTLS"):
		return errTLS
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "does not support SMTP AUTH"):
		return errSignIn
	case errors.As(err, &slow) && slow.Timeout():
		return errTimeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed):
		return errConnection
	}
	return errUnreachable
}
