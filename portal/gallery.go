package portal

import (
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"peercert/certification"
	"peercert/web"
	"peercert/web/serve"
)

// Gallery is every page of the portal in every state, with made-up content, to be
// looked at and tested in any language.
type Gallery struct {
	pages *web.Pages
	all   []example
}

// NewGallery puts the gallery together.
func NewGallery() (*Gallery, error) {
	pages, err := web.NewPages(files)
	if err != nil {
		return nil, err
	}
	return &Gallery{pages: pages, all: examples(certification.CurrentPolicy(exampleNow))}, nil
}

// States lists the names of the states, such as "home certified", in the order of the
// way through the portal. The first word is the page's.
func (g *Gallery) States() []string {
	var names []string
	for _, one := range g.all {
		names = append(names, one.Name)
	}
	return names
}

// Render writes a page in a state, in the language of some words.
func (g *Gallery) Render(state string, words *web.Localizer) ([]byte, error) {
	at := slices.IndexFunc(g.all, func(one example) bool { return one.Name == state })
	if at < 0 {
		return nil, fmt.Errorf("showing %q: %w", state, fs.ErrNotExist)
	}
	return g.all[at].render(g.pages, words)
}

// Headers gives a handler's answers the headers that every page of the portal has.
func (g *Gallery) Headers(next http.Handler) http.Handler { return serve.Headers(next, nil, false) }

// Slug is the name of a state as a part of an address: "home-certified".
func Slug(state string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(state), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
