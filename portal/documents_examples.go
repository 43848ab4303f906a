package portal

import (
	"peercert/certification"
	"peercert/web"
)

func documentExamples() []example {
	show := func(name string, kind certification.DocumentKind, files []certification.Document, refuse func(form *web.Form)) example {
		d, _ := drawerOf(kind)
		form := func(frame web.Frame) *web.Form {
			form := web.NewForm(frame.Localizer, nil)
			if refuse != nil {
				refuse(form)
			}
			return form
		}
		return example{Name: name, Page: "documents", Title: "documents." + string(kind) + ".title", SignedIn: true,
			Content: func(frame web.Frame) any {
				return documentsOf(frame, d, form(frame), files, "/cases/"+exampleCase, false)
			},
			Problems: func(frame web.Frame) []web.Problem { return form(frame).Problems() },
		}
	}
	examples := []example{{Name: "files of an earlier case", Page: "documents", Title: "documents.photo_id.title", SignedIn: true, Content: func(frame web.Frame) any {
		d, _ := drawerOf(certification.DocumentPhotoID)
		content := documentsOf(frame, d, web.NewForm(frame.Localizer, nil), nil, "/cases/"+exampleCase, false)
		content.Earlier = []EarlierFile{earlierFile(frame.Localizer, certification.Document{FileName: "license.jpg", Bytes: 480_000}, "/", "key")}
		return content
	}}, {Name: "delete a file", Page: "sure", Title: "documents.delete_title", SignedIn: true, Content: func(frame web.Frame) any {
		return deleteFileContent(frame, "front.jpg", "/", "/", "key")
	}}}
	for _, d := range drawers() {
		examples = append(examples, show("files: "+string(d.kind), d.kind, nil, nil))
	}
	refused := exampleDocuments(certification.DocumentPhotoID, certification.DocumentRefused)
	refused[1].RefusalCode = certification.DocumentUnreadable
	lost := exampleDocuments(certification.DocumentPhotoID, certification.DocumentRefused)
	lost[0].RefusalCode = certification.DocumentLost
	for _, code := range []string{
		certification.DocumentEmpty, certification.DocumentTooLarge, certification.DocumentTypeNotAccepted, certification.DocumentHEIC, certification.DocumentCutOff,
		certification.DocumentTooManyPixels, certification.DocumentEncrypted, certification.DocumentNoPages, certification.DocumentActive, certification.DocumentTooMany, certification.DocumentNoMore,
		"infected",
	} {
		examples = append(examples, show("files: "+code, certification.DocumentPhotoID, nil, func(form *web.Form) { refuseFile(form, "IMG_2041.HEIC", "documents.refused."+code) }))
	}
	d, _ := drawerOf(certification.DocumentPhotoID)
	return append(examples,
		show("files: ready", certification.DocumentPhotoID, exampleDocuments(certification.DocumentPhotoID, certification.DocumentClean), nil),
		show("files: being checked", certification.DocumentDiploma, exampleDocuments(certification.DocumentDiploma, certification.DocumentChecking), nil),
		show("files: one was lost", certification.DocumentPhotoID, lost, nil),
		show("files: one cannot be used", certification.DocumentPhotoID, refused, nil),
		show("files: none chosen", certification.DocumentPhotoID, nil, func(form *web.Form) { form.Refuse("file", "documents.choose_missing", nil) }),
		show("files: broken off", certification.DocumentPhotoID, nil, func(form *web.Form) { form.Refuse("file", "documents.broken_off", nil) }),
		show("files: too much", certification.DocumentPhotoID, nil, func(form *web.Form) { form.Refuse("file", "documents.too_much", nil) }),
		example{Name: "files: replace one", Page: "documents", Title: "documents.photo_id.title", SignedIn: true, Content: func(frame web.Frame) any {
			return documentsOf(frame, d, web.NewForm(frame.Localizer, nil), nil, "/cases/"+exampleCase, true)
		}},
	)
}
