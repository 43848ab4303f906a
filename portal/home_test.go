package portal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
	"peercert/portal"
	"peercert/portal/portaltest"
	"peercert/web"
)

// marked are the elements of a page with all of some classes.
func marked(b *portaltest.Browser, classes ...string) []*html.Node {
	b.Helper()
	var found []*html.Node
	for node := range b.Document().Descendants() {
		for _, attribute := range node.Attr {
			if attribute.Key != "class" {
				continue
			}
			has := strings.Fields(attribute.Val)
			if !slices.ContainsFunc(classes, func(class string) bool { return !slices.Contains(has, class) }) {
				found = append(found, node)
			}
		}
	}
	return found
}

// addressesIn are where the links below an element lead.
func addressesIn(node *html.Node) []string {
	var found []string
	for below := range node.Descendants() {
		if below.Type != html.ElementNode || below.Data != "a" {
			continue
		}
		for _, attribute := range below.Attr {
			if attribute.Key == "href" {
				found = append(found, attribute.Val)
			}
		}
	}
	return found
}

// atHome looks at the home of a case: at most one thing to do, which can be done, and
// no link that leads back to where one is.
func atHome(t *testing.T, p producttest.Person, stage certification.Stage, heading string) {
	t.Helper()
	_, err := p.Reach(t.Context(), stage)
	require.NoError(t, err)
	for _, language := range []string{"ar", "es", "en"} {
		p.Open("/" + language + "/cases/" + p.CaseID)
		require.Equal(t, http.StatusOK, p.Status())
	}
	p.ReloadUntil(heading, func() bool { return p.Heading() == heading })
	home := p.Path()
	turns := marked(p.Browser, "turn")
	require.Len(t, turns, 2, "whose turn it is: theirs and ours")
	var buttons, links []string
	for _, turn := range turns {
		for node := range turn.Descendants() {
			if node.Type == html.ElementNode && (node.Data == "a" || node.Data == "button") {
				buttons = append(buttons, node.Data)
			}
		}
		links = append(links, addressesIn(turn)...)
	}
	assert.LessOrEqual(t, len(buttons), 1, "%s has one thing to do, or none", stage)
	others := marked(p.Browser, "other")
	require.Len(t, others, 1)
	for _, link := range append(links, addressesIn(others[0])...) {
		tab := p.Tab().Open(link)
		assert.Equal(t, http.StatusOK, tab.Status(), "%s: %s", stage, link)
		assert.Equal(t, link, tab.Path(), "%s: what cannot be done now is not offered", stage)
	}
	assert.Equal(t, home, p.Path())
}

// told opens the home of a case, which says what its newest letter of a name says about
// what happens next.
func told(t *testing.T, place *producttest.Place, p producttest.Person, name certification.Letter) {
	t.Helper()
	view, err := place.Parts.Cases.Case(t.Context(), administrator, p.CaseID)
	require.NoError(t, err)
	letters, err := place.Parts.Cases.Letters(t.Context(), certification.Actor{Role: certification.RoleApplicant, ID: view.ApplicantID}, p.CaseID)
	require.NoError(t, err)
	for _, letter := range slices.Backward(letters) {
		if letter.Letter != name {
			continue
		}
		p.Open("/en/cases/" + p.CaseID)
		next := portal.NextIn(t, letter.Language, letter.Text, name)
		require.NotEmpty(t, next, letter.Text)
		for _, sentence := range next {
			assert.Contains(t, p.Main(), sentence, "letter %s", name)
		}
		return
	}
	t.Errorf("there is no letter %s", name)
}

