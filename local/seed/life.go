package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/examsimulator"
	"peercert/local/journey"
	"peercert/local/mailbox"
	"peercert/local/product"
)

// The staff of a made-up programme.
var (
	reviewer1     = product.Reviewer1
	reviewer2     = product.Reviewer2
	administrator = product.Administrator
)

// world is what all lives share.
type world struct {
	*timeline
	today   time.Time // the real day on which it all ends
	mailbox *mailbox.Mailbox
	vendor  *examsimulator.Simulator
	// collect makes the product look for the exam vendor's files now.
	collect func(context.Context) error
}

// life is one made-up person on the way. A step that fails ends the whole seed, so
// steps note the first error, and those after it do nothing: a life reads as a story.
type life struct {
	*world
	person
	ctx context.Context
	err error

	now    time.Time // the instant of the life, by the clock of cases
	me     certification.Actor
	caseID string
	keys   int
}

// do runs a step unless one before it failed.
func (l *life) do(what string, step func() error) {
	if l.err != nil {
		return
	}
	if err := step(); err != nil && l.err == nil {
		l.err = fmt.Errorf("%s, %s: %w", l.person.id, what, err)
	}
}

// key is a new idempotency key.
func (l *life) key() string {
	l.keys++
	return fmt.Sprintf("seed-%s-%d", l.person.id, l.keys)
}

// days lets time pass until ten in the morning of a day before today.
func (l *life) days(before int) {
	morning := certification.EndOfDay(certification.AddDays(l.today, -before)).In(certification.Pacific)
	l.until(time.Date(morning.Year(), morning.Month(), morning.Day(), 10, 0, 0, 0, certification.Pacific))
}

// minutes lets some minutes pass.
func (l *life) minutes(n int) { l.until(l.now.Add(time.Duration(n) * time.Minute)) }

func (l *life) until(instant time.Time) {
	l.do("waiting", func() error {
		l.now = instant
		return l.sleep(l.ctx, instant)
	})
}

// await asks until something is so.
func (l *life) await(what string, ask func() (bool, error)) {
	l.do("waiting for "+what, func() error {
		ctx, cancel := context.WithTimeout(l.ctx, patience)
		defer cancel()
		for {
			if is, err := ask(); is || err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(30 * time.Millisecond):
			}
		}
	})
}

// reach waits until the case is at a stage.
func (l *life) reach(stage certification.Stage) {
	l.await(string(stage), func() (bool, error) {
		view, err := l.cases.Case(l.ctx, l.me, l.caseID)
		return view.Stage == stage, err
	})
}

// send gives a signal of somebody to the case.
func (l *life) send(as certification.Actor, message certification.Message) (view cases.View) {
	key := l.key()
	l.do(string(message.Signal()), func() error {
		return patiently(l.ctx, func() (err error) {
			// The door writes into the message, so each try has one of its own.
			copied := reflect.New(reflect.TypeOf(message).Elem())
			copied.Elem().Set(reflect.ValueOf(message).Elem())
			view, err = l.cases.Send(l.ctx, as, cases.Send{
				CaseID: l.caseID, Key: key, Message: copied.Interface().(certification.Message),
			})
			return err
		})
	})
	return view
}

// codeIs finds the sentence with the code, in English and in Spanish.
var codeIs = regexp.MustCompile(`(?:Your code is|código es) (\d{6})\.`)

// register tells name and address, takes the code from the mailbox, and confirms it.
func (l *life) register() {
	l.do("registering", func() error {
		var opened cases.OpenedRegistration
		key := l.key()
		if err := patiently(l.ctx, func() (err error) {
			opened, err = l.cases.Register(l.ctx, key, cases.Registration{
				FirstName: l.first, LastName: l.last, Email: l.email(), CountyPlan: l.county, Language: l.language,
				Address: cases.Address{Line1: "1 Main Street", City: l.city, State: "CA", ZIP: l.zip},
			})
			return err
		}); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(l.ctx, patience)
		defer cancel()
		code := ""
		if _, err := l.mailbox.Await(ctx, func(letter mailbox.Message) bool {
			found := codeIs.FindStringSubmatch(letter.Text)
			if found == nil || len(letter.To) != 1 || !strings.EqualFold(letter.To[0], l.email()) {
				return false
			}
			code = found[1]
			return true
		}); err != nil {
			return err
		}
		var confirmed cases.Confirmation
		key = l.key()
		if err := patiently(l.ctx, func() (err error) {
			confirmed, err = l.cases.Confirm(l.ctx, key, opened.ID, code)
			return err
		}); err != nil {
			return err
		}
		l.caseID, l.me = confirmed.Case.ID, certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}
		return nil
	})
}

