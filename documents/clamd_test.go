package documents

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// eicar is the test string of the scanners' makers. It stands in two halves so that
// no scanner takes this file for one.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`

// startClamd runs Debian's clamd with one signature, on a port and a socket of its own.
func startClamd(t *testing.T, settings ...string) (address, socket string) {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		const sentence = "this test needs clamd: install it with apt-get install clamav-daemon"
		if os.Getenv("CI") == "true" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	// clamd takes no listener of ours: the port is free when it is chosen, and another
	// program may have it a moment later.
	output := ""
	for range 5 {
		if address, socket, output = tryClamd(t, program, settings); address != "" {
			return address, socket
		}
	}
	t.Fatalf("clamd did not start:\n%s", output)
	return "", ""
}

// tryClamd gives no address, and what clamd said, when that ended before it answered.
func tryClamd(t *testing.T, program string, settings []string) (address, socket, output string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "clamd") // the path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address, socket = listener.Addr().String(), filepath.Join(dir, "socket")
	require.NoError(t, listener.Close())

	signatures := filepath.Join(dir, "signatures")
	require.NoError(t, os.Mkdir(signatures, 0o755))
	signature := "Eicar.Local:0:*:" + hex.EncodeToString([]byte(eicar)) + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(signatures, "local.ndb"), []byte(signature), 0o644))
	_, port, _ := strings.Cut(address, ":")
	lines := append([]string{
		// Without a User line a clamd that root starts stays root, and anybody's stays theirs.
		"Foreground yes", "DatabaseDirectory " + signatures, "TemporaryDirectory " + dir,
		"TCPAddr 127.0.0.1", "TCPSocket " + port, "LocalSocket " + socket, "LogFile " + filepath.Join(dir, "log"),
	}, settings...)
	settingsFile := filepath.Join(dir, "clamd.conf")
	require.NoError(t, os.WriteFile(settingsFile, []byte(strings.Join(lines, "\n")+"\n"), 0o644))

	var said bytes.Buffer
	clamd := exec.Command(program, "--config-file="+settingsFile)
	clamd.Stdout, clamd.Stderr = &said, &said
	require.NoError(t, clamd.Start())
	ended := make(chan struct{})
	go func() { _ = clamd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = clamd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = clamd.Process.Kill()
			<-ended
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended: // whoever answers at the address is not ours
			return "", "", said.String()
		default:
		}
		if NewClamd(socket).Ping(t.Context()) == nil && NewClamd(address).Ping(t.Context()) == nil {
			return address, socket, ""
		}
		if time.Now().After(deadline) {
			t.Fatal("clamd did not answer in time")
		}
	}
}

func TestClamdFindsTheTestString(t *testing.T) {
	address, socket := startClamd(t, "StreamMaxLength 30M")
	photo := jpegOf(t, quarters(400, 300))
	for _, at := range []string{address, socket, "unix:" + socket} {
		clamd := NewClamd(at)
		for name, test := range map[string]struct {
			body   []byte
			threat string
		}{
			"nothing":                      {nil, ""},
			"a photo":                      {photo, ""},
			"the largest file":             {jpegOfSize(t, certification.MaxDocumentBytes), ""},
			"the string":                   {[]byte(eicar), "Eicar.Local.UNOFFICIAL"},
			"a photo with it in a comment": {withSegments(photo, segment(0xFE, []byte(eicar))), "Eicar.Local.UNOFFICIAL"},
			"a photo with it behind":       {append(bytes.Clone(photo), eicar...), "Eicar.Local.UNOFFICIAL"},
			"the string across two chunks": {append(make([]byte, scanChunk-20), eicar...), "Eicar.Local.UNOFFICIAL"},
			"a file of exactly one chunk":  {make([]byte, scanChunk), ""},
		} {
			threat, err := clamd.Scan(t.Context(), bytes.NewReader(test.body))
			require.NoError(t, err, name)
			require.Equal(t, test.threat, threat, name)
		}
	}
}

func TestClamdKeepsAnInfectedDocumentInQuarantine(t *testing.T) {
	address, _ := startClamd(t, "StreamMaxLength 30M")
	p := newPlace(t, func(o *Options) { o.Scanner, o.ScanRequired = NewClamd(address), true })
	photo := jpegOf(t, quarters(64, 32))
	infected := p.stored(t, withSegments(photo, segment(0xFE, []byte(eicar))))
	clean := p.stored(t, photo)

	checked, err := p.Check(t.Context(), infected)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentInfected, checked.Status)
	require.Equal(t, "Eicar.Local.UNOFFICIAL", checked.Threat)
	checked, err = p.Check(t.Context(), clean)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentClean, checked.Status)
	requireQuarters(t, p.view(t, checked), 64, 32)
	for _, key := range p.keys(t) {
		if strings.Contains(key, infected.ID) {
			require.Equal(t, infected.QuarantineKey, key)
		}
	}
}

// TestClamdThatCannotScanSaysNothing holds Scan to an error wherever nothing is known.
func TestClamdThatCannotScanSaysNothing(t *testing.T) {
	t.Run("a stream too long for it", func(t *testing.T) {
		address, _ := startClamd(t, "StreamMaxLength 1M")
		_, err := NewClamd(address).Scan(t.Context(), bytes.NewReader(make([]byte, 8<<20)))
		require.ErrorContains(t, err, "scanning with clamd")
	})
	for name, answer := range map[string]string{
		"hangs up":          "",
		"an error":          "stream: Can't allocate memory ERROR\x00",
		"half an answer":    "stream: OK",
		"another answer":    "PONG\x00",
		"a nameless threat": "stream:  FOUND\x00",
		"without end":       strings.Repeat("stream: OK", scanReply),
	} {
		t.Run(name, func(t *testing.T) {
			threat, err := NewClamd(fakeClamd(t, answer)).Scan(t.Context(), bytes.NewReader(make([]byte, 200_000)))
			require.Error(t, err)
			require.Empty(t, threat)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		_, err := NewClamd(filepath.Join(t.TempDir(), "none")).Scan(t.Context(), bytes.NewReader(nil))
		require.Error(t, err)
	})
	t.Run("never answers", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err = NewClamd(listener.Addr().String()).Scan(ctx, bytes.NewReader(make([]byte, 16<<20)))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("the file cannot be read", func(t *testing.T) {
		lost := fmt.Errorf("the disk is gone")
		_, err := NewClamd(fakeClamd(t, "stream: OK\x00")).Scan(t.Context(), brokenReader{lost})
		require.ErrorIs(t, err, lost)
	})
}

// fakeClamd takes one whole stream and gives an answer that the real one cannot be
// brought to give.
func fakeClamd(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var tail []byte
		buffer := make([]byte, 4<<10)
		for !bytes.HasSuffix(tail, []byte{0, 0, 0, 0}) || len(tail) < 200_000 {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			tail = append(tail, buffer[:n]...)
		}
		_, _ = conn.Write([]byte(answer))
	}()
	return listener.Addr().String()
}
