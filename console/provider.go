package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"peercert/certification"
)

// SignIn is the OpenID Connect provider of the staff, and who we are there.
type SignIn struct {
	Issuer, ClientID, ClientSecret string
	// RolesClaim is the claim of the ID token with a person's roles.
	RolesClaim string
	// ReturnURL is where the provider sends people back to.
	ReturnURL string
}

// errNotSetUp says that no provider is set.
var errNotSetUp = errors.New("no OpenID Connect provider is set")

// errNotOurs says that the provider knows somebody who has no role here, or whose id
// cannot be written into the log of a case.
var errNotOurs = errors.New("the provider gave no role or no usable id")

// provider is the connection to the provider. It is made when it is first needed, and
// made again until that works: the console does not need it to start.
type provider struct {
	SignIn
	client *http.Client

	asking chan struct{} // holds one while somebody asks; guards found
	found  *connection
}

// connection is what is kept of the provider: the keys it signs with, and how it wants
// our secret.
type connection struct {
	oauth2   *oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func newProvider(signIn SignIn) *provider {
	return &provider{SignIn: signIn, client: &http.Client{Timeout: providerTime}, asking: make(chan struct{}, 1)}
}

// providerTime bounds one question to the provider.
const providerTime = 10 * time.Second

func (p *provider) connect(ctx context.Context) (*connection, error) {
	if p.Issuer == "" {
		return nil, errNotSetUp
	}
	// Whoever waits behind somebody who asks a provider that hangs waits no longer than
	// they want to.
	ctx, cancel := context.WithTimeout(ctx, providerTime)
	defer cancel()
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the OpenID Connect provider: %w", ctx.Err())
	}
	if p.found == nil {
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
		if err != nil {
			return nil, fmt.Errorf("asking the OpenID Connect provider what it offers: %w", err)
		}
		p.found = &connection{
			oauth2: &oauth2.Config{
				ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.ReturnURL, Scopes: []string{oidc.ScopeOpenID},
			},
			verifier: found.Verifier(&oidc.Config{ClientID: p.ClientID}),
		}
	}
	return p.found, nil
}

// attempt is one sign-in under way, kept in the session of who began it.
type attempt struct {
	State, Nonce, Verifier string
}

// address is where a person goes to sign in.
func (p *provider) address(ctx context.Context, a attempt) (string, error) {
	found, err := p.connect(ctx)
	if err != nil {
		return "", err
	}
	return found.oauth2.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// actor finds out who came back with a code. Their id is the subject at the provider, as
// the log of cases has it for good.
func (p *provider) actor(ctx context.Context, a attempt, code string) (certification.Actor, error) {
	found, err := p.connect(ctx)
	if err != nil {
		return certification.Actor{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := found.oauth2.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return certification.Actor{}, fmt.Errorf("exchanging the code of a sign-in: %w", withoutAnswer(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := found.verifier.Verify(ctx, raw)
	if err != nil {
		return certification.Actor{}, fmt.Errorf("verifying an ID token: %w", err)
	}
	if token.Nonce != a.Nonce {
		return certification.Actor{}, errors.New("verifying an ID token: it is of another sign-in")
	}
	claims := map[string]json.RawMessage{}
	if err := token.Claims(&claims); err != nil {
		return certification.Actor{}, fmt.Errorf("reading the claims of an ID token: %w", err)
	}
	role := roleOf(claims[p.RolesClaim])
	if role == "" || !certification.IsActorID(token.Subject) {
		return certification.Actor{}, errNotOurs
	}
	return certification.Actor{Role: role, ID: token.Subject}, nil
}

// withoutAnswer takes the provider's own words out of an error: a log is no place for
// what somebody else's program says about a person.
func withoutAnswer(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("the provider answers %d %q", refused.Response.StatusCode, refused.ErrorCode)
	}
	return err
}

// roleOf reads a claim that is a role or a list of roles. An administrator who is a
// reviewer too is an administrator here.
func roleOf(claim json.RawMessage) certification.Role {
	var one string
	var list []string
	if json.Unmarshal(claim, &one) == nil {
		list = []string{one}
	} else if json.Unmarshal(claim, &list) != nil {
		return ""
	}
	for _, role := range []certification.Role{certification.RoleAdministrator, certification.RoleReviewer} {
		if slices.Contains(list, string(role)) {
			return role
		}
	}
	return ""
}
