package reading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/web/reading"
)

func TestTheReadingGradeIsThatOfTheFormula(t *testing.T) {
	// 2 sentences, 12 words, 13 syllables.
	require.InDelta(t, 0.39*6+11.8*13.0/12-15.59, reading.Grade("The cat sat on the mat. Then the dog came over too."), 0.01)
	require.Greater(t, reading.Grade("Notwithstanding the aforementioned adjudication, applicants dissatisfied with determinations may initiate administrative reconsideration proceedings."), 20.0)
	require.Equal(t, reading.Grade("You are it."), reading.Grade("You are Medi-Cal Peer Support Specialists."))
	require.Zero(t, reading.Grade("PC-7K3M-92QX\nhttps://portal.example.test/en/"))
}

func TestSentencesEndWithAMarkOrALine(t *testing.T) {
	require.Equal(t, []string{"What happens next", "Pay by 6:30 pm today", "He said “yes", "Then come"},
		reading.Sentences("What happens next\nPay by 6:30 p.m. today. He said “yes.” Then come!\n\n12."))
}
