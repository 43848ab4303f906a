// Package gallery shows every page of the portal in every state, and every letter, in
// every language and in the pseudo-languages, with made-up content: to look at, and for
// tests that look with a real browser.
package gallery

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"

	"peercert/certification"
	"peercert/film"
	"peercert/notices"
	"peercert/portal"
	"peercert/web"
)

//go:embed index.html
var index string

// Gallery is an http.Handler:
//
//	GET /gallery/                                    what there is
//	GET /gallery/pages/{language}/{state}            a page, as the portal serves it
//	GET /gallery/letters/{language}/{letter}         a letter's HTML part, in a sandbox
//	GET /gallery/letters/{language}/{letter}/text    its subject and text part
//
// and the addresses of the styles, the script, the pictures and the film.
type Gallery struct {
	*http.ServeMux
	pages *portal.Gallery
	head  notices.Letterhead
	view  *template.Template
}

// New puts the gallery together. Letters name the operator and the portal's address.
func New(operator, portalURL string) (*Gallery, error) {
	pages, err := portal.NewGallery()
	if err != nil {
		return nil, err
	}
	sample, err := film.Load("")
	if err != nil {
		return nil, err
	}
	view, err := template.New("index").Funcs(template.FuncMap{"slug": portal.Slug}).Parse(index)
	if err != nil {
		return nil, fmt.Errorf("reading the page of the gallery: %w", err)
	}
	g := &Gallery{ServeMux: http.NewServeMux(), pages: pages, view: view, head: notices.Letterhead{Operator: operator, PublicURL: portalURL, Demonstration: true}}
	g.Handle("GET /assets/", web.Assets())
	g.Handle("GET /film/", sample)
	g.Handle("GET /gallery/pages/{language}/{state}", pages.Headers(http.HandlerFunc(g.page)))
	g.HandleFunc("GET /gallery/letters/{language}/{letter}", g.letter)
	g.HandleFunc("GET /gallery/letters/{language}/{letter}/text", g.text)
	g.HandleFunc("GET /gallery/{$}", g.index)
	// The links and forms of the pages lead to cases that are not there.
	back := http.RedirectHandler("/gallery/", http.StatusSeeOther)
	for _, tag := range web.Languages() {
		g.Handle("/"+tag+"/", back)
	}
	return g, nil
}

// Patterns are what to hand over to the gallery where other pages are served too.
func (g *Gallery) Patterns() []string {
	patterns := []string{"/assets/", "/film/", "/gallery/"}
	for _, tag := range web.Languages() {
		patterns = append(patterns, "/"+tag+"/")
	}
	return patterns
}

// Languages are those that pages are shown in: the ones that people are offered, and
// the pseudo-languages.
func Languages() []string {
	return append(web.Languages(), web.LongWords, web.KeysShown)
}

// States lists the pages of the gallery as parts of an address.
func (g *Gallery) States() []string {
	var slugs []string
	for _, state := range g.pages.States() {
		slugs = append(slugs, portal.Slug(state))
	}
	return slugs
}

// Address is where a page is shown.
func Address(language, state string) string { return "/gallery/pages/" + language + "/" + state }

func wordsOf(language string) (*web.Localizer, bool) {
	if slices.Contains(web.Languages(), language) {
		return web.Words(language), true
	}
	return web.Pseudo(language)
}

func (g *Gallery) page(w http.ResponseWriter, r *http.Request) {
	states := g.pages.States()
	at := slices.Index(g.States(), r.PathValue("state"))
	words, known := wordsOf(r.PathValue("language"))
	if at < 0 || !known {
		http.NotFound(w, r)
		return
	}
	body, err := g.pages.Render(states[at], words)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, "text/html; charset=utf-8", body)
}

func (g *Gallery) composed(r *http.Request) (notices.Composed, error) {
	list := notices.List()
	at := slices.IndexFunc(list, func(e notices.Example) bool { return e.Letter == certification.Letter(r.PathValue("letter")) })
	if at < 0 || !slices.Contains(web.Languages(), r.PathValue("language")) {
		return notices.Composed{}, fs.ErrNotExist
	}
	notice := list[at].Notice
	notice.Language = r.PathValue("language")
	return notices.Compose(notice, g.head)
}

func (g *Gallery) letter(w http.ResponseWriter, r *http.Request) {
	if letter, err := g.composed(r); g.found(w, r, err) {
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
		write(w, "text/html; charset=utf-8", []byte(letter.HTML))
	}
}

func (g *Gallery) text(w http.ResponseWriter, r *http.Request) {
	if letter, err := g.composed(r); g.found(w, r, err) {
		write(w, "text/plain; charset=utf-8", []byte(letter.Subject+"\n\n"+letter.Text))
	}
}

func (g *Gallery) found(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	return err == nil
}

func (g *Gallery) index(w http.ResponseWriter, _ *http.Request) {
	var letters []certification.Letter
	for _, example := range notices.List() {
		letters = append(letters, example.Letter)
	}
	var body bytes.Buffer
	if err := g.view.Execute(&body, map[string]any{
		"States": g.pages.States(), "Languages": Languages(), "Letters": letters, "Written": web.Languages(),
	}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	write(w, "text/html; charset=utf-8", body.Bytes())
}

func write(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // whoever asked may have gone
}
