package certification

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every field of a form is in one item, and in one only.
func TestEveryFieldIsInOneItem(t *testing.T) {
	in := map[string]int{}
	for _, item := range Items {
		require.NotEmpty(t, item.Fields, item.Name)
		for _, field := range item.Fields {
			in[string(item.Form)+" "+field]++
		}
	}
	for field, times := range in {
		assert.Equal(t, 1, times, field)
	}
	assert.Equal(t, PartContinuing, PartOfField(FormRenewal, "courses[2].hours"))
	assert.Empty(t, PartOfField(FormApplication, "courses"))
}

// What a reason asks for is of its own part, so that what it opens is what it says.
func TestAReasonAsksForWhatIsOfItsPart(t *testing.T) {
	forms := map[Review]Form{ReviewApplication: FormApplication, ReviewTraining: FormTraining, ReviewRenewal: FormRenewal}
	for _, rule := range Reasons {
		for _, review := range rule.Reviews {
			form := forms[review]
			asks := slices.DeleteFunc(slices.Clone(rule.AsksFor(form)), func(field string) bool { return field == FieldNameChange })
			require.NotEmpty(t, asks, rule.Code)
			for _, field := range asks {
				assert.NotEmpty(t, PartOfField(form, field), "%s asks for %s", rule.Code, field)
				if slices.Contains(PartsOf(form), rule.Part) {
					assert.Equal(t, rule.Part, PartOfField(form, field), rule.Code)
				}
			}
		}
	}
}

func TestAReturnOpensItsItemsAlone(t *testing.T) {
	open := func(stage Stage, form Form, reasons ...ReasonCode) []string {
		c := Case{Stage: stage, Returned: reasons}
		return FieldsOf(c.OpenItems(form, false))
	}
	name := []string{"legal_first_name", "legal_middle_name", "legal_last_name", "called"}
	assert.Equal(t, []string{"date_of_birth"}, open(StageApplicationReturned, FormApplication, "DOB_MISMATCH"))
	assert.Equal(t, name, open(StageApplicationReturned, FormApplication, "NAME_MISMATCH_ID"))
	assert.Equal(t, []string{"date_of_birth", "photo_id", "id_expires_on"}, open(StageApplicationReturned, FormApplication, "ID_UNREADABLE", "DOB_MISMATCH"))
	assert.Equal(t, []string{"attestations"}, open(StageApplicationReturned, FormApplication, "ATTESTATION_INCOMPLETE"))
	assert.Equal(t, append(name, "date_of_birth"), open(StageApplicationReturned, FormApplication, "OTHER"), "nobody knows which")
	assert.Equal(t, []string{"courses", "attested", "ethics"}, open(StageRenewalReturned, FormRenewal, "OTHER"))
	assert.Equal(t, []string{"ethics"}, open(StageRenewalReturned, FormRenewal, "ETHICS_NOT_SIGNED"))
	assert.Len(t, open(StageTrainingReturned, FormTraining, "TRAINING_UNREADABLE"), 4)
	assert.Len(t, open(StageApplicationReturned, FormTraining, "DOB_MISMATCH"), 4, "another form is not returned")
	assert.Empty(t, (&Case{Stage: StageApplicationReturned}).OpenItems(FormApplication, true))
	assert.Empty(t, (&Case{Stage: StageClosed}).OpenItems(FormApplication, false))

	dob := (&Case{Stage: StageApplicationReturned, Returned: []ReasonCode{"DOB_MISMATCH"}}).OpenItems(FormApplication, false)
	opened := OpenForFindings(FormApplication, dob, []Finding{{Field: "id_expires_on", Code: "expired"}, {Field: "ethics.version", Code: "not_current"}})
	assert.Equal(t, []string{"date_of_birth", "photo_id", "id_expires_on", "ethics"}, FieldsOf(opened), "what would be refused can be changed, with what goes with it")
	assert.Empty(t, OpenForFindings(FormApplication, nil, []Finding{{Field: "called"}}))
}

// Histories of before hold one document.
func TestTrainingOfOneFileIsStillRead(t *testing.T) {
	for written, read := range map[string]SubmitTraining{
		`{"key":"k","draft_revision":2,"document_id":"d","provider_id":"p"}`:        {Envelope: Envelope{Key: "k"}, DraftRevision: 2, DocumentIDs: []string{"d"}, ProviderID: "p"},
		`{"key":"k","draft_revision":2,"document_ids":["a","b"],"provider_id":"p"}`: {Envelope: Envelope{Key: "k"}, DraftRevision: 2, DocumentIDs: []string{"a", "b"}, ProviderID: "p"},
	} {
		var message SubmitTraining
		require.NoError(t, json.Unmarshal([]byte(written), &message))
		assert.Equal(t, read, message)
	}
}
