package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"peercert/certification"
)

// maxJSON is the most bytes of a JSON body, and of a webhook's.
const maxJSON = 1 << 20

// maxDrained is how much of a body that is too large is read and thrown away, so
// that its sender has finished sending and reads the answer.
const maxDrained = 16 << 20

// checkRequest holds a request against the specification: parameters first, then
// the body. What it leaves is of the described form.
func (s *server) checkRequest(c *gin.Context, o *operation) error {
	if err := checkParameters(c, o); err != nil {
		return err
	}
	if o.mediaType == "" {
		if c.Request.ContentLength > 0 {
			return certification.Malformed(certification.Finding{Field: "body", Code: "unknown", Detail: "This request has no body."})
		}
		return nil
	}
	sent, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || sent != o.mediaType {
		return certification.Refused(problemMediaType, "The body here is "+o.mediaType+".")
	}
	if o.streams {
		return boundUpload(c)
	}
	body, err := readBody(c, maxJSON)
	if err != nil {
		return err
	}
	requestOf(c).body = body
	if o.webhook {
		return nil
	}
	value, err := parseJSON(body)
	if err != nil {
		return err
	}
	if err := refusalOf(o.body.Validate(value)); err != nil {
		return err
	}
	// The generated binder takes the value that was checked instead of decoding the
	// body a second time with other rules.
	c.Request.Body = checkedBody{io.NopCloser(bytes.NewReader(body)), value}
	return nil
}

type checkedBody struct {
	io.ReadCloser
	value any
}

// ValidatedValue is what the generated code asks for.
func (b checkedBody) ValidatedValue() any { return b.value }

func readBody(c *gin.Context, limit int64) ([]byte, error) {
	stop := bodyDeadline(c)
	defer stop()
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, limit+1))
	if err != nil {
		return nil, certification.Malformed(certification.Finding{Field: "body", Code: "interrupted", Detail: "The body ended before it was complete."})
	}
	if int64(len(body)) > limit {
		_, _ = io.CopyN(io.Discard, c.Request.Body, maxDrained)
		c.Header("Connection", "close")
		return nil, certification.Refused(problemTooLarge, fmt.Sprintf("The body may have %d bytes.", limit))
	}
	return body, nil
}

// parseJSON takes exactly one value of strict JSON: valid UTF-8, no name twice.
func parseJSON(body []byte) (any, error) {
	if !jsontext.Value(body).IsValid() {
		return nil, certification.Malformed(certification.Finding{Field: "body", Code: "not_json", Detail: "The body is not one value of JSON in UTF-8 with every name once."})
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, certification.Malformed(certification.Finding{Field: "body", Code: "not_json", Detail: "The body is not JSON."})
	}
	return value, nil
}

func checkParameters(c *gin.Context, o *operation) error {
	query := c.Request.URL.Query()
	var found []certification.Finding
	for _, p := range o.parameters {
		var values []string
		switch p.in {
		case "path":
			values = []string{c.Param(p.name)}
		case "query":
			values = query[p.name]
			query.Del(p.name)
		case "header":
			values = c.Request.Header.Values(p.name)
		}
		if len(values) == 0 {
			if p.required {
				if p.name == "Idempotency-Key" {
					return certification.Refused(certification.RefusedIdempotencyKeyMissing, "Send the header Idempotency-Key.")
				}
				if o.webhook {
					return certification.Refused(certification.RefusedBadSignature, "The header "+p.name+" is missing.")
				}
				found = append(found, certification.Finding{Field: p.name, Code: "required", Detail: "This is required."})
			}
			continue
		}
		if len(values) > 1 {
			found = append(found, certification.Finding{Field: p.name, Code: "repeated", Detail: "This may be there only once."})
			continue
		}
		value, ok := p.parse(values[0])
		if !ok {
			found = append(found, certification.Finding{Field: p.name, Code: "wrong_type", Detail: "This must be " + aType(p.types) + "."})
			continue
		}
		if err := p.schema.Validate(value); err != nil {
			if p.in == "path" {
				// No such id can exist, so the answer is that of an id which does not.
				return certification.NotFound()
			}
			for _, finding := range leaves(err) {
				finding.Field = p.name
				found = append(found, finding.Finding)
			}
		}
	}
	for name := range query {
		found = append(found, certification.Finding{Field: fieldName(name), Code: "unknown", Detail: "There is no such parameter."})
	}
	if len(found) > 0 {
		return certification.Malformed(found...)
	}
	return nil
}

func (p parameter) parse(text string) (any, bool) {
	switch {
	case slices.Contains(p.types, "integer"):
		_, err := strconv.ParseInt(text, 10, 64)
		return json.Number(text), err == nil
	case slices.Contains(p.types, "boolean"):
		return text == "true", text == "true" || text == "false"
	}
	return text, true
}

// ruleFinding is a finding, and whether it is about a value of the right form.
type ruleFinding struct {
	certification.Finding
	rule bool
}

