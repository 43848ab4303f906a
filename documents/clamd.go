package documents

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Clamd is a Scanner that asks a clamd, ClamAV's daemon, over its own protocol
// (clamd(8), INSTREAM). Its StreamMaxLength must be above MaxDocumentBytes, or clamd
// refuses the largest documents, which then stay in quarantine.
type Clamd struct {
	network, address string
}

const (
	// scanTimeout bounds one scan; clamd's own limit (MaxScanTime) is two minutes.
	scanTimeout = 150 * time.Second
	// scanChunk is how much is sent to clamd at a time.
	scanChunk = 64 << 10
	// scanReply is the longest answer that is read.
	scanReply = 4 << 10
)

// NewClamd is a client of the clamd at an address: host:port, or the path of a
// unix socket. It does not connect: see Ping.
func NewClamd(address string) *Clamd {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return &Clamd{network: "unix", address: path}
	}
	if strings.HasPrefix(address, "/") {
		return &Clamd{network: "unix", address: address}
	}
	return &Clamd{network: "tcp", address: address}
}

// Ping says whether clamd answers.
func (c *Clamd) Ping(ctx context.Context) error {
	reply, err := c.talk(ctx, "PING", nil)
	if err != nil {
		return fmt.Errorf("asking clamd whether it is there: %w", err)
	}
	if reply != "PONG" {
		return fmt.Errorf("asking clamd whether it is there: it said %q", reply)
	}
	return nil
}

// Scan sends r to clamd. The threat is the name of the signature that matched. Any
// answer but a clear one is an error.
func (c *Clamd) Scan(ctx context.Context, r io.Reader) (threat string, err error) {
	reply, err := c.talk(ctx, "INSTREAM", r)
	if err != nil {
		return "", fmt.Errorf("scanning with clamd: %w", err)
	}
	result, ok := strings.CutPrefix(reply, "stream: ")
	if ok && result == "OK" {
		return "", nil
	}
	if threat, found := strings.CutSuffix(result, " FOUND"); ok && found && threat != "" {
		return threat, nil
	}
	return "", fmt.Errorf("scanning with clamd: it said %q", reply)
}

// talk sends one command, with a stream behind it if there is one, and reads the
// one answer.
func (c *Clamd) talk(ctx context.Context, command string, stream io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// A deadline in the past ends whatever the connection is waiting for.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	_, sendErr := conn.Write([]byte("z" + command + "\x00"))
	if sendErr == nil && stream != nil {
		var readErr error
		if sendErr, readErr = sendStream(conn, stream); readErr != nil {
			return "", readErr
		}
	}
	// clamd hangs up in the middle of a stream that is too long for it, and says so:
	// its answer tells more than our failure to send.
	reply, err := bufio.NewReader(io.LimitReader(conn, scanReply)).ReadString(0)
	if err != nil {
		return "", errors.Join(ctx.Err(), sendErr, err)
	}
	return strings.TrimSuffix(reply, "\x00"), nil
}

// sendStream sends chunks, each behind its length, and an empty one at the end.
func sendStream(w io.Writer, r io.Reader) (sendErr, readErr error) {
	chunk := make([]byte, 4+scanChunk)
	for {
		n, err := io.ReadFull(r, chunk[4:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, err
		}
		binary.BigEndian.PutUint32(chunk, uint32(n))
		if _, err := w.Write(chunk[:4+n]); err != nil {
			return err, nil
		}
		if n == 0 {
			return nil, nil
		}
	}
}
