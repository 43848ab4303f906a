package portal

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"peercert/certification"
	"peercert/web"
)

// A part of an address after /documents is a kind of document where files are listed and
// sent, and the id of a document where one is opened or deleted: Gin wants one name for
// both.
func (p *portal) documentRoutes() []route {
	const below = "/:language/cases/:case/documents/:document"
	return []route{
		{get, below, owner, func(v *visit) error { return v.askFiles(certification.DocumentKind(v.Param("document"))) }},
		{post, below, owner, func(v *visit) error { return v.takeFiles(certification.DocumentKind(v.Param("document"))) }},
		{get, below + "/file", owner, (*visit).openFile},
		{get, below + "/delete", owner, (*visit).askDeleteFile},
		{post, below + "/delete", owner, (*visit).deleteFile},
		{post, below + "/earlier/:earlier", owner, (*visit).useEarlier},
	}
}

// accepted is what a file dialog offers. It makes iPhones hand over JPEG and not HEIC.
const accepted = "image/jpeg,image/png,application/pdf"

// drawer is where the files of a kind are: who names them, and the pages around theirs.
type drawer struct {
	kind certification.DocumentKind
	// form names the documents in member; empty if all of the kind count.
	form   certification.Form
	member string
	// page is where they are sent, below the case; next where one goes on to, and back
	// where one came from.
	page, next, back string
	// optional ones may be none.
	optional bool
}

func drawers() []drawer {
	return []drawer{
		{kind: certification.DocumentPhotoID, form: certification.FormApplication, member: "photo_id", page: "/application/photo-id", next: "/application/photo-id-date", back: "/application"},
		{kind: certification.DocumentDiploma, form: certification.FormApplication, member: "diploma", page: "/application/diploma", next: "", back: "/application/education"},
		{kind: certification.DocumentNameChange, form: certification.FormApplication, page: "/documents/name_change", next: "/application/diploma", back: "/application/diploma", optional: true},
		{kind: certification.DocumentTrainingCertificate, form: certification.FormTraining, member: "document_ids", page: "/documents/training_certificate", next: "/training", back: "/training"},
		{kind: certification.DocumentAppeal, form: certification.FormAppeal, page: "/documents/appeal_evidence", next: "/appeal", back: "/appeal", optional: true},
	}
}

// drawerOf finds the drawer of a kind.
func drawerOf(kind certification.DocumentKind) (drawer, error) {
	for _, d := range drawers() {
		if d.kind == kind {
			return d, nil
		}
	}
	return drawer{}, certification.NotFound()
}

// documentsNamed are documents by their ids, in the order named.
func documentsNamed(documents []certification.Document, ids []string) []certification.Document {
	var named []certification.Document
	for _, id := range ids {
		if i := slices.IndexFunc(documents, func(d certification.Document) bool { return d.ID == id }); i >= 0 {
			named = append(named, documents[i])
		}
	}
	return named
}

// openDrawer is the drawer of a kind while its files may be changed. Otherwise it leads
// to where they are shown, and says errElsewhere.
func (v *visit) openDrawer(kind certification.DocumentKind) (drawer, error) {
	d, err := drawerOf(kind)
	if err != nil {
		return d, err
	}
	open := false
	if kind == certification.DocumentNameChange && v.view.Stage != certification.StageApplication && v.view.Stage != certification.StageApplicationReturned {
		// The name on the certificate of the training may be another too.
		d.form, d.next, d.back = certification.FormTraining, "/training", "/training"
	}
	switch d.form {
	case certification.FormApplication:
		a, err := v.applicationOpen()
		if err != nil {
			return d, err
		}
		field := "diploma" // a paper about a change of name goes with it
		if d.member != "" {
			field = d.member
		}
		if open = slices.Contains(a.draft.OpenFields, field); !open {
			v.redirect(v.casePath("/application"))
			return d, errElsewhere
		}
	case certification.FormTraining:
		var values certification.TrainingValues
		draft, err := v.draft(d.form, &values)
		if err != nil {
			return d, err
		}
		open = slices.Contains(v.view.Available, certification.SignalSubmitTraining) && slices.Contains(draft.OpenFields, "document_ids")
	case certification.FormAppeal:
		open = slices.Contains(v.view.Available, certification.SignalAppeal)
	}
	if !open {
		v.redirect(v.casePath(""))
		return d, errElsewhere
	}
	return d, nil
}

