package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
	"peercert/web/serve"
)

// handler answers a visit. An error becomes a page that says what happened.
type handler func(v *visit) error

// route is one address of the console.
type route struct {
	method, path string
	visitor      visitor
	handle       handler
}

// visitor is whom a page is for.
type visitor int

const (
	anyone    visitor = iota
	signedOut         // who is signed in has no use for it, and is led to the cases
	staff             // administrators who are signed in
)

var routes = []route{
	{http.MethodGet, "/console", staff, (*visit).list},
	{http.MethodGet, "/console/cases/:case", staff, (*visit).caseFile},
	{http.MethodGet, "/console/cases/:case/events", staff, (*visit).events},
	{http.MethodPost, "/console/cases/:case/restart", staff, (*visit).restart},
	{http.MethodGet, "/console/cases/:case/signals/:signal", staff, (*visit).askSignal},
	{http.MethodPost, "/console/cases/:case/signals/:signal", staff, (*visit).sendSignal},
	{http.MethodGet, signInPath, signedOut, (*visit).signIn},
	{http.MethodGet, beginPath, signedOut, (*visit).beginSignIn},
	{http.MethodGet, returnPath, signedOut, (*visit).endSignIn},
	{http.MethodPost, "/console/sign-out", staff, (*visit).signOut},
}

// Address is one address of the console.
type Address struct {
	Method, Path string
	// Staff is true if it is for administrators who are signed in.
	Staff bool
}

// Addresses are all addresses of the console. A test walks them as every kind of visitor.
func Addresses() []Address {
	var all []Address
	for _, r := range routes {
		all = append(all, Address{r.method, r.path, r.visitor == staff})
	}
	return all
}

// visit is one request of a person.
type visit struct {
	*gin.Context
	*console
	actor certification.Actor // without an id while nobody is signed in
	view  cases.View          // of the case that the address names
}

var errElsewhere = errors.New("answered with a redirect")

func (c *console) serve(r route) gin.HandlerFunc {
	return func(g *gin.Context) {
		v := &visit{Context: g, console: c}
		err := v.enter(r)
		if err == nil {
			err = r.handle(v)
		}
		if err != nil && !errors.Is(err, errElsewhere) {
			v.fail(err)
		}
	}
}

// enter finds out who comes, and whether the page is for them.
func (v *visit) enter(r route) error {
	v.Header("Cache-Control", "no-store")
	v.recognize()
	switch {
	case r.visitor == signedOut && v.actor.ID != "":
		v.Redirect(http.StatusSeeOther, "/console")
		return errElsewhere
	case r.visitor != staff:
		return nil
	}
	if v.actor.Role != certification.RoleAdministrator {
		to := signInPath
		if r.method == http.MethodGet {
			to += "?next=" + url.QueryEscape(v.Request.URL.RequestURI())
		}
		v.Redirect(http.StatusSeeOther, to)
		return errElsewhere
	}
	if v.Param("case") == "" {
		return nil
	}
	var err error
	v.view, err = v.Cases.Case(v.Request.Context(), v.actor, v.Param("case"))
	return err
}

// Page is a page of the console: the frame, who reads it, and what stands in it.
type Page[T any] struct {
	web.Frame
	Staff string // id of who is signed in; empty before
	// Case is the number of the case that the page is about, empty elsewhere; CaseAddress
	// is the page of that case, empty there.
	Case, CaseAddress string
	Content           T
}

func (c *console) frame(title string) web.Frame {
	return web.Frame{Localizer: web.Words("en"), Title: title, Path: "/console", Operator: c.Operator, Demonstration: c.Demonstration}
}

func show[T any](v *visit, status int, name string, frame web.Frame, content T) error {
	page := Page[T]{Frame: frame, Staff: v.actor.ID, Content: content}
	if page.Case = v.view.Number; name != "case" && v.view.ID != "" {
		page.CaseAddress = casePath(v.view.ID)
	}
	var body bytes.Buffer
	if err := v.pages.Render(&body, name, page); err != nil {
		return err
	}
	v.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

func casePath(caseID string) string { return "/console/cases/" + caseID }

// Refused is the content of the page that says why something was not done.
type Refused struct {
	Text, Next string
	Number     string // the id of the request, where the log has more
}

// fail answers with what went wrong.
func (v *visit) fail(err error) {
	if v.Request.Context().Err() != nil {
		return // they have gone
	}
	status, title, content := http.StatusInternalServerError, "Something went wrong on our side", Refused{
		Text: "Look at the case again before you send anything twice.",
	}
	if refusal, is := certification.RefusalOf(err); is {
		switch refusal.Type {
		case certification.RefusedNotFound, certification.RefusedNotAllowed:
			status, title, content.Text = http.StatusNotFound, "There is nothing here", "No case and no page has this address."
		case certification.RefusedUnavailable:
			status, title, content.Text = http.StatusServiceUnavailable, "A part does not answer", "What you sent may have been carried out. Look at the case in a moment, before you send it again."
			v.Header("Retry-After", fmt.Sprint(max(1, int(refusal.RetryAfter.Seconds()))))
		default:
			status, title, content.Text = http.StatusBadRequest, "This cannot be read", refusal.Detail
		}
	}
	if status >= http.StatusInternalServerError {
		v.Set(serve.Failure, serve.FailureText(err))
		content.Number = v.requestID()
	}
	v.view = cases.View{}
	if err := show(v, status, "refused", v.frame(title), content); err != nil {
		v.Log.ErrorContext(v.Request.Context(), "the page of a refusal could not be written", "error", err)
		v.String(status, title)
	}
}

func (v *visit) requestID() string { return v.GetString(serve.RequestID) }

func (v *visit) nowhere() error {
	if v.Request.URL.Path == "/console/" {
		v.Redirect(http.StatusSeeOther, "/console")
		return nil
	}
	return certification.NotFound()
}

// noMethod is for an address that takes only forms, or only none.
func (v *visit) noMethod() error {
	return show(v, http.StatusMethodNotAllowed, "refused", v.frame("There is no page here"), Refused{Text: "This address takes what a form sends, or only shows a page."})
}

// plain is a page outside of any session: for what goes wrong before there is one.
func (c *console) plain(status int, title, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var body bytes.Buffer
		if err := c.pages.Render(&body, "refused", Page[Refused]{Frame: c.frame(title), Content: Refused{Text: text}}); err != nil {
			http.Error(w, title, status)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = body.WriteTo(w)
	}
}

// spoken writes a code as words.
func spoken[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }
