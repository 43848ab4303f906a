package portal_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/portal"
	"peercert/portal/portaltest"
	"peercert/web"
)

func TestEligibilityBeforeAnyAccount(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	for _, language := range []string{"en", "es"} {
		b := place.Browser(t)
		b.Open("/" + language).Follow("/" + language + "/eligibility/age")
		for _, question := range []string{"age", "diploma", "experience", "sharing", "ethics"} {
			at := "/" + language + "/eligibility/" + question
			require.Equal(t, at, b.Path())
			b.Press(at)
			assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
			assert.Len(t, b.Errors(), 1)
			b.Choose("answer", "no").Press(at)
			require.Equal(t, at+"/not-yet", b.Path())
			b.Open(at).Choose("answer", "yes").Press(at)
		}
		require.Equal(t, "/"+language+"/eligibility/yes", b.Path())
		b.Follow("/" + language + "/sign-in")
		assert.Equal(t, "/"+language+"/sign-in", b.Path())
	}
}

func TestPublicPagesTakeTheirNumbersFromThePolicy(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t)
	b.Open("/")
	assert.Equal(t, "/en/", b.Path())
	policy, words := certification.CurrentPolicy(time.Now()), web.Words("en")
	count := func(key string, count int) string { return words.Say(key, map[string]any{"Count": count}) }
	assert.True(t, b.Says(
		words.Money(policy.ApplicationFeeCents), words.Money(policy.ExamFeeCents), words.Money(policy.RenewalFeeCents), count("start.step_review_when", policy.ReviewDays),
		count("start.step_training_when", policy.WindowMonths), count("start.step_exam_when", policy.MaxExamAttempts), "Sutter/Yuba",
	), b.Main())
	for _, page := range []string{"/help", "/help-with-the-fee", "/accessibility", "/privacy", "/training-providers", "/registry"} {
		for _, language := range []string{"en", "es"} {
			b.Open("/" + language + page)
			assert.Equal(t, http.StatusOK, b.Status(), page)
		}
	}
}

func TestUnknownCertificatesAreToldKindly(t *testing.T) {
	t.Parallel()
	b := running.On(t).Browser(t)
	for _, number := range []string{"PSS-7K3M-92QX", "PSS-0000-000A", "hello"} {
		b.Open("/en/verify/" + number)
		assert.Equal(t, http.StatusNotFound, b.Status())
		assert.True(t, b.Says("We do not know this number"), b.Main())
	}
	b.Open("/en/registry").Press("Search")
	assert.Equal(t, []string{"Write a name or a number."}, b.Errors())
	b.Fill("sought", "Ng").Press("Search")
	assert.Equal(t, []string{"Write at least 3 letters of the last name. If the name is shorter, write the first name too."}, b.Errors())
	b.Fill("sought", strings.Repeat("Sample ", 20)).Press("Search")
	assert.Equal(t, []string{"Write the name only, in a few words."}, b.Errors())
	b.Fill("sought", "Vu Le").Press("Search")
	assert.Equal(t, http.StatusOK, b.Status(), "people have short names")
	b.Fill("sought", "PSS-7K3M-92Q0").Press("Search")
	assert.Contains(t, b.Errors()[0], "This is not a certificate number.")
	b.Fill("sought", "Nobodyatall").Press("Search")
	assert.True(t, b.Says("We found nobody with this name.", "Nobodyatall"), b.Main())
}

// The number of a case is private: it goes into no address, and on no page that leads to
// others.
func TestRegisterKeepsNumbersOfCasesOutOfAddresses(t *testing.T) {
	t.Parallel()
	b := running.On(t).Browser(t)
	var all []string
	for _, number := range []string{caseNumber(t, false), caseNumber(t, true)} {
		all = append(all, number, strings.ToLower(number), strings.ReplaceAll(number, "-", " "), number[:len(number)-1])
	}
	for _, typed := range all {
		b.Open("/en/registry").Fill("sought", typed).Press("Search")
		assert.Equal(t, "/en/registry", b.Path())
		assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
		assert.Equal(t, []string{"This is a case number. It is private, so you cannot search with it. A certificate number begins with PSS."}, b.Errors())
		b.Open("/en/verify/" + url.PathEscape(typed))
		assert.Equal(t, http.StatusNotFound, b.Status())
		assert.True(t, b.Says("This is a case number. It is private"), b.Main())
		assert.NotContains(t, string(b.Body), typed[3:], "it is not repeated")
	}
}

// caseNumber is the number of a case, with a digit among its letters or with none.
func caseNumber(t *testing.T, lettersOnly bool) string {
	for {
		number, err := certification.NewCaseNumber(rand.Reader)
		require.NoError(t, err)
		if strings.ContainsAny(number, "0123456789") != lettersOnly {
			return number
		}
	}
}

// A machine may look into the register so many times an hour, over all processes.
func TestSearchingTheRegisterIsLimited(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	serve := func() *portaltest.Browser {
		options := portal.From(place.Settings, place.Parts.Cases)
		options.Film, options.SearchesAnHour, options.Now = place.Parts.Film, 3, place.Clock.Now
		handler, err := portal.New(options)
		require.NoError(t, err)
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return portaltest.New(t, server.URL)
	}
	one, other := serve(), serve()
	one.Open("/en/registry").Fill("sought", "Sample").Press("Search")
	assert.Equal(t, http.StatusOK, one.Status())
	other.Open("/en/verify/PSS-7K3M-92QX")
	assert.Equal(t, http.StatusNotFound, other.Status())
	one.Open("/en/registry").Fill("sought", "Sample").Press("Search")
	assert.Equal(t, http.StatusOK, one.Status())
	for _, b := range []*portaltest.Browser{one, other} {
		b.Open("/en/registry").Fill("sought", "Sample").Press("Search")
		assert.Equal(t, http.StatusTooManyRequests, b.Status())
		assert.NotEmpty(t, b.Response.Header.Get("Retry-After"))
	}
}

func TestFeedbackReachesTheOperatorOnce(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	b := place.Browser(t)
	page := "/cases/01a201a1-cf70-7e52-90ec-649e35b08dbf/exam"
	b.Open("/es/feedback?page=" + page).Press("Enviar")
	assert.Equal(t, []string{"Escriba lo que quiere decirnos."}, b.Errors())
	said := "El calendario no se abre.\n" + rand.Text()
	b.Fill("words", said).PressTwice("Enviar")
	assert.Equal(t, "/es/feedback/thanks", b.Path())

	all, err := place.Parts.Cases.FeedbackSince(t.Context(), place.Clock.Now().Add(-time.Hour), 100)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(f cases.Feedback) bool { return f.Words != said })
	require.Len(t, all, 1, "sent twice, it is there once")
	assert.Equal(t, "es", all[0].Language)
	assert.Equal(t, "/cases/…/exam", all[0].Page, "which page, not whose")
}
