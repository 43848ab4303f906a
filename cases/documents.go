package cases

import (
	"context"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Documents are the documents of a case, oldest first.
func (c *Cases) Documents(ctx context.Context, actor certification.Actor, caseID string) ([]certification.Document, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, err := c.Store.DocumentsOf(ctx, caseID)
	if err != nil {
		return nil, failed(err, "reading documents")
	}
	return shownTo(actor, rows), nil
}

// DocumentsPart is a part of the documents of a case, newest first: of one kind, or of all
// if kind is empty.
func (c *Cases) DocumentsPart(ctx context.Context, actor certification.Actor, caseID string, kind certification.DocumentKind, page Page) (PartOf[certification.Document], error) {
	var part PartOf[certification.Document]
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return part, err
	}
	rows, next, err := newest(page, func(before place, most int32) ([]queries.Document, error) {
		return c.Store.DocumentsBefore(ctx, queries.DocumentsBeforeParams{
			CaseID: caseID, Kind: string(kind), BeforeAt: before.at, BeforeID: before.id, Most: most,
		})
	}, func(row queries.Document) place { return place{row.UploadedAt, row.ID} })
	if err != nil {
		return part, err
	}
	return PartOf[certification.Document]{shownTo(actor, rows), next}, nil
}

func shownTo(actor certification.Actor, rows []queries.Document) []certification.Document {
	return mapped(rows, func(row queries.Document) certification.Document { return shown(actor, documentOf(row)) })
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
