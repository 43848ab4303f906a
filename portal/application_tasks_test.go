package portal

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
)

func statusesOf(a application) map[string]string {
	statuses := map[string]string{}
	for _, task := range applicationTasks() {
		statuses[task.name] = a.status(task)
	}
	return statuses
}

// changed is the whole example with other answers, and what the rules say of them.
func changed(a application, change func(values *certification.ApplicationValues)) application {
	change(&a.values)
	a.draft.Findings = a.values.Check(a.policy, a.draft.SavedAt)
	return a
}

func TestStatusesOfTasks(t *testing.T) {
	empty := exampleApplication("name")
	assert.Equal(t, map[string]string{
		"name": "not_started", "birth": "not_started", "photo_id": "not_started", "education": "not_started",
		"lived_experience": "not_started", "statements": "not_yet", "ethics": "not_yet",
	}, statusesOf(empty))
	half := exampleApplication("diploma")
	assert.Equal(t, map[string]string{
		"name": "done", "birth": "done", "photo_id": "done", "education": "in_progress",
		"lived_experience": "not_started", "statements": "not_yet", "ethics": "not_yet",
	}, statusesOf(half))
	for _, a := range []application{empty, half} {
		assert.False(t, a.checkable())
	}
	assert.Equal(t, "statements", exampleApplication("statements").next(""))
	assert.True(t, exampleApplication("").checkable())
	done, all := exampleApplication("").done()
	assert.Equal(t, []int{7, 7}, []int{done, all})
}

func TestWhatIsWrongByNowNeedsThePerson(t *testing.T) {
	expired := changed(exampleApplication(""), func(values *certification.ApplicationValues) { values.IDExpiresOn = "2026-02-28" })
	assert.Equal(t, "needs_you", statusesOf(expired)["photo_id"])
	assert.Equal(t, "done", statusesOf(expired)["ethics"], "what was signed stays signed")
	assert.True(t, expired.checkable(), "the answers can be looked at, with what is wrong")
	assert.Equal(t, "photo-id-date", expired.next(""))

	refused := exampleApplication("")
	refused.documents = slices.Concat(exampleDocuments(certification.DocumentPhotoID, certification.DocumentRefused), exampleDocuments(certification.DocumentDiploma, certification.DocumentClean))
	assert.Equal(t, "needs_you", statusesOf(refused)["photo_id"])
	assert.Equal(t, "photo-id", refused.next(""))

	newer := exampleApplication("")
	newer.policy.EthicsVersion = "sample-2027-1"
	newer = changed(newer, func(*certification.ApplicationValues) {})
	assert.Equal(t, "needs_you", statusesOf(newer)["ethics"])
	assert.Equal(t, "code-of-ethics", newer.next(""))
}

func TestReturnedApplicationIsLockedButForItsReasons(t *testing.T) {
	a := exampleReturned("DOB_MISMATCH", "ID_EXPIRED")
	assert.Equal(t, map[string]string{
		"name": "locked", "birth": "needs_you", "photo_id": "needs_you", "education": "locked",
		"lived_experience": "locked", "statements": "locked", "ethics": "locked",
	}, statusesOf(a))
	assert.Equal(t, "date-of-birth", a.next(""))
	a.draft.Answered = []string{"date_of_birth"}
	assert.Equal(t, "photo-id", a.next("date-of-birth"))
	a.draft.Answered = append(a.draft.Answered, "id_expires_on")
	assert.Equal(t, "photo-id", a.next(""), "the file that came back is no answer, nor is its date")
	assert.Empty(t, a.next("photo-id-date"), "but nobody is led round and round")
	assert.Equal(t, "needs_you", statusesOf(a)["photo_id"])
	a.draft.Answered = append(a.draft.Answered, "photo_id")
	assert.Empty(t, a.next("photo-id"))
	done, all := a.done()
	assert.Equal(t, []int{2, 2}, []int{done, all})

	diploma := exampleReturned("DIPLOMA_NAME_DIFFERS")
	assert.Equal(t, "diploma", diploma.next(""))
	diploma.draft.Answered = []string{"name_change"}
	assert.Equal(t, "done", statusesOf(diploma)["education"], "a paper about the name answers it too")

	handedIn := exampleApplication("")
	handedIn.open, handedIn.draft.OpenFields = false, []string{}
	for name, status := range statusesOf(handedIn) {
		assert.Equal(t, "locked", status, name)
	}
	assert.False(t, handedIn.checkable())
}

// Every reason that an application can be returned for points at a page, so that
// nobody is told to put something right and not where.
func TestEveryReasonLeadsToATask(t *testing.T) {
	for _, rule := range certification.Reasons {
		if slices.Contains(rule.Reviews, certification.ReviewApplication) && rule.CanBePutRight {
			tasks, pages := pagesOf(rule.Code)
			require.NotEmpty(t, tasks, rule.Code)
			for _, page := range pages {
				assert.Equal(t, rule.Part, certification.PartOfField(certification.FormApplication, page.members[0]), rule.Code)
			}
		}
	}
}

// Every answer of the draft is asked for on one page, and on one only. A task is what a
// return opens at the least.
func TestEveryFieldIsAskedForOnce(t *testing.T) {
	for i, item := range certification.ItemsOf(certification.FormApplication) {
		task := applicationTasks()[i]
		var members []string
		for _, page := range task.pages {
			members = append(members, page.members...)
		}
		assert.Equal(t, item.Name, task.name)
		assert.ElementsMatch(t, item.Fields, members, task.name)
	}
	asked := map[string]int{}
	for _, task := range applicationTasks() {
		for _, page := range task.pages {
			for _, member := range page.members {
				asked[member]++
			}
		}
	}
	for member := range membersOf(exampleApplication("").values, "legal_first_name", "legal_middle_name", "legal_last_name", "called", "date_of_birth", "id_expires_on", "education", "lived_experience", "attestations", "ethics", "photo_id", "diploma") {
		assert.Equal(t, 1, asked[member], member)
	}
	assert.Len(t, asked, 12)
}
