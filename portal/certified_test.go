package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
)

// approved is somebody whose application was approved, at the home of their case.
func approved(t *testing.T, world *journey.World, language string) producttest.Person {
	t.Helper()
	p := running.On(t).Registered(t, world, language)
	ctx := t.Context()
	require.NoError(t, world.WatchVideos(ctx, p.Person))
	require.NoError(t, p.Apply(ctx))
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	_, err := p.Review(ctx, "decide-application", map[string]any{"decision": "approve"})
	require.NoError(t, err)
	return p
}

// atVendor does something at the exam vendor's page with the link that the portal shows.
func atVendor(t *testing.T, link string, values url.Values) {
	t.Helper()
	at, err := url.Parse(link)
	require.NoError(t, err)
	values.Set("authorization", at.Query().Get("authorization"))
	at.RawQuery = ""
	answer, err := http.PostForm(at.String(), values)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Less(t, answer.StatusCode, 400)
}

// linkTo is the address of a link of the page.
func linkTo(t *testing.T, b *portaltest.Browser, text string) string {
	t.Helper()
	address := b.Link(text)
	require.NotEmpty(t, address, "no link %q at %s:\n%s", text, b.Path(), b.Main())
	return address
}

// fetched is what stands at an address, as text.
func fetched(t *testing.T, b *portaltest.Browser, address string) (*http.Response, string) {
	t.Helper()
	tab := b.Tab()
	tab.Open(address)
	return tab.Response, string(tab.Body)
}

