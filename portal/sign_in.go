package portal

import (
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) signInRoutes() []route {
	return []route{
		{get, "/:language/sign-in", anyone, (*visit).askAddress},
		{post, "/:language/sign-in", anyone, (*visit).mailCode},
		{get, "/:language/sign-in/code", anyone, (*visit).askCode},
		{post, "/:language/sign-in/code", anyone, (*visit).checkCode},
		{get, "/:language/account", anyone, (*visit).askAccount},
		{post, "/:language/account", anyone, (*visit).openAccount},
		{post, "/:language/sign-out", signedIn, (*visit).signOut},
		{post, "/:language/sign-out-everywhere", signedIn, (*visit).signOutEverywhere},
		{post, "/:language/stay", anyone, (*visit).stay},
		{get, "/:language/held", signedIn, (*visit).giveBack},
	}
}

// Question is a page that asks: some words, the questions, and a button.
type Question = web.Question

// question shows a page that asks; with problems it is the answer to what was wrong.
func (v *visit) question(frame web.Frame, form *web.Form, question Question) error {
	frame.Problems = form.Problems()
	if question.Key == "" {
		question.Key = v.key()
	}
	if question.Action == "" {
		question.Action = v.Request.URL.Path
	}
	return show(v, http.StatusOK, "question", frame, question)
}

// sent reads a form that was sent in.
func (v *visit) sent() (*web.Form, error) {
	v.Request.Body = http.MaxBytesReader(v.Writer, v.Request.Body, 256<<10)
	if err := v.Request.ParseForm(); err != nil {
		return nil, certification.Malformed()
	}
	return web.SentForm(v.words, v.Request.PostForm), nil
}

func (v *visit) askAddress() error {
	if v.actor.ID != "" {
		v.redirect("/home")
		return nil
	}
	if next := localPath(v.Query("next")); next != "" {
		v.sessions.Put(v.Request.Context(), sessionNext, next)
	}
	return v.addressQuestion(web.NewForm(v.words, nil))
}

func (v *visit) addressQuestion(form *web.Form) error {
	first := ""
	switch ctx := v.Request.Context(); {
	case v.kept() != nil:
		first = "sign_in.kept"
	case v.sessions.GetString(ctx, sessionNext) != "":
		first = "sign_in.go_on"
	}
	return v.question(v.frame("sign_in.title", nil), form, signInQuestion(form, first))
}

// signInQuestion asks for an address. first is the key of what is said before all else:
// that a page was asked for which only its owner may see, or that what was sent is kept.
func signInQuestion(form *web.Form, first string) Question {
	question := Question{Intro: []string{form.Say("sign_in.intro", nil)}, Button: form.Say("sign_in.button", nil), Inputs: addressInputs(form)}
	if first != "" {
		question.Intro = append([]string{form.Say(first, nil)}, question.Intro...)
	}
	return question
}

func addressInputs(form *web.Form) []web.Input {
	return []web.Input{form.Input(web.Input{Kind: web.InputEmail, Name: "email", Autocomplete: "email", LTR: true}, "sign_in.email", "sign_in.email_hint")}
}

func (v *visit) mailCode() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	address := typedAddress(form)
	if form.Refused() {
		return v.addressQuestion(form)
	}
	return v.sendCode(address)
}

// typedAddress is the address that was typed; what cannot be one is refused.
func typedAddress(form *web.Form) string {
	address, wrong := mail.ParseAddress(form.Value("email"))
	switch {
	case form.Value("email") == "":
		form.Refuse("email", "sign_in.email_missing", nil)
	case wrong != nil || address.Name != "" || len(address.Address) > certification.ExamEmailLimit || !strings.Contains(address.Address[strings.LastIndex(address.Address, "@"):], "."):
		form.Refuse("email", "sign_in.email_wrong", nil)
	default:
		return address.Address
	}
	return ""
}

