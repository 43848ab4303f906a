package certification_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// Every class of records has one row, and each row says for how long, from when and why.
func TestTheRetentionTableIsWhole(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "retention.go", nil, 0)
	require.NoError(t, err)
	var classes []certification.RecordClass
	ast.Inspect(file, func(node ast.Node) bool {
		spec, is := node.(*ast.ValueSpec)
		if !is {
			return true
		}
		if kind, named := spec.Type.(*ast.Ident); named && kind.Name == "RecordClass" {
			class, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			classes = append(classes, certification.RecordClass(class))
		}
		return true
	})
	policy := certification.CurrentPolicy(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	var rows []certification.RecordClass
	for _, row := range certification.RetentionTable(policy) {
		rows = append(rows, row.Record)
		spans := 0
		for _, span := range []int{row.Days, row.Months, row.Years} {
			require.GreaterOrEqual(t, span, 0)
			if span > 0 {
				spans++
			}
		}
		require.NotEmpty(t, row.Why, row.Record)
		if row.Forever {
			require.Zero(t, spans, row.Record)
			require.Empty(t, row.Start, row.Record)
			continue
		}
		require.Equal(t, 1, spans, row.Record)
		require.NotEmpty(t, row.Start, row.Record)
	}
	require.ElementsMatch(t, classes, rows)
	// An ID is needed until an appeal against the decision is answered, and no longer.
	for _, row := range certification.RetentionTable(policy) {
		if row.Record == certification.RecordPhotoID {
			require.GreaterOrEqual(t, row.Days, policy.AppealDays+policy.AppealReviewDays)
		}
	}
}

func TestWhenSomethingWasKeptForItsTime(t *testing.T) {
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 15, 30, 0, 0, certification.Pacific)
	}
	for name, test := range map[string]struct {
		kept        certification.Retention
		start, ends time.Time
	}{
		"days, across daylight saving":   {certification.Retention{Days: 180}, at(2026, 1, 10), at(2026, 7, 9)},
		"months, of which one is short":  {certification.Retention{Months: 6}, at(2026, 8, 31), at(2027, 2, 28)},
		"years after the 29 of February": {certification.Retention{Years: 3}, at(2028, 2, 29), at(2031, 2, 28)},
		"for ever":                       {certification.Retention{Forever: true}, at(2026, 1, 10), time.Time{}},
		"no length, which is a fault":    {certification.Retention{}, at(2026, 1, 10), time.Time{}},
		"from what is still to come":     {certification.Retention{Years: 3}, time.Time{}, time.Time{}},
	} {
		require.True(t, test.ends.Equal(test.kept.Ends(test.start)), "%s: %s", name, test.kept.Ends(test.start))
	}
}

// What a policy of an older program does not say is a fault, and not "at once".
func TestARuleWithoutALengthIsRefused(t *testing.T) {
	for _, rule := range certification.RetentionTable(certification.CurrentPolicy(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))) {
		require.NoError(t, rule.Check())
	}
	refused := map[certification.RecordClass]bool{}
	for _, rule := range certification.RetentionTable(certification.Policy{}) {
		refused[rule.Record] = rule.Check() != nil
	}
	require.True(t, refused[certification.RecordDraft] && refused[certification.RecordDiploma])
	require.False(t, refused[certification.RecordLetter] || refused[certification.RecordForm])
	require.Error(t, certification.Retention{Days: -1, Years: 2}.Check())
}