// One life from the training to the renewal, by plain forms. The clock moves, so it is
// not parallel.
func TestFromTrainingToRenewal(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	ctx := t.Context()
	p := approved(t, world, "en")
	b, at := p.Browser, "/en/cases/"+p.CaseID

	now := place.Clock.Now().In(certification.Pacific)
	yesterday := now.AddDate(0, 0, -1).Format(time.DateOnly)
	const save = "Save and go on"
	b.Open(at + "/training")
	assert.True(t, b.Says("80 hours", "Bay Peer Academy (sample)", "English and Spanish", "Cannot start yet"), b.Main())
	b.Follow("Say what your certificate says").Press(save)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Len(t, b.Errors(), 3)
	b.Choose("provider_id", "sierra-peer-collective").FillDate("completed_on", "2023-05-17").Fill("hours", "40").Press(save)
	assert.Len(t, b.Errors(), 3, "too long ago, not approved then, too few hours: "+b.Main())
	assert.Equal(t, "40", b.Value("hours"))
	b.Choose("provider_id", "bay-peer-academy").FillDate("completed_on", yesterday).Fill("hours", "82,5").Press(save)
	require.Equal(t, at+"/documents/training_certificate", b.Path(), "after the words, the file")
	b.Attach("file", "training.pdf", journey.Paper("Certificate of completion")).Press(save)
	require.Equal(t, at+"/training", b.Path())
	b.Follow("Check and send")
	assert.True(t, b.Says("Bay Peer Academy (sample)", "82.5", "training.pdf"), b.Main())
	sendTraining := func() {
		b.Press("Send your certificate")
		if slug(b) == "check" {
			b.ReloadUntil("the check of the file", func() bool { return !b.Says("We are still checking your file") })
			b.Press("Send your certificate")
		}
		require.Equal(t, at, b.Path())
	}
	sendTraining()
	assert.True(t, b.Says("We are reviewing your training certificate"), b.Main())
	b.Open(at + "/training/check")
	assert.Equal(t, at, b.Path(), "what was sent cannot be sent again")

	_, err := p.Review(ctx, "decide-training", map[string]any{"decision": "return", "reasons": []string{"TRAINING_UNREADABLE"}})
	require.NoError(t, err)
	b.Open(at + "/training")
	assert.True(t, b.Says("We cannot read your training certificate.", "You can read each word.", "Needs you"), b.Main())
	b.Follow("Check and send")
	assert.True(t, b.Says("You have not sent a new certificate yet", "training.pdf"), b.Main())
	b.Open(at + "/training").Follow("Send a picture or a PDF of it")
	assert.True(t, b.Says("We cannot read your training certificate.", "You can read each word."), b.Main())
	b.Follow("Replace").Attach("file", "training again.pdf", journey.Paper("Certificate of completion, sharp")).Press("Send the file")
	b.Attach("file", "page two.pdf", journey.Paper("Certificate of completion, its back")).Press(save)
	b.Open(at + "/training")
	assert.False(t, b.Says("Needs you"), b.Main())
	b.Follow("Check and send")
	assert.True(t, b.Says("training again.pdf", "page two.pdf"), b.Main())
	assert.False(t, b.Says("You have not sent a new certificate yet"), b.Main())
	assert.Empty(t, b.Response.Header.Get("Refresh"), "nobody is thrown out of a form")
	b.Tab().Open(at+"/training/details").Fill("hours", "83").Press(save)
	b.Press("Send your certificate")
	require.Len(t, b.Errors(), 1, b.Main())
	assert.Contains(t, b.Errors()[0], "Something was changed in another window.")
	assert.True(t, b.Says("83"), "what is handed in is what was seen: %s", b.Main())
	sendTraining()
	_, err = p.SignalAs(ctx, world.AsReviewer(), "decide-training", map[string]any{"decision": "approve"})
	require.NoError(t, err)
	require.NoError(t, p.Pay(ctx, 150_00, certification.StageExamBooking))

	b.Open(at + "/exam")
	assert.True(t, b.Says("3 of 3", "Español", "中文"), b.Main())
	b.Press(save)
	assert.Equal(t, []string{"Choose a language for your exam.", "Choose where you take the exam."}, b.Errors())
	b.Choose("language", "es").Choose("place", "test_center").PressTwice(save)
	require.Equal(t, at+"/exam", b.Path())
	const book = "Book on the page of our exam partner"
	b.ReloadUntil("the exam partner's page", func() bool { return b.Link(book) != "" })
	assert.True(t, b.Says("Spanish", "In a test center", "Your photo ID itself."), b.Main())

	appointment := certification.AddDays(now, 10).Truncate(time.Hour)
	atVendor(t, linkTo(t, b, book), url.Values{"action": {"confirm"}, "appointment_at": {appointment.Format(time.RFC3339)}})
	b.ReloadUntil("the appointment", func() bool { return b.Says("Your exam appointment") })
	answer, first := fetched(t, b, linkTo(t, b, "Calendar file for your appointment"))
	assert.Equal(t, "text/calendar; charset=utf-8", answer.Header.Get("Content-Type"))
	assert.Contains(t, first, "DTSTART:"+appointment.UTC().Format("20060102T150405Z"))
	assert.Contains(t, first, "SUMMARY:Exam\r\n", "a calendar that others see does not say which exam")

	moved := appointment.AddDate(0, 0, 2)
	const change = "Move or cancel on the page of our exam partner"
	atVendor(t, linkTo(t, b, change), url.Values{"action": {"move"}, "appointment_at": {moved.Format(time.RFC3339)}})
	var second string
	b.ReloadUntil("the moved appointment", func() bool {
		_, second = fetched(t, b, at+"/exam/appointment.ics")
		return strings.Contains(second, "DTSTART:"+moved.UTC().Format("20060102T150405Z"))
	})
	atVendor(t, linkTo(t, b, change), url.Values{"action": {"cancel"}})
	b.ReloadUntil("the cancellation", func() bool { return b.Says("Your appointment was cancelled") })
	_, third := fetched(t, b, linkTo(t, b, "Take the old appointment out of your calendar"))
	assert.Contains(t, third, "METHOD:CANCEL")
	assert.Contains(t, third, "STATUS:CANCELLED")
	assert.Equal(t, lineOf(t, first, "UID"), lineOf(t, second, "UID"))
	assert.Equal(t, lineOf(t, first, "UID"), lineOf(t, third, "UID"))
	assert.Less(t, numberOf(t, first, "SEQUENCE"), numberOf(t, second, "SEQUENCE"))
	assert.Less(t, numberOf(t, second, "SEQUENCE"), numberOf(t, third, "SEQUENCE"))

	sit := func(outcome string, next certification.Stage) {
		t.Helper()
		day := certification.AddDays(place.Clock.Now(), 3).Truncate(time.Hour)
		link := linkTo(t, b, book)
		atVendor(t, link, url.Values{"action": {"confirm"}, "appointment_at": {day.Format(time.RFC3339)}})
		b.ReloadUntil("the appointment", func() bool { return b.Says("Your exam appointment") })
		require.NoError(t, world.MoveTo(ctx, day.Add(6*time.Hour)))
		b.ReloadUntil("the end of the exam", func() bool { return b.Says("Your exam is being scored") })
		page, err := url.Parse(link)
		require.NoError(t, err)
		answer, err := http.PostForm(world.Vendor+"/simulator/results", url.Values{
			"authorization_id": {page.Query().Get("authorization")}, "outcome": {outcome}, "examined_at": {day.Format(time.RFC3339)}, "by": {"webhook"},
		})
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		_, err = p.Reach(ctx, next)
		require.NoError(t, err)
	}
	sit("failed", certification.StageExamFee)
	b.Open(at + "/exam")
	assert.True(t, b.Says("Your next try", "2 of 3", "$150.00"), b.Main())
	require.NoError(t, p.Pay(ctx, 150_00, certification.StageExamBooking))
	b.Open(at+"/exam").Choose("language", "en").Choose("place", "online").Press(save)
	b.ReloadUntil("the exam partner's page", func() bool { return b.Link(book) != "" })
	sit("passed", certification.StageCertified)

	seen, err := p.Look(ctx)
	require.NoError(t, err)
	number := seen.Certificate.Number
	b.Open(at + "/certificate")
	assert.True(t, b.Says("Robin Sample", number, "Sample. This is not a real certificate."), b.Main())
	assert.Contains(t, string(b.Body), `<svg role="img" aria-label="QR code`)
	share := linkTo(t, b, place.Settings.PublicURL+"/verify/"+number)

	stranger := place.Browser(t)
	stranger.Header = http.Header{"Accept-Language": {"es-MX"}}
	stranger.Open(share)
	assert.Equal(t, "/es/verify/"+number, stranger.Path())
	assert.True(t, stranger.Says("Robin Sample", "Válido", number), stranger.Main())
	assert.False(t, stranger.Says(p.Email), "nothing else is public")
	stranger.Open("/en/verify/" + strings.ToLower(strings.ReplaceAll(number, "-", "")))
	assert.Equal(t, "/en/verify/"+number, stranger.Path(), "a number as people type it")
	stranger.Open("/en/registry").Fill("sought", "robin SAMPLE").Press("Search")
	assert.Equal(t, "/en/registry", stranger.Path(), "no name in an address")
	assert.True(t, stranger.Says("Robin Sample", number), stranger.Main())
	stranger.Open("/en/registry").Fill("sought", number).Press("Search")
	assert.Equal(t, "/en/verify/"+number, stranger.Path())

	b.Open(at + "/renewal")
	assert.Equal(t, at, b.Path(), "renewal is not open yet")
	require.NoError(t, world.MoveTo(ctx, certification.AddDays(seen.Certificate.ExpiresAt, -90).Add(time.Minute)))
	b.ReloadUntil("renewal", func() bool { return b.Says("It is time to renew") })
	renew(t, place, b, at)

	_, err = p.SignalAs(ctx, world.Anybody().As(world.Administrator), "waive-fee", map[string]any{"reason": "sponsor"})
	require.NoError(t, err)
	_, err = p.Review(ctx, "decide-renewal", map[string]any{
		"decision": "return", "reasons": []string{"CE_COURSE_NOT_ACCEPTED"}, "notes": map[string]string{"CE_COURSE_NOT_ACCEPTED": "Listening is not a course."},
	})
	require.NoError(t, err)
	b.Open(at + "/renewal")
	assert.True(t, b.Says("We cannot count one of your courses.", "Listening is not a course."), b.Main())
	assert.Empty(t, b.Link("Code of ethics"), "only what was returned is open")
	b.Follow("Check and send")
	assert.True(t, b.Says("You have not changed your courses yet"), b.Main())
	b.Open(at+"/renewal").Follow("Listening").Fill("title", "Helping in a crisis").Press("Save this course")
	b.Follow("Check and send")
	assert.False(t, b.Says("You have not changed your courses yet"), b.Main())
	assert.True(t, b.Says("Helping in a crisis", "You do not pay again."), b.Main())
	b.Tick("attested").Press("Send your renewal")
	require.Equal(t, at, b.Path())
	_, err = p.SignalAs(ctx, world.AsReviewer(), "decide-renewal", map[string]any{"decision": "approve"})
	require.NoError(t, err)
	stranger.Open("/en/verify/" + number)
	assert.True(t, stranger.Says("This person is certified today"), stranger.Main())
}