// sendCode mails a code and shows the page that asks for it. It does and says the same
// for an address that nobody has.
func (v *visit) sendCode(address string) error {
	ctx := v.Request.Context()
	if v.SignInsAnHour > 0 {
		if err := v.Cases.Allow(ctx, "sign-in", v.machine(), v.SignInsAnHour, time.Hour); err != nil {
			return err
		}
	}
	opened, err := v.Cases.OpenSignIn(ctx, v.codeKey(address), address, v.words.Language(), v.machine())
	if refusal, is := refusedWith(err, certification.RefusedTooMany); is {
		return v.codeTooSoon(address, refusal.RetryAfter)
	}
	if err != nil {
		return err
	}
	v.sessions.Put(ctx, sessionSignIn, opened.ID)
	v.sessions.Put(ctx, sessionAddress, address)
	v.sessions.Remove(ctx, sessionConfirmed)
	v.redirect("/sign-in/code")
	return nil
}

// codeAge is about how long a code is of use.
const codeAge = 10 * time.Minute

// codeKey is the key under which a code is asked for. The address is part of it: who
// goes back and corrects it sends another form. So is the time, because a browser may
// bring back a page that is older than a code.
func (v *visit) codeKey(address string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(v.key()+address+v.Now().Truncate(codeAge).String())).String()
}

// codeTooSoon says that a code was asked for too soon or too often, where the last one
// can still be given.
func (v *visit) codeTooSoon(address string, wait time.Duration) error {
	form := web.SentForm(v.words, url.Values{"email": {address}})
	if v.underWay(sessionSignIn, address) {
		form.Refuse("code", tooSoon(wait), nil)
		return v.codeQuestion(form)
	}
	form.Refuse("email", tooSoon(wait), nil)
	return v.addressQuestion(form)
}

// tooSoon names the words for a code that was asked for too soon, or too often.
func tooSoon(wait time.Duration) string {
	if wait > time.Minute {
		return "sign_in.too_many"
	}
	return "sign_in.wait"
}

// underWay says whether this session waits for a code that went to an address; what it
// is for is sessionSignIn or sessionMove.
func (v *visit) underWay(what, address string) bool {
	ctx := v.Request.Context()
	return v.sessions.GetString(ctx, what) != "" && strings.EqualFold(v.sessions.GetString(ctx, sessionAddress), address)
}

func (v *visit) askCode() error {
	if v.sessions.GetString(v.Request.Context(), sessionSignIn) == "" {
		v.redirect("/sign-in")
		return nil
	}
	return v.codeQuestion(web.NewForm(v.words, nil))
}

// Code is the page that asks for the code that was mailed.
type Code struct {
	Question
	Address string
}

func (v *visit) codeQuestion(form *web.Form) error {
	frame := v.frame("sign_in.code_title", nil)
	frame.Back = frame.Link("/sign-in")
	frame.Problems = form.Problems()
	v.Header("Cache-Control", "no-store")
	return show(v, http.StatusOK, "code", frame, Code{
		Address: v.sessions.GetString(v.Request.Context(), sessionAddress),
		Question: Question{
			Key: v.key(), Action: frame.Link("/sign-in/code") + "?" + signInQuery + "=" + v.sessions.GetString(v.Request.Context(), sessionSignIn), Button: v.words.Say("sign_in.code_button", nil),
			Inputs: codeInputs(form),
		},
	})
}

func codeInputs(form *web.Form) []web.Input {
	return []web.Input{form.Input(web.Input{Kind: web.InputCode, Name: "code", Autocomplete: "one-time-code", LTR: true, Width: 8}, "sign_in.code", "sign_in.code_hint")}
}

// signInQuery names the sign-in in the address of its form. A right code begins a new
// session, and the answer that says so can get lost: then the same form, sent again with
// the session that has ended, still signs in. The code alone opens the door.
const signInQuery = "sign-in"