// filesOf are the documents of a kind that count: those that their form names, or all
// of the kind where no form names any.
func (v *visit) filesOf(kind certification.DocumentKind) ([]certification.Document, error) {
	d, err := drawerOf(kind)
	if err != nil {
		return nil, err
	}
	documents, err := v.Cases.Documents(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return nil, err
	}
	documents = slices.DeleteFunc(documents, func(document certification.Document) bool { return document.Kind != kind })
	if d.member == "" {
		return documents, nil
	}
	values := map[string]any{}
	if _, err := v.draft(d.form, &values); err != nil {
		return nil, err
	}
	return documentsNamed(documents, idsOf(values[d.member])), nil
}

// idsOf are the ids that a member of a draft names.
func idsOf(member any) []string {
	list, _ := member.([]any)
	var ids []string
	for _, each := range list {
		if id, is := each.(string); is {
			ids = append(ids, id)
		}
	}
	return ids
}

// Documents is the page where files of one kind are sent, looked at and deleted. Other
// pages show its Files with the template "files".
type Documents struct {
	Question
	Files   []File
	Example *Picture
	// Earlier are documents of an earlier case that can be used again.
	Earlier []EarlierFile
	// Continue is the words of the button that goes on, with whatever was chosen.
	Continue string
	// Also leads to another kind of paper that may be needed; may be nil.
	Also *Link
	// Checking says that a file is still being checked, and Again where to look again.
	Checking, Again string
	// Help are questions about files with their answers.
	Help []Article
}

// File is one document of the list.
type File struct {
	Name, Size string
	Status     string
	Tone       string // as of a task
	Why        string // why it was refused, and what to do
	// View, Replace and Delete are addresses: empty until the file was found clean, and
	// where nothing can be changed. The words are long for those who do not see the file
	// beside them.
	View, ViewShort, ViewLabel          string
	Replace, ReplaceShort, ReplaceLabel string
	Delete, DeleteShort, DeleteLabel    string
}

// askFiles shows the files of a kind and asks for more.
func (v *visit) askFiles(kind certification.DocumentKind) error {
	d, err := v.openDrawer(kind)
	if err != nil {
		return err
	}
	if v.Query("replace") != "" {
		if _, err := v.Cases.Document(v.Request.Context(), v.actor, v.view.ID, v.Query("replace")); err != nil {
			return err
		}
	}
	return v.showFiles(d, web.NewForm(v.words, nil))
}

// filesPath is the address of the page of a drawer, with what it was opened for.
func (v *visit) filesPath(d drawer) string {
	path := v.casePath(d.page)
	switch {
	case v.Query("replace") != "":
		path += "?replace=" + v.Query("replace")
	case v.fromCheck():
		path += "?from=check"
	}
	return path
}

func (v *visit) showFiles(d drawer, form *web.Form) error {
	files, err := v.filesOf(d.kind)
	if err != nil {
		return err
	}
	frame := v.frame("documents."+string(d.kind)+".title", nil)
	frame.Back = frame.Link(v.casePath(d.back))
	if v.fromCheck() {
		frame.Back = frame.Link(v.casePath("/application/check"))
	}
	replaced := ""
	if id := v.Query("replace"); id != "" {
		if i := slices.IndexFunc(files, func(f certification.Document) bool { return f.ID == id }); i >= 0 {
			replaced = files[i].FileName
			frame.Title = v.words.Say("documents.replace.title", map[string]any{"File": replaced})
		}
		frame.Back = frame.Link(v.casePath(d.page))
	}
	frame.Problems = form.Problems()
	content := documentsOf(frame, d, form, files, v.casePath(""), replaced != "")
	content.Checking = v.checkingWords(content.Checking)
	if d.member == "" { // of the others the form says which can be changed
		kept, err := v.Cases.HandedIn(v.Request.Context(), v.actor, v.view.ID)
		if err != nil {
			return err
		}
		keepFiles(frame, &content, files, kept)
	}
	content.Action = frame.Link(v.filesPath(d))
	if replaced == "" {
		if content.Earlier, err = v.earlierFiles(d, files); err != nil {
			return err
		}
	}
	if d.form == certification.FormApplication && v.view.Stage == certification.StageApplicationReturned {
		a, err := v.application()
		if err != nil {
			return err
		}
		for _, task := range applicationTasks() {
			for _, page := range task.pages {
				if page.kind == d.kind {
					content.Intro = append(v.returnedWords(a, task), content.Intro...)
				}
			}
		}
	}
	if d.kind == certification.DocumentTrainingCertificate && v.view.Stage == certification.StageTrainingReturned {
		content.Intro = append(v.reasonWords(slices.DeleteFunc(slices.Clone(v.view.Returned), func(code certification.ReasonCode) bool {
			rule, _ := certification.ReasonOf(code)
			return !slices.Contains(rule.AsksFor(certification.FormTraining), "document_ids")
		})), content.Intro...)
	}
	return show(v, http.StatusOK, "documents", frame, content)
}

