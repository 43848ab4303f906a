package certification

import (
	"fmt"
	"time"
)

// MaxDocumentBytes is the largest document that is accepted: 25 MiB.
const MaxDocumentBytes = 25 << 20

// MaxDocumentsOfKind is how many documents of one kind a case may have that were not handed
// in: more than any paper has pages that somebody would photograph one by one. Those that
// were handed in do not count, so that one can always be taken away for another.
const MaxDocumentsOfKind = 20

// MaxUploads is how many documents a case takes in all, with those that were deleted: ten
// times what a life of many returns and renewals needs.
const MaxUploads = 300

// MaxImagePixels is the most pixels of an image that is accepted: 50 million. A
// small file can unfold to more memory than a machine has.
const MaxImagePixels = 50_000_000

// DocumentStatus is how far the check of a document has come.
type DocumentStatus string

// The statuses of a document.
const (
	DocumentChecking DocumentStatus = "checking" // stored in quarantine, nobody reads it
	DocumentClean    DocumentStatus = "clean"    // may be read
	DocumentInfected DocumentStatus = "infected" // the scanner found something; stays in quarantine
	DocumentRefused  DocumentStatus = "refused"  // cannot be shown; see Document.RefusalCode
)

// Document is one uploaded file, as the records keep it.
type Document struct {
	ID     string       `json:"id"` // UUIDv7; every key in the bucket is made of it
	CaseID string       `json:"case_id"`
	Kind   DocumentKind `json:"kind"`

	Status DocumentStatus `json:"status"`
	// RefusalCode is the code of a DocumentRefusal; only with DocumentRefused.
	RefusalCode string `json:"refusal_code,omitempty"`
	// Threat is the scanner's name for what it found; only with DocumentInfected.
	Threat string `json:"threat,omitempty"`

	MediaType string `json:"media_type"` // found in the content: image/jpeg, image/png or application/pdf
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // of the content, lower-case hex

	// Where the content is. A version is empty in a bucket without versions.
	QuarantineKey     string `json:"quarantine_key"`
	QuarantineVersion string `json:"quarantine_version,omitempty"`
	CleanKey          string `json:"clean_key,omitempty"`
	CleanVersion      string `json:"clean_version,omitempty"`
	// ViewKey is what reviewers see: the picture without its metadata, or for a PDF
	// the clean file itself.
	ViewKey string `json:"view_key,omitempty"`

	// FileName is what the file was called where it came from. People write their
	// names and worse into it: it is for the applicant's own screen, is never a key,
	// and never leaves the records.
	FileName string `json:"-"`

	UploadedAt time.Time `json:"uploaded_at"`
	CheckedAt  time.Time `json:"checked_at,omitzero"`
}

// Codes of a DocumentRefusal. A code never changes its name or its meaning.
const (
	DocumentEmpty           = "document-empty"
	DocumentTooLarge        = "document-too-large"
	DocumentTypeNotAccepted = "document-type-not-accepted"
	DocumentHEIC            = "document-heic"
	DocumentUnreadable      = "document-unreadable"
	DocumentCutOff          = "document-cut-off"
	DocumentTooManyPixels   = "document-too-many-pixels"
	DocumentEncrypted       = "document-encrypted"
	DocumentNoPages         = "document-no-pages"
	DocumentActive          = "document-active"
	DocumentTooMany         = "document-too-many"
	DocumentNoMore          = "document-no-more"
	// DocumentLost is found by a check alone: what was stored is gone, or is not what was
	// uploaded. That is no fault of the person's.
	DocumentLost = "document-lost"
)

// documentRefusals says for each code what the person can do.
var documentRefusals = map[string]string{
	DocumentEmpty:           "This file is empty. Choose it again, or take a new photo.",
	DocumentTooLarge:        "This file is larger than 25 MB. Take the photo again at a smaller size, or scan at 300 dots per inch or less.",
	DocumentTypeNotAccepted: "We can read JPEG and PNG pictures and PDF files, and this file is something else. Save it as a PDF, or take a clear photo of the paper.",
	DocumentHEIC:            "This photo is in Apple's HEIC format, which we cannot read. On an iPhone, open Settings, then Camera, then Formats, choose “Most Compatible”, and take the photo again. Or take a screenshot of the photo and send that.",
	DocumentUnreadable:      "We could not open this file. It may be damaged. Save it again, or take a new photo.",
	DocumentCutOff:          "The end of this file is missing. Copy or download it again, or take a new photo.",
	DocumentTooManyPixels:   "This picture has more than 50 megapixels. Take the photo again at a smaller size.",
	DocumentEncrypted:       "This PDF asks for a password, so we cannot open it. Save or print it as a new PDF without a password, and send that.",
	DocumentNoPages:         "This PDF has no pages. Save it again and check that you can see the pages.",
	DocumentActive:          "This PDF starts a program or a script when it is opened, so we cannot take it. Print it to a new PDF, or take a photo of the paper.",
	DocumentTooMany:         fmt.Sprintf("There are %d files of this kind already. Delete one that you do not need, then send this one.", MaxDocumentsOfKind),
	DocumentNoMore:          fmt.Sprintf("This case has taken %d files, and cannot take more. Use the files that are here. If one is missing, write to us.", MaxUploads),
	DocumentLost:            "This file was lost on our side. That is our fault, not yours, and we are sorry. Please send it again.",
}

// DocumentRefusal says that a file cannot be taken, and what its owner can do. In
// a chain of errors it is also a Refusal of type invalid about the field "file".
type DocumentRefusal struct {
	Code   string // one of the codes above
	Detail string // a sentence or two: what is wrong and what to do
}

// RefuseDocument is the refusal with a code.
func RefuseDocument(code string) *DocumentRefusal {
	return &DocumentRefusal{Code: code, Detail: documentRefusals[code]}
}

// Error gives code and sentence.
func (r *DocumentRefusal) Error() string { return r.Code + ": " + r.Detail }

// Unwrap gives the refusal of the request that brought the file.
func (r *DocumentRefusal) Unwrap() error {
	return Invalid(Finding{Field: "file", Code: r.Code, Detail: r.Detail})
}
