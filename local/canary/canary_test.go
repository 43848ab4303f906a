// Package canary lives cases full of words that stand for personal data, and then
// looks for these words where none may be: in Temporal's database and in every log.
package canary

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/activities"
	"peercert/api/apitest"
	"peercert/cases"
	"peercert/certification"
	"peercert/exams"
	"peercert/local/examsimulator"
	"peercert/local/journey"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/local/stacktest"
	"peercert/workflows"
)

// canaries are words that nobody else says, by what they stand for.
type canaries map[string]string

// word is a new one. It has two halves of eight letters that can each be known again:
// where a database breaks a text in two, one of them stays whole.
func (c canaries) word(what string) string {
	letters := make([]byte, 16)
	for i := range letters {
		letters[i] = "bcdfghjkmnpqrstvwxz"[rand.IntN(19)]
	}
	c[what] = string(letters)
	return c[what]
}

// said adds a word that cannot be made of letters.
func (c canaries) said(what, word string) string {
	c[what] = word
	return word
}

// traces are all ways in which a word is looked for.
func traces(word string) [][]byte {
	word = strings.ToLower(word)
	if len(word) < 16 {
		return [][]byte{[]byte(word)} // halves would be found anywhere
	}
	var ways [][]byte
	for _, part := range []string{word, word[:len(word)/2], word[len(word)/2:]} {
		ways = append(ways, []byte(part))
	}
	// In base64 a text looks different by where it begins; its first and last
	// characters depend on its neighbors.
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + word))
		ways = append(ways, []byte(strings.ToLower(encoded[4:len(encoded)-4])))
	}
	return ways
}

// look finds the files in which a word is.
func look(t *testing.T, files []string, word string) (found []string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the database's journal
		}
		require.NoError(t, err)
		content = bytes.ToLower(content)
		if slices.ContainsFunc(traces(word), func(way []byte) bool { return bytes.Contains(content, way) }) {
			found = append(found, filepath.Base(file))
		}
	}
	return found
}

