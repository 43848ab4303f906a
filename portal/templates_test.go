package portal

import (
	"slices"
	"testing"

	"github.com/jba/templatecheck"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/web"
)

func shape[T any]() any { return web.Page[T]{} }

// shapes are what each page is rendered with.
var shapes = map[string]any{
	"application": shape[TaskList](), "certificate": shape[Certificate](), "chapter": shape[Chapter](), "check": shape[CheckAnswers](),
	"code": shape[Code](), "documents": shape[Documents](), "ethics": shape[Ethics](), "home": shape[CaseHome](), "letter": shape[Letter](),
	"lines": shape[Lines](), "my-data": shape[MyData](), "paid": shape[Paid](), "pay": shape[Pay](), "providers": shape[Training](),
	"question": shape[Question](), "reading": shape[Reading](), "receipt": shape[Receipt](), "refused": shape[Refusal](),
	"registry": shape[Registry](), "renewal": shape[Renewal](), "start": shape[Start](), "sure": shape[Sure](), "training": shape[Training](), "video": shape[Video](),
}

// Every field and method that a template names is there, on the paths that no example
// takes as well.
func TestTemplatesFitTheirStructs(t *testing.T) {
	pages, err := web.NewPages(files)
	require.NoError(t, err)
	names := pages.Names()
	slices.Sort(names)
	for _, name := range names {
		page, known := shapes[name]
		if !assert.True(t, known, "say here what the page %s is rendered with", name) {
			continue
		}
		assert.NoError(t, templatecheck.CheckHTML(pages.Template(name).Lookup("layout.html"), page), name)
	}
}
