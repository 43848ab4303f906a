package notices

import (
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/web"
)

// Every cause that staff are offered has words, and so has one that has none of its own.
func TestLettersSayWhy(t *testing.T) {
	for _, example := range List() {
		row, _ := letterOf(example.Letter)
		if row.why == "" {
			continue
		}
		for told, codes := range map[string][]string{"": certification.CausesOf(row.why), certification.CauseOther: {"", "flood_damage"}} {
			for _, code := range codes {
				key := "cause." + string(row.why) + "." + code
				if told != "" {
					key = "cause." + string(row.why) + "." + told
				}
				for _, language := range languages {
					notice := example.Notice
					notice.Language, notice.Facts.Cause = language, code
					written, err := Compose(notice, head)
					require.NoError(t, err)
					require.Equal(t, language, written.Language)
					sentence, err := web.Words(language).Find(key, nil)
					require.NoError(t, err)
					require.Contains(t, written.Text, sentence)
					require.NotContains(t, written.Text, "flood")
				}
			}
		}
	}
}
