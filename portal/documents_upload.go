package portal

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

const (
	// filesLimit is the most bytes that one form may bring: a few files of the largest
	// size and what a form puts around them. A file that is too large itself is found by
	// who stores it.
	filesLimit = 6*certification.MaxDocumentBytes + 1<<20
	// drained is how much more of a form is read and thrown away once it was refused: a
	// browser that is still sending does not read the answer.
	drained = 100 << 20
	// checkPatience is how long a page waits for the check of what was sent, so that it
	// can mostly say at once that all is well.
	checkPatience = 4 * time.Second
)

// takeFiles takes the files of a form, each as it comes: none is kept in memory, and one
// that is refused or breaks off costs none of the others.
func (v *visit) takeFiles(kind certification.DocumentKind) error {
	body := v.steadyBody(v.Request.Body)
	v.Request.Body = http.MaxBytesReader(nil, body, filesLimit) // what goes on past the limit is still read below
	defer func() {
		_, _ = io.CopyN(io.Discard, body, drained) // the answer counts, not whether they go on sending
		body.end()
	}()
	d, err := v.openDrawer(kind)
	if err != nil {
		return err
	}
	reader, err := v.Request.MultipartReader()
	if err != nil {
		return certification.Malformed()
	}
	form := web.SentForm(v.words, nil)
	taken, goOn, err := v.readFiles(reader, d, form)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		if err := v.awaitChecks(taken, form); err != nil {
			return err
		}
	}
	if !form.Refused() && (len(taken) == 0 || goOn) {
		if err := v.wantFiles(d, goOn, form); err != nil {
			return err
		}
	}
	switch {
	case form.Refused():
		return v.showFiles(d, form)
	case goOn && d.slug() != "":
		return v.goOn(d.slug())
	case goOn:
		v.redirect(v.casePath(d.next))
	case v.fromCheck():
		v.redirect(v.casePath(d.page) + "?from=check")
	default:
		v.redirect(v.casePath(d.page))
	}
	return nil
}

// slug is of the page of the application that asks for the files of a drawer; empty if
// there is none.
func (d drawer) slug() string {
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			if page.kind == d.kind {
				return page.slug
			}
		}
	}
	return ""
}

// readFiles reads the parts of a form in their order. What is wrong with a file is
// refused in the form, and the next one is read.
func (v *visit) readFiles(reader *multipart.Reader, d drawer, form *web.Form) (taken []certification.Document, goOn bool, err error) {
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return taken, goOn, nil
		}
		if err != nil {
			return taken, false, refuseBroken(err, form)
		}
		switch {
		case part.FormName() == "then":
			goOn = true
		case part.FormName() == "file" && part.FileName() != "": // without a name none was chosen
			body := &watched{Reader: part}
			document, err := v.takeFile(d, part.FileName(), body, form)
			switch {
			case body.failed != nil && err != nil:
				return taken, false, refuseBroken(body.failed, form)
			case err != nil:
				return taken, false, err
			case document.ID != "":
				taken = append(taken, document)
			}
		}
	}
}

// refuseBroken refuses a form that did not arrive whole. What came before is kept.
func refuseBroken(err error, form *web.Form) error {
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		form.Refuse("file", "documents.too_much", nil)
	} else {
		form.Refuse("file", "documents.broken_off", nil)
	}
	return nil
}

// takeFile takes one file. One that cannot be taken is refused in the form, with its
// name.
func (v *visit) takeFile(d drawer, name string, body io.Reader, form *web.Form) (certification.Document, error) {
	// The key is of this request alone: phones call every photo by the same name, so a
	// form that is sent again after "back" may well bring another file. What was sent
	// twice is found by its content.
	document, err := v.Cases.Upload(v.Request.Context(), v.actor, cases.Upload{
		CaseID: v.view.ID, Key: uuid.NewString(), Kind: d.kind, FileName: name, Body: body,
	})
	if code := refusedFile(err); code != "" {
		refuseFile(form, name, refusedKey(v.words, code))
		return certification.Document{}, nil
	}
	if err != nil {
		return certification.Document{}, err
	}
	return v.putAway(d, document)
}

// refusedFile is the code of the refusal of a file; empty if err is none.
func refusedFile(err error) string {
	if refusal, is := certification.RefusalOf(err); is {
		for _, found := range refusal.Findings {
			if found.Field == "file" {
				return found.Code
			}
		}
	}
	return ""
}

// refuseFile says what is wrong with a file, by its name.
func refuseFile(form *web.Form, name, key string) {
	if name == "" {
		name = form.Say("documents.no_name", nil)
	}
	form.Refuse("file", "documents.refused_file", map[string]any{"File": name, "Why": form.Say(key, nil)})
}