// renew lists courses, puts them right, signs, and hands the renewal in.
func renew(t *testing.T, place *producttest.Place, b *portaltest.Browser, at string) {
	t.Helper()
	day := place.Clock.Now().In(certification.Pacific).AddDate(0, -2, 0).Format(time.DateOnly)
	const save = "Save this course"
	b.Open(at + "/renewal")
	assert.True(t, b.Says("0 of 20 hours: 20 to go", "0 of 6 hours about law and ethics: 6 to go", "You have not added a course yet."), b.Main())
	b.Follow("Add a course").Fill("hours", "many").FillDate("completed_on", "2020-02-30").Press(save)
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	assert.Len(t, b.Errors(), 4)
	assert.Equal(t, "many", b.Value("hours"))
	b.Fill("title", "Boundaries").Fill("provider", "Bay Peer Academy").FillDate("completed_on", "2020-02-28").Fill("hours", "5").Press(save)
	assert.Len(t, b.Errors(), 1, "before this term")
	b.FillDate("completed_on", day).Tick("law_and_ethics").PressTwice(save)
	require.Equal(t, at+"/renewal", b.Path())
	assert.True(t, b.Says("5 of 20 hours: 15 to go", "5 of 6 hours about law and ethics: 1 to go"), "sent twice, it is there once: "+b.Main())
	add := func(title, hours string) {
		b.Open(at+"/renewal/course").Fill("title", title).Fill("provider", "Bay Peer Academy").FillDate("completed_on", day).Fill("hours", hours).Press(save)
	}
	add("Listening", "14")
	add("Crisis", "3")
	b.Follow("Boundaries").Fill("hours", "6").Press(save)
	assert.True(t, b.Says("23 of 20 hours: enough", "6 of 6 hours about law and ethics: enough"), b.Main())

	other := b.Tab()
	other.Open(at + "/renewal/course/3")
	b.Follow("Crisis").Press("Remove this course")
	assert.False(t, b.Says("Crisis"))
	assert.True(t, b.Says("20 of 20 hours: enough"), b.Main())
	other.Press("Remove this course")
	assert.True(t, other.Says("20 of 20 hours: enough"), "the second window takes no other course away: "+other.Main())

	b.Open(at + "/renewal/check")
	assert.Equal(t, at+"/renewal", b.Path(), "not signed yet")
	b.Follow("Code of ethics").Press("Sign")
	assert.NotEmpty(t, b.Errors())
	b.Tick("ethics.read").Fill("ethics.typed_name", "Robin Sample").Press("Sign")
	require.Equal(t, at+"/renewal", b.Path())
	b.Follow("Check and send")
	assert.True(t, b.Says("Boundaries", "Listening", "Robin Sample", "$80.00"), b.Main())
	b.Press("Send your renewal")
	assert.Equal(t, http.StatusUnprocessableEntity, b.Status())
	b.Tick("attested")
	b.Tab().Open(at+"/renewal").Follow("Listening").Fill("hours", "15").Press(save)
	b.Press("Send your renewal")
	require.Len(t, b.Errors(), 1, b.Main())
	assert.Contains(t, b.Errors()[0], "Something was changed in another window.")
	assert.True(t, b.Says("21 of 20 hours: enough"), "what is handed in is what was seen: %s", b.Main())
	b.Press("Send your renewal")
	assert.NotContains(t, b.Errors()[0], "another window", "what was attested was about other courses")
	b.Tick("attested").Press("Send your renewal")
	assert.Equal(t, at+"/pay", b.Path())
	b.Open(at + "/renewal")
	assert.Equal(t, at, b.Path(), "what was handed in is closed")
}

func lineOf(t *testing.T, calendar, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + `[:;][^\r\n]*(\r\n [^\r\n]*)*`).FindString(calendar)
	require.NotEmpty(t, found, calendar)
	return found
}

func numberOf(t *testing.T, calendar, name string) int {
	t.Helper()
	number := 0
	for _, digit := range strings.TrimPrefix(lineOf(t, calendar, name), name+":") {
		number = number*10 + int(digit-'0')
	}
	return number
}
