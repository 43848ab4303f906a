package journey

import (
	"bytes"
	"context"
	"crypto/rand"
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
	"peercert/web"
)

// Person is one applicant on the way.
type Person struct {
	Name     string // as printed
	First    string
	Last     string
	Email    string
	Language string

	API    *apitest.Client // with the person's own token, once the address is confirmed
	CaseID string
	Number string // of the case

	w     *World
	codes int // confirmation codes that were mailed
	// letters are those that must have arrived, in order.
	letters []certification.Letter
	// words are what letters must say.
	words map[certification.Letter]string
}

// NewPerson is somebody new, with an address of their own. The name is the first name too.
func (w *World) NewPerson(name, last, language string) *Person {
	return &Person{
		w: w, Name: name, First: name, Last: last, Language: language,
		Email: strings.ToLower(name) + "." + strings.ToLower(rand.Text()) + "@example.test",
	}
}

// Case is what the API says of a case, as far as a journey looks at it.
type Case struct {
	ID        string     `json:"id"`
	Number    string     `json:"number"`
	Stage     string     `json:"stage"`
	Due       *time.Time `json:"due_at"`
	Available []string   `json:"available_signals"`
	Policy    string     `json:"policy_version"`
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

// Signal sends a signal, and once more with the same key while a document is still
// being checked or a part is away for a moment.
func (p *Person) Signal(ctx context.Context, name string, body any) (Case, error) {
	return p.SignalAs(ctx, p.API, name, body)
}

// SignalAs sends it as somebody else: a reviewer, an administrator.
func (p *Person) SignalAs(ctx context.Context, as *apitest.Client, name string, body any) (Case, error) {
	var after Case
	key := "journey-" + name + "-" + fmt.Sprint(time.Now().UnixNano())
	err := p.w.Until(ctx, name, func() error {
		answer, err := as.Signal(ctx, p.CaseID, name, body, apitest.WithKey(key))
		return good(answer, err, &after)
	})
	return after, err
}

// Look reads the case.
func (p *Person) Look(ctx context.Context) (Case, error) {
	var now Case
	answer, err := p.API.Get(ctx, "/v1/cases/"+p.CaseID)
	return now, good(answer, err, &now)
}

// Reach waits until the case is at a stage.
func (p *Person) Reach(ctx context.Context, stage certification.Stage) (Case, error) {
	var now Case
	err := p.w.Until(ctx, "stage "+string(stage), func() error {
		var err error
		if now, err = p.Look(ctx); err == nil && now.Stage != string(stage) {
			err = fmt.Errorf("the case of %s is at %s", p.Name, now.Stage)
		}
		return err
	})
	return now, err
}

// codeIs finds the sentence with the code, in English, Spanish and Arabic, where marks
// may set the number apart.
var codeIs = regexp.MustCompile(`(?:Your code is|código es|رمزك هو) [^0-9]?(\d{6})[^0-9]?\.`)

// Confirm registers an address, takes the code from the mailbox, and confirms it
// after a wrong try. An address that is known leads to the case that is open.
func (p *Person) Confirm(ctx context.Context) (Case, error) {
	var opened struct {
		ID string `json:"registration_id"`
	}
	// Codes of signing in at the portal come to the same mailbox.
	before, err := p.mailedCodes(ctx)
	if err != nil {
		return Case{}, err
	}
	anybody := p.w.client
	answer, err := anybody.Post(ctx, "/v1/registrations", map[string]any{
		"first_name": p.First, "last_name": p.Last, "email": p.Email, "county_plan": "Alameda", "language": p.Language,
		"address": map[string]string{"line1": "1 Main Street", "city": "Oakland", "state": "CA", "zip": "94612"},
	})
	if err := good(answer, err, &opened); err != nil {
		return Case{}, fmt.Errorf("registering: %w", err)
	}
	p.codes++
	code := ""
	if err := p.w.Until(ctx, "the code in the mailbox", func() error {
		codes, err := p.mailedCodes(ctx)
		if err != nil {
			return err
		}
		if len(codes) != len(before)+1 {
			return fmt.Errorf("%d codes for %s, expected %d", len(codes), p.Name, len(before)+1)
		}
		code = codes[0]
		return nil
	}); err != nil {
		return Case{}, err
	}
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	path := "/v1/registrations/" + opened.ID + "/confirm"
	answer, err = anybody.Post(ctx, path, map[string]string{"code": wrong})
	if err := refused(answer, err, "not-found", ""); err != nil {
		return Case{}, fmt.Errorf("a wrong code: %w", err)
	}
	var confirmed struct {
		Case  Case   `json:"case"`
		Token string `json:"token"`
	}
	// A case that does not open in time is asked for again with the same key.
	key := rand.Text()
	_ = p.w.Until(ctx, "the case", func() error {
		answer, err = anybody.Post(ctx, path, map[string]string{"code": code}, apitest.WithKey(key))
		if err == nil && answer.Status == http.StatusServiceUnavailable {
			return errors.New("it did not open in time")
		}
		return nil
	}) // what was answered last is judged
	if err := good(answer, err, &confirmed); err != nil {
		return Case{}, fmt.Errorf("confirming: %w", err)
	}
	p.API = anybody.As(confirmed.Token)
	return confirmed.Case, nil
}

// mailedCodes are the codes that came to the mailbox, the newest first.
func (p *Person) mailedCodes(ctx context.Context) ([]string, error) {
	arrived, err := p.w.mails(ctx, p.Email)
	var codes []string
	for _, mail := range arrived {
		if found := codeIs.FindStringSubmatch(mail.Text); found != nil {
			codes = append(codes, found[1])
		}
	}
	return codes, err
}

// Register confirms an address that is new, and so opens a case.
func (p *Person) Register(ctx context.Context) error {
	opened, err := p.Confirm(ctx)
	if err != nil {
		return err
	}
	p.CaseID, p.Number = opened.ID, opened.Number
	p.w.say(p.Name, "registers, confirms the code from the mailbox: case %s", p.Number)
	return nil
}

// comeBack confirms the address again, once the first token is not valid any more.
func (p *Person) comeBack(ctx context.Context) error {
	opened, err := p.Confirm(ctx)
	if err == nil && opened.ID != p.CaseID {
		err = fmt.Errorf("coming back led to another case")
	}
	if err != nil {
		return err
	}
	p.w.say(p.Name, "comes back, confirms the address again, and finds the same case")
	return nil
}

// WatchVideos lets people watch the introduction video together, chapter by chapter,
// while the clock moves on for all of them; then each says so.
func (w *World) WatchVideos(ctx context.Context, people ...*Person) error {
	var video struct {
		Chapters []struct {
			Chapter string `json:"chapter"`
			Seconds int    `json:"seconds"`
		} `json:"chapters"`
	}
	answer, err := w.client.Get(ctx, "/v1/reference/video")
	if err := good(answer, err, &video); err != nil {
		return fmt.Errorf("reading about the video: %w", err)
	}
	for _, p := range people {
		answer, err := p.API.Signal(ctx, p.CaseID, "complete-intro-video", nil)
		if err := refused(answer, err, "invalid", "video:not_watched"); err != nil {
			return fmt.Errorf("completing an unwatched video: %w", err)
		}
	}
	defer w.alone()() // nobody else's minutes make a chapter over
	for i, chapter := range video.Chapters {
		for _, p := range people {
			if err := p.watch(ctx, chapter.Chapter, "opened"); err != nil {
				return err
			}
			if i > 0 {
				continue
			}
			answer, err := p.API.Post(ctx, "/v1/cases/"+p.CaseID+"/video-progress", map[string]string{"chapter": chapter.Chapter, "event": "finished"})
			if err := refused(answer, err, "invalid", "chapter:not_watched"); err != nil {
				return fmt.Errorf("finishing a chapter at once: %w", err)
			}
		}
		if _, err := w.clock(ctx, http.MethodPost, url.Values{"advance": {fmt.Sprintf("%ds", chapter.Seconds+1)}}); err != nil {
			return err
		}
		for _, p := range people {
			if err := p.watch(ctx, chapter.Chapter, "finished"); err != nil {
				return err
			}
		}
	}
	for _, p := range people {
		after, err := p.Signal(ctx, "complete-intro-video", nil)
		if err == nil && after.Stage != "application" {
			err = fmt.Errorf("after the video the case is at %s", after.Stage)
		}
		if err != nil {
			return err
		}
		w.say(p.Name, "watches %d chapters of the introduction video; one click does not count", len(video.Chapters))
	}
	return nil
}

func (p *Person) watch(ctx context.Context, chapter, event string) error {
	answer, err := p.API.Post(ctx, "/v1/cases/"+p.CaseID+"/video-progress", map[string]string{"chapter": chapter, "event": event})
	if err := good(answer, err, nil); err != nil {
		return fmt.Errorf("a chapter is %s: %w", event, err)
	}
	return nil
}

// Upload sends a document and gives its id.
func (p *Person) Upload(ctx context.Context, kind, fileName string, content []byte) (string, error) {
	var document struct {
		ID string `json:"id"`
	}
	answer, err := p.API.Upload(ctx, p.CaseID, kind, fileName, bytes.NewReader(content))
	if err := good(answer, err, &document); err != nil {
		return "", fmt.Errorf("uploading a %s: %w", kind, err)
	}
	return document.ID, nil
}

// Save changes a draft and gives its new revision.
func (p *Person) Save(ctx context.Context, form string, values map[string]any) (int, error) {
	var draft struct {
		Revision int `json:"revision"`
	}
	path := "/v1/cases/" + p.CaseID + "/drafts/" + form
	answer, err := p.API.Get(ctx, path)
	if err := good(answer, err, &draft); err != nil {
		return 0, fmt.Errorf("reading the draft of the %s: %w", form, err)
	}
	answer, err = p.API.Patch(ctx, path, map[string]any{"revision": draft.Revision, "values": values})
	if err := good(answer, err, &draft); err != nil {
		return 0, fmt.Errorf("saving the draft of the %s: %w", form, err)
	}
	return draft.Revision, nil
}

// Apply fills the application in, uploads its documents and submits it.
func (p *Person) Apply(ctx context.Context) error {
	picture, err := PhotoID(90)
	if err != nil {
		return err
	}
	id, err := p.Upload(ctx, "photo_id", "my id.jpg", picture)
	if err != nil {
		return err
	}
	diploma, err := p.Upload(ctx, "diploma", "diploma.pdf", Paper("High school diploma"))
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
	now, err := p.w.now(ctx)
	if err != nil {
		return err
	}
	if _, err := p.Save(ctx, "application", map[string]any{
		"legal_first_name": p.First, "legal_last_name": p.Last, "date_of_birth": "1988-04-12",
		"id_expires_on": now.AddDate(4, 0, 0).Format(time.DateOnly), // whenever the journey is
	}); err != nil {
		return err
	}
	revision, err := p.Save(ctx, "application", map[string]any{
		"education": "diploma", "lived_experience": "consumer", "photo_id": []string{id}, "diploma": []string{diploma},
		"attestations": map[string]bool{"willing_to_share": true, "dedicated_to_recovery": true, "true_and_complete": true},
		"ethics":       map[string]string{"version": policy.Ethics, "typed_name": p.First + " " + p.Last},
	})
	if err != nil {
		return err
	}
	after, err := p.Signal(ctx, "submit-application", map[string]any{
		"draft_revision": revision, "ethics_version": policy.Ethics, "document_ids": []string{id, diploma},
	})
	if err == nil && after.Stage != "application_fee" {
		err = fmt.Errorf("after submitting the case is at %s", after.Stage)
	}
	if err != nil {
		return err
	}
	p.w.say(p.Name, "uploads a JPEG and a PDF, signs the code of ethics (%s), hands the application in", policy.Ethics)
	return nil
}

// Pay accepts that a fee is not refunded, and pays at the processor's page.
func (p *Person) Pay(ctx context.Context, cents int64, next certification.Stage) error {
	now, err := p.Look(ctx)
	if err != nil {
		return err
	}
	var policy struct {
		NotRefundable string `json:"not_refundable_version"`
	}
	answer, err := p.API.Get(ctx, "/v1/policy?version="+url.QueryEscape(now.Policy))
	if err := good(answer, err, &policy); err != nil {
		return err
	}
	asked, err := p.Signal(ctx, "pay-fee", map[string]any{"not_refundable_version": policy.NotRefundable})
	if err != nil {
		return err
	}
	// The answer waits a moment for the page; one that is slow is read with the case.
	if err := p.w.Until(ctx, "the payment page", func() error {
		var err error
		if asked.Payment == nil || asked.Payment.CheckoutURL == "" {
			if asked, err = p.Look(ctx); err == nil && (asked.Payment == nil || asked.Payment.CheckoutURL == "") {
				err = errors.New("pay-fee gave no payment page")
			}
		}
		return err
	}); err != nil {
		return err
	}
	if asked.Payment.AmountCents != cents {
		return fmt.Errorf("the fee is %d cents, not %d", asked.Payment.AmountCents, cents)
	}
	if err := p.w.fetch(ctx, http.MethodPost, asked.Payment.CheckoutURL, url.Values{"action": {"pay"}}, nil); err != nil {
		return fmt.Errorf("paying: %w", err)
	}
	if _, err := p.Reach(ctx, next); err != nil {
		return err
	}
	p.expect(certification.LetterReceipt)
	p.w.say(p.Name, "pays $%d.%02d at the payment page; the signed webhook settles it", cents/100, cents%100)
	return nil
}

// expect notes letters that must arrive.
func (p *Person) expect(letters ...certification.Letter) { p.letters = append(p.letters, letters...) }

// expectWords notes what a letter that arrived must say, beside being in the person's
// language.
func (p *Person) expectWords(letter certification.Letter, words string) {
	if p.words == nil {
		p.words = map[certification.Letter]string{}
	}
	p.words[letter] = words
}

// reads says what is wrong with the words of a mail for somebody; nil if nothing.
func (p *Person) reads(letter certification.Letter, mail mail) error {
	language := web.Words(p.Language)
	if subject := language.Say("letter."+string(letter)+".subject", nil); mail.Subject != subject {
		return fmt.Errorf("letter %s has the subject %q, expected %q", letter, mail.Subject, subject)
	}
	if !strings.Contains(mail.HTML, `<html lang="`+p.Language+`"`) {
		return fmt.Errorf("letter %s is not in the language of %s", letter, p.Name)
	}
	if text := plain(mail.Text); !strings.Contains(text, plain(p.words[letter])) {
		return fmt.Errorf("letter %s does not say %q", letter, p.words[letter])
	}
	return nil
}

// plain is a text on one line, without the marks that hold writing directions apart.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "", "\u00a0", " ").Replace(text)), " ")
}

// checkLetters waits until exactly the letters that were expected have arrived, each
// once, in the person's language.
func (p *Person) checkLetters(ctx context.Context) error {
	return p.w.Until(ctx, "the letters of "+p.Name, func() error {
		var listed struct {
			Items []struct {
				ID      string `json:"id"`
				Letter  string `json:"letter"`
				Subject string `json:"subject"`
				SentAt  string `json:"sent_at"`
			} `json:"items"`
		}
		answer, err := p.API.Get(ctx, "/v1/cases/"+p.CaseID+"/letters")
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
		arrived, err := p.w.mails(ctx, p.Email)
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
					if err := p.reads(certification.Letter(letter.Letter), mail); err != nil {
						return err
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
