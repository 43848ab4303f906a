package portal

import (
	"peercert/certification"
	"peercert/web"
)

// EarlierFile is a document of an earlier case that is still good, and the button that
// uses it again.
type EarlierFile struct {
	Name, Size string
	Button     web.Button
}

// earlierFiles are the documents of a drawer that can be used again. One that is in the
// drawer already is not offered.
func (v *visit) earlierFiles(d drawer, files []certification.Document) ([]EarlierFile, error) {
	if v.view.PreviousCaseID == "" {
		return nil, nil
	}
	documents, err := v.Cases.Earlier(v.Request.Context(), v.actor, v.view.ID, d.kind)
	if err != nil {
		return nil, err
	}
	var offered []EarlierFile
	for _, document := range documents {
		used := false
		for _, file := range files {
			used = used || file.SHA256 == document.SHA256
		}
		if !used {
			offered = append(offered, earlierFile(v.words, document, "/"+v.words.Language()+v.casePath("/documents/"+string(d.kind)+"/earlier/"+document.ID), v.key()))
		}
	}
	return offered, nil
}

func earlierFile(words *web.Localizer, document certification.Document, action, key string) EarlierFile {
	name := document.FileName
	if name == "" {
		name = words.Say("documents.no_name", nil)
	}
	return EarlierFile{
		Name: name, Size: sizeWords(words, document.Bytes),
		Button: web.Button{Label: words.Say("documents.use_again", map[string]any{"File": words.Apart(name)}), Action: action, Key: key, Quiet: true},
	}
}

// useEarlier takes a document of an earlier case into this one, where it is checked as any
// other.
func (v *visit) useEarlier() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	d, err := v.openDrawer(certification.DocumentKind(v.Param("document")))
	if err != nil {
		return err
	}
	document, err := v.Cases.UseAgain(v.Request.Context(), v.actor, v.key(), v.view.ID, v.Param("earlier"))
	if code := refusedFile(err); code != "" {
		form.Refuse("file", refusedKey(v.words, code), nil)
		return v.showFiles(d, form)
	}
	if err != nil {
		return err
	}
	if _, err := v.putAway(d, document); err != nil {
		return err
	}
	v.redirect(v.casePath(d.page))
	return nil
}
