package browser

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/local/producttest"
)

// life is one applicant's way through the portal, in one language.
type life struct {
	*testing.T
	visitor
	place    *producttest.Place
	world    *journey.World
	language string
	email    string
	// others act for the case: reviewers, and who looks how far it is.
	others *journey.Person
	at     string // the address of the case
}

func newLife(t *testing.T, place *producttest.Place, v visitor, language string) *life {
	world := place.World(t)
	l := &life{T: t, visitor: v, place: place, world: world, language: language, email: producttest.NewEmail()}
	l.others = world.NewPerson("Robin", "Sample", language)
	l.others.API = world.Anybody().As(world.Administrator)
	return l
}

// home is the address of a page in the language of this life.
func (l *life) home(path string) string { return "/" + l.language + path }

// toCertificate lives from the first question to the certificate.
func (l *life) toCertificate() {
	l.toExam()
	l.sits("passed", certification.StageCertified)
	l.Follow("/certificate")
	require.Equal(l, l.at+"/certificate", l.Path())
}

// toExam lives from the first question to the exam's fee.
func (l *life) toExam() {
	l.begins()
	l.watches()
	l.applies()
	l.pays()
	l.isReturned()
	l.trains()
}

// begins finds out whether they can apply, signs in for the first time, and opens an
// account.
func (l *life) begins() {
	l.Helper()
	l.Open(l.home("/"))
	l.Follow("/eligibility/age")
	for _, question := range []string{"age", "diploma", "experience", "sharing", "ethics"} {
		at := l.home("/eligibility/" + question)
		require.Equal(l, at, l.Path())
		l.Choose("answer", "yes")
		l.Press(at)
	}
	require.Equal(l, l.home("/eligibility/yes"), l.Path())
	l.Follow("/sign-in")
	l.confirms()
	require.Equal(l, l.home("/account"), l.Path())
	l.Fill("first_name", "Robin")
	l.Fill("last_name", "Sample")
	l.Fill("line1", "1 Main Street")
	l.Fill("city", "Oakland")
	l.Fill("zip", "94612")
	l.Choose("county_plan", "Alameda")
	l.Press(l.home("/account"))
	require.Contains(l, l.Path(), l.home("/cases/"))
	l.at = l.Path()
	l.others.CaseID = strings.TrimPrefix(l.at, l.home("/cases/"))
}

// confirms gives the address, at the page where one signs in, and then the code.
func (l *life) confirms() {
	l.Helper()
	before := l.place.Letters(l.email)
	l.Fill("email", l.email)
	l.Press(l.home("/sign-in"))
	l.Fill("code", l.place.Code(l, l.email, before))
	l.Press(l.home("/sign-in/code"))
}

// watches sees the film, chapter by chapter.
func (l *life) watches() {
	l.Helper()
	l.Follow("/video")
	for _, chapter := range l.place.Parts.Film.Chapters {
		l.Open(l.at + "/video")
		l.Follow("/video/" + chapter.ID)
		require.NoError(l, l.world.Advance(l.Context(), time.Duration(chapter.Seconds+1)*time.Second))
		l.Reload() // the page counts by the machine's clock, the case by its own
		l.Press("/video/" + chapter.ID)
	}
	l.Open(l.at + "/video")
	l.Press(l.at + "/video")
	l.reaches(certification.StageApplication)
}

// reaches waits until the case is at a stage, and is then at its home.
func (l *life) reaches(stage certification.Stage) {
	l.Helper()
	_, err := l.others.Reach(l.Context(), stage)
	require.NoError(l, err)
	l.Open(l.at)
}

// answers saves a page of the application.
func (l *life) answers(slug string, fill func()) {
	l.Helper()
	at := l.at + "/application/" + slug
	if l.Path() != at {
		require.FailNow(l, "another page was expected", "at %s, not at %s", l.Path(), at)
	}
	fill()
	l.Press(at)
}

func (l *life) picture(shade uint8) []byte {
	picture, err := journey.PhotoID(shade)
	require.NoError(l, err)
	return picture
}

func (l *life) date(name, year, month, day string) {
	l.Fill(name+"-month", month)
	l.Fill(name+"-day", day)
	l.Fill(name+"-year", year)
}

// applies fills the application in, one question a page, and hands it in.
func (l *life) applies() {
	l.Helper()
	l.Follow("/application")
	l.Follow("/application/name")
	l.answers("name", func() {})
	l.answers("date-of-birth", func() { l.date("date_of_birth", "1988", "4", "12") })
	l.answers("photo-id", func() { l.Attach("file", "id.jpg", l.picture(90)) })
	l.Open(l.at + "/application/photo-id-date")
	l.answers("photo-id-date", func() { l.date("id_expires_on", "2044", "4", "12") })
	l.answers("education", func() { l.Choose("education", "diploma") })
	l.answers("diploma", func() { l.Attach("file", "diploma.pdf", journey.Paper("High school diploma")) })
	l.Open(l.at + "/application/lived-experience")
	l.answers("lived-experience", func() { l.Choose("lived_experience", "consumer") })
	l.answers("statements", func() {
		for _, statement := range []string{"willing_to_share", "dedicated_to_recovery", "true_and_complete"} {
			l.Choose("attestations", statement)
		}
	})
	l.answers("code-of-ethics", func() {
		l.Choose("ethics.read", "yes")
		l.Fill("ethics.typed_name", "Robin Sample")
	})
	require.Equal(l, l.at+"/application/check", l.Path())
	l.Choose("name_matches", "Robin Sample") // the name is what they tick
	l.handsIn(l.at + "/application/check")
	l.reaches(certification.StageApplicationFee)
}

