package portal

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/alexedwards/scs/v2"

	"peercert/certification"
	"peercert/web/serve"
)

// What a session holds.
const (
	sessionApplicant = "applicant" // id of who is signed in
	sessionBegan     = "began"     // when they signed in, Unix microseconds
	sessionSignIn    = "sign_in"   // id of the sign-in under way, or confirmed and without an account
	sessionAddress   = "address"   // where its code was sent, to be shown
	sessionConfirmed = "confirmed" // the code was right and the address is new
	sessionHeld      = "held"      // a form that was sent after its sender had been signed out
	sessionMove      = "move"      // id of a change of address under way
	sessionNext      = "next"      // the page that was asked for before signing in
	sessionLanguage  = "language"  // that a person went to the payment page in
)

// NewSessions keeps the sessions of a portal in PostgreSQL.
func NewSessions(options Options) *scs.SessionManager {
	return serve.NewSessions(serve.SessionOptions{
		Store: options.Sessions, Cookie: "session", Idle: options.SessionIdle, Longest: options.SessionLongest, Secure: options.Secure,
	})
}

// Begin makes the session of a request that of somebody who is signed in, under a new
// session id. Whoever calls it knows who they are.
func Begin(ctx context.Context, sessions *scs.SessionManager, applicantID string) error {
	if err := sessions.RenewToken(ctx); err != nil {
		return certification.Unavailable(err, time.Second)
	}
	for _, name := range []string{sessionSignIn, sessionAddress, sessionConfirmed, sessionMove} {
		sessions.Remove(ctx, name)
	}
	sessions.Put(ctx, sessionApplicant, applicantID)
	sessions.Put(ctx, sessionBegan, time.Now().UnixMicro())
	return nil
}

// recognize finds out who is signed in. A session that began before its owner signed
// out everywhere is over.
func (v *visit) recognize() error {
	ctx := v.Request.Context()
	id := v.sessions.GetString(ctx, sessionApplicant)
	if id == "" {
		return nil
	}
	actor := certification.Actor{Role: certification.RoleApplicant, ID: id}
	from, err := v.Cases.SessionsFrom(ctx, actor)
	if err != nil {
		if _, is := refusedWith(err, certification.RefusedNotFound); is {
			return v.sessions.Destroy(ctx)
		}
		return err
	}
	if began := time.UnixMicro(v.sessions.GetInt64(ctx, sessionBegan)); began.Before(from) {
		return v.sessions.Destroy(ctx)
	}
	v.actor = actor
	v.Set(serve.RequestBy, id)
	return nil
}

// begin signs a person in.
func (v *visit) begin(applicantID string) error {
	return Begin(v.Request.Context(), v.sessions, applicantID)
}

// localPath accepts an address of ours without language, to go on to after signing in.
func localPath(path string) string {
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\?#") && !strings.ContainsFunc(path, unicode.IsControl) {
		return path
	}
	return ""
}