func (v *visit) checkCode() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	ctx := v.Request.Context()
	if v.actor.ID != "" {
		v.redirect("/home")
		return nil
	}
	id := v.sessions.GetString(ctx, sessionSignIn)
	lost := id == ""
	if lost {
		id = v.Query(signInQuery)
	}
	switch {
	case id == "", lost && form.Value("again") != "":
		v.redirect("/sign-in")
		return nil
	case form.Value("again") != "":
		return v.sendCode(v.sessions.GetString(ctx, sessionAddress))
	}
	refuse := func(words string) error {
		if lost {
			v.redirect("/sign-in")
			return nil
		}
		form.Refuse("code", words, nil)
		return v.codeQuestion(form)
	}
	code, whole := digits(form.Value("code"))
	if !whole {
		return refuse("sign_in.code_wrong")
	}
	who, err := v.Cases.SignIn(ctx, id, code)
	if refusal, is := certification.RefusalOf(err); is {
		switch refusal.Type {
		case certification.RefusedNotFound:
			return refuse("sign_in.code_wrong")
		case certification.RefusedTooMany:
			return refuse("sign_in.code_spent")
		}
	}
	if err != nil {
		return err
	}
	if who.ApplicantID != "" {
		return v.enterAs(who.ApplicantID)
	}
	if err := v.sessions.RenewToken(ctx); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	v.sessions.Put(ctx, sessionSignIn, id)
	v.sessions.Put(ctx, sessionConfirmed, true)
	v.redirect("/account")
	return nil
}

// enterAs signs a person in and leads to where they wanted to go.
func (v *visit) enterAs(applicantID string) error {
	next := localPath(v.sessions.PopString(v.Request.Context(), sessionNext))
	if err := v.begin(applicantID); err != nil {
		return err
	}
	if next == "" {
		next = "/home"
	}
	v.redirect(next)
	return nil
}

func (v *visit) askAccount() error {
	if !v.sessions.GetBool(v.Request.Context(), sessionConfirmed) {
		v.redirect("/sign-in")
		return nil
	}
	if form := v.kept(); form != nil && form.Path == v.path() {
		if form.isFor(v.sessions.GetString(v.Request.Context(), sessionAddress)) {
			return v.accountQuestion(web.NewForm(v.words, form.Values), "account.kept")
		}
		v.sessions.Remove(v.Request.Context(), sessionHeld) // it was somebody else's
	}
	return v.accountQuestion(web.NewForm(v.words, url.Values{"language": {v.words.Language()}, "state": {"CA"}}), "account.intro")
}

// accountQuestion asks who somebody is. It is long, so it warns before the session ends
// as the pages of those do who are signed in, and what is sent after all is kept.
func (v *visit) accountQuestion(form *web.Form, intro string) error {
	v.Header("Cache-Control", "no-store")
	frame, key := v.frame("account.title", nil), v.key()
	frame.IdleSeconds = int(v.SessionIdle.Seconds())
	return v.question(frame, form, Question{
		Key: key, For: shownTo(key, v.sessions.GetString(v.Request.Context(), sessionAddress)),
		Intro: []string{v.words.Say(intro, nil)}, Inputs: accountInputs(form), Button: v.words.Say("account.button", nil),
	})
}

func accountInputs(form *web.Form) []web.Input {
	text := func(name, autocomplete string, width int, optional bool) web.Input {
		return form.Input(web.Input{Kind: web.InputText, Name: name, Autocomplete: autocomplete, Width: width, Optional: optional}, "account."+name, "")
	}
	plans := []web.Option{{Value: "", Label: form.Say("form.choose", nil)}}
	for _, plan := range certification.CountyPlans() {
		plans = append(plans, web.Option{Value: plan, Label: plan})
	}
	return []web.Input{
		form.Input(web.Input{Kind: web.InputText, Name: "first_name", Autocomplete: "given-name"}, "account.first_name", "account.first_name_hint"),
		text("middle_name", "additional-name", 0, true),
		text("last_name", "family-name", 0, false),
		form.Input(web.Input{Kind: web.InputText, Name: "called", Autocomplete: "nickname", Optional: true}, "account.called", "account.called_hint"),
		text("line1", "address-line1", 0, false),
		text("line2", "address-line2", 0, true),
		text("city", "address-level2", 0, false),
		text("state", "address-level1", 4, false),
		form.Input(web.Input{Kind: web.InputText, Name: "zip", Autocomplete: "postal-code", Width: 10, LTR: true}, "account.zip", ""),
		form.Input(web.Input{Kind: web.InputText, Name: "phone", Autocomplete: "tel", Width: 20, LTR: true, Optional: true}, "account.phone", "account.phone_hint"),
		form.Input(web.Input{Kind: web.InputSelect, Name: "county_plan", Options: plans}, "account.county_plan", "account.county_plan_hint"),
	}
}

