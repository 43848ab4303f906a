package console

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"peercert/certification"
	"peercert/web/serve"
)

const (
	signInPath = "/console/sign-in"
	beginPath  = "/console/sign-in/begin"
	returnPath = "/console/sign-in/return"
)

// What a session holds.
const (
	sessionStaff    = "staff" // id of who is signed in
	sessionRole     = "staff_role"
	sessionState    = "staff_state" // of the sign-in under way
	sessionNonce    = "staff_nonce"
	sessionVerifier = "staff_verifier"
	sessionNext     = "staff_next" // the page that was asked for before
	sessionDone     = "staff_done" // the signal that was just sent, to be said once
)

// recognize finds out who is signed in.
func (v *visit) recognize() {
	ctx := v.Request.Context()
	if id := v.sessions.GetString(ctx, sessionStaff); id != "" {
		v.actor = certification.Actor{Role: certification.Role(v.sessions.GetString(ctx, sessionRole)), ID: id}
		v.Set(serve.RequestBy, id)
	}
}

// SignInPage is the content of the page that leads to the provider.
type SignInPage struct {
	Begin string // address; empty if nobody can sign in
	Why   string // what went wrong before; may be empty
}

func (v *visit) signIn() error {
	return show(v, http.StatusOK, "sign_in", v.frame("Sign in"), SignInPage{Begin: v.begin(v.Query("next"))})
}

// begin is the address that leads to the provider, and then on; empty if there is none.
func (v *visit) begin(next string) string {
	switch {
	case v.SignIn.Issuer == "":
		return ""
	case next == "":
		return beginPath
	}
	return beginPath + "?next=" + url.QueryEscape(next)
}

// beginSignIn leads to the provider. It is for nobody who is signed in already: a session
// is not made longer by asking. The session is bound to this sign-in: somebody else's
// code is worth nothing in it.
func (v *visit) beginSignIn() error {
	a := attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	address, err := v.provider.address(v.Request.Context(), a)
	if err != nil {
		return v.signInFailed(err)
	}
	ctx := v.Request.Context()
	if err := v.sessions.RenewToken(ctx); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	for name, value := range map[string]string{
		sessionState: a.State, sessionNonce: a.Nonce, sessionVerifier: a.Verifier, sessionNext: consolePath(v.Query("next")),
	} {
		v.sessions.Put(ctx, name, value)
	}
	v.Redirect(http.StatusSeeOther, address)
	return nil
}

// endSignIn is where the provider leads back to.
func (v *visit) endSignIn() error {
	ctx := v.Request.Context()
	state, next := v.sessions.GetString(ctx, sessionState), v.sessions.GetString(ctx, sessionNext)
	if state == "" || subtle.ConstantTimeCompare([]byte(v.Query("state")), []byte(state)) != 1 {
		return v.signInAgain(http.StatusBadRequest, "This sign-in was begun in another window, or too long ago.")
	}
	// An attempt is good once, whatever comes of it.
	v.sessions.Remove(ctx, sessionState)
	a := attempt{State: state, Nonce: v.sessions.PopString(ctx, sessionNonce), Verifier: v.sessions.PopString(ctx, sessionVerifier)}
	if v.Query("code") == "" {
		return v.signInAgain(http.StatusBadRequest, "You were not signed in at the provider.")
	}
	actor, err := v.provider.actor(ctx, a, v.Query("code"))
	if errors.Is(err, errNotOurs) {
		return show(v, http.StatusForbidden, "refused", v.frame("You have no role here"), Refused{
			Text: "You are known where you signed in, but without the role of an administrator or a reviewer, or with an id that cannot be written into the log of a case.",
			Next: "Ask whoever looks after accounts to give you the role.",
		})
	}
	if err != nil {
		return v.signInFailed(err)
	}
	if actor.Role != certification.RoleAdministrator {
		return show(v, http.StatusForbidden, "refused", v.frame("The console is for administrators"), Refused{
			Text: "You signed in as a reviewer. There is no desk for reviewers yet: reviews are claimed and decided through the API.",
			Next: "If you should be an administrator, ask whoever looks after accounts.",
		})
	}
	if err := v.sessions.RenewToken(ctx); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	v.sessions.Remove(ctx, sessionNext)
	v.sessions.Put(ctx, sessionStaff, actor.ID)
	v.sessions.Put(ctx, sessionRole, string(actor.Role))
	if next == "" {
		next = "/console"
	}
	v.Redirect(http.StatusSeeOther, next)
	return nil
}

func (v *visit) signInFailed(err error) error {
	v.Set(serve.Failure, serve.FailureText(err))
	if errors.Is(err, errNotSetUp) {
		return v.signInAgain(http.StatusServiceUnavailable, "")
	}
	return v.signInAgain(http.StatusServiceUnavailable, "The provider where staff sign in does not answer as it should. The log says more.")
}

func (v *visit) signInAgain(status int, why string) error {
	page := SignInPage{Why: why, Begin: v.begin(v.sessions.GetString(v.Request.Context(), sessionNext))}
	return show(v, status, "sign_in", v.frame("Sign in"), page)
}

func (v *visit) signOut() error {
	if err := v.sessions.Destroy(v.Request.Context()); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	v.Redirect(http.StatusSeeOther, signInPath)
	return nil
}

// consolePath accepts an address of the console to go on to; empty for any other.
func consolePath(path string) string {
	parsed, err := url.Parse(path)
	if err != nil || parsed.Host != "" || parsed.Scheme != "" || strings.ContainsAny(path, "\\\n\r\t") {
		return ""
	}
	if parsed.Path != "/console" && !strings.HasPrefix(parsed.Path, "/console/") || strings.HasPrefix(parsed.Path, signInPath) {
		return ""
	}
	return parsed.RequestURI()
}
