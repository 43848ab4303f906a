package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"golang.org/x/text/language"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
	"peercert/web/serve"
)

// visitor is whom a page is for.
type visitor int

const (
	anyone   visitor = iota
	signedIn         // somebody who confirmed their address
	owner            // of the case that the address names
)

// handler answers a visit. An error becomes a page that says what happened.
type handler func(v *visit) error

// route is one address of the portal.
type route struct {
	method, path string
	visitor      visitor
	handle       handler
}

// visit is one request of a person.
type visit struct {
	*gin.Context
	*portal
	words *web.Localizer
	actor certification.Actor // without an id while nobody is signed in
	view  cases.View          // of the case that the address names, on routes of an owner
}

func (p *portal) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := &visit{Context: c, portal: p, words: p.wordsFor(c.Request)}
		err := v.enter(r)
		if err == nil {
			err = r.handle(v)
		}
		if err == nil {
			v.letGo()
		}
		if err != nil {
			v.readOn()
			v.fail(err)
		}
	}
}

// readOn reads what is left of a form with files before it is refused or led elsewhere:
// a browser that is still sending takes an answer for a broken connection.
func (v *visit) readOn() {
	if v.Request.Method == http.MethodPost && strings.HasPrefix(v.ContentType(), "multipart/") {
		_, _ = io.CopyN(io.Discard, v.Request.Body, drained)
	}
}

// errElsewhere ends a visit that was answered with a redirect.
var errElsewhere = errors.New("answered with a redirect")

// enter finds out who comes, and whether the page is for them.
func (v *visit) enter(r route) error {
	if tag := v.Param("language"); tag != "" && tag != v.words.Language() {
		return certification.NotFound()
	}
	// Who is signed in is asked on every page: the header says it.
	if err := v.recognize(); err != nil {
		return err
	}
	if r.visitor == anyone {
		return nil
	}
	v.Header("Cache-Control", "no-store")
	if v.actor.ID == "" {
		to := "/sign-in"
		if r.method == http.MethodGet {
			to += "?next=" + url.QueryEscape(v.path())
		} else if err := v.hold(); err != nil {
			return err
		}
		v.readOn()
		v.redirect(to)
		return errElsewhere
	}
	if r.visitor != owner {
		return nil
	}
	var err error
	v.view, err = v.Cases.Case(v.Request.Context(), v.actor, v.Param("case"))
	return err
}

// wordsFor are the words of the language that an address names, or that the browser
// prefers.
func (p *portal) wordsFor(request *http.Request) *web.Localizer {
	first, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/")
	for _, tag := range web.Languages() {
		if first == tag {
			return web.Words(tag)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(request.Header.Get("Accept-Language"))
	if err == nil {
		for _, tag := range tags {
			if words := web.Words(tag.String()); strings.HasPrefix(tag.String(), words.Language()) {
				return words
			}
		}
	}
	return web.Words("en")
}

// frame is what stands around the content of a page. title is a key of the catalogue.
func (v *visit) frame(title string, variables map[string]any) web.Frame {
	frame := v.frameFor(v.words, v.Request, v.hasPage(), v.words.Say(title, variables))
	if v.actor.ID != "" {
		frame.Home = frame.Link("/home")
		frame.IdleSeconds = int(v.SessionIdle.Seconds())
	}
	return frame
}

// frameFor is the frame of a page at the address of a request, if a page stands there.
func (p *portal) frameFor(words *web.Localizer, request *http.Request, hasPage bool, title string) web.Frame {
	path, query := strings.TrimPrefix(request.URL.Path, "/"+words.Language()), ""
	if !hasPage || path == "" {
		path = "/" // an address that only takes forms has no page in another language
	} else if kept := whatFor(request.URL.Query()); len(kept) > 0 {
		query = "?" + kept.Encode()
	}
	return web.Frame{Localizer: words, Title: title, Path: path, Operator: p.Operator, Demonstration: p.Demonstration, Offered: offers(words, path+query)}
}

// hasPage says whether a page can be asked for at the address: a form that comes back
// with what is wrong most often stands at that of its page.
func (v *visit) hasPage() bool {
	return v.Request.Method == get || slices.ContainsFunc(v.routes(), func(r route) bool { return r.method == get && r.path == v.FullPath() })
}

// whatFor is the part of a query that says what a page was opened for, so that it is
// the same page in another language. None of it is personal.
func whatFor(query url.Values) url.Values {
	kept := url.Values{}
	for _, name := range []string{"from", "replace", "sent", "before", "payment", "outcome"} {
		if query.Get(name) != "" {
			kept.Set(name, query.Get(name))
		}
	}
	return kept
}

// offers are the languages to choose from, each with the address of the same page in it.
func offers(words *web.Localizer, path string) []web.Offer {
	var all []web.Offer
	for _, tag := range web.Languages() {
		other := web.Words(tag)
		all = append(all, web.Offer{
			Language: tag, Direction: other.Direction(), Name: other.Name(), Address: "/" + tag + path, Chosen: tag == words.Language(),
		})
	}
	return all
}

// show writes a page. One that says what is wrong with a form answers 422 and not 200.
func show[T any](v *visit, status int, name string, frame web.Frame, content T) error {
	if status == http.StatusOK && len(frame.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	var body bytes.Buffer
	if err := v.pages.Render(&body, name, web.Page[T]{Frame: frame, Content: content}); err != nil {
		return err
	}
	v.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// redirect leads to another page in the same language; what was sent is not sent again.
func (v *visit) redirect(path string) {
	v.Redirect(http.StatusSeeOther, "/"+v.words.Language()+path)
}

// casePath is the address of a page of the case, without language.
func (v *visit) casePath(page string) string { return "/cases/" + v.view.ID + page }

// key is the Idempotency-Key that a form carries, so that sending it twice is doing it
// once. A form without one gets one that is its own.
func (v *visit) key() string {
	if id, err := uuid.Parse(v.PostForm("key")); err == nil {
		return id.String()
	}
	return uuid.NewString()
}

// send gives a signal of the person to their case.
func (v *visit) send(message certification.Message) (cases.View, error) {
	return v.Cases.Send(v.Request.Context(), v.actor, cases.Send{CaseID: v.view.ID, Key: v.key(), RequestID: v.GetString(serve.RequestID), Message: message})
}

// path is the address of the page, without language.
func (v *visit) path() string {
	return strings.TrimPrefix(v.Request.URL.Path, "/"+v.words.Language())
}

// Refusal is the content of the page that says why something was not done.
type Refusal struct {
	Text string
	Next string // what to do
	// Again does the same once more, which may work in a moment: a link, or what was sent.
	Again *Resend
	// Number is the id of the request, where somebody of ours may have to look for it.
	Number string
}

// fail answers with what went wrong, in words for people.
func (v *visit) fail(err error) {
	if errors.Is(err, errElsewhere) {
		return
	}
	if v.Request.Context().Err() != nil {
		return // they have gone
	}
	status, name := http.StatusInternalServerError, "fault"
	if refusal, is := certification.RefusalOf(err); is {
		status, name = statusOf(refusal.Type)
		if refusal.RetryAfter > 0 {
			v.Header("Retry-After", fmt.Sprint(max(1, int(refusal.RetryAfter.Seconds()))))
		}
	}
	if status >= http.StatusInternalServerError {
		v.Set(serve.Failure, serve.FailureText(err))
	}
	v.Header("Cache-Control", "no-store")
	content := Refusal{Text: v.words.Say("refused."+name+".text", nil), Next: v.words.Say("refused."+name+".next", nil)}
	switch name {
	case "unavailable", "fault", "too_many", "stale", "not_ready":
		content.Again = v.again()
	}
	if status >= http.StatusInternalServerError {
		content.Number = v.GetString(serve.RequestID)
	}
	if err := show(v, status, "refused", v.frame("refused."+name+".title", nil), content); err != nil {
		v.Log.ErrorContext(v.Request.Context(), "the page of a refusal could not be written", "error", err)
		v.String(status, content.Text)
	}
}

// statusOf is the status of a type of refusal, and its name in the catalogue.
func statusOf(refusal string) (int, string) {
	switch refusal {
	case certification.RefusedNotFound, certification.RefusedNotAllowed:
		return http.StatusNotFound, "not_found"
	case certification.RefusedMalformed, certification.RefusedIdempotencyKeyReused, certification.RefusedIdempotencyKeyMissing:
		return http.StatusBadRequest, "malformed"
	case certification.RefusedInvalid:
		return http.StatusUnprocessableEntity, "invalid"
	case certification.RefusedWrongStage, certification.RefusedAlreadyDecided:
		return http.StatusConflict, "wrong_stage"
	case certification.RefusedStaleRevision:
		return http.StatusConflict, "stale"
	case certification.RefusedNotReady:
		return http.StatusConflict, "not_ready"
	case certification.RefusedClosed:
		return http.StatusGone, "closed"
	case certification.RefusedTooMany:
		return http.StatusTooManyRequests, "too_many"
	case certification.RefusedUnavailable:
		return http.StatusServiceUnavailable, "unavailable"
	}
	return http.StatusInternalServerError, "fault"
}

// nowhere answers for an address that there is not.
func (p *portal) nowhere(status int) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := &visit{Context: c, portal: p, words: p.wordsFor(c.Request)}
		if err := v.recognize(); err != nil {
			v.fail(err)
			return
		}
		name := "not_found"
		if status == http.StatusMethodNotAllowed {
			name = "method"
		}
		if err := show(v, status, "refused", v.frame("refused."+name+".title", nil), Refusal{
			Text: v.words.Say("refused."+name+".text", nil), Next: v.words.Say("refused."+name+".next", nil),
		}); err != nil {
			v.fail(err)
		}
	}
}

// plain is a page outside of any session: for what goes wrong before there is one.
func (p *portal) plain(status int, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		words := p.wordsFor(request)
		var body bytes.Buffer
		err := p.pages.Render(&body, "refused", web.Page[Refusal]{
			Frame:   p.frameFor(words, request, request.Method == http.MethodGet, words.Say(key+".title", nil)),
			Content: Refusal{Text: words.Say(key+".text", nil), Next: words.Say(key+".next", nil)},
		})
		if err != nil {
			http.Error(w, words.Say(key+".text", nil), status)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = body.WriteTo(w)
	}
}

var _ context.Context = (*visit)(nil)