// refusalOf says what is wrong with a value: malformed if any part is not of the
// described form, otherwise invalid. Nothing in it repeats a value.
func refusalOf(err error) error {
	if err == nil {
		return nil
	}
	var found []certification.Finding
	malformed := false
	for _, leaf := range leaves(err) {
		malformed = malformed || !leaf.rule
		found = append(found, leaf.Finding)
	}
	slices.SortStableFunc(found, func(a, b certification.Finding) int { return strings.Compare(a.Field, b.Field) })
	if malformed {
		return certification.Malformed(found...)
	}
	return certification.Invalid(found...)
}

func leaves(err error) []ruleFinding {
	var validation *jsonschema.ValidationError
	if !errors.As(err, &validation) {
		return []ruleFinding{{Finding: certification.Finding{Field: "body", Code: "wrong_form", Detail: "This is not in the form described."}}}
	}
	if len(validation.Causes) > 0 {
		var found []ruleFinding
		for _, cause := range validation.Causes {
			found = append(found, leaves(cause)...)
		}
		return found
	}
	return describe(fieldOf(validation.InstanceLocation), validation.ErrorKind)
}

func describe(field string, what jsonschema.ErrorKind) []ruleFinding {
	one := func(rule bool, code, detail string) []ruleFinding {
		return []ruleFinding{{certification.Finding{Field: field, Code: code, Detail: detail}, rule}}
	}
	switch what := what.(type) {
	case *kind.Required:
		var found []ruleFinding
		for _, name := range what.Missing {
			found = append(found, ruleFinding{Finding: certification.Finding{Field: join(field, name), Code: "required", Detail: "This is required."}})
		}
		return found
	case *kind.AdditionalProperties:
		var found []ruleFinding
		for _, name := range what.Properties {
			found = append(found, ruleFinding{Finding: certification.Finding{Field: join(field, fieldName(name)), Code: "unknown", Detail: "There is no such member."}})
		}
		return found
	case *kind.Type:
		return one(false, "wrong_type", "This must be "+aType(what.Want)+".")
	case *kind.Enum:
		return one(false, "not_one_of", fmt.Sprintf("This must be one of %s.", list(what.Want)))
	case *kind.Format:
		return one(false, "wrong_format", "This must be "+aFormat(what.Want)+".")
	case *kind.Pattern:
		return one(true, "wrong_form", "This is not in the form that the specification describes.")
	case *kind.MinLength:
		if what.Want == 1 {
			return one(true, "too_short", "This must not be empty.")
		}
		return one(true, "too_short", fmt.Sprintf("This must have at least %d characters.", what.Want))
	case *kind.MaxLength:
		return one(true, "too_long", fmt.Sprintf("This may have at most %d characters.", what.Want))
	case *kind.Minimum:
		return one(true, "too_small", "This must be at least "+what.Want.RatString()+".")
	case *kind.Maximum:
		return one(true, "too_large", "This may be at most "+what.Want.RatString()+".")
	case *kind.ExclusiveMinimum:
		return one(true, "too_small", "This must be more than "+what.Want.RatString()+".")
	case *kind.MinItems:
		return one(true, "too_few", fmt.Sprintf("There must be at least %d of these.", what.Want))
	case *kind.MaxItems:
		return one(true, "too_many", fmt.Sprintf("There may be at most %d of these.", what.Want))
	case *kind.MaxProperties:
		return one(true, "too_many", fmt.Sprintf("There may be at most %d of these.", what.Want))
	case *kind.UniqueItems:
		return one(true, "repeated", "The same may not be there twice.")
	}
	return one(false, "wrong_form", "This is not in the form that the specification describes.")
}

// fieldOf writes a location as people write it: courses[2].hours.
func fieldOf(location []string) string {
	field := ""
	for _, step := range location {
		if _, err := strconv.Atoi(step); err == nil && field != "" {
			field += "[" + step + "]"
			continue
		}
		field = join(field, fieldName(step))
	}
	if field == "" {
		return "body"
	}
	return field
}

func join(field, name string) string {
	if field == "" || field == "body" {
		return name
	}
	return field + "." + name
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// fieldName repeats a name that the sender chose only if it can be one of a member.
func fieldName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "?"
}

func aType(types []string) string {
	words := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
		"object": "an object", "array": "a list", "null": "null",
	}
	said := make([]string, 0, len(types))
	for _, name := range types {
		said = append(said, words[name])
	}
	return strings.Join(said, " or ")
}

func aFormat(name string) string {
	words := map[string]string{
		"date": "a day as in 2026-03-31", "date-time": "an instant as in 2026-03-31T23:59:59Z",
		"uuid": "a UUID", "email": "an e-mail address",
	}
	if word, ok := words[name]; ok {
		return word
	}
	return "in the format " + name
}

func list(values []any) string {
	said := make([]string, 0, len(values))
	for _, value := range values {
		if value == nil {
			said = append(said, "null")
			continue
		}
		said = append(said, fmt.Sprint(value))
	}
	return strings.Join(said, ", ")
}
