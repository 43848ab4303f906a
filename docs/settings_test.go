package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"peercert/config"
)

func TestSettingsAreCurrent(t *testing.T) {
	var table strings.Builder
	table.WriteString("| setting | default | what it is |\n|---|---|---|\n")
	for _, setting := range config.Table() {
		standard, doc := "", setting.Doc
		if setting.Default != "" {
			standard = "`" + setting.Default + "`"
		}
		if setting.Secret {
			doc += " Secret."
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", setting.Name, standard, doc)
	}
	generated(t, "docs/settings.md", "settings", table.String())
}
