package portal_test

import (
	"context"
	"errors"
	"fmt"
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
	"peercert/portal"
	"peercert/portal/portaltest"
)

// neverShown are the addresses of somebody who is signed in that only lead on, with why.
var neverShown = map[string]string{
	"/:language/home":                       "leads to the case",
	"/payments/:payment/:outcome":           "leads back from the payment page",
	"/:language/payments/:payment/:outcome": "leads back from the payment page",
	"/:language/held":                       "shows a form that came after the session had ended, once (TestAFormThatCameLateIsGivenBack)",
}

// owner is somebody who asks for every address of theirs, at every stage of their case.
type owner struct {
	*testing.T
	producttest.Person
	place *producttest.Place
	world *journey.World
	// shown are the addresses that answered with a page or a file, and when first.
	shown map[string]certification.Stage
	day   time.Time // of the exam
}

// The owner meets no fault at any address, at any stage, and everything private says
// that it is not to be kept. Each address shows something at some stage. The clock moves
// by years, so it is not parallel.
func TestOwnersAtEveryStage(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	moving.Lock()
	defer moving.Unlock()
	o := &owner{T: t, Person: place.Registered(t, world, "en"), place: place, world: world, shown: map[string]certification.Stage{}}
	ctx := t.Context()
	for _, step := range []struct {
		stage certification.Stage
		reach func() error
	}{
		{certification.StageIntroVideo, func() error { return nil }},
		{certification.StageApplication, func() error { return world.WatchVideos(ctx, o.Person.Person) }},
		{certification.StageApplicationFee, o.applies},
		{certification.StageApplicationReview, func() error { return o.Pay(ctx, 100_00, certification.StageApplicationReview) }},
		{certification.StageApplicationReturned, o.decided("decide-application", "return", "ID_UNREADABLE", "DIPLOMA_MISSING_OR_UNREADABLE")},
		{certification.StageTraining, func() error { return resubmit(ctx, world, o.Person.Person) }},
		{certification.StageTrainingReview, o.trains},
		{certification.StageTrainingReturned, o.decided("decide-training", "return", "TRAINING_UNREADABLE")},
		{certification.StageExamFee, o.trainsAgain},
		{certification.StageExamBooking, func() error { return o.Pay(ctx, 150_00, certification.StageExamBooking) }},
		{certification.StageExamBooked, o.books},
		{certification.StageExamScoring, o.sits},
		{certification.StageCertified, o.passes},
		{certification.StageRenewal, o.waits(-90)},
		{certification.StageRenewalFee, o.renews},
		{certification.StageRenewalReview, func() error { return o.Pay(ctx, 80_00, certification.StageRenewalReview) }},
		{certification.StageRenewalReturned, o.decided("decide-renewal", "return", "CE_HOURS_BELOW_20")},
		{certification.StageExpired, o.waits(31)},
		{certification.StageRenewalReview, o.renews}, // its fee was paid
		{certification.StageDenied, o.decided("decide-renewal", "deny", "FALSE_STATEMENT")},
		{certification.StageAppealReview, o.appeals},
		{certification.StageCertified, o.isRight},
		{certification.StageClosed, o.surrenders},
	} {
		require.NoError(t, step.reach(), step.stage)
		o.reaches(step.stage)
		o.asksEverything(step.stage)
	}
	for _, address := range portal.Addresses() {
		_, shown := o.shown[address.Path]
		if address.Own && address.Method == http.MethodGet {
			assert.Equal(t, neverShown[address.Path] == "", shown, "%s shows something at some stage, or only leads on", address.Path)
		}
	}
}

// reaches waits for a stage as an administrator sees it: years later their own token is
// not valid any more.
func (o *owner) reaches(stage certification.Stage) {
	o.Helper()
	require.NoError(o, o.world.Until(o.Context(), "stage "+string(stage), func() error {
		view, err := o.place.Parts.Cases.Case(o.Context(), administrator, o.CaseID)
		if err == nil && view.Stage != stage {
			err = fmt.Errorf("the case is at %s", view.Stage)
		}
		return err
	}))
}

func (o *owner) asksEverything(stage certification.Stage) {
	o.Helper()
	for _, address := range walk(o.T, of(o.CaseID)) {
		public := !address.Own && stage != certification.StageIntroVideo // the same at every stage
		if !public && (!last.MatchString(address.Path) || address.Method != http.MethodPost) {
			o.asks(stage, address)
		}
	}
	o.looks(stage)
	o.reaches(stage) // empty forms changed nothing
}

