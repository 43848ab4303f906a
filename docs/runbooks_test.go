package docs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/workflows"
)

const stuckCase = "docs/runbooks/stuck-case.md"

var attentionCode = regexp.MustCompile(`(?m)^\s+Attention[A-Z]\w+\s+= "([a-z_]+)"`)

// Each reason why a case asks for attention has a row that says what it means and
// how it heals.
func TestEveryAttentionIsExplained(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "certification", "case.go"))
	require.NoError(t, err)
	found := attentionCode.FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, found)
	text := page(t, stuckCase)
	for _, code := range found {
		require.Contains(t, text, "\n| `"+code[1]+"` | ")
	}
}

func TestEverySearchAttributeIsExplained(t *testing.T) {
	text := page(t, stuckCase)
	for _, key := range workflows.SearchAttributeKeys() {
		require.Contains(t, text, "\n| `"+key.GetName()+"` | ")
	}
}

// The JSON that an operator copies from the page is what the signal takes.
func TestExamplesCanBeSent(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| `(\\{.*?\\})` \\|").FindAllStringSubmatch(page(t, stuckCase), -1)
	examples := map[string]string{}
	for _, row := range rows {
		examples[row[1]] = row[2]
	}
	for _, message := range certification.Messages() {
		if certification.SenderOf(message.Signal()) != certification.RoleAdministrator {
			continue
		}
		example, there := examples[string(message.Signal())]
		require.True(t, there, "%s has no row with its JSON", message.Signal())
		decoder := json.NewDecoder(bytes.NewReader([]byte(example)))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(message), "%s %s", message.Signal(), example)
	}
}

var named = regexp.MustCompile(`(?:--name|--type) ([a-z-]+)`)

func TestCommandsNameSignals(t *testing.T) {
	known := map[string]bool{workflows.QueryCase: true}
	for _, message := range certification.Messages() {
		known[string(message.Signal())] = true
	}
	for _, path := range pages(t) {
		for _, found := range named.FindAllStringSubmatch(page(t, path), -1) {
			if strings.Contains(path, "runbooks") {
				require.True(t, known[found[1]], "%s names %s", path, found[1])
			}
		}
	}
}
