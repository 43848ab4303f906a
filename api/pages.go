package api

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"peercert/certification"
)

//go:embed pages
var pageFiles embed.FS

// pages are the readable side of the API: the reference at /docs and the page of
// every type of problem. They never change while the program runs, so each is
// rendered once.
type pages struct {
	reference []byte
	problems  []byte
	problem   map[string][]byte // by type
	style     []byte
}

// frame is what every page has around it.
type frame struct {
	Title         string
	Operator      string
	Demonstration bool
	Content       any
}

func newPages(document *openapi3.T, options Options) (*pages, error) {
	templates, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the pages of the API: %w", err)
	}
	render := func(name, title string, content any) ([]byte, error) {
		var page bytes.Buffer
		err := templates.ExecuteTemplate(&page, name, frame{title, options.Operator, options.Demonstration, content})
		if err != nil {
			return nil, fmt.Errorf("rendering the page %s: %w", name, err)
		}
		return page.Bytes(), nil
	}
	p := &pages{problem: map[string][]byte{}}
	if p.reference, err = render("reference.html", document.Info.Title, describeAPI(document)); err != nil {
		return nil, err
	}
	if p.problems, err = render("problems.html", "Problems", Problems()); err != nil {
		return nil, err
	}
	for _, problem := range Problems() {
		if p.problem[problem.Type], err = render("problems.html", problem.Title, []Problem{problem}); err != nil {
			return nil, err
		}
	}
	if p.style, err = pageFiles.ReadFile("pages/style.css"); err != nil {
		return nil, fmt.Errorf("reading the style of the pages: %w", err)
	}
	return p, nil
}

func (p *pages) register(engine *gin.Engine, s *server) {
	html := func(page []byte) gin.HandlerFunc {
		return func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", page) }
	}
	engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, "/docs") })
	engine.GET("/docs", html(p.reference))
	engine.GET("/docs/style.css", func(c *gin.Context) { c.Data(http.StatusOK, "text/css; charset=utf-8", p.style) })
	engine.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml; charset=utf-8", specification) })
	engine.GET("/problems", html(p.problems))
	engine.GET("/problems/:type", func(c *gin.Context) {
		page, ok := p.problem[c.Param("type")]
		if !ok {
			s.refuse(c, certification.NotFound())
			return
		}
		html(page)(c)
	})
}
