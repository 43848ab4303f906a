package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A page that gives way while it is asked never answers: the next one does.
func TestAskingAPageThatGivesWay(t *testing.T) {
	t.Parallel()
	pages := http.NewServeMux()
	for _, name := range []string{"first", "second"} {
		pages.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>%s</title>`, name)
		})
	}
	server := httptest.NewServer(pages)
	defer server.Close()
	page := tab(t, desktop)
	require.NoError(t, page.Open(server.URL+"/first"))
	// The first page does not answer before it leaves, and the second does at once.
	title, err := Ask[string](page, `new Promise(answer => document.title === "first" ? location.assign("/second") : answer(document.title))`)
	require.NoError(t, err)
	assert.Equal(t, "second", title)

	_, err = Ask[string](page, `nothing.here`)
	require.Error(t, err, "what a page answers wrongly is not asked again")
}
