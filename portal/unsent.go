package portal

import (
	"net/http"
	"slices"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// unsentLines lead to the deletion of what was not sent of each form of a case.
func unsentLines(frame web.Frame, view cases.View, forms []cases.Unsent) []web.Line {
	var lines []web.Line
	for _, unsent := range forms {
		detail := "my_data.unsent_draft"
		if unsent.Sent {
			detail = "my_data.unsent_changes"
		}
		lines = append(lines, web.Line{
			When:    frame.Localizer.Say("home.case_number", map[string]any{"Number": frame.Localizer.Apart(view.Number)}),
			What:    frame.Localizer.Say("my_data.unsent_"+string(unsent.Form), nil),
			Detail:  frame.Localizer.Say(detail, nil),
			Address: frame.Link(deletePath(view.ID, unsent.Form)),
		})
	}
	return lines
}

func deletePath(caseID string, form certification.Form) string {
	return "/cases/" + caseID + "/delete-draft/" + string(form)
}

// unsent finds what was not sent of a form of the case; nil if there is nothing.
func (v *visit) unsent(form certification.Form) (*cases.Unsent, error) {
	forms, err := v.Cases.Unsent(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(forms, func(unsent cases.Unsent) bool { return unsent.Form == form }); i >= 0 {
		return &forms[i], nil
	}
	return nil, nil
}

// formInPath is the form that an address names; false for a word that is none.
func (v *visit) formInPath() (certification.Form, bool) {
	form := certification.Form(v.Param("form"))
	_, is := formPage[form]
	return form, is
}

// formPage is the page of a case on which a form is filled in.
var formPage = map[certification.Form]string{
	certification.FormApplication: "/application", certification.FormTraining: "/training",
	certification.FormRenewal: "/renewal", certification.FormAppeal: "/appeal",
}

func (v *visit) askDeleteDraft() error {
	form, is := v.formInPath()
	if !is {
		return certification.NotFound()
	}
	unsent, err := v.unsent(form)
	if err != nil {
		return err
	}
	if unsent == nil {
		v.redirect(v.casePath(""))
		return nil
	}
	frame := v.frame("my_data.delete_title", nil)
	if unsent.Sent {
		frame = v.frame("my_data.delete_changes_title", nil)
	}
	frame.Back = frame.Link(v.casePath(formPage[form]))
	return show(v, http.StatusOK, "sure", frame, deleteContent(frame, v.view, *unsent, v.key()))
}

// deleteContent says what of a form is deleted and what stays, and asks once more.
func deleteContent(frame web.Frame, view cases.View, unsent cases.Unsent, key string) Sure {
	say := func(key string) string { return frame.Localizer.Say("my_data."+key, nil) }
	what, button, keep, stays := "delete_draft_", "delete_button", "keep_draft", "delete_stays"
	if unsent.Sent {
		what, button, keep = "delete_changes_", "delete_changes_button", "keep_changes"
	}
	if unsent.Form == certification.FormApplication && !unsent.Sent && view.Stage != certification.StageClosed {
		stays = "delete_stays_application"
	}
	return Sure{
		Question:   Question{Key: key, Action: frame.Link(deletePath(view.ID, unsent.Form)), Button: say(button)},
		Paragraphs: []string{say(what + string(unsent.Form)), say("delete_undone"), say(stays)},
		Keep:       web.Button{Label: say(keep), Address: frame.Link("/cases/" + view.ID + formPage[unsent.Form]), Quiet: true},
	}
}

func (v *visit) deleteDraft() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	form, is := v.formInPath()
	if !is {
		return certification.NotFound()
	}
	if err := v.Cases.DeleteDraft(v.Request.Context(), v.actor, v.key(), v.view.ID, form); err != nil {
		return err
	}
	v.redirect(v.casePath(formPage[form]))
	return nil
}
