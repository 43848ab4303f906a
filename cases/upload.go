package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/google/uuid"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// uploaded is the kept answer of an upload. The file name is no part of a document's
// own JSON, which also goes to places where names have no business.
type uploaded struct {
	certification.Document
	FileName string `json:"file_name"`
}

func (u uploaded) document() certification.Document {
	document := u.Document
	document.FileName = u.FileName
	return document
}

// Upload takes a document into quarantine and makes its check due.
//
// The content is a part of the request. It is known only once all of it was read: then,
// and before anything is stored, the key is bound to it, also if the file is refused
// afterwards. So the same key with another file is refused, and an upload that was
// interrupted leaves its key free.
func (c *Cases) Upload(ctx context.Context, actor certification.Actor, upload Upload) (certification.Document, error) {
	var none certification.Document
	row, err := c.findOwn(ctx, actor, upload.CaseID)
	if err != nil {
		return none, err
	}
	// The id is made of the key, so that a repeat finds the same document.
	id := uuid.NewSHA1(uuid.MustParse(row.ID), []byte(string(actor.Role)+":"+actor.ID+":"+upload.Key)).String()
	if err := c.mayUpload(ctx, row, keyOf(actor, upload.Key), id, upload.Kind); err != nil {
		return none, err
	}
	var claimed claimedKey
	var kept uploaded
	var answered bool
	body := &wholeBody{from: upload.Body, digest: sha256.New(), whole: func(sum string) error {
		var err error
		request := digest("upload", upload.CaseID, string(upload.Kind), upload.FileName, sum)
		if claimed, kept, answered, err = bind[uploaded](ctx, c, actor, upload.Key, request); answered {
			return errAnswered
		}
		return err
	}}
	document, err := c.Storage.Put(ctx, id, body)
	if answered {
		return kept.document(), nil
	}
	if err != nil {
		return none, err
	}
	if claimed.Key == "" {
		return none, fmt.Errorf("document %s was stored before it was read to its end", id)
	}
	document.CaseID, document.Kind, document.UploadedAt = row.ID, upload.Kind, c.now()
	stored, err := c.addDocument(ctx, document, upload.FileName)
	if err != nil {
		return none, err
	}
	answer, err := keep(ctx, c, c.Store.Queries, claimed, uploaded{Document: stored, FileName: stored.FileName})
	return answer.document(), err
}

// errAnswered ends the reading of a body whose answer is kept: it is not stored again.
var errAnswered = errors.New("this upload was answered before")

// wholeBody is a body that says when all of it was read that counts: what is more than a
// document may have is refused unread.
type wholeBody struct {
	from   io.Reader
	digest hash.Hash
	read   int64
	whole  func(sum string) error // once; an error of it ends the reading
	done   bool
}

// Read reads on, at most to the byte that is one too many.
func (b *wholeBody) Read(into []byte) (int, error) {
	if left := certification.MaxDocumentBytes + 1 - b.read; int64(len(into)) > left {
		into = into[:left]
	}
	if len(into) == 0 && b.done {
		return 0, io.EOF
	}
	n, err := b.from.Read(into)
	b.read += int64(n)
	b.digest.Write(into[:n])
	ended := errors.Is(err, io.EOF)
	if b.done || !ended && b.read <= certification.MaxDocumentBytes {
		return n, err
	}
	b.done = true
	if refused := b.whole(hex.EncodeToString(b.digest.Sum(nil))); refused != nil {
		return n, refused
	}
	return n, err
}

// mayUpload refuses before anything is read what has no room. What was answered before is
// let through: it gets its answer again, whatever became of the case.
func (c *Cases) mayUpload(ctx context.Context, row store.CaseRow, claimed claimedKey, id string, kind certification.DocumentKind) error {
	kept, err := c.Store.ReadKey(ctx, queries.ReadKeyParams(claimed))
	switch {
	case err != nil && !store.None(err):
		return failed(err, "reading an idempotency key")
	case err == nil && kept.Answer != nil:
		return nil
	case row.Stage == certification.StageClosed:
		return certification.CaseClosed()
	}
	if _, err := c.Store.ReadDocument(ctx, id); !store.None(err) {
		return failed(err, "reading a document") // nil: it was stored, and only its answer was lost
	}
	taken, err := c.Store.UploadsTaken(ctx, row.ID)
	if err == nil {
		err = room(ctx, c.Store.Queries, row.ID, kind, taken)
	}
	return failed(err, "counting the documents of a case")
}

// room refuses another document of a kind for a case that has taken so many. Those that were
// handed in do not count among a kind: they cannot be taken away, and who is asked for
// another again and again must be able to send it.
func room(ctx context.Context, q *queries.Queries, caseID string, kind certification.DocumentKind, taken int) error {
	if taken >= certification.MaxUploads {
		return certification.RefuseDocument(certification.DocumentNoMore)
	}
	handedIn, err := q.HandedInDocuments(ctx, caseID)
	if err != nil {
		return err
	}
	count, err := q.CountDocuments(ctx, queries.CountDocumentsParams{CaseID: caseID, Kind: string(kind), HandedIn: handedIn})
	if err == nil && count >= certification.MaxDocumentsOfKind {
		return certification.RefuseDocument(certification.DocumentTooMany)
	}
	return err
}

// addDocument stores the row of a document and makes its check due, together. Of two
// at once the first stands. A closed case takes none, and neither does one without room:
// what was uploaded is an object that no row knows, and goes with the sweep.
func (c *Cases) addDocument(ctx context.Context, document certification.Document, fileName string) (certification.Document, error) {
	payload, err := json.Marshal(certification.DocumentToCheck{DocumentID: document.ID})
	if err != nil {
		return certification.Document{}, fmt.Errorf("encoding a document's id: %w", err)
	}
	var stored queries.Document
	err = c.Store.InTransaction(ctx, func(q *queries.Queries) error {
		taken, err := q.LockUploads(ctx, document.CaseID)
		if err != nil {
			return err
		}
		if stored, err = q.ReadDocument(ctx, document.ID); !store.None(err) {
			return err
		}
		// The upload may have taken so long that the case was closed meanwhile.
		if open, err := q.LockOpenCase(ctx, document.CaseID); err != nil {
			return err
		} else if !open {
			return certification.CaseClosed()
		}
		if err := room(ctx, q, document.CaseID, document.Kind, taken); err != nil {
			return err
		}
		if _, err := q.AddDocument(ctx, queries.AddDocumentParams{
			ID: document.ID, CaseID: document.CaseID, Kind: string(document.Kind), Status: string(document.Status),
			MediaType: document.MediaType, Bytes: document.Bytes, Sha256: document.SHA256, QuarantineKey: document.QuarantineKey,
			QuarantineVersion: document.QuarantineVersion, FileName: fileName, UploadedAt: document.UploadedAt,
		}); err != nil {
			return err
		}
		if err := q.CountUpload(ctx, document.CaseID); err != nil {
			return err
		}
		if _, err := q.Receive(ctx, queries.ReceiveParams{
			Source: certification.SourceDocuments, ExternalID: document.ID, Kind: certification.KindUploaded, Payload: payload, ReceivedAt: document.UploadedAt,
		}); err != nil {
			return err
		}
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
