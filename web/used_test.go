package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mentions are the ways in which sources name keys.
type mentions struct {
	whole    map[string]string // literal: where it stands
	patterns map[string]*regexp.Regexp
	// endings follow something that is not known here, such as key+"_1".
	endings map[string]*regexp.Regexp
}

// used says whether sources name a key: whole, or put together of parts that fit.
func (m mentions) used(key string) bool { return m.named(key, 3) }

func (m mentions) named(key string, depth int) bool {
	if _, whole := m.whole[key]; whole {
		return true
	}
	for _, pattern := range m.patterns {
		if pattern.MatchString(key) {
			return true
		}
	}
	if depth == 0 {
		return false
	}
	for ending, pattern := range m.endings {
		parts := pattern.FindStringSubmatch(key)
		// area+"."+name could be anything, if area may be any word.
		if parts == nil || ending == `\.`+unknown && !strings.Contains(parts[1], ".") {
			continue
		}
		if m.named(parts[1], depth-1) {
			return true
		}
	}
	return false
}

// unknown is a part of a key that only the running program knows, such as
// "attestations.true_and_complete"; number is one that is a number.
const (
	unknown = `[\w-]+(?:\.[\w-]+)?`
	number  = `\d+`
)

// sources reads every Go file that is no test, and every page.
func sources(t *testing.T) mentions {
	t.Helper()
	found := mentions{map[string]string{}, map[string]*regexp.Regexp{}, map[string]*regexp.Regexp{}}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case entry.IsDir():
			if name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && path != ".." {
				return filepath.SkipDir
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return nil // a file in the midst of being written
			}
			found.inspect(path, file)
		case strings.HasSuffix(name, ".html"):
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found.readPage(path, string(raw))
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// saysWords says whether a source writes pages or letters.
func saysWords(path string) bool {
	return slices.ContainsFunc([]string{"../portal/", "../web/", "../notices/"}, func(folder string) bool { return strings.HasPrefix(path, folder) })
}

// inspect finds literals, sums of literals and other values, and formats.
func (m mentions) inspect(path string, in ast.Node) {
	ast.Inspect(in, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if text, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING {
				m.literal(path, text)
			}
		case *ast.BinaryExpr:
			if node.Op == token.ADD {
				m.sum(path, node)
				return false
			}
		}
		return true
	})
}

var (
	formatVerb = regexp.MustCompile(`%[a-z]`)
	begins     = regexp.MustCompile(`^[a-z_]+\.`)
)

func (m mentions) literal(path, text string) {
	m.whole[text] = path
	if formatVerb.MatchString(text) && begins.MatchString(text) {
		m.pattern(formatVerb.ReplaceAllString(strings.ReplaceAll(regexp.QuoteMeta(text), "%d", number), unknown))
	}
}

func (m mentions) pattern(pattern string) {
	m.patterns[pattern] = regexp.MustCompile(`^` + pattern + `$`)
}

// sum reads the parts of "fee."+kind, or of key+"_1".
func (m mentions) sum(path string, sum *ast.BinaryExpr) {
	var parts []string
	opens := true // what it begins with is not known
	var walk func(ast.Expr)
	walk = func(expression ast.Expr) {
		if inner, isSum := expression.(*ast.BinaryExpr); isSum && inner.Op == token.ADD {
			walk(inner.X)
			walk(inner.Y)
			return
		}
		if literal, is := expression.(*ast.BasicLit); is && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			m.whole[text] = path
			if len(parts) == 0 {
				opens = false
			}
			parts = append(parts, regexp.QuoteMeta(text))
			return
		}
		part := unknown
		if call, is := expression.(*ast.CallExpr); is {
			if function, is := call.Fun.(*ast.SelectorExpr); is && function.Sel.Name == "Itoa" {
				part = number
			}
		}
		parts = append(parts, part)
		m.inspect(path, expression)
	}
	walk(sum)
	if !saysWords(path) {
		return
	}
	if ending := strings.Join(parts[1:], ""); opens && (strings.HasPrefix(ending, `\.`) || strings.HasPrefix(ending, "_")) {
		m.endings[ending] = regexp.MustCompile(`^(.+)` + ending + `$`)
	} else if begins.MatchString(strings.ReplaceAll(parts[0], `\.`, ".")) {
		m.pattern(strings.Join(parts, ""))
	}
}

var (
	pageAction  = regexp.MustCompile(`\{\{.*?\}\}`)
	pageLiteral = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	said        = regexp.MustCompile(`\.(?:Say|Rich) "([^"]+)"`)
)

func (m mentions) readPage(path, page string) {
	for _, action := range pageAction.FindAllString(page, -1) {
		for _, literal := range pageLiteral.FindAllString(action, -1) {
			if text, err := strconv.Unquote(literal); err == nil {
				m.literal(path, text)
			}
		}
	}
}

func TestNoWordsAreUnused(t *testing.T) {
	found := sources(t)
	require.True(t, found.used("language.name"))
	require.True(t, found.used("date.month_12"))
	require.False(t, found.used("date.mouth_12"))
	require.False(t, found.used("letter.unheard.of"))
	for _, key := range slices.Sorted(maps.Keys(catalogues().all[0].entries)) {
		assert.True(t, found.used(key), "nothing says %s", key)
	}
}

// A literal that looks like a key is one, or the beginning of some.
func TestNoWordsAreMissing(t *testing.T) {
	entries := catalogues().all[0].entries
	areas, prefixes := map[string]bool{}, map[string]bool{}
	for key := range entries {
		area, _, _ := strings.Cut(key, ".")
		areas[area] = true
		for i, r := range key {
			if r == '.' || r == '_' {
				prefixes[key[:i]], prefixes[key[:i+1]] = true, true
			}
		}
	}
	looksLikeAKey := regexp.MustCompile(`^[a-z_]+(\.[a-zA-Z0-9_-]+)+$`)
	fileName := regexp.MustCompile(`\.(html|css|js|json|go|svg|png|jpg|pdf|ics|csv|txt|sql|mp4|vtt|yaml|md|test|com|org)$`)
	found := sources(t)
	for literal, path := range found.whole {
		area, _, _ := strings.Cut(literal, ".")
		if !saysWords(path) || !areas[area] || !looksLikeAKey.MatchString(literal) || fileName.MatchString(literal) {
			continue
		}
		_, known := entries[literal]
		assert.True(t, known || prefixes[literal], "%s says %s, and no catalogue has it", path, literal)
	}
}

// Words with tags are said by Rich: by Say, a reader would see the tags.
func TestWordsWithTagsAreSaidAsSuch(t *testing.T) {
	entries := catalogues().all[0].entries
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".html") {
			return nil
		}
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range said.FindAllStringSubmatch(string(page), -1) {
			one, known := entries[match[1]]
			assert.True(t, known, "%s says %s, and no catalogue has it", path, match[1])
			if strings.Contains(match[0], ".Say") {
				assert.False(t, tag.MatchString(one.forms["other"]), "%s says %s, which has tags, without Rich", path, match[1])
			}
		}
		return nil
	})
	require.NoError(t, err)
}
