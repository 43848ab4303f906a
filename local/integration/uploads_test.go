package integration

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api/apitest"
	"peercert/certification"
	"peercert/local/journey"
)

// What is no document that we take is refused by what it is, and neither the bucket
// nor the records have anything of it. Not parallel: the bucket is everybody's.
func TestAFileThatIsNoDocumentLeavesNothing(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	picture, err := journey.PhotoID(45)
	require.NoError(t, err)
	paper := journey.Paper("A diploma")
	before, objects := s.written(p.CaseID), s.objects()
	for name, test := range map[string]struct {
		file    string
		content io.Reader
		status  int
		problem string
		finding string
	}{
		"a page that says it is a picture": {"id.jpg", strings.NewReader("<!doctype html><script>alert(1)</script>"), 422, "invalid", "file:document-type-not-accepted"},
		"a program":                        {"id.pdf", bytes.NewReader(append([]byte("MZ\x90\x00"), make([]byte, 2000)...)), 422, "invalid", "file:document-type-not-accepted"},
		"half a picture":                   {"id.jpg", bytes.NewReader(picture[:200]), 422, "invalid", ""},
		"half a paper":                     {"id.pdf", bytes.NewReader(paper[:len(paper)/2]), 422, "invalid", ""},
		"nothing":                          {"id.jpg", strings.NewReader(""), 422, "invalid", "file:document-empty"},
		"25 MiB and a byte":                {"id.pdf", io.MultiReader(bytes.NewReader(paper), io.LimitReader(rand.Reader, 25<<20+1-int64(len(paper)))), 422, "invalid", "file:document-too-large"},
		"40 MiB":                           {"id.pdf", io.MultiReader(bytes.NewReader(paper), io.LimitReader(rand.Reader, 40<<20)), 422, "invalid", "file:document-too-large"},
	} {
		answer, err := p.API.Upload(t.Context(), p.CaseID, "photo_id", test.file, test.content)
		require.NoError(t, err, name)
		assert.Equal(t, test.status, answer.Status, "%s: %s", name, answer.Body)
		assert.Equal(t, test.problem, answer.Problem(), name)
		if test.finding != "" {
			assert.Contains(t, answer.Fields(), test.finding, name)
		}
	}
	assert.Equal(t, before, s.written(p.CaseID))
	assert.Equal(t, objects, s.objects(), "nothing of it is in the bucket")
}

// An upload that breaks off leaves nothing, and the same key sends it again.
func TestAnInterruptedUploadLeavesNothing(t *testing.T) {
	s := onStack(t).scene(t)
	p := s.registered(1)[0]
	before, objects := s.written(p.CaseID), s.objects()
	paper := journey.Paper("A diploma")
	big := append(slices.Clip(paper[:9]), bytes.Repeat([]byte("%"), 3<<20)...) // a comment of 3 MiB behind the first line
	big = append(append(big, '\n'), paper[9:]...)
	const key = "interrupted-upload-0001"

	for _, after := range []int{1 << 10, 2 << 20} {
		broken := io.MultiReader(bytes.NewReader(big[:after]), failing{})
		_, err := p.API.Upload(t.Context(), p.CaseID, "diploma", "diploma.pdf", broken, apitest.WithKey(key))
		require.Error(t, err, "the connection broke")
		// A client that leaves in order ends the body too early; it may still read.
		answer := s.halfUpload(p, key, big[:after])
		assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
	}
	// The server may still be noticing that the connection is gone.
	s.eventually(soon, "the bucket to be as before", func() error {
		if now := s.objects(); !slices.Equal(objects, now) {
			return fmt.Errorf("%d objects instead of %d", len(now), len(objects))
		}
		return nil
	})
	assert.Equal(t, before, s.written(p.CaseID))

	picture, err := journey.PhotoID(46)
	require.NoError(t, err)
	answer := s.sent(p.API.Upload(t.Context(), p.CaseID, "diploma", "diploma.pdf", bytes.NewReader(picture), apitest.WithKey(key)))
	require.Equal(t, http.StatusCreated, answer.Status, string(answer.Body))
	again := s.sent(p.API.Upload(t.Context(), p.CaseID, "diploma", "diploma.pdf", bytes.NewReader(picture), apitest.WithKey(key)))
	require.Equal(t, http.StatusCreated, again.Status, string(again.Body))
	assert.JSONEq(t, string(answer.Body), string(again.Body), "the same key, the same document")
}

// failing is the network, gone.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the network is gone") }

// halfUpload sends the beginning of a form, says that nothing more comes, and reads.
func (s *scene) halfUpload(p *journey.Person, key string, content []byte) *http.Response {
	s.Helper()
	host := strings.TrimPrefix(s.Settings.PublicURL, "http://")
	connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(s.Context(), "tcp", host)
	require.NoError(s, err)
	defer connection.Close()
	require.NoError(s, connection.SetDeadline(time.Now().Add(30*time.Second)))
	fmt.Fprintf(connection, "POST /v1/cases/%s/documents HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n", p.CaseID, host, s.token(p), key)
	fmt.Fprintf(connection, "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ndiploma\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"diploma.pdf\"\r\n\r\n")
	_, err = connection.Write(content)
	require.NoError(s, err)
	require.NoError(s, connection.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(s, err)
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response
}

// token makes one more token for a person, for requests that no client would send.
func (s *scene) token(p *journey.Person) string {
	s.Helper()
	var applicant string
	require.NoError(s, s.records.QueryRow(s.Context(), `SELECT applicant_id FROM cases WHERE id = $1`, p.CaseID).Scan(&applicant))
	token, err := s.Parts.Cases.NewToken(context.WithoutCancel(s.Context()), certification.Actor{Role: certification.RoleApplicant, ID: applicant}, "test", time.Hour)
	require.NoError(s, err)
	return token
}