// looks opens every address with ids of what is really there.
func (o *owner) looks(stage certification.Stage) {
	o.Helper()
	ctx, door := o.Context(), o.place.Parts.Cases
	values := of(o.CaseID)
	values["chapter"] = o.place.Parts.Film.Chapters[0].ID
	letters, err := door.Letters(ctx, administrator, o.CaseID)
	require.NoError(o, err)
	if len(letters) > 0 {
		values["letter"] = letters[0].ID
	}
	payments, err := door.Payments(ctx, administrator, o.CaseID)
	require.NoError(o, err)
	if len(payments) > 0 {
		values["payment"] = payments[0].ID
	}
	documents, err := door.Documents(ctx, administrator, o.CaseID)
	require.NoError(o, err)
	names := []string{}
	for _, kind := range certification.DocumentKinds {
		names = append(names, string(kind))
	}
	for _, document := range documents {
		names = append(names, document.ID)
	}
	for i, name := range names {
		values["document"] = name
		for _, address := range walk(o.T, values) {
			if address.Own && address.Method == http.MethodGet && (i == 0 || strings.Contains(address.pattern, ":document")) {
				o.asks(stage, address)
			}
		}
	}
}

func (o *owner) asks(stage certification.Stage, address filledIn) {
	o.Helper()
	name := string(stage) + ": " + address.Method + " " + address.Path
	answer := o.Ask(address.Method, address.Path, nil, nil)
	assert.Less(o, answer.Status, http.StatusInternalServerError, name)
	assert.NotEqual(o, http.StatusForbidden, answer.Status, name)
	if address.Own {
		assert.NotContains(o, answer.Header.Get("Location"), "/sign-in", name)
		assert.Equal(o, "no-store", answer.Header.Get("Cache-Control"), name)
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") && answer.Status != http.StatusSeeOther && answer.Status != http.StatusFound {
		assert.Empty(o, portaltest.Faults([]byte(answer.Body)), name)
		assert.NotEmpty(o, answer.Header.Get("Content-Security-Policy"), name)
	}
	if _, known := o.shown[address.pattern]; !known && address.Method == http.MethodGet && answer.Status == http.StatusOK {
		o.shown[address.pattern] = stage
	}
}

// decided lets a reviewer decide.
func (o *owner) decided(signal, decision string, reasons ...string) func() error {
	return func() error {
		_, err := o.Review(o.Context(), signal, map[string]any{
			"decision": decision, "reasons": reasons, "notes": map[string]string{reasons[0]: "As the page says."},
		})
		return err
	}
}

// applies fills the application in by its pages, looks around before handing it in, and
// asks for a code that a new address would get.
func (o *owner) applies() error {
	o.Helper()
	o.Open("/en/cases/" + o.CaseID + "/application/name")
	fillIn(o.T, o.Browser)
	check := o.Path()
	o.Open("/en/my-data/email").Fill("email", producttest.NewEmail()).Press("/my-data/email")
	require.Equal(o, "/en/my-data/email/code", o.Path())
	o.looks(certification.StageApplication)
	o.Open(check).Tick("name_matches")
	handInWhenChecked(o.Browser)
	return nil
}

// trains writes down what a training certificate says, looks around, and hands it in.
func (o *owner) trains() error {
	ctx := o.Context()
	document, err := o.Upload(ctx, "training_certificate", "training.pdf", journey.Paper("Certificate of completion"))
	if err != nil {
		return err
	}
	completed := o.place.Clock.Now().In(certification.Pacific).AddDate(0, 0, -1).Format(time.DateOnly)
	if _, err := o.Save(ctx, "training", map[string]any{"provider_id": "bay-peer-academy", "completed_on": completed, "hours": 80, "document_ids": []string{document}}); err != nil {
		return err
	}
	o.looks(certification.StageTraining)
	_, err = o.HandInTraining(ctx)
	return err
}

func (o *owner) trainsAgain() error {
	if _, err := o.HandInTraining(o.Context()); err != nil {
		return err
	}
	_, err := o.SignalAs(o.Context(), o.world.AsReviewer(), "decide-training", map[string]any{"decision": "approve"})
	return err
}

