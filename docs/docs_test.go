// Package docs_test keeps what is written in these pages true: parts that are made
// from the code are compared with it, and what is named here must exist there.
//
//	go test ./docs -update   writes the generated parts anew
package docs_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

// root is the folder of the repository, seen from here.
const root = ".."

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

// pages are all Markdown files of ours, by their path from the root.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md"}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			found = append(found, filepath.ToSlash(filepath.Join("docs", path)))
		}
		return err
	}))
	return found
}

// generated compares the part of a page between its two markers with what it is
// made from, or writes it.
func generated(t *testing.T, path, part, want string) {
	t.Helper()
	text := page(t, path)
	begin, end := fmt.Sprintf("<!-- generated: %s -->\n", part), fmt.Sprintf("<!-- end of %s -->\n", part)
	before, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, "%s lacks the line %s", path, begin)
	is, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s lacks the line %s", path, end)
	want = "\n" + strings.TrimSpace(want) + "\n\n"
	if *update && is != want {
		require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte(before+begin+want+end+after), 0o644))
		return
	}
	require.Equal(t, want, is, "%s is not current: go test ./docs -update", path)
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, path := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(page(t, path), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := path
			if target != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(path), target))
			}
			_, err := os.Stat(filepath.Join(root, file))
			require.NoError(t, err, "%s links to %s", path, found[1])
			if anchor != "" && strings.HasSuffix(file, ".md") {
				require.Contains(t, anchors(page(t, file)), anchor, "%s links to %s", path, found[1])
			}
		}
	}
}

// Who asks why something is so finds every decision in one place.
func TestEveryDecisionIsListed(t *testing.T) {
	architecture := page(t, "docs/architecture.md")
	_, list, _ := strings.Cut(architecture, "## Decisions\n")
	decisions, err := filepath.Glob(filepath.Join(root, "docs/decisions/*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, decisions)
	for _, decision := range decisions {
		title, _, _ := strings.Cut(page(t, "docs/decisions/"+filepath.Base(decision)), "\n")
		require.Contains(t, list, "- ["+strings.TrimPrefix(title, "# ")+"](decisions/"+filepath.Base(decision)+")")
	}
}

var (
	heading  = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	noAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the headings of a page as GitHub makes addresses of them.
func anchors(text string) []string {
	var found []string
	for _, title := range heading.FindAllStringSubmatch(text, -1) {
		plain := noAnchor.ReplaceAllString(strings.ToLower(title[1]), "")
		found = append(found, strings.ReplaceAll(strings.TrimSpace(plain), " ", "-"))
	}
	return found
}

var target = regexp.MustCompile("(?m)(?:`|^    |^\\$ )make ([a-z]+)")

func TestTargetsThatAreNamedExist(t *testing.T) {
	makefile := page(t, "Makefile")
	for _, path := range pages(t) {
		for _, found := range target.FindAllStringSubmatch(page(t, path), -1) {
			require.Regexp(t, "(?m)^"+found[1]+":", makefile, "%s names make %s", path, found[1])
		}
	}
}

var goPath = regexp.MustCompile("`((?:[a-z]+/)+[a-z0-9_]+\\.(?:go|yaml|sql|csv))`")

func TestFilesThatAreNamedExist(t *testing.T) {
	for _, path := range pages(t) {
		for _, found := range goPath.FindAllStringSubmatch(page(t, path), -1) {
			_, err := os.Stat(filepath.Join(root, found[1]))
			require.NoError(t, err, "%s names %s", path, found[1])
		}
	}
}
