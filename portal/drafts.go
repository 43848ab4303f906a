package portal

import (
	"encoding/json"
	"errors"
	"fmt"

	"peercert/cases"
	"peercert/certification"
)

// draft reads a draft of the case into values of its form.
func (v *visit) draft(form certification.Form, values any) (cases.Draft, error) {
	draft, err := v.Cases.Draft(v.Request.Context(), v.actor, v.view.ID, form, "")
	if err != nil {
		return cases.Draft{}, err
	}
	if json.Unmarshal(draft.Values, values) != nil {
		return cases.Draft{}, errors.New("a stored draft cannot be decoded") // the cause would quote it
	}
	return draft, nil
}

// saveTries is how often a change is put onto what another window saved meanwhile.
const saveTries = 5

// saveDraft changes members of a draft. change is given the values as they are and says
// which members become what; nil takes one away. Two windows at once do not hinder
// each other: a page changes its own members alone, so its change is put onto whatever
// was saved in between.
func saveDraft[V any](v *visit, form certification.Form, change func(values V) map[string]any) (cases.Draft, error) {
	for try := 1; ; try++ {
		var values V
		draft, err := v.draft(form, &values)
		if err != nil {
			return cases.Draft{}, err
		}
		members := change(values)
		if len(members) == 0 {
			return draft, nil
		}
		changes, err := json.Marshal(members)
		if err != nil {
			return cases.Draft{}, fmt.Errorf("encoding changes of a draft: %w", err)
		}
		saved, err := v.Cases.SaveDraft(v.Request.Context(), v.actor, cases.SaveDraft{
			CaseID: v.view.ID, Form: form, Revision: draft.Revision, Changes: changes,
		})
		if !errors.Is(err, certification.StaleRevision()) || try == saveTries {
			return saved, err
		}
	}
}

// membersOf are single members of the values of a form, for saveDraft: those that are
// not given are taken away.
func membersOf(values any, names ...string) map[string]any {
	encoded, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("portal: a form of strings and numbers cannot be encoded: %v", err))
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(encoded, &all); err != nil {
		panic(fmt.Sprintf("portal: a form is not an object: %v", err))
	}
	members := map[string]any{}
	for _, name := range names {
		if value, given := all[name]; given {
			members[name] = value
		} else {
			members[name] = nil
		}
	}
	return members
}
