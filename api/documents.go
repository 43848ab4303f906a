package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"peercert/api/wire"
	"peercert/cases"
	"peercert/certification"
)

// maxUpload is the most bytes of the body of an upload: a document of the largest
// size and what a form puts around it. That a document itself is too large is
// found by who stores it.
const maxUpload = certification.MaxDocumentBytes + 1<<20

// boundUpload puts limits on the body of an upload, in size and in time.
func boundUpload(c *gin.Context) error {
	if c.Request.ContentLength > maxUpload {
		_, _ = io.CopyN(io.Discard, steadyBody(c, c.Request.Body), maxDrained)
		c.Header("Connection", "close")
		return certification.Refused(problemTooLarge, "A document may have 25 MiB.")
	}
	limited := http.MaxBytesReader(c.Writer, c.Request.Body, maxUpload)
	c.Request.Body = struct {
		io.Reader
		io.Closer
	}{steadyBody(c, limited), limited}
	return nil
}

func (s *server) UploadDocument(ctx context.Context, r wire.UploadDocumentRequestObject) (wire.UploadDocumentResponseObject, error) {
	actor := requestOf(ctx).actor
	document, err := s.upload(plain(ctx), actor, r)
	if err != nil {
		// Whoever is still sending reads the answer only afterwards.
		if c, ok := ctx.(*gin.Context); ok {
			_, _ = io.CopyN(io.Discard, c.Request.Body, maxDrained)
		}
		return nil, err
	}
	return wire.UploadDocument201JSONResponse(documentOf(document, actor)), nil
}

func (s *server) upload(ctx context.Context, actor certification.Actor, r wire.UploadDocumentRequestObject) (certification.Document, error) {
	var none certification.Document
	kind, err := readKind(r.Body)
	if err != nil {
		return none, err
	}
	part, err := r.Body.NextPart()
	if err != nil || part.FormName() != "file" {
		return none, badForm(err, "file", "After kind comes file.")
	}
	body := &watched{Reader: part}
	document, err := s.documents.Upload(ctx, actor, cases.Upload{
		CaseID: r.CaseID, Key: r.Params.IdempotencyKey, Kind: kind, FileName: part.FileName(), Body: body,
	})
	if body.failed != nil && err != nil {
		return none, badForm(body.failed, "file", "The upload was interrupted. Nothing of it was kept; send it again.")
	}
	return document, err
}

func readKind(form *multipart.Reader) (certification.DocumentKind, error) {
	part, err := form.NextPart()
	if err != nil || part.FormName() != "kind" {
		return "", badForm(err, "kind", "The first part of the form is kind.")
	}
	text, err := io.ReadAll(io.LimitReader(part, 100))
	if err != nil {
		return "", badForm(err, "kind", "The upload was interrupted.")
	}
	kind := certification.DocumentKind(text)
	if !slices.Contains(certification.DocumentKinds, kind) {
		return "", certification.Malformed(certification.Finding{Field: "kind", Code: "not_one_of", Detail: "This is no kind of document."})
	}
	return kind, nil
}

// badForm refuses a form that is not in order, or ended too early.
func badForm(err error, field, detail string) error {
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return certification.Refused(problemTooLarge, "A document may have 25 MiB.")
	}
	code := "required"
	if err != nil && !errors.Is(err, io.EOF) {
		code = "interrupted"
	}
	return certification.Malformed(certification.Finding{Field: field, Code: code, Detail: detail})
}

// watched remembers that reading failed, so that an interrupted upload is not
// taken for a failure of ours.
type watched struct {
	io.Reader
	failed error
}

func (w *watched) Read(into []byte) (int, error) {
	n, err := w.Reader.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed = err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		w.failed = err
	}
	return n, err
}

func (s *server) ListDocuments(ctx context.Context, r wire.ListDocumentsRequestObject) (wire.ListDocumentsResponseObject, error) {
	actor := requestOf(ctx).actor
	kind, page := certification.DocumentKind(value(r.Params.Kind)), pageOf(r.Params.Cursor, r.Params.Limit)
	documents, err := s.documents.DocumentsPart(plain(ctx), actor, r.CaseID, kind, page)
	return wire.ListDocuments200JSONResponse{
		Items:      each(documents.Items, func(d certification.Document) wire.Document { return documentOf(d, actor) }),
		NextCursor: optional(documents.Next),
	}, err
}

func (s *server) GetDocument(ctx context.Context, r wire.GetDocumentRequestObject) (wire.GetDocumentResponseObject, error) {
	actor := requestOf(ctx).actor
	document, err := s.documents.Document(plain(ctx), actor, r.CaseID, r.DocumentID)
	return wire.GetDocument200JSONResponse(documentOf(document, actor)), err
}

func (s *server) GetDocumentContent(ctx context.Context, r wire.GetDocumentContentRequestObject) (wire.GetDocumentContentResponseObject, error) {
	actor := requestOf(ctx).actor
	purpose, err := purposeOf(actor, r.Params.Purpose)
	if err != nil {
		return nil, err
	}
	content, err := s.documents.Content(plain(ctx), actor, r.CaseID, r.DocumentID, purpose)
	if err != nil {
		return nil, err
	}
	var body io.ReadCloser = content.ReadCloser
	if c, ok := ctx.(*gin.Context); ok {
		c.Header("Content-Disposition", "inline")
		body = steadyAnswer(c, body)
	}
	switch content.MediaType {
	case "image/jpeg":
		return wire.GetDocumentContent200ImageJpegResponse{Body: body, ContentLength: content.Bytes}, nil
	case "image/png":
		return wire.GetDocumentContent200ImagePngResponse{Body: body, ContentLength: content.Bytes}, nil
	case "application/pdf":
		return wire.GetDocumentContent200ApplicationPdfResponse{Body: body, ContentLength: content.Bytes}, nil
	}
	_ = body.Close()
	return nil, fmt.Errorf("document %s has the media type %q, which is not shown", r.DocumentID, content.MediaType)
}
