package journey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"peercert/api/apitest"
	"peercert/certification"
)

// person is one applicant on the way.
type person struct {
	w        *World
	name     string // as printed
	first    string
	last     string
	email    string
	language string

	api    *apitest.Client
	caseID string
	number string
	codes  int // confirmation codes that were mailed
	// letters are those that must have arrived, in order.
	letters []certification.Letter
}

// theCase is what the API says of a case, as far as a journey looks at it.
type theCase struct {
	ID        string     `json:"id"`
	Number    string     `json:"number"`
	Stage     string     `json:"stage"`
	Due       *time.Time `json:"due_at"`
	Available []string   `json:"available_signals"`
	Promises  []struct {
		Kind      string     `json:"kind"`
		DueAt     time.Time  `json:"due_at"`
		StoppedAt *time.Time `json:"stopped_at"`
	} `json:"promises"`
	Payment *struct {
		CheckoutURL string `json:"checkout_url"`
		AmountCents int64  `json:"amount_cents"`
	} `json:"payment"`
	Exam *struct {
		AuthorizationID string `json:"authorization_id"`
		BookingURL      string `json:"booking_url"`
	} `json:"exam"`
	Certificate *struct {
		Number    string    `json:"number"`
		ExpiresAt time.Time `json:"expires_at"`
		Term      int       `json:"term"`
	} `json:"certificate"`
	WindowEndsAt *time.Time `json:"window_ends_at"`
	AttemptsLeft int        `json:"attempts_left"`
}

// good wants an answer of success and decodes it.
func good(answer apitest.Answer, err error, into any) error {
	if err != nil {
		return err
	}
	if answer.Status >= 300 {
		return fmt.Errorf("answered %d: %s", answer.Status, answer.Body)
	}
	if into == nil {
		return nil
	}
	return answer.Into(into)
}

// refused wants a refusal of a type, with a finding if one is named.
func refused(answer apitest.Answer, err error, problem, finding string) error {
	switch {
	case err != nil:
		return err
	case answer.Problem() != problem:
		return fmt.Errorf("should be refused with %s, but was answered %d: %s", problem, answer.Status, answer.Body)
	case finding != "" && !slices.Contains(answer.Fields(), finding):
		return fmt.Errorf("should be refused because of %s, but was because of %v", finding, answer.Fields())
	}
	return nil
}

// signal sends a signal, and once more with the same key while a document is still
// being checked or a part is away for a moment.
func (p *person) signal(ctx context.Context, name string, body any) (theCase, error) {
	return p.signalAs(ctx, p.api, name, body)
}

func (p *person) signalAs(ctx context.Context, as *apitest.Client, name string, body any) (theCase, error) {
	var after theCase
	key := "journey-" + name + "-" + fmt.Sprint(time.Now().UnixNano())
	err := p.w.until(ctx, name, func() error {
		answer, err := as.Signal(ctx, p.caseID, name, body, apitest.WithKey(key))
		return good(answer, err, &after)
	})
	return after, err
}

func (p *person) look(ctx context.Context) (theCase, error) {
	var now theCase
	answer, err := p.api.Get(ctx, "/v1/cases/"+p.caseID)
	return now, good(answer, err, &now)
}

// reach waits until the case is at a stage.
func (p *person) reach(ctx context.Context, stage certification.Stage) (theCase, error) {
	var now theCase
	err := p.w.until(ctx, "stage "+string(stage), func() error {
		var err error
		if now, err = p.look(ctx); err == nil && now.Stage != string(stage) {
			err = fmt.Errorf("the case of %s is at %s", p.name, now.Stage)
		}
		return err
	})
	return now, err
}

// codeIs finds the sentence with the code, in English and in Spanish.
var codeIs = regexp.MustCompile(`(?:Your code is|código es) (\d{6})\.`)

// confirm registers an address, takes the code from the mailbox, and confirms it
// after a wrong try. An address that is known leads to the case that is open.
func (p *person) confirm(ctx context.Context) (theCase, error) {
	var opened struct {
		ID string `json:"registration_id"`
	}
	anybody := p.w.client
	answer, err := anybody.Post(ctx, "/v1/registrations", map[string]any{
		"first_name": p.first, "last_name": p.last, "email": p.email, "county_plan": "Alameda", "language": p.language,
		"address": map[string]string{"line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612"},
	})
	if err := good(answer, err, &opened); err != nil {
		return theCase{}, fmt.Errorf("registering: %w", err)
	}
	p.codes++
	code := ""
	if err := p.w.until(ctx, "the code in the mailbox", func() error {
		arrived, err := p.w.mails(ctx, p.email)
		if err != nil {
			return err
		}
		codes := []string{}
		for _, mail := range arrived { // newest first
			if found := codeIs.FindStringSubmatch(mail.Text); found != nil {
				codes = append(codes, found[1])
			}
		}
		if len(codes) != p.codes {
			return fmt.Errorf("%d codes for %s, expected %d", len(codes), p.name, p.codes)
		}
		code = codes[0]
		return nil
	}); err != nil {
		return theCase{}, err
	}
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	path := "/v1/registrations/" + opened.ID + "/confirm"
	answer, err = anybody.Post(ctx, path, map[string]string{"code": wrong})
	if err := refused(answer, err, "not-found", ""); err != nil {
		return theCase{}, fmt.Errorf("a wrong code: %w", err)
	}
	var confirmed struct {
		Case  theCase `json:"case"`
		Token string  `json:"token"`
	}
	answer, err = anybody.Post(ctx, path, map[string]string{"code": code})
	if err := good(answer, err, &confirmed); err != nil {
		return theCase{}, fmt.Errorf("confirming: %w", err)
	}
	p.api = anybody.As(confirmed.Token)
	return confirmed.Case, nil
}

