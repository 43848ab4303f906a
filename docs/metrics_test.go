package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every metric of ours has its row, and there is no row of another.
func TestEveryMetricIsExplained(t *testing.T) {
	made := regexp.MustCompile(`\bdescribe\("([a-z_]+)"|\bName: "peercert_([a-z_]+)"`)
	found := map[string]bool{}
	for _, folder := range []string{"api", "web", "worker"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, name := range made.FindAllStringSubmatch(string(source), -1) {
				found["peercert_"+name[1]+name[2]] = true
			}
			return err
		}))
	}
	require.Greater(t, len(found), 10)
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(peercert_[a-z_]+)` \\|").FindAllStringSubmatch(page(t, "docs/metrics.md"), -1) {
		rows[row[1]] = true
	}
	require.Equal(t, found, rows)
}