// One life through every stage, as the home of the case tells it. The clock moves, so
// it is not parallel.
func TestHomesLettersAndHistoryOfAWholeLife(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	p := place.Registered(t, world, "en")
	ctx := t.Context()
	at := "/en/cases/" + p.CaseID
	decided := func(decision string, body map[string]any) {
		t.Helper()
		_, err := p.Review(ctx, decision, body)
		require.NoError(t, err)
	}

	atHome(t, p, certification.StageIntroVideo, "Watch the introduction video")
	assert.True(t, p.Says("We have sent you no letters yet."), p.Main())
	require.NoError(t, world.WatchVideos(ctx, p.Person))
	atHome(t, p, certification.StageApplication, "Fill in your application")
	require.NoError(t, p.Apply(ctx))
	atHome(t, p, certification.StageApplicationFee, "Almost there: pay the application fee")
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	atHome(t, p, certification.StageApplicationReview, "We are reviewing your application")
	told(t, place, p, certification.LetterApplicationReceived)
	decided("decide-application", map[string]any{"decision": "return", "reasons": []string{"ID_UNREADABLE", "DIPLOMA_MISSING_OR_UNREADABLE"}})
	atHome(t, p, certification.StageApplicationReturned, "We need something from you")
	told(t, place, p, certification.LetterApplicationReturned)
	require.NoError(t, resubmit(ctx, world, p.Person))
	atHome(t, p, certification.StageTraining, "Your application is approved")
	told(t, place, p, certification.LetterApplicationApproved)
	_, err := p.HandInTraining(ctx)
	require.NoError(t, err)
	atHome(t, p, certification.StageTrainingReview, "We are reviewing your training certificate")
	told(t, place, p, certification.LetterTrainingReceived)
	decided("decide-training", map[string]any{"decision": "return", "reasons": []string{"TRAINING_UNREADABLE"}})
	atHome(t, p, certification.StageTrainingReturned, "We need another training certificate")
	told(t, place, p, certification.LetterTrainingReturned)
	_, err = p.HandInTraining(ctx)
	require.NoError(t, err)
	_, err = p.SignalAs(ctx, world.AsReviewer(), "decide-training", map[string]any{"decision": "approve"})
	require.NoError(t, err)
	atHome(t, p, certification.StageExamFee, "You can take the exam: pay the exam fee")
	told(t, place, p, certification.LetterExamFeeDue)
	require.NoError(t, p.Pay(ctx, 150_00, certification.StageExamBooking))
	atHome(t, p, certification.StageExamBooking, "Choose language and place of your exam")
	told(t, place, p, certification.LetterHowToBook)
	sit(t, place, world, p)
	atHome(t, p, certification.StageExamFee, "You did not pass this time")
	told(t, place, p, certification.LetterResultsNotPassed)
	require.NoError(t, world.Exam(ctx, journey.Sitting{Cents: 150_00, Pass: true, Webhook: true}, p.Person))
	atHome(t, p, certification.StageCertified, "You are certified")
	told(t, place, p, certification.LetterResultsPassed)

	seen, err := p.Look(ctx)
	require.NoError(t, err)
	require.NoError(t, world.MoveTo(ctx, certification.AddDays(seen.Certificate.ExpiresAt, -90).Add(time.Minute)))
	_, err = p.Confirm(ctx) // the first token is not valid any more
	require.NoError(t, err)
	atHome(t, p, certification.StageRenewal, "It is time to renew")
	told(t, place, p, certification.LetterRenewalReminder)
	require.NoError(t, renewThroughAPI(ctx, place, p.Person))
	atHome(t, p, certification.StageRenewalFee, "Pay the renewal fee")
	require.NoError(t, p.Pay(ctx, 80_00, certification.StageRenewalReview))
	atHome(t, p, certification.StageRenewalReview, "We are reviewing your renewal")
	told(t, place, p, certification.LetterRenewalReceived)
	decided("decide-renewal", map[string]any{"decision": "approve"})
	atHome(t, p, certification.StageCertified, "You are certified")
	told(t, place, p, certification.LetterRenewed)

	p.Open(at+"/surrender").Choose("sure", "yes").Press("Go on")
	atHome(t, p, certification.StageClosed, "You gave up your certificate")
	told(t, place, p, certification.LetterSurrendered)
	everyLetter(t, place, p)
	everyEvent(t, place, p)

	p.Open(at).PressTwice("Start a new application")
	begun := producttest.CaseID(p.Browser)
	assert.NotEqual(t, p.CaseID, begun)
	assert.Equal(t, "Watch the introduction video", p.Heading())
	p.Open("/en/home")
	assert.Equal(t, begun, producttest.CaseID(p.Browser))
	p.Open(at)
	assert.Equal(t, "You gave up your certificate", p.Heading(), "the case that was closed stays to be read")
	p.Press("Start a new application")
	assert.Equal(t, begun, producttest.CaseID(p.Browser), "one is under way already: it leads there")
}

