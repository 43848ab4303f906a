package cases

import (
	"context"
	"encoding/json"
	"slices"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// formOf is the form that documents of a kind may be used for again.
var formOf = map[certification.DocumentKind]certification.Form{
	certification.DocumentPhotoID:             certification.FormApplication,
	certification.DocumentDiploma:             certification.FormApplication,
	certification.DocumentNameChange:          certification.FormApplication,
	certification.DocumentTrainingCertificate: certification.FormTraining,
}

// Earlier are the documents of a kind that a person may use again: those that went with a
// form in the newest of their earlier cases in which it was handed in, and that are still
// good today. Neither an ID whose last day has passed is, nor a training that lies too far
// back, nor what a reviewer found wrong and was not put right. Oldest first; none without
// an earlier case.
func (c *Cases) Earlier(ctx context.Context, actor certification.Actor, caseID string, kind certification.DocumentKind) ([]certification.Document, error) {
	row, err := c.findOwn(ctx, actor, caseID)
	if err != nil {
		return nil, err
	}
	return c.earlier(ctx, row, kind)
}

func (c *Cases) earlier(ctx context.Context, row store.CaseRow, kind certification.DocumentKind) ([]certification.Document, error) {
	none := []certification.Document{}
	form, known := formOf[kind]
	if !known {
		return none, nil
	}
	before, values, err := c.earlierForm(ctx, row, form)
	if err != nil || before.ID == "" {
		return none, err
	}
	good, err := c.stillGood(ctx, row, before, kind, values)
	if err != nil || !good {
		return none, err
	}
	named, err := documentsIn(values)
	if err != nil {
		return none, err
	}
	handedIn, err := c.Store.HandedInDocuments(ctx, before.ID)
	if err != nil {
		return none, failed(err, "reading which documents were handed in")
	}
	rows, err := c.Store.DocumentsOf(ctx, before.ID)
	if err != nil {
		return none, failed(err, "reading earlier documents")
	}
	for _, document := range rows {
		if document.Kind == string(kind) && document.Status == string(certification.DocumentClean) && slices.Contains(handedIn, document.ID) &&
			(slices.Contains(named, document.ID) || kind == certification.DocumentNameChange) { // that no form names
			none = append(none, documentOf(document))
		}
	}
	return none, nil
}

// earlierForm is the newest case of the same person before a case in which a form was
// handed in, with its values; a case without an id if there is none.
func (c *Cases) earlierForm(ctx context.Context, row store.CaseRow, form certification.Form) (before store.CaseRow, values json.RawMessage, err error) {
	for id := row.PreviousCaseID; id != ""; id = before.PreviousCaseID {
		if before, err = c.Store.Case(ctx, id); err != nil {
			return store.CaseRow{}, nil, failed(err, "reading an earlier case")
		}
		if before.ApplicantID != row.ApplicantID {
			break
		}
		handedIn, err := c.Store.DraftHandedIn(ctx, queries.DraftHandedInParams{CaseID: id, Form: string(form)})
		if err != nil {
			return store.CaseRow{}, nil, failed(err, "looking for an earlier form")
		}
		if !handedIn {
			continue
		}
		draft, err := c.Store.ReadDraft(ctx, queries.ReadDraftParams{CaseID: id, Form: string(form)})
		return before, draft.DraftValues, failed(err, "reading an earlier form")
	}
	return store.CaseRow{}, nil, nil
}

// stillGood says whether documents of a kind can still be used on the day of now, by what
// the form said that they went with and by what a reviewer said last.
func (c *Cases) stillGood(ctx context.Context, row, before store.CaseRow, kind certification.DocumentKind, values json.RawMessage) (bool, error) {
	part := map[certification.DocumentKind]certification.Part{
		certification.DocumentPhotoID: certification.PartPhotoID, certification.DocumentDiploma: certification.PartDiploma,
		certification.DocumentNameChange: certification.PartDiploma, certification.DocumentTrainingCertificate: certification.PartTraining,
	}[kind]
	wrong := slices.Clone(before.Returned)
	if before.Outcome == certification.OutcomeDenied {
		codes, err := c.Store.ReasonsOfDenial(ctx, before.ID)
		if err != nil {
			return false, failed(err, "reading why an earlier case was denied")
		}
		for _, code := range codes {
			wrong = append(wrong, certification.ReasonCode(code))
		}
	}
	for _, code := range wrong {
		if reason, known := certification.ReasonOf(code); known && reason.Part == part {
			return false, nil
		}
	}
	field := map[certification.DocumentKind]string{
		certification.DocumentPhotoID: "id_expires_on", certification.DocumentTrainingCertificate: "completed_on",
	}[kind]
	found, err := c.findings(row, formOf[kind], values)
	if err != nil {
		return false, err
	}
	return field == "" || !slices.ContainsFunc(found, func(f certification.Finding) bool { return f.Field == field }), nil
}

// UseAgain takes the content of a document of an earlier case (Earlier) as a new upload of
// this one. From then on the two are apart: it is checked again, kept as long as this case
// is, and may be deleted while the other stays.
func (c *Cases) UseAgain(ctx context.Context, actor certification.Actor, key, caseID, documentID string) (certification.Document, error) {
	row, err := c.findOwn(ctx, actor, caseID)
	if err != nil {
		return certification.Document{}, err
	}
	used, err := once(ctx, c, actor, key, digest("use-again", caseID, documentID), func() (uploaded, error) {
		if row.Stage == certification.StageClosed {
			return uploaded{}, certification.CaseClosed()
		}
		document, err := c.earlierDocument(ctx, row, documentID)
		if err != nil {
			return uploaded{}, err
		}
		body, _, _, err := c.Storage.OpenOriginal(ctx, document)
		if err != nil {
			return uploaded{}, c.unlessGone(ctx, documentID, err)
		}
		defer body.Close()
		copied, err := c.Upload(ctx, actor, Upload{CaseID: caseID, Key: key + ":content", Kind: document.Kind, FileName: document.FileName, Body: body})
		return uploaded{Document: copied, FileName: copied.FileName}, err
	})
	if err != nil {
		return certification.Document{}, err
	}
	return used.document(), nil
}

// earlierDocument finds a document among those that may be used again. Whatever else
// there is looks like nothing.
func (c *Cases) earlierDocument(ctx context.Context, row store.CaseRow, documentID string) (certification.Document, error) {
	for kind := range formOf {
		documents, err := c.earlier(ctx, row, kind)
		if err != nil {
			return certification.Document{}, err
		}
		if i := slices.IndexFunc(documents, func(d certification.Document) bool { return d.ID == documentID }); i >= 0 {
			return documents[i], nil
		}
	}
	return certification.Document{}, certification.NotFound()
}

// EarlierValues is what of the newest application that a person handed in before may be
// offered to them again: names, what they are called now, the date of birth, the
// education, and the last day of the ID if it lies ahead. Nothing that they attest or sign,
// and no documents (Earlier). Without an earlier application it is empty.
func (c *Cases) EarlierValues(ctx context.Context, actor certification.Actor, caseID string) (certification.ApplicationValues, error) {
	var offered certification.ApplicationValues
	row, err := c.findOwn(ctx, actor, caseID)
	if err != nil {
		return offered, err
	}
	before, stored, err := c.earlierForm(ctx, row, certification.FormApplication)
	if err != nil || before.ID == "" {
		return offered, err
	}
	var values certification.ApplicationValues
	if json.Unmarshal(stored, &values) != nil {
		return offered, errDraft
	}
	person, err := c.Store.ReadApplicant(ctx, row.ApplicantID)
	if err != nil {
		return offered, failed(err, "reading a person")
	}
	offered = certification.ApplicationValues{
		LegalFirstName: values.LegalFirstName, LegalMiddleName: values.LegalMiddleName, LegalLastName: values.LegalLastName,
		Called: person.Called, DateOfBirth: values.DateOfBirth, Education: values.Education,
	}
	if day, is := values.IDExpiresOn.Day(); is && !certification.EndOfDay(day).Before(c.now()) {
		offered.IDExpiresOn = values.IDExpiresOn
	}
	return offered, nil
}
