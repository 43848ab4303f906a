package api

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// How long the other side may take. These are about the network, so they follow
// the machine's own clock and not the one that is passed in.
const (
	jsonTime   = 30 * time.Second // to send a JSON body, and for us to answer
	answerTime = 60 * time.Second // to take an answer
	stallTime  = 60 * time.Second // between two pieces of a document
)

// bodyDeadline gives a body its time. The deadline must end with the body: a read
// deadline that passes later would be taken for a client that left.
func bodyDeadline(c *gin.Context) (stop func()) {
	control := http.NewResponseController(c.Writer)
	// A writer of a test has no deadlines: then there is nothing to bound.
	_ = control.SetReadDeadline(time.Now().Add(jsonTime))
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// answerDeadline bounds the time of an answer. It is set anew for every request,
// because a deadline stays with the connection.
func answerDeadline(c *gin.Context) {
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(answerTime))
	c.Next()
}

// steady lets a large body take long, as long as it keeps coming.
type steady struct {
	io.Reader
	extend func()
	stop   func()
}

func (s steady) Read(into []byte) (int, error) {
	s.extend()
	n, err := s.Reader.Read(into)
	if err != nil {
		s.stop()
	}
	return n, err
}

// steadyBody is the body of an upload.
func steadyBody(c *gin.Context, body io.Reader) io.Reader {
	control := http.NewResponseController(c.Writer)
	return steady{
		Reader: body,
		extend: func() {
			_ = control.SetReadDeadline(time.Now().Add(stallTime))
			_ = control.SetWriteDeadline(time.Now().Add(stallTime + answerTime))
		},
		stop: func() { _ = control.SetReadDeadline(time.Time{}) },
	}
}

// steadyAnswer is the content of a download.
func steadyAnswer(c *gin.Context, content io.ReadCloser) io.ReadCloser {
	control := http.NewResponseController(c.Writer)
	return struct {
		io.Reader
		io.Closer
	}{steady{
		Reader: content,
		extend: func() { _ = control.SetWriteDeadline(time.Now().Add(stallTime)) },
		stop:   func() {},
	}, content}
}
