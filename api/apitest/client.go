// Package apitest is a client of the API that holds every request it sends and
// every answer it gets against openapi.yaml. Tests and the demonstration use it,
// so that what they see is what the specification promises. It judges with
// another library than the server checks with.
package apitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"peercert/api"
)

// Reporter is told of everything that is not as the specification says. A
// *testing.T is one.
type Reporter interface {
	Errorf(format string, arguments ...any)
}

// Client speaks to one server. A copy with another token shares everything else.
type Client struct {
	report   Reporter
	base     string
	token    string
	http     *http.Client
	document *openapi3.T
	router   routers.Router
}

// New gives a client without a token for the server at an address such as
// "http://127.0.0.1:8080".
func New(report Reporter, baseURL string) (*Client, error) {
	document, err := api.LoadSpecification(context.Background())
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml is not valid: %w", err)
	}
	document.Servers = nil // the address is given, not read
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("reading the routes of openapi.yaml: %w", err)
	}
	return &Client{
		report: report, base: strings.TrimSuffix(baseURL, "/"), document: document, router: router,
		http: &http.Client{
			Timeout:       2 * time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// As is the client of somebody with a token.
func (c *Client) As(token string) *Client {
	copied := *c
	copied.token = token
	return &copied
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body.
func (a Answer) Into(value any) error {
	if err := json.Unmarshal(a.Body, value); err != nil {
		return fmt.Errorf("decoding an answer with status %d: %w", a.Status, err)
	}
	return nil
}

// Problem is the last part of a problem's type, such as "wrong-stage"; empty if
// the answer is none.
func (a Answer) Problem() string {
	var problem struct {
		Type string `json:"type"`
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(a.Body, &problem) != nil {
		return ""
	}
	return strings.TrimPrefix(problem.Type, "/problems/")
}

// Fields are the fields and codes of a problem's errors, as "field:code".
func (a Answer) Fields() []string {
	var problem struct {
		Errors []struct{ Field, Code string }
	}
	if json.Unmarshal(a.Body, &problem) != nil {
		return nil
	}
	fields := make([]string, 0, len(problem.Errors))
	for _, found := range problem.Errors {
		fields = append(fields, found.Field+":"+found.Code)
	}
	return fields
}

// Option changes a request before it is sent.
type Option func(*exchange)

type exchange struct {
	header http.Header
	broken bool
}

// WithKey sets the Idempotency-Key; otherwise every POST has a new one.
func WithKey(key string) Option {
	return func(e *exchange) { e.header.Set("Idempotency-Key", key) }
}

// WithHeader sets a header; an empty value takes it away.
func WithHeader(name, value string) Option {
	return func(e *exchange) {
		if value == "" {
			e.header.Del(name)
			e.broken = true
			return
		}
		e.header.Set(name, value)
	}
}

// Broken says that the request is against the specification on purpose, so that
// only its answer is judged.
func Broken() Option { return func(e *exchange) { e.broken = true } }

// Get reads.
func (c *Client) Get(ctx context.Context, path string, options ...Option) (Answer, error) {
	return c.Do(ctx, http.MethodGet, path, nil, options...)
}

// Post sends a body as JSON; a []byte is sent as it is.
func (c *Client) Post(ctx context.Context, path string, body any, options ...Option) (Answer, error) {
	return c.Do(ctx, http.MethodPost, path, body, options...)
}

// Patch sends a body as JSON; a []byte is sent as it is.
func (c *Client) Patch(ctx context.Context, path string, body any, options ...Option) (Answer, error) {
	return c.Do(ctx, http.MethodPatch, path, body, options...)
}

// Signal sends a signal for a case. A nil body is the empty one.
func (c *Client) Signal(ctx context.Context, caseID, signal string, body any, options ...Option) (Answer, error) {
	if body == nil {
		body = map[string]any{}
	}
	return c.Post(ctx, "/v1/cases/"+url.PathEscape(caseID)+"/signals/"+signal, body, options...)
}

// Upload sends a document, as a browser would, without holding it in memory.
func (c *Client) Upload(ctx context.Context, caseID, kind, fileName string, content io.Reader, options ...Option) (Answer, error) {
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		err := form.WriteField("kind", kind)
		if err == nil {
			header := textproto.MIMEHeader{}
			header.Set("Content-Disposition", mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": fileName}))
			header.Set("Content-Type", "application/octet-stream")
			var part io.Writer
			if part, err = form.CreatePart(header); err == nil {
				_, err = io.Copy(part, content)
			}
		}
		if err == nil {
			err = form.Close()
		}
		writer.CloseWithError(err)
	}()
	return c.send(ctx, http.MethodPost, "/v1/cases/"+url.PathEscape(caseID)+"/documents", form.FormDataContentType(), reader, nil, options)
}

// Do sends a request and judges request and answer. The error is of the network,
// never of the server: that is in the answer.
func (c *Client) Do(ctx context.Context, method, path string, body any, options ...Option) (Answer, error) {
	var encoded []byte
	contentType := ""
	switch body := body.(type) {
	case nil:
	case []byte:
		encoded, contentType = body, "application/json"
	default:
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return Answer{}, fmt.Errorf("encoding a request: %w", err)
		}
		contentType = "application/json"
	}
	return c.send(ctx, method, path, contentType, bytes.NewReader(encoded), encoded, options)
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader, known []byte, options []Option) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return Answer{}, fmt.Errorf("making a request: %w", err)
	}
	e := &exchange{header: request.Header}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if method == http.MethodPost && !strings.HasPrefix(path, "/v1/webhooks/") {
		request.Header.Set("Idempotency-Key", rand.Text())
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, option := range options {
		option(e)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	answer := Answer{Status: response.StatusCode, Header: response.Header, Body: content}
	c.judge(ctx, request, known, e.broken, answer)
	return answer, nil
}

// judge holds an exchange against the specification.
func (c *Client) judge(ctx context.Context, sent *http.Request, body []byte, broken bool, answer Answer) {
	if !strings.HasPrefix(sent.URL.Path, "/v1/") {
		return
	}
	complain := func(format string, arguments ...any) {
		c.report.Errorf("%s %s: "+format, append([]any{sent.Method, sent.URL.Path}, arguments...)...)
	}
	if answer.Header.Get("X-Request-Id") == "" {
		complain("the answer has no X-Request-Id")
	}
	if answer.Status >= 400 {
		c.judgeProblem(ctx, answer, complain)
	}
	request := sent.Clone(ctx)
	request.URL, _ = url.Parse(sent.URL.RequestURI())
	request.Host = ""
	route, parameters, err := c.router.FindRoute(request)
	if err != nil {
		if answer.Status != http.StatusNotFound && answer.Status != http.StatusMethodNotAllowed {
			complain("answered %d, but is not in the specification: %v", answer.Status, err)
		}
		return
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, ExcludeRequestBody: body == nil, SkipSettingDefaults: true,
		},
	}
	request.Body = http.NoBody // what was streamed is gone
	if body != nil {
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	// A request that was refused as malformed may well be against the specification.
	if !broken && answer.Status < 400 {
		if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
			complain("the request is against the specification, and was answered %d: %v", answer.Status, short(err))
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.Status, Header: answer.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if mediaType != "" && !strings.HasSuffix(mediaType, "json") {
		declared := route.Operation.Responses.Status(answer.Status)
		if declared == nil || declared.Value.Content[mediaType] == nil {
			complain("answered %d with %s, which is not in the specification", answer.Status, mediaType)
		}
		return
	}
	response.SetBodyBytes(answer.Body)
	if err := openapi3filter.ValidateResponse(ctx, response); err != nil {
		complain("the answer %d is against the specification: %v", answer.Status, short(err))
	}
}

// judgeProblem holds a refusal against what all refusals have in common, also
// where there is no route.
func (c *Client) judgeProblem(ctx context.Context, answer Answer, complain func(string, ...any)) {
	if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
		complain("the refusal %d has Content-Type %q", answer.Status, got)
		return
	}
	var problem any
	if err := json.Unmarshal(answer.Body, &problem); err != nil {
		complain("the refusal %d is not JSON: %v", answer.Status, err)
		return
	}
	if err := c.document.Components.Schemas["Problem"].Value.VisitJSON(problem, openapi3.EnableJSONSchema2020()); err != nil {
		complain("the refusal %d is no problem: %v", answer.Status, short(err))
	}
	for _, known := range api.Problems() {
		if known.Type == answer.Problem() {
			if known.Status != answer.Status {
				complain("the problem %s has status %d instead of %d", known.Type, answer.Status, known.Status)
			}
			return
		}
	}
	complain("the problem %q is not on the page of problems", answer.Problem())
}

// short leaves out the schema and the value, which would fill pages.
func short(err error) string {
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		return "at /" + strings.Join(schema.JSONPointer(), "/") + ": " + schema.Reason
	}
	return err.Error()
}