// documentsOf says everything on the page.
func documentsOf(frame web.Frame, d drawer, form *web.Form, files []certification.Document, base string, replacing bool) Documents {
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	kind := string(d.kind)
	page := Documents{
		Question: Question{
			Key: uuid.NewString(), Action: frame.Link(base + d.page), Button: say("documents.send", nil), Upload: true,
			Intro: []string{say("documents."+kind+".intro", nil)},
			Inputs: []web.Input{form.Input(web.Input{Kind: web.InputFile, Name: "file", Accept: accepted, Multiple: !replacing},
				"documents.choose_label", "documents.choose_hint")},
		},
		Continue: say("documents.continue", nil),
		Help:     fileHelp(frame.Localizer, form.Refused()),
	}
	if replacing {
		page.Continue, page.Intro = "", []string{say("documents.replace.intro", nil)}
		return page
	}
	for _, document := range files {
		page.Files = append(page.Files, fileOf(frame, document, base, frame.Link(base+d.page)))
		if document.Status == certification.DocumentChecking {
			page.Checking, page.Again = say("documents.checking", nil), frame.Link(base+d.page)
		}
	}
	switch d.kind {
	case certification.DocumentPhotoID, certification.DocumentDiploma, certification.DocumentTrainingCertificate:
		page.Example = pictureOf(frame.Localizer, d.kind)
	}
	if d.kind == certification.DocumentDiploma {
		page.Also = &Link{Text: say("documents.other_name", nil), Address: frame.Link(base + "/documents/name_change")}
	}
	return page
}

// keepFiles takes away what would change files that were handed in: they stay with the
// case.
func keepFiles(frame web.Frame, page *Documents, files []certification.Document, kept []string) {
	for i := range page.Files { // in the order of files
		if slices.Contains(kept, files[i].ID) {
			page.Files[i].Replace, page.Files[i].Delete = "", ""
			page.Files[i].Status = frame.Localizer.Say("documents.status.handed_in", nil)
		}
	}
}

// fileHelp answers what people ask about files, and above all what to do on a phone. It
// is open once something was wrong with a file.
func fileHelp(words *web.Localizer, open bool) []Article {
	var help []Article
	for _, about := range []struct {
		name  string
		steps []string
	}{{"heic", []string{"1", "2", "3"}}, {"size", []string{"1", "2"}}, {"pages", []string{"1", "2"}}} {
		article := Article{Heading: words.Say("documents.help."+about.name+".heading", nil), Open: open}
		for _, step := range about.steps {
			article.Steps = append(article.Steps, words.Say("documents.help."+about.name+".step_"+step, nil))
		}
		help = append(help, article)
	}
	return help
}

// fileOf is a line of the list. page is the address where the file can be changed;
// empty where it cannot.
func fileOf(frame web.Frame, document certification.Document, base, page string) File {
	name := map[string]any{"File": document.FileName}
	say := func(key string, variables map[string]any) string { return frame.Localizer.Say(key, variables) }
	if document.FileName == "" {
		name["File"] = say("documents.no_name", nil)
	}
	file := File{Name: fmt.Sprint(name["File"]), Size: sizeWords(frame.Localizer, document.Bytes), Status: say("documents.status."+string(document.Status), nil), Tone: "todo"}
	at := frame.Link(base + "/documents/" + document.ID)
	switch document.Status {
	case certification.DocumentClean:
		file.Tone = "done"
		file.View, file.ViewShort, file.ViewLabel = at+"/file", say("documents.view", nil), say("documents.view_file", name)
	case certification.DocumentRefused:
		file.Tone, file.Why = "attention", say(refusedKey(frame.Localizer, document.RefusalCode), nil)
	case certification.DocumentInfected:
		file.Tone, file.Why = "attention", say("documents.refused.infected", nil)
	}
	if page != "" {
		file.Replace, file.ReplaceShort, file.ReplaceLabel = page+"?replace="+document.ID, say("documents.replace", nil), say("documents.replace_file", name)
		file.Delete, file.DeleteShort, file.DeleteLabel = at+"/delete", say("documents.delete", nil), say("documents.delete_file", name)
	}
	return file
}