func (v *visit) openAccount() error {
	ctx := v.Request.Context()
	id := v.sessions.GetString(ctx, sessionSignIn)
	form, err := v.sent()
	if err != nil {
		return err
	}
	if id == "" || !v.sessions.GetBool(ctx, sessionConfirmed) {
		if v.actor.ID == "" && form.Value(fieldFor) != "" {
			if err := v.keep(); err != nil {
				return err
			}
		}
		v.redirect("/sign-in")
		return errElsewhere
	}
	checkAccount(form, true)
	if form.Refused() {
		return v.accountQuestion(form, "account.intro")
	}
	opened, err := v.Cases.OpenAccount(ctx, v.key(), id, cases.Registration{
		FirstName: form.Value("first_name"), MiddleName: form.Value("middle_name"), LastName: form.Value("last_name"), Called: form.Value("called"),
		Email: v.sessions.GetString(ctx, sessionAddress), Phone: form.Value("phone"),
		Address:    addressOf(form),
		CountyPlan: form.Value("county_plan"), Language: v.words.Language(),
	})
	if refuseAccount(form, err) {
		return v.accountQuestion(form, "account.intro")
	}
	if err != nil {
		return err
	}
	return v.enterAs(opened.ApplicantID)
}

// checkAccount says which answers about a person are missing or cannot be right; names
// are asked for only where they can be changed.
func checkAccount(form *web.Form, names bool) {
	required := []string{"line1", "city", "state", "zip", "county_plan"}
	if names {
		required = append([]string{"first_name", "last_name"}, required...)
	}
	for _, name := range required {
		if form.Value(name) == "" {
			form.Refuse(name, "account."+name+"_missing", nil)
		}
	}
	if zip := form.Value("zip"); zip != "" && !isZIP(zip) {
		form.Refuse("zip", "account.zip_wrong", nil)
	}
	if state := form.Value("state"); state != "" && len(state) != 2 {
		form.Refuse("state", "account.state_wrong", nil)
	}
	for _, name := range []string{"first_name", "middle_name", "last_name", "called", "line1", "line2", "city", "phone"} {
		if len([]rune(form.Value(name))) > 100 {
			form.Refuse(name, "form.too_long", map[string]any{"Limit": 100})
		}
	}
}

func addressOf(form *web.Form) cases.Address {
	return cases.Address{
		Line1: form.Value("line1"), Line2: form.Value("line2"), City: form.Value("city"), State: strings.ToUpper(form.Value("state")), ZIP: form.Value("zip"),
	}
}

// refuseAccount puts what the door refuses at the fields that it is about; false if the
// error is another.
func refuseAccount(form *web.Form, err error) bool {
	refusal, is := refusedWith(err, certification.RefusedInvalid)
	if !is {
		return false
	}
	for _, finding := range refusal.Findings {
		form.Refuse(strings.TrimPrefix(finding.Field, "address."), "account.refused", nil)
	}
	return true
}

// digits are the six of a code that was typed or pasted, with spaces or a hyphen.
func digits(typed string) (code string, whole bool) {
	code = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, typed)
	return code, len(code) == 6
}

func isZIP(zip string) bool {
	digits := strings.Replace(zip, "-", "", 1)
	return (len(zip) == 5 || len(zip) == 10 && zip[5] == '-') && strings.Trim(digits, "0123456789") == ""
}

func (v *visit) signOut() error {
	if err := v.sessions.Destroy(v.Request.Context()); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	v.redirect("/")
	return nil
}

func (v *visit) signOutEverywhere() error {
	if err := v.Cases.SignOutEverywhere(v.Request.Context(), v.actor); err != nil {
		return err
	}
	return v.signOut()
}

// stay keeps a session from ending: being asked is enough. Whoever is about to open an
// account has one to lose, too.
func (v *visit) stay() error {
	v.Header("Cache-Control", "no-store")
	if v.actor.ID == "" && !v.sessions.GetBool(v.Request.Context(), sessionConfirmed) {
		v.redirect("/sign-in")
		return nil
	}
	v.Status(http.StatusNoContent)
	return nil
}
