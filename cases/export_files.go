package cases

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"peercert/certification"
)

// Why a file of a document is not, or not whole, beside an export.
const (
	NoFileNotChecked   = "not_checked"   // its check is not over
	NoFileUnusable     = "unusable"      // it was refused, or is infected
	NoFileGone         = "gone"          // it was erased or taken away meanwhile
	NoFileNotAvailable = "not_available" // it could not be opened, or not to its end
)

// WriteExport writes an export (Export) of whoever asks as a ZIP: the files of their
// documents, as they were uploaded, and last my-data.json, in which each document names
// its file, or why there is none. One that cannot be had costs none of the others. Each
// goes straight from the store to whoever reads.
func (c *Cases) WriteExport(ctx context.Context, actor certification.Actor, export Export, to io.Writer) error {
	archive := zip.NewWriter(to)
	for i := range export.Cases {
		of := &export.Cases[i]
		for j := range of.Documents {
			name := fmt.Sprintf("files/%s/%d-%s", of.State.Number, j+1, safeName(of.Documents[j].FileName))
			if err := c.writeFile(ctx, actor, of.State.ID, &of.Documents[j], archive, name); err != nil {
				return err
			}
		}
	}
	record, err := archive.CreateHeader(&zip.FileHeader{Name: "my-data.json", Method: zip.Deflate, Modified: export.MadeAt})
	if err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	encoder := json.NewEncoder(record)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(export); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	return nil
}

// writeFile adds the file of a document, or says in the document why there is none. An
// error is one of whoever reads the archive.
func (c *Cases) writeFile(ctx context.Context, actor certification.Actor, caseID string, document *ExportedDocument, archive *zip.Writer, name string) error {
	switch document.Status {
	case certification.DocumentClean:
	case certification.DocumentChecking:
		document.NoFile = NoFileNotChecked
		return nil
	default:
		document.NoFile = NoFileUnusable
		return nil
	}
	content, err := c.Content(ctx, actor, caseID, document.ID, "")
	if err != nil {
		document.NoFile = NoFileNotAvailable
		if refusal, is := certification.RefusalOf(err); is && refusal.Type == certification.RefusedNotFound {
			document.NoFile = NoFileGone
		}
		return context.Cause(ctx)
	}
	defer content.Close()
	// A photograph or a PDF gets no smaller.
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: document.UploadedAt.UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	document.File = name
	from := &read{Reader: content}
	if _, err := io.Copy(entry, from); err != nil && from.failed == nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	if from.failed != nil {
		document.NoFile = NoFileNotAvailable
	}
	return context.Cause(ctx)
}

// read remembers that reading failed, so that it is not taken for a failure to write.
type read struct {
	io.Reader
	failed error
}

func (r *read) Read(into []byte) (int, error) {
	n, err := r.Reader.Read(into)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

// longestFileName bounds the name of a file in an export, in characters.
const longestFileName = 100

// safeName is the name of a file as every machine can write it: nothing in it leads out of
// its folder.
func safeName(name string) string {
	safe := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_ ()", r) {
			return r
		}
		return '_'
	}, name))
	if len(safe) > longestFileName {
		safe = safe[len(safe)-longestFileName:] // the end says what kind of file it is
	}
	if trimmed := strings.Trim(string(safe), ". "); trimmed != "" {
		return trimmed
	}
	return "file"
}
