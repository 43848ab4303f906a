package mailbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Message is one letter as the mailbox shows it.
type Message struct {
	ID        string    `json:"id"`         // UUIDv7 given by the mailbox
	From      string    `json:"from"`       // envelope sender
	To        []string  `json:"to"`         // envelope recipients
	Subject   string    `json:"subject"`    // decoded
	Date      time.Time `json:"date"`       // when the mailbox received it, UTC
	MessageID string    `json:"message_id"` // the Message-ID header with its angle brackets
	Text      string    `json:"text"`       // first text/plain part, empty if none
	HTML      string    `json:"html"`       // first text/html part, empty if none
}

func (m Message) isTo(address string) bool {
	return slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) })
}

const (
	envelopeFrom     = "X-Mailbox-From"
	envelopeTo       = "X-Mailbox-To"
	envelopeReceived = "X-Mailbox-Received"
)

type envelope struct {
	from     string
	to       []string
	received time.Time
}

// withEnvelope writes the envelope in front of the letter's own header, so that
// the file says who got it even when the header does not (Bcc).
func withEnvelope(e envelope, raw []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s: %s\r\n", envelopeFrom, e.from)
	fmt.Fprintf(&out, "%s: %s\r\n", envelopeTo, strings.Join(e.to, ", "))
	fmt.Fprintf(&out, "%s: %s\r\n", envelopeReceived, e.received.UTC().Format(time.RFC3339Nano))
	out.Write(raw)
	return out.Bytes()
}

// parse reads a letter. A letter with an odd body is still shown, as text: a
// mailbox that drops what it cannot read hides the mistake it is there to show.
func parse(id string, raw []byte) (Message, error) {
	letter, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, fmt.Errorf("mailbox: reading the header of letter %s: %w", id, err)
	}
	received, err := time.Parse(time.RFC3339Nano, letter.Header.Get(envelopeReceived))
	if err != nil {
		return Message{}, fmt.Errorf("mailbox: letter %s has no time of arrival: %w", id, err)
	}
	body, err := io.ReadAll(letter.Body)
	if err != nil {
		return Message{}, fmt.Errorf("mailbox: reading letter %s: %w", id, err)
	}
	message := Message{
		ID: id, Date: received, From: letter.Header.Get(envelopeFrom),
		To:        splitAddresses(letter.Header.Get(envelopeTo)),
		Subject:   decoded(letter.Header.Get("Subject")),
		MessageID: letter.Header.Get("Message-Id"),
	}
	message.take(part{
		contentType: letter.Header.Get("Content-Type"), encoding: letter.Header.Get("Content-Transfer-Encoding"),
		disposition: letter.Header.Get("Content-Disposition"), body: body,
	}, 0)
	return message, nil
}

// deepest bounds nested multiparts; real letters have two or three levels.
const deepest = 8

type part struct {
	contentType, encoding, disposition string
	body                               []byte
}

// take keeps the first text and the first HTML of a part and of the parts in it.
func (m *Message) take(p part, depth int) {
	kind, parameters, err := mime.ParseMediaType(p.contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < deepest {
		reader := multipart.NewReader(bytes.NewReader(p.body), parameters["boundary"])
		for {
			inner, err := reader.NextRawPart()
			if err != nil {
				return
			}
			body, err := io.ReadAll(inner)
			if err != nil {
				return
			}
			m.take(part{
				contentType: inner.Header.Get("Content-Type"), encoding: inner.Header.Get("Content-Transfer-Encoding"),
				disposition: inner.Header.Get("Content-Disposition"), body: body,
			}, depth+1)
		}
	}
	if disposition, _, err := mime.ParseMediaType(p.disposition); err == nil && disposition == "attachment" {
		return
	}
	switch text := p.text(); {
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	}
}

// text undoes the transfer encoding; what cannot be undone is returned as it is.
func (p part) text() string {
	var reader io.Reader = bytes.NewReader(p.body)
	switch strings.ToLower(strings.TrimSpace(p.encoding)) {
	case "quoted-printable":
		reader = quotedprintable.NewReader(reader)
	case "base64":
		reader = base64.NewDecoder(base64.StdEncoding, reader)
	}
	decoded, err := io.ReadAll(reader)
	if err != nil {
		decoded = p.body
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(decoded), "\uFFFD"), "\r\n", "\n")
}

func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

func splitAddresses(list string) []string {
	addresses := []string{}
	for address := range strings.SplitSeq(list, ",") {
		if address = strings.TrimSpace(address); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}