// sit takes the exam and does not pass, looking at home on the way.
func sit(t *testing.T, place *producttest.Place, world *journey.World, p producttest.Person) {
	t.Helper()
	ctx := t.Context()
	_, err := p.Signal(ctx, "book-exam", map[string]any{"language": "en", "place": "online"})
	require.NoError(t, err)
	booking := ""
	require.NoError(t, world.Until(ctx, "the vendor's page", func() error {
		seen, err := p.Look(ctx)
		if err == nil && (seen.Exam == nil || seen.Exam.BookingURL == "") {
			err = fmt.Errorf("no page yet")
		}
		if err == nil {
			booking = seen.Exam.BookingURL
		}
		return err
	}))
	atHome(t, p, certification.StageExamBooking, "Book the day of your exam")
	day := certification.AddDays(place.Clock.Now(), 10).Truncate(time.Hour)
	atVendor(t, booking, url.Values{"action": {"confirm"}, "appointment_at": {day.Format(time.RFC3339)}})
	atHome(t, p, certification.StageExamBooked, "Your exam is booked")
	told(t, place, p, certification.LetterBookingConfirmed)
	require.NoError(t, world.MoveTo(ctx, day.Add(6*time.Hour)))
	atHome(t, p, certification.StageExamScoring, "Your exam is being scored")
	page, err := url.Parse(booking)
	require.NoError(t, err)
	answer, err := http.PostForm(world.Vendor+"/simulator/results", url.Values{
		"authorization_id": {page.Query().Get("authorization")}, "outcome": {"failed"}, "examined_at": {day.Format(time.RFC3339)}, "by": {"webhook"},
	})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
}

// renewThroughAPI hands a renewal in with the courses that it takes.
func renewThroughAPI(ctx context.Context, place *producttest.Place, p *journey.Person) error {
	now := place.Clock.Now()
	ethics, day := certification.CurrentPolicy(now).EthicsVersion, now.AddDate(0, -2, 0).Format(time.DateOnly)
	course := func(title string, hours int, ethics bool) map[string]any {
		return map[string]any{"title": title, "provider": "Bay Peer Academy", "completed_on": day, "hours": hours, "law_and_ethics": ethics}
	}
	revision, err := p.Save(ctx, "renewal", map[string]any{
		"courses":  []any{course("Law and ethics for peers", 6, true), course("Supporting people in crisis", 14, false)},
		"attested": true, "ethics": map[string]string{"version": ethics, "typed_name": p.First + " " + p.Last},
	})
	if err == nil {
		_, err = p.Signal(ctx, "submit-renewal", map[string]any{"draft_revision": revision, "ethics_version": ethics})
	}
	return err
}

// everyLetter opens each letter of a case, in another language than it was sent in.
func everyLetter(t *testing.T, place *producttest.Place, p producttest.Person) {
	t.Helper()
	view, err := place.Parts.Cases.Case(t.Context(), administrator, p.CaseID)
	require.NoError(t, err)
	letters, err := place.Parts.Cases.Letters(t.Context(), certification.Actor{Role: certification.RoleApplicant, ID: view.ApplicantID}, p.CaseID)
	require.NoError(t, err)
	require.Greater(t, len(letters), 15)
	list := "/es/cases/" + p.CaseID + "/letters"
	p.Open(list)
	require.Len(t, marked(p.Browser, "line"), len(letters))
	for _, letter := range letters {
		p.Open(list).Follow("/letters/" + letter.ID)
		assert.Equal(t, letter.Subject, p.Heading())
		assert.Contains(t, string(p.Body), `<article class="letter" lang="en" dir="ltr">`, "it stays in the language that it was sent in")
		for paragraph := range strings.SplitSeq(letter.Text, "\n\n") {
			assert.Contains(t, p.Main(), strings.Join(strings.Fields(paragraph), " "))
		}
	}
}

// everyEvent reads the whole history of a case in each language: what happened has
// words, and nothing is left out or there twice.
func everyEvent(t *testing.T, place *producttest.Place, p producttest.Person) {
	t.Helper()
	happened := 0
	for next := (cases.Page{Limit: 100}); ; {
		events, err := place.Parts.Cases.Events(t.Context(), administrator, p.CaseID, next)
		require.NoError(t, err)
		for _, event := range events.Events {
			if !event.Void && event.Ignored == "" {
				happened++
			}
		}
		if next.Cursor = events.Next; events.Next == "" {
			break
		}
	}
	require.Greater(t, happened, 40)
	newest, err := place.Parts.Cases.Events(t.Context(), administrator, p.CaseID, cases.Page{Limit: 10})
	require.NoError(t, err)
	p.Open("/en/cases/" + p.CaseID + "/history?before=" + newest.Next)
	assert.Len(t, marked(p.Browser, "line"), happened-10, "a long history goes on on another page")
	for _, language := range web.Languages() {
		lines := 0
		for p.Open("/" + language + "/cases/" + p.CaseID + "/history"); ; p.Follow("?before=") {
			lines += len(marked(p.Browser, "line"))
			if !slices.ContainsFunc(p.Links(), func(address string) bool { return strings.Contains(address, "?before=") }) {
				break
			}
		}
		assert.Equal(t, happened, lines, language)
	}
}