// handsIn presses a button until the files have been checked.
func (l *life) handsIn(at string) {
	l.Helper()
	path, _, _ := strings.Cut(at, "?")
	until(l.T, l, "the check of the files", func() bool {
		if strings.HasPrefix(l.Path(), path) {
			l.Press(at)
			require.False(l, l.Wrong(), "something was wrong at %s", at)
		}
		return !strings.HasPrefix(l.Path(), path)
	})
}

// pays a fee at the payment page and comes back.
func (l *life) pays() {
	l.Helper()
	l.Open(l.at)
	l.Follow("/pay")
	l.Press(l.at + "/pay")
	require.True(l, l.Wrong(), "that a fee is not refunded has to be accepted")
	l.Choose("not_refunded", certification.CurrentPolicy(l.place.Clock.Now()).NotRefundableVersion)
	l.Press(l.at + "/pay")
	until(l.T, l, "the payment page", func() bool {
		if strings.HasPrefix(l.Path(), "/pay/") {
			return true
		}
		if l.Leads("/pay") {
			l.Follow("/pay")
		}
		return false
	})
	l.Press(l.Path())
	require.True(l, strings.HasPrefix(l.Path(), l.at+"/pay/done"), "back from paying, at %s", l.Path())
}

// isReturned lets a reviewer return the application, puts it right, and is approved.
func (l *life) isReturned() {
	l.Helper()
	ctx := l.Context()
	l.reaches(certification.StageApplicationReview)
	_, err := l.others.Review(ctx, "decide-application", map[string]any{"decision": "return", "reasons": []string{"ID_UNREADABLE"}})
	require.NoError(l, err)
	l.reaches(certification.StageApplicationReturned)
	l.Follow("/application")
	l.Follow("/application/photo-id")
	l.answers("photo-id", func() { l.Attach("file", "better.jpg", l.picture(150)) })
	l.Open(l.at + "/application/photo-id-date")
	l.answers("photo-id-date", func() {})
	l.Open(l.at + "/application/check")
	l.Choose("name_matches", "Robin Sample") // it is another picture
	l.handsIn(l.at + "/application/check")
	l.reaches(certification.StageApplicationReview)
	_, err = l.others.SignalAs(ctx, l.world.AsReviewer(), "decide-application", map[string]any{"decision": "approve"})
	require.NoError(l, err)
	l.reaches(certification.StageTraining)
}

// trains says where they trained, and has it accepted.
func (l *life) trains() {
	l.Helper()
	l.Follow("/training")
	l.Follow("/training/details")
	l.Choose("provider_id", "bay-peer-academy")
	day := l.place.Clock.Now().In(certification.Pacific).AddDate(0, 0, -1)
	l.date("completed_on", day.Format("2006"), day.Format("1"), day.Format("2"))
	l.Fill("hours", "80")
	l.Press(l.at + "/training/details")
	l.Attach("file", "training.pdf", journey.Paper("Certificate of completion, 80 hours"))
	l.Press(l.at + "/documents/training_certificate")
	l.Open(l.at + "/training")
	l.Follow("/training/check")
	l.handsIn(l.at + "/training/check")
	l.reaches(certification.StageTrainingReview)
	_, err := l.others.Review(l.Context(), "decide-training", map[string]any{"decision": "approve"})
	require.NoError(l, err)
	l.reaches(certification.StageExamFee)
}

// sits pays, chooses, books at the vendor's page, and passes or fails.
func (l *life) sits(outcome string, then certification.Stage) {
	l.Helper()
	ctx := l.Context()
	l.pays()
	l.reaches(certification.StageExamBooking)
	l.Follow("/exam")
	l.Choose("language", l.language)
	l.Choose("place", "online")
	l.Press(l.at + "/exam")
	until(l.T, l, "the vendor's page", func() bool { return l.Leads("/book") })
	l.Follow("/book")
	authorization, slot := l.vendorPage()
	l.Choose("slot", slot.Format(time.RFC3339))
	l.Press("/book")
	_, err := l.others.Reach(ctx, certification.StageExamBooked)
	require.NoError(l, err)
	l.Open(l.at + "/exam")
	require.True(l, l.Leads("/exam/appointment.ics"))
	require.NoError(l, l.world.MoveTo(ctx, slot.Add(6*time.Hour)))
	l.reaches(certification.StageExamScoring)
	answer, err := http.PostForm(l.world.Vendor+"/simulator/results", url.Values{
		"authorization_id": {authorization}, "outcome": {outcome}, "examined_at": {slot.Format(time.RFC3339)}, "by": {"webhook"},
	})
	require.NoError(l, err)
	require.NoError(l, answer.Body.Close())
	l.reaches(then)
}

