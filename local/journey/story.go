package journey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"peercert/api/apitest"
	"peercert/certification"
	"peercert/web"
)

// Told is what a story leaves behind to look at.
type Told struct {
	Cases []string // case ids
}

// Story lives the whole life of a certification, from registration to its second
// term, for an applicant in English and one in Spanish, and the early training of a
// third. It stops at the first step that is not as it should be.
func (w *World) Story(ctx context.Context) (Told, error) {
	if err := w.Open(); err != nil {
		return Told{}, err
	}
	ana, luz, sam := w.NewPerson("Ana", "Rivera", "en"), w.NewPerson("Luz", "Fuentes", "es"), w.NewPerson("Sam", "Okafor", "en")
	both := []*Person{ana, luz}

	var told Told
	for _, chapter := range []struct {
		title string
		tell  func(context.Context) error
	}{
		{"Registration and the introduction video", func(ctx context.Context) error {
			if err := each(ctx, []*Person{ana, luz, sam}, (*Person).Register); err != nil {
				return err
			}
			return w.WatchVideos(ctx, ana, luz, sam)
		}},
		{"Early training", sam.trainEarly},
		{"The application", func(ctx context.Context) error {
			return each(ctx, both, (*Person).Apply, func(p *Person, ctx context.Context) error {
				p.expect(certification.LetterApplicationReceived)
				if err := p.Pay(ctx, 100_00, certification.StageApplicationReview); err != nil {
					return err
				}
				now, err := p.Look(ctx)
				if err != nil {
					return err
				}
				p.expectWords(certification.LetterApplicationReceived, web.Words(p.Language).By(*now.Due))
				return nil
			}, (*Person).checkLetters)
		}},
		{"Returned, put right, approved", func(ctx context.Context) error { return w.returned(ctx, both) }},
		{"Training", func(ctx context.Context) error { return each(ctx, both, (*Person).Train, (*Person).checkLetters) }},
		{"The exam, failed", func(ctx context.Context) error {
			if err := w.Exam(ctx, Sitting{Cents: 150_00}, both...); err != nil {
				return err
			}
			return each(ctx, both, (*Person).checkLetters)
		}},
		{"The exam, passed", func(ctx context.Context) error {
			if err := w.Exam(ctx, Sitting{Cents: 150_00, Pass: true}, both...); err != nil {
				return err
			}
			return each(ctx, both, (*Person).checkLetters)
		}},
		{"Two years", func(ctx context.Context) error { return w.twoYears(ctx, both) }},
		{"Renewal", func(ctx context.Context) error {
			return each(ctx, both, (*Person).renew, (*Person).checkLetters)
		}},
	} {
		fmt.Fprintf(w.Out, "\n%s\n", chapter.title)
		if err := chapter.tell(ctx); err != nil {
			return told, fmt.Errorf("%s: %w", chapter.title, err)
		}
		if err := w.Result(); err != nil {
			return told, fmt.Errorf("%s: an answer is not as openapi.yaml says: %w", chapter.title, err)
		}
	}
	told.Cases = []string{ana.CaseID, luz.CaseID, sam.CaseID}
	return told, nil
}

func each(ctx context.Context, people []*Person, steps ...func(*Person, context.Context) error) error {
	for _, p := range people {
		for _, step := range steps {
			if err := step(p, ctx); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
		}
	}
	return nil
}

// AsReviewer is the API with the first reviewer's token.
func (w *World) AsReviewer() *apitest.Client { return w.client.As(w.Reviewer) }

// Review claims a review, reads what is to be decided, and decides.
func (p *Person) Review(ctx context.Context, decision string, body map[string]any) (Case, error) {
	reviewer := p.w.AsReviewer()
	if _, err := p.SignalAs(ctx, reviewer, "claim-review", nil); err != nil {
		return Case{}, fmt.Errorf("claiming: %w", err)
	}
	return p.decide(ctx, reviewer, decision, body)
}

