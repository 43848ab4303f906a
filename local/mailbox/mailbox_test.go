package mailbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/local/mailbox"
)

type served struct {
	*mailbox.Mailbox
	smtp, pages string
}

func serve(t *testing.T, dir string) served {
	t.Helper()
	m, err := mailbox.New(dir, time.Now)
	require.NoError(t, err)
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	pages, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, mail, pages) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return served{m, mail.Addr().String(), "http://" + pages.Addr().String()}
}

const letter = "From: Peercert <certification@peercert.test>\r\n" +
	"To: <ana@example.test>\r\n" +
	"Subject: =?utf-8?q?Tu_solicitud_est=C3=A1_aprobada?=\r\n" +
	"Message-ID: <n1@peercert.test>\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Abre https://example.test/c?a=3D1&b=3D2. Adi=C3=B3s <todos>\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
	"PHA+SG9sYTwvcD48c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+\r\n" +
	"--b--\r\n"

func get(t *testing.T, address string) (string, http.Header) {
	t.Helper()
	response, err := http.Get(address)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return string(body), response.Header
}

func TestALetterIsKeptAndShown(t *testing.T) {
	dir := t.TempDir()
	m := serve(t, dir)
	require.NoError(t, smtp.SendMail(m.smtp, nil, "certification@peercert.test", []string{"Ana@example.test"}, []byte(letter)))

	body, _ := get(t, m.pages+"/messages?to="+url.QueryEscape("ana@EXAMPLE.test"))
	var found []map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &found))
	require.Len(t, found, 1)
	require.Equal(t, "Tu solicitud está aprobada", found[0]["subject"])
	require.Equal(t, "<n1@peercert.test>", found[0]["message_id"])
	require.Equal(t, []any{"Ana@example.test"}, found[0]["to"])
	require.Contains(t, found[0]["text"], "Adiós <todos>")
	require.Equal(t, "<p>Hola</p><script>alert(1)</script>", found[0]["html"])

	list, _ := get(t, m.pages+"/")
	require.Contains(t, list, "Tu solicitud está aprobada")
	require.Contains(t, list, "mailbox of this machine only")

	id := found[0]["id"].(string)
	page, _ := get(t, m.pages+"/mail/"+id)
	require.Contains(t, page, `<a href="https://example.test/c?a=1&amp;b=2"`)
	require.Contains(t, page, "Adiós &lt;todos&gt;")
	require.Contains(t, page, `sandbox="allow-popups`)
	require.NotContains(t, page, "<script>")

	html, header := get(t, m.pages+"/mail/"+id+"/html")
	require.Contains(t, html, "<p>Hola</p>")
	require.Contains(t, header.Get("Content-Security-Policy"), "sandbox")
	require.NotContains(t, header.Get("Content-Security-Policy"), "allow-scripts")

	again, err := mailbox.New(dir, time.Now)
	require.NoError(t, err)
	require.Equal(t, m.Messages(""), again.Messages(""), "a later run shows the same letters")
}

func TestNewestFirstAndDeleteAll(t *testing.T) {
	m := serve(t, t.TempDir())
	for i := range 3 {
		body := fmt.Sprintf("Subject: letter %d\r\n\r\nplain body\r\n", i)
		require.NoError(t, smtp.SendMail(m.smtp, nil, "a@example.test", []string{"b@example.test"}, []byte(body)))
	}
	messages := m.Messages("")
	require.Len(t, messages, 3)
	require.Equal(t, "letter 2", messages[0].Subject)
	require.Equal(t, "plain body\n", messages[0].Text)

	foreign, err := http.NewRequest(http.MethodPost, m.pages+"/delete-all", nil)
	require.NoError(t, err)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	refused, err := http.DefaultClient.Do(foreign)
	require.NoError(t, err)
	refused.Body.Close()
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	require.Len(t, m.Messages(""), 3)

	response, err := http.Post(m.pages+"/delete-all", "", nil)
	require.NoError(t, err)
	response.Body.Close()
	require.Empty(t, m.Messages(""))
	list, _ := get(t, m.pages+"/")
	require.Contains(t, list, "No letters yet")
}

func TestRefusedMailIsTemporary(t *testing.T) {
	m := serve(t, "")
	m.Refuse(true)
	err := smtp.SendMail(m.smtp, nil, "a@example.test", []string{"b@example.test"}, []byte("Subject: x\r\n\r\ny\r\n"))
	var answer *textproto.Error
	require.True(t, errors.As(err, &answer), "got %v", err)
	require.Equal(t, 451, answer.Code)
	require.Empty(t, m.Messages(""))

	m.Refuse(false)
	waited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := make(chan error, 1)
	go func() {
		_, err := m.Await(waited, func(x mailbox.Message) bool { return strings.HasPrefix(x.Subject, "x") })
		got <- err
	}()
	require.NoError(t, smtp.SendMail(m.smtp, nil, "a@example.test", []string{"b@example.test"}, []byte("Subject: x\r\n\r\ny\r\n")))
	require.NoError(t, <-got)
}
