package portaltest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/portal/portaltest"
)

func page(content string) string {
	return `<!doctype html><html lang="en" dir="ltr"><head><title>A page</title></head><body><header>Top</header><main>` + content + `</main><footer>End</footer></body></html>`
}

const goodForm = `<h1>Ask</h1><form method="post" action="/sent" enctype="multipart/form-data">
<input type="hidden" name="key" value="k1">
<label for="name">Your name</label><input id="name" name="name" value="before" aria-describedby="name-error"><p id="name-error">Error: <span>Say it</span></p>
<label for="story">Story</label><textarea id="story" name="story">
two
lines</textarea>
<fieldset><legend>Color</legend><input type="radio" id="color" name="color" value="red"><label for="color">Red one</label>
<input type="radio" id="color-blue" name="color" value="blue" checked><label for="color-blue">Blue one</label></fieldset>
<label for="list">List</label><select id="list" name="list"><option value="">Choose</option><option value="b">Second</option></select>
<label for="yes">Yes</label><input type="checkbox" id="yes" name="yes" value="1">
<label for="paper">Paper</label><input type="file" id="paper" name="paper" multiple>
<button type="submit" name="also" value="pressed">Send it</button></form>`

func server(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page(goodForm+`<p><a href="/more">Read <b>more</b></a></p>`))
	})
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, request *http.Request) {
		reader, err := request.MultipartReader()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		said := ""
		for {
			part, err := reader.NextPart()
			if err == io.EOF {
				break
			}
			content, _ := io.ReadAll(part)
			said += fmt.Sprintf("[%s %s %s]", part.FormName(), part.FileName(), content)
		}
		_, err = request.Cookie("seen")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page(fmt.Sprintf("<h1>Sent</h1><p>%s %s %t</p>", said, request.Header.Get("Sec-Fetch-Site"), err == nil)))
	})
	serving := httptest.NewServer(mux)
	t.Cleanup(serving.Close)
	return serving.URL
}

func TestFormsAreSentAsBrowsersSendThem(t *testing.T) {
	b := portaltest.New(t, server(t)).Open("/")
	assert.Equal(t, "two\nlines", b.Value("story"))
	assert.Equal(t, "Error: Say it", b.Wrong("name"))
	b.Fill("Your name", "Ada & Co").Choose("color", "Red one").Choose("list", "b").Choose("yes", "1")
	b.Attach("paper", "one.pdf", []byte("1")).Attach("Paper", "two.pdf", []byte("2")).Press("Send it")
	assert.Equal(t, "Sent [key k1][name Ada & Co][story two lines][color red][list b][yes 1][paper one.pdf 1][paper two.pdf 2][also pressed] same-origin true", b.Main())
	b.Return()
	assert.Equal(t, "Ask", b.Heading())
	assert.Equal(t, "/more", b.Link("Read more"))
	assert.Equal(t, "/more", b.Follow("more").Path())
}

func TestFaultsAreFound(t *testing.T) {
	require.Empty(t, portaltest.Faults([]byte(page(goodForm))))
	for fault, body := range map[string]string{
		"has 0 elements h1":                                     page("<h2>No</h2>"),
		"has 2 elements h1":                                     page("<h1>A</h1><h1>B</h1>"),
		"does not say its language":                             `<!doctype html><html dir="ltr"><head><title>A</title></head><body><header></header><main><h1>A</h1></main><footer></footer></body></html>`,
		"does not say its direction":                            `<!doctype html><html lang="en"><head><title>A</title></head><body><header></header><main><h1>A</h1></main><footer></footer></body></html>`,
		"has no title":                                          `<!doctype html><html lang="en" dir="ltr"><body><header></header><main><h1>A</h1></main><footer></footer></body></html>`,
		`has the id "a" 2 times`:                                page(`<h1 id="a">A</h1><p id="a">B</p>`),
		`has a field "x" without a label`:                       page(`<h1>A</h1><form method="post" action="/"><input name="x"></form>`),
		`has a field "x" outside of any form`:                   page(`<h1>A</h1><label>X <input name="x"></label>`),
		"has a button without words":                            page(`<h1>A</h1><form method="post" action="/"><button></button></form>`),
		"has a group of fields without a legend":                page(`<h1>A</h1><fieldset></fieldset>`),
		"has a picture without a description: /x":               page(`<h1>A</h1><img src="/x">`),
		"has a link to /x without words":                        page(`<h1>A</h1><a href="/x"></a>`),
		`has a link "x" that leads nowhere`:                     page(`<h1>A</h1><a href="">x</a>`),
		`has a link to "x", which is not there`:                 page(`<h1>A</h1><a href="#x">x</a>`),
		"has an inline script":                                  page(`<h1>A</h1><script>x</script>`),
		"has a p with an attribute style":                       page(`<h1>A</h1><p style="x"></p>`),
		"has a p with an attribute onclick":                     page(`<h1>A</h1><p onclick="x"></p>`),
		"has a form that goes to \"\"":                          page(`<h1>A</h1><form method="post"></form>`),
		"has a form for files that cannot carry them":           page(`<h1>A</h1><form method="post" action="/"><label>F <input type="file" name="f"></label></form>`),
		`goes from a heading of level 1 to one of level 3, "C"`: page(`<h1>A</h1><h3>C</h3>`),
		`has a label that names "x" by for, which is not there`: page(`<h1>A</h1><label for="x">X</label>`),
	} {
		assert.Equal(t, []string{fault}, portaltest.Faults([]byte(body)))
	}
	keys := portaltest.Faults([]byte(page("<h1>⟦a.key⟧</h1>")))
	require.Len(t, keys, 1)
	assert.Contains(t, keys[0], "has no words")
}

// Who is asked to come again in a moment comes with the same form.
func TestWhatIsUnavailableForAMomentIsSentAgain(t *testing.T) {
	var said []string
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if request.Method == http.MethodPost {
			content, _ := io.ReadAll(request.Body)
			said = append(said, string(content))
			if len(said) < 3 {
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprint(w, page(`<h1>Ask</h1><form method="post" action="/"><input type="hidden" name="key" value="k1"><button>Send it</button></form>`))
	}))
	defer busy.Close()
	b := portaltest.New(t, busy.URL).Open("/").Press("Send it")
	assert.Equal(t, http.StatusOK, b.Status())
	assert.Equal(t, []string{"key=k1", "key=k1", "key=k1"}, said)
}
