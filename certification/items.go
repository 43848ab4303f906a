package certification

import (
	"slices"
	"strings"
)

// Item is what a person answers at once, and the least that a return opens: what is in
// one item is only put right together, such as an ID and its last day.
type Item struct {
	Name   string
	Form   Form
	Part   Part
	Fields []string // of the values of the form
}

// FieldNameChange stands for the papers about a change of name, which no field of a form
// names: a reason can ask for one.
const FieldNameChange = "name_change"

// Items are all that forms ask for, in their order. What a return opens and locks, at the
// pages and at the API, comes from this table and from ReasonRule.Fields.
var Items = []Item{
	{"name", FormApplication, PartPersonalDetails, []string{"legal_first_name", "legal_middle_name", "legal_last_name", "called"}},
	{"birth", FormApplication, PartPersonalDetails, []string{"date_of_birth"}},
	{"photo_id", FormApplication, PartPhotoID, []string{"photo_id", "id_expires_on"}},
	{"education", FormApplication, PartDiploma, []string{"education", "diploma"}},
	{"lived_experience", FormApplication, PartAttestations, []string{"lived_experience"}},
	{"statements", FormApplication, PartAttestations, []string{"attestations"}},
	{"ethics", FormApplication, PartAttestations, []string{"ethics"}},
	{"training", FormTraining, PartTraining, []string{"provider_id", "completed_on", "hours", "document_ids"}},
	{"courses", FormRenewal, PartContinuing, []string{"courses", "attested"}},
	{"ethics", FormRenewal, PartEthics, []string{"ethics"}},
}

// ItemsOf are the items of a form.
func ItemsOf(form Form) []Item {
	return slices.DeleteFunc(slices.Clone(Items), func(item Item) bool { return item.Form != form })
}

// FieldsOf are the fields of some items.
func FieldsOf(items []Item) []string {
	fields := []string{}
	for _, item := range items {
		fields = append(fields, item.Fields...)
	}
	return fields
}

// itemOf finds the item of a field, or of what is within one: "courses[2].hours".
func itemOf(form Form, field string) (Item, bool) {
	field, _, _ = strings.Cut(field, ".")
	field, _, _ = strings.Cut(field, "[")
	for _, item := range Items {
		if item.Form == form && slices.Contains(item.Fields, field) {
			return item, true
		}
	}
	return Item{}, false
}

// AsksFor are the fields of a form that a reason asks for anew: one of them answers it.
// FieldNameChange may be among them. A reason about nothing in particular asks for all of
// its part, or of the form if that has no such part.
func (r ReasonRule) AsksFor(form Form) []string {
	if len(r.Fields) > 0 {
		return r.Fields
	}
	ofPart := slices.DeleteFunc(ItemsOf(form), func(item Item) bool { return item.Part != r.Part })
	if len(ofPart) == 0 {
		ofPart = ItemsOf(form)
	}
	return FieldsOf(ofPart)
}

// OpenItems are the items of a form that the applicant may change now: all of a form that
// was never handed in, of a returned one those that the reasons name.
func (c *Case) OpenItems(form Form, handedIn bool) []Item {
	if handedIn || c.Stage == StageClosed {
		return nil
	}
	if !c.ReturnedFor(form) {
		return ItemsOf(form)
	}
	return slices.DeleteFunc(ItemsOf(form), func(item Item) bool {
		return !slices.ContainsFunc(c.Returned, func(code ReasonCode) bool {
			rule, known := ReasonOf(code)
			return known && slices.ContainsFunc(rule.AsksFor(form), func(field string) bool { return slices.Contains(item.Fields, field) })
		})
	})
}

// ReturnedFor says whether the case was returned for a form to be put right.
func (c *Case) ReturnedFor(form Form) bool {
	return len(c.Returned) > 0 && form == returnedForm[c.Stage]
}

// returnedForm is the form that a returned case waits for.
var returnedForm = map[Stage]Form{
	StageApplicationReturned: FormApplication, StageTrainingReturned: FormTraining, StageRenewalReturned: FormRenewal,
}

// OpenForFindings adds the items that findings are in to those that are open. A form that
// was returned for one reason can meanwhile be against a rule elsewhere: an ID expires
// while the diploma is put right. It would be refused, so the person must be able to
// change it. A form of which nothing is open stays closed.
func OpenForFindings(form Form, open []Item, found []Finding) []Item {
	if len(open) == 0 {
		return open
	}
	return slices.DeleteFunc(ItemsOf(form), func(item Item) bool {
		return !slices.ContainsFunc(open, func(other Item) bool { return other.Name == item.Name }) &&
			!slices.ContainsFunc(found, func(finding Finding) bool {
				own, is := itemOf(form, finding.Field)
				return is && own.Name == item.Name
			})
	})
}

// PartsIn are the parts that some items are of.
func PartsIn(items []Item) []Part {
	parts := []Part{}
	for _, item := range items {
		if !slices.Contains(parts, item.Part) {
			parts = append(parts, item.Part)
		}
	}
	return parts
}

// PartsOf are the parts of a form.
func PartsOf(form Form) []Part { return PartsIn(ItemsOf(form)) }

// PartOfField says to which part a field of a form belongs; empty if the form has no such
// field.
func PartOfField(form Form, field string) Part {
	item, _ := itemOf(form, field)
	return item.Part
}
