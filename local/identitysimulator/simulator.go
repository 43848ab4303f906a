// Package identitysimulator plays the organization's sign-in on one machine: it asks
// nobody for a password. It speaks OpenID Connect Core 1.0, the authorization code flow
// with PKCE (RFC 7636), as far as the console uses it, and refuses what a provider
// refuses: a client, a secret, an address to return to or a code that is not right.
package identitysimulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Title heads the page.
const Title = "Sign-in simulator: nobody's password is asked for here"

// Person is somebody of the staff whom one can be.
type Person struct {
	Subject string   // their id
	Roles   []string // what the claim "roles" says
}

// Options are what a Simulator needs.
type Options struct {
	// Issuer is the address of the simulator.
	Issuer string
	// ClientID, ClientSecret and ReturnURL are those of the one client it knows.
	ClientID, ClientSecret, ReturnURL string
	People                            []Person
}

// Simulator is the provider: an http.Handler. Its key and its codes are forgotten when
// it ends.
type Simulator struct {
	*http.ServeMux
	options Options
	key     *ecdsa.PrivateKey
	page    *template.Template

	mutex sync.Mutex
	codes map[string]granted
}

// granted is what a code stands for, once and for a minute.
type granted struct {
	subject, nonce, challenge string
	until                     time.Time
}

const (
	codeTime  = time.Minute
	tokenTime = 5 * time.Minute
	keyID     = "simulator"
)

//go:embed page.html
var pageText string

// New makes a simulator with a key of its own.
func New(options Options) (*Simulator, error) {
	if options.Issuer == "" || options.ClientID == "" || options.ClientSecret == "" || options.ReturnURL == "" {
		return nil, errors.New("sign-in simulator: it needs its address, a client with a secret, and where to return to")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of the sign-in simulator: %w", err)
	}
	s := &Simulator{
		ServeMux: http.NewServeMux(), options: options, key: key, codes: map[string]granted{},
		page: template.Must(template.New("page").Parse(pageText)),
	}
	s.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { s.show(w, http.StatusOK, view{}) })
	s.HandleFunc("GET /.well-known/openid-configuration", s.configuration)
	s.HandleFunc("GET /keys", s.keys)
	s.HandleFunc("GET /authorize", s.ask)
	s.HandleFunc("POST /authorize", s.choose)
	s.HandleFunc("POST /token", s.token)
	return s, nil
}

func (s *Simulator) configuration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": s.options.Issuer, "authorization_endpoint": s.options.Issuer + "/authorize", "token_endpoint": s.options.Issuer + "/token",
		"jwks_uri": s.options.Issuer + "/keys", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "scopes_supported": []string{"openid"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"}, "claims_supported": []string{"sub", "roles"},
	})
}

func (s *Simulator) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: keyID, Algorithm: "ES256", Use: "sig"}}})
}

// view is what the page shows.
type view struct {
	Title, Problem string
	Hidden         url.Values
	People         []Person
}

// asked are the members of a request that the choice carries on.
var asked = []string{"client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method"}

func (s *Simulator) ask(w http.ResponseWriter, r *http.Request) {
	hidden := url.Values{}
	for _, name := range asked {
		hidden.Set(name, r.URL.Query().Get(name))
	}
	if problem := s.wrong(hidden); problem != "" {
		s.show(w, http.StatusBadRequest, view{Problem: problem})
		return
	}
	s.show(w, http.StatusOK, view{Hidden: hidden, People: s.options.People})
}

// wrong says what a provider would not take of a request for a sign-in.
func (s *Simulator) wrong(request url.Values) string {
	switch {
	case request.Get("client_id") != s.options.ClientID:
		return "This client is not known."
	case request.Get("redirect_uri") != s.options.ReturnURL:
		return "The address to return to is not the one that was registered."
	case request.Get("response_type") != "code" || request.Get("scope") != "openid":
		return "Only the authorization code flow with the scope openid is spoken here."
	case request.Get("code_challenge") == "" || request.Get("code_challenge_method") != "S256":
		return "A code challenge with S256 is required."
	}
	return ""
}

func (s *Simulator) choose(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		s.show(w, http.StatusBadRequest, view{Problem: "The form cannot be read."})
		return
	}
	if problem := s.wrong(r.PostForm); problem != "" {
		s.show(w, http.StatusBadRequest, view{Problem: problem})
		return
	}
	back := url.Values{"state": {r.PostForm.Get("state")}}
	if person := s.person(r.PostForm.Get("subject")); person == nil {
		back.Set("error", "access_denied")
	} else {
		code := rand.Text()
		s.mutex.Lock()
		s.codes[code] = granted{person.Subject, r.PostForm.Get("nonce"), r.PostForm.Get("code_challenge"), time.Now().Add(codeTime)}
		s.mutex.Unlock()
		back.Set("code", code)
	}
	http.Redirect(w, r, s.options.ReturnURL+"?"+back.Encode(), http.StatusSeeOther)
}

func (s *Simulator) person(subject string) *Person {
	at := slices.IndexFunc(s.options.People, func(person Person) bool { return person.Subject == subject })
	if at < 0 {
		return nil
	}
	return &s.options.People[at]
}

func (s *Simulator) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	refuse := func(status int, code string) { answer(w, status, map[string]string{"error": code}) }
	if r.ParseForm() != nil {
		refuse(http.StatusBadRequest, "invalid_request")
		return
	}
	id, secret, basic := r.BasicAuth()
	if basic { // RFC 6749 §2.3.1: both are form-encoded first
		id, secret = unescaped(id), unescaped(secret)
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != s.options.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.options.ClientSecret)) != 1 {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	s.mutex.Lock()
	grant, known := s.codes[r.PostForm.Get("code")]
	delete(s.codes, r.PostForm.Get("code")) // a code is good once
	s.mutex.Unlock()
	verifier := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !known || time.Now().After(grant.until) || r.PostForm.Get("redirect_uri") != s.options.ReturnURL ||
		base64.RawURLEncoding.EncodeToString(verifier[:]) != grant.challenge {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	signed, err := s.sign(grant)
	if err != nil {
		refuse(http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": int(tokenTime.Seconds()), "id_token": signed,
	})
}

// sign makes the ID token. Tokens go by the machine's clock, as sessions do.
func (s *Simulator) sign(grant granted) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: keyID}}, nil)
	if err != nil {
		return "", fmt.Errorf("preparing to sign an ID token: %w", err)
	}
	now := time.Now()
	var roles []string
	if person := s.person(grant.subject); person != nil {
		roles = person.Roles
	}
	signed, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: s.options.Issuer, Subject: grant.subject, Audience: jwt.Audience{s.options.ClientID}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenTime)),
	}).Claims(map[string]any{"nonce": grant.nonce, "roles": roles}).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing an ID token: %w", err)
	}
	return signed, nil
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

func (s *Simulator) show(w http.ResponseWriter, status int, shown view) {
	shown.Title = Title
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The form leads back to the client: no form-action, which would hold redirects too.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = s.page.Execute(w, shown) // whoever asked may have gone
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}