// books at the vendor's page.
func (o *owner) books() error {
	ctx := o.Context()
	if _, err := o.Signal(ctx, "book-exam", map[string]any{"language": "en", "place": "online"}); err != nil {
		return err
	}
	o.day = certification.AddDays(o.place.Clock.Now(), 10).Truncate(time.Hour)
	return o.world.Until(ctx, "the vendor's page", func() error {
		now, err := o.Look(ctx)
		if err != nil || now.Exam == nil || now.Exam.BookingURL == "" {
			return errors.Join(err, errors.New("there is no page yet"))
		}
		atVendor(o.T, now.Exam.BookingURL, url.Values{"action": {"confirm"}, "appointment_at": {o.day.Format(time.RFC3339)}})
		return nil
	})
}

func (o *owner) sits() error { return o.world.MoveTo(o.Context(), o.day.Add(6*time.Hour)) }

func (o *owner) passes() error {
	now, err := o.Look(o.Context())
	if err != nil {
		return err
	}
	answer, err := http.PostForm(o.world.Vendor+"/simulator/results", url.Values{
		"authorization_id": {now.Exam.AuthorizationID}, "outcome": {"passed"}, "examined_at": {o.day.Format(time.RFC3339)}, "by": {"webhook"},
	})
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// waits lets days pass from the last day of the certificate on, or until so many before
// it, and signs in to the API again: their token is not valid for so long.
func (o *owner) waits(days int) func() error {
	return func() error {
		view, err := o.place.Parts.Cases.Case(o.Context(), administrator, o.CaseID)
		if err != nil {
			return err
		}
		if err := o.world.MoveTo(o.Context(), certification.AddDays(view.Certificate.ExpiresAt, days).Add(time.Minute)); err != nil {
			return err
		}
		_, err = o.Confirm(o.Context())
		return err
	}
}

// renews lists courses and signs, looks around, and hands the renewal in.
func (o *owner) renews() error {
	ctx, now := o.Context(), o.place.Clock.Now()
	view, err := o.place.Parts.Cases.Case(ctx, administrator, o.CaseID)
	if err != nil {
		return err
	}
	ethics := certification.CurrentPolicy(now).EthicsVersion
	revision, err := o.Save(ctx, "renewal", map[string]any{
		"courses": []any{map[string]any{
			"title": "Law and ethics", "provider": "Bay Peer Academy", "completed_on": now.AddDate(0, -2, 0).Format(time.DateOnly), "hours": 20, "law_and_ethics": true,
		}},
		"attested": true, "ethics": map[string]string{"version": ethics, "typed_name": "Robin Sample"},
	})
	if err != nil {
		return err
	}
	o.looks(view.Stage)
	_, err = o.Signal(ctx, "submit-renewal", map[string]any{"draft_revision": revision, "ethics_version": ethics})
	return err
}

func (o *owner) appeals() error {
	revision, err := o.Save(o.Context(), "appeal", map[string]any{"statement": "Every course was a course."})
	if err != nil {
		return err
	}
	_, err = o.Signal(o.Context(), "appeal", map[string]any{"draft_revision": revision})
	return err
}

// isRight lets another reviewer than the one who denied decide the appeal.
func (o *owner) isRight() error {
	other := o.world.Anybody().As(o.world.Reviewer2)
	_, err := o.SignalAs(o.Context(), other, "claim-review", nil)
	if err == nil {
		_, err = o.SignalAs(o.Context(), other, "decide-appeal", map[string]any{"decision": "approve"})
	}
	return err
}

func (o *owner) surrenders() error {
	_, err := o.Signal(o.Context(), "surrender", nil)
	return err
}

// resubmit sends what was returned again; the reviewer who returned it approves.
func resubmit(ctx context.Context, world *journey.World, p *journey.Person) error {
	picture, err := journey.PhotoID(150)
	if err != nil {
		return err
	}
	id, err := p.Upload(ctx, "photo_id", "better.jpg", picture)
	if err != nil {
		return err
	}
	diploma, err := p.Upload(ctx, "diploma", "scan.pdf", journey.Paper("High school diploma, scanned again"))
	if err != nil {
		return err
	}
	revision, err := p.Save(ctx, "application", map[string]any{"photo_id": []string{id}, "diploma": []string{diploma}})
	if err != nil {
		return err
	}
	if _, err := p.Signal(ctx, "resubmit-application", map[string]any{"draft_revision": revision, "document_ids": []string{id, diploma}}); err != nil {
		return err
	}
	_, err = p.SignalAs(ctx, world.AsReviewer(), "decide-application", map[string]any{"decision": "approve"})
	return err
}
