package paymentsimulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// object is a JSON object of the API.
type object map[string]any

// endpoint is one operation of the API.
type endpoint struct {
	pattern string
	// parameters it knows, with [] for an index and [*] for a free key. Any other is
	// refused: Stripe refuses what it does not know, and a parameter that Stripe
	// knows and the simulator would ignore must not look as if it worked.
	parameters []string
	run        func(*call) (object, error)
}

// call is one request to an endpoint. The simulator's lock is held.
type call struct {
	id    string // the Request-Id
	key   string // the Idempotency-Key, or ""
	path  func(name string) string
	form  form
	host  string
	fixed bool // parameters were fine; what is answered from now on is saved under the key
}

// begin ends the checks of the parameters: Stripe saves no answer under a key
// before that.
func (c *call) begin() { c.fixed = true }

// answer is what goes over the wire.
type answer struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

func (s *Simulator) routeAPI() {
	for _, e := range s.endpoints() {
		s.mux.HandleFunc(e.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, e) })
	}
	s.mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", newRequestID())
		write(w, answerError(&apiError{
			status: http.StatusNotFound, Type: invalidRequest,
			Message: fmt.Sprintf("Unrecognized request URL (%s: %s). The simulator knows only what the product uses.", r.Method, r.URL.Path),
		}))
	})
}

// serve answers one call: who, what, once, and then the faults that were asked for.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, e endpoint) {
	c := &call{id: newRequestID(), key: r.Header.Get("Idempotency-Key"), path: r.PathValue, host: r.Host}
	w.Header().Set("Request-Id", c.id)
	w.Header().Set("Stripe-Version", Version)
	if err := s.admit(r); err != nil {
		write(w, answerError(err))
		return
	}
	values, err := parameters(r)
	if err == nil {
		c.form, err = newForm(values, e.parameters)
	}
	if err != nil {
		write(w, answerError(err))
		return
	}
	result, replayed, lost := s.perform(c, r, e, values)
	if lost {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if replayed != "" {
		w.Header().Set("Idempotent-Replayed", "true")
		w.Header().Set("Original-Request", replayed)
	}
	if c.key != "" {
		w.Header().Set("Idempotency-Key", c.key)
	}
	write(w, result)
}

// perform runs the endpoint under the lock, or repeats what is saved under the key.
// replayed is the first request's id; lost says that the answer must not be sent.
func (s *Simulator) perform(c *call, r *http.Request, e endpoint, values url.Values) (result answer, replayed string, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expirePages()
	post := r.Method == http.MethodPost
	fingerprint := r.URL.Path + "?" + values.Encode()
	if post && c.key != "" {
		saved, found, err := s.saved(c.key, fingerprint)
		if err != nil {
			return answerError(err), "", false
		}
		if found {
			return saved.Answer, saved.Request, s.faults.loseAnswer()
		}
	}
	object, err := object(nil), error(nil)
	if failure := s.faults.failPost(post); failure != nil {
		err = failure
		c.fixed = failure.status == http.StatusInternalServerError // only this one is saved
	} else {
		object, err = e.run(c)
	}
	if err != nil {
		result = answerError(err)
	} else {
		result = answerObject(http.StatusOK, object)
	}
	if post && c.key != "" && c.fixed {
		s.state.Keys[c.key] = savedKey{Request: c.id, Fingerprint: fingerprint, Answer: result, At: s.options.Now()}
	}
	if err := s.state.save(s.options.File); err != nil {
		return answerError(err), "", false
	}
	s.nudge()
	return result, "", post && s.faults.loseAnswer()
}

// admit checks the key and the version.
func (s *Simulator) admit(r *http.Request) error {
	key, _, basic := r.BasicAuth()
	if !basic {
		key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	switch {
	case key == "":
		return &apiError{status: http.StatusUnauthorized, Type: invalidRequest, Message: "You did not provide an API key."}
	case s.options.SecretKey != "" && key != s.options.SecretKey, !strings.HasPrefix(key, "sk_test_"):
		return &apiError{status: http.StatusUnauthorized, Type: invalidRequest, Message: "Invalid API Key provided."}
	}
	if version := r.Header.Get("Stripe-Version"); version != "" && version != Version {
		return &apiError{
			status: http.StatusBadRequest, Type: invalidRequest,
			Message: "The simulator speaks API version " + Version + " only, not " + version + ".",
		}
	}
	return nil
}

// parameters reads a query or a form-encoded body.
func parameters(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		return r.URL.Query(), nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, &apiError{status: http.StatusBadRequest, Type: invalidRequest, Message: "The request body could not be read."}
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); len(body) > 0 && kind != "application/x-www-form-urlencoded" {
		return nil, &apiError{
			status: http.StatusBadRequest, Type: invalidRequest,
			Message: "Invalid request (check that your POST content type is application/x-www-form-urlencoded).",
		}
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &apiError{status: http.StatusBadRequest, Type: invalidRequest, Message: "The request body is not form-encoded."}
	}
	return values, nil
}

func answerObject(status int, o object) answer {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(o); err != nil {
		return answerError(fmt.Errorf("encode an answer: %w", err))
	}
	return answer{Status: status, Body: body.Bytes()}
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the caller went away; nobody to tell
}