// retakes fails the exam, and passes it the second time.
func (l *life) retakes() {
	l.Helper()
	l.sits("failed", certification.StageExamFee)
	l.sits("passed", certification.StageCertified)
	l.Follow("/certificate")
	require.Equal(l, l.at+"/certificate", l.Path())
}

// vendorPage is the authorization whose page this is, and the first time it offers.
func (l *life) vendorPage() (string, time.Time) {
	l.Helper()
	at, err := url.Parse(l.Path())
	require.NoError(l, err)
	page, err := http.Get(l.world.Vendor + l.Path())
	require.NoError(l, err)
	defer page.Body.Close()
	slot := firstSlot(l.T, page.Body)
	return at.Query().Get("authorization"), slot
}

// renews comes back two years later, lists courses, pays, and is certified again.
func (l *life) renews() {
	l.Helper()
	ctx := l.Context()
	before, err := l.others.Look(ctx)
	require.NoError(l, err)
	require.NoError(l, l.world.MoveTo(ctx, certification.AddDays(before.Certificate.ExpiresAt, -90).Add(time.Minute)))
	l.reaches(certification.StageRenewal)
	l.Follow("/renewal")
	day := l.place.Clock.Now().In(certification.Pacific).AddDate(0, -2, 0)
	for i, hours := range []string{"6", "14"} {
		l.Open(l.at + "/renewal/course")
		l.Fill("title", []string{"Law and ethics", "Crisis"}[i])
		l.Fill("provider", "Bay Peer Academy")
		l.date("completed_on", day.Format("2006"), day.Format("1"), day.Format("2"))
		l.Fill("hours", hours)
		if i == 0 {
			l.Choose("law_and_ethics", "yes")
		}
		l.Press(l.at + "/renewal/course")
		require.Equal(l, l.at+"/renewal", l.Path())
	}
	l.Open(l.at + "/renewal/code-of-ethics")
	l.Choose("ethics.read", "yes")
	l.Fill("ethics.typed_name", "Robin Sample")
	l.Press(l.at + "/renewal/code-of-ethics")
	l.Follow("/renewal/check")
	l.Choose("attested", "yes")
	l.Press(l.at + "/renewal/check")
	l.reaches(certification.StageRenewalFee)
	l.pays()
	l.reaches(certification.StageRenewalReview)
	_, err = l.others.Review(ctx, "decide-renewal", map[string]any{"decision": "approve"})
	require.NoError(l, err)
	l.reaches(certification.StageCertified)
	after, err := l.others.Look(ctx)
	require.NoError(l, err)
	assert.Equal(l, 2, after.Certificate.Term)
	l.Follow("/certificate")
}

// A whole life without JavaScript: from the first question to the second term.
func TestWholeLifeWithoutJavaScript(t *testing.T) {
	place := running.On(t)
	l := newLife(t, place, plain{place.Browser(t)}, "en")
	l.toCertificate()
	l.renews()
}

// The same way by keyboard alone in a real browser, in English, in Spanish on a phone,
// and in Arabic; then each goes on: renews two years later, gives the certificate back,
// looks for themselves in the registry. Others come later: one appeals and withdraws, one
// looks after what is known of them. Their lives move the clock, so they follow each other.
func TestLifeByKeyboard(t *testing.T) {
	t.Parallel() // with those that do not move the clock
	for _, way := range []struct {
		name, language string
		width          int
		lead           []step // through the API, for those who do not begin at the beginning
		walk           func(*life)
	}{
		{"English", "en", desktop, nil, func(l *life) { l.toExam(); l.retakes(); l.looksUp() }},
		{"Spanish on a phone", "es", phone, nil, func(l *life) { l.toCertificate(); l.renews() }},
		{"Arabic", "ar", desktop, nil, func(l *life) { l.toCertificate(); l.Open(l.at); l.leaves("surrender") }},
		{"a denial, in Spanish on a phone", "es", phone, []step{watched, applied, paid, denied}, (*life).appealsAndLeaves},
		{"one's own data, in Arabic on a phone", "ar", phone, []step{watched}, (*life).looksAfterTheirData},
	} {
		t.Run(way.name, func(t *testing.T) {
			chromium(t)
			place := running.On(t)
			k := withKeyboard(t, place.Settings.PublicURL, way.width)
			l := newLife(t, place, k, way.language)
			if way.lead != nil {
				l.joins(way.lead...)
			}
			way.walk(l)
			t.Logf("%d steps of Tab", k.steps)
		})
	}
}
