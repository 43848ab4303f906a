// Package wire is what travels over HTTP: types, routes and the interface of the
// handlers, generated from ../openapi.yaml. Nothing but package api should use it.
package wire

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config generate.yaml ../openapi.yaml