func TestNothingPersonalIsInTemporalOrInLogs(t *testing.T) {
	stacktest.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(running.Stop)
	p, err := product.Start(ctx, running, product.Options{Forget: true, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { running.Stop(); p.Close() })
	world, err := p.World(ctx, t.Output())
	require.NoError(t, err)
	require.NoError(t, world.Open())

	c := canaries{}
	l := &life{T: t, canaries: c, stack: running, product: p, world: world}
	l.register(ctx)
	l.apply(ctx)
	l.appeal(ctx)
	l.train(ctx)
	l.examine(ctx)
	l.portal(ctx)
	l.outages(ctx)
	l.nonsense(ctx)
	l.administrate(ctx)
	l.browse(ctx)

	// What may be found, so that the search is known to find.
	planted := canaries{}
	_, err = p.Parts.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "planted", TaskQueue: "nobody"}, "Nothing",
		map[string]string{"name": planted.word("a payload")})
	require.NoError(t, err)
	slog.Info("planted", "payload", []byte(planted.word("a log"))) // as base64
	slog.Info("planted", "name", strings.ToUpper(planted.word("a name in a log")))

	require.NoError(t, running.StopPart(stack.Temporal)) // so that its database is on the disk
	files, err := filepath.Glob(filepath.Join(running.Dir(), "temporal.db*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, part := range []string{"logs/*", "*.log"} {
		logs, err := filepath.Glob(filepath.Join(running.Dir(), part))
		require.NoError(t, err)
		require.NotEmpty(t, logs)
		files = append(files, logs...)
	}
	files = append(files, running.Log(stack.PostgreSQL))

	database, logs := look(t, files[:1], l.person.CaseID), look(t, files, l.person.CaseID)
	require.NotEmpty(t, database, "the search does not find what is there")
	require.Contains(t, logs, "peercert.log", "the search does not find what is there")
	for what, word := range planted {
		require.NotEmpty(t, look(t, files, word), "the search does not find %s", what)
	}
	for what, word := range c {
		require.Empty(t, look(t, files, word), "%s of a person is where nothing personal may be", what)
	}
	t.Logf("%d words looked for in %d files", len(c), len(files))
}

// life is one person who leaves words wherever a person can.
type life struct {
	*testing.T
	canaries
	stack   *stack.Stack
	product *product.Product
	world   *journey.World
	person  *journey.Person
}

func (l *life) must(err error) {
	l.Helper()
	require.NoError(l.T, err)
}

// answered wants an answer, whatever it is.
func (l *life) answered(answer apitest.Answer, err error) apitest.Answer {
	l.Helper()
	l.must(err)
	return answer
}

func (l *life) until(ctx context.Context, what string, ask func() error) {
	l.Helper()
	l.must(l.world.Until(ctx, what, ask))
}

// registration is everything that a person can say of themselves.
func (l *life) registration(prefix string) map[string]any {
	name := func(what string) string { return strings.ToUpper(prefix[:1]) + l.word(prefix+" "+what) }
	return map[string]any{
		"first_name": name("first name"), "middle_name": name("middle name"), "last_name": name("last name"), "called": name("called"),
		"email": l.word(prefix+" e-mail") + "@" + l.word(prefix+" e-mail host") + ".example", "phone": "+1" + l.said("phone", "2135550182"),
		"county_plan": "Alameda", "language": "en", "date_of_birth": l.said("date of birth", "1971-03-09"),
		"address": map[string]string{
			"line1": "1 " + l.word(prefix+" street"), "line2": l.word(prefix + " flat"), "city": l.word(prefix + " city"), "state": "CA", "zip": "94612",
		},
	}
}

func (l *life) register(ctx context.Context) {
	// One who says all there is to say.
	var opened struct {
		ID string `json:"registration_id"`
	}
	answer := l.answered(l.world.Anybody().Post(ctx, "/v1/registrations", l.registration("registered")))
	require.Equal(l.T, http.StatusAccepted, answer.Status, "%s", answer.Body)
	l.must(answer.Into(&opened))
	l.until(ctx, "the case", func() error { // with one key, however slow it is
		answer := l.answered(l.world.Anybody().Post(ctx, "/v1/registrations/"+opened.ID+"/confirm",
			map[string]string{"code": cases.ConfirmationCode(l.product.Settings.TokenSecret, opened.ID)}, apitest.WithKey("confirm-canary-0001")))
		if answer.Status != http.StatusCreated {
			return fmt.Errorf("answered %d: %s", answer.Status, answer.Body)
		}
		return nil
	})

	// One who lives.
	l.person = l.world.NewPerson("Canary", "Canary", "es")
	l.person.First, l.person.Last = "A"+l.word("first name"), "B"+l.word("last name")
	l.person.Email = l.word("e-mail") + "@people.example"
	l.must(l.person.Register(ctx))
	l.must(l.world.WatchVideos(ctx, l.person))
}

func (l *life) apply(ctx context.Context) {
	paper := journey.Paper(l.word("text of a document"))
	_, err := l.person.Upload(ctx, "diploma", l.word("file name")+".pdf", paper)
	l.must(err)
	_, err = l.person.Upload(ctx, "diploma", l.word("name of a refused file")+".jpg", []byte("MZ "+l.word("text of a refused file")))
	require.Error(l.T, err)
	draft := func(values map[string]any) { // refused or saved with findings
		l.answered(l.person.API.Patch(ctx, "/v1/cases/"+l.person.CaseID+"/drafts/application", map[string]any{"revision": 0, "values": values}))
	}
	draft(map[string]any{"legal_first_name": strings.Repeat(l.word("a name that is too long"), 20)})
	draft(map[string]any{"legal_middle_name": l.word("legal middle name"), "called": l.word("called in the draft"), "date_of_birth": "2015-01-01"})
	l.person.First, l.person.Last = "C"+l.word("legal first name"), "D"+l.word("legal last name") // and the name typed under the ethics
	l.must(l.person.Apply(ctx))
	l.must(l.person.Pay(ctx, 100_00, certification.StageApplicationReview))
}

func (l *life) decide(ctx context.Context, token, decision string, body map[string]any, then certification.Stage) {
	l.Helper()
	as := l.world.Anybody().As(token)
	_, err := l.person.SignalAs(ctx, as, "claim-review", nil)
	l.must(err)
	_, err = l.person.SignalAs(ctx, as, decision, body)
	l.must(err)
	_, err = l.person.Reach(ctx, then)
	l.must(err)
}

func (l *life) appeal(ctx context.Context) {
	l.decide(ctx, l.world.Reviewer, "decide-application", map[string]any{
		"decision": "deny", "reasons": []string{"FALSE_STATEMENT"}, "notes": map[string]string{"FALSE_STATEMENT": "Look: " + l.word("note to a denial")},
	}, certification.StageDenied)
	revision, err := l.person.Save(ctx, "appeal", map[string]any{"statement": "I say that " + l.word("statement of an appeal") + " is true."})
	l.must(err)
	_, err = l.person.Signal(ctx, "appeal", map[string]any{"draft_revision": revision})
	l.must(err)
	l.decide(ctx, l.world.Reviewer2, "decide-appeal", map[string]any{"decision": "approve"}, certification.StageTraining)
}

func (l *life) train(ctx context.Context) {
	handIn := func() {
		document, err := l.person.Upload(ctx, "training_certificate", l.word("name of a training file")+".pdf", journey.Paper(l.word("text of a training file")))
		l.must(err)
		const provider = "bay-peer-academy"
		revision, err := l.person.Save(ctx, "training", map[string]any{
			"provider_id": provider, "hours": 80, "document_ids": []string{document},
			"completed_on": l.product.Clock.Now().AddDate(0, 0, -2).In(certification.Pacific).Format(time.DateOnly),
		})
		l.must(err)
		_, err = l.person.Signal(ctx, "submit-training", map[string]any{"draft_revision": revision, "document_ids": []string{document}, "provider_id": provider})
		l.must(err)
	}
	handIn()
	l.decide(ctx, l.world.Reviewer, "decide-training", map[string]any{
		"decision": "return", "reasons": []string{"OTHER"}, "notes": map[string]string{"OTHER": l.word("note to a return")},
	}, certification.StageTrainingReturned)
	handIn()
	_, err := l.person.SignalAs(ctx, l.world.AsReviewer(), "decide-training", map[string]any{"decision": "approve"})
	l.must(err)
}

// logged waits until a failure was logged, so that its cause had its chance to be.
func (l *life) logged(ctx context.Context, failure string) {
	l.Helper()
	l.until(ctx, failure, func() error {
		log, err := os.ReadFile(filepath.Join(l.stack.Dir(), "peercert.log"))
		if err == nil && !bytes.Contains(log, []byte(failure)) {
			err = errors.New("it was not logged")
		}
		return err
	})
}

// examine pays, tests and passes while what each step needs is away at first.
func (l *life) examine(ctx context.Context) {
	l.must(l.stack.StopPart(product.PaymentSimulator))
	_, err := l.person.Signal(ctx, "pay-fee", map[string]any{"not_refundable_version": certification.CurrentPolicy(l.product.Clock.Now()).NotRefundableVersion})
	l.must(err)
	l.logged(ctx, activities.FailurePayments)
	l.must(l.stack.StartPart(ctx, product.PaymentSimulator))
	l.must(l.person.Pay(ctx, 150_00, certification.StageExamBooking))

	takeAway := l.vendorFile(ctx)
	l.must(l.stack.StopPart(stack.S3))
	_, err = l.person.Upload(ctx, "diploma", l.word("name of a file without a place")+".pdf", journey.Paper("late"))
	require.Error(l.T, err)
	_, err = l.person.Signal(ctx, "book-exam", map[string]any{"language": "es", "place": "online"})
	l.must(err)
	l.logged(ctx, activities.FailureStorage)
	l.must(l.stack.StartPart(ctx, stack.S3))
	takeAway()
	_, err = l.person.SignalAs(ctx, l.world.Anybody().As(l.world.Administrator), "retry-step", nil)
	l.must(err)
	authorization := ""
	l.until(ctx, "the authorization", func() error {
		now, err := l.person.Look(ctx)
		if err == nil && (now.Exam == nil || now.Exam.BookingURL == "") {
			err = errors.New("it has not come")
		}
		if err == nil {
			authorization = now.Exam.AuthorizationID
		}
		return err
	})

	l.stack.Mailbox().Refuse(true)
	at := certification.AddDays(l.product.Clock.Now(), 3)
	_, err = l.product.Exam.Book(ctx, authorization, at)
	l.must(err)
	_, err = l.person.Reach(ctx, certification.StageExamBooked)
	l.must(err)
	l.logged(ctx, activities.FailureMail)
	l.stack.Mailbox().Refuse(false)
	l.must(l.world.MoveTo(ctx, at.Add(6*time.Hour)))
	_, err = l.person.Reach(ctx, certification.StageExamScoring)
	l.must(err)
	_, err = l.product.Exam.Report(ctx, examsimulator.Outcome{AuthorizationID: authorization, Outcome: "passed", ByWebhook: true})
	l.must(err)
	_, err = l.person.Reach(ctx, certification.StageCertified)
	l.must(err)
}

// vendorFile leaves files of the exam vendor that are named after somebody. One cannot be
// read and one cannot be moved away: there is a folder where it should go. It gives what
// takes that away again.
func (l *life) vendorFile(ctx context.Context) (takeAway func()) {
	files := l.product.Parts.Documents.Files(exams.Prefix)
	put := func(key, content string) {
		l.Helper()
		l.must(files.Put(ctx, key, []byte(content), "text/csv"))
	}
	put(exams.ResultsPrefix+l.word("name of a file of nonsense")+".csv", l.word("header of a file"))
	put(exams.ResultsPrefix+l.word("name of a file that is not collected")+".txt", "")

	digits := func(text string) string { // as they stand for a name
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:8])
	}
	const content = "event_id,authorization_id,examined_at,outcome,version,reason\n"
	name := l.word("name of a file that stays")
	key := exams.ResultsPrefix + name + ".csv"
	obstacle := exams.DonePrefix + "results/" + name + "-" + digits(content) + ".csv/obstacle"
	put(obstacle, "")
	put(key, content)
	l.logged(ctx, digits(key))
	return func() {
		l.must(files.Remove(ctx, key))
		l.must(files.Remove(ctx, obstacle))
	}
}

// outages asks for things while the records and Temporal are away.
func (l *life) outages(ctx context.Context) {
	course := map[string]any{"title": l.word("title of a course"), "provider": l.word("provider of a course"), "completed_on": "2026-01-02", "hours": 6, "law_and_ethics": true}
	_, err := l.person.Save(ctx, "renewal", map[string]any{"courses": []any{course}})
	l.must(err)

	l.must(l.stack.StopPart(stack.PostgreSQL))
	require.Equal(l.T, http.StatusServiceUnavailable, l.answered(l.world.Anybody().Post(ctx, "/v1/registrations", l.registration("unstored"))).Status)
	l.answered(l.person.API.Patch(ctx, "/v1/cases/"+l.person.CaseID+"/drafts/renewal", map[string]any{
		"revision": 1, "values": map[string]any{"courses": []any{map[string]any{"title": l.word("unstored title"), "provider": "x", "completed_on": "2026-01-02", "hours": 6}}},
	}))
	l.must(l.stack.StartPart(ctx, stack.PostgreSQL))

	l.must(l.stack.StopPart(stack.Temporal))
	hold := l.answered(l.world.Anybody().As(l.world.Administrator).Signal(ctx, l.person.CaseID, "hold", map[string]string{"reason": "records_check"}))
	require.Equal(l.T, http.StatusServiceUnavailable, hold.Status)
	l.must(l.stack.StartPart(ctx, stack.Temporal))
	l.until(ctx, "the case to answer again", func() error {
		_, err := l.person.SignalAs(ctx, l.world.Anybody().As(l.world.Administrator), "wake", nil)
		return err
	})
}

// nonsense says personal things where they do not belong.
func (l *life) nonsense(ctx context.Context) {
	anybody, wrong := l.world.Anybody(), apitest.Broken()
	l.answered(anybody.Get(ctx, "/v1/"+l.word("path"), wrong))
	l.answered(anybody.Get(ctx, "/v1/certificates/"+l.word("number of a certificate"), wrong))
	l.answered(anybody.Get(ctx, "/v1/cases?stage="+l.word("filter"), wrong))
	l.answered(l.world.AsReviewer().Get(ctx, "/v1/cases?cursor="+l.word("cursor")+"&"+l.word("parameter")+"=1", wrong))
	l.answered(anybody.As("pct_"+l.word("token")).Get(ctx, "/v1/cases", wrong))
	l.answered(anybody.Post(ctx, "/v1/registrations", map[string]any{l.word("name of a field"): l.word("value of a field")}, wrong))
	l.post(ctx, "/v1/registrations", `{"first_name": "`+l.word("broken JSON"))
	l.post(ctx, "/v1/registrations", `{"first_name": "`+l.word("JSON of the wrong type")+`", "address": "`+l.word("address of the wrong type")+`"}`)
	l.answered(anybody.Post(ctx, "/v1/registrations", map[string]any{"first_name": 7, "email": l.word("no e-mail")}, wrong))
	l.answered(l.world.AsReviewer().Get(ctx, fmt.Sprintf("/v1/cases/%s/drafts/application", l.person.CaseID), apitest.WithHeader("Purpose", l.word("purpose")), wrong))
	l.answered(l.person.API.Signal(ctx, l.person.CaseID, "surrender", map[string]string{"why": l.word("unknown field of a signal")}, wrong))
	l.answered(anybody.Get(ctx, "/livez", apitest.WithHeader("X-Request-Id", "name "+l.word("request id")), apitest.WithHeader("User-Agent", l.word("user agent")), wrong))
	l.answered(anybody.Post(ctx, "/v1/webhooks/stripe", map[string]string{"email": l.word("unsigned webhook")}, apitest.WithHeader("Stripe-Signature", "t=1,v1=00"), wrong))
}

// administrate writes sentences where administrators' signals take codes and ids, through
// the API and through Temporal, where no openapi.yaml stands before them.
func (l *life) administrate(ctx context.Context) {
	administrator := l.world.Anybody().As(l.world.Administrator)
	for _, message := range []certification.Message{
		&certification.Hold{Reason: "about " + l.word("reason of a hold")},
		&certification.WaiveFee{Reason: "about " + l.word("reason of a waiver")},
		&certification.Suspend{Reason: "about " + l.word("reason of a suspension")},
		&certification.Revoke{Reason: "about " + l.word("reason of a revocation")},
		&certification.Reassign{ReviewerID: "Robin " + l.word("name of a reviewer")},
		&certification.Wake{Envelope: certification.Envelope{Actor: certification.Actor{
			Role: certification.RoleAdministrator, ID: "Robin " + l.word("name of an administrator")}}},
	} {
		signal := string(message.Signal())
		update, err := l.product.Parts.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: workflows.CaseWorkflowID(l.person.CaseID), UpdateName: signal, Args: []any{message},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		l.must(err)
		require.Error(l.T, update.Get(ctx, nil), signal)
		if certification.EnvelopeOf(message).Actor.ID == "" { // who sends it is not in a body
			require.GreaterOrEqual(l.T, l.answered(administrator.Signal(ctx, l.person.CaseID, signal, message, apitest.Broken())).Status, 400, signal)
		}
	}
}

// browse goes to pages of the portal and the console, with words in all that a browser
// sends.
func (l *life) browse(ctx context.Context) {
	site := strings.TrimSuffix(l.product.Settings.PublicURL, "/")
	ask := func(method, path string, form url.Values) {
		request, err := http.NewRequestWithContext(ctx, method, site+path, strings.NewReader(form.Encode()))
		l.must(err)
		if method == http.MethodPost {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for _, name := range []string{"User-Agent", "Referer", "X-Request-Id", "Accept-Language", "X-Forwarded-For"} {
			request.Header.Set(name, "a "+l.word("header "+name))
		}
		request.AddCookie(&http.Cookie{Name: "session", Value: l.word("cookie")})
		answer, err := http.DefaultTransport.RoundTrip(request)
		l.must(err)
		l.must(answer.Body.Close())
		require.Less(l.T, answer.StatusCode, 500, "%s %s", method, path)
	}
	ask(http.MethodGet, "/en/?"+url.Values{"from": {l.word("query of a page")}}.Encode(), nil)
	ask(http.MethodGet, "/en/"+l.word("path of a page"), nil)
	ask(http.MethodGet, "/en/verify/"+l.word("number of a page"), nil)
	ask(http.MethodPost, "/en/registry", url.Values{"sought": {l.word("name that a page seeks")}})
	ask(http.MethodPost, "/en/sign-in", url.Values{"email": {l.word("no e-mail at a page")}})
	ask(http.MethodPost, "/en/sign-in", url.Values{"email": {l.word("e-mail at a page") + "@example.org"}})
	ask(http.MethodPost, "/en/feedback", url.Values{"text": {l.word("feedback")}, "page": {"/" + l.word("page of feedback")}})
	ask(http.MethodPost, "/en/cases/"+l.person.CaseID+"/appeal", url.Values{"statement": {l.word("form of somebody who is not signed in")}})
	ask(http.MethodGet, "/console?find="+l.word("what the console finds"), nil)
	ask(http.MethodPost, "/console/cases/"+l.person.CaseID+"/signals/hold", url.Values{"value": {l.word("form of the console")}})
}

// portal goes through the doors that only the portal has.
func (l *life) portal(ctx context.Context) {
	door, secret := l.product.Parts.Cases, l.product.Settings.TokenSecret
	address := func(what string) string { return l.word(what) + "@" + l.word(what+" host") + ".example" }

	email := address("sign-in")
	asker := l.word("machine that asks")
	opened, err := door.OpenSignIn(ctx, l.word("key of a sign-in"), email, "en", asker)
	l.must(err)
	_, err = door.OpenSignIn(ctx, l.word("another key of a sign-in"), email, "en", asker)
	require.Error(l.T, err, "one a minute")
	_, err = door.OpenSignIn(ctx, "no address", l.word("no address"), "en", "")
	require.Error(l.T, err)
	_, err = door.SignIn(ctx, opened.ID, cases.ConfirmationCode(secret, opened.ID))
	l.must(err)
	account := cases.Registration{
		FirstName: l.word("account first name"), LastName: l.word("account last name"), Called: l.word("account called"), CountyPlan: "Alameda", Language: "en",
		Address: cases.Address{Line1: l.word("account street"), City: l.word("account city"), State: l.word("no state"), ZIP: l.word("no zip")},
	}
	_, err = door.OpenAccount(ctx, "an account", opened.ID, account)
	require.Error(l.T, err)
	account.Address.State, account.Address.ZIP = "CA", "94612"
	var begun cases.OpenedAccount
	l.until(ctx, "the account", func() (err error) {
		begun, err = door.OpenAccount(ctx, "an account", opened.ID, account)
		return err
	})

	me := certification.Actor{Role: certification.RoleApplicant, ID: begun.ApplicantID}
	person, err := door.Person(ctx, me)
	l.must(err)
	_, err = door.ChangePerson(ctx, me, cases.PersonChange{Called: l.word("changed name"), Phone: l.word("no phone"), Address: person.Address, Language: "en"})
	require.Error(l.T, err)
	_, err = door.ChangePerson(ctx, me, cases.PersonChange{Called: l.word("other changed name"), Address: person.Address, Language: "en"})
	l.must(err)
	for _, what := range []string{"new e-mail", "newer e-mail"} {
		change, err := door.OpenEmailChange(ctx, me, what, address(what), "en")
		l.must(err)
		_, err = door.ChangeEmail(ctx, me, change.ID, cases.ConfirmationCode(secret, change.ID))
		l.must(err)
	}
	l.must(door.Allow(ctx, l.word("a limit"), l.word("somebody who is limited"), 1, time.Hour))
	_, err = door.Search(ctx, l.word("name that is sought"))
	l.must(err)
	_, err = door.Search(ctx, strings.Repeat(l.word("name that is too long"), 8))
	require.Error(l.T, err)
	closing := l.word("key of a closing")
	l.until(ctx, "the account to close", func() error {
		_, err := door.CloseAccount(ctx, me, closing)
		return err
	})
}

// post sends a text that need not be JSON.
func (l *life) post(ctx context.Context, path, body string) {
	l.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.world.API+path, strings.NewReader(body))
	l.must(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "a-key")
	answer, err := http.DefaultClient.Do(request)
	l.must(err)
	l.must(answer.Body.Close())
	require.GreaterOrEqual(l.T, answer.StatusCode, http.StatusBadRequest)
}