// refusedKey names the words for why a file was refused.
func refusedKey(words *web.Localizer, code string) string {
	if _, err := words.Find("documents.refused."+code, nil); err != nil {
		return "documents.refused.document-unreadable"
	}
	return "documents.refused." + code
}

// sizeWords is a size as people say it.
func sizeWords(words *web.Localizer, bytes int64) string {
	if bytes < 1_000_000 {
		return words.Say("documents.kilobytes", map[string]any{"Size": strconv.FormatInt(max(1, bytes/1000), 10)})
	}
	return words.Say("documents.megabytes", map[string]any{"Size": strconv.FormatFloat(float64(bytes)/1_000_000, 'f', 1, 64)})
}

// openFile shows a document to its owner, as it was sent in.
func (v *visit) openFile() error {
	content, err := v.Cases.Content(v.Request.Context(), v.actor, v.view.ID, v.Param("document"), "")
	if err != nil {
		return err
	}
	defer content.Close()
	v.Header("Content-Disposition", "inline")
	v.Header("Cross-Origin-Resource-Policy", "same-origin")
	v.DataFromReader(http.StatusOK, content.Bytes, content.MediaType, v.steadyAnswer(content), nil)
	return nil
}

// askDeleteFile asks whether somebody is sure: a document that goes is gone for good.
func (v *visit) askDeleteFile() error {
	document, err := v.Cases.Document(v.Request.Context(), v.actor, v.view.ID, v.Param("document"))
	if err != nil {
		return err
	}
	d, err := v.openDrawer(document.Kind)
	if err != nil {
		return err
	}
	frame := v.frame("documents.delete_title", nil)
	frame.Back = frame.Link(v.casePath(d.page))
	return show(v, http.StatusOK, "sure", frame, deleteFileContent(frame, document.FileName, v.Request.URL.Path, frame.Link(v.casePath(d.page)), v.key()))
}

func deleteFileContent(frame web.Frame, name, action, back, key string) Sure {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	if name == "" {
		name = say("documents.no_name")
	}
	return Sure{
		Question:   Question{Key: key, Action: action, Button: say("documents.delete_button")},
		Paragraphs: []string{frame.Localizer.Say("documents.delete_what", map[string]any{"Name": frame.Apart(name)})},
		Keep:       web.Button{Label: say("documents.delete_keep"), Address: back, Quiet: true},
	}
}

// deleteFile takes a document away: out of the form that names it, and for good unless
// it was handed in before.
func (v *visit) deleteFile() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	ctx := v.Request.Context()
	document, err := v.Cases.Document(ctx, v.actor, v.view.ID, v.Param("document"))
	if _, is := refusedWith(err, certification.RefusedNotFound); is {
		v.redirect(v.casePath("")) // deleted before, in another window
		return nil
	}
	if err != nil {
		return err
	}
	d, err := v.openDrawer(document.Kind)
	if err != nil {
		return err
	}
	if err := v.remove(d, document.ID); err != nil {
		return err
	}
	v.redirect(v.casePath(d.page))
	return nil
}

// remove takes a document out of its drawer.
func (v *visit) remove(d drawer, documentID string) error {
	if d.member != "" {
		if err := v.name(d, func(ids []string) []string {
			return slices.DeleteFunc(ids, func(id string) bool { return id == documentID })
		}); err != nil {
			return err
		}
	}
	return v.discard(documentID)
}

// discard takes a document that no form names away for good. One that was handed in
// before stays in the records.
func (v *visit) discard(documentID string) error {
	err := v.Cases.RemoveDocument(v.Request.Context(), v.actor, uuid.NewString(), v.view.ID, documentID)
	if refusal, is := certification.RefusalOf(err); is && slices.Contains([]string{certification.RefusedWrongStage, certification.RefusedNotFound}, refusal.Type) {
		return nil
	}
	return err
}

// name changes which documents the form of a drawer names.
func (v *visit) name(d drawer, change func(ids []string) []string) error {
	_, err := saveDraft(v, d.form, func(values map[string]any) map[string]any {
		before := idsOf(values[d.member])
		after := change(slices.Clone(before))
		switch {
		case slices.Equal(before, after):
			return nil
		case len(after) == 0:
			return map[string]any{d.member: nil}
		}
		return map[string]any{d.member: after}
	})
	return err
}
