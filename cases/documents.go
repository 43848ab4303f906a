package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/google/uuid"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// SourceDocuments is where an uploaded document waits for its check in the inbox.
const SourceDocuments = "documents"

// uploaded is the kept answer of an upload. The file name is no part of a document's
// own JSON, which also goes to places where names have no business.
type uploaded struct {
	certification.Document
	FileName string `json:"file_name"`
}

// Upload takes a document into quarantine and makes its check due.
func (c *Cases) Upload(ctx context.Context, actor certification.Actor, upload Upload) (certification.Document, error) {
	row, err := c.findOwn(ctx, actor, upload.CaseID)
	if err != nil {
		return certification.Document{}, err
	}
	if row.Stage == certification.StageClosed {
		return certification.Document{}, certification.CaseClosed()
	}
	// The content is not part of the request's digest: it would have to be read before
	// it is stored. The id is made of the key, so a repeat finds the same document, and
	// its content is compared where the first one was taken.
	id := uuid.NewSHA1(uuid.MustParse(row.ID), []byte(string(actor.Role)+":"+actor.ID+":"+upload.Key)).String()
	request := digest("upload", upload.CaseID, string(upload.Kind), upload.FileName)
	read := false
	answer, err := once(ctx, c, actor, upload.Key, request, func() (uploaded, error) {
		read = true // by Put, which compares
		document, err := c.Storage.Put(ctx, id, upload.Body)
		if err != nil {
			return uploaded{}, err
		}
		document.CaseID, document.Kind, document.UploadedAt = row.ID, upload.Kind, c.now()
		stored, err := c.addDocument(ctx, document, upload.FileName)
		return uploaded{Document: stored, FileName: stored.FileName}, err
	})
	if err != nil {
		return certification.Document{}, err
	}
	if !read {
		if err := sameContent(upload.Body, answer.SHA256); err != nil {
			return certification.Document{}, err
		}
	}
	document := answer.Document
	document.FileName = answer.FileName
	return document, nil
}

// sameContent compares what is sent again with what was stored.
func sameContent(body io.Reader, sum string) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(body, certification.MaxDocumentBytes+1)); err != nil {
		return fmt.Errorf("reading an upload again: %w", err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return certification.KeyReused()
	}
	return nil
}

// addDocument stores the row of a document and makes its check due, together. Of two
// at once the first stands. A closed case takes none: what was uploaded is an object that
// no row knows, and goes with the sweep.
func (c *Cases) addDocument(ctx context.Context, document certification.Document, fileName string) (certification.Document, error) {
	payload, err := json.Marshal(map[string]string{"document_id": document.ID})
	if err != nil {
		return certification.Document{}, fmt.Errorf("encoding a document's id: %w", err)
	}
	var stored queries.Document
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		// The upload may have taken so long that the case was closed meanwhile.
		if open, err := q.LockOpenCase(ctx, document.CaseID); err != nil {
			return err
		} else if !open {
			return certification.CaseClosed()
		}
		if _, err := q.AddDocument(ctx, queries.AddDocumentParams{
			ID: document.ID, CaseID: document.CaseID, Kind: string(document.Kind), Status: string(document.Status),
			MediaType: document.MediaType, Bytes: document.Bytes, Sha256: document.SHA256, QuarantineKey: document.QuarantineKey,
			QuarantineVersion: document.QuarantineVersion, FileName: fileName, UploadedAt: document.UploadedAt,
		}); err != nil {
			return err
		}
		if _, err := q.Receive(ctx, queries.ReceiveParams{
			Source: SourceDocuments, ExternalID: document.ID, Kind: "uploaded", Payload: payload, ReceivedAt: document.UploadedAt,
		}); err != nil {
			return err
		}
		var err error
		stored, err = q.ReadDocument(ctx, document.ID)
		return err
	})
	if err != nil {
		return certification.Document{}, failed(err, "storing a document's row")
	}
	if stored.Sha256 != document.SHA256 {
		return certification.Document{}, certification.KeyReused()
	}
	return documentOf(stored), nil
}

// Documents are the documents of a case, oldest first.
func (c *Cases) Documents(ctx context.Context, actor certification.Actor, caseID string) ([]certification.Document, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, err := c.Store.DocumentsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading documents")
	}
	documents := []certification.Document{}
	for _, row := range rows {
		documents = append(documents, shown(actor, documentOf(row)))
	}
	return documents, nil
}

// Document is one document of a case, without its content.
func (c *Cases) Document(ctx context.Context, actor certification.Actor, caseID, documentID string) (certification.Document, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return certification.Document{}, err
	}
	if !isID(documentID) {
		return certification.Document{}, certification.NotFound()
	}
	row, err := c.Store.ReadDocument(ctx, documentID)
	if store.None(err) || err == nil && row.CaseID != caseID {
		return certification.Document{}, certification.NotFound()
	}
	if err != nil {
		return certification.Document{}, failed(err, "reading a document")
	}
	return shown(actor, documentOf(row)), nil
}

// shown takes away what staff need not see of a document: people write their names
// into file names.
func shown(actor certification.Actor, document certification.Document) certification.Document {
	if actor.Role != certification.RoleApplicant {
		document.FileName = ""
	}
	return document
}

// Content opens a document: the original for its owner, the view for staff, whose
// reading is recorded first.
func (c *Cases) Content(ctx context.Context, actor certification.Actor, caseID, documentID string, purpose Purpose) (Content, error) {
	document, err := c.Document(ctx, actor, caseID, documentID)
	if err != nil {
		return Content{}, err
	}
	switch document.Status {
	case certification.DocumentChecking:
		return Content{}, certification.NotReady(retryAfter)
	case certification.DocumentClean:
	default:
		return Content{}, certification.NotFound()
	}
	open := c.Storage.OpenOriginal
	if actor.Role != certification.RoleApplicant {
		open = c.Storage.OpenView
		if err := c.recordRead(ctx, actor, caseID, purpose, "document:"+documentID); err != nil {
			return Content{}, err
		}
	}
	body, mediaType, size, err := open(ctx, document)
	if err != nil {
		return Content{}, c.unlessGone(ctx, documentID, err)
	}
	return Content{ReadCloser: body, MediaType: mediaType, Bytes: size}, nil
}

// unlessGone is an error of the storage, or that a document is not there: it may have been
// erased, or taken away, since its row was read.
func (c *Cases) unlessGone(ctx context.Context, documentID string, cause error) error {
	if _, err := c.Store.ReadDocument(ctx, documentID); store.None(err) {
		return certification.NotFound()
	}
	return cause
}

// documentOf is a row as a document.
func documentOf(row queries.Document) certification.Document {
	return certification.Document{
		ID: row.ID, CaseID: row.CaseID, Kind: certification.DocumentKind(row.Kind), Status: certification.DocumentStatus(row.Status),
		RefusalCode: row.RefusalCode, Threat: row.Threat, MediaType: row.MediaType, Bytes: row.Bytes, SHA256: row.Sha256,
		QuarantineKey: row.QuarantineKey, QuarantineVersion: row.QuarantineVersion, CleanKey: row.CleanKey, CleanVersion: row.CleanVersion,
		ViewKey: row.ViewKey, FileName: row.FileName, UploadedAt: row.UploadedAt, CheckedAt: at(row.CheckedAt),
	}
}
