package api

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"peercert/certification"
)

//go:embed openapi.yaml
var specification []byte

// Specification gives openapi.yaml as it was when the program was built.
func Specification() []byte { return bytes.Clone(specification) }

// LoadSpecification parses openapi.yaml.
func LoadSpecification(ctx context.Context) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	loader.Context = ctx
	document, err := loader.LoadFromData(specification)
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml: %w", err)
	}
	return document, nil
}

// operation is what the server takes from the specification about one method of
// one address.
type operation struct {
	id      string
	method  string
	path    string // as in the specification: /v1/cases/{case_id}
	pattern string // as Gin writes it: /v1/cases/:case_id
	// public operations need no token; the others are for these roles.
	public     bool
	roles      []certification.Role
	signal     certification.Signal // empty but for signals
	webhook    bool                 // the body is verified by its signature, not read here
	streams    bool                 // takes or gives a document, which may take long
	parameters []parameter
	// mediaType of the body; empty if there is none.
	mediaType string
	body      *jsonschema.Schema // only of a JSON body
}

// parameter is one in the path, the query or a header.
type parameter struct {
	name, in string
	required bool
	types    []string
	schema   *jsonschema.Schema
}

const schemaAddress = "https://peercert.test/openapi.json"

// readOperations reads the table of operations out of the specification. Schemas
// are compiled once, here; checking a request compiles nothing.
func readOperations(document *openapi3.T) ([]*operation, error) {
	compiler, err := schemaCompiler(document)
	if err != nil {
		return nil, err
	}
	var operations []*operation
	for _, path := range document.Paths.InMatchingOrder() {
		item := document.Paths.Value(path)
		for method, described := range item.Operations() {
			read, err := readOperation(compiler, path, method, item, described)
			if err != nil {
				return nil, fmt.Errorf("reading %s %s of openapi.yaml: %w", method, path, err)
			}
			operations = append(operations, read)
		}
	}
	slices.SortFunc(operations, func(a, b *operation) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	return operations, nil
}

func schemaCompiler(document *openapi3.T) (*jsonschema.Compiler, error) {
	encoded, err := document.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing openapi.yaml as JSON: %w", err)
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml as JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaAddress, resource); err != nil {
		return nil, fmt.Errorf("adding openapi.yaml to the schemas: %w", err)
	}
	return compiler, nil
}

func readOperation(compiler *jsonschema.Compiler, path, method string, item *openapi3.PathItem, described *openapi3.Operation) (*operation, error) {
	o := &operation{
		id: described.OperationID, method: method, path: path,
		pattern: strings.NewReplacer("{", ":", "}", "").Replace(path),
		public:  described.Security != nil && len(*described.Security) == 0,
		webhook: slices.Contains(described.Tags, "webhooks"),
	}
	if err := extension(described, "x-roles", &o.roles); err != nil {
		return nil, err
	}
	if err := extension(described, "x-signal", &o.signal); err != nil {
		return nil, err
	}
	if o.public == (len(o.roles) > 0) {
		return nil, fmt.Errorf("either it is public or it names its roles")
	}
	base := schemaAddress + "#/paths/" + pointer(path)
	for i, ref := range item.Parameters {
		if err := o.addParameter(compiler, base+fmt.Sprintf("/parameters/%d", i), ref); err != nil {
			return nil, err
		}
	}
	base += "/" + strings.ToLower(method)
	for i, ref := range described.Parameters {
		if err := o.addParameter(compiler, base+fmt.Sprintf("/parameters/%d", i), ref); err != nil {
			return nil, err
		}
	}
	for status, response := range described.Responses.Map() {
		content := response.Value.Content
		if status[0] == '2' && len(content) > 0 && content["application/json"] == nil {
			o.streams = true
		}
	}
	if described.RequestBody == nil {
		return o, nil
	}
	content := described.RequestBody.Value.Content
	if len(content) != 1 {
		return nil, fmt.Errorf("a body has one media type, this has %d", len(content))
	}
	for mediaType, media := range content {
		o.mediaType = mediaType
		o.streams = o.streams || mediaType == "multipart/form-data"
		if mediaType != "application/json" || o.webhook {
			continue
		}
		location := base + "/requestBody/content/" + pointer(mediaType) + "/schema"
		if media.Schema.Ref != "" {
			location = schemaAddress + media.Schema.Ref
		}
		compiled, err := compiler.Compile(location)
		if err != nil {
			return nil, fmt.Errorf("compiling the schema of the body: %w", err)
		}
		o.body = compiled
	}
	return o, nil
}

func (o *operation) addParameter(compiler *jsonschema.Compiler, location string, ref *openapi3.ParameterRef) error {
	described := ref.Value
	if ref.Ref != "" {
		location = schemaAddress + ref.Ref
	}
	location += "/schema"
	if described.Schema.Ref != "" {
		location = schemaAddress + described.Schema.Ref
	}
	compiled, err := compiler.Compile(location)
	if err != nil {
		return fmt.Errorf("compiling the schema of parameter %s: %w", described.Name, err)
	}
	o.parameters = append(o.parameters, parameter{
		name: described.Name, in: described.In, required: described.Required,
		types: described.Schema.Value.Type.Slice(), schema: compiled,
	})
	return nil
}

// extension decodes an x- member of an operation; absent, it leaves into alone.
func extension(described *openapi3.Operation, name string, into any) error {
	value, ok := described.Extensions[name]
	if !ok {
		return nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if err := json.Unmarshal(encoded, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// pointer escapes a member's name for a JSON pointer inside a URL fragment.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}
