package api

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"peercert/certification"
)

// description is the specification, arranged for the page /docs.
type description struct {
	Title, Summary string
	Text           template.HTML
	Groups         []described
	Schemas        []schemaText
}

// described is a group of operations.
type described struct {
	Anchor, Name, Text string
	Operations         []operationText
}

type operationText struct {
	Anchor, Method, Path, Summary string
	Text                          template.HTML
	Who                           string
	Parameters                    []fieldText
	Body                          *bodyText
	Answers                       []answerText
	Example                       string
}

type fieldText struct {
	Name, In string
	Type     template.HTML
	Required bool
	Text     template.HTML
}

type bodyText struct {
	MediaType string
	Schema    template.HTML
	Fields    []fieldText
}

type answerText struct {
	Status string
	Text   template.HTML
	Schema template.HTML
}

type schemaText struct {
	Anchor, Name string
	Text         template.HTML
	Type         template.HTML
	Fields       []fieldText
}

func describeAPI(document *openapi3.T) description {
	d := description{Title: document.Info.Title, Summary: document.Info.Summary, Text: prose(document.Info.Description)}
	for _, tag := range document.Tags {
		d.Groups = append(d.Groups, described{Anchor: anchor(tag.Name), Name: tag.Name, Text: tag.Description, Operations: operationsOf(document, tag.Name)})
	}
	names := make([]string, 0, len(document.Components.Schemas))
	for name := range document.Components.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		schema := document.Components.Schemas[name].Value
		d.Schemas = append(d.Schemas, schemaText{
			Anchor: "schema-" + name, Name: name, Text: prose(schema.Description), Type: typeOf(&openapi3.SchemaRef{Value: schema}), Fields: fieldsOf(schema),
		})
	}
	return d
}

func operationsOf(document *openapi3.T, tag string) []operationText {
	var found []operationText
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if slices.Contains(operation.Tags, tag) {
				found = append(found, operationTextOf(document, path, method, item, operation))
			}
		}
	}
	order := map[string]int{} // signals in the order of the vocabulary
	for i, message := range certification.Messages() {
		order["/v1/cases/{case_id}/signals/"+string(message.Signal())] = i + 1
	}
	slices.SortFunc(found, func(a, b operationText) int {
		if by := order[a.Path] - order[b.Path]; by != 0 {
			return by
		}
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return found
}

func operationTextOf(document *openapi3.T, path, method string, item *openapi3.PathItem, operation *openapi3.Operation) operationText {
	text := operationText{
		Anchor: operation.OperationID, Method: method, Path: path, Summary: operation.Summary, Text: prose(operation.Description), Who: "No token",
	}
	var roles []string
	if err := extension(operation, "x-roles", &roles); err == nil && len(roles) > 0 {
		text.Who = "For " + strings.Join(roles, ", ")
	}
	for _, ref := range slices.Concat(item.Parameters, operation.Parameters) {
		p := ref.Value
		text.Parameters = append(text.Parameters, fieldText{
			Name: p.Name, In: p.In, Type: typeOf(p.Schema), Required: p.Required, Text: prose(p.Description),
		})
	}
	example := ""
	if operation.RequestBody != nil {
		for mediaType, media := range operation.RequestBody.Value.Content {
			text.Body = &bodyText{MediaType: mediaType, Schema: typeOf(media.Schema), Fields: fieldsOf(media.Schema.Value)}
			if encoded, err := json.MarshalIndent(exampleOf(media.Schema.Value, 0), "", "  "); err == nil {
				example = string(encoded)
			}
		}
	}
	text.Example = curl(text, example)
	for _, status := range slices.Sorted(mapKeys(operation.Responses.Map())) {
		response := operation.Responses.Value(status).Value
		answer := answerText{Status: status, Text: prose(*response.Description)}
		for mediaType, media := range response.Content {
			if strings.HasSuffix(mediaType, "json") {
				answer.Schema = typeOf(media.Schema)
			}
		}
		text.Answers = append(text.Answers, answer)
	}
	return text
}

func mapKeys[V any](from map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range from {
			if !yield(key) {
				return
			}
		}
	}
}