func (p *Person) decide(ctx context.Context, reviewer *apitest.Client, decision string, body map[string]any) (Case, error) {
	var documents struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	answer, err := reviewer.Get(ctx, "/v1/cases/"+p.CaseID+"/documents")
	if err := good(answer, err, &documents); err != nil {
		return Case{}, fmt.Errorf("reading the documents: %w", err)
	}
	for _, document := range documents.Items {
		content := "/v1/cases/" + p.CaseID + "/documents/" + document.ID + "/content"
		if answer, err := reviewer.Get(ctx, content, apitest.WithHeader("Purpose", "review")); err != nil || answer.Status != http.StatusOK {
			return Case{}, fmt.Errorf("a reviewer opens a document: %d %w", answer.Status, err)
		}
	}
	return p.SignalAs(ctx, reviewer, decision, body)
}

func (w *World) returned(ctx context.Context, people []*Person) error {
	now, err := w.now(ctx)
	if err != nil {
		return err
	}
	// At noon: it takes a moment, and days in which a clock stands still are counted by the
	// calendar in Los Angeles.
	year, month, day := now.In(pacific).Date()
	noon := time.Date(year, month, day+3, 12, 0, 0, 0, pacific)
	if err := w.MoveTo(ctx, noon); err != nil {
		return err
	}
	var due time.Time
	for _, p := range people {
		before, err := p.Look(ctx)
		if err != nil {
			return err
		}
		due = *before.Due
		after, err := p.Review(ctx, "decide-application", map[string]any{
			"decision": "return", "reasons": []string{"ID_UNREADABLE", "DIPLOMA_MISSING_OR_UNREADABLE"},
		})
		if err != nil {
			return err
		}
		stopped := slices.IndexFunc(after.Promises, func(promise struct {
			Kind      string     `json:"kind"`
			DueAt     time.Time  `json:"due_at"`
			StoppedAt *time.Time `json:"stopped_at"`
		}) bool {
			return promise.Kind == "application_review" && promise.StoppedAt != nil
		})
		if after.Stage != "application_returned" || stopped < 0 {
			return fmt.Errorf("after the return the case is at %s, and the review clock is not stopped", after.Stage)
		}
		p.expect(certification.LetterApplicationReturned)
		w.say("reviewer", "claims the case of %s, opens the documents, returns two of them; the clock stops", p.Name)
	}
	if err := w.MoveTo(ctx, certification.AddDays(noon, 5)); err != nil {
		return err
	}
	for _, p := range people {
		answer, err := p.API.Patch(ctx, "/v1/cases/"+p.CaseID+"/drafts/application", map[string]any{"revision": 2, "values": map[string]any{"legal_last_name": "Other"}})
		if err := refused(answer, err, "invalid", "legal_last_name:locked"); err != nil {
			return fmt.Errorf("changing what was not returned: %w", err)
		}
		picture, err := PhotoID(150)
		if err != nil {
			return err
		}
		id, err := p.Upload(ctx, "photo_id", "better photo.jpg", picture)
		if err != nil {
			return err
		}
		diploma, err := p.Upload(ctx, "diploma", "diploma scan.pdf", Paper("High school diploma, scanned again"))
		if err != nil {
			return err
		}
		revision, err := p.Save(ctx, "application", map[string]any{"photo_id": []string{id}, "diploma": []string{diploma}})
		if err != nil {
			return err
		}
		after, err := p.Signal(ctx, "resubmit-application", map[string]any{"draft_revision": revision, "document_ids": []string{id, diploma}})
		if err != nil {
			return err
		}
		if after.Stage != "application_review" || after.Due == nil || !after.Due.Equal(certification.AddDays(due, 5)) {
			return fmt.Errorf("resubmitted, the case is at %s and due %v; it was due %v and stood still for 5 days", after.Stage, after.Due, due)
		}
		p.expect(certification.LetterReviewResumed)
		w.say(p.Name, "replaces just those two; the clock goes on, decided by %s", after.Due.In(pacific).Format("January 2"))

		after, err = p.decide(ctx, w.AsReviewer(), "decide-application", map[string]any{"decision": "approve"})
		if err != nil {
			return err
		}
		if after.Stage != "training" || after.WindowEndsAt == nil {
			return fmt.Errorf("after the approval the case is at %s", after.Stage)
		}
		p.expect(certification.LetterApplicationApproved)
		p.expectWords(certification.LetterApplicationApproved, web.Words(p.Language).Date(*after.WindowEndsAt))
		w.say("reviewer", "approves; %s has until %s for training and exam", p.Name, after.WindowEndsAt.In(pacific).Format("January 2, 2006"))
		if err := p.checkLetters(ctx); err != nil {
			return err
		}
	}
	return nil
}

// HandInTraining uploads a training certificate and sends it.
func (p *Person) HandInTraining(ctx context.Context) (Case, error) {
	now, err := p.w.now(ctx)
	if err != nil {
		return Case{}, err
	}
	document, err := p.Upload(ctx, "training_certificate", "training.pdf", Paper("Certificate of completion, 80 hours"))
	if err != nil {
		return Case{}, err
	}
	const provider = "bay-peer-academy"
	revision, err := p.Save(ctx, "training", map[string]any{
		"provider_id": provider, "completed_on": now.AddDate(0, 0, -1).In(pacific).Format(time.DateOnly), "hours": 80, "document_ids": []string{document},
	})
	if err != nil {
		return Case{}, err
	}
	return p.Signal(ctx, "submit-training", map[string]any{"draft_revision": revision, "document_ids": []string{document}, "provider_id": provider})
}

// Train hands a training certificate in and has it accepted.
func (p *Person) Train(ctx context.Context) error {
	after, err := p.HandInTraining(ctx)
	if err == nil && after.Stage != "training_review" {
		err = fmt.Errorf("after the training certificate the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.w.say(p.Name, "sends the certificate of the 80-hour training")
	after, err = p.Review(ctx, "decide-training", map[string]any{"decision": "approve"})
	if err == nil && after.Stage != "exam_fee" {
		err = fmt.Errorf("after the training review the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.expect(certification.LetterTrainingReceived, certification.LetterTrainingAccepted, certification.LetterExamFeeDue)
	p.w.say("reviewer", "accepts the training of %s", p.Name)
	return nil
}

// trainEarly is the third applicant: the training certificate goes with the
// application, and one review decides both, with an answer for each.
func (p *Person) trainEarly(ctx context.Context) error {
	if _, err := p.HandInTraining(ctx); err != nil {
		return err
	}
	if err := p.Apply(ctx); err != nil {
		return err
	}
	if err := p.Pay(ctx, 100_00, certification.StageApplicationReview); err != nil {
		return err
	}
	reviewer := p.w.AsReviewer()
	if _, err := p.SignalAs(ctx, reviewer, "claim-review", nil); err != nil {
		return err
	}
	answer, err := reviewer.Signal(ctx, p.CaseID, "decide-application", map[string]any{"decision": "approve"})
	if err := refused(answer, err, "invalid", "training:answer_missing"); err != nil {
		return fmt.Errorf("approving without an answer to the training: %w", err)
	}
	after, err := p.decide(ctx, reviewer, "decide-application", map[string]any{"decision": "approve", "training": "approve"})
	if err == nil && after.Stage != "exam_fee" {
		err = fmt.Errorf("both approved, the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.expect(certification.LetterTrainingReceived, certification.LetterApplicationReceived, certification.LetterApplicationApproved,
		certification.LetterTrainingAccepted, certification.LetterExamFeeDue)
	p.w.say(p.Name, "trained first: one review approves application and training, the exam fee is due")
	return p.checkLetters(ctx)
}

// Sitting is one attempt at the exam.
type Sitting struct {
	Cents int64 // of the fee
	Pass  bool
	// Webhook lets the vendor report by webhook and not by a results file.
	Webhook bool
}

// Exam pays, books at the vendor, lets the day come, and takes the vendor's result.
func (w *World) Exam(ctx context.Context, sitting Sitting, people ...*Person) error {
	now, err := w.now(ctx)
	if err != nil {
		return err
	}
	appointment := certification.AddDays(now, 10).Truncate(time.Hour)
	authorizations := map[*Person]string{}
	for _, p := range people {
		if err := p.Pay(ctx, sitting.Cents, certification.StageExamBooking); err != nil {
			return err
		}
		p.expect(certification.LetterHowToBook)
		if _, err := p.Signal(ctx, "book-exam", map[string]any{"language": p.Language, "place": "online"}); err != nil {
			return err
		}
		var booking Case
		if err := w.Until(ctx, "the exam vendor's acknowledgement", func() error {
			var err error
			if booking, err = p.Look(ctx); err == nil && (booking.Exam == nil || booking.Exam.BookingURL == "") {
				err = errors.New("no booking page yet")
			}
			return err
		}); err != nil {
			return err
		}
		authorizations[p] = booking.Exam.AuthorizationID
		page, err := url.Parse(booking.Exam.BookingURL)
		if err != nil {
			return err
		}
		page.RawQuery = ""
		if err := w.fetch(ctx, http.MethodPost, page.String(), url.Values{
			"authorization": {booking.Exam.AuthorizationID}, "action": {"confirm"}, "appointment_at": {appointment.Format(time.RFC3339)},
		}, nil); err != nil {
			return fmt.Errorf("booking: %w", err)
		}
		if _, err := p.Reach(ctx, certification.StageExamBooked); err != nil {
			return err
		}
		p.expect(certification.LetterBookingConfirmed)
		w.say(p.Name, "chooses language and place, books at the vendor's page for %s", appointment.In(pacific).Format("January 2"))
	}
	if err := w.MoveTo(ctx, appointment.Add(6*time.Hour)); err != nil {
		return err
	}
	for _, p := range people {
		if _, err := p.Reach(ctx, certification.StageExamScoring); err != nil {
			return err
		}
		outcome, next, letter := "failed", certification.StageExamFee, certification.LetterResultsNotPassed
		if sitting.Pass {
			outcome, next, letter = "passed", certification.StageCertified, certification.LetterResultsPassed
		}
		by := "file"
		if sitting.Webhook {
			by = "webhook"
		}
		if err := w.fetch(ctx, http.MethodPost, w.Vendor+"/simulator/results", url.Values{
			"authorization_id": {authorizations[p]}, "outcome": {outcome}, "examined_at": {appointment.Format(time.RFC3339)}, "by": {by},
		}, nil); err != nil {
			return fmt.Errorf("the vendor's result: %w", err)
		}
		after, err := p.Reach(ctx, next)
		if err != nil {
			return err
		}
		p.expect(letter)
		if sitting.Pass {
			p.expectWords(letter, after.Certificate.Number)
		}
		if err := w.kept(ctx, p, "results_notice"); err != nil {
			return err
		}
		if sitting.Pass {
			w.say("vendor", "a result by %s: %s passed; certificate %s until %s", by, p.Name, after.Certificate.Number, after.Certificate.ExpiresAt.In(pacific).Format("January 2, 2006"))
		} else {
			w.say("vendor", "a result by %s: %s did not pass; %d attempts left", by, p.Name, after.AttemptsLeft)
		}
	}
	return nil
}

// kept waits until a promise of ours was kept, in time.
func (w *World) kept(ctx context.Context, p *Person, kind string) error {
	return w.Until(ctx, "our promise "+kind, func() error {
		var promises struct {
			Items []struct {
				Kind string `json:"kind"`
				Kept *bool  `json:"kept"`
			} `json:"items"`
		}
		answer, err := p.API.Get(ctx, "/v1/cases/"+p.CaseID+"/promises")
		if err := good(answer, err, &promises); err != nil {
			return err
		}
		found := false
		for _, promise := range promises.Items {
			if promise.Kind == kind {
				found = true
				if promise.Kept == nil || !*promise.Kept {
					return fmt.Errorf("the promise %s is not kept yet", kind)
				}
			}
		}
		if !found {
			return fmt.Errorf("there is no promise %s", kind)
		}
		return nil
	})
}

// twoYears steps the clock to each of the four reminders.
func (w *World) twoYears(ctx context.Context, people []*Person) error {
	certified, err := people[0].Look(ctx)
	if err != nil {
		return err
	}
	for _, days := range []int{90, 60, 30, 7} {
		if err := w.MoveTo(ctx, certification.AddDays(certified.Certificate.ExpiresAt, -days).Add(time.Minute)); err != nil {
			return err
		}
		for _, p := range people {
			if days == 90 { // two years later the first token is not valid any more
				if err := p.comeBack(ctx); err != nil {
					return err
				}
			}
			if _, err := p.Reach(ctx, certification.StageRenewal); err != nil {
				return err
			}
			p.expect(certification.LetterRenewalReminder)
			if err := p.checkLetters(ctx); err != nil {
				return err
			}
			w.say("case", "reminds %s: %d days", p.Name, days)
		}
	}
	return nil
}

func (p *Person) renew(ctx context.Context) error {
	before, err := p.Look(ctx)
	if err != nil {
		return err
	}
	now, err := p.w.now(ctx)
	if err != nil {
		return err
	}
	var policy struct {
		Ethics string `json:"ethics_version"`
	}
	answer, err := p.API.Get(ctx, "/v1/policy")
	if err := good(answer, err, &policy); err != nil {
		return err
	}
	day := now.AddDate(0, -2, 0).Format(time.DateOnly)
	course := func(title string, hours float64, ethics bool) map[string]any {
		return map[string]any{"title": title, "provider": "Bay Peer Academy", "completed_on": day, "hours": hours, "law_and_ethics": ethics}
	}
	revision, err := p.Save(ctx, "renewal", map[string]any{
		"courses":  []any{course("Law and ethics for peers", 6, true), course("Supporting people in crisis", 8, false), course("Documentation", 6, false)},
		"attested": true, "ethics": map[string]string{"version": policy.Ethics, "typed_name": p.First + " " + p.Last},
	})
	if err != nil {
		return err
	}
	if _, err := p.Signal(ctx, "submit-renewal", map[string]any{"draft_revision": revision, "ethics_version": policy.Ethics}); err != nil {
		return err
	}
	p.w.say(p.Name, "attests 20 hours, 6 of them in law and ethics, signs the code of ethics again")
	if err := p.Pay(ctx, 80_00, certification.StageRenewalReview); err != nil {
		return err
	}
	after, err := p.Review(ctx, "decide-renewal", map[string]any{"decision": "approve"})
	if err != nil {
		return err
	}
	want := certification.EndOfDay(certification.AddMonths(before.Certificate.ExpiresAt, 24))
	if after.Stage != "certified" || after.Certificate.Term != 2 || after.Certificate.Number != before.Certificate.Number || !after.Certificate.ExpiresAt.Equal(want) {
		return fmt.Errorf("renewed, the case is at %s with %+v; it should be valid until %s", after.Stage, after.Certificate, want)
	}
	p.expect(certification.LetterRenewalReceived, certification.LetterRenewed)
	var public struct {
		Status string `json:"status"`
	}
	answer, err = p.w.client.Get(ctx, "/v1/certificates/"+strings.ToLower(after.Certificate.Number))
	if err := good(answer, err, &public); err != nil || public.Status != "active" {
		return fmt.Errorf("the public check of the certificate: %q %w", public.Status, err)
	}
	p.w.say("reviewer", "approves: the second term of %s ends %s", p.Name, want.In(pacific).Format("January 2, 2006"))
	return nil
}
