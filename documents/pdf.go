package documents

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"peercert/certification"
)

// pdfTimeout bounds the look into one PDF; the largest honest one takes a second.
const pdfTimeout = 10 * time.Second

// pdfDecodedStream bounds what one stream of objects may unfold to. Content streams
// and pictures are never unfolded here.
const pdfDecodedStream = 16 << 20

// pdfSettings are written out because the library's own defaults come from a
// directory that it makes in the user's home.
func pdfSettings() *model.Configuration {
	limits := model.DefaultResourceLimits()
	limits.MaxStreamBytes = certification.MaxDocumentBytes
	limits.MaxDecodeBytes = pdfDecodedStream
	limits.MaxObjectCount = 500_000
	limits.MaxObjectStreamCount = 100_000
	limits.MaxObjectStreamFirst = 4 << 20
	limits.MaxXRefEntries = 500_000
	return &model.Configuration{
		Reader15:       true,
		ValidationMode: model.ValidationRelaxed,
		Cmd:            model.LISTINFO,
		Eol:            types.EolLF,
		Offline:        true,
		Limits:         limits,
	}
}

// inspectPDF refuses a PDF that nobody could open and read: one that is damaged,
// asks for a password, has no pages, or acts by itself. One that is only locked
// against changes opens everywhere and is taken: schools send such transcripts.
func (d *Documents) inspectPDF(ctx context.Context, file *spooled) error {
	whole, err := hasEnd(file)
	if err != nil {
		return err
	}
	if !whole {
		return certification.RefuseDocument(certification.DocumentCutOff)
	}
	free, err := turn(ctx, d.pdfs)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, pdfTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer free()
		// The library meets whatever people upload; what it did not expect must end
		// this upload and not the program.
		defer func() {
			if r := recover(); r != nil {
				done <- refuse(certification.DocumentUnreadable, fmt.Errorf("the PDF library panicked: %T", r))
			}
		}()
		done <- openPDF(limited, file.content())
	}()
	select {
	case err = <-done:
	case <-limited.Done(): // closing the file ends the reader soon
	}
	switch {
	case ctx.Err() != nil:
		return failed("looking into a PDF", ctx.Err())
	case limited.Err() != nil:
		return refuse(certification.DocumentUnreadable, limited.Err())
	default:
		return err
	}
}

// refuse is a refusal with what made us refuse, for the log.
func refuse(code string, cause error) error {
	return fmt.Errorf("documents: %w (%v)", certification.RefuseDocument(code), cause)
}

func openPDF(ctx context.Context, file io.ReadSeeker) error {
	pdf, err := pdfcpu.ReadWithContext(ctx, file, pdfSettings())
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword),
		errors.Is(err, pdfcpu.ErrUnsupportedEncryptionFeature),
		errors.Is(err, pdfcpu.ErrMalformedEncryption):
		return refuse(certification.DocumentEncrypted, err)
	case err != nil:
		return unreadable("opening a PDF", err)
	}
	pages, err := hasPages(pdf)
	if err != nil {
		return unreadable("opening a PDF", err)
	}
	if !pages {
		return certification.RefuseDocument(certification.DocumentNoPages)
	}
	active, err := isActive(ctx, pdf)
	if err != nil {
		return unreadable("opening a PDF", err)
	}
	if active {
		return certification.RefuseDocument(certification.DocumentActive)
	}
	return nil
}

// maxPageNodes bounds the walk over the page tree, which may go round in a ring.
const maxPageNodes = 10_000

// errPageMissing says that the page tree names a page that is not in the file.
var errPageMissing = errors.New("a page is missing")

// hasPages says whether the page tree has anything in it. All of it must be there: the
// library, like a browser, opens what is left of a file whose end is missing.
func hasPages(pdf *model.Context) (bool, error) {
	catalog, err := pdf.Catalog()
	if err != nil {
		return false, err
	}
	pages := 0
	nodes := []types.Object{catalog["Pages"]}
	for seen := 0; len(nodes) > 0; seen++ {
		if seen > maxPageNodes {
			return false, errors.New("the page tree has too many nodes")
		}
		found, err := pdf.Dereference(nodes[0])
		if err != nil {
			return false, err
		}
		node, ok := found.(types.Dict)
		if !ok {
			return false, errPageMissing
		}
		nodes = nodes[1:]
		kids, err := pdf.Dereference(node["Kids"])
		if err != nil {
			return false, err
		}
		if inner, ok := kids.(types.Array); ok {
			nodes = append(nodes, inner...)
		} else {
			pages++
		}
	}
	return pages > 0, nil
}

