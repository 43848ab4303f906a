package portal

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"peercert/certification"
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
	resend := &Resend{Address: v.Request.URL.Path, Label: v.words.Say("refused.retry", nil)}
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
	Path   string     `json:"path"` // without language, below the sender's case
	Values url.Values `json:"values"`
}

// hold keeps a form of a case that came without anybody being signed in. It is given
// back to the owner of that case, once, after they have signed in again. Of another
// form, and of one with files, they are led to the page.
func (v *visit) hold() error {
	if v.Param("case") == "" || strings.HasPrefix(v.ContentType(), "multipart/") {
		v.sessions.Put(v.Request.Context(), sessionNext, v.pageOfForm())
		return nil
	}
	if _, err := v.sent(); err != nil {
		return err
	}
	kept, err := json.Marshal(held{v.path(), v.Request.PostForm})
	if err != nil {
		return fmt.Errorf("encoding a form that came late: %w", err)
	}
	v.sessions.Put(v.Request.Context(), sessionHeld, kept)
	v.sessions.Put(v.Request.Context(), sessionNext, "/held")
	return nil
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
	kept := v.sessions.PopBytes(v.Request.Context(), sessionHeld)
	var form held
	if kept == nil || json.Unmarshal(kept, &form) != nil {
		v.redirect("/home")
		return nil
	}
	caseID, _, _ := strings.Cut(strings.TrimPrefix(form.Path, "/cases/"), "/")
	if _, err := v.Cases.Case(v.Request.Context(), v.actor, caseID); err != nil {
		if _, is := refusedWith(err, certification.RefusedNotFound); is {
			v.redirect("/home") // it was somebody else's
			return nil
		}
		return err
	}
	return show(v, http.StatusOK, "refused", v.frame("held.title", nil), Refusal{
		Text: v.words.Say("held.text", nil), Next: v.words.Say("held.next", nil),
		Again: &Resend{Address: "/" + v.words.Language() + form.Path, Fields: fieldsOf(form.Values), Label: v.words.Say("held.button", nil)},
	})
}

// lookAgain lets a page that waits for something ask for itself again, a few times and
// ever more rarely; then it is for its reader to ask. name counts in the query.
func (v *visit) lookAgain(name string) {
	pauses := []time.Duration{2, 3, 5, 8, 13, 21, 34}
	before := 0
	_, _ = fmt.Sscan(v.Query(name), &before)
	if before < 0 || before >= len(pauses) {
		return
	}
	query := v.Request.URL.Query()
	query.Set(name, fmt.Sprint(before+1))
	v.Header("Refresh", fmt.Sprintf("%d; url=%s?%s", pauses[before], v.Request.URL.Path, query.Encode()))
}
