package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"peercert/certification"
	"peercert/web"
)

// Resend does once more what could not be done: it asks for a page again, or sends again
// what was sent. Nobody types anything twice.
type Resend struct {
	Address string
	Fields  []Field // what was sent; none for a page that is only asked for again
	Label   string
}

// Field is one value of a form that was sent.
type Field struct{ Name, Value string }

// again is the same request once more; nil where it carried files, which only the page
// they were chosen on can send.
func (v *visit) again() *Resend {
	resend := &Resend{Address: v.Request.URL.RequestURI(), Label: v.words.Say("refused.retry", nil)}
	if v.Request.Method != http.MethodPost {
		return resend
	}
	if len(v.Request.PostForm) == 0 {
		return nil
	}
	resend.Fields = fieldsOf(v.Request.PostForm)
	return resend
}

func fieldsOf(values url.Values) []Field {
	var fields []Field
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			fields = append(fields, Field{name, value})
		}
	}
	return fields
}

// held is a form that was sent after its sender had been signed out.
type held struct {
	Path   string     `json:"path"` // without language
	Query  string     `json:"query,omitempty"`
	Values url.Values `json:"values"`
}

// address is where the form goes, in a language.
func (h *held) address(language string) string {
	return (&url.URL{Path: "/" + language + h.Path, RawQuery: h.Query}).String()
}

// caseID is the case whose form it is; empty if it is of none.
func (h *held) caseID() string {
	rest, ofCase := strings.CutPrefix(h.Path, "/cases/")
	id, _, _ := strings.Cut(rest, "/")
	if !ofCase {
		return ""
	}
	return id
}

// isFor says whether the page of the form was shown to somebody (see shownTo).
func (h *held) isFor(who string) bool {
	return who != "" && h.Values.Get(fieldFor) == shownTo(h.Values.Get("key"), who)
}

// fieldFor is the hidden field of a form that says to whom its page was shown.
const fieldFor = "for"

// shownTo binds a form to whom its page was shown to, an applicant's id or an address,
// so that it can be given back to them alone when their session has ended meanwhile. It
// says nothing about them to others.
func shownTo(key, who string) string {
	sum := sha256.Sum256([]byte(key + "\n" + strings.ToLower(who)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// hold keeps a form that came without anybody being signed in, if it can be known whose
// it is: the owner's of its case, or whom its page was shown to. They are given it back
// after they have signed in again, until it is sent. Of another form, and of one with
// files, they are led to the page.
func (v *visit) hold() error {
	if strings.HasPrefix(v.ContentType(), "multipart/") {
		v.sessions.Put(v.Request.Context(), sessionNext, v.pageOfForm())
		return nil
	}
	form, err := v.sent()
	if err != nil {
		return err
	}
	if v.Param("case") == "" && form.Value(fieldFor) == "" {
		v.sessions.Put(v.Request.Context(), sessionNext, v.pageOfForm())
		return nil
	}
	v.sessions.Put(v.Request.Context(), sessionNext, "/held")
	return v.keep()
}

// keep keeps the form that was sent in the session.
func (v *visit) keep() error {
	kept, err := json.Marshal(held{v.path(), v.Request.URL.RawQuery, v.Request.PostForm})
	if err != nil {
		return fmt.Errorf("encoding a form that came late: %w", err)
	}
	v.sessions.Put(v.Request.Context(), sessionHeld, kept)
	return nil
}

// kept is the form that the session keeps; nil if it keeps none.
func (v *visit) kept() *held {
	var form held
	if kept := v.sessions.GetBytes(v.Request.Context(), sessionHeld); kept == nil || json.Unmarshal(kept, &form) != nil {
		return nil
	}
	return &form
}

// letGo forgets a form that was kept, once it was sent and led on: showing it is not
// enough, because a page can be loaded again.
func (v *visit) letGo() {
	if v.Request.Method != post || v.Writer.Status() != http.StatusSeeOther {
		return
	}
	if form := v.kept(); form != nil && form.Path == v.path() {
		v.sessions.Remove(v.Request.Context(), sessionHeld)
	}
}

// pageOfForm is the page that stands at the address of a form, or else the home.
func (v *visit) pageOfForm() string {
	if v.hasPage() {
		return v.path()
	}
	return "/home"
}

// giveBack shows a form that came while nobody was signed in, to be sent after all.
func (v *visit) giveBack() error {
	form := v.kept()
	if form == nil {
		v.redirect("/home")
		return nil
	}
	theirs := form.isFor(v.actor.ID)
	if caseID := form.caseID(); caseID != "" {
		_, err := v.Cases.Case(v.Request.Context(), v.actor, caseID)
		if _, is := refusedWith(err, certification.RefusedNotFound); err != nil && !is {
			return err
		}
		theirs = err == nil
	}
	if !theirs {
		v.sessions.Remove(v.Request.Context(), sessionHeld)
		v.redirect("/home")
		return nil
	}
	return show(v, http.StatusOK, "refused", v.frame("held.title", nil), heldContent(v.words, form))
}

func heldContent(words *web.Localizer, form *held) Refusal {
	return Refusal{
		Text: words.Say("held.text", nil), Next: words.Say("held.next", nil),
		Again: &Resend{Address: form.address(words.Language()), Fields: fieldsOf(form.Values), Label: words.Say("held.button", nil)},
	}
}

// lookAgain lets a page that waits for something ask for itself again, a few times and
// ever more rarely, and says whether it will; then it is for its reader to ask. It is only
// for pages that say so and that take nothing in: whoever types or reads on one would be
// thrown back to its top. name counts in the query.
func (v *visit) lookAgain(name string) bool {
	pauses := []time.Duration{2, 3, 5, 8, 13, 21, 34}
	before := 0
	_, _ = fmt.Sscan(v.Query(name), &before)
	if before < 0 || before >= len(pauses) {
		return false
	}
	query := v.Request.URL.Query()
	query.Set(name, fmt.Sprint(before+1))
	v.Header("Refresh", fmt.Sprintf("%d; url=%s?%s", pauses[before], v.Request.URL.Path, query.Encode()))
	return true
}