// watch watches chapters of the introduction video to their ends.
func (l *life) watch(chapters int) {
	l.do("watching the video", func() error {
		video, err := l.cases.Video(l.ctx)
		if err != nil {
			return err
		}
		for _, chapter := range video.Chapters[:min(chapters, len(video.Chapters))] {
			step := cases.Watch{CaseID: l.caseID, Key: l.key(), Chapter: chapter.ID, Event: "opened"}
			if _, err := l.cases.Watch(l.ctx, l.me, step); err != nil {
				return err
			}
			if l.until(l.now.Add(time.Duration(chapter.Seconds+5) * time.Second)); l.err != nil {
				return l.err
			}
			step.Key, step.Event = l.key(), "finished"
			if _, err := l.cases.Watch(l.ctx, l.me, step); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin registers and watches the whole video.
func (l *life) begin() {
	l.register()
	l.watch(99)
	l.send(l.me, &certification.CompleteIntroVideo{})
}

func (l *life) upload(kind certification.DocumentKind, name string, content []byte) (id string) {
	l.do("uploading a document", func() error {
		document, err := l.cases.Upload(l.ctx, l.me, cases.Upload{
			CaseID: l.caseID, Key: l.key(), Kind: kind, FileName: name, Body: bytes.NewReader(content),
		})
		id = document.ID
		return err
	})
	return id
}

// save changes a draft and gives its revision.
func (l *life) save(form certification.Form, values any) (revision int) {
	l.do("saving a draft", func() error {
		changes, err := json.Marshal(values)
		if err != nil {
			return err
		}
		before, err := l.cases.Draft(l.ctx, l.me, l.caseID, form, "")
		if err != nil {
			return err
		}
		draft, err := l.cases.SaveDraft(l.ctx, l.me, cases.SaveDraft{CaseID: l.caseID, Form: form, Revision: before.Revision, Changes: changes})
		revision = draft.Revision
		return err
	})
	return revision
}

func (l *life) picture() (id string) {
	l.do("drawing an ID", func() error {
		card, err := journey.PhotoID(l.shade())
		if err != nil {
			return err
		}
		id = l.upload(certification.DocumentPhotoID, "id.jpg", card)
		return l.err
	})
	return id
}

// details fills in the first part of the application.
func (l *life) details() {
	l.save(certification.FormApplication, certification.ApplicationValues{
		LegalFirstName: l.first, LegalLastName: l.last, DateOfBirth: l.born,
		IDExpiresOn: certification.Date(l.today.AddDate(4, 0, 0).Format(time.DateOnly)),
	})
}

func (l *life) policy() certification.Policy { return certification.CurrentPolicy(l.now) }

func (l *life) signature() certification.Ethics {
	return certification.Ethics{Version: l.policy().EthicsVersion, TypedName: l.first + " " + l.last}
}

// apply uploads ID and diploma, fills in the application, signs and hands it in.
func (l *life) apply() {
	id := l.picture()
	diploma := l.upload(certification.DocumentDiploma, "diploma.pdf", journey.Paper("High school diploma "+l.person.id))
	l.details()
	revision := l.save(certification.FormApplication, certification.ApplicationValues{
		Education: "diploma", LivedExperience: l.experience, PhotoID: []string{id}, Diploma: []string{diploma},
		Attestations: certification.Attestations{WillingToShare: true, DedicatedToRecovery: true, TrueAndComplete: true},
		Ethics:       l.signature(),
	})
	l.send(l.me, &certification.SubmitApplication{
		DraftRevision: revision, EthicsVersion: l.policy().EthicsVersion, DocumentIDs: []string{id, diploma},
	})
}

// openPage asks for the payment page of the fee that is due.
func (l *life) openPage() (page string) {
	view := l.send(l.me, &certification.PayFee{NotRefundableVersion: l.policy().NotRefundableVersion})
	l.do("opening the payment page", func() error {
		if page = view.CheckoutURL; page == "" {
			return errors.New("it has no address")
		}
		return nil
	})
	return page
}

// pay pays the fee that is due at the processor's page.
func (l *life) pay(next certification.Stage) {
	page := l.openPage()
	l.do("paying", func() error {
		request, err := http.NewRequestWithContext(l.ctx, http.MethodPost, page, strings.NewReader(url.Values{"action": {"pay"}}.Encode()))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode >= 400 {
			return fmt.Errorf("the page answers %d", answer.StatusCode)
		}
		return nil
	})
	l.reach(next)
}

// decide claims the review for a reviewer, unless it is theirs, and decides it.
func (l *life) decide(reviewer certification.Actor, message certification.Message) {
	l.claim(reviewer)
	l.send(reviewer, message)
}

func (l *life) claim(reviewer certification.Actor) {
	l.do("claiming", func() error {
		view, err := l.cases.Case(l.ctx, reviewer, l.caseID)
		if err == nil && view.Assignee != reviewer.ID {
			l.send(reviewer, &certification.ClaimReview{})
			err = l.err
		}
		return err
	})
}

// handInTraining uploads the certificate of the 80-hour training and sends it.
func (l *life) handInTraining() {
	id := l.upload(certification.DocumentTrainingCertificate, "training.pdf", journey.Paper("Certificate of completion, 80 hours "+l.person.id))
	const provider = "bay-peer-academy"
	revision := l.save(certification.FormTraining, certification.TrainingValues{
		ProviderID: provider, CompletedOn: certification.Date(certification.AddDays(l.now, -2).Format(time.DateOnly)), Hours: 80, DocumentIDs: []string{id},
	})
	l.send(l.me, &certification.SubmitTraining{DraftRevision: revision, DocumentIDs: []string{id}, ProviderID: provider})
}

// authorization is the one of the attempt under way.
func (l *life) authorization() (id string, authorized, refused bool) {
	view, err := l.cases.Case(l.ctx, l.me, l.caseID)
	if err != nil || view.Exam == nil {
		return "", false, false
	}
	return view.Exam.AuthorizationID, view.Exam.Authorized, view.Exam.Refused
}

// askToTest chooses language and place, and waits until the vendor has answered.
func (l *life) askToTest() {
	l.send(l.me, &certification.BookExam{Language: l.language, Place: "online"})
	asked := time.Time{}
	l.await("the exam vendor's answer", func() (bool, error) {
		id, authorized, refused := l.authorization()
		if authorized || refused {
			return true, nil
		}
		// The vendor looks for files, and the product for the answers, every few seconds
		// of real time; here they look at once, but not all the time.
		if time.Since(asked) < 300*time.Millisecond || id == "" {
			return false, nil
		}
		asked = time.Now()
		if err := l.vendor.Poll(l.ctx); err != nil {
			return false, err
		}
		if _, known := l.vendor.Authorization(id); !known {
			return false, nil
		}
		return false, l.collect(l.ctx)
	})
}

// book makes an appointment at the vendor's page, so many days before today (after
// it, if negative).
func (l *life) book(before int) {
	l.do("booking", func() error {
		id, _, _ := l.authorization()
		day := certification.AddDays(l.today, -before).In(certification.Pacific)
		_, err := l.vendor.Book(l.ctx, id, time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, certification.Pacific))
		return err
	})
	l.reach(certification.StageExamBooked)
}

// examined lets the vendor send the result of the exam.
func (l *life) examined(outcome string, next certification.Stage) {
	l.reach(certification.StageExamScoring)
	l.do("the exam's result", func() error {
		id, _, _ := l.authorization()
		_, err := l.vendor.Report(l.ctx, examsimulator.Outcome{AuthorizationID: id, Outcome: outcome, ByWebhook: true})
		return err
	})
	l.reach(next)
}

// renew attests the continuing education of a term and files the renewal.
func (l *life) renew() {
	day := certification.Date(certification.AddDays(l.now, -40).Format(time.DateOnly))
	course := func(title string, hours float64, ethics bool) certification.Course {
		return certification.Course{Title: title, Provider: "Bay Peer Academy (sample)", CompletedOn: day, Hours: hours, LawAndEthics: ethics}
	}
	revision := l.save(certification.FormRenewal, certification.RenewalValues{
		Courses:  []certification.Course{course("Law and ethics for peers", 6, true), course("Supporting people in crisis", 8, false), course("Documentation", 6, false)},
		Attested: true, Ethics: l.signature(),
	})
	l.send(l.me, &certification.SubmitRenewal{DraftRevision: revision, EthicsVersion: l.policy().EthicsVersion})
}

// appeal asks to look at a decision again.
func (l *life) appeal() {
	revision := l.save(certification.FormAppeal, certification.AppealValues{
		Statement: "This is a made-up appeal: the decision rests on a paper that was read wrongly.",
	})
	l.send(l.me, &certification.Appeal{DraftRevision: revision})
}
