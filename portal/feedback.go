package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"peercert/cases"
	"peercert/web"
)

func (p *portal) feedbackRoutes() []route {
	return []route{
		{get, "/:language/feedback", anyone, func(v *visit) error { return v.askFeedback(web.NewForm(v.words, nil)) }},
		{post, "/:language/feedback", anyone, (*visit).takeFeedback},
		{get, "/:language/feedback/thanks", anyone, (*visit).thanks},
	}
}

// longestFeedback bounds what one says at once, in characters.
const longestFeedback = 5000

// caseIDs are taken out of the address of a page: which page it was is enough to know.
var caseIDs = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// aboutPage is the page that feedback is about, as an address that names nobody.
func (v *visit) aboutPage() string {
	page := caseIDs.ReplaceAllString(localPath(v.Query("page")), "…")
	if len(page) > 200 || strings.HasPrefix(page, "/verify/") {
		return ""
	}
	return page
}

func (v *visit) askFeedback(form *web.Form) error {
	frame := v.frame("feedback.title", nil)
	frame.Problems = form.Problems()
	about := ""
	if page := v.aboutPage(); page != "" {
		about = "?" + url.Values{"page": {page}}.Encode()
	}
	return v.reading(frame, feedbackPage(frame, form, about))
}

// feedbackPage asks what somebody wants to say.
func feedbackPage(frame web.Frame, form *web.Form, about string) Reading {
	return Reading{
		Lead: plain(frame, "feedback.lead"),
		Question: &Question{
			Action: frame.Link("/feedback") + about, Button: plain(frame, "feedback.button"),
			Inputs: []web.Input{form.Input(web.Input{Kind: web.InputTextarea, Name: "words", Rows: 8}, "feedback.words", "feedback.words_hint")},
		},
		Links: []Link{{plain(frame, "feedback.to_help"), frame.Link("/help")}},
	}
}

func (v *visit) takeFeedback() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	said := strings.ReplaceAll(form.Value("words"), "\r\n", "\n")
	switch length := utf8.RuneCountInString(said); {
	case length == 0:
		form.Refuse("words", "feedback.missing", nil)
	case length > longestFeedback:
		form.Refuse("words", "form.too_long", map[string]any{"Limit": longestFeedback})
	}
	if form.Refused() {
		return v.askFeedback(form)
	}
	if v.SearchesAnHour > 0 {
		if err := v.Cases.Allow(v.Request.Context(), "feedback", v.machine(), v.SearchesAnHour, time.Hour); err != nil {
			return err
		}
	}
	if err := v.Cases.GiveFeedback(v.Request.Context(), cases.Feedback{ID: v.key(), Page: v.aboutPage(), Language: v.words.Language(), Words: said}); err != nil {
		return err
	}
	v.redirect("/feedback/thanks")
	return nil
}

func (v *visit) thanks() error {
	frame := v.frame("feedback.thanks_title", nil)
	return show(v, http.StatusOK, "reading", frame, thanksPage(frame))
}

func thanksPage(frame web.Frame) Reading {
	reading := Reading{
		Lead:  plain(frame, "feedback.thanks_lead"),
		Links: []Link{{plain(frame, "feedback.to_help"), frame.Link("/help")}},
	}
	back := web.Button{Label: plain(frame, "eligibility.to_start"), Address: frame.Link(""), Quiet: true}
	if frame.Home != "" {
		back = web.Button{Label: plain(frame, "start.my_case"), Address: frame.Home, Quiet: true}
	}
	reading.Buttons = []web.Button{back}
	return reading
}
