package certification

// Senders of our own. What they say goes through the inbox, like what comes from
// outside: it is written in the transaction of what it is about, and delivered after.
const (
	SourceDocuments = "documents" // wants the check of a document
	SourceOwn       = "own"       // tells a case what was found; the kind is a Signal
)

// Kinds of messages of SourceDocuments, about a DocumentToCheck.
const (
	KindUploaded   = "uploaded"    // its check begins
	KindCheckAgain = "check-again" // its check is tried at once
)

// DocumentToCheck is the body of a message of SourceDocuments.
type DocumentToCheck struct {
	DocumentID string `json:"document_id"`
}
