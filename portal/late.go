package portal

// checkingWords are words about a file that is being checked; others take their place once
// that takes longer than it should.
func (v *visit) checkingWords(words string) string {
	if words == "" || !v.view.ChecksLate {
		return words
	}
	return v.words.Say("documents.checking_late", nil)
}