func (p *person) register(ctx context.Context) error {
	opened, err := p.confirm(ctx)
	if err != nil {
		return err
	}
	p.caseID, p.number = opened.ID, opened.Number
	p.w.say(p.name, "registers, confirms the code from the mailbox: case %s", p.number)
	return nil
}

// comeBack confirms the address again, once the first token is not valid any more.
func (p *person) comeBack(ctx context.Context) error {
	opened, err := p.confirm(ctx)
	if err == nil && opened.ID != p.caseID {
		err = fmt.Errorf("coming back led to another case")
	}
	if err != nil {
		return err
	}
	p.w.say(p.name, "comes back, confirms the address again, and finds the same case")
	return nil
}

func (p *person) watchVideo(ctx context.Context) error {
	answer, err := p.api.Signal(ctx, p.caseID, "complete-intro-video", nil)
	if err := refused(answer, err, "invalid", "video:not_watched"); err != nil {
		return fmt.Errorf("completing an unwatched video: %w", err)
	}
	var progress struct {
		Chapters []struct {
			Chapter string `json:"chapter"`
			Seconds int    `json:"seconds"`
		} `json:"chapters"`
	}
	path := "/v1/cases/" + p.caseID + "/video-progress"
	answer, err = p.api.Get(ctx, path)
	if err := good(answer, err, &progress); err != nil {
		return err
	}
	for i, chapter := range progress.Chapters {
		answer, err := p.api.Post(ctx, path, map[string]string{"chapter": chapter.Chapter, "event": "opened"})
		if err := good(answer, err, nil); err != nil {
			return fmt.Errorf("opening a chapter: %w", err)
		}
		if i == 0 {
			answer, err := p.api.Post(ctx, path, map[string]string{"chapter": chapter.Chapter, "event": "finished"})
			if err := refused(answer, err, "invalid", "chapter:not_watched"); err != nil {
				return fmt.Errorf("finishing a chapter at once: %w", err)
			}
		}
		now, err := p.w.now(ctx)
		if err != nil {
			return err
		}
		if _, err := p.w.clock(ctx, http.MethodPost, url.Values{"to": {now.Add(time.Duration(chapter.Seconds+1) * time.Second).UTC().Format(time.RFC3339)}}); err != nil {
			return err
		}
		answer, err = p.api.Post(ctx, path, map[string]string{"chapter": chapter.Chapter, "event": "finished"})
		if err := good(answer, err, nil); err != nil {
			return fmt.Errorf("finishing a chapter: %w", err)
		}
	}
	after, err := p.signal(ctx, "complete-intro-video", nil)
	if err == nil && after.Stage != "application" {
		err = fmt.Errorf("after the video the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.w.say(p.name, "watches %d chapters of the introduction video; one click does not count", len(progress.Chapters))
	return nil
}

func (p *person) upload(ctx context.Context, kind, fileName string, content []byte) (string, error) {
	var document struct {
		ID string `json:"id"`
	}
	answer, err := p.api.Upload(ctx, p.caseID, kind, fileName, bytes.NewReader(content))
	if err := good(answer, err, &document); err != nil {
		return "", fmt.Errorf("uploading a %s: %w", kind, err)
	}
	return document.ID, nil
}

// save changes a draft and gives its new revision.
func (p *person) save(ctx context.Context, form string, values map[string]any) (int, error) {
	var draft struct {
		Revision int `json:"revision"`
	}
	path := "/v1/cases/" + p.caseID + "/drafts/" + form
	answer, err := p.api.Get(ctx, path)
	if err := good(answer, err, &draft); err != nil {
		return 0, fmt.Errorf("reading the draft of the %s: %w", form, err)
	}
	answer, err = p.api.Patch(ctx, path, map[string]any{"revision": draft.Revision, "values": values})
	if err := good(answer, err, &draft); err != nil {
		return 0, fmt.Errorf("saving the draft of the %s: %w", form, err)
	}
	return draft.Revision, nil
}

func (p *person) apply(ctx context.Context) error {
	picture, err := photoID(90)
	if err != nil {
		return err
	}
	id, err := p.upload(ctx, "photo_id", "my id.jpg", picture)
	if err != nil {
		return err
	}
	diploma, err := p.upload(ctx, "diploma", "diploma.pdf", paper("High school diploma"))
	if err != nil {
		return err
	}
	var policy struct {
		Ethics string `json:"ethics_version"`
	}
	answer, err := p.api.Get(ctx, "/v1/policy")
	if err := good(answer, err, &policy); err != nil {
		return err
	}
	if _, err := p.save(ctx, "application", map[string]any{
		"legal_first_name": p.first, "legal_last_name": p.last, "date_of_birth": "1988-04-12", "id_expires_on": "2034-04-12",
	}); err != nil {
		return err
	}
	revision, err := p.save(ctx, "application", map[string]any{
		"education": "diploma", "lived_experience": "consumer", "photo_id": []string{id}, "diploma": []string{diploma},
		"attestations": map[string]bool{"willing_to_share": true, "dedicated_to_recovery": true, "true_and_complete": true},
		"ethics":       map[string]string{"version": policy.Ethics, "typed_name": p.first + " " + p.last},
	})
	if err != nil {
		return err
	}
	after, err := p.signal(ctx, "submit-application", map[string]any{
		"draft_revision": revision, "ethics_version": policy.Ethics, "document_ids": []string{id, diploma},
	})
	if err == nil && after.Stage != "application_fee" {
		err = fmt.Errorf("after submitting the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.w.say(p.name, "uploads a JPEG and a PDF, signs the code of ethics (%s), hands the application in", policy.Ethics)
	return nil
}

// pay accepts that a fee is not refunded, and pays at the processor's page.
func (p *person) pay(ctx context.Context, cents int64, next certification.Stage) error {
	var policy struct {
		NotRefundable string `json:"not_refundable_version"`
	}
	answer, err := p.api.Get(ctx, "/v1/policy")
	if err := good(answer, err, &policy); err != nil {
		return err
	}
	asked, err := p.signal(ctx, "pay-fee", map[string]any{"not_refundable_version": policy.NotRefundable})
	if err != nil {
		return err
	}
	if asked.Payment == nil || asked.Payment.CheckoutURL == "" {
		return errors.New("pay-fee gave no payment page")
	}
	if asked.Payment.AmountCents != cents {
		return fmt.Errorf("the fee is %d cents, not %d", asked.Payment.AmountCents, cents)
	}
	if err := p.w.fetch(ctx, http.MethodPost, asked.Payment.CheckoutURL, url.Values{"action": {"pay"}}, nil); err != nil {
		return fmt.Errorf("paying: %w", err)
	}
	if _, err := p.reach(ctx, next); err != nil {
		return err
	}
	p.expect(certification.LetterReceipt)
	p.w.say(p.name, "pays $%d.%02d at the payment page; the signed webhook settles it", cents/100, cents%100)
	return nil
}

// expect notes letters that must arrive.
func (p *person) expect(letters ...certification.Letter) { p.letters = append(p.letters, letters...) }

// checkLetters waits until exactly the letters that were expected have arrived, each
// once, in the person's language.
func (p *person) checkLetters(ctx context.Context) error {
	return p.w.until(ctx, "the letters of "+p.name, func() error {
		var listed struct {
			Items []struct {
				ID      string `json:"id"`
				Letter  string `json:"letter"`
				Subject string `json:"subject"`
				SentAt  string `json:"sent_at"`
			} `json:"items"`
		}
		answer, err := p.api.Get(ctx, "/v1/cases/"+p.caseID+"/letters")
		if err := good(answer, err, &listed); err != nil {
			return err
		}
		var got []certification.Letter
		for _, letter := range listed.Items {
			got = append(got, certification.Letter(letter.Letter))
		}
		want := slices.Clone(p.letters)
		slices.Sort(want)
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if !slices.Equal(want, sorted) {
			return fmt.Errorf("the case has letters %v, expected %v", got, p.letters)
		}
		arrived, err := p.w.mails(ctx, p.email)
		if err != nil {
			return err
		}
		for _, letter := range listed.Items {
			times := 0
			for _, mail := range arrived {
				if strings.Contains(mail.MessageID, letter.ID) {
					times++
					if mail.Subject != letter.Subject {
						return fmt.Errorf("letter %s arrived with another subject than the case shows", letter.Letter)
					}
				}
			}
			if times != 1 {
				return fmt.Errorf("letter %s arrived %d times", letter.Letter, times)
			}
		}
		if len(arrived) != len(listed.Items)+p.codes { // codes are of no case
			return fmt.Errorf("%d letters arrived, %d are of the case", len(arrived), len(listed.Items))
		}
		return nil
	})
}