// putAway adds a document to its drawer: the form names it from now on, and no longer
// what it replaces or what was found unusable. One that is there already, byte by byte,
// is not added again; then that one is given.
func (v *visit) putAway(d drawer, document certification.Document) (certification.Document, error) {
	all, err := v.Cases.Documents(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return document, err
	}
	var gone []string
	same := document
	weigh := func(ids []string) []string {
		gone, same = nil, document
		kept := slices.DeleteFunc(ids, func(id string) bool {
			i := slices.IndexFunc(all, func(each certification.Document) bool { return each.ID == id })
			leaves := i < 0 || unusable(all[i]) || id == v.Query("replace")
			if i >= 0 && !unusable(all[i]) && all[i].SHA256 == document.SHA256 && id != document.ID {
				same, leaves = all[i], false
			}
			if leaves && id != document.ID {
				gone = append(gone, id)
			}
			return leaves
		})
		if same.ID != document.ID {
			gone = append(gone, document.ID)
			return kept
		}
		return append(kept, document.ID)
	}
	if d.member == "" {
		var ids []string
		for _, each := range all {
			if each.Kind == d.kind && each.ID != document.ID {
				ids = append(ids, each.ID)
			}
		}
		weigh(ids)
	} else if err := v.name(d, weigh); err != nil {
		return document, err
	}
	for _, id := range gone {
		if err := v.discard(id); err != nil {
			return document, err
		}
	}
	return same, nil
}

// awaitChecks waits a moment for the checks of what was taken, and says what they found
// against a file.
func (v *visit) awaitChecks(taken []certification.Document, form *web.Form) error {
	ctx := v.Request.Context()
	patience := time.NewTimer(checkPatience)
	defer patience.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		checking := false
		for _, document := range taken {
			now, err := v.Cases.Document(ctx, v.actor, v.view.ID, document.ID)
			if err != nil {
				return err
			}
			checking = checking || now.Status == certification.DocumentChecking
		}
		if !checking {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			continue
		case <-patience.C:
		}
		break
	}
	for _, document := range taken {
		now, err := v.Cases.Document(ctx, v.actor, v.view.ID, document.ID)
		switch {
		case err != nil:
			return err
		case now.Status == certification.DocumentRefused:
			refuseFile(form, now.FileName, refusedKey(v.words, now.RefusalCode))
		case now.Status == certification.DocumentInfected:
			refuseFile(form, now.FileName, "documents.refused.infected")
		}
	}
	return nil
}

// wantFiles refuses to go on without a file, and to send none.
func (v *visit) wantFiles(d drawer, goOn bool, form *web.Form) error {
	files, err := v.filesOf(d.kind)
	if err != nil {
		return err
	}
	some := slices.ContainsFunc(files, func(f certification.Document) bool { return !unusable(f) })
	if !goOn || !some && !d.optional {
		form.Refuse("file", "documents.choose_missing", nil)
	}
	return nil
}

// watched remembers that reading failed, so that a form that broke off is not taken for a
// failure of ours.
type watched struct {
	io.Reader
	failed error
}

func (w *watched) Read(into []byte) (int, error) {
	n, err := w.Reader.Read(into)
	if err != nil && err != io.EOF {
		w.failed = err
	}
	return n, err
}

// stall is how long the other side may pause between two pieces of a file. It is about
// the network, so it follows the machine's own clock.
const stall = 60 * time.Second

// steady lets a large body take long, as long as it keeps coming.
type steady struct {
	io.ReadCloser
	control *http.ResponseController
}

func (v *visit) steadyBody(body io.ReadCloser) steady {
	return steady{ReadCloser: body, control: http.NewResponseController(v.Writer)}
}

// Read sets both deadlines anew: a writer of a test has none, and then there is nothing
// to bound.
func (s steady) Read(into []byte) (int, error) {
	_ = s.control.SetReadDeadline(time.Now().Add(stall))
	_ = s.control.SetWriteDeadline(time.Now().Add(2 * stall))
	return s.ReadCloser.Read(into)
}

// end takes the deadline of the body away: one that passes later would be taken for a
// browser that left.
func (s steady) end() { _ = s.control.SetReadDeadline(time.Time{}) }

// steadyAnswer is the content of a file on its way out.
func (v *visit) steadyAnswer(content io.Reader) io.Reader {
	return sending{content, http.NewResponseController(v.Writer)}
}

type sending struct {
	io.Reader
	control *http.ResponseController
}

func (s sending) Read(into []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(stall))
	return s.Reader.Read(into)
}