// pdfTail is how far from the end of a file its end mark may be: some senders put
// something behind it.
const pdfTail = 32 << 10

// hasEnd says whether the end mark of a PDF is there.
func hasEnd(file *spooled) (bool, error) {
	tail := make([]byte, min(pdfTail, file.size))
	if _, err := file.ReadAt(tail, file.size-int64(len(tail))); err != nil && err != io.EOF {
		return false, failed("reading the end of a PDF", err)
	}
	return bytes.Contains(tail, []byte("%%EOF")), nil
}

// isActive says whether a PDF starts a program, or runs a script when it is opened.
// A form's scripts, which check what is typed into it, are no reason to refuse: a
// certificate is often a filled form, and a browser runs them in a sandbox.
func isActive(ctx context.Context, pdf *model.Context) (bool, error) {
	catalog, err := pdf.Catalog()
	if err != nil {
		return false, err
	}
	look := actions{pdf: pdf, left: maxActions}
	for _, key := range []string{"OpenAction", "AA"} {
		runs, err := look.runScript(catalog[key])
		if err != nil || runs {
			return runs, err
		}
	}
	found, err := pdf.Dereference(catalog["Names"])
	if err != nil {
		return false, err
	}
	if names, ok := found.(types.Dict); ok && names["JavaScript"] != nil {
		return true, nil
	}
	return launches(ctx, pdf)
}

// maxActions bounds how much is looked through for the actions of a PDF, which may
// go round in a ring. An honest one has a handful.
const maxActions = 1000

type actions struct {
	pdf  *model.Context
	left int
}

// runScript looks through an action and those after it, or a dictionary of actions.
// Something without an end counts as a script.
func (a *actions) runScript(object types.Object) (bool, error) {
	if a.left--; a.left < 0 {
		return true, nil
	}
	object, err := a.pdf.Dereference(object)
	if err != nil {
		return false, err
	}
	switch object := object.(type) {
	case types.Dict:
		if object["JS"] != nil || isName(object["S"], "JavaScript") {
			return true, nil
		}
		// A page is what an opening action often points at. It is no action.
		if isName(object["Type"], "Page") {
			return false, nil
		}
		for _, inner := range object {
			if runs, err := a.runScript(inner); err != nil || runs {
				return runs, err
			}
		}
	case types.Array:
		for _, inner := range object {
			if runs, err := a.runScript(inner); err != nil || runs {
				return runs, err
			}
		}
	}
	return false, nil
}

// launches looks for an action that starts a program, anywhere. Streams of objects
// are unfolded one at a time and let go again, so that a small file with many of
// them does not fill the memory.
func launches(ctx context.Context, pdf *model.Context) (bool, error) {
	for _, entry := range pdf.Table {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		switch object := entry.Object.(type) {
		case types.ObjectStreamDict:
			if err := object.DecodeWithLimit(pdfDecodedStream); err != nil {
				return false, err
			}
			if bytes.Contains(plainNames(object.Content), []byte("/Launch")) {
				return true, nil
			}
		default:
			if namesLaunch(object, 0) {
				return true, nil
			}
		}
	}
	return false, nil
}

// maxNesting bounds how deep an object is looked into; the reader allows no more.
const maxNesting = 100

func namesLaunch(object types.Object, depth int) bool {
	if depth > maxNesting {
		return true
	}
	switch object := object.(type) {
	case types.StreamDict:
		return namesLaunch(object.Dict, depth+1)
	case types.Dict:
		if isName(object["S"], "Launch") {
			return true
		}
		for _, inner := range object {
			if namesLaunch(inner, depth+1) {
				return true
			}
		}
	case types.Array:
		for _, inner := range object {
			if namesLaunch(inner, depth+1) {
				return true
			}
		}
	}
	return false
}

func isName(object types.Object, want string) bool {
	name, ok := object.(types.Name)
	return ok && string(name) == want
}

// plainNames writes the characters out that a name may hide as #xx.
func plainNames(content []byte) []byte {
	if !bytes.Contains(content, []byte("#")) {
		return content
	}
	plain := make([]byte, 0, len(content))
	for i := 0; i < len(content); i++ {
		if content[i] == '#' && i+2 < len(content) {
			if b, err := hex.DecodeString(string(content[i+1 : i+3])); err == nil {
				plain = append(plain, b[0])
				i += 2
				continue
			}
		}
		plain = append(plain, content[i])
	}
	return plain
}
