package portal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"peercert/portal/portaltest"
)

// offered are the addresses that the picker of languages and the footer lead to.
func offered(b *portaltest.Browser, language string) []string {
	return slices.DeleteFunc(b.Links(), func(address string) bool { return !strings.HasPrefix(address, "/"+language+"/") })
}

// A form that comes back with what is wrong is the same page in another language, and
// what somebody says about it is about that page.
func TestLanguagesOfAFormThatComesBack(t *testing.T) {
	t.Parallel()
	p := applicant(t, "es")
	b, at := p.Browser, "/cases/"+p.CaseID
	for _, page := range []string{"/my-data/change", at + "/application/date-of-birth", "/registry", "/feedback", "/eligibility/age", at + "/withdraw"} {
		b.Open("/es" + page)
		if page == "/my-data/change" {
			b.Fill("line1", "")
		}
		b.Press("/es" + page)
		assert.Equal(t, http.StatusUnprocessableEntity, b.Status(), page)
		for _, language := range []string{"en", "ar"} {
			assert.Contains(t, offered(b, language), "/"+language+page)
			assert.NotContains(t, offered(b, language), "/"+language+"/", "of %s", page)
		}
		assert.Contains(t, string(b.Body), "/es/feedback?page="+strings.ReplaceAll(page, "/", "%2f"))
	}
}

// What a page was opened for goes with it into another language; what may be personal
// does not.
func TestLanguagesOfAPageThatWasOpenedForSomething(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	b, page := p.Browser, "/cases/"+p.CaseID+"/application/date-of-birth"
	b.Open("/en" + page + "?from=check&name=Robin")
	assert.Contains(t, offered(b, "es"), "/es"+page+"?from=check")
	b.Press(goOn)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Contains(t, offered(b, "ar"), "/ar"+page+"?from=check")

	other := uuid.NewString()
	answer := b.Ask(http.MethodPost, "/en/stay/"+other, nil, nil)
	assert.Equal(t, http.StatusNotFound, answer.Status)
	assert.NotContains(t, answer.Body, other, "where there is no page, none is offered")
}
