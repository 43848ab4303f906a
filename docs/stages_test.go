package docs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// diagram draws the stages. Nearly every stage can lead to closed; these arrows are
// left out, and a sentence says so in their place.
func diagram() string {
	var b strings.Builder
	var ending []string
	fmt.Fprintf(&b, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", certification.Stages[0].Stage)
	for _, rule := range certification.Stages {
		for _, next := range rule.Next {
			if next == certification.StageClosed {
				ending = append(ending, string(rule.Stage))
				continue
			}
			fmt.Fprintf(&b, "    %s --> %s\n", rule.Stage, next)
		}
	}
	fmt.Fprintf(&b, "    %s --> [*]\n```\n\n", certification.StageClosed)
	if len(ending) == len(certification.Stages)-1 {
		b.WriteString("Every stage can also lead to `closed`; those arrows are left out.\n\n")
	} else {
		fmt.Fprintf(&b, "These can also lead to `closed`; those arrows are left out: `%s`.\n\n", strings.Join(ending, "` `"))
	}

	b.WriteString("| stage | waits on | for | signals of people | signals from outside | when nobody comes |\n|---|---|---|---|---|---|\n")
	certified := certification.Case{
		Policy: certification.CurrentPolicy(time.Now()), Exam: &certification.Exam{}, Certificate: &certification.Certificate{},
	}
	for _, rule := range certification.Stages {
		waitsOn, then := "nobody", ""
		if rule.Stage != certification.StageClosed {
			promise := certified.PromiseOf(rule.Stage, certification.Deadline{}, certification.Deadline{})
			waitsOn, then = words(promise.WaitsOn), words(promise.Then)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", rule.Stage, waitsOn, rule.Says, codes(rule.People), codes(rule.Outside), then)
	}
	return b.String()
}

func words[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }

func codes[T ~string](all []T) string {
	quoted := make([]string, 0, len(all))
	for _, code := range all {
		quoted = append(quoted, "`"+string(code)+"`")
	}
	return strings.Join(quoted, " ")
}

func TestDiagramIsCurrent(t *testing.T) {
	generated(t, "docs/architecture.md", "stages", diagram())
}

// The table is drawn, so it had better hang together: no stage is out of reach, and
// from each there is a way to the end.
func TestEveryStageIsOnAWay(t *testing.T) {
	next := map[certification.Stage][]certification.Stage{}
	for _, rule := range certification.Stages {
		next[rule.Stage] = rule.Next
	}
	from := func(start certification.Stage) []certification.Stage {
		reached := []certification.Stage{start}
		for i := 0; i < len(reached); i++ {
			for _, stage := range next[reached[i]] {
				_, known := next[stage]
				require.True(t, known, "%s leads to %s, which is no stage", reached[i], stage)
				if !slices.Contains(reached, stage) {
					reached = append(reached, stage)
				}
			}
		}
		return reached
	}
	reached := from(certification.Stages[0].Stage)
	for stage := range next {
		require.Contains(t, reached, stage)
		require.Contains(t, from(stage), certification.StageClosed)
	}
}
