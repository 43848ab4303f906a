package web_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"peercert/web"
)

// The name of the programme and people's numbers are marked where they are read, and
// nowhere else: a tag in an attribute, a title or an answer would be shown or sent.
func TestNamesAndNumbersStayOnOneLine(t *testing.T) {
	const content = `{{define "content"}}<p class="Medi-Cal">In Medi-Cal, {{.Bdi .Content}}.</p>` +
		`<a href="/verify/{{.Content}}" title="1 &gt; {{.Content}}">/verify/{{.Content}}</a> XPC-7K3M-92QX e-mail` +
		`<select><option value="{{.Content}}">{{.Content}}</option></select><textarea rows="2">` + "\n" + `{{.Content}}</textarea><b>{{.Content}}</b>{{end}}`
	pages, err := web.NewPages(fstest.MapFS{"pages/page.html": {Data: []byte(content)}})
	require.NoError(t, err)
	var page bytes.Buffer
	frame := web.Frame{Localizer: web.Words("en"), Title: "PSS-7K3M-92QX"}
	require.NoError(t, pages.Render(&page, "page", web.Page[string]{Frame: frame, Content: "PSS-7K3M-92QX"}))
	const number = `<span class="whole">PSS-7K3M-92QX</span>`
	require.Contains(t, page.String(), `<p class="Medi-Cal">In <span class="whole">Medi-Cal</span>, <bdi>`+number+`</bdi>.</p>`+
		`<a href="/verify/PSS-7K3M-92QX" title="1 &gt; PSS-7K3M-92QX">/verify/`+number+`</a> XPC-7K3M-92QX e-mail`+
		`<select><option value="PSS-7K3M-92QX">PSS-7K3M-92QX</option></select><textarea rows="2">`+"\n"+`PSS-7K3M-92QX</textarea><b>`+number+`</b>`)
	require.NotRegexp(t, `<title>[^<]*<span`, page.String())
	require.Contains(t, page.String(), "<title>PSS-7K3M-92QX")
	require.Regexp(t, `</html>\s*$`, page.String())
}