// curl is the operation as a command that can be copied.
func curl(text operationText, body string) string {
	lines := []string{"curl"}
	if text.Method != "GET" {
		lines[0] += " -X " + text.Method
	}
	lines[0] += ` "$PEERCERT` + text.Path + `"`
	if text.Who != "No token" {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	for _, p := range text.Parameters {
		if p.In == "header" && p.Required && p.Name == "Idempotency-Key" {
			lines = append(lines, `-H "Idempotency-Key: $(uuidgen)"`)
		}
	}
	switch {
	case text.Body == nil:
	case text.Body.MediaType == "multipart/form-data":
		lines = append(lines, "-F kind=photo_id", "-F file=@id.jpg")
	default:
		lines = append(lines, "--json '"+body+"'")
	}
	return strings.Join(lines, " \\\n  ")
}

// fieldsOf lists the members of an object, the required ones first.
func fieldsOf(schema *openapi3.Schema) []fieldText {
	if schema == nil {
		return nil
	}
	var fields []fieldText
	for name, ref := range schema.Properties {
		text := ref.Value.Description
		fields = append(fields, fieldText{
			Name: name, Type: typeOf(ref), Required: slices.Contains(schema.Required, name), Text: prose(text),
		})
	}
	slices.SortFunc(fields, func(a, b fieldText) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return fields
}

// typeOf says a type in words, with links to the schemas that have a name.
func typeOf(ref *openapi3.SchemaRef) template.HTML {
	if ref == nil || ref.Value == nil {
		return ""
	}
	if name, named := strings.CutPrefix(ref.Ref, "#/components/schemas/"); named {
		return template.HTML(fmt.Sprintf(`<a href="#schema-%s">%s</a>`, template.HTMLEscapeString(name), template.HTMLEscapeString(name)))
	}
	schema := ref.Value
	if len(schema.Enum) > 0 {
		said := make([]string, 0, len(schema.Enum))
		for _, value := range schema.Enum {
			if value == nil {
				value = "null"
			}
			said = append(said, "<code>"+template.HTMLEscapeString(fmt.Sprint(value))+"</code>")
		}
		return template.HTML(strings.Join(said, " · "))
	}
	types := slices.Clone(schema.Type.Slice())
	for i, name := range types {
		if name == "array" {
			types[i] = "list of " + string(typeOf(schema.Items))
		}
	}
	text := strings.Join(types, " or ")
	if schema.Format != "" {
		text += " (" + template.HTMLEscapeString(schema.Format) + ")"
	}
	return template.HTML(text + template.HTMLEscapeString(limitsOf(schema)))
}

func limitsOf(schema *openapi3.Schema) string {
	var limits []string
	switch {
	case schema.MaxLength != nil && schema.MinLength > 0:
		limits = append(limits, fmt.Sprintf("%d to %d characters", schema.MinLength, *schema.MaxLength))
	case schema.MaxLength != nil:
		limits = append(limits, fmt.Sprintf("at most %d characters", *schema.MaxLength))
	}
	if schema.Min != nil && schema.Max != nil {
		limits = append(limits, fmt.Sprintf("%g to %g", *schema.Min, *schema.Max))
	}
	if schema.MaxItems != nil {
		limits = append(limits, fmt.Sprintf("at most %d", *schema.MaxItems))
	}
	if schema.Pattern != "" {
		limits = append(limits, schema.Pattern)
	}
	if len(limits) == 0 {
		return ""
	}
	return ", " + strings.Join(limits, ", ")
}

// exampleOf makes up a value of a schema: its own example where it has one.
func exampleOf(schema *openapi3.Schema, depth int) any {
	if schema == nil || depth > 6 {
		return nil
	}
	if len(schema.Examples) > 0 {
		return schema.Examples[0]
	}
	if len(schema.Enum) > 0 {
		return schema.Enum[0]
	}
	types := schema.Type.Slice()
	if len(types) == 0 {
		return nil
	}
	switch types[0] {
	case "object":
		object := map[string]any{}
		for name, ref := range schema.Properties {
			object[name] = exampleOf(ref.Value, depth+1)
		}
		return object
	case "array":
		if item := exampleOf(schema.Items.Value, depth+1); item != nil {
			return []any{item}
		}
		return []any{}
	case "integer", "number":
		if schema.Min != nil && *schema.Min > 0 {
			return *schema.Min
		}
		return 1
	case "boolean":
		return true
	}
	switch schema.Format {
	case "date":
		return "2026-03-31"
	case "date-time":
		return "2026-03-31T18:30:00Z"
	case "uuid":
		return "0198c7a2-6a3e-7b1e-9a55-6f1d2c3b4a58"
	case "email":
		return "sam@example.org"
	}
	return "…"
}

var (
	codeText = regexp.MustCompile("`([^`]+)`")
	boldText = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	linkText = regexp.MustCompile(`\[([^\]]+)\]\((/[a-z./-]*)\)`)
)

// prose renders the little Markdown that descriptions use: paragraphs, code, bold
// and links within the site. Everything else is escaped.
func prose(markdown string) template.HTML {
	var out strings.Builder
	paragraphs := strings.Split(strings.TrimSpace(markdown), "\n\n")
	for _, paragraph := range paragraphs {
		if paragraph == "" {
			continue
		}
		text := template.HTMLEscapeString(paragraph)
		text = codeText.ReplaceAllString(text, "<code>$1</code>")
		text = boldText.ReplaceAllString(text, "<strong>$1</strong>")
		text = linkText.ReplaceAllString(text, `<a href="$2">$1</a>`)
		out.WriteString("<p>" + text + "</p>")
	}
	return template.HTML(out.String())
}

func anchor(name string) string { return strings.ReplaceAll(name, " ", "-") }
