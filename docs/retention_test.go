package docs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"peercert/certification"
)

// The table of the page is the one that erasing goes by.
func TestTheRetentionTableIsCurrent(t *testing.T) {
	var table strings.Builder
	table.WriteString("| class | kept | from | why | chosen |\n|---|---|---|---|---|\n")
	words := func(code string) string { return strings.ReplaceAll(code, "_", " ") }
	policy := certification.CurrentPolicy(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	for _, rule := range certification.RetentionTable(policy) {
		span := "for good"
		switch {
		case rule.Days > 0:
			span = fmt.Sprintf("%d days", rule.Days)
		case rule.Months > 0:
			span = fmt.Sprintf("%d months", rule.Months)
		case rule.Years > 0:
			span = fmt.Sprintf("%d years", rule.Years)
		}
		span = strings.TrimSuffix(span, "s") + map[bool]string{true: "", false: "s"}[strings.HasPrefix(span, "1 ") || rule.Forever]
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s | %s |\n", rule.Record, span, words(string(rule.Start)), words(string(rule.Why)), map[bool]string{true: "yes"}[rule.Chosen])
	}
	generated(t, "docs/retention.md", "retention", table.String())
}
