// Package api is the HTTP API of the product. openapi.yaml is written first: types
// and routes are generated from it (package wire), requests are checked against
// it, the page at /docs is rendered from it, and the tests hold every response
// against it. What the API does not know itself it asks of the core, through the
// interfaces in core.go.
package api
