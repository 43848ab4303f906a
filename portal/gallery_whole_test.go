package portal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/web"
)

// calls gives the argument at a place of every call of a method in the sources: as it
// is, or as a pattern where a part of it is only known to the running program.
func calls(t *testing.T, method string, place int) []*regexp.Regexp {
	t.Helper()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	var found []*regexp.Regexp
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_examples.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			call, is := node.(*ast.CallExpr)
			if !is || len(call.Args) <= place {
				return true
			}
			if called, is := call.Fun.(*ast.SelectorExpr); !is || called.Sel.Name != method {
				return true
			}
			if pattern := patternOf(call.Args[place]); strings.ContainsFunc(strings.ReplaceAll(pattern, ".+", ""), func(r rune) bool { return r >= 'a' && r <= 'z' }) {
				found = append(found, regexp.MustCompile("^"+pattern+"$"))
			}
			return true
		})
	}
	require.NotEmpty(t, found)
	return found
}

// patternOf is a key, or what is put together for one.
func patternOf(argument ast.Expr) string {
	switch argument := argument.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(argument.Value); err == nil {
			return regexp.QuoteMeta(text)
		}
	case *ast.BinaryExpr:
		return patternOf(argument.X) + patternOf(argument.Y)
	}
	return ".+"
}

// A page whose title no state has is a page that nobody looks at.
func TestEveryTitleIsInTheGallery(t *testing.T) {
	var titles []string
	for _, one := range examples(certification.CurrentPolicy(exampleNow)) {
		titles = append(titles, one.Title)
		if one.Heading {
			titles = append(titles, "home.title") // the home has its heading for a title
		}
	}
	titles = append(titles, "exam.calendar.title") // a file for a calendar, no page
	for _, pattern := range calls(t, "frame", 0) {
		assert.True(t, slices.ContainsFunc(titles, pattern.MatchString), "no state in the gallery has the title %s", pattern)
	}
}

// What is said when something is wrong is seen beside its field in some state.
func TestEveryErrorIsInTheGallery(t *testing.T) {
	gallery, err := NewGallery()
	require.NoError(t, err)
	words, _ := web.Pseudo(web.KeysShown)
	saidKey := regexp.MustCompile(`\[([a-z0-9_.A-Z-]+)[ \]]`)
	said := map[string]bool{}
	for _, state := range gallery.States() {
		page, err := gallery.Render(state, words)
		require.NoError(t, err)
		for _, key := range saidKey.FindAllSubmatch(page, -1) {
			said[string(key[1])] = true
		}
	}
	for _, pattern := range calls(t, "Refuse", 1) {
		found := false
		for key := range said {
			found = found || pattern.MatchString(key)
		}
		assert.True(t, found, "no state in the gallery says %s", pattern)
	}
}
