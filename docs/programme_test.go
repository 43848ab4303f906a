package docs_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

var (
	reference = regexp.MustCompile(`domain (§[0-9.]*[0-9]|E[0-9]+)(?:, (E[0-9]+))?`)
	// A rule of §1 named alone, as "(E3)" or "(E6, E7)".
	eligibility = regexp.MustCompile(`\((E[0-9]+)(?:, (E[0-9]+))?\)`)
)

// Comments name the sections of the rules that they follow. Each must be there.
func TestSourcesThatCommentsNameExist(t *testing.T) {
	text := page(t, "docs/programme.md")
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != root {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		for _, pattern := range []*regexp.Regexp{reference, eligibility} {
			for _, found := range pattern.FindAllStringSubmatch(string(source), -1) {
				for _, name := range found[1:] {
					seen[name] = name != ""
				}
			}
		}
		return nil
	}))
	for name, named := range seen {
		if !named {
			continue
		}
		if strings.HasPrefix(name, "E") {
			require.Contains(t, text, "\n| "+name+" |", "a comment names rule %s", name)
			continue
		}
		require.Regexp(t, `(?m)^##+ `+regexp.QuoteMeta(name)+` `, text, "a comment names section %s", name)
	}
	require.True(t, seen["§2.3"], "no comment names a section: is the pattern still right?")
}

// Every number of the policy stands in the page with the value that is in force.
func TestNumbersAreThoseInForce(t *testing.T) {
	encoded, err := json.Marshal(certification.CurrentPolicy(time.Now()))
	require.NoError(t, err)
	var policy map[string]any
	require.NoError(t, json.Unmarshal(encoded, &policy))
	text := page(t, "docs/programme.md")
	for name, value := range policy {
		var shown string
		switch value := value.(type) {
		case []any:
			for i, each := range value {
				if i > 0 {
					shown += ", "
				}
				shown += fmt.Sprint(each)
			}
		case float64:
			shown = fmt.Sprint(value)
			if strings.HasSuffix(name, "_cents") {
				shown = fmt.Sprintf("$%.2f", value/100)
			}
		case string:
			shown = value
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				shown = at.In(certification.Pacific).Format(time.DateOnly)
			}
		}
		require.Contains(t, text, fmt.Sprintf("\n| `%s` | %s | ", name, shown))
	}
}

func TestReasonsAreListed(t *testing.T) {
	text := page(t, "docs/programme.md")
	for _, reason := range certification.Reasons {
		require.Contains(t, text, "`"+string(reason.Code)+"`")
	}
}
